"""Starting weights."""

import math

import numpy as np

__all__ = ["glorot_uniform"]


def glorot_uniform(
    random_state: np.random.RandomState, fan_in: int, fan_out: int, gain: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a layer's weights and biases uniformly from ±sqrt(gain / (fan_in + fan_out)).

    Parameters
    ----------
    random_state : numpy.random.RandomState
        Drawn from twice: the matrix first, then the biases, as in scikit-learn.
    fan_in, fan_out : int
        Units below and above the weights.
    gain : float
        6 in the paper; scikit-learn takes 2 with logistic hidden layers.

    Returns
    -------
    weights : ndarray of shape (fan_in, fan_out)
    biases : ndarray of shape (1, fan_out)

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010, equation 16.

    Examples
    --------
    >>> import numpy as np
    >>> weights, biases = glorot_uniform(np.random.RandomState(0), 2, 3, gain=6.0)
    >>> weights.shape, biases.shape
    ((2, 3), (1, 3))
    """
    bound = math.sqrt(gain / (fan_in + fan_out))
    weights = random_state.uniform(-bound, bound, (fan_in, fan_out))
    biases = random_state.uniform(-bound, bound, (1, fan_out))
    return weights, biases
