"""The estimators for tables with a client: fitted on a cluster, predicting lazily."""

import inspect
import warnings
from typing import Any, ClassVar, Self, TypeVar

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sknumpynet.dask.fitting import fit_on_cluster
from sknumpynet.dask.libraries import default_client, is_collection
from sknumpynet.dask.partitions import Partitions
from sknumpynet.dask.prediction import lazily_predicted
from sknumpynet.estimators.fitted_attributes import set_fitted, with_attributes
from sknumpynet.tabular import TabularMLPClassifier, TabularMLPRegressor
from sknumpynet.utils.scikit_learn import fit_context

__all__ = ["DaskTabularMLPClassifier", "DaskTabularMLPRegressor"]

T = TypeVar("T")


def with_client(cls: type[T]) -> type[T]:
    """Let a class take the parameters of the one that it extends, and ``client``."""
    plain: Any = cls.__mro__[2]
    signature = inspect.signature(plain.__init__)
    client = inspect.Parameter("client", inspect.Parameter.KEYWORD_ONLY, default=None)

    def __init__(self: Any, *arguments: Any, client: Any = None, **parameters: Any) -> None:
        plain.__init__(self, *arguments, **parameters)
        self.client = client

    parameters = [*signature.parameters.values(), client]
    __init__.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    cls.__init__ = __init__  # type: ignore[method-assign]
    return cls


class OnCluster:
    """What both do on a cluster; the plain class comes next among the bases."""

    _plain: ClassVar[type[BaseEstimator]]

    @fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the ensemble to the partitions of a table, wherever they lie.

        Parameters
        ----------
        X : DataFrame or array of Dask of shape (n_samples, n_features)
            Is read twice, once to learn what columns are and once to encode them; encoded
            partitions stay on workers, which spill to disk what does not fit them.
        y : Series, DataFrame or array of Dask, str or list of str
            The targets, in the same partitions, or the names of their columns.
        sample_weight : Series or array of Dask, or str, default=None
            Weight of each sample, not negative, or the name of its column beside named targets.
            Rows of weight 0 are as if absent.

        Returns
        -------
        self
            The fitted estimator. After an error it is as it was before.

        Raises
        ------
        TypeError
            For what is no collection of Dask, and for other targets and weights than those above.
        ValueError
            For collections in different partitions, fewer than two partitions with rows, data that
            cannot be learned from, without a client, if training diverges, and for parameters that
            need all rows at once: splitters, scorers and ``calibrate``.
        """
        client = default_client(self.client)  # type: ignore[attr-defined]
        partitions = Partitions.of(X, y, sample_weight)
        fitted, messages = fit_on_cluster(self._without_client(), partitions, client)
        set_fitted(self, fitted)
        for message, category in messages:
            warnings.warn(message, category, stacklevel=3)
        return self

    @property
    def client_(self) -> Any:
        """The client of Dask: the one that was given or, without it, the default one."""
        return default_client(self.client)  # type: ignore[attr-defined]

    def to_local(self) -> Any:
        """Return the fitted estimator without Dask: `TabularMLPClassifier`, `TabularMLPRegressor`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        parameters = self.get_params(deep=False)  # type: ignore[attr-defined]
        dropped = {*parameters, "traffic_"}
        fitted = {name: value for name, value in vars(self).items() if name not in dropped}
        return with_attributes(self._without_client(), fitted)

    def save_model(self, path: Any) -> None:
        """Write the model to a file, as that of `to_local`, which `load_model` gives back.

        Parameters
        ----------
        path : str, path or binary file
        """
        self.to_local().save_model(path)

    def _without_client(self) -> Any:
        """Return the plain estimator with the same parameters, not fitted."""
        parameters = self.get_params(deep=False)  # type: ignore[attr-defined]
        del parameters["client"]
        return self._plain(**parameters)

    def __sklearn_clone__(self) -> Any:
        # A client cannot be copied.
        without = with_attributes(self, {"client": None})
        cloned = BaseEstimator.__sklearn_clone__(without)
        return cloned.set_params(client=self.client)  # type: ignore[attr-defined]

    def __getstate__(self) -> dict[str, Any]:
        # Nor saved.
        return {**super().__getstate__(), "client": None}  # type: ignore[dict-item]


@with_client
class DaskTabularMLPClassifier(OnCluster, TabularMLPClassifier):
    """`TabularMLPClassifier` for tables in partitions on a cluster of Dask.

    Members are trained on workers, independently of each other, each on all partitions but those
    that it holds out, which choose its epoch. Partitions come to a member one after another in an
    order drawn anew for each epoch; no worker holds the table, and neither does the client. The
    same partitions, ``random_state`` and ``working_memory`` of scikit-learn give the same model to
    the bit, whatever the number of workers of one kind of processor.

    Parameters are those of `TabularMLPClassifier`, and ``client``.

    Parameters
    ----------
    preset : {'default', 'fast'}, default='default'
        As all other parameters of `TabularMLPClassifier`.
    client : distributed.Client, default=None
        None for the default client, the last that was made.

    Attributes
    ----------
    client_ : distributed.Client
        The client in use.
    traffic_ : dict of list of int
        Of each member: ``share_bytes``, what its partitions take, encoded; ``read_bytes``, what it
        asked for in all epochs, epochs times its share but for partitions that it could keep, and
        once what it holds out; ``fetched_bytes``, what of it came from other workers.

    See Also
    --------
    TabularMLPClassifier : What `to_local` returns, with all other attributes.

    Notes
    -----
    As of streams there are no scores out of fold, no intervals and sets, and members are told no
    statistics of levels.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet.dask import DaskTabularMLPClassifier
    >>> model = DaskTabularMLPClassifier("fast", n_members=4, random_state=0)
    >>> model.get_params()["client"] is None
    True
    """

    _plain = TabularMLPClassifier
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **TabularMLPClassifier._parameter_constraints,
        "client": [object],
    }

    def predict(self, X: Any) -> Any:
        """Predict labels, lazily of what is Dask's.

        Parameters
        ----------
        X : DataFrame or array, of Dask or in memory, of shape (n_samples, n_features)
            A DataFrame of Dask may have other columns too.

        Returns
        -------
        Series, DataFrame or array of Dask, in the partitions of X, or ndarray
            Of a DataFrame of Dask a Series or, with several labels, a DataFrame.
        """
        if is_collection(X):
            return lazily_predicted(self.to_local(), "predict", X)
        return super().predict(X)

    def predict_proba(self, X: Any) -> Any:
        """Predict probabilities of classes, lazily of what is Dask's.

        Parameters
        ----------
        X : DataFrame or array, of Dask or in memory, of shape (n_samples, n_features)
            A DataFrame of Dask may have other columns too.

        Returns
        -------
        DataFrame or array of Dask, in the partitions of X, or ndarray
            Columns are classes.
        """
        if is_collection(X):
            return lazily_predicted(self.to_local(), "predict_proba", X)
        return super().predict_proba(X)


@with_client
class DaskTabularMLPRegressor(OnCluster, TabularMLPRegressor):
    """`TabularMLPRegressor` for tables in partitions on a cluster of Dask.

    As `DaskTabularMLPClassifier`, for real-valued targets.

    Parameters
    ----------
    preset : {'default', 'fast'}, default='default'
        As all other parameters of `TabularMLPRegressor`.
    client : distributed.Client, default=None
        None for the default client, the last that was made.

    Attributes
    ----------
    client_ : distributed.Client
        The client in use.
    traffic_ : dict of list of int
        See `DaskTabularMLPClassifier`.

    See Also
    --------
    TabularMLPRegressor : What `to_local` returns, with all other attributes.

    Examples
    --------
    >>> from sknumpynet.dask import DaskTabularMLPRegressor
    >>> DaskTabularMLPRegressor("fast", random_state=0)
    DaskTabularMLPRegressor(preset='fast', random_state=0)
    """

    _plain = TabularMLPRegressor
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **TabularMLPRegressor._parameter_constraints,
        "client": [object],
    }

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict values, lazily of what is Dask's.

        Parameters
        ----------
        X : DataFrame or array, of Dask or in memory, of shape (n_samples, n_features)
            A DataFrame of Dask may have other columns too.
        return_std : bool, default=False
            Whether to return the spread of the members too; only of rows in memory.

        Returns
        -------
        Series, DataFrame or array of Dask, in the partitions of X, or ndarray
            Of a DataFrame of Dask a Series, or with several outputs a DataFrame.
        """
        if is_collection(X):
            if return_std:
                raise ValueError("return_std=True is for rows in memory, got a collection of Dask")
            return lazily_predicted(self.to_local(), "predict", X)
        return super().predict(X, return_std=return_std)
