"""What `TabularMLPClassifier` and `TabularMLPRegressor` share: columns, presets, the network."""

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import is_regressor
from sklearn.utils import Tags, check_X_y
from sklearn.utils.validation import check_is_fitted

from sknumpynet._base import BaseNetwork
from sknumpynet._preparation import Data
from sknumpynet._resampling import EvenFolds
from sknumpynet._sklearn import HasMethods, Interval, StrOptions, effective_n_jobs
from sknumpynet.core.losses import LOSSES, QuantileLoss
from sknumpynet.core.network import Network, activated, raw_outputs
from sknumpynet.core.table import Columns, table_network
from sknumpynet.preprocessing import TabularPreprocessor
from sknumpynet.presets import PRESETS, Recipe

__all__ = ["BaseTabularMLP"]

# Folds of a single network, or of few: with two members each would train on half of the rows.
FEWEST_FOLDS = 5

# Samples, counted in every epoch and by every member, that are trained on before worker processes
# pay: about half a second.
FEWEST_SAMPLES_FOR_WORKERS = 150_000

# Rows that starting weights are fitted to.
MOST_INITIAL_ROWS = 1_000


class BaseTabularMLP(BaseNetwork):
    """Base of `TabularMLPClassifier` and `TabularMLPRegressor`; not used directly."""

    _data_parameters: ClassVar[tuple[str, ...]] = (
        *BaseNetwork._data_parameters,
        "categorical_features",
    )
    _fewest_resampled: ClassVar[int] = 1

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "preset": [StrOptions(set(PRESETS))],
        "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
        "n_members": [Interval(Integral, 1, None, closed="left"), None],
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left"), None],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left"), None],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither"), None],
        "dropout": [Interval(Real, 0, 1, closed="left"), "array-like", None],
        "weight_decay": [Interval(Real, 0, None, closed="left"), None],
        "resample": [
            StrOptions({"bootstrap", "folds"}),
            HasMethods(["split", "get_n_splits"]),
            None,
        ],
        "scoring": [str, callable],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "n_jobs": [Integral, None],
    }

    # Training --------------------------------------------------------------------------------

    def _recipe(self, n_samples: int, *, has_validation: bool = False) -> Recipe:
        preset = PRESETS[self.preset]
        plan = preset.regression if is_regressor(self) else preset.classification

        def chosen(name: str, default: Any) -> Any:
            own = getattr(self, name)
            return default if own is None else own

        sizes = chosen("hidden_layer_sizes", preset.hidden_layer_sizes)
        n_members = chosen("n_members", plan.n_members)
        max_iter = chosen("max_iter", plan.epochs(n_samples))
        is_short = n_members * max_iter * n_samples < FEWEST_SAMPLES_FOR_WORKERS
        return Recipe(
            n_members=n_members,
            max_iter=max_iter,
            batch_size=min(chosen("batch_size", preset.batch_size(n_samples)), n_samples),
            hidden_layer_sizes=tuple(np.atleast_1d(sizes).astype(int).tolist()),
            learning_rate_init=chosen("learning_rate_init", plan.learning_rate),
            dropout=chosen("dropout", preset.dropout),
            weight_decay=chosen("weight_decay", preset.weight_decay),
            # Rows that were given to validate by judge all members; nothing else is held out.
            resample=None if has_validation and self.resample == "folds" else self.resample,
            scoring=self.scoring,
            max_time=self.max_time,
            verbose=self.verbose,
            n_jobs=1 if is_short else effective_n_jobs(self.n_jobs),
        )

    def _validated(self, X: Any, y: Any, *, reset: bool) -> tuple[np.ndarray, np.ndarray]:
        if reset:
            preprocessor = TabularPreprocessor(self.categorical_features)
            encoded = preprocessor.fit_transform(X)
            self.preprocessor_ = preprocessor
            self.n_features_in_ = preprocessor.n_features_in_
            vars(self).pop("feature_names_in_", None)
            if hasattr(preprocessor, "feature_names_in_"):
                self.feature_names_in_ = preprocessor.feature_names_in_
        else:
            encoded = self.preprocessor_.transform(X)
        return check_X_y(
            encoded,
            y,
            dtype=np.float32,
            multi_output=True,
            y_numeric=is_regressor(self),
            ensure_min_samples=2 if reset else 1,
            ensure_min_features=0,
            estimator=self,
        )

    def _fold_splitter(self, n_members: int, seed: int, data: Data) -> EvenFolds:
        counts = None if data.sample_weight is None else data.sample_weight > 0
        return EvenFolds(n_members, max(n_members, FEWEST_FOLDS), seed, counts)

    def _initial_inputs(self, X: np.ndarray) -> np.ndarray:
        return X[:: max(len(X) // MOST_INITIAL_ROWS, 1)]

    def _network(self, data: Data, recipe: Recipe) -> Network:
        loss = self._network_loss()
        n_outputs = len(loss.levels) if isinstance(loss, QuantileLoss) else data.targets.shape[1]
        return table_network(
            self._columns(), recipe.hidden_layer_sizes, recipe.activation, n_outputs, loss
        )

    def _columns(self) -> Columns:
        fitted = self.preprocessor_
        return Columns(fitted.n_numerical_, fitted.n_plain_, tuple(fitted.n_levels_))

    def _fitted_parameters(self, network: Network, parameters: np.ndarray) -> dict[str, Any]:
        return {
            "parameters_": np.array(parameters, ndmin=2),
            "n_outputs_": network.layers[-1].fan_out,
            "out_activation_": network.loss.output_activation,
            "_hidden": [(layer.fan_out, layer.activation.name) for layer in network.layers[:-1]],
        }

    # Prediction ------------------------------------------------------------------------------

    def _check_for_prediction(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        if getattr(self, "_takes_encoded_rows", False):
            return X
        return self.preprocessor_.transform(X)

    def _n_fitted(self) -> int:
        return len(self.parameters_)

    def _activated(self, X: np.ndarray) -> np.ndarray:
        sizes = [size for size, _ in self._hidden]
        activation = self._hidden[0][1] if self._hidden else "identity"
        # Only its blocks are asked for.
        loss = LOSSES["squared_error"]
        network = table_network(self._columns(), sizes, activation, self.n_outputs_, loss)
        # In single precision a row's prediction would depend on the rows beside it, at 1e-7.
        raw = raw_outputs(network, self.parameters_.astype(np.float64), X)
        return activated(raw, self.out_activation_)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags
