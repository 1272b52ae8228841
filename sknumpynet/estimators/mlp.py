"""What `NumpyMLPClassifier` and `NumpyMLPRegressor` share: scikit-learn's parameters and more."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpynet.core.activations import ACTIVATIONS, AnyActivation, activation_of
from sknumpynet.core.inference import activated, perceptron_outputs
from sknumpynet.estimators.base import BaseNetwork
from sknumpynet.estimators.fitted_attributes import (
    FittedAttributes,
    set_fitted,
    with_attributes,
)
from sknumpynet.estimators.incremental import refuse_balanced_classes
from sknumpynet.estimators.inputs import Inputs, NumericInputs
from sknumpynet.estimators.network_specs import PerceptronSpec
from sknumpynet.estimators.parameters import (
    PERCEPTRON_PARAMETERS,
    constraints_of,
    optimizer_settings,
)
from sknumpynet.training.checks import checked_hidden_layer_sizes
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.splits import RandomSplits
from sknumpynet.utils.feature_names import with_names_as_in

__all__ = ["BaseNumpyMLP", "partial_fit_available"]


def _can_go_on(estimator: "BaseNumpyMLP") -> bool:
    if estimator.solver == "lbfgs":
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. "
            f"{estimator.solver} is not stochastic."
        )
    if estimator.resample is not None:
        raise AttributeError(
            "partial_fit is only available where all members see all rows, got "
            f"resample={estimator.resample!r}"
        )
    refuse_balanced_classes(estimator)
    return True


partial_fit_available = available_if(_can_go_on)


def _as_numbers(X: np.ndarray, names: Sequence[str] | None) -> np.ndarray:
    """Return objects as numbers: scikit-learn leaves those of an Arrow table as they are."""
    numbers = np.empty(X.shape)
    for k, column in enumerate(X.T):
        try:
            numbers[:, k] = column
        except (TypeError, ValueError) as error:
            name = k if names is None else names[k]
            raise ValueError(f"Column {name!r} of X must hold numbers, got: {error}") from error
    return numbers


class BaseNumpyMLP(BaseNetwork):
    """Base of `NumpyMLPClassifier` and `NumpyMLPRegressor`; not used directly."""

    _data_parameters: ClassVar[tuple[str, ...]] = (*BaseNetwork._data_parameters, "dtype")

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = constraints_of(PERCEPTRON_PARAMETERS)

    # Training --------------------------------------------------------------------------------

    def _training_config(self, n_samples: int, *, has_validation: bool = False) -> TrainingConfig:
        names = {field.name for field in fields(TrainingConfig)} & vars(self).keys()
        requested = None if isinstance(self.batch_size, str) else int(self.batch_size)
        derived: dict[str, Any] = {
            "batch_size": 200 if requested is None else requested,
            "requested_batch_size": requested,
            "dropouts": (self.dropout,),
            "optimizer_settings": optimizer_settings(self.solver, vars(self)),
            "splits": RandomSplits(of_classes=is_classifier(self)),
            "n_jobs": None,
        }
        return TrainingConfig(**{name: getattr(self, name) for name in names} | derived)

    def _inputs(self, known: dict[str, Any]) -> NumericInputs:
        return NumericInputs(with_attributes(self, known), self.dtype)

    def _network_spec(
        self, inputs: Inputs, config: TrainingConfig, n_outputs: int
    ) -> PerceptronSpec:
        n_features = inputs.attributes["n_features_in_"]
        hidden = checked_hidden_layer_sizes(config.hidden_layer_sizes)
        return PerceptronSpec([n_features, *hidden, n_outputs], self.activation)

    # Prediction ------------------------------------------------------------------------------

    def _check_for_prediction(self, X: Any) -> Any:
        if not hasattr(self, "coefs_"):
            check_is_fitted(self)
        # To find nothing wrong with such an array takes validate_data longer than to predict a row.
        if (
            type(X) is np.ndarray
            and X.ndim == 2
            and X.dtype.char in "fd"
            and X.shape[0] > 0
            and X.shape[1] == getattr(self, "n_features_in_", None)
            and not hasattr(self, "feature_names_in_")
            and np.isfinite(X).all()
        ):
            return X
        return self._encoded(X)

    def _encoded(self, X: Any) -> Any:
        X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        if not isinstance(X, np.ndarray):
            return X.tocsr()
        if X.dtype.kind != "O":
            return X
        return _as_numbers(X, getattr(self, "feature_names_in_", None))

    def _quietly_encoded(self, X: Any) -> Any:
        return with_names_as_in(X, self)._encoded(X)

    def _n_fitted(self) -> int:
        return 1 if self.coefs_[0].ndim == 2 else len(self.coefs_[0])

    def _activated(self, X: Any) -> np.ndarray:
        """Return activated outputs of checked rows, for an ensemble with a leading member axis."""
        biases = self.intercepts_
        if self.coefs_[0].ndim == 3:
            biases = [bias[:, np.newaxis] for bias in biases]
        raw = perceptron_outputs(self.coefs_, biases, self._activations(), X)
        return activated(raw, self.out_activation_)

    def _activations(self) -> list[AnyActivation]:
        """Return the activation of each hidden layer."""
        fitted = self._hidden_activations
        return [ACTIVATIONS[own] if isinstance(own, str) else activation_of(own) for own in fitted]

    # Saving ----------------------------------------------------------------------------------

    def slim(self) -> Self:
        """Drop what only `partial_fit` needs, the optimiser's state: two thirds of a saved model.

        Prediction is as before. `partial_fit` is refused from then on, until `fit` is called,
        which with ``warm_start=True`` starts from the weights that are there.

        Returns
        -------
        self

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If there is nothing to drop it from.

        Examples
        --------
        >>> import pickle
        >>> from sklearn.datasets import make_moons
        >>> from sknumpynet import NumpyMLPClassifier
        >>> X, y = make_moons(100, noise=0.2, random_state=0)
        >>> model = NumpyMLPClassifier((500,), learning_rate="cosine", max_iter=5).fit(X, y)
        >>> size = len(pickle.dumps(model))
        >>> len(pickle.dumps(model.slim())) < size / 2
        True
        """
        check_is_fitted(self)
        if hasattr(self, "_optimizer"):
            set_fitted(self, FittedAttributes({"_is_slim": True}, frozenset({"_optimizer"})))
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
