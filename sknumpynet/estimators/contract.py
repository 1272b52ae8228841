"""What a kind of network, and a kind of estimator, says for itself."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from sknumpynet.core.losses import Loss, QuantileLoss
from sknumpynet.core.network import Network
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.data import Data
from sknumpynet.utils.scikit_learn import CallbackSupportMixin

__all__ = ["NetworkEstimator"]


class NetworkEstimator(CallbackSupportMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """The contract of all estimators; `BaseNetwork` fits and predicts by it.

    A kind of network (`BaseNumpyMLP`, `BaseTabularMLP`) says how it is built and trained, a kind
    of estimator (`NetworkClassifier`, `NetworkRegressor`) what its targets and predictions are.
    """

    # What the validation of data depends on, beside the type.
    _data_parameters: ClassVar[tuple[str, ...]] = ("loss", "quantile", "class_weight")
    # Whether rows of `sample_weight` 0 are as if absent; elsewhere they are part of batches.
    _drops_rows_of_weight_0: ClassVar[bool] = False

    # What a kind of network says for itself ----------------------------------------------------

    @abstractmethod
    def _training_config(self, n_samples: int, *, has_validation: bool = False) -> TrainingConfig:
        """Return how the networks are trained."""

    @abstractmethod
    def _validated(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, np.ndarray]:
        """Return rows as the network takes them, and targets; set what describes the columns."""

    @abstractmethod
    def _network(self, data: Data, config: TrainingConfig) -> Network:
        """Return the network for what was encoded."""

    @abstractmethod
    def _fitted_parameters(self, network: Network, parameters: np.ndarray) -> dict[str, Any]:
        """Return the attributes that predict, copies of parameters (P,) or (K, P)."""

    @abstractmethod
    def _check_for_prediction(self, X: Any) -> Any:
        """Return rows as the network takes them."""

    @abstractmethod
    def _quietly_encoded(self, X: Any) -> Any:
        """Return rows as the network takes them, while it is not fitted yet, without warnings."""

    @abstractmethod
    def _activated(self, X: Any) -> np.ndarray:
        """Return activated outputs of checked rows, for an ensemble with a leading member axis."""

    @abstractmethod
    def _n_fitted(self) -> int:
        """Return how many networks predict."""

    def _initial_inputs(self, X: Any) -> np.ndarray | None:
        """Return rows for starting weights that are fitted to them, if they are."""
        return None

    # What a kind of estimator says for itself --------------------------------------------------

    @abstractmethod
    def _encode(self, y: np.ndarray, *, fresh: bool, incremental: bool) -> np.ndarray:
        """Return targets of shape (n_samples, n_outputs); set what describes the classes."""

    def _encode_validation(self, y: np.ndarray) -> np.ndarray:
        """Return the targets of rows that are given to judge by."""
        return self._encode(y, fresh=False, incremental=True)

    def _check_range(self, targets: np.ndarray) -> None:
        """Refuse encoded targets, of rows that count, which the loss is not defined for."""

    def _class_weights(
        self, y: np.ndarray, sample_weight: np.ndarray | None
    ) -> Callable[[np.ndarray], np.ndarray] | None:
        """Return what gives each label's weight, if classes have weights."""
        return None

    @abstractmethod
    def _network_loss(self) -> Loss:
        """Return the loss for what was encoded."""

    def _n_outputs(self, data: Data) -> int:
        """Return the outputs of the network."""
        loss = self._network_loss()
        return len(loss.levels) if isinstance(loss, QuantileLoss) else data.targets.shape[1]

    def _in_units(
        self, targets: np.ndarray, sample_weight: np.ndarray | None = None, *, fresh: bool
    ) -> np.ndarray:
        """Return encoded targets in the units that the network learns them in."""
        return targets

    def _oof_score(self, data: Data, mean: np.ndarray, known: np.ndarray, weight: Any) -> float:
        """Return the score of out-of-fold predictions for the rows that have one."""
        return self._validation_score(data.targets[known], mean[known], weight)

    def _smoothing(self) -> tuple[float, int]:
        """Return how far labels are smoothed, and over how many classes."""
        return 0.0, 2

    @abstractmethod
    def _validation_score(
        self, targets: np.ndarray, predictions: np.ndarray, sample_weight: np.ndarray | None
    ) -> float:
        """Return the score that early stopping goes by."""

    @abstractmethod
    def _as_output(self, predictions: np.ndarray) -> np.ndarray:
        """Return predictions (..., n_samples, n_outputs) in the shape that users see."""
