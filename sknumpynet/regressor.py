"""The regressor."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import Tags, column_or_1d

from sknumpynet._base import BaseNumpyMLP, _all_or_nothing, partial_fit_available
from sknumpynet._docs import with_shared_parameters
from sknumpynet._sklearn import StrOptions, fit_context

__all__ = ["NumpyMLPRegressor"]


@with_shared_parameters
class NumpyMLPRegressor(RegressorMixin, BaseNumpyMLP):
    """Multilayer perceptron regressor, a drop-in for scikit-learn's `MLPRegressor`.

    The same parameters and, for the same integer `random_state`, the same numbers, several times
    faster. One output or several.

    Parameters
    ----------
    loss : {{'squared_error', 'poisson'}}, default='squared_error'
        Half the squared error, or half the Poisson deviance of counts and other targets that are
        not negative, whose mean is modelled as the exponential of the output.
    {shared_parameters}

    Attributes
    ----------
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
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseNumpyMLP._parameter_constraints,
        "loss": [StrOptions({"squared_error", "poisson"})],
    }

    def __init__(
        self,
        loss: str = "squared_error",
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
        n_members: int = 1,
        resample: Any = None,
    ) -> None:
        super().__init__(
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            solver=solver,
            alpha=alpha,
            batch_size=batch_size,
            learning_rate=learning_rate,
            learning_rate_init=learning_rate_init,
            power_t=power_t,
            max_iter=max_iter,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            verbose=verbose,
            warm_start=warm_start,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            n_iter_no_change=n_iter_no_change,
            max_fun=max_fun,
            n_members=n_members,
            resample=resample,
        )
        self.loss = loss

    @partial_fit_available
    @fit_context(prefer_skip_nested_validation=True)
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
        with _all_or_nothing(self):
            self._train(X, y, sample_weight, incremental=True)
        return self

    def predict(
        self, X: Any, return_std: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Return the predicted value of each row, the mean over members.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        return_std : bool, default=False
            Whether to return the members' spread as well.

        Returns
        -------
        mean : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        std : ndarray of the same shape
            Standard deviation over members, 0 for a single network; only if ``return_std``.
        """
        if not return_std:
            return self._as_output(self._predictions(X))
        members = self.predict_members(X)
        return members.mean(axis=0), members.std(axis=0)

    def _as_output(self, predictions: np.ndarray) -> np.ndarray:
        return predictions[..., 0] if predictions.shape[-1] == 1 else predictions

    def _encode(self, y: np.ndarray, *, fresh: bool, incremental: bool) -> np.ndarray:
        if issparse(y):
            y = y.toarray()
        if y.dtype.kind not in "biuf":
            raise ValueError(f"y must be real numbers, got values of dtype {y.dtype}.")
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if self.loss == "poisson" and y.min() < 0:
            raise ValueError(
                "Some value(s) of y are out of the valid range of the loss 'poisson': y must not "
                f"be negative, got {y.min()}."
            )
        return y.reshape(len(y), -1)

    def _loss_name(self) -> str:
        return self.loss

    def _validation_score(
        self, targets: np.ndarray, predictions: np.ndarray, sample_weight: np.ndarray | None
    ) -> float:
        if not np.isfinite(predictions).all():
            return np.nan
        return r2_score(targets, predictions, sample_weight=sample_weight)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.positive_only = self.loss == "poisson"
        return tags
