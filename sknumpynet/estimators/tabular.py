"""What `TabularMLPClassifier` and `TabularMLPRegressor` share: columns, presets, the network."""

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from sklearn.base import is_regressor
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sknumpynet.core.architectures import Columns, TableShape, table_network
from sknumpynet.core.inference import activated, raw_outputs
from sknumpynet.estimators.base import BaseNetwork
from sknumpynet.estimators.fitted_attributes import with_attributes
from sknumpynet.estimators.inputs import Inputs, TableInputs
from sknumpynet.estimators.network_specs import TableNetworkSpec, kinds_seen
from sknumpynet.estimators.parameters import (
    TABULAR_PARAMETERS,
    constraints_of,
    optimizer_settings,
)
from sknumpynet.presets import ACTIVATION, OPTIMIZER, PRESETS, TRAINING
from sknumpynet.training.checks import checked_hidden_layer_sizes
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.splits import EvenSplits
from sknumpynet.utils.feature_names import with_names_as_in
from sknumpynet.utils.n_jobs import effective_n_jobs

__all__ = ["BaseTabularMLP"]

# Folds of a single network, or of few: with two members each would train on half of the rows.
FEWEST_FOLDS = 5

# Rows that starting weights are fitted to.
MOST_INITIAL_ROWS = 1_000


class BaseTabularMLP(BaseNetwork):
    """Base of `TabularMLPClassifier` and `TabularMLPRegressor`; not used directly."""

    _data_parameters: ClassVar[tuple[str, ...]] = (
        *BaseNetwork._data_parameters,
        "categorical_features",
    )

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = constraints_of(TABULAR_PARAMETERS)

    # Training --------------------------------------------------------------------------------

    def _training_config(self, n_samples: int, *, has_validation: bool = False) -> TrainingConfig:
        preset = PRESETS[self.preset]
        budget = preset.regression if is_regressor(self) else preset.classification

        def chosen(name: str, default: Any) -> Any:
            own = getattr(self, name)
            return default if own is None else own

        sizes = chosen("hidden_layer_sizes", preset.hidden_layer_sizes)
        n_members = chosen("n_members", budget.n_members)
        max_iter = chosen("max_iter", budget.epochs(n_samples))
        return TrainingConfig(
            n_members=n_members,
            max_iter=max_iter,
            batch_size=min(chosen("batch_size", preset.batch_size(n_samples)), n_samples),
            requested_batch_size=self.batch_size,
            hidden_layer_sizes=tuple(checked_hidden_layer_sizes(sizes)),
            learning_rate_init=chosen("learning_rate_init", budget.learning_rate),
            dropouts=budget.dropout if self.dropout is None else (self.dropout,),
            optimizer_settings=optimizer_settings(
                TRAINING["solver"],
                {**OPTIMIZER, "weight_decay": chosen("weight_decay", preset.weight_decay)},
            ),
            # Rows that were given to validate by judge all members; nothing else is held out.
            resample=None if has_validation and self.resample == "folds" else self.resample,
            scoring=self.scoring,
            splits=EvenSplits(FEWEST_FOLDS),
            random_state=self.random_state,
            max_time=self.max_time,
            verbose=self.verbose,
            n_jobs=effective_n_jobs(self.n_jobs),
            n_initial_rows=MOST_INITIAL_ROWS,
            keeps_optimizer=False,
            **TRAINING,
        )

    def _inputs(self, known: dict[str, Any]) -> TableInputs:
        return TableInputs(with_attributes(self, known), self.categorical_features)

    def _network_spec(
        self, inputs: Inputs, config: TrainingConfig, n_outputs: int
    ) -> TableNetworkSpec:
        fitted = inputs.attributes["preprocessor_"]
        n_numbers, has_ranks = fitted.n_numerical_, fitted._has_ranks()
        columns = Columns(
            n_numbers,
            fitted.n_plain_,
            tuple(fitted.n_levels_),
            n_passed_on=n_numbers // 2 if has_ranks else 0,
        )
        sizes = tuple(checked_hidden_layer_sizes(config.hidden_layer_sizes))
        shape = TableShape(columns, sizes, ACTIVATION, n_outputs)
        kinds = kinds_seen(shape, width=2 if has_ranks else 1)
        return TableNetworkSpec(replace(shape, kinds=kinds))

    @property
    def member_columns_(self) -> np.ndarray:
        """Which columns each member sees, a mask of shape (n_members, n_features_in_)."""
        check_is_fitted(self)
        origins = self.preprocessor_._origins()
        seen = table_network(TableShape.from_plain(self._shape)).columns_seen(self.parameters_)
        masks = np.zeros((self._n_fitted(), self.n_features_in_), bool)
        for k, mask in enumerate(masks):
            mask[origins if seen is None else origins[seen[k]]] = True
        return masks

    # Prediction ------------------------------------------------------------------------------

    def _check_for_prediction(self, X: Any) -> np.ndarray:
        if "preprocessor_" not in vars(self):
            check_is_fitted(self)
        encoded: np.ndarray = self.preprocessor_._transform_for(self, X)
        return encoded

    def _quietly_encoded(self, X: Any) -> np.ndarray:
        preprocessor = with_names_as_in(X, self.preprocessor_)
        encoded: np.ndarray = preprocessor._transform_for(preprocessor, X, warns=False)
        return encoded

    def _n_fitted(self) -> int:
        return len(self.parameters_)

    def _activated(self, X: np.ndarray) -> np.ndarray:
        network = table_network(TableShape.from_plain(self._shape))
        raw = raw_outputs(network, self.parameters_, X)
        return activated(raw.astype(np.float64), self.out_activation_, bits_by_row=True)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags
