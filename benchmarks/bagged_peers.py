"""Boosted trees by TabArena's protocol: eight bagged folds, early stopping, random settings.

As N. Erickson et al., "TabArena: A Living Benchmark for Machine Learning on Tabular Data", NeurIPS
2025, has it: each fold is held out from one model, which stops by it, and the eight predictions
are averaged; of several settings the one with the least loss out of fold counts. Ranges are those
of ``hpo.py`` of each model in https://github.com/autogluon/tabarena (commits 67eaf30 for CatBoost,
552ab33 for LightGBM, 7df9c2c for XGBoost). Learning rates, rounds and patience of the default
setting are those of https://github.com/autogluon/autogluon, which TabArena runs
(``hyperparameters/parameters.py`` of each model, ``get_early_stopping_rounds``).

Apart from it we are in four things: all stop by log loss or squared error, also where there are
two classes, by which they are compared here; patience does not grow after 933 rounds; settings
are 20, not 200; and no time limit ends a fit.

Of 227 rows on one core a bagged fit takes 0.3 to 7 seconds, a tuned one 40 to 105. Where others use
the cores, too, take ``--threads 1``: with two threads LightGBM's 0.3 seconds were 109.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import ParameterSampler

from benchmarks.tabular_data import CLASSIFICATION

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.tabular_peers import Setting

__all__ = [
    "BOOSTERS",
    "N_SETTINGS",
    "BaggedTrees",
    "Booster",
    "HeldOut",
    "fold_of_rows",
    "patience_of",
]

N_FOLDS = 8
N_SETTINGS = 20
MOST_ROUNDS = 10_000
# Rounds without a better one, of up to 10,000 rows; of more it shrinks as they grow.
PATIENCE, LEAST_PATIENCE, ROWS_OF_FULL_PATIENCE = 300, 20, 10_000


@dataclass(frozen=True)
class LogIntegers:
    """Whole numbers whose logarithm is uniform.

    Parameters
    ----------
    low, high : int
        Both are among them.
    """

    low: int
    high: int

    def rvs(self, random_state: np.random.RandomState) -> int:
        """Draw one, as `ParameterSampler` asks for it."""
        drawn = loguniform.rvs(self.low - 0.5, self.high + 0.5, random_state=random_state)
        return min(max(round(drawn), self.low), self.high)


def between(low: float, high: float) -> Any:
    """Return the uniform distribution."""
    return uniform(low, high - low)


class HeldOut(NamedTuple):
    """Rows that a model stops by."""

    X: pd.DataFrame
    y: np.ndarray


@dataclass(frozen=True)
class Booster:
    """What one library calls things.

    Parameters
    ----------
    fit : callable(estimator, X, y, held_out, patience)
        Fits until so many rounds have brought nothing for the rows held out.
    rounds : str
        The parameter that limits rounds.
    learning_rate : float
        Of the default setting.
    space : mapping of str to list or distribution
        What other settings are drawn from.
    """

    fit: Callable[..., Any]
    rounds: str
    learning_rate: float
    space: Mapping[str, Any]

    def settings(self, n_settings: int, seed: int) -> Iterator[dict[str, Any]]:
        """Yield the default setting, then random ones."""
        yield {"learning_rate": self.learning_rate}
        yield from ParameterSampler(self.space, n_settings - 1, random_state=seed)


def _fit_lightgbm(
    estimator: Any, X: pd.DataFrame, y: np.ndarray, held_out: HeldOut, patience: int
) -> None:
    import lightgbm

    stopping = lightgbm.early_stopping(patience, verbose=False)
    estimator.fit(X, y, eval_set=[tuple(held_out)], callbacks=[stopping])


def _fit_xgboost(
    estimator: Any, X: pd.DataFrame, y: np.ndarray, held_out: HeldOut, patience: int
) -> None:
    estimator.set_params(early_stopping_rounds=patience)
    estimator.fit(X, y, eval_set=[tuple(held_out)], verbose=False)


def _fit_catboost(
    estimator: Any, X: pd.DataFrame, y: np.ndarray, held_out: HeldOut, patience: int
) -> None:
    estimator.fit(X, y, eval_set=tuple(held_out), early_stopping_rounds=patience)


_LEARNING_RATES = loguniform(5e-3, 0.1)

BOOSTERS = {
    "CatBoost": Booster(
        _fit_catboost,
        "iterations",
        0.05,
        {
            "learning_rate": _LEARNING_RATES,
            "bootstrap_type": ["Bernoulli"],
            "subsample": between(0.7, 1),
            "grow_policy": ["SymmetricTree", "Depthwise"],
            "depth": [4, 5, 6, 7, 8],
            "colsample_bylevel": between(0.85, 1),
            "l2_leaf_reg": loguniform(1e-4, 5),
            "leaf_estimation_iterations": LogIntegers(1, 20),
            "one_hot_max_size": LogIntegers(8, 100),
            "model_size_reg": loguniform(0.1, 1.5),
            "max_ctr_complexity": [2, 3, 4, 5],
            "boosting_type": ["Plain"],
            "max_bin": [254],
        },
    ),
    # In the words of its estimators for scikit-learn, which warn of its own.
    "LightGBM": Booster(
        _fit_lightgbm,
        "n_estimators",
        0.05,
        {
            "learning_rate": _LEARNING_RATES,
            "colsample_bytree": between(0.4, 1),
            "subsample": between(0.7, 1),
            "subsample_freq": [1],
            "num_leaves": LogIntegers(2, 200),
            "min_child_samples": LogIntegers(1, 64),
            "extra_trees": [False, True],
            "min_data_per_group": LogIntegers(2, 100),
            "cat_l2": loguniform(5e-3, 2),
            "cat_smooth": loguniform(1e-3, 100),
            "max_cat_to_onehot": LogIntegers(8, 100),
            "reg_alpha": between(1e-4, 1),
            "reg_lambda": between(1e-4, 2),
        },
    ),
    "XGBoost": Booster(
        _fit_xgboost,
        "n_estimators",
        0.1,
        {
            "learning_rate": _LEARNING_RATES,
            "max_depth": LogIntegers(4, 10),
            "min_child_weight": loguniform(1e-3, 5),
            "subsample": between(0.6, 1),
            "colsample_bylevel": between(0.6, 1),
            "colsample_bynode": between(0.6, 1),
            "reg_alpha": between(1e-4, 5),
            "reg_lambda": between(1e-4, 5),
            "grow_policy": ["depthwise", "lossguide"],
            "max_cat_to_onehot": LogIntegers(8, 100),
            "max_leaves": LogIntegers(8, 1024),
        },
    ),
}


class BaggedTrees(BaseEstimator):
    """Boosted trees of eight folds, of the best of some settings.

    Parameters
    ----------
    booster : Booster
    make : callable(setting, **parameters)
        Returns an estimator that is not fitted.
    setting : Setting
    n_settings : int
        How many to choose from; the first is the default one.
    """

    def __init__(
        self, booster: Booster, make: Callable[..., Any], setting: Setting, n_settings: int = 1
    ) -> None:
        self.booster, self.make, self.setting = booster, make, setting
        self.n_settings = n_settings

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Self:
        """Fit the folds of every setting; keep those of the one with the least loss out of fold.

        Parameters
        ----------
        X : DataFrame
        y : ndarray
            Classes are 0 to C - 1, without gaps.
        """
        self.loss_ = math.inf
        for parameters in self.booster.settings(self.n_settings, self.setting.seed):
            loss, members = self._fit_folds(X, y, parameters)
            if loss < self.loss_:
                self.loss_, self.parameters_, self.members_ = loss, parameters, members
        return self

    def _fit_folds(
        self, X: pd.DataFrame, y: np.ndarray, parameters: Mapping[str, Any]
    ) -> tuple[float, list[Any]]:
        """Return the loss out of fold, and the models."""
        setting, limit = self.setting, {self.booster.rounds: MOST_ROUNDS}
        classes = y if setting.task == CLASSIFICATION else np.zeros(len(y), int)
        folds = fold_of_rows(classes, N_FOLDS, setting.seed)
        members, predictions, targets = [], [], []
        for fold in range(folds.max() + 1):
            is_held_out = folds == fold
            held_out = HeldOut(X[is_held_out], y[is_held_out])
            member = self.make(setting, **limit, **parameters)
            patience = patience_of(np.count_nonzero(~is_held_out))
            self.booster.fit(member, X[~is_held_out], y[~is_held_out], held_out, patience)
            members.append(member)
            predictions.append(self._predict([member], held_out.X))
            targets.append(held_out.y)
        return self._loss(np.concatenate(targets), np.concatenate(predictions)), members

    def _predict(self, members: list[Any], X: pd.DataFrame) -> np.ndarray:
        method = self.setting.choose("predict_proba", "predict")
        return np.mean([getattr(member, method)(X) for member in members], axis=0)

    def _loss(self, y: np.ndarray, predictions: np.ndarray) -> float:
        if self.setting.task != CLASSIFICATION:
            return float(np.sqrt(mean_squared_error(y, predictions)))
        probabilities = predictions.astype(float)
        probabilities /= probabilities.sum(axis=1, keepdims=True)  # of single precision
        return float(log_loss(y, probabilities, labels=np.arange(predictions.shape[1])))

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the means of the models' predictions."""
        return self._predict(self.members_, X)

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return the means of the models' probabilities."""
        return self._predict(self.members_, X)


def fold_of_rows(classes: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """Return which fold holds out each row, -1 for none.

    Every class has nearly as many rows in each fold, and the only row of a class is held out by
    none, so that all models know all classes, however few rows they have.

    Parameters
    ----------
    classes : ndarray of int of shape (n_rows,)
    n_folds : int
    seed : int

    Examples
    --------
    >>> import numpy as np
    >>> fold_of_rows(np.array([0, 0, 0, 0, 1, 1, 2]), 2, seed=0)
    array([ 1,  1,  0,  0,  1,  0, -1])
    """
    shuffled = np.random.RandomState(seed).permutation(len(classes))
    is_alone = np.bincount(classes)[classes] == 1
    # Class by class: the rows of each are dealt to the folds in turn.
    order = shuffled[np.argsort(classes[shuffled], kind="stable")]
    order = order[~is_alone[order]]
    folds = np.full(len(classes), -1)
    folds[order] = np.arange(len(order)) % n_folds
    return folds


def patience_of(n_rows: int) -> int:
    """Return how many rounds may bring nothing.

    Examples
    --------
    >>> patience_of(1_000), patience_of(50_000)
    (300, 60)
    """
    return max(round(PATIENCE * min(1, ROWS_OF_FULL_PATIENCE / n_rows)), LEAST_PATIENCE)
