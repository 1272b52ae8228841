"""Hyperband: the brackets of the paper, and the loop's results whether stacked or not."""

import numpy as np
import pytest
from helpers.searches import assert_same_results, make, problem
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor, StackedHyperbandSearchCV
from sknumpynet.model_selection.hyperband import BaseHyperband, brackets_of
from sknumpynet.model_selection.pretraining import Pretraining

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

SPACE = {"alpha": loguniform(1e-5, 10.0), "learning_rate_init": loguniform(1e-3, 1e-1)}


class PlainHyperband(BaseHyperband):
    """The same loop without stacks: scikit-learn fits every candidate anew."""

    def __init__(
        self,
        estimator,
        param_distributions,
        *,
        factor=3,
        resource="max_iter",
        max_resources="auto",
        min_resources=1,
        cv=5,
        random_state=None,
    ):
        super().__init__(
            estimator,
            factor=factor,
            resource=resource,
            max_resources=max_resources,
            min_resources=min_resources,
            cv=cv,
            random_state=random_state,
        )
        self.param_distributions = param_distributions


def test_the_papers_brackets():
    """Li et al., JMLR 2018, table 1, with the rounding of algorithm 1."""
    assert brackets_of(1, 81, 3) == [
        ([5], [81]),
        ([8, 2], [27, 81]),
        ([15, 5, 1], [9, 27, 81]),
        ([34, 11, 3, 1], [3, 9, 27, 81]),
        ([81, 27, 9, 3, 1], [1, 3, 9, 27, 81]),
    ]


@pytest.mark.parametrize("factor", [2, 3, 4, 2.5])
@pytest.mark.parametrize("least", [1, 3])
@pytest.mark.parametrize("most", [3, 8, 100, 243, 1000])
def test_brackets(most, least, factor):
    brackets = brackets_of(least, most, factor)
    largest = len(brackets) - 1
    assert least * factor**largest <= most < least * factor ** (largest + 1)
    for s, (n_candidates, n_resources) in enumerate(brackets):
        assert len(n_candidates) == len(n_resources) == s + 1
        assert n_resources[-1] == most
        assert min(n_resources) >= least
        assert min(n_candidates) >= 1
        assert n_resources == sorted(n_resources)
        assert n_candidates == sorted(n_candidates, reverse=True)


def test_a_rounded_quotient_is_not_below_the_least():
    assert brackets_of(30, 33, 1.1) == [([2], [33]), ([2, 1], [30, 33])]


@pytest.mark.parametrize("kind", [NumpyMLPClassifier, NumpyMLPRegressor])
def test_the_same_without_stacks(kind):
    X, y = problem(kind)
    ours, plain = (
        cls(make(kind), SPACE, max_resources=9, cv=3, random_state=0).fit(X, y)
        for cls in (StackedHyperbandSearchCV, PlainHyperband)
    )
    assert_same_results(ours.cv_results_, plain.cv_results_)
    assert str(ours.cv_results_["params"]) == str(plain.cv_results_["params"])
    assert ours.best_params_ == plain.best_params_
    assert ours.n_candidates_ == [[3], [5, 1], [9, 3, 1]]
    assert ours.n_resources_ == [[9], [3, 9], [1, 3, 9]]
    np.testing.assert_allclose(ours.predict(X), plain.predict(X))
    assert vars(ours).keys() - vars(plain).keys() == {"stacking_report_"}
    assert (ours.n_iterations_, ours.min_resources_, ours.max_resources_) == (3, 1, 9)


def test_each_bracket_is_a_successive_halving():
    X, y = problem(NumpyMLPClassifier)
    search = StackedHyperbandSearchCV(
        make(NumpyMLPClassifier), SPACE, max_resources=9, cv=3, refit=False, random_state=0
    ).fit(X, y)
    results = search.cv_results_
    alphas = np.array(results["param_alpha"], float)
    for s, (counts, resources) in enumerate(
        zip(search.n_candidates_, search.n_resources_, strict=True)
    ):
        for i, (count, resource) in enumerate(zip(counts, resources, strict=True)):
            own = (results["bracket"] == s) & (results["iter"] == i)
            assert own.sum() == count
            assert (results["n_resources"][own] == resource).all()
            assert (results["param_max_iter"][own] == resource).all()
            if i == 0:
                assert len(set(alphas[own])) == count
                continue
            before = (results["bracket"] == s) & (results["iter"] == i - 1)
            order = np.argsort(-results["mean_test_score"][before], kind="stable")
            assert alphas[own].tolist() == alphas[before][order][:count].tolist()
    assert len(set(alphas)) == sum(counts[0] for counts in search.n_candidates_)
    most = results["n_resources"] == 9
    assert search.best_score_ == results["mean_test_score"][most].max()
    assert most[search.best_index_]


def test_brackets_share_stacks_and_go_on_to_the_same_bits(monkeypatch):
    X, y = problem(NumpyMLPClassifier)
    search = StackedHyperbandSearchCV(
        make(NumpyMLPClassifier), SPACE, max_resources=9, cv=3, refit=False, random_state=0
    ).fit(X, y)
    stacks = search.stacking_report_["stacks"]
    assert [stack["n_networks"] for stack in stacks] == [3 * 17, 3 * 4, 3]
    assert [stack["n_continued"] for stack in stacks] == [0, 3 * 4, 3]
    assert search.stacking_report_["anew"] == []
    monkeypatch.setattr(Pretraining, "go_on_by", lambda self, resource: None)
    anew = clone(search).fit(X, y)
    for name in ("mean_test_score", "mean_train_score"):
        np.testing.assert_array_equal(search.cv_results_[name], anew.cv_results_[name])


def test_equal_candidates_of_several_brackets():
    X, y = problem(NumpyMLPRegressor)
    ours, plain = (
        cls(
            make(NumpyMLPRegressor),
            {"alpha": [0.1, 1.0, 10.0], "tol": [1e-4, 0.5], "n_iter_no_change": [1, 10]},
            max_resources=9,
            cv=2,
            random_state=0,
        ).fit(X, y)
        for cls in (StackedHyperbandSearchCV, PlainHyperband)
    )
    assert_same_results(ours.cv_results_, plain.cv_results_)
    assert ours.best_params_ == plain.best_params_


def test_in_a_pipeline_with_the_networks_own_epochs():
    X, y = problem(NumpyMLPRegressor)
    pipeline = make_pipeline(StandardScaler(), make(NumpyMLPRegressor, max_iter=4))
    search = StackedHyperbandSearchCV(
        pipeline,
        {"numpymlpregressor__alpha": loguniform(1e-3, 10.0)},
        resource="numpymlpregressor__max_iter",
        factor=2,
        cv=2,
        random_state=0,
    ).fit(X, y)
    assert search.max_resources_ == 4
    assert search.best_params_["numpymlpregressor__max_iter"] == 4
    assert search.stacking_report_["stacks"][-1]["n_continued"] > 0


WRONG = {
    "no such parameter": ({"resource": "max_iter_"}, "resource='max_iter_' is no parameter"),
    "of a step": (
        {"estimator": make_pipeline(StandardScaler(), make(NumpyMLPRegressor))},
        r"no parameter of Pipeline; of its parts are \['numpymlpregressor__max_iter'\]",
    ),
    "rows": ({"resource": "n_samples"}, "resource='n_samples' is no parameter"),
    "no integer": ({"resource": "alpha"}, "got 0.0001 for max_resources='auto', .* give max"),
    "too few": ({"max_resources": 3, "min_resources": 4}, "min_resources=4, got 3"),
    "factor": ({"factor": 1}, "factor"),
    "zero": ({"min_resources": 0}, "min_resources"),
    "random splits": ({"cv": KFold(2, shuffle=True)}, "the same splits every time"),
    "searched": ({"param_distributions": {"max_iter": [1, 2]}}, "among the searched parameters"),
    "several metrics": ({"scoring": ["r2", "explained_variance"]}, "scoring"),
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.filterwarnings("ignore:The total space of parameters")
def test_what_is_wrong_is_said(what):
    X, y = problem(NumpyMLPRegressor)
    parameters, message = WRONG[what]
    search = StackedHyperbandSearchCV(make(NumpyMLPRegressor), SPACE, cv=2, max_resources="auto")
    with pytest.raises(ValueError, match=message):
        search.set_params(**parameters).fit(X, y)


def test_callbacks_see_each_iteration(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # or the percentages are cut off
    callback = pytest.importorskip("sklearn.callback", reason="since scikit-learn 1.9")
    pytest.importorskip("rich")
    X, y = problem(NumpyMLPRegressor)
    for cls in (StackedHyperbandSearchCV, PlainHyperband):
        search = cls(make(NumpyMLPRegressor), SPACE, max_resources=9, cv=2, random_state=0)
        search.set_callbacks(callback.ProgressBar()).fit(X, y)
        lines = capsys.readouterr().out.splitlines()
        done = [line for line in lines if "- hyperband-iteration #" in line]
        assert len(done) == 3
        assert all("100%" in line for line in done)
