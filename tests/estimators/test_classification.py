"""What classifiers have beside scikit-learn's: weights of classes, smoothed labels."""

import numpy as np
import pytest
from helpers.networks import STOCHASTIC, assert_same_network, make, problem
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import scale
from sklearn.utils.class_weight import compute_class_weight

from sknumpynet import NumpyMLPClassifier

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

# Where weights of rows can be the same as rows: all rows in every step, and no rate that goes by
# the samples seen.
WHOLE = [
    {"solver": "lbfgs", "max_iter": 50},
    {"solver": "sgd", "shuffle": False, "batch_size": 10_000},
    {"solver": "adam", "shuffle": False, "batch_size": 10_000},
    {"solver": "adamw", "shuffle": False, "batch_size": 10_000},
]


@pytest.mark.filterwarnings("ignore:Got `batch_size`:UserWarning")
@pytest.mark.parametrize("parameters", WHOLE, ids=lambda own: own["solver"])
def test_class_weights_are_rows(parameters):
    iris = load_iris(return_X_y=True)
    X, y = scale(iris[0]), iris[1]
    weights = {0: 2, 1: 1, 2: 3}
    repeated = np.repeat(np.arange(150), [weights[label] for label in y])
    weighted = make(NumpyMLPClassifier, class_weight=weights, **parameters).fit(X, y)
    expected = make(NumpyMLPClassifier, **parameters).fit(X[repeated], y[repeated])
    # The penalty is divided by the number of rows, or their total weight.
    assert_same_network(weighted, expected, rtol=1e-5, atol=1e-6)
    as_samples = make(NumpyMLPClassifier, **parameters)
    as_samples.fit(X, y, sample_weight=[weights[label] for label in y])
    assert_same_network(weighted, as_samples)


@pytest.mark.filterwarnings("ignore:Got `batch_size`:UserWarning")
@pytest.mark.parametrize("parameters", WHOLE, ids=lambda own: own["solver"])
def test_rows_of_a_class_without_weight_are_absent(parameters):
    iris = load_iris(return_X_y=True)
    X, y = scale(iris[0]), iris[1]
    fold = np.flatnonzero(y != 2)
    zero = make(NumpyMLPClassifier, class_weight={2: 0.0}, **parameters).fit(X, y)
    # The class remains, so one row of it stands in for all, and weighs nothing.
    kept = np.append(fold, np.flatnonzero(y == 2)[:1])
    weight = np.append(np.ones(len(fold)), 0.0)
    assert_same_network(zero, make(NumpyMLPClassifier, **parameters).fit(X[kept], y[kept], weight))


@pytest.mark.parametrize("labels", [[0, 1, 2], ["a", "b", "c"]], ids=str)
def test_balanced_weights(labels):
    iris = load_iris(return_X_y=True)
    rows = np.r_[0:50, 50:70, 100:105]
    X, y = scale(iris[0])[rows], np.array(labels)[iris[1][rows]]
    balanced = make(NumpyMLPClassifier, class_weight="balanced").fit(X, y)
    given = compute_class_weight("balanced", classes=np.array(labels), y=y)
    weights = dict(zip(labels, given, strict=True))
    assert_same_network(balanced, make(NumpyMLPClassifier, class_weight=weights).fit(X, y))
    sample_weight = np.random.default_rng(0).integers(1, 4, len(y))
    repeated = np.repeat(np.arange(len(y)), sample_weight)
    both = make(NumpyMLPClassifier, class_weight="balanced", solver="lbfgs")
    both.fit(X, y, sample_weight)
    as_rows = make(NumpyMLPClassifier, class_weight="balanced", solver="lbfgs")
    assert_same_network(both, as_rows.fit(X[repeated], y[repeated]), rtol=1e-5, atol=1e-6)


def test_class_weights_are_logistic_regressions():
    X, y = problem(NumpyMLPClassifier, 569)
    ours = NumpyMLPClassifier((), solver="lbfgs", alpha=1.0, max_iter=5000, tol=1e-9, max_fun=10**6)
    ours.set_params(class_weight={0: 1.0, 1: 3.0}).fit(X, y)
    theirs = LogisticRegression(class_weight={0: 1.0, 1: 3.0}, tol=1e-10, max_iter=5000).fit(X, y)
    np.testing.assert_allclose(ours.coefs_[0].ravel(), theirs.coef_[0], rtol=1e-2, atol=1e-3)


def test_class_weights_weigh_validation_rows():
    X, y = problem(NumpyMLPClassifier)
    given = {"X_val": X, "y_val": y}
    model = make(NumpyMLPClassifier, class_weight={0: 1.0, 1: 5.0}, early_stopping=True)
    model.fit(X, y, **given)
    weight = np.where(y == 1, 5.0, 1.0)
    assert model.best_validation_score_ == pytest.approx(model.score(X, y, weight))


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({0: -1.0}, r"must be finite and not negative, got \{0: -1.0\}"),
        ({0: np.nan}, "must be finite"),
        ({0: np.inf}, "must be finite"),
        ({0: "a"}, "must be finite"),
        ({5: 1.0}, r"classes, \[0, 1\], are not in class_weight"),
        ({0: 0.0, 1: 0.0}, "leaves no row a weight above 0"),
        ("unbalanced", "'class_weight' parameter"),
    ],
)
def test_class_weights_that_are_refused(class_weight, message):
    with pytest.raises(ValueError, match=message):
        make(NumpyMLPClassifier, class_weight=class_weight).fit(*problem(NumpyMLPClassifier))


def test_where_class_weights_make_no_sense():
    X, y = problem(NumpyMLPClassifier)
    with pytest.raises(AttributeError, match="has no attribute 'partial_fit'") as error:
        make(NumpyMLPClassifier, class_weight="balanced").partial_fit(X, y, classes=[0, 1])
    assert "need not all rows at once" in str(error.value.__cause__)
    with pytest.raises(ValueError, match="label indicator"):
        make(NumpyMLPClassifier, class_weight="balanced").fit(X, np.column_stack([y, 1 - y]))
    model = make(NumpyMLPClassifier, class_weight={0: 2.0}).partial_fit(X, y, classes=[0, 1])
    weight = np.where(y == 0, 2.0, 1.0)
    expected = make(NumpyMLPClassifier).partial_fit(X, y, classes=[0, 1], sample_weight=weight)
    assert_same_network(model, expected)


@pytest.mark.parametrize("solver", [*STOCHASTIC, "lbfgs"])
def test_smoothed_labels_are_less_certain(solver):
    X, y = problem(NumpyMLPClassifier)
    sharp = make(NumpyMLPClassifier, solver=solver, max_iter=300).fit(X, y)
    smooth = make(NumpyMLPClassifier, solver=solver, max_iter=300, label_smoothing=0.2).fit(X, y)
    assert smooth.predict_proba(X).max() < sharp.predict_proba(X).max()
    zero = make(NumpyMLPClassifier, solver=solver, max_iter=300, label_smoothing=0).fit(X, y)
    assert_same_network(sharp, zero, 0, 0)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_best_smoothed_certainty(n_classes):
    """Without features only the share of each class can be learned: 1 - s + s / n."""
    X, y = np.zeros((60, 1)), np.arange(60) % n_classes
    X[:, 0] = y
    model = NumpyMLPClassifier(
        (9,), solver="lbfgs", alpha=0.0, label_smoothing=0.3, max_iter=2000, random_state=0
    ).fit(X, y)
    certain = model.predict_proba(X)[np.arange(60), y]
    np.testing.assert_allclose(certain, 0.7 + 0.3 / n_classes, atol=1e-2)


def test_several_multiclass_columns_are_a_clear_error():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="MultiOutputClassifier"):
        make(NumpyMLPClassifier).fit(X, np.column_stack([y, y[::-1]]))
