"""How far a mean over tables can be trusted."""

import numpy as np

__all__ = ["interval_of_mean"]

N_RESAMPLES = 2_000
LEVEL = 0.95


def interval_of_mean(values: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return between what the mean lies with 95 %, by bootstrap: quantiles of means of resamples.

    Parameters
    ----------
    values : ndarray of shape (n_tables, ...)
        Tables are drawn with replacement, all values of one together.
    seed : int

    Returns
    -------
    low, high : ndarray
        Not a number for fewer than two tables.

    Examples
    --------
    >>> import numpy as np
    >>> low, high = interval_of_mean(np.arange(100.0))
    >>> bool(43 < low < 45), bool(54 < high < 56)
    (True, True)
    """
    n_tables = len(values)
    if n_tables < 2:
        missing = np.full(values.shape[1:], np.nan)
        return missing, missing
    drawn = np.random.RandomState(seed).randint(n_tables, size=(N_RESAMPLES, n_tables))
    low, high = np.quantile(values[drawn].mean(axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low, high
