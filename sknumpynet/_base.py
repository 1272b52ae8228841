"""What the classifier and the regressor share: validate, encode, call the engine, publish."""

import copy
import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import scipy
from sklearn.base import BaseEstimator, is_regressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import Tags, check_random_state
from sklearn.utils.fixes import parse_version
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpynet._sklearn import (
    Interval,
    Options,
    StrOptions,
    check_sample_weight,
    fit_context,
    lbfgs_iterations,
)
from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.batching import Dataset
from sknumpynet.core.lbfgs import minimize_lbfgs
from sknumpynet.core.losses import LOSSES, Loss
from sknumpynet.core.network import (
    Network,
    dense_network,
    initialize_parameters,
    predict,
)
from sknumpynet.core.optimizers import SGD, Adam, Optimizer
from sknumpynet.core.schedules import SCHEDULES
from sknumpynet.core.training import Member, Settings, train

__all__ = ["BaseNumpyMLP"]

_LOSS_OF_OUTPUT: dict[str, Loss] = {loss.output_activation: loss for loss in LOSSES.values()}

# What training leaves behind, so that a fit from scratch starts without it.
_COURSE_OF_TRAINING = (
    "loss_",
    "best_loss_",
    "loss_curve_",
    "validation_scores_",
    "best_validation_score_",
    "t_",
    "_stalled_epochs",
    "_optimizer",
    "_schedule",
)

_DIVERGED = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)


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


def _solver_is_stochastic(estimator: "BaseNumpyMLP") -> bool:
    if estimator.solver == "lbfgs":
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. "
            f"{estimator.solver} is not stochastic."
        )
    return True


partial_fit_available = available_if(_solver_is_stochastic)


class _HeldOut(NamedTuple):
    """The rows set aside for early stopping."""

    X: Any
    targets: np.ndarray
    sample_weight: np.ndarray | None


class BaseNumpyMLP(BaseEstimator, ABC):
    """Base of `NumpyMLPClassifier` and `NumpyMLPRegressor`; not used directly."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "solver": [StrOptions({"lbfgs", "sgd", "adam"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions(set(SCHEDULES))],
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
    }

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun

    # What a kind of estimator says for itself ------------------------------------------------

    @abstractmethod
    def _encode(self, y: np.ndarray, *, fresh: bool, incremental: bool) -> np.ndarray:
        """Return targets of shape (n_samples, n_outputs); set what describes the classes."""

    @abstractmethod
    def _loss_name(self) -> str:
        """Return the key of the loss in ``LOSSES``."""

    @abstractmethod
    def _validation_score(
        self, targets: np.ndarray, predictions: np.ndarray, sample_weight: np.ndarray | None
    ) -> float:
        """Return the score that early stopping goes by."""

    def _strata(self, targets: np.ndarray) -> np.ndarray | None:
        """Return what the validation split is stratified by."""
        return None

    # Training --------------------------------------------------------------------------------

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the network to data X and target y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The training data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets: class labels, label indicators or real numbers.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample, not negative.

        Returns
        -------
        self
            The fitted estimator. After an error it is as it was before.

        Raises
        ------
        ValueError
            For data that cannot be learned from, and if training diverges.
        """
        with _all_or_nothing(self):
            self._train(X, y, sample_weight, incremental=False)
        return self

    def _train(self, X: Any, y: Any, sample_weight: Any, *, incremental: bool) -> None:
        hidden_layer_sizes = self._checked_hidden_layer_sizes()
        fresh = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            y_numeric=is_regressor(self),
            dtype=(np.float64, np.float32),
            reset=fresh,
        )
        targets = self._encode(y, fresh=fresh, incremental=incremental)
        if sample_weight is not None:
            sample_weight = check_sample_weight(sample_weight, X, allow_all_zero=incremental)
        # Rows are gathered by index: quick only where they are contiguous.
        X = np.ascontiguousarray(X) if isinstance(X, np.ndarray) else X.tocsr()

        random_state = check_random_state(self.random_state)
        network = dense_network(
            [X.shape[1], *hidden_layer_sizes, targets.shape[1]], self.activation, self._loss_name()
        )
        if fresh:
            for name in _COURSE_OF_TRAINING:
                vars(self).pop(name, None)
            self.t_ = 0
            parameters = initialize_parameters(network, random_state, X.dtype)
        else:
            parameters = self._continued_parameters(network)
        alpha = float(self.alpha)
        if sample_weight is not None and sample_weight.any():
            # Only their ratios to each other and to the penalty count. A power of two divides
            # without rounding, and huge or tiny weights fit in float32.
            unit = math.ldexp(1.0, math.frexp(sample_weight.max())[1] - 1)
            sample_weight, alpha = sample_weight / unit, alpha / unit
        dataset = Dataset(X, targets, sample_weight)
        if self.solver == "lbfgs":
            parameters = self._minimize(network, parameters, dataset, alpha)
        else:
            parameters = self._descend(
                network, parameters, dataset, alpha, random_state, incremental
            )
        self._publish(network, parameters)

    def _checked_hidden_layer_sizes(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        sizes = list(sizes) if hasattr(sizes, "__iter__") else [sizes]
        if not all(isinstance(size, Integral) and not isinstance(size, bool) for size in sizes):
            raise ValueError(f"hidden_layer_sizes must be integers, got {sizes}.")
        if any(size <= 0 for size in sizes):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
        return [int(size) for size in sizes]

    def _continued_parameters(self, network: Network) -> np.ndarray:
        """Return the fitted parameters as a fresh buffer to train on."""
        fitted = [coef.shape for coef in self.coefs_]
        wanted = [(layer.fan_in, layer.fan_out) for layer in network.layers]
        if fitted != wanted:
            raise ValueError(
                "training can only be continued with layers of the same sizes: the fitted "
                f"weights have shapes {fitted}, hidden_layer_sizes={self.hidden_layer_sizes} and "
                f"the data need {wanted}"
            )
        biases = [np.reshape(intercept, (1, -1)) for intercept in self.intercepts_]
        parameters = network.layout.pack(self.coefs_, biases)
        # Weights may have been assigned in any type.
        return parameters.astype(np.float32 if parameters.dtype == np.float32 else np.float64)

    def _minimize(
        self, network: Network, parameters: np.ndarray, dataset: Dataset, alpha: float
    ) -> np.ndarray:
        """Train by L-BFGS."""
        # SciPy has printed nothing since 1.15.
        quiet = parse_version(scipy.__version__) >= parse_version("1.15")
        result = minimize_lbfgs(
            network,
            parameters,
            dataset,
            alpha=alpha,
            max_iter=self.max_iter,
            max_fun=self.max_fun,
            tol=self.tol,
            options={} if quiet else {"iprint": 1 if self.verbose else -1},
            on_interrupt=_warn_of_interruption,
        )
        if not (np.isfinite(result.x).all() and np.isfinite(result.fun)):
            raise ValueError(_DIVERGED)
        vars(self).pop("_optimizer", None)
        self.n_iter_ = lbfgs_iterations(result, self.max_iter)
        self.loss_ = float(result.fun)
        return result.x

    def _descend(
        self,
        network: Network,
        parameters: np.ndarray,
        dataset: Dataset,
        alpha: float,
        random_state: np.random.RandomState,
        incremental: bool,
    ) -> np.ndarray:
        """Train by stochastic gradient descent."""
        if self.early_stopping and incremental:
            raise ValueError("partial_fit does not support early_stopping=True")
        optimizer, (learning_rate, power_t) = self._make_optimizer(parameters, incremental)
        validation_score = None
        if self.early_stopping:
            dataset, held_out = self._split(dataset, random_state)
            validation_score = self._make_validation_score(network, held_out)
        member = Member(
            random_state,
            validation_score,
            loss_curve=list(getattr(self, "loss_curve_", [])),
            best_loss=_not_none(getattr(self, "best_loss_", None), np.inf),
            stalled_epochs=getattr(self, "_stalled_epochs", 0),
            n_samples_seen=self.t_,
            validation_scores=list(getattr(self, "validation_scores_", None) or []),
            best_validation_score=_not_none(getattr(self, "best_validation_score_", None), -np.inf),
        )
        settings = Settings(
            batch_size=self._clipped_batch_size(dataset.n_samples),
            max_epochs=1 if incremental else self.max_iter,
            shuffle=self.shuffle,
            tol=self.tol,
            patience=self.n_iter_no_change,
            schedule=SCHEDULES[learning_rate if self.solver == "sgd" else "constant"],
            power_t=power_t,
            report=print if self.verbose else None,
        )
        parameters = train(network, parameters, dataset, optimizer, [member], settings, alpha)

        if not np.isfinite(parameters).all() or (
            member.status == "diverged" and member.best_parameters is None
        ):
            raise ValueError(_DIVERGED)
        if member.status == "diverged":
            warnings.warn(
                f"Training diverged in epoch {member.n_epochs}; the weights of the best epoch "
                "are kept. The input data may contain large values and need to be preprocessed.",
                ConvergenceWarning,
                stacklevel=5,
            )
        elif member.status == "interrupted":
            _warn_of_interruption()
        elif member.status == "exhausted" and not incremental:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the "
                "optimization hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=5,
            )

        self.n_iter_ = member.n_epochs
        self.t_ = member.n_samples_seen
        self.loss_curve_ = member.loss_curve
        self.loss_ = member.loss_curve[-1] if member.loss_curve else np.nan
        self.best_loss_ = None if self.early_stopping else member.best_loss
        self.validation_scores_ = member.validation_scores if self.early_stopping else None
        self.best_validation_score_ = member.best_validation_score if self.early_stopping else None
        self._stalled_epochs = member.stalled_epochs
        self._optimizer, self._schedule = optimizer, (learning_rate, power_t)
        return parameters

    def _make_optimizer(
        self, parameters: np.ndarray, incremental: bool
    ) -> tuple[Optimizer, tuple[str, float]]:
        """Return an optimiser with its schedule's name and exponent.

        As in scikit-learn, `partial_fit` goes on with the optimiser and settings that it has.
        """
        kind = SGD if self.solver == "sgd" else Adam
        previous = getattr(self, "_optimizer", None)
        if incremental and type(previous) is kind and previous.state.dtype == parameters.dtype:
            return copy.deepcopy(previous), self._schedule
        schedule = (self.learning_rate, float(self.power_t))
        rate = float(self.learning_rate_init)
        if kind is SGD:
            momentum = float(self.momentum)
            return SGD(rate, momentum=momentum, nesterov=self.nesterovs_momentum), schedule
        betas = {"beta_1": float(self.beta_1), "beta_2": float(self.beta_2)}
        return Adam(rate, **betas, epsilon=float(self.epsilon)), schedule

    def _clipped_batch_size(self, n_samples: int) -> int:
        if self.batch_size == "auto":
            return min(200, n_samples)
        if self.batch_size > n_samples:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be "
                "clipped",
                stacklevel=6,
            )
        return min(int(self.batch_size), n_samples)

    def _split(
        self, dataset: Dataset, random_state: np.random.RandomState
    ) -> tuple[Dataset, _HeldOut]:
        """Set rows aside for early stopping."""
        train_rows, held_out_rows = train_test_split(
            np.arange(dataset.X.shape[0]),
            random_state=random_state,
            test_size=self.validation_fraction,
            stratify=self._strata(dataset.targets),
        )
        if len(held_out_rows) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        held_out_weight = None
        if dataset.sample_weight is not None:
            held_out_weight = dataset.sample_weight[held_out_rows]
            for part, weight in (
                ("training", dataset.sample_weight[train_rows]),
                ("validation", held_out_weight),
            ):
                if not weight.any():
                    raise ValueError(
                        f"Sample weights of the {part} set of early_stopping must contain at "
                        "least one non-zero number."
                    )
        return (
            Dataset(dataset.X, dataset.targets, dataset.sample_weight, train_rows),
            _HeldOut(dataset.X[held_out_rows], dataset.targets[held_out_rows], held_out_weight),
        )

    def _make_validation_score(
        self, network: Network, held_out: _HeldOut
    ) -> Callable[[np.ndarray], float]:
        activation = ACTIVATIONS[self.activation]

        def validation_score(parameters: np.ndarray) -> float:
            views = network.layout.views(parameters)
            weights, biases = [view[:-1] for view in views], [view[-1] for view in views]
            predictions = predict(weights, biases, activation, network.loss, held_out.X)
            return self._validation_score(held_out.targets, predictions, held_out.sample_weight)

        return validation_score

    def _publish(self, network: Network, parameters: np.ndarray) -> None:
        """Set what prediction reads, all of it copies."""
        self.coefs_, biases = network.layout.unpack(parameters)
        self.intercepts_ = [bias[0] for bias in biases]
        self.n_layers_ = len(network.layers) + 1
        self.n_outputs_ = network.layers[-1].fan_out
        self.out_activation_ = network.loss.output_activation
        # Not `activation`: that is a parameter, which may be set for the next fit.
        self._hidden_activation = self.activation

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
        """Return activated outputs, shape (n_samples, n_outputs)."""
        X = self._check_for_prediction(X)
        activation = ACTIVATIONS[getattr(self, "_hidden_activation", self.activation)]
        loss = _LOSS_OF_OUTPUT[self.out_activation_]
        return predict(self.coefs_, self.intercepts_, activation, loss, X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _warn_of_interruption() -> None:
    warnings.warn("Training interrupted by user.", stacklevel=6)


def _not_none(value: Any, default: Any) -> Any:
    return default if value is None else value
