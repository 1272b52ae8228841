"""Which columns each member sees where a table has more than a network takes, and its start.

Half of a member's columns are those that say most of the targets in the rows that it trains on,
each taken alone; the rows held out have no say. The other half are its hand of a deck of all
columns, shuffled once, from which members are dealt in turn: what is strong only together with
other columns, or tells the same as one that is stronger, is seen by somebody as long as the hands
of all members are as many as the columns.
"""

import numpy as np
from scipy.special import chdtrc

from sknumpynet.core.batching import Dataset
from sknumpynet.core.blocks import slices
from sknumpynet.core.layers import ColumnKind, ColumnSelection, Concatenate
from sknumpynet.core.network import Network
from sknumpynet.core.types import FloatArray, IntArray

__all__ = [
    "choose_columns",
    "credible_strengths",
    "first_factors",
    "strengths_of_columns",
]

# Columns are screened so many cells at a time, 4 MB in single precision.
BLOCK_CELLS = 2**20
# A variance below this part of the mean square is that of rounding.
LEAST_VARIANCE = 1e-6


def strengths_of_columns(dataset: Dataset) -> FloatArray:
    """Return how much every column alone says of the targets, in the rows that are trained on.

    That is the square of its correlation with a target, summed over them, or of the correlation of
    its squared distance from the mean: what small and large numbers have in common shows in no
    other way.

    Parameters
    ----------
    dataset : Dataset
        Of one member.

    Returns
    -------
    ndarray of shape (n_features,)

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
    >>> strengths_of_columns(Dataset(X, X[:, 1:]))
    array([0., 1.])
    """
    X, dtype = dataset.X, dataset.X.dtype
    rows = dataset.used_rows
    weight = np.ones(len(rows)) if dataset.sample_weight is None else dataset.sample_weight[rows]
    weight = weight / weight.sum()
    targets = dataset.targets[rows] - weight @ dataset.targets[rows]
    targets /= np.sqrt(np.maximum(weight @ targets**2, np.finfo(float).tiny))
    shares = (weight[:, np.newaxis] * targets).T.astype(dtype)
    weight = weight.astype(dtype)
    strengths = np.empty(X.shape[1], dtype)
    for block in slices(X.shape[1], max(BLOCK_CELLS // len(rows), 1)):
        columns = X[rows, block]
        mean_squares = weight @ (columns * columns)
        columns -= weight @ columns
        squares = columns * columns
        variances = weight @ squares
        variances[variances <= LEAST_VARIANCE * mean_squares] = np.inf
        variances_of_squares = weight @ np.square(squares - weight @ squares)
        variances_of_squares[variances_of_squares <= LEAST_VARIANCE * variances**2] = np.inf
        strengths[block] = np.maximum(
            np.sum((shares @ columns) ** 2, axis=0) / variances,
            np.sum((shares @ squares) ** 2, axis=0) / variances_of_squares,
        )
    return strengths


def choose_columns(
    selection: ColumnSelection, strengths: FloatArray, member: int, seed: int
) -> IntArray:
    """Return the columns of the data that a member sees.

    Parameters
    ----------
    selection : ColumnSelection
    strengths : ndarray of shape (n_features,)
        By the member's own rows.
    member : int
        Its number.
    seed : int
        Of the decks; the same for all members.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet.core.layers import ColumnKind
    >>> selection, strengths = ColumnSelection((ColumnKind(6, 2),)), np.eye(6)[3]
    >>> [choose_columns(selection, strengths, k, 0).tolist() for k in range(3)]
    [[3, 5], [2, 3], [1, 3]]
    """
    random_state, chosen, start = np.random.RandomState(seed), [], 0
    for kind in selection.kinds:
        stop = start + kind.n_columns * kind.width
        # A number is as strong as the stronger of itself and its rank.
        own = strengths[start:stop].reshape(kind.width, kind.n_columns).max(axis=0)
        chosen.append(_strong_and_dealt(kind, own, member, random_state))
        start = stop
    return selection.columns_of(chosen)


def _strong_and_dealt(
    kind: ColumnKind, strengths: FloatArray, member: int, random_state: np.random.RandomState
) -> IntArray:
    """Return the columns of one kind that a member sees."""
    deck = random_state.permutation(kind.n_columns)
    n_strong = -(-kind.n_seen // 2)
    n_dealt = kind.n_seen - n_strong
    strong = np.argsort(-strengths, kind="stable")[:n_strong]
    deck = np.roll(deck, -member * n_dealt)
    # In the place of what it has already it takes what is dealt to the next.
    dealt = deck[~np.isin(deck, strong)][:n_dealt]
    return np.concatenate([strong, dealt])


def credible_strengths(strengths: FloatArray, n_rows: int, n_targets: int) -> FloatArray:
    """Return strengths times the part of columns as strong that are so not by chance.

    So the strongest of much noise count little beside one column that is stronger, and all count
    where many columns are stronger than noise would be. None has less than noise has.

    Parameters
    ----------
    strengths : ndarray of shape (n_features,)
        See `strengths_of_columns`.
    n_rows, n_targets : int
        That they were measured on.

    References
    ----------
    Benjamini and Hochberg, "Controlling the False Discovery Rate", Journal of the Royal
    Statistical Society B 57, 1995.

    Examples
    --------
    >>> import numpy as np
    >>> credible_strengths(np.array([0.02, 0.3, 0.0, 0.0]), n_rows=100, n_targets=1).round(3)
    array([0.01, 0.3 , 0.01, 0.01])
    """
    descending = np.argsort(-strengths)
    # Of noise, strengths times rows have a χ² distribution; each column has two of them.
    tails = chdtrc(n_targets, strengths[descending].astype(float) * n_rows)
    n_as_strong = np.arange(1, len(strengths) + 1)
    false_part = 2 * len(strengths) * tails / n_as_strong
    false_part = np.minimum.accumulate(np.minimum(false_part, 1.0)[::-1])[::-1]
    credible = np.empty_like(strengths)
    credible[descending] = strengths[descending] * (1.0 - false_part)
    return np.maximum(credible, n_targets / n_rows)


def first_factors(network: Network, columns: IntArray, strengths: FloatArray) -> FloatArray:
    """Return what the `Scale` of a network for tables starts from, in the place of ones.

    It goes with the columns' correlations: training would not tell one column that counts from
    500 others by itself. Columns of a kind that all members see whole start from 1.

    Parameters
    ----------
    network : Network
        Begins with a `ColumnSelection`, then what its columns become, then the factors.
    columns : ndarray of int of shape (n_seen,)
    strengths : ndarray of shape (n_features,)
        Above 0, see `credible_strengths`.
    """
    selection, embeddings = network.layers[:2]
    assert isinstance(selection, ColumnSelection)
    assert isinstance(embeddings, Concatenate)
    is_chosen = np.repeat(
        [kind.n_seen < kind.n_columns for kind in selection.kinds],
        [kind.n_seen * kind.width for kind in selection.kinds],
    )
    squares = np.ones_like(strengths, shape=len(columns))
    squares[is_chosen] = strengths[columns[is_chosen]]
    squares[is_chosen] /= squares[is_chosen].mean()
    factors: FloatArray = np.sqrt(squares)[embeddings.origins()]
    return factors
