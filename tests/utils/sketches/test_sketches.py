"""Sketches: within their bounds, in any order and grouping of neighbours, the same every time."""

import os
import subprocess
import sys
from collections import Counter
from functools import reduce

import numpy as np
import pytest

from sknumpynet.utils.sketches import DistinctSample, FrequentCounts, Moments, QuantileSketch

N = 30_011


def zoom_in():
    """Return numbers that come from both ends by turns, the middle last."""
    ascending = np.arange(N, dtype=float)
    return np.stack([ascending, ascending[::-1]], axis=1).ravel()[:N]


ORDERS = {
    "ascending": lambda: np.arange(N, dtype=float),
    "descending": lambda: np.arange(N, dtype=float)[::-1],
    "from both ends": zoom_in,
    "from the middle": lambda: zoom_in()[::-1],
    "comb": lambda: np.arange(N, dtype=float).reshape(-1, 1)[np.argsort(np.arange(N) % 64)].ravel(),
    "sorted pieces": lambda: np.sort(
        np.random.default_rng(0).normal(size=(163, 184)), axis=1
    ).ravel(),
    "shuffled": lambda: np.random.default_rng(1).normal(size=N),
    "heavy tails": lambda: np.random.default_rng(2).standard_cauchy(N) ** 3,
    "ties": lambda: np.random.default_rng(3).integers(7, size=N).astype(float),
    "zeros": lambda: np.where(np.random.default_rng(4).random(N) < 0.01, 5.0, 0.0),
}


def sketched(parts, size=128):
    sketches = []
    for part in parts:
        sketches.append(QuantileSketch(size))
        sketches[-1].add(part)
    return sketches


def one_by_one(sketches):
    return reduce(QuantileSketch.merged, sketches)


def from_the_right(sketches):
    return reduce(lambda right, left: left.merged(right), reversed(sketches))


def as_a_tree(sketches):
    while len(sketches) > 1:
        pairs = [sketches[k : k + 2] for k in range(0, len(sketches), 2)]
        sketches = [reduce(QuantileSketch.merged, pair) for pair in pairs]
    return sketches[0]


GROUPINGS = {"one by one": one_by_one, "from the right": from_the_right, "as a tree": as_a_tree}


def worst_error(sketch, numbers):
    """Return by how much ranks are wrong at most, just below, at and above each number."""
    ascending = np.sort(numbers)
    at = np.unique(ascending)
    worst = 0
    for x in (at, np.nextafter(at, -np.inf), np.nextafter(at, np.inf)):
        exact = np.searchsorted(ascending, x, side="right")
        worst = max(worst, np.abs(sketch.ranks(x) - exact).max())
    return worst


@pytest.mark.parametrize("grouping", [*GROUPINGS, "added"])
@pytest.mark.parametrize("order", ORDERS)
def test_ranks_are_within_the_bound(order, grouping):
    numbers = ORDERS[order]()
    parts = np.array_split(numbers, 41)
    if grouping == "added":
        sketch = QuantileSketch(128)
        for part in parts:
            sketch.add(part)
    else:
        sketch = GROUPINGS[grouping](sketched(parts))
    assert sketch.n == len(numbers)
    assert worst_error(sketch, numbers) <= sketch.rank_error
    if grouping == "added":
        stated = (np.log2(sketch.n / sketch.size) + 2) / (2 * sketch.size)
        assert sketch.rank_error <= stated * sketch.n
    # Of parts that are merged, each may have halved a level once more than its turn.
    assert sketch.rank_error <= 0.1 * sketch.n
    assert sketch._kept()[1][-1] == pytest.approx(sketch.n, abs=1)
    sample = sketch.sample()
    assert sample[0] == numbers.min()
    assert sample[-1] == numbers.max()
    assert (np.diff(sample) >= 0).all()


@pytest.mark.parametrize("order", ORDERS)
def test_how_numbers_are_cut_does_not_matter(order):
    numbers = ORDERS[order]()
    samples = []
    for n_parts in (1, 7, 1000):
        sketch = QuantileSketch(64)
        for part in np.array_split(numbers, n_parts):
            sketch.add(part)
        samples.append(sketch.sample())
    np.testing.assert_array_equal(samples[0], samples[1])
    np.testing.assert_array_equal(samples[0], samples[2])


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_few_numbers_are_kept_as_they_are(grouping):
    numbers = np.random.default_rng(0).normal(size=128)
    sketch = GROUPINGS[grouping](sketched(np.array_split(numbers, 5)))
    assert sketch.rank_error == 0
    np.testing.assert_array_equal(sketch.sample(), np.sort(numbers))


def test_memory_grows_with_the_logarithm():
    sketch = QuantileSketch(64)
    for part in np.random.default_rng(0).normal(size=(100, 1000)):
        sketch.add(part)
    assert sum(level.size for level in sketch._levels) <= 64 * (np.log2(1e5 / 64) + 1)


def test_merging_leaves_both_as_they_were():
    numbers = np.random.default_rng(0).normal(size=(2, 1000))
    one, other = sketched(numbers, size=32)
    before = one.sample(), other.sample()
    one.merged(other).add(numbers[0])
    np.testing.assert_array_equal(one.sample(), before[0])
    np.testing.assert_array_equal(other.sample(), before[1])


def test_nothing_is_sketched():
    assert QuantileSketch(2).merged(QuantileSketch(2)).sample().size == 0


# Counts ------------------------------------------------------------------------------------------


def words(seed=0, n=20_000):
    drawn = np.random.default_rng(seed).zipf(1.3, n)
    return [f"word {number}" for number in drawn]


@pytest.mark.parametrize("n_parts", [1, 9, 100])
@pytest.mark.parametrize("merges", [False, True])
def test_frequent_counts_are_within_the_bound(n_parts, merges):
    stream = words()
    parts = [Counter(part.tolist()) for part in np.array_split(np.array(stream), n_parts)]
    counts = FrequentCounts(100)
    for part in parts:
        if merges:
            own = FrequentCounts(100)
            own.add(part)
            counts = counts.merged(own)
        else:
            counts.add(part)
    exact = Counter(stream)
    assert counts.n == len(stream)
    assert 0 < counts.error <= len(stream) / 101
    assert len(counts.counts) <= 200
    for word, count in exact.items():
        assert count - counts.error <= counts.counts.get(word, 0) <= count


def test_few_counts_are_exact():
    counts = FrequentCounts(100)
    counts.add(Counter("abracadabra"))
    counts = counts.merged(counts)
    assert counts.error == 0
    assert counts.counts == {key: 2 * own for key, own in Counter("abracadabra").items()}


@pytest.mark.parametrize("merges", [False, True])
def test_a_sample_of_texts_has_their_exact_counts(merges):
    stream = words()
    sample = DistinctSample(50)
    for part in np.array_split(np.array(stream), 30):
        if merges:
            own = DistinctSample(50)
            own.add(Counter(part.tolist()))
            sample = sample.merged(own)
        else:
            sample.add(Counter(part.tolist()))
    exact = Counter(stream)
    assert len(sample.counts) == 50
    assert sample.counts == {word: exact[word] for word in sample.counts}
    whole = DistinctSample(50)
    whole.add(exact)
    assert sample.counts == whole.counts


def test_a_sample_is_the_same_in_every_process():
    code = (
        "from sknumpynet.utils.sketches import DistinctSample\n"
        "sample = DistinctSample(3)\n"
        "sample.add({f'text {k}': 1 for k in range(99)})\n"
        "print(sorted(sample.counts))"
    )
    child = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        # Another seed of hashes than in this process, whatever this one was given.
        env={**os.environ, "PYTHONHASHSEED": str(hash("text") % 2**32)},
    )
    sample = DistinctSample(3)
    sample.add({f"text {k}": 1 for k in range(99)})
    assert child.stdout == f"{sorted(sample.counts)}\n"


# Moments -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_weight", [False, True])
def test_moments_of_parts_are_those_of_all(has_weight):
    rng = np.random.default_rng(0)
    numbers = 1e6 + rng.normal(size=(997, 2))
    weight = rng.uniform(0.1, 2, 997) if has_weight else None
    cuts = [slice(0, 1), slice(1, 500), slice(500, 997)]
    both = reduce(
        Moments.merged,
        [Moments.of(numbers[own], None if weight is None else weight[own]) for own in cuts],
    )
    mean = np.average(numbers, axis=0, weights=weight)
    np.testing.assert_allclose(both.mean, mean, rtol=1e-13)
    np.testing.assert_allclose(
        both.variance, np.average((numbers - mean) ** 2, axis=0, weights=weight), rtol=1e-9
    )
    np.testing.assert_array_equal(both.lowest, numbers.min(axis=0))
    assert both.n == 997


@pytest.mark.parametrize("unit", [2.0**1000, 2.0**-1000], ids=["huge", "tiny"])
def test_moments_of_any_size(unit):
    """Of numbers whose squares overflow or vanish they are those of others, in their unit."""
    numbers = np.random.default_rng(0).normal(3, 2, (100, 2)) * [1.0, 0.01]
    plain, scaled = (
        Moments.of(own[:30]).merged(Moments.of(own[30:])) for own in (numbers, numbers * unit)
    )
    np.testing.assert_allclose(plain.deviation, numbers.std(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(scaled.mean, plain.mean * unit)
    np.testing.assert_allclose(scaled.deviation, plain.deviation * unit, rtol=1e-15)


# What cannot be merged ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [QuantileSketch, FrequentCounts, DistinctSample])
def test_sizes_must_agree(kind):
    with pytest.raises(ValueError, match="must have one size, got 4 and 6"):
        kind(4).merged(kind(6))


@pytest.mark.parametrize("size", [0, 1, 7])
def test_a_buffer_is_halved(size):
    with pytest.raises(ValueError, match=f"even number above 0, got {size}"):
        QuantileSketch(size)
