"""The classifier."""

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np

from sknumpynet.estimators.classification import NetworkClassifier
from sknumpynet.estimators.docs import with_shared_parameters
from sknumpynet.estimators.incremental import known_classes
from sknumpynet.estimators.mlp import BaseNumpyMLP, partial_fit_available
from sknumpynet.estimators.training_data import GivenRows
from sknumpynet.utils.scikit_learn import Interval, fit_context

__all__ = ["NumpyMLPClassifier"]


@with_shared_parameters
class NumpyMLPClassifier(NetworkClassifier, BaseNumpyMLP):
    """Multilayer perceptron classifier, a drop-in for scikit-learn's `MLPClassifier`.

    The same parameters and, for the same integer `random_state`, the same numbers, several times
    faster. Binary, multiclass and multilabel targets.

    Parameters
    ----------
    {shared_parameters}
    loss : 'log_loss' or object, default='log_loss'
        An object of one's own has the methods ``value(raw, targets)``, the loss of each sample,
        of shape (..., n_samples), and ``gradient(raw, targets)``, its derivative with respect to
        ``raw``. Both arguments have the shape (..., n_outputs, n_samples), the raw outputs with a
        leading axis for the networks of a stack; targets are 0 or 1. Probabilities remain the
        softmax or logistic function of ``raw``.
    label_smoothing : float, default=0.0
        Part of a label's certainty that is shared out among all classes, in [0, 1).
    class_weight : dict, 'balanced' or None, default=None
        Weight of each class, on top of ``sample_weight``; 'balanced' gives all the same weight in
        total. Not for several labels at once; 'balanced' not with `partial_fit`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    {shared_attributes}

    See Also
    --------
    NumpyMLPRegressor : The same for real-valued targets.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_moons
    >>> from sknumpynet import NumpyMLPClassifier
    >>> X, y = make_moons(400, noise=0.2, random_state=0)
    >>> classifier = NumpyMLPClassifier(max_iter=1000, random_state=0).fit(X[:300], y[:300])
    >>> classifier.score(X[300:], y[300:]) > 0.9
    True

    Modern training needs fewer epochs:

    >>> modern = NumpyMLPClassifier(
    ...     (64, 64),
    ...     activation=["gelu", "silu"],
    ...     solver="adamw",
    ...     weight_decay=0.1,
    ...     learning_rate="one_cycle",
    ...     learning_rate_init=0.01,
    ...     warmup=0.1,
    ...     dropout=0.1,
    ...     label_smoothing=0.05,
    ...     max_grad_norm=1.0,
    ...     weight_init="he_normal",
    ...     dtype="float32",
    ...     max_iter=30,
    ...     random_state=0,
    ... )
    >>> modern.fit(X[:300], y[:300]).score(X[300:], y[300:]) > 0.9
    True

    Stop by any metric on own validation data, or after a time, and look at the epochs:

    >>> stopped = NumpyMLPClassifier(
    ...     early_stopping=True, scoring="neg_log_loss", max_time=60, max_iter=999, random_state=0
    ... )
    >>> stopped = stopped.fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:])
    >>> stopped.best_validation_score_ == max(stopped.validation_scores_)
    True
    >>> sorted(stopped.history_)
    ['epoch', 'learning_rate', 'loss', 'seconds', 'validation_loss', 'validation_score']

    Let a rare class count:

    >>> rare = [i for i in range(300) if y[i] == 0 or i % 20 == 0]
    >>> plain, balanced = (
    ...     NumpyMLPClassifier(class_weight=weight, solver="lbfgs", alpha=10, random_state=0)
    ...     .fit(X[rare], y[rare])
    ...     for weight in (None, "balanced")
    ... )
    >>> int(balanced.predict(X).sum()) > int(plain.predict(X).sum())
    True

    Columns of several classes each take a network each:

    >>> from sklearn.multioutput import MultiOutputClassifier
    >>> columns = np.column_stack([y, (X[:, 0] * 2).astype(int)])
    >>> several = MultiOutputClassifier(NumpyMLPClassifier(learning_rate="linear", max_iter=5))
    >>> several.fit(X, columns).predict(X).shape
    (400, 2)

    A loss of one's own, the square of what is missing to a margin of 1:

    >>> class SquaredHinge:
    ...     def value(self, raw, targets):
    ...         return (np.maximum(1 - (2 * targets - 1) * raw, 0) ** 2).sum(axis=-2)
    ...     def gradient(self, raw, targets):
    ...         sign = 2 * targets - 1
    ...         return -2 * sign * np.maximum(1 - sign * raw, 0)
    >>> hinge = NumpyMLPClassifier(loss=SquaredHinge(), max_iter=1000, random_state=0)
    >>> hinge.fit(X[:300], y[:300]).score(X[300:], y[300:]) > 0.9
    True

    A callback follows the epochs (scikit-learn 1.9 or later):

    >>> from sklearn.callback import ScoringMonitor
    >>> monitor = ScoringMonitor(scoring="accuracy")
    >>> watched = NumpyMLPClassifier(max_iter=5, tol=0).set_callbacks(monitor)
    >>> import warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     watched = watched.fit(X, y)
    >>> [row["task_name"] for row in monitor.get_logs().data].count("epoch")
    5
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseNumpyMLP._parameter_constraints,
        **NetworkClassifier._parameter_constraints,
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str | Callable[[float], float] = "constant",
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
        n_members: int = 1,
        resample: Any = None,
        scoring: str | Callable[..., float] | None = None,
        max_time: float | None = None,
        dropout: float | Sequence[float] = 0.0,
        warmup: float = 0.0,
        weight_decay: float = 0.01,
        max_grad_norm: float | None = None,
        weight_init: str = "auto",
        dtype: str | None = None,
        loss: Any = "log_loss",
        label_smoothing: float = 0.0,
        class_weight: dict[Any, float] | str | None = None,
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
        self.n_members = n_members
        self.resample = resample
        self.scoring = scoring
        self.max_time = max_time
        self.dropout = dropout
        self.warmup = warmup
        self.weight_decay = weight_decay
        self.max_grad_norm = max_grad_norm
        self.weight_init = weight_init
        self.dtype = dtype
        self.loss = loss
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight

    @partial_fit_available  # type: ignore[untyped-decorator]
    @fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Take one more pass over the given data, which may be a part of a stream.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Any number of rows, even one.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their labels; not every class need be there.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights; a batch in which all are zero takes no step.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever come. Needed at the first call, optional later.

        Returns
        -------
        self
            The trained estimator. After an error it is as it was before.

        Raises
        ------
        ValueError
            For labels that are not among the classes, and as in `fit`.
        """
        known = known_classes(self, y, classes)
        return self._partial_fit(GivenRows(X, y, sample_weight), known)
