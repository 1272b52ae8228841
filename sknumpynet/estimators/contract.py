"""What a kind of network, and a kind of estimator, says for itself."""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from sknumpynet.core.inference import mean_of_members
from sknumpynet.estimators.inputs import Inputs
from sknumpynet.estimators.network_specs import NetworkSpec
from sknumpynet.estimators.targets import Targets
from sknumpynet.training.config import TrainingConfig
from sknumpynet.utils.scikit_learn import CallbackSupportMixin, RememberedParameterNames

__all__ = ["NetworkEstimator"]


class NetworkEstimator(
    RememberedParameterNames,
    CallbackSupportMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
    ABC,
):
    """The contract of all estimators; `BaseNetwork` fits and predicts by it.

    From its parameters a kind of network (`BaseNumpyMLP`, `BaseTabularMLP`) makes the objects that
    say how rows are read and networks are built and trained, and a kind of estimator
    (`NetworkClassifier`, `NetworkRegressor`) the one for its targets. They may hold copies of it,
    never itself.
    """

    # A parameter of some classifiers.
    calibrate: str | None = None

    # What the encoding of data depends on, beside the type.
    _data_parameters: ClassVar[tuple[str, ...]] = ("loss", "quantile", "class_weight")

    # To fit ------------------------------------------------------------------------------------

    @abstractmethod
    def _inputs(self, known: dict[str, Any]) -> Inputs:
        """Return how rows are read.

        Parameters
        ----------
        known : dict
            The attributes that describe the data, where training goes on; else it is empty.
        """

    @abstractmethod
    def _targets(self, known: dict[str, Any]) -> Targets:
        """Return what is learned of targets; ``known`` as for `_inputs`."""

    @abstractmethod
    def _training_config(self, n_samples: int, *, has_validation: bool = False) -> TrainingConfig:
        """Return how the networks are trained."""

    def _incremental_config(self, n_samples: int) -> TrainingConfig:
        """Return how the networks take one pass of `partial_fit`."""
        return replace(self._training_config(n_samples), is_incremental=True)

    @abstractmethod
    def _network_spec(self, inputs: Inputs, config: TrainingConfig, n_outputs: int) -> NetworkSpec:
        """Return how the network is built for what was encoded."""

    # To predict --------------------------------------------------------------------------------

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

    @property
    def _temperature(self) -> float:
        """What logits of the mean are divided by, 1 where none was fitted."""
        temperature: float = getattr(self, "temperature_", 1.0)
        return temperature

    def _mean_activated(self, X: Any) -> np.ndarray:
        """Return activated outputs of checked rows, the mean of the members'."""
        return mean_of_members(self._activated, X, self._n_fitted() * self.n_outputs_)

    @abstractmethod
    def _as_output(self, predictions: np.ndarray) -> np.ndarray:
        """Return predictions (..., n_samples, n_outputs) in the shape that users see."""
