"""The models of the tabular benchmarks: ours and peers, each as its users would set it up.

All keep their defaults, but for boosted trees that are bagged or tuned on request, see
`bagged_peers`. What a peer cannot take as it comes, categories or missing values, is encoded or
imputed in the way that is usual for it.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import (
    ColumnTransformer,
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from benchmarks.bagged_peers import BOOSTERS, N_SETTINGS, BaggedTrees
from benchmarks.tabular_data import CLASSIFICATION

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BAGGED",
    "MODELS",
    "OURS",
    "PACKAGES",
    "PEERS",
    "REFERENCE",
    "RIVAL",
    "TUNED",
    "Model",
    "Setting",
    "quiet",
]

REFERENCE = "HistGradientBoosting"
OURS = "TabularMLP-default"
RIVAL = "CatBoost"
PACKAGES = ("pandas", "lightgbm", "xgboost", "catboost", "pytabkit", "torch")
MOST_LEVELS = 255  # of a category in HistGradientBoosting


@dataclass(frozen=True)
class Setting:
    """What an estimator is made for.

    Parameters
    ----------
    task : {"classification", "regression"}
    X : DataFrame
        The rows that it will train on.
    seed : int
    cores : int
    """

    task: str
    X: pd.DataFrame
    seed: int
    cores: int

    def choose(self, classifier: Any, regressor: Any) -> Any:
        """Return what fits the task."""
        return classifier if self.task == CLASSIFICATION else regressor

    @property
    def categories(self) -> list[str]:
        """Return the names of categorical columns."""
        return list(self.X.select_dtypes("category").columns)


@dataclass(frozen=True)
class Model:
    """A way to learn from tables.

    Parameters
    ----------
    make : callable(setting)
        Returns an estimator.
    package : str
        Where it is from.
    attribute : str
        What the package must have, if it may be too old.
    on_request : bool
        Whether it takes too long to be compared by default.
    clock : callable()
        Returns the seconds by which it is timed.
    """

    make: Callable[[Setting], Any]
    package: str = "sklearn"
    attribute: str = ""
    on_request: bool = False
    clock: Callable[[], float] = time.perf_counter

    def is_installed(self) -> bool:
        """Return whether the model can be made here; without a slow import where possible."""
        if importlib.util.find_spec(self.package) is None:
            return False
        return not self.attribute or hasattr(importlib.import_module(self.package), self.attribute)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence what peers say about themselves, and that networks stop after their epochs."""
    disabled = logging.root.manager.disable
    logging.disable(logging.INFO)  # Lightning reports every training
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            for package in ("torch", "torchmetrics", "pytorch_lightning", "pytabkit"):
                warnings.filterwarnings("ignore", module=rf"{package}(\.|$)")
            # A column may miss all its values in the few rows of a split.
            warnings.filterwarnings("ignore", "Skipping features without any observed values")
            # LightGBM 4.7 has another name for it, which those before do not know.
            warnings.filterwarnings("ignore", "The argument 'eval_set' is deprecated")
            yield
    finally:
        logging.disable(disabled)


_is_category = make_column_selector(dtype_include="category")
_is_number = make_column_selector(dtype_exclude="category")


def _median() -> SimpleImputer:
    return SimpleImputer(strategy="median", add_indicator=True)


def _ours(preset: str, setting: Setting) -> Any:
    import sknumpynet

    name = setting.choose("TabularMLPClassifier", "TabularMLPRegressor")
    return getattr(sknumpynet, name)(preset=preset, random_state=setting.seed)


def _mlp(setting: Setting) -> Any:
    encoder = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), _is_category),
        (make_pipeline(_median(), StandardScaler()), _is_number),
    )
    network = setting.choose(MLPClassifier, MLPRegressor)(random_state=setting.seed)
    model = make_pipeline(encoder, network)
    scaled = partial(TransformedTargetRegressor, transformer=StandardScaler())
    return setting.choose(lambda model: model, scaled)(model)


def _random_forest(setting: Setting) -> Any:
    encoder = make_column_transformer(
        (_ordinal(unknown_value=-1, encoded_missing_value=-1), _is_category),
        (_median(), _is_number),
    )
    forest = setting.choose(RandomForestClassifier, RandomForestRegressor)
    return make_pipeline(encoder, forest(n_jobs=setting.cores, random_state=setting.seed))


def _ordinal(**parameters: Any) -> OrdinalEncoder:
    return OrdinalEncoder(handle_unknown="use_encoded_value", **parameters)


def _hist_gradient_boosting(setting: Setting) -> Any:
    boosting = setting.choose(HistGradientBoostingClassifier, HistGradientBoostingRegressor)
    wide = [name for name in setting.categories if setting.X[name].nunique() > MOST_LEVELS]
    if not wide:
        return boosting(categorical_features="from_dtype", random_state=setting.seed)
    # The rare levels of a wide category become one.
    fewer_levels = _frames(
        (_ordinal(unknown_value=np.nan, max_categories=MOST_LEVELS), wide),
        remainder="passthrough",
    )
    return make_pipeline(
        fewer_levels,
        boosting(categorical_features=setting.categories, random_state=setting.seed),
    )


def _frames(*transformers: Any, **parameters: Any) -> ColumnTransformer:
    encoder = make_column_transformer(*transformers, verbose_feature_names_out=False, **parameters)
    return encoder.set_output(transform="pandas")


def _lightgbm(setting: Setting, **parameters: Any) -> Any:
    import lightgbm

    boosting = setting.choose(lightgbm.LGBMClassifier, lightgbm.LGBMRegressor)
    return boosting(verbosity=-1, n_jobs=setting.cores, random_state=setting.seed, **parameters)


def _xgboost(setting: Setting, **parameters: Any) -> Any:
    import xgboost

    return setting.choose(xgboost.XGBClassifier, xgboost.XGBRegressor)(
        enable_categorical=True,
        tree_method="hist",
        n_jobs=setting.cores,
        random_state=setting.seed,
        **parameters,
    )


def _catboost(setting: Setting, **parameters: Any) -> Any:
    import catboost

    return setting.choose(catboost.CatBoostClassifier, catboost.CatBoostRegressor)(
        cat_features=setting.categories,
        verbose=0,
        allow_writing_files=False,
        thread_count=setting.cores,
        random_seed=setting.seed,
        **parameters,
    )


def _after_strings(make: Callable[[Setting], Any], setting: Setting) -> Any:
    """Return what takes no categories but strings, after what makes them."""
    return make_pipeline(FunctionTransformer(_with_strings), make(setting))


def _with_strings(X: pd.DataFrame) -> pd.DataFrame:
    """Return categories as strings, a missing one as ``"missing"``."""
    columns = X.select_dtypes("category").columns
    return X.assign(**{name: X[name].astype(object).fillna("missing") for name in columns})


def _realmlp(setting: Setting) -> Any:
    import pytabkit

    network = setting.choose(pytabkit.RealMLP_TD_Classifier, pytabkit.RealMLP_TD_Regressor)
    return make_pipeline(
        _frames((_median(), _is_number), remainder="passthrough"),
        network(device="cpu", random_state=setting.seed, n_threads=setting.cores, verbosity=0),
    )


PEERS = {
    "MLP": Model(_mlp),
    "RandomForest": Model(_random_forest),
    REFERENCE: Model(_hist_gradient_boosting),
    "LightGBM": Model(_lightgbm, "lightgbm"),
    "XGBoost": Model(_xgboost, "xgboost"),
    RIVAL: Model(partial(_after_strings, _catboost), "catboost"),
    "RealMLP": Model(_realmlp, "pytabkit"),
}


def _bagged(name: str, n_settings: int) -> Model:
    """Return a peer by TabArena's protocol."""
    makers = {"LightGBM": _lightgbm, "XGBoost": _xgboost, "CatBoost": _catboost}
    make = partial(BaggedTrees, BOOSTERS[name], makers[name], n_settings=n_settings)
    if name == "CatBoost":
        make = partial(_after_strings, make)
    return Model(make, PEERS[name].package, on_request=True)


BAGGED = {f"{name}-bagged": _bagged(name, 1) for name in BOOSTERS}
TUNED = {f"{name}-tuned": _bagged(name, N_SETTINGS) for name in BOOSTERS}
OUR_MODELS = {
    f"TabularMLP-{preset}": Model(
        partial(_ours, preset),
        "sknumpynet",
        "TabularMLPClassifier",
        on_request=preset == "best",
    )
    for preset in ("fast", "default", "best")
}
MODELS = PEERS | BAGGED | TUNED | OUR_MODELS
