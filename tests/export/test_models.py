"""Models by their parts, for every way to a file."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sknumpynet import NumpyMLPRegressor, TabularMLPRegressor, TabularPreprocessor
from sknumpynet.export.models import SCALERS, read_model

X, Y = np.random.default_rng(0).normal(size=(30, 2)), np.arange(30.0)
NETWORK = NumpyMLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", alpha=1.0)


def test_every_part_of_a_pipeline():
    pipeline = make_pipeline(
        TabularPreprocessor(), "passthrough", make_pipeline(MinMaxScaler(), None), NETWORK
    )
    read = read_model(pipeline.fit(X, Y), SCALERS, "a file")
    assert read.estimator is pipeline[-1]
    assert read.preprocessor is pipeline[0]
    assert [type(own) for own in read.scalers] == [MinMaxScaler]
    assert read.names == ["x0", "x1"]
    assert not read.has_names
    assert not read.is_for_tables


def test_an_estimator_for_tables_has_its_own_preprocessor():
    model = TabularMLPRegressor("fast", max_iter=1, random_state=0).fit(X, Y)
    read = read_model(model, SCALERS, "a file")
    assert read.preprocessor is model.preprocessor_
    assert read.scalers == []
    assert read.is_for_tables


def test_steps_within_are_refused_by_their_whole_name():
    pipeline = make_pipeline(make_pipeline(StandardScaler()), NETWORK).fit(X, Y)
    with pytest.raises(
        NotImplementedError, match="the step 'pipeline__standardscaler', a StandardScaler, has no"
    ):
        read_model(pipeline, (), "a file")
