"""Scores of huge and tiny targets, out of folds."""

import numpy as np
import pytest
from helpers.weighted_tables import CLASSES, N_ROWS, PLAIN, SIZE, VALUES, WEIGHT, quick
from numpy.testing import assert_allclose
from sklearn.metrics import mean_pinball_loss, r2_score

from sknumpynet import TabularMLPRegressor


@pytest.mark.parametrize(("columns", "weighted"), [(1, False), (1, True), (2, False)])
@pytest.mark.parametrize("shift", [0.0, -1e3])
@pytest.mark.parametrize("scale", [1e300, 1e160, 1e-160, 1e-300])
def test_out_of_fold_scores_do_not_depend_on_the_unit(scale, shift, columns, weighted):
    y = (PLAIN[:, :columns] + shift).reshape(N_ROWS, columns).squeeze() * 2.0
    model = quick(TabularMLPRegressor, max_iter=8)
    weight = WEIGHT if weighted else None
    y = y * scale
    model.fit(PLAIN, y, weight)
    known = ~np.isnan(model.oof_prediction_.reshape(N_ROWS, -1)).any(axis=1)
    assert known.sum() > 20
    unit = np.abs(y).max()
    expected = r2_score(
        y[known] / unit,
        model.oof_prediction_[known] / unit,
        sample_weight=WEIGHT[known] if weighted else None,
    )
    assert np.isfinite(model.oof_score_)
    assert expected > -0.5
    assert_allclose(model.oof_score_, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("scale", [1e307, 1e300, 1.0, 1e-300])
def test_out_of_fold_pinball_losses_are_in_units_of_the_target(scale):
    y = VALUES / np.abs(VALUES).max() * scale
    model = quick(TabularMLPRegressor, loss="quantile", quantile=[0.2, 0.8]).fit(PLAIN, y)
    known = ~np.isnan(model.oof_prediction_[:, 0])
    losses = [
        mean_pinball_loss(y[known] / scale, model.oof_prediction_[known, k] / scale, alpha=alpha)
        for k, alpha in enumerate([0.2, 0.8])
    ]
    assert_allclose(model.oof_score_ / scale, -np.mean(losses), rtol=1e-12)


def test_out_of_fold_scores_of_usual_targets_are_scikit_learns_to_the_bit():
    for y in (VALUES, VALUES * 1e5 + 3e7, np.column_stack([VALUES, 1e-9 * SIZE]), CLASSES):
        model = quick(TabularMLPRegressor, n_members=5).fit(PLAIN, y)
        assert model.oof_score_ == r2_score(y, model.oof_prediction_)
