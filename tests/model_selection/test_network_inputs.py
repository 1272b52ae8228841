"""The steps before the network: fitted once for a split and a setting."""

import pytest
from helpers.searches import FITS_FAIL, SCORES_ARE_NAN, assert_same_search, make, problem
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor, StackedGridSearchCV

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size`"),
]


class CountingScaler(StandardScaler):
    """Counts its fits."""

    fits = 0

    def fit(self, X, y=None, sample_weight=None):
        CountingScaler.fits += 1
        return super().fit(X, y, sample_weight)


def test_steps_before_the_network_are_fitted_once_per_split_and_setting():
    X, y = problem(NumpyMLPRegressor)
    pipeline = make_pipeline(CountingScaler(), make(NumpyMLPRegressor))
    grid = {
        "countingscaler__with_mean": [True, False],
        "numpymlpregressor__alpha": [0.1, 1.0],
        "numpymlpregressor__hidden_layer_sizes": [(3,), (5,)],
    }
    search = StackedGridSearchCV(pipeline, grid, cv=3, refit=False)
    CountingScaler.fits = 0
    search.fit(X, y)
    assert CountingScaler.fits == 3 * 2
    assert [line["n_networks"] for line in search.stacking_report_["stacks"]] == [12, 12]
    assert_same_search(pipeline, grid, X, y)


def test_parameters_of_any_step(tmp_path):
    X, y = problem(NumpyMLPClassifier)
    pipeline = Pipeline(
        [("scale", StandardScaler()), ("reduce", PCA()), ("net", make(NumpyMLPClassifier))]
    )
    grid = {
        "scale": [StandardScaler(), MinMaxScaler(), "passthrough"],
        "reduce__n_components": [2, 3],
        "net__alpha": [0.0, 1.0],
    }
    assert_same_search(pipeline, grid, X, y)
    assert_same_search(clone(pipeline).set_params(memory=str(tmp_path)), grid, X, y)


@pytest.mark.filterwarnings(FITS_FAIL, SCORES_ARE_NAN)
def test_steps_that_fail():
    X, y = problem(NumpyMLPClassifier)
    pipeline = make_pipeline(PCA(), make(NumpyMLPClassifier))
    search = assert_same_search(pipeline, {"pca__n_components": [2, 99]}, X, y, stacked=False)
    assert [line["candidate"] for line in search.stacking_report_["alone"]] == [1]


def test_the_last_step_may_be_searched_itself():
    X, y = problem(NumpyMLPClassifier)
    pipeline = Pipeline([("scale", StandardScaler()), ("model", make(NumpyMLPClassifier))])
    models = [
        make(NumpyMLPClassifier, alpha=0.1),
        LogisticRegression(),
        make(NumpyMLPClassifier, hidden_layer_sizes=(3,)),
    ]
    search = assert_same_search(pipeline, {"model": models}, X, y, stacked=False)
    assert [line["candidate"] for line in search.stacking_report_["alone"]] == [1]
    assert len(search.stacking_report_["stacks"]) == 2


def test_data_frames():
    pandas = pytest.importorskip("pandas")
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    pipeline = make_pipeline(StandardScaler(), make(NumpyMLPClassifier)).set_output(
        transform="pandas"
    )
    search = assert_same_search(pipeline, {"numpymlpclassifier__alpha": [0.0, 1.0]}, X, y)
    assert isinstance(X, pandas.DataFrame)
    assert list(search.feature_names_in_) == list(X.columns)
    assert list(search.best_estimator_[-1].feature_names_in_) == list(X.columns)
