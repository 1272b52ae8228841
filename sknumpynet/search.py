"""scikit-learn's searches and cross-validation, with all networks trained at once.

Each candidate on each split is a member of a stack; scikit-learn's own code then scores, ranks,
refits and keeps the results.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import (
    GridSearchCV,
    ParameterGrid,
    ParameterSampler,
    RandomizedSearchCV,
    check_cv,
    cross_validate,
)
from sklearn.utils import indexable
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from sknumpynet.model_selection.hyperband import BaseHyperband
from sknumpynet.model_selection.pretrained import (
    FixedSplits,
    ResultQueue,
    network_of,
    with_pretrained_clones,
)
from sknumpynet.model_selection.pretraining import Pretraining, SearchData
from sknumpynet.model_selection.stacked_halving import StackedHalving
from sknumpynet.model_selection.stacked_search import StackedSearch, scoring_backend
from sknumpynet.utils.columns import as_table
from sknumpynet.utils.scikit_learn import HalvingGridSearchCV, HalvingRandomSearchCV

__all__ = [
    "StackedGridSearchCV",
    "StackedHalvingGridSearchCV",
    "StackedHalvingRandomSearchCV",
    "StackedHyperbandSearchCV",
    "StackedRandomizedSearchCV",
    "stacked_cross_validate",
]


class StackedGridSearchCV(StackedSearch, GridSearchCV):  # type: ignore[misc]
    """`GridSearchCV` that trains its candidates at once.

    For any estimator of this package, or a `Pipeline` that ends in one. Takes the
    parameters and has the methods and attributes of scikit-learn's `GridSearchCV`, and gives its
    results. Candidates of one network shape train as one stack, on every split; parameters such
    as ``alpha`` or ``learning_rate_init`` differ within a stack, and ``hidden_layer_sizes``,
    ``activation``, ``batch_size`` and ``solver`` make stacks of their own. Sparse rows and
    ``solver='lbfgs'`` are trained one by one.

    Parameters
    ----------
    estimator : estimator
        The network, or a pipeline that ends in it. The steps before are fitted once per split and
        distinct setting of theirs.
    param_grid : dict or list of dict
        Parameters of any step.
    scoring, n_jobs, refit, cv, verbose, pre_dispatch, error_score, return_train_score
        As in scikit-learn. Up to ``n_jobs`` workers, processes unless ``joblib.parallel_config``
        says otherwise, train chunks of the stacks; none where they would take longer to start
        than they save.

    Attributes
    ----------
    stacking_report_ : dict
        ``"stacks"``: for each stack a dict with its ``layer_sizes``, ``activation``, ``loss``,
        ``solver``, ``batch_size``, ``dtype``, ``n_networks``, ``n_chunks`` and ``seconds`` (of
        work, summed over workers). ``"alone"``: for each candidate that was not stacked, at least
        on one split, a dict with its number ``candidate``, its ``params`` and the ``reason``.

    Notes
    -----
    All other attributes are those of `GridSearchCV`; ``fit_time`` is a network's share of the
    time that its stack took. Trained networks that wait for their scores take up to half of
    scikit-learn's ``working_memory``, the data that they train on the other half, unless one
    candidate or split needs more by itself.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from sknumpynet import NumpyMLPClassifier, StackedGridSearchCV
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> network = NumpyMLPClassifier((16,), learning_rate_init=0.03, max_iter=999, random_state=0)
    >>> search = StackedGridSearchCV(network, {"alpha": [1e-4, 1e-2, 1.0]}, cv=4).fit(X, y)
    >>> search.stacking_report_["stacks"][0]["n_networks"], search.stacking_report_["alone"]
    (12, [])
    >>> bool(search.best_score_ > 0.9)
    True
    """

    def _candidates(self) -> Iterable[dict[str, Any]]:
        candidates: Iterable[dict[str, Any]] = ParameterGrid(self.param_grid)
        return candidates


class StackedRandomizedSearchCV(StackedSearch, RandomizedSearchCV):  # type: ignore[misc]
    """`RandomizedSearchCV` that trains its candidates at once; see `StackedGridSearchCV`.

    Parameters
    ----------
    estimator : estimator
        The network, or a pipeline that ends in it.
    param_distributions : dict or list of dict
        Lists or distributions, of parameters of any step.
    n_iter, scoring, n_jobs, refit, cv, verbose, pre_dispatch
        As in scikit-learn.
    random_state, error_score, return_train_score
        As in scikit-learn.

    Attributes
    ----------
    stacking_report_ : dict
        As in `StackedGridSearchCV`.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import make_moons
    >>> from sknumpynet import NumpyMLPClassifier, StackedRandomizedSearchCV
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> network = NumpyMLPClassifier((16,), learning_rate_init=0.03, max_iter=999, random_state=0)
    >>> search = StackedRandomizedSearchCV(
    ...     network, {"alpha": loguniform(1e-5, 1.0)}, n_iter=4, random_state=0
    ... )
    >>> bool(search.fit(X, y).best_score_ > 0.9)
    True
    """

    def _candidates(self) -> Iterable[dict[str, Any]]:
        candidates: Iterable[dict[str, Any]] = ParameterSampler(
            self.param_distributions, self.n_iter, random_state=self.random_state
        )
        return candidates


class StackedHalvingGridSearchCV(StackedHalving, HalvingGridSearchCV):  # type: ignore[misc]
    """`HalvingGridSearchCV` that trains its candidates at once.

    Takes the parameters and has the methods and attributes of scikit-learn's, which is experimental
    and asks for an import that this one does not need. All candidates begin with a part of a
    resource; after each iteration one of ``factor`` stays and gets ``factor`` times as much.

    Where the resource is the network's ``max_iter``, those that stay go on training where they
    stood, and come to the bits that training anew would give. They are trained anew, in stacks too,
    where that would differ: a ``learning_rate``, ``warmup`` or ``preset`` that is a plan for all
    epochs, early stopping by a metric of ``scoring``, and any other resource, such as
    scikit-learn's default ``"n_samples"``.

    Parameters
    ----------
    estimator : estimator
        The network, or a pipeline that ends in it.
    param_grid : dict or list of dict
        Parameters of any step.
    factor, resource, max_resources, min_resources, aggressive_elimination
        As in scikit-learn: ``resource="max_iter"``, in a pipeline ``"<step>__max_iter"``, needs
        ``max_resources``, the epochs of the last iteration at most.
    cv, scoring, refit, error_score, return_train_score, random_state, n_jobs, verbose
        As in scikit-learn.

    Attributes
    ----------
    stacking_report_ : dict
        As in `StackedGridSearchCV`, with a line in ``"stacks"`` for each iteration, which has
        ``iter`` and how many networks went on, ``n_continued``. ``"anew"``: for each candidate
        that was trained before and began anew, a dict with its row in ``cv_results_``,
        ``candidate``, its ``params`` and the ``reason``.

    Notes
    -----
    All other attributes are those of `HalvingGridSearchCV`. ``fit_time`` is a network's share of
    the time that its stack took in this iteration. Networks that may go on, with the rows that they
    train on, take up to a third of scikit-learn's ``working_memory``; any beyond are trained anew.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from sknumpynet import NumpyMLPClassifier, StackedHalvingGridSearchCV
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> network = NumpyMLPClassifier((16,), learning_rate_init=0.03, random_state=0)
    >>> grid = {"alpha": [1e-4, 1e-2, 1.0], "beta_1": [0.8, 0.9, 0.95]}
    >>> search = StackedHalvingGridSearchCV(
    ...     network, grid, resource="max_iter", max_resources=90, refit=False
    ... )
    >>> search.fit(X, y).n_candidates_, search.n_resources_
    ([9, 3, 1], [10, 30, 90])
    >>> [stack["n_continued"] for stack in search.stacking_report_["stacks"]]
    [0, 15, 5]
    """


class StackedHalvingRandomSearchCV(StackedHalving, HalvingRandomSearchCV):  # type: ignore[misc]
    """`HalvingRandomSearchCV` that trains its candidates at once.

    See `StackedHalvingGridSearchCV`.

    Parameters
    ----------
    estimator : estimator
        The network, or a pipeline that ends in it.
    param_distributions : dict or list of dict
        Lists or distributions, of parameters of any step.
    n_candidates, factor, resource, max_resources, min_resources, aggressive_elimination
        As in scikit-learn.
    cv, scoring, refit, error_score, return_train_score, random_state, n_jobs, verbose
        As in scikit-learn.

    Attributes
    ----------
    stacking_report_ : dict
        As in `StackedHalvingGridSearchCV`.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import make_moons
    >>> from sknumpynet import NumpyMLPClassifier, StackedHalvingRandomSearchCV
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> network = NumpyMLPClassifier((16,), learning_rate="cosine", max_iter=50, random_state=0)
    >>> search = StackedHalvingRandomSearchCV(
    ...     network, {"alpha": loguniform(1e-5, 1.0)}, cv=2, random_state=0
    ... )
    >>> search.fit(X, y).n_resources_
    [8, 24, 72]
    >>> search.stacking_report_["anew"][0]["reason"]
    'its resource is n_samples, not max_iter'
    """


class StackedHyperbandSearchCV(StackedHalving, BaseHyperband):
    """Hyperband: random candidates in several successive halvings, trained at once.

    How many epochs tell good candidates from bad ones is not known beforehand. So each bracket
    makes another trade: the first begins with many candidates of ``min_resources`` epochs, the last
    has few, all of ``max_resources``. The best of those that got the most is refitted.

    Iterations of all brackets train as one, and candidates that stay go on, as in
    `StackedHalvingGridSearchCV`.

    Parameters
    ----------
    estimator : estimator
        The network, or a pipeline that ends in it.
    param_distributions : dict or list of dict
        Lists or distributions, of parameters of any step.
    factor : float, default=3
        One of so many candidates stays and gets so many times the epochs.
    resource : str, default="max_iter"
        The parameter that is the resource, in a pipeline ``"<step>__max_iter"``.
    max_resources : int or "auto", default="auto"
        By default the ``max_iter`` of the estimator.
    min_resources : int, default=1
        Epochs that any candidate gets at least.
    cv, scoring, refit, error_score, return_train_score, random_state, n_jobs, verbose
        As in scikit-learn's `HalvingRandomSearchCV`.

    Attributes
    ----------
    n_candidates_, n_resources_ : list of list of int
        Of each bracket, by its number, in each of its iterations.
    n_iterations_ : int
        Of the longest bracket, as many as there are brackets.
    min_resources_, max_resources_ : int
    stacking_report_ : dict
        As in `StackedHalvingGridSearchCV`.
    cv_results_ : dict of array
        As of `HalvingRandomSearchCV`, and ``bracket``.

    Notes
    -----
    All other attributes are those of `HalvingRandomSearchCV`.

    References
    ----------
    Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 18,
    2018.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import make_moons
    >>> from sknumpynet import NumpyMLPClassifier, StackedHyperbandSearchCV
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> network = NumpyMLPClassifier((16,), max_iter=81, random_state=0)
    >>> space = {"alpha": loguniform(1e-5, 1.0), "learning_rate_init": loguniform(1e-3, 0.1)}
    >>> search = StackedHyperbandSearchCV(
    ...     network, space, min_resources=9, cv=3, refit=False, random_state=0
    ... )
    >>> search.fit(X, y).n_candidates_
    [[3], [5, 1], [9, 3, 1]]
    >>> search.n_resources_
    [[81], [27, 81], [9, 27, 81]]
    >>> bool(search.best_score_ > 0.9)
    True
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        param_distributions: dict[str, Any] | list[dict[str, Any]],
        *,
        factor: float = 3,
        resource: str = "max_iter",
        max_resources: int | str = "auto",
        min_resources: int = 1,
        cv: Any = 5,
        scoring: Any = None,
        refit: bool = True,
        error_score: float | str = np.nan,
        return_train_score: bool = True,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            random_state=random_state,
            error_score=error_score,
            return_train_score=return_train_score,
            max_resources=max_resources,
            min_resources=min_resources,
            resource=resource,
            factor=factor,
        )
        self.param_distributions = param_distributions


def stacked_cross_validate(
    estimator: BaseEstimator,
    X: Any,
    y: Any = None,
    *,
    groups: Any = None,
    scoring: Any = None,
    cv: Any = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    params: dict[str, Any] | None = None,
    pre_dispatch: int | str = "2*n_jobs",
    return_train_score: bool = False,
    return_estimator: bool = False,
    return_indices: bool = False,
    error_score: float | str = np.nan,
) -> dict[str, Any]:
    """`cross_validate` that trains the networks of all splits at once.

    Parameters
    ----------
    estimator : estimator
        The network, or a pipeline that ends in it; any other is left to scikit-learn.
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    groups, scoring, cv, n_jobs, verbose, params, pre_dispatch
        As in scikit-learn.
    return_train_score, return_estimator, return_indices, error_score
        As in scikit-learn.

    Returns
    -------
    dict of str to array
        As from `cross_validate`; ``fit_time`` is a network's share of its stack's time.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from sknumpynet import NumpyMLPClassifier, stacked_cross_validate
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> network = NumpyMLPClassifier((16,), learning_rate_init=0.03, max_iter=999, random_state=0)
    >>> stacked_cross_validate(network, X, y, cv=4)["test_score"].shape
    (4,)
    """
    arguments: dict[str, Any] = {
        "scoring": scoring,
        "n_jobs": n_jobs,
        "verbose": verbose,
        "params": params,
        "pre_dispatch": pre_dispatch,
        "return_train_score": return_train_score,
        "return_estimator": return_estimator,
        "return_indices": return_indices,
        "error_score": error_score,
    }
    X, y = as_table(X), as_table(y)
    routing = get_config()["enable_metadata_routing"]
    results: dict[str, Any]
    if network_of(estimator) is None or (routing and groups is not None):
        results = cross_validate(estimator, X, y, groups=groups, cv=cv, **arguments)
        return results
    indexed, y_indexed = indexable(X, y)
    splitter = check_cv(cv, y_indexed, classifier=is_classifier(estimator))
    split_params, fit_params = {"groups": groups}, dict(params or {})
    if routing:
        split_params, fit_params = _routed(estimator, splitter, scoring, fit_params)
    splits = list(splitter.split(indexed, y_indexed, **split_params))
    data = SearchData(indexed, y_indexed, fit_params, splits)
    pretraining = Pretraining(estimator, data, n_jobs=n_jobs, keep_optimizer=return_estimator)
    queue = ResultQueue()
    for candidates in pretraining.rounds([{}]):
        queue.results = pretraining.train(candidates)
    seconds = [None if result is None else result.seconds for result in queue.results]
    with scoring_backend(estimator, X, ()):
        results = cross_validate(
            with_pretrained_clones(estimator, queue, generations=1),
            X,
            y,
            groups=groups,
            cv=FixedSplits(splitter, splits, queue),
            **arguments,
        )
    for i, own in enumerate(seconds):
        if own is not None:
            results["fit_time"][i] = own
    return results


def _routed(
    estimator: BaseEstimator, splitter: Any, scoring: Any, params: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what metadata routing sends to the splitter and to the estimator's ``fit``."""
    router = MetadataRouter(owner="cross_validate")
    for name, consumer, callee in (
        ("splitter", splitter, "split"),
        ("estimator", estimator, "fit"),
        ("scorer", check_scoring(estimator, scoring), "score"),
    ):
        mapping = MethodMapping().add(caller="fit", callee=callee)
        router.add(method_mapping=mapping, **{name: consumer})
    routed = process_routing(router, "fit", **params)
    return routed.splitter.split, routed.estimator.fit
