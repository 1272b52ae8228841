"""What bad input gets: a clear error, or the right answer, and never half a change."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_iris, make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpynet.core.lbfgs import Objective
from sknumpynet.core.optimizers import SGD

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = make_moons(60, noise=0.2, random_state=0)
VALUES = X[:, 0] * 2 + X[:, 1]
SOLVERS = ["adam", "sgd", "lbfgs"]


def with_entry(array, value):
    array = np.array(array, dtype=float)
    array.flat[3] = value
    return array


# kind of estimator, parameters, arguments of fit, words of the error
BAD_FITS = {
    "nan in X": ("any", {}, (with_entry(X, np.nan), Y), "Input X contains NaN"),
    "infinity in X": ("any", {}, (with_entry(X, np.inf), Y), "Input X contains infinity"),
    "nan in y": ("regressor", {}, (X, with_entry(VALUES, np.nan)), "Input y contains NaN"),
    "nan in labels": ("classifier", {}, (X, with_entry(Y, np.nan)), "Input y contains NaN"),
    "infinity in y": ("regressor", {}, (X, with_entry(VALUES, np.inf)), "Input y contains inf"),
    "no samples": ("any", {}, (X[:0], Y[:0]), r"Found array with 0 sample\(s\)"),
    "no features": ("any", {}, (X[:, :0], Y), r"Found array with 0 feature\(s\)"),
    "unequal lengths": ("any", {}, (X, Y[:-1]), "inconsistent numbers of samples"),
    "one dimension": ("any", {}, (X[:, 0], Y), "Expected 2D array, got 1D array"),
    "three dimensions": ("any", {}, (X[:, :, None], Y), "dim 3"),
    "complex X": ("any", {}, (X + 1j, Y), "Complex data not supported"),
    "complex y": ("regressor", {}, (X, VALUES + 1j), "Complex data not supported"),
    "objects in X": ("any", {}, (np.full(X.shape, "a", dtype=object), Y), "could not convert"),
    "no y": ("any", {}, (X, None), "requires y to be passed"),
    "dates as targets": (
        "regressor",
        {},
        (X, np.arange("2020-01-01", "2020-03-01", dtype="M8[D]")),
        "y must be real numbers, got values of dtype datetime64",
    ),
    "strings as targets": ("regressor", {}, (X, VALUES.astype(str)), "got values of dtype <U"),
    "real-valued labels": ("classifier", {}, (X, VALUES), "Unknown label type"),
    "negative counts": ("regressor", {"loss": "poisson"}, (X, VALUES), "must not be negative"),
    "negative weight": ("any", {}, (X, Y, with_entry(np.ones(60), -1)), "Negative values in data"),
    "only zero weights": ("any", {}, (X, Y, np.zeros(60)), "at least one non-zero number"),
    "nan weight": ("any", {}, (X, Y, with_entry(np.ones(60), np.nan)), "contains NaN"),
    "too few weights": ("any", {}, (X, Y, np.ones(59)), r"sample_weight.shape == \(59,\)"),
    "unknown activation": ("any", {"activation": "step"}, (X, Y), "'activation' parameter"),
    "unknown solver": ("any", {"solver": "rprop"}, (X, Y), "'solver' parameter"),
    "negative alpha": ("any", {"alpha": -1}, (X, Y), "'alpha' parameter"),
    "no batch": ("any", {"batch_size": 0}, (X, Y), "'batch_size' parameter"),
    "momentum": ("any", {"momentum": 1.5}, (X, Y), "'momentum' parameter"),
    "no units": ("any", {"hidden_layer_sizes": (5, 0)}, (X, Y), r"must be > 0, got \[5, 0\]"),
    "true units": ("any", {"hidden_layer_sizes": (True, 2)}, (X, Y), r"integers, got \[True, 2\]"),
    "half a unit": ("any", {"hidden_layer_sizes": (2.5,)}, (X, Y), r"integers, got \[2.5\]"),
    "tiny validation set": (
        "any",
        {"early_stopping": True, "validation_fraction": 0.01},
        (X, Y),
        "validation set is too small|should be greater or equal to the number of classes",
    ),
    "validation set without a class": (
        "classifier",
        {"early_stopping": True},
        (X, np.r_[1, np.zeros(59, int)]),
        "least populated class",
    ),
    "validation set of zero weights": (
        "any",
        {"early_stopping": True, "validation_fraction": 0.5, "random_state": 0},
        (X, Y, np.eye(60)[0]),
        "set of early_stopping must contain",
    ),
}
ERRORS = (ValueError, TypeError)


def kinds(which):
    both = {"classifier": NumpyMLPClassifier, "regressor": NumpyMLPRegressor}
    return list(both.values()) if which == "any" else [both[which]]


@pytest.mark.parametrize("case", BAD_FITS)
def test_bad_fits_are_refused_and_leave_the_model_as_it_was(case):
    which, parameters, arguments, words = BAD_FITS[case]
    for kind in kinds(which):
        unfitted = kind(**parameters)
        with pytest.raises(ERRORS, match=f"(?s){words}"):
            unfitted.fit(*arguments)
        assert not hasattr(unfitted, "coefs_")
        assert not hasattr(unfitted, "n_features_in_")

        estimator = kind(max_iter=3, random_state=0).fit(X, Y)
        before, state = estimator.predict(X), vars(estimator).copy()
        estimator.set_params(**parameters)
        with pytest.raises(ERRORS, match=f"(?s){words}"):
            estimator.fit(*arguments)
        np.testing.assert_array_equal(estimator.predict(X), before)
        for name in set(state) - set(parameters):
            assert getattr(estimator, name) is state[name], name


@pytest.mark.parametrize("kind", [NumpyMLPClassifier, NumpyMLPRegressor])
@pytest.mark.parametrize(
    "parameters",
    [{"solver": "lbfgs"}, {"early_stopping": True}, {"warm_start": True, "hidden_layer_sizes": 7}],
)
def test_a_fit_with_other_features_that_fails_late_changes_nothing(kind, parameters):
    estimator = kind(max_iter=3, random_state=0).fit(X, Y)
    before = estimator.predict(X)
    estimator.set_params(**parameters)
    huge = np.full((60, 5), 1e300)
    huge[::2] *= -1
    width = X if "warm_start" in parameters else huge
    weight = None if "warm_start" in parameters else np.eye(60)[0] * 0
    with pytest.raises(ValueError, match=r"non-finite|zero|sizes"):
        estimator.fit(width, Y, weight)
    assert estimator.n_features_in_ == 2
    np.testing.assert_array_equal(estimator.predict(X), before)


BAD_PREDICTIONS = {
    "nan": (with_entry(X, np.nan), "Input X contains NaN"),
    "infinity": (with_entry(X, -np.inf), "Input X contains infinity"),
    "more features": (np.ones((3, 5)), "X has 5 features, but"),
    "fewer features": (np.ones((3, 1)), "X has 1 features, but"),
    "no rows": (np.ones((0, 2)), r"0 sample\(s\)"),
    "one dimension": (np.ones(2), "Expected 2D array, got 1D array"),
    "strings": (np.array([["a", "b"]]), "could not convert|dtype"),
    "complex": (X + 1j, "Complex data not supported"),
}


@pytest.mark.parametrize("case", BAD_PREDICTIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_bad_predictions_get_the_words_of_scikit_learn(case, dtype):
    data, words = BAD_PREDICTIONS[case]
    if data.dtype == float:
        data = data.astype(dtype)
    messages = []
    for kind in (NumpyMLPClassifier, MLPClassifier):
        with pytest.raises(ValueError, match=words) as error:
            kind(max_iter=2, random_state=0).fit(X, Y).predict_proba(data)
        messages.append(str(error.value).replace("NumpyMLP", "MLP"))
    assert messages[0] == messages[1]


def test_what_prediction_takes_besides_float_arrays():
    regressor = NumpyMLPRegressor(max_iter=3, random_state=0).fit(X, VALUES)
    whole = np.array([[1, 2], [3, 4]])
    expected = regressor.predict(whole.astype(float))
    for data in (whole, whole.tolist(), np.asfortranarray(whole), whole.astype(object)):
        np.testing.assert_allclose(regressor.predict(data), expected)
    np.testing.assert_allclose(regressor.predict(whole.astype(np.float32)), expected, rtol=1e-5)
    np.testing.assert_allclose(regressor.predict(np.ones((4, 4))[::2, ::2] * [1, 2]).shape, (2,))


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_a_stream_may_bring_single_rows_and_single_classes(solver):
    classifier = NumpyMLPClassifier(solver=solver, random_state=0)
    classifier.partial_fit(X[:1], Y[:1], classes=[0, 1])
    classifier.partial_fit(X[Y == 1], Y[Y == 1])
    classifier.set_params(warm_start=True).partial_fit(X[Y == 0][:1], [0])
    assert classifier.n_iter_ == 1
    regressor = NumpyMLPRegressor(solver=solver, random_state=0)
    regressor.partial_fit(X[:1], VALUES[:1]).partial_fit(X[1:2], VALUES[1:2])
    assert len(regressor.loss_curve_) == 2


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("kind", [NumpyMLPClassifier, NumpyMLPRegressor])
def test_a_batch_of_zero_weights_takes_no_step(kind, solver):
    arguments = {"classes": [0, 1]} if kind is NumpyMLPClassifier else {}
    estimator = kind(solver=solver, random_state=0).partial_fit(X, Y, **arguments)
    coefs = [coef.copy() for coef in estimator.coefs_]
    curve = list(estimator.loss_curve_)
    estimator.partial_fit(X, Y, sample_weight=np.zeros(60))
    for before, after in zip(coefs, estimator.coefs_, strict=True):
        np.testing.assert_array_equal(before, after)
    assert estimator.loss_curve_ == curve
    # Neither did the moments and the step count move.
    untouched = kind(solver=solver, random_state=0).partial_fit(X, Y, **arguments)
    estimator.partial_fit(X, Y)
    untouched.partial_fit(X, Y)
    for mine, other in zip(estimator.coefs_, untouched.coefs_, strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("kind", [NumpyMLPClassifier, NumpyMLPRegressor])
def test_rows_of_weight_zero_count_for_nothing(kind):
    weight = np.r_[np.ones(40), np.zeros(20)]
    parameters = {"solver": "lbfgs", "max_iter": 15, "random_state": 0}
    weighted = kind(**parameters).fit(X, Y, sample_weight=weight)
    fewer = kind(**parameters).fit(X[:40], Y[:40])
    for mine, other in zip(weighted.coefs_, fewer.coefs_, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-6)
    # Batches in which only some, or none, of the rows count.
    kind(batch_size=2, shuffle=False, max_iter=2, random_state=0).fit(X, Y, sample_weight=weight)


def test_partial_fit_refuses_what_it_cannot_learn():
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        NumpyMLPClassifier().partial_fit(X, Y)
    classifier = NumpyMLPClassifier(random_state=0).partial_fit(X, Y, classes=[0, 1])
    before = classifier.predict_proba(X)
    with pytest.raises(ValueError, match=r"`y` has classes not in `self.classes_`"):
        classifier.partial_fit(X, Y + 1)
    with pytest.raises(ValueError, match="is not the same as on last call"):
        classifier.partial_fit(X, Y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="X has 1 features"):
        classifier.partial_fit(X[:, :1], Y)
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        classifier.set_params(early_stopping=True).partial_fit(X, Y)
    np.testing.assert_array_equal(classifier.predict_proba(X), before)


def test_a_first_partial_fit_that_fails_leaves_no_classes_behind():
    classifier = NumpyMLPClassifier()
    with pytest.raises(ValueError, match="NaN"):
        classifier.partial_fit(with_entry(X, np.nan), Y, classes=[0, 1])
    assert not hasattr(classifier, "classes_")


def test_warm_start_refuses_other_classes_and_other_layers():
    classifier = NumpyMLPClassifier(max_iter=2, warm_start=True, random_state=0).fit(X, Y)
    with pytest.raises(ValueError, match="warm_start can only be used where"):
        classifier.fit(X, Y + 1)
    with pytest.raises(ValueError, match=r"layers of the same sizes.*\(100, 1\)"):
        classifier.set_params(hidden_layer_sizes=(100, 5)).fit(X, Y)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("activation", ["relu", "identity"])
def test_divergence_is_an_error_in_the_words_of_scikit_learn(solver, activation):
    parameters = {
        "solver": solver,
        "activation": activation,
        "learning_rate_init": 1e6,
        "max_iter": 100_000,
        "alpha": 0.0,
    }
    values = VALUES * 1e160
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        NumpyMLPRegressor(**parameters, random_state=0).fit(X * 1e160, values)


def test_divergence_stops_at_the_epoch_where_it_happens(capsys):
    regressor = NumpyMLPRegressor(
        solver="sgd", learning_rate_init=10.0, max_iter=10_000, verbose=True, random_state=0
    )
    with pytest.raises(ValueError, match="non-finite"):
        regressor.fit(X * 100, VALUES)
    assert capsys.readouterr().out.count("Iteration") < 50


def test_divergence_after_a_best_epoch_is_a_warning():
    parameters = {"solver": "sgd", "early_stopping": True, "random_state": 0, "momentum": 0.0}
    # A rate at which the loss grows slowly: the first epochs are finite.
    regressor = NumpyMLPRegressor(
        hidden_layer_sizes=(), learning_rate_init=3.0, max_iter=5000, tol=0, **parameters
    ).set_params(n_iter_no_change=np.inf)
    with pytest.warns(ConvergenceWarning, match=r"diverged in epoch \d+; the weights of the best"):
        regressor.fit(X, VALUES)
    assert np.isfinite(regressor.coefs_[0]).all()
    assert regressor.best_validation_score_ == max(regressor.validation_scores_)


@pytest.mark.parametrize("labels", [Y, load_iris().target[:60] + np.arange(60) % 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_huge_logits_give_probabilities(labels, dtype):
    data = X.astype(dtype)
    classifier = NumpyMLPClassifier(max_iter=3, random_state=0).fit(data, labels)
    for factor in (1e3, 1e6, 1e20):
        classifier.coefs_[-1] = classifier.coefs_[-1] * dtype(factor)
        probabilities = classifier.predict_proba(data)
        assert np.isfinite(probabilities).all()
        assert (probabilities > 0).all()
        assert np.isfinite(classifier.predict_log_proba(data)).all()
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_logits_that_overflow_give_probabilities():
    classifier = NumpyMLPClassifier((), max_iter=3, random_state=0).fit(X, np.arange(60) % 3)
    classifier.coefs_[0] = np.array([[1e308, -1e308, 1e307], [1e308, 1e308, 1e308]])
    probabilities = classifier.predict_proba(X * 100)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_a_logistic_output_is_never_zero_or_one():
    indicators = np.column_stack([Y, 1 - Y, Y])
    classifier = NumpyMLPClassifier(solver="lbfgs", max_iter=200, alpha=0, random_state=0)
    for targets in (Y, indicators):
        probabilities = classifier.fit(X * 1e3, targets).predict_proba(X * 1e3)
        assert (probabilities > 0).all()
        assert (probabilities < 1).all()


def test_batch_size_is_clipped_with_a_warning():
    with pytest.warns(UserWarning, match="Got `batch_size` less than 1 or larger than"):
        NumpyMLPClassifier(batch_size=1000, max_iter=2, random_state=0).fit(X, Y)


def test_column_vectors_are_flattened_with_a_warning():
    with pytest.warns(UserWarning, match="A column-vector y was passed"):
        NumpyMLPRegressor(max_iter=2, random_state=0).fit(X, VALUES[:, None])


def interrupt_lbfgs(monkeypatch, at):
    count, call = [0], Objective.__call__

    def interrupting_call(self, parameters):
        count[0] += 1
        if count[0] >= at:
            raise KeyboardInterrupt
        return call(self, parameters)

    monkeypatch.setattr(Objective, "__call__", interrupting_call)


def test_interrupted_lbfgs_keeps_its_last_iterate(monkeypatch):
    classifier = NumpyMLPClassifier(solver="lbfgs", max_iter=500, random_state=0)
    converged = classifier.fit(X, Y).loss_
    interrupt_lbfgs(monkeypatch, at=30)
    with pytest.warns(UserWarning, match=r"Training interrupted by user\."):
        classifier.fit(X, Y)
    assert np.isfinite(classifier.predict_proba(X)).all()
    assert classifier.loss_ > converged
    assert classifier.n_iter_ > 0


def test_lbfgs_interrupted_before_it_learned_leaves_the_model_as_it_was(monkeypatch):
    classifier = NumpyMLPClassifier(solver="lbfgs", max_iter=50, random_state=0).fit(X, Y)
    before = classifier.predict_proba(X)
    interrupt_lbfgs(monkeypatch, at=1)
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(X, Y)
    np.testing.assert_array_equal(classifier.predict_proba(X), before)


def test_the_regressor_keeps_to_its_number_of_outputs():
    regressor = NumpyMLPRegressor(random_state=0).partial_fit(X, VALUES)
    with pytest.raises(ValueError, match="same sizes"):
        regressor.partial_fit(X, np.column_stack([VALUES, VALUES]))


def test_float64_data_after_float32_data_keeps_the_type():
    classifier = NumpyMLPClassifier(random_state=0)
    classifier.partial_fit(X.astype(np.float32), Y, classes=[0, 1]).partial_fit(X, Y)
    assert {coef.dtype for coef in classifier.coefs_} == {np.dtype(np.float32)}


def test_no_warnings_on_an_ordinary_fit():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        NumpyMLPClassifier(max_iter=2000, random_state=0).fit(X, Y).predict(X)


def test_an_interruption_after_divergence_is_an_error(monkeypatch):
    regressor = NumpyMLPRegressor(max_iter=3, random_state=0).fit(X, VALUES)
    before = regressor.predict(X)
    regressor.set_params(solver="sgd", learning_rate_init=1e100, batch_size=5)
    count, step = [0], SGD.step

    def interrupting_step(self, piece):
        count[0] += 1
        if count[0] == 7:
            raise KeyboardInterrupt
        step(self, piece)

    monkeypatch.setattr(SGD, "step", interrupting_step)
    with pytest.raises(ValueError, match="non-finite"):
        regressor.fit(X, VALUES)
    np.testing.assert_array_equal(regressor.predict(X), before)


def test_moments_that_overflow_are_a_divergence():
    # Adam would divide by infinity and stand still, all parameters finite.
    with pytest.raises(ValueError, match="non-finite"):
        NumpyMLPRegressor(hidden_layer_sizes=(20,), random_state=0).fit(X * 1e100, VALUES)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("unit", [1e-300, 1e-50, 1e50, 1e300])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_only_ratios_of_weights_count(solver, unit, dtype):
    parameters = {"solver": solver, "max_iter": 5, "alpha": 0.0, "random_state": 0}
    weight = np.arange(1.0, 61.0)
    expected = NumpyMLPRegressor(**parameters).fit(X.astype(dtype), VALUES, weight)
    scaled = NumpyMLPRegressor(**parameters).fit(X.astype(dtype), VALUES, weight * unit)
    assert scaled.loss_ == pytest.approx(expected.loss_, rel=1e-5)
    np.testing.assert_allclose(scaled.coefs_[0], expected.coefs_[0], rtol=1e-4, atol=1e-5)


def test_held_out_predictions_that_overflow_score_nan():
    rng = np.random.RandomState(0)
    data = rng.randn(90, 3)
    counts = np.floor(np.exp((2 * data[:, 0] + data[:, 1]) / 2))
    data[48] *= 1e4
    regressor = NumpyMLPRegressor(
        hidden_layer_sizes=(4,), loss="poisson", early_stopping=True, random_state=0, max_iter=30
    )
    regressor.fit(data, counts)
    assert np.isnan(regressor.validation_scores_).any()
    theirs = MLPRegressor(
        hidden_layer_sizes=(4,), loss="poisson", early_stopping=True, random_state=0, max_iter=30
    )
    with np.errstate(all="ignore"):
        theirs.fit(data, counts)
    np.testing.assert_array_equal(
        np.isnan(regressor.validation_scores_), np.isnan(theirs.validation_scores_)
    )


def test_sparse_targets():
    targets = np.column_stack([VALUES, -VALUES])
    parameters = {"solver": "lbfgs", "max_iter": 5, "random_state": 0}
    dense = NumpyMLPRegressor(**parameters).fit(X, targets)
    from_sparse = NumpyMLPRegressor(**parameters).fit(X, sparse.csr_array(targets))
    np.testing.assert_array_equal(from_sparse.predict(X), dense.predict(X))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g", "i8", "O"])
def test_weights_assigned_in_any_type_are_trained_on(dtype):
    regressor = NumpyMLPRegressor(hidden_layer_sizes=(3,), max_iter=2, random_state=0).fit(
        X, VALUES
    )
    regressor.coefs_ = [(coef * 8).astype(dtype) for coef in regressor.coefs_]
    regressor.intercepts_ = [(bias * 8).astype(dtype) for bias in regressor.intercepts_]
    regressor.partial_fit(X, VALUES)
    expected = np.float32 if dtype == "f4" else np.float64
    assert {coef.dtype for coef in regressor.coefs_} == {np.dtype(expected)}


def test_the_type_of_predictions_does_not_depend_on_the_rows():
    data = X.astype(np.float32)
    regressor = NumpyMLPRegressor(max_iter=2, random_state=0).fit(data, VALUES)
    regressor.coefs_[1] = regressor.coefs_[1].astype(float)
    for rows in (data[:1], np.tile(data, (200, 1))):
        assert regressor.predict(rows).dtype == float


@pytest.mark.parametrize("changes", [{"learning_rate": "adaptive"}, {"power_t": 2.0}])
def test_partial_fit_goes_on_with_the_schedule_it_has(changes):
    estimators = NumpyMLPRegressor(hidden_layer_sizes=(4,)), MLPRegressor(hidden_layer_sizes=(4,))
    for estimator in estimators:
        estimator.set_params(solver="sgd", learning_rate="invscaling", learning_rate_init=0.05)
        estimator.set_params(tol=0.5, n_iter_no_change=1, random_state=0)
        for _ in range(5):
            estimator.partial_fit(X, VALUES)
        estimator.set_params(**changes)
        for _ in range(10):
            estimator.partial_fit(X, VALUES)
    np.testing.assert_allclose(estimators[0].loss_curve_, estimators[1].loss_curve_)


@pytest.mark.parametrize("parameters", [{"max_iter": 2}, {"max_iter": 2, "batch_size": 100}])
def test_warnings_point_at_the_line_that_called_fit(parameters):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        NumpyMLPClassifier(**parameters, random_state=0).fit(X, Y)
    assert caught
    assert {warning.filename for warning in caught} == {__file__}


def test_prediction_uses_the_activation_that_was_trained():
    regressor = NumpyMLPRegressor(max_iter=3, random_state=0).fit(X, VALUES)
    before = regressor.predict(X)
    np.testing.assert_array_equal(regressor.set_params(activation="tanh").predict(X), before)


def test_partial_fit_keeps_the_schedule_of_a_new_solver():
    regressor = NumpyMLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0).fit(
        X, VALUES
    )
    regressor.set_params(solver="sgd", learning_rate="invscaling", learning_rate_init=0.05)
    rates = []
    for _ in range(3):
        regressor.partial_fit(X, VALUES)
        rates.append(regressor._optimizer.learning_rate)
    assert rates == sorted(rates, reverse=True)
    assert len(set(rates)) == 3


def test_an_arrow_table_is_predicted_as_its_array():
    pa = pytest.importorskip("pyarrow")
    X = np.arange(40.0).reshape(20, 2) % 7
    model = NumpyMLPRegressor(hidden_layer_sizes=(3,), max_iter=2, random_state=0)
    model.fit(X, X[:, 0])
    table = pa.table({"x0": X[:, 0].astype(int), "x1": X[:, 1]})
    lists = pa.table({"x0": [[1.0]] * 3, "x1": [[2.0]] * 3})
    with warnings.catch_warnings(action="ignore"):  # of names that fit did not see
        np.testing.assert_array_equal(model.predict(table), model.predict(X))
        with pytest.raises(ValueError, match="X must hold numbers"):
            model.predict(lists)


def test_an_arrow_cell_that_is_no_number_is_named_with_its_column():
    pa = pytest.importorskip("pyarrow")
    X = np.random.default_rng(0).normal(size=(20, 2))
    model = NumpyMLPClassifier(max_iter=1)
    model.fit(pa.table({"first": X[:, 0], "second": X[:, 1]}), X[:, 0] > 0)
    table = pa.table({"first": X[:3, 0], "second": ["1.5", "a", None]})
    with pytest.raises(ValueError, match=r"Column 'second' of X must hold numbers, got: .*'a'"):
        model.predict(table)
