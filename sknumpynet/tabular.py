"""Networks for tables as they come: numbers, categories, missing values."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from sknumpynet.estimators.classification import NetworkClassifier
from sknumpynet.estimators.conformal import HeldOutRows
from sknumpynet.estimators.docs import with_shared_tabular_parameters
from sknumpynet.estimators.incremental import known_classes
from sknumpynet.estimators.regression import NetworkRegressor
from sknumpynet.estimators.tabular import BaseTabularMLP, partial_fit_available
from sknumpynet.estimators.targets import ScaledNumberTargets, TargetUnit
from sknumpynet.estimators.training_data import GivenRows
from sknumpynet.preprocessing import TabularPreprocessor
from sknumpynet.utils.scikit_learn import StrOptions, fit_context

__all__ = ["TabularMLPClassifier", "TabularMLPRegressor"]


@with_shared_tabular_parameters
class TabularMLPClassifier(NetworkClassifier, BaseTabularMLP):
    """Classifier for tables as they come: numbers, dates, categories and missing values.

    An ensemble of small networks that take each number as it is and embed its rank, and each
    category of many levels by a learned vector. Ranks are embedded by piecewise linear functions,
    whose pieces begin where trees split the rows that the network learns from; of such categories
    every second network is also told what the targets of those rows are on average, by level and
    by pair of levels. Each network learns from all but one fold of the rows and keeps the epoch
    that was best on that fold. Made to predict well and to give honest probabilities with no
    parameter set.

    Parameters
    ----------
    {shared_parameters}
    loss : 'log_loss' or object, default='log_loss'
        An object of one's own has the methods ``value(raw, targets)`` and
        ``gradient(raw, targets)``, see `NumpyMLPClassifier`.
    class_weight : dict, 'balanced' or None, default=None
        Weight of each class, on top of ``sample_weight``; 'balanced' gives all the same weight in
        total. Not for several labels at once.
    calibrate : {{'temperature'}} or None, default=None
        'temperature' divides the logits of the mean probabilities by ``temperature_``. It is found
        by ensembles of half of the members, each without a quarter of the rows, so that a fit
        takes 2.8 times as long, and kept only where it lowers the log loss of those rows, each
        quarter by the temperature of the others. Rarely needed: the mean of members is calibrated
        nearly as well as it can be, see the guide.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    temperature_ : float
        What logits are divided by, 1 where that would not lower the log loss. Only with
        ``calibrate``.
    calibration_ : dict
        The mean log loss of ``n_rows`` rows by ensembles that have not seen them, ``loss`` as they
        are, ``calibrated_loss`` by the temperature of other rows. Only with ``calibrate``.
    {shared_attributes}

    See Also
    --------
    TabularMLPRegressor : The same for real-valued targets.
    NumpyMLPClassifier : A network all of whose parameters are yours to set.

    Notes
    -----
    A fit takes about 0.1 microseconds for each member, epoch, row and column on one core, 0.14 for
    20 columns and 0.35 for five (layers of 64 units; `presets` has members and epochs). More than
    500 columns take no longer than 500, but for reading them: each member sees a part, see
    ``member_columns_``. Beside the table a fit takes as much memory as the table has in double
    precision, and at most 200 MB; all worker processes together as much again, and each 250 MB.
    100,000 rows of 50 columns take about 40 seconds on two cores with the default preset, 15 with
    'fast'.

    References
    ----------
    D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by Default: Strong Pre-Tuned MLPs and
    Boosted Trees on Tabular Data", NeurIPS 2024; Y. Gorishniy, I. Rubachev, A. Babenko, "On
    Embeddings for Numerical Features in Tabular Deep Learning", NeurIPS 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet import TabularMLPClassifier
    >>> rng = np.random.default_rng(0)
    >>> age = rng.integers(1, 80, 300).astype(float)
    >>> colour = rng.choice(["red", "green", "blue"], 300)
    >>> y = np.where((colour == "red") ^ (age > 40), "yes", "no")
    >>> age[::17] = np.nan
    >>> X = np.array([age.tolist(), colour.tolist()], dtype=object).T
    >>> classifier = TabularMLPClassifier(preset="fast", random_state=0).fit(X[:200], y[:200])
    >>> classifier.score(X[200:], y[200:]) > 0.85
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseTabularMLP._parameter_constraints,
        **NetworkClassifier._parameter_constraints,
        "calibrate": [StrOptions({"temperature"}), None],
    }

    def __init__(
        self,
        preset: str = "default",
        *,
        categorical_features: Any = "from_dtype",
        column_kinds: dict[str | int, str] | None = None,
        monotonic_cst: dict[str, int] | Sequence[int] | None = None,
        class_weight: dict[Any, float] | str | None = None,
        loss: Any = "log_loss",
        n_members: int | None = None,
        hidden_layer_sizes: int | Sequence[int] | None = None,
        max_iter: int | None = None,
        batch_size: int | None = None,
        learning_rate_init: float | None = None,
        dropout: float | Sequence[float] | None = None,
        weight_decay: float | None = None,
        resample: Any = "folds",
        scoring: str | Callable[..., float] = "loss",
        conformal: bool = True,
        calibrate: str | None = None,
        max_time: float | None = None,
        n_background: int = 100,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool | int = False,
        n_jobs: int | None = None,
    ) -> None:
        self.preset = preset
        self.categorical_features = categorical_features
        self.column_kinds = column_kinds
        self.monotonic_cst = monotonic_cst
        self.class_weight = class_weight
        self.loss = loss
        self.n_members = n_members
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.resample = resample
        self.scoring = scoring
        self.conformal = conformal
        self.calibrate = calibrate
        self.max_time = max_time
        self.n_background = n_background
        self.random_state = random_state
        self.verbose = verbose
        self.n_jobs = n_jobs

    @partial_fit_available  # type: ignore[untyped-decorator]
    @fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: Any,
        y: Any,
        classes: Any = None,
        sample_weight: Any = None,
        *,
        preprocessor: TabularPreprocessor | None = None,
    ) -> Self:
        """Learn from one part of a stream, once; `predict` whenever you like between.

        The first call says what columns and targets are: levels that it does not see stay unknown,
        and numbers beyond its range are bent and have the last rank, see the guide. So it should
        have some hundred rows, or ``preprocessor`` be given. After `fit` it goes on from what was
        fitted; `fit` begins anew.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Two rows or more at the first call, later even one.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their labels; not every class need be there.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever come. Needed at the first call, optional later.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights, one at least above 0.
        preprocessor : TabularPreprocessor, default=None
            Only at the first call: fitted before, to rows such as will come. By default one is
            fitted to X.

        Returns
        -------
        self
            The trained estimator. After an error it is as it was before.

        Raises
        ------
        TypeError, ValueError
            As in `fit`, and for labels that are not among the classes.

        Notes
        -----
        Networks take steps of 16 rows, or ``batch_size``, with a constant learning rate: a stream
        has no end that a schedule could end with. No rows are held out, whatever ``resample`` says:
        there are no scores out of fold, no intervals and sets, and no epoch is chosen; ``max_iter``
        and ``scoring`` have no part in it. The model holds the optimiser's state, twice as much as
        what it has learned.

        Examples
        --------
        >>> import numpy as np
        >>> from sknumpynet import TabularMLPClassifier
        >>> rng = np.random.default_rng(0)
        >>> model = TabularMLPClassifier("fast", random_state=0)
        >>> right = []
        >>> for _ in range(20):  # of each part first predicted, then learned
        ...     X = rng.normal(size=(200, 3))
        ...     y = X[:, 0] * X[:, 1] > 0
        ...     if hasattr(model, "classes_"):
        ...         right.append(model.score(X, y))
        ...     model = model.partial_fit(X, y, classes=[False, True])
        >>> bool(np.mean(right) > 0.9)
        True
        """
        known = known_classes(self, y, classes)
        known = self._with_preprocessor(known, preprocessor)
        return self._partial_fit(GivenRows(X, y, sample_weight), known)


@with_shared_tabular_parameters
class TabularMLPRegressor(NetworkRegressor, BaseTabularMLP):
    """Regressor for tables as they come: numbers, dates, categories and missing values.

    As `TabularMLPClassifier`, for real-valued targets. They are standardised for training, and
    predictions do not leave the range that was seen. Every second network embeds ranks by waves.

    Parameters
    ----------
    {shared_parameters}
    loss : str or object, default='squared_error'
        'squared_error', 'absolute_error', 'huber', 'quantile', 'poisson' or 'gamma', or an object,
        see `NumpyMLPRegressor`. Distances are in standard deviations of the target, those of
        'huber' and of objects too; for 'poisson' and 'gamma' targets are divided by their mean.
    quantile : float or list of float, default=0.5
        For ``loss='quantile'``, one level or several that ascend.

    Attributes
    ----------
    quantiles_ : list of float
        Those of ``loss='quantile'``.
    {shared_attributes}

    See Also
    --------
    TabularMLPClassifier : The same for class labels.
    NumpyMLPRegressor : A network all of whose parameters are yours to set.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_diabetes
    >>> from sknumpynet import TabularMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> regressor = TabularMLPRegressor(preset="fast", random_state=0).fit(X[:350], y[:350])
    >>> regressor.score(X[350:], y[350:]) > 0.4
    True
    >>> mean, std = regressor.predict(X[350:], return_std=True)
    >>> bool((std > 0).all())
    True

    An interval that holds about eight in ten targets:

    >>> interval = TabularMLPRegressor("fast", loss="quantile", quantile=[0.1, 0.9], random_state=0)
    >>> low, high = interval.fit(X[:350], y[:350]).predict(X[350:]).T
    >>> bool((low < high).all())
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseTabularMLP._parameter_constraints,
        **NetworkRegressor._parameter_constraints,
    }

    def __init__(
        self,
        preset: str = "default",
        *,
        categorical_features: Any = "from_dtype",
        column_kinds: dict[str | int, str] | None = None,
        monotonic_cst: dict[str, int] | Sequence[int] | None = None,
        loss: Any = "squared_error",
        quantile: float | Sequence[float] = 0.5,
        n_members: int | None = None,
        hidden_layer_sizes: int | Sequence[int] | None = None,
        max_iter: int | None = None,
        batch_size: int | None = None,
        learning_rate_init: float | None = None,
        dropout: float | Sequence[float] | None = None,
        weight_decay: float | None = None,
        resample: Any = "folds",
        scoring: str | Callable[..., float] = "loss",
        conformal: bool = True,
        max_time: float | None = None,
        n_background: int = 100,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool | int = False,
        n_jobs: int | None = None,
    ) -> None:
        self.preset = preset
        self.categorical_features = categorical_features
        self.column_kinds = column_kinds
        self.monotonic_cst = monotonic_cst
        self.loss = loss
        self.quantile = quantile
        self.n_members = n_members
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.resample = resample
        self.scoring = scoring
        self.conformal = conformal
        self.max_time = max_time
        self.n_background = n_background
        self.random_state = random_state
        self.verbose = verbose
        self.n_jobs = n_jobs

    @partial_fit_available  # type: ignore[untyped-decorator]
    @fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        preprocessor: TabularPreprocessor | None = None,
    ) -> Self:
        """Learn from one part of a stream, once; `predict` whenever you like between.

        The first call says what columns and targets are: levels that it does not see stay unknown,
        and numbers beyond its range are bent and have the last rank, see the guide. So it should
        have some hundred rows, or ``preprocessor`` be given. Predictions stay in the range of the
        targets that were seen so far. After `fit` it goes on from what was fitted; `fit` begins
        anew.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Two rows or more at the first call, later even one.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets, which are learned in units of those of the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights, one at least above 0.
        preprocessor : TabularPreprocessor, default=None
            Only at the first call: fitted before, to rows such as will come. By default one is
            fitted to X.

        Returns
        -------
        self
            The trained estimator. After an error it is as it was before.

        Raises
        ------
        TypeError, ValueError
            As in `fit`.

        Notes
        -----
        Networks take steps of 16 rows, or ``batch_size``, with a constant learning rate: a stream
        has no end that a schedule could end with. No rows are held out, whatever ``resample`` says:
        there are no scores out of fold, no intervals and sets, and no epoch is chosen; ``max_iter``
        and ``scoring`` have no part in it. The model holds the optimiser's state, twice as much as
        what it has learned.

        Examples
        --------
        >>> import numpy as np
        >>> from sknumpynet import TabularMLPRegressor
        >>> rng = np.random.default_rng(0)
        >>> model = TabularMLPRegressor("fast", random_state=0)
        >>> for _ in range(20):
        ...     X = rng.normal(size=(200, 3))
        ...     model = model.partial_fit(X, X[:, 0] * X[:, 1])
        >>> X = rng.normal(size=(200, 3))
        >>> model.score(X, X[:, 0] * X[:, 1]) > 0.8
        True
        """
        known = self._with_preprocessor({}, preprocessor)
        return self._partial_fit(GivenRows(X, y, sample_weight), known)

    def _targets(self, known: dict[str, Any]) -> ScaledNumberTargets:
        return ScaledNumberTargets(self.loss, self.quantile, known)

    def _as_output(self, predictions: np.ndarray) -> np.ndarray:
        return TargetUnit(**self._unit).decoded(predictions)

    def _unit_of_outputs(self) -> np.ndarray:
        # Several quantiles of one target have one unit.
        return np.broadcast_to(TargetUnit(**self._unit).spread, (self.n_outputs_,))

    def _in_range(
        self, predictions: np.ndarray, held_out: HeldOutRows, networks: np.ndarray
    ) -> np.ndarray:
        lowest, highest = held_out.ranges[:, networks % self._n_fitted()]
        values = TargetUnit(**self._unit).in_own(predictions)
        return np.asarray(np.clip(values, lowest, highest))
