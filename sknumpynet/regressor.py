"""The regressor."""

import copyreg
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from sknumpynet.core.losses import Loss
from sknumpynet.estimators.docs import with_shared_parameters
from sknumpynet.estimators.mlp import BaseNumpyMLP, partial_fit_available
from sknumpynet.estimators.regression import NetworkRegressor
from sknumpynet.estimators.saved_state import LOSS_KINDS, restored_loss, saved_loss
from sknumpynet.estimators.training_data import GivenRows
from sknumpynet.utils.scikit_learn import fit_context

__all__ = ["NumpyMLPRegressor"]


@with_shared_parameters
class NumpyMLPRegressor(NetworkRegressor, BaseNumpyMLP):
    """Multilayer perceptron regressor, a drop-in for scikit-learn's `MLPRegressor`.

    The same parameters and, for the same integer `random_state`, the same numbers, several times
    faster. One output or several.

    Parameters
    ----------
    loss : str or object, default='squared_error'
        'squared_error', halved; 'poisson' or 'gamma', half the deviance of targets that are not
        negative or positive, whose mean is the exponential of the output; 'absolute_error';
        'huber', half the squared error up to a distance of 1 and linear from there on,
        ``HuberLoss(delta)`` of `sknumpynet.core.losses` for another distance; or 'quantile', the
        pinball loss. An object of one's own has the methods ``value(raw, targets)``, the loss of
        each sample, of shape (..., n_samples), and ``gradient(raw, targets)``, its derivative with
        respect to ``raw``. Both arguments have the shape (..., n_outputs, n_samples), the
        predictions ``raw`` with a leading axis for the networks of a stack.
    {shared_parameters}
    quantile : float or list of float, default=0.5
        For ``loss='quantile'``. Of several, which must ascend, each is an output, `predict` returns
        shape (n_samples, n_quantiles), and they never cross; `score` is minus their mean pinball
        loss.

    Attributes
    ----------
    quantiles_ : list of float
        Those of ``loss='quantile'``.
    {shared_attributes}

    See Also
    --------
    NumpyMLPClassifier : The same for class labels.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sknumpynet import NumpyMLPRegressor
    >>> X, y = make_regression(n_samples=200, n_features=5, random_state=0)
    >>> y = y / y.std()
    >>> regressor = NumpyMLPRegressor(max_iter=2000, random_state=0)
    >>> regressor.fit(X[:150], y[:150]).score(X[150:], y[150:]) > 0.9
    True

    An interval that holds about eight in ten targets, and their median:

    >>> interval = NumpyMLPRegressor(
    ...     loss="quantile",
    ...     quantile=[0.1, 0.5, 0.9],
    ...     solver="adamw",
    ...     learning_rate="cosine",
    ...     learning_rate_init=0.01,
    ...     max_iter=100,
    ...     random_state=0,
    ... )
    >>> low, median, high = interval.fit(X, y).predict(X).T
    >>> bool((low < median).all() and (median < high).all())
    True

    Outliers count less, with an activation of one's own:

    >>> import numpy as np
    >>> class Sine:
    ...     def value(self, z):
    ...         return np.sin(z)
    ...     def derivative(self, z, output):
    ...         return np.cos(z)
    >>> robust = NumpyMLPRegressor(loss="huber", activation=Sine(), max_iter=2000, random_state=0)
    >>> robust.fit(X[:150], y[:150]).score(X[150:], y[150:]) > 0.5
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseNumpyMLP._parameter_constraints,
        **NetworkRegressor._parameter_constraints,
    }

    def __init__(
        self,
        loss: Any = "squared_error",
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
        quantile: float | Sequence[float] = 0.5,
    ) -> None:
        self.loss = loss
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
        self.quantile = quantile

    @partial_fit_available  # type: ignore[untyped-decorator]
    @fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Take one more pass over the given data, which may be a part of a stream.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Any number of rows, even one.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights; a batch in which all are zero takes no step.

        Returns
        -------
        self
            The trained estimator. After an error it is as it was before.

        Raises
        ------
        ValueError
            As in `fit`.
        """
        return self._partial_fit(GivenRows(X, y, sample_weight))


def loss_from_state(saved: dict[str, Any]) -> Loss:
    """Return a loss of the engine; what a pickle names that holds one outside of an estimator."""
    return restored_loss(saved)


def _reduced_loss(loss: Loss) -> tuple[Any, ...]:
    return loss_from_state, (saved_loss(loss),)


# As in the grid of a search, whoever's it is.
for _kind in LOSS_KINDS:
    copyreg.pickle(_kind, _reduced_loss)
