"""What the classifier and the regressor share: validate, encode, call the engine, publish."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.metadata_routing import (
    MetadataRequest,
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpynet._callbacks import FitReport
from sknumpynet._preparation import prepare_data, prepare_runs
from sknumpynet._publication import publish
from sknumpynet._saved_state import restored_state, saved_state
from sknumpynet._sklearn import (
    CallbackSupportMixin,
    HasMethods,
    Interval,
    Options,
    StrOptions,
    fit_context,
)
from sknumpynet._stacking import train_runs
from sknumpynet.core.activations import ACTIVATIONS, Activation, activation_of
from sknumpynet.core.initializers import INITIALIZERS
from sknumpynet.core.losses import Loss
from sknumpynet.core.network import predict
from sknumpynet.core.optimizers import OPTIMIZERS
from sknumpynet.core.schedules import SCHEDULES

__all__ = ["BaseNumpyMLP"]

# What all members predict at once has about this many entries at most: 8 MB.
_MEMBERS_BLOCK_ENTRIES = 2**20


@contextmanager
def _all_or_nothing(estimator: BaseEstimator) -> Iterator[None]:
    """Leave the estimator as it was if anything goes wrong; nothing is changed in place."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


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
    if getattr(estimator, "class_weight", None) == "balanced":
        raise AttributeError(
            "partial_fit is only available where class weights need not all rows at once, got "
            "class_weight='balanced': give a dict, which sklearn.utils.class_weight."
            "compute_class_weight makes of a sample of them"
        )
    return True


partial_fit_available = available_if(_can_go_on)


class BaseNumpyMLP(CallbackSupportMixin, BaseEstimator, ABC):
    """Base of `NumpyMLPClassifier` and `NumpyMLPRegressor`; not used directly."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [
            StrOptions(set(ACTIVATIONS)),
            list,
            tuple,
            HasMethods(["value", "derivative"]),
        ],
        "solver": [StrOptions({"lbfgs", *OPTIMIZERS})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions(set(SCHEDULES)), callable],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "n_members": [Interval(Integral, 1, None, closed="left")],
        "resample": [
            StrOptions({"bootstrap", "folds"}),
            HasMethods(["split", "get_n_splits"]),
            None,
        ],
        "scoring": [str, callable, None],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
        "warmup": [Interval(Real, 0, 1, closed="both")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
        "weight_init": [StrOptions(set(INITIALIZERS))],
        "dtype": [StrOptions({"float32", "float64"}), None],
    }

    # What a kind of estimator says for itself ------------------------------------------------

    @abstractmethod
    def _encode(self, y: np.ndarray, *, fresh: bool, incremental: bool) -> np.ndarray:
        """Return targets of shape (n_samples, n_outputs); set what describes the classes."""

    def _encode_validation(self, y: np.ndarray) -> np.ndarray:
        """Return the targets of rows that are given to judge by."""
        return self._encode(y, fresh=False, incremental=True)

    def _class_weights(
        self, y: np.ndarray, sample_weight: np.ndarray | None
    ) -> Callable[[np.ndarray], np.ndarray] | None:
        """Return what gives each label's weight, if classes have weights."""
        return None

    @abstractmethod
    def _network_loss(self) -> Loss:
        """Return the loss for what was encoded."""

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

    def _strata(self, targets: np.ndarray) -> np.ndarray | None:
        """Return what the validation split is stratified by."""
        return None

    # Training --------------------------------------------------------------------------------

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        **params: Any,
    ) -> Self:
        """Fit the network to data X and target y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets: class labels, label indicators or real numbers.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample, not negative.
        X_val, y_val : array-like, default=None
            Rows to validate by. With ``early_stopping`` they take the place of those that would be
            set aside; without it scores and losses on them are recorded only. A search cuts rows
            that are as many as those of X by its folds.
        sample_weight_val : array-like of shape (n_val_samples,), default=None
            Their weights.
        **params : dict
            For the ``split`` of a splitter given as ``resample``: ``groups``, or with metadata
            routing whatever the splitter requests.

        Returns
        -------
        self
            The fitted estimator. After an error it is as it was before.

        Raises
        ------
        TypeError
            For parameters that the splitter does not take.
        ValueError
            For data that cannot be learned from, and if training diverges.
        """
        report = FitReport(self, X, y, sample_weight)
        with _all_or_nothing(self):
            validation = (X_val, y_val, sample_weight_val)
            split_params = self._split_params(sample_weight, params)
            self._train(X, y, sample_weight, validation, split_params, report=report)
        report.end()
        return self

    def _train(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: tuple[Any, Any, Any] = (None, None, None),
        split_params: dict[str, Any] | None = None,
        *,
        incremental: bool = False,
        report: FitReport | None = None,
    ) -> None:
        if incremental and getattr(self, "_is_slim", False):
            raise ValueError(
                "partial_fit goes on with the optimiser's state, which slim() dropped: call fit, "
                "with warm_start=True to start from the weights that are there"
            )
        vars(self).pop("_is_slim", None)
        data = prepare_data(self, X, y, sample_weight, validation, incremental=incremental)
        plan = prepare_runs(self, data, split_params, incremental=incremental)
        if report is not None:
            for k, run in enumerate(plan.runs):
                run.member.end_of_epoch = report.of_member(k, run.network)
        train_runs(plan.runs)
        for message, category in publish(self, data, plan, incremental=incremental):
            warnings.warn(message, category, stacklevel=4)

    def _has_splitter(self) -> bool:
        return self.resample is not None and not isinstance(self.resample, str)

    def _split_params(self, sample_weight: Any, params: dict[str, Any]) -> dict[str, Any]:
        """Return what of the arguments of `fit` goes to the splitter."""
        if not params:
            return {}
        has_splitter = self._has_splitter()
        if has_splitter and get_config()["enable_metadata_routing"]:
            routed = process_routing(self, "fit", sample_weight=sample_weight, **params)
            return routed.splitter.split
        unexpected = set(params) - ({"groups"} if has_splitter else set())
        if unexpected:
            raise TypeError(
                f"fit got unexpected arguments {sorted(unexpected)}; a splitter as resample takes "
                f"groups, and more with metadata routing; got resample={self.resample!r}"
            )
        return params

    def get_metadata_routing(self) -> MetadataRouter | MetadataRequest:
        """Return what metadata `fit` takes, and what of it a splitter given as ``resample``.

        Returns
        -------
        MetadataRouter or MetadataRequest
        """
        if not self._has_splitter():
            return super().get_metadata_routing()
        mapping = MethodMapping().add(caller="fit", callee="split")
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(splitter=self.resample, method_mapping=mapping)

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
        X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        return X if isinstance(X, np.ndarray) else X.tocsr()

    def _predictions(self, X: Any) -> np.ndarray:
        """Return activated outputs, shape (n_samples, n_outputs), the mean of the members'."""
        X = self._check_for_prediction(X)
        if self.coefs_[0].ndim == 2:
            return self._activated(X)
        n_members, n_rows = len(self.coefs_[0]), X.shape[0]
        # All members' predictions of a block of rows at a time, not of all rows.
        block = max(_MEMBERS_BLOCK_ENTRIES // (n_members * self.n_outputs_), 1)
        starts = range(0, n_rows, block)
        means = [self._activated(X[start : start + block]).mean(axis=0) for start in starts]
        return means[0] if len(means) == 1 else np.concatenate(means)

    def _activated(self, X: Any) -> np.ndarray:
        """Return activated outputs of checked rows, for an ensemble with a leading member axis."""
        biases = self.intercepts_
        if self.coefs_[0].ndim == 3:
            biases = [bias[:, np.newaxis] for bias in biases]
        return predict(self.coefs_, biases, self._activations(), self.out_activation_, X)

    def _activations(self) -> list[Activation]:
        """Return the activation of each hidden layer."""
        fitted = self._hidden_activations
        return [ACTIVATIONS[own] if isinstance(own, str) else activation_of(own) for own in fitted]

    def predict_members(self, X: Any) -> np.ndarray:
        """Return what every member predicts: a classifier's probabilities, a regressor's values.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_members, n_samples), (n_members, n_samples, n_outputs) or \
                (n_members, n_samples, n_classes)
        """
        activated = self._activated(self._check_for_prediction(X))
        return self._as_output(activated if activated.ndim == 3 else activated[np.newaxis])

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
        if vars(self).pop("_optimizer", None) is not None:
            self._is_slim = True
        return self

    def __getstate__(self) -> dict[str, Any]:
        return saved_state(super().__getstate__())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(restored_state(type(self), state))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
