"""Where piecewise linear embeddings have their knots at first: where trees split.

A threshold that matters only together with others shows in no column alone, but in the splits of
trees that see all columns. Each member grows its own trees from the rows that it trains on.
"""

from typing import Any

import numpy as np

from sknumpynet.core.layers import Concatenate, PiecewiseLinearEmbedding
from sknumpynet.core.types import FloatArray, IntArray
from sknumpynet.training.runs import Run

__all__ = ["place_knots", "splits_of_trees"]

# Rows that a tree is grown from.
MOST_ROWS = 5_000
# Columns that a split is sought among.
MOST_COLUMNS = 32


def place_knots(run: Run, n_trees: int) -> None:
    """Let a member's piecewise linear embedding, if it has one, start with knots of trees.

    Parameters
    ----------
    run : Run
        Its parameters are overwritten in part.
    n_trees : int
    """
    network, dataset = run.network, run.dataset
    columns = network.columns_seen(run.parameters)
    for layer, view in zip(network.layers, network.layout.views(run.parameters), strict=True):
        if not isinstance(layer, Concatenate):
            continue
        parts = zip(layer.layers, layer.layout.views(view), layer.rows, strict=True)
        for part, parameters, (taken, _) in parts:
            if not isinstance(part, PiecewiseLinearEmbedding):
                continue
            source, rows = run.member.random_state, dataset.used_rows
            if len(rows) > n_trees * MOST_ROWS:  # so that memory does not grow with the table
                rows = source.choice(rows, n_trees * MOST_ROWS, replace=False)
            own = np.arange(taken.start, taken.stop) if columns is None else columns[taken]
            inputs = dataset.X[rows[:, np.newaxis], own]
            weight = None if dataset.sample_weight is None else dataset.sample_weight[rows]
            seed = int(source.randint(np.iinfo(np.int32).max))
            targets = dataset.targets[rows].astype(np.float64)
            splits = splits_of_trees(inputs, targets, weight, n_trees, seed)
            knots = [_knots(inputs[:, k], splits[k], part.n_pieces + 1) for k in range(part.fan_in)]
            part.set_knots(parameters, np.stack(knots))


def splits_of_trees(
    inputs: FloatArray,
    targets: FloatArray,
    sample_weight: FloatArray | None,
    n_trees: int,
    seed: int,
) -> list[FloatArray]:
    """Return the thresholds of each column in trees, the most useful ones first.

    Of classes, whose targets are indicators, the variance that trees lessen is the Gini impurity.

    Parameters
    ----------
    inputs : ndarray of shape (n_samples, n_features)
    targets : ndarray of shape (n_samples, n_targets)
    sample_weight : ndarray of shape (n_samples,) or None
    n_trees, seed : int

    Returns
    -------
    list of ndarray

    References
    ----------
    L. Breiman, "Random Forests", Machine Learning 45, 2001.

    Examples
    --------
    >>> import numpy as np
    >>> inputs = np.arange(8.0)[:, np.newaxis]
    >>> splits_of_trees(inputs, (inputs > 4.5) * 1.0, None, n_trees=4, seed=0)[0][0].item()
    4.5
    """
    # Not at the top: it takes 0.1 s, and drop-ins do without.
    from sklearn.ensemble import RandomForestRegressor

    n_samples, n_features = inputs.shape
    forest = RandomForestRegressor(
        n_trees,
        max_features=min(max(n_features // 2, min(n_features, 3)), MOST_COLUMNS),
        max_samples=min(n_samples, MOST_ROWS),
        random_state=seed,
        n_jobs=1,
    )
    forest.fit(inputs, targets[:, 0] if targets.shape[1] == 1 else targets, sample_weight)
    features, thresholds, gains = map(
        np.concatenate, zip(*(_splits(tree.tree_) for tree in forest.estimators_), strict=True)
    )
    by_feature = []
    for feature in range(n_features):
        own = features == feature
        values, places = np.unique(thresholds[own], return_inverse=True)
        total = np.bincount(places, gains[own], minlength=len(values))
        by_feature.append(values[np.argsort(-total, kind="stable")])
    return by_feature


def _splits(tree: Any) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return the column, the threshold and the gain of each split of a tree."""
    is_split = tree.children_left >= 0
    below = tree.impurity * tree.weighted_n_node_samples
    left, right = tree.children_left[is_split], tree.children_right[is_split]
    gains = below[is_split] - below[left] - below[right]
    # Trees of different rows split at slightly different places between the same two values.
    return tree.feature[is_split], np.round(tree.threshold[is_split], 4), gains


def _knots(values: FloatArray, splits: FloatArray, n_knots: int) -> FloatArray:
    """Return the range of values with the first splits in it, and quantiles where they are few."""
    ends = np.array([values.min(), values.max()])
    knots = np.unique(np.concatenate([ends, splits[: n_knots - 2]]))
    n_more = n_knots - len(knots)
    more = np.quantile(values, np.linspace(0, 1, n_more + 2)[1:-1])
    return np.sort(np.concatenate([knots, more]))
