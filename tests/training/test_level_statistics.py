"""Statistics of levels: what they are, and that none tells a row of its own target."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import f_oneway, rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from sknumpynet.training.level_statistics import LevelStatistics, parts_of_rows

pytestmark = pytest.mark.oldest


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def statistics_of(codes, targets, weight=None, parts=None):
    """Return statistics of columns of codes, by default all rows of one part."""
    codes, targets = (own.reshape(len(own), -1) for own in (codes, targets))
    parts = np.zeros(len(codes), int) if parts is None else parts
    n_levels = tuple((codes.max(axis=0) + 1).tolist())
    return LevelStatistics(codes, n_levels, targets, weight, parts)


def table_of(rng, n_rows=211, n_outputs=1):
    """Return codes of two columns and targets, to which levels of the first one matter."""
    codes = np.column_stack([rng.integers(13, size=n_rows), rng.integers(7, size=n_rows)])
    effects = rng.normal(size=(13, n_outputs))
    targets = effects[codes[:, 0]] + rng.normal(size=(n_rows, n_outputs))
    return codes, targets, rng.integers(-1, 5, size=n_rows)


# What they are ----------------------------------------------------------------------------------


@pytest.mark.parametrize("counts", [[7] * 11, list(range(1, 20))], ids=["balanced", "unbalanced"])
def test_means_are_shrunk_by_the_components_of_variance(counts, rng):
    codes = np.repeat(np.arange(len(counts)), counts)
    targets = rng.normal(size=len(counts))[codes] + rng.normal(size=len(codes))
    groups = [targets[codes == level] for level in range(len(counts))]
    # An analysis of variance's F has the mean of 1 + n0 / k.
    n0 = (len(codes) - np.sum(np.square(counts)) / len(codes)) / (len(counts) - 1)
    k = n0 / (f_oneway(*groups).statistic - 1)
    expected = [(own.mean() - targets.mean()) * len(own) / (len(own) + k) for own in groups]
    found = statistics_of(codes, targets).differences(0)[-1, :, 0]
    assert_allclose(found, expected, rtol=1e-9)


def test_statistics_are_the_normal_quantiles_of_ranks(rng):
    codes, targets, parts = table_of(rng, n_rows=101)
    statistics = statistics_of(codes, targets, parts=parts)
    used = parts >= 0
    for k, column in enumerate(statistics.columns().T):
        gotten = statistics.differences(k)[parts, codes[:, k], 0]
        assert_allclose(rankdata(column[used]), rankdata(gotten[used].round(14)))
    assert np.abs(statistics.table()).max() <= 3.1


def test_levels_that_say_nothing_are_shrunk_to_nothing():
    codes, targets = np.repeat(np.arange(5), 2), np.tile([0.0, 1.0], 5)
    statistics = statistics_of(codes, targets)
    assert_array_equal(statistics.differences(0), 0.0)
    assert_array_equal(statistics.table(), 0.0)


@pytest.mark.parametrize("codes", [np.arange(6), np.zeros(6, int)], ids=["all differ", "one"])
@pytest.mark.parametrize("targets", [np.arange(6.0), np.ones(6)], ids=["numbers", "constant"])
def test_degenerate_columns(codes, targets):
    statistics = statistics_of(codes, targets, parts=np.arange(6) % 2)
    assert_array_equal(statistics.columns(), 0.0)


def test_what_tells_all_is_not_shrunk():
    codes = np.repeat(np.arange(5), 3)
    found = statistics_of(codes, codes * 1.0).differences(0)[-1, :, 0]
    assert_allclose(found, np.arange(5) - 2.0)


def test_levels_without_rows_are_as_the_mean(rng):
    codes, targets, _ = table_of(rng)
    codes[codes == 3] = 4
    assert_array_equal(statistics_of(codes, targets).differences(0)[:, 3], 0.0)


# Whose targets they are made of ------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_rows_get_the_statistics_of_the_other_parts(weighted, rng):
    codes, targets, parts = table_of(rng)
    weight = rng.uniform(0.5, 2, len(codes)) if weighted else None
    found = statistics_of(codes, targets, weight, parts).differences(0)
    for part in range(5):
        rest = (parts != part) & (parts >= 0)
        alone = np.where(rest, 0, -1)
        expected = statistics_of(codes, targets, weight, alone).differences(0)[-1]
        assert_allclose(found[part], expected, atol=1e-12)
    all_of_it = np.where(parts >= 0, 0, -1)
    assert_allclose(found[-1], statistics_of(codes, targets, weight, all_of_it).differences(0)[-1])


def test_no_row_sees_its_own_target(rng):
    codes, targets, parts = table_of(rng)
    before = statistics_of(codes, targets, parts=parts).differences(0)
    for row in np.flatnonzero(parts >= 0)[:20]:
        changed = targets.copy()
        changed[row] += 100.0
        after = statistics_of(codes, changed, parts=parts).differences(0)
        own = parts[row], codes[row, 0]
        assert_allclose(after[own], before[own], rtol=1e-9, atol=1e-12)
        assert not np.allclose(after, before)


def test_rows_held_out_do_not_count(rng):
    codes, targets, parts = table_of(rng)
    before = statistics_of(codes, targets, parts=parts)
    targets[parts < 0] = np.nan
    after = statistics_of(codes, targets, parts=parts)
    assert_array_equal(after.table(), before.table())
    assert_array_equal(after.columns(), before.columns())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_held_out_get_what_new_rows_get(dtype, rng):
    codes, targets, parts = table_of(rng, n_outputs=2)
    statistics = statistics_of(codes, targets, parts=parts)
    columns = statistics.columns(dtype)
    table, held_out = statistics.table().astype(dtype), codes[parts < 0]
    expected = np.hstack([table[held_out[:, 0]], table[13 + held_out[:, 1]]])
    assert columns.dtype == dtype
    assert_array_equal(columns[parts < 0], expected)


def test_each_target_and_each_column_is_for_itself(rng):
    codes, targets, parts = table_of(rng, n_outputs=3)
    together = statistics_of(codes, targets, parts=parts).columns().reshape(len(codes), 2, 3)
    for column in range(2):
        for output in range(3):
            alone = statistics_of(codes[:, column], targets[:, output], parts=parts).columns()
            assert_allclose(together[:, column, [output]], alone)


# Weights -----------------------------------------------------------------------------------------


def test_only_ratios_of_weights_count(rng):
    codes, targets, parts = table_of(rng)
    equal = statistics_of(codes, targets, np.full(len(codes), 0.3), parts).differences(0)
    assert_allclose(equal, statistics_of(codes, targets, parts=parts).differences(0), atol=1e-12)
    weight = rng.uniform(0.5, 2, len(codes))
    one, other = (statistics_of(codes, targets, w, parts) for w in (weight, 8 * weight))
    assert_allclose(one.differences(0), other.differences(0))


def test_heavier_rows_count_more(rng):
    codes, targets, _ = table_of(rng)
    weight = np.where(targets[:, 0] > 0, 9.0, 1.0)
    weighted = statistics_of(codes, targets, weight).differences(0)[-1, :, 0]
    for level in range(13):
        own = codes[:, 0] == level
        mean = np.average(targets[own, 0], weights=weight[own])
        difference = mean - np.average(targets[:, 0], weights=weight)
        assert 0 < weighted[level] / difference < 1


# Parts -------------------------------------------------------------------------------------------


def test_parts_have_their_share_of_every_class(rng):
    y, rows = rng.permutation(1_000) % 5 == 0, rng.permutation(1_000)[:800]
    parts = parts_of_rows(rows, y[:, np.newaxis], None, seed=0)
    assert_array_equal(np.unique(parts[rows]), np.arange(10))
    assert_array_equal(np.delete(parts, rows), -1)
    shares = [y[parts == part].mean() for part in range(10)]
    assert np.ptp(shares) < 0.03
    assert_array_equal(parts_of_rows(rows, y[:, np.newaxis], None, seed=0), parts)
    assert (parts_of_rows(rows, y[:, np.newaxis], None, seed=1) != parts).any()


def test_rows_of_weight_0_are_in_no_part(rng):
    weight = rng.integers(2, size=100)
    parts = parts_of_rows(None, np.zeros((100, 1)), weight, seed=0)
    assert_array_equal(parts >= 0, weight > 0)


@pytest.mark.parametrize("n_rows", [1, 2, 3])
def test_few_rows(n_rows):
    parts = parts_of_rows(np.arange(n_rows), np.arange(5.0)[:, np.newaxis], None, seed=0)
    assert sorted(parts[:n_rows]) == list(range(n_rows))
    statistics = statistics_of(np.arange(5) % 2, np.arange(5.0), parts=parts)
    assert np.isfinite(statistics.columns()).all()
    assert np.isfinite(statistics.table()).all()


# Leaks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_levels", [1_000, 300, 100, 20, 2])
def test_random_levels_of_random_targets_say_nothing(n_levels):
    """Of 2,000 rows, 2 to 1,000 of a level."""
    aucs, losses, prior_losses = [], [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        codes = rng.integers(n_levels, size=(4_000, 3))
        y = rng.integers(2, size=4_000)
        train = np.arange(2_000)
        oof = np.empty(2_000)
        for rows, held_out in StratifiedKFold(5).split(train, y[:2_000]):
            parts = parts_of_rows(rows, y[:, np.newaxis], None, seed=seed)
            columns = statistics_of(codes, y * 1.0, parts=parts).columns()
            model = LogisticRegression(C=100.0).fit(columns[rows], y[rows])
            oof[held_out] = model.predict_proba(columns[held_out])[:, 1]
            losses.append(log_loss(y[2_000:], model.predict_proba(columns[2_000:])))
            prior_losses.append(log_loss(y[2_000:], np.full(2_000, y[rows].mean())))
        aucs.append(roc_auc_score(y[:2_000], oof))
    # The AUC of chance has a deviation of 0.013, of three 0.0075.
    assert np.mean(aucs) == pytest.approx(0.5, abs=0.025)
    assert np.mean(losses) < np.mean(prior_losses) + 0.003
