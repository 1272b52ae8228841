"""The one way from rows of data to raw outputs, and from those to predictions.

Perceptrons multiply rows by weights, which users see and may change, some rows at a time, so that
memory does not grow with the hidden layers; other networks see `blocks`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from sknumpynet.core.activations import AnyActivation, vectorised_logistic
from sknumpynet.core.blocks import outputs_in_blocks, slices
from sknumpynet.core.losses import LINKS, PREDICTIONS
from sknumpynet.core.network import Network
from sknumpynet.core.types import FloatArray

__all__ = [
    "activated",
    "mean_of_members",
    "member_blocks",
    "member_mean",
    "perceptron_outputs",
    "raw_outputs",
    "tempered",
]

# A block's widest activations take about this many bytes: with its neighbours it stays in the
# second-level cache.
BLOCK_BYTES = 2**19
FEWEST_ROWS = 16

# What all members predict at once has about this many entries at most: 8 MB.
MEMBERS_BLOCK_ENTRIES = 2**20


def raw_outputs(network: Network, parameters: FloatArray, X: Any) -> FloatArray:
    """Return a network's raw outputs for rows of X.

    Parameters
    ----------
    network : Network
    parameters : ndarray of shape (..., P)
    X : ndarray or, for a perceptron, sparse matrix of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (..., n_samples, n_outputs)

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpynet.core.architectures import dense_network
    >>> network = dense_network([1, 1], "identity")
    >>> raw_outputs(network, np.array([2.0, 1.0]), np.array([[3.0]]))
    array([[7.]])
    """
    if not network.is_perceptron:
        return outputs_in_blocks(network, parameters, X)
    views = network.layout.views(parameters)
    weights, biases = [view[..., :-1, :] for view in views], [view[..., -1:, :] for view in views]
    return perceptron_outputs(weights, biases, network.hidden_activations, X)


def perceptron_outputs(
    weights: Sequence[FloatArray],
    biases: Sequence[FloatArray],
    activations: Sequence[AnyActivation],
    X: Any,
) -> FloatArray:
    """Return the raw outputs of dense layers for rows of X.

    Parameters
    ----------
    weights : sequence of ndarray of shape (..., fan_in, fan_out)
    biases : sequence of ndarray of shape (..., 1, fan_out) or, without members, (fan_out,)
    activations : sequence of Activation
        Of each hidden layer.
    X : ndarray or sparse matrix of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (..., n_samples, n_outputs)

    Examples
    --------
    >>> import numpy as np
    >>> weights, biases = [np.array([[2.0]])], [np.array([[1.0]])]
    >>> perceptron_outputs(weights, biases, [], np.array([[3.0]]))
    array([[7.]])
    """

    def raw_of(rows: Any) -> FloatArray:
        outputs = _product(rows, weights[0])
        outputs += biases[0]
        for activation, weight, bias in zip(activations, weights[1:], biases[1:], strict=True):
            activation.apply(outputs)
            outputs = np.matmul(outputs, weight)
            outputs += bias
        return outputs

    members, n_outputs = weights[0].shape[:-2], weights[-1].shape[-1]
    dtype = np.result_type(X.dtype, *weights, *biases)
    widest = max(weight.shape[-1] for weight in weights)
    return _in_blocks(raw_of, X, (*members, n_outputs), dtype, widest)


def _product(rows: Any, weights: FloatArray) -> FloatArray:
    """Return rows times weights (..., fan_in, fan_out); no sparse matrix has a member axis."""
    if isinstance(rows, np.ndarray):
        product: FloatArray = np.matmul(rows, weights)
        return product
    members, fan_out = weights.shape[:-2], weights.shape[-1]
    dtype = np.result_type(rows.dtype, weights.dtype)
    outputs: FloatArray = np.empty((*members, rows.shape[0], fan_out), dtype)
    for member in np.ndindex(members):
        outputs[member] = rows @ weights[member]
    return outputs


def _in_blocks(
    raw_of: Callable[[Any], FloatArray],
    X: Any,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    widest: int,
) -> FloatArray:
    """Return raw outputs of all rows, a block of them at a time.

    Parameters
    ----------
    raw_of : callable(rows)
        Returns those of a block.
    X : ndarray or sparse matrix
    shape : tuple of int
        (..., n_outputs), for each row.
    dtype : dtype
    widest : int
        Units of the widest layer.
    """
    *members, n_outputs = shape
    row_bytes = dtype.itemsize * max([1, *members]) * widest
    size, n_samples = max(BLOCK_BYTES // row_bytes, FEWEST_ROWS), X.shape[0]
    if n_samples <= size:
        return raw_of(X)
    raw: FloatArray = np.empty((*members, n_samples, n_outputs), dtype)
    for rows in slices(n_samples, size):
        raw[..., rows, :] = raw_of(X[rows])
    return raw


def activated(raw: FloatArray, output_activation: str, *, bits_by_row: bool = False) -> FloatArray:
    """Turn raw outputs into predictions, in place, and return them.

    Parameters
    ----------
    raw : ndarray of shape (..., n_samples, n_outputs)
    output_activation : str
        A key of ``PREDICTIONS``.
    bits_by_row : bool
        Whether no bit of a row may depend on how many there are; 5 µs more for a single one.

    Examples
    --------
    >>> import numpy as np
    >>> activated(np.array([[0.0, 0.0]]), "softmax").tolist()
    [[0.5, 0.5]]
    """
    if output_activation == "softmax":
        # Logits that overflow to infinity would give NaN.
        largest = np.finfo(raw.dtype).max
        np.clip(raw, -largest, largest, out=raw)
    transposed = raw.swapaxes(-1, -2)
    if bits_by_row and output_activation == "logistic":
        vectorised_logistic(raw, raw)
    else:
        PREDICTIONS[output_activation](transposed, transposed)
    return raw


def tempered(predictions: FloatArray, temperature: float, output_activation: str) -> FloatArray:
    """Return activated outputs as if raw ones had been divided by a temperature.

    Parameters
    ----------
    predictions : ndarray of shape (..., n_samples, n_outputs)
    temperature : float
    output_activation : {'logistic', 'softmax'}

    Returns
    -------
    ndarray of the same shape

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.

    Examples
    --------
    >>> import numpy as np
    >>> tempered(np.array([[0.8]]), 2.0, "logistic").round(3)
    array([[0.667]])
    """
    raw = LINKS[output_activation](predictions) / predictions.dtype.type(temperature)
    return activated(raw, output_activation, bits_by_row=True)


def member_mean(predictions: FloatArray) -> FloatArray:
    """Return the mean over members, added in order: of one row NumPy adds in pairs.

    Parameters
    ----------
    predictions : ndarray of shape (n_members, n_samples, n_outputs)

    Examples
    --------
    >>> import numpy as np
    >>> member_mean(np.array([[[1.0]], [[3.0]]]))
    array([[2.]])
    """
    mean: FloatArray = np.add.accumulate(predictions)[-1] / len(predictions)
    return mean


def member_blocks(n_rows: int, entries_of_row: int) -> Iterator[slice]:
    """Return slices of rows of which all members together predict not too much at once.

    Parameters
    ----------
    n_rows : int
    entries_of_row : int
        What is predicted of a row: the members times their outputs.

    Examples
    --------
    >>> list(member_blocks(3, 10))
    [slice(0, 3, None)]
    """
    return slices(n_rows, max(MEMBERS_BLOCK_ENTRIES // entries_of_row, 1))


def mean_of_members(
    predict: Callable[[Any], FloatArray], X: Any, entries_of_row: int
) -> FloatArray:
    """Return the mean of what members predict, without holding what all predict of all rows.

    Parameters
    ----------
    predict : callable(rows)
        Returns predictions of shape (n_samples, n_outputs), or (n_members, n_samples, n_outputs).
    X : ndarray or sparse matrix of shape (n_samples, n_features)
    entries_of_row : int
        What it returns for a row: the members times their outputs.

    Examples
    --------
    >>> import numpy as np
    >>> mean_of_members(lambda rows: np.stack([rows, 3 * rows]), np.array([[1.0], [2.0]]), 2)
    array([[2.],
           [4.]])
    """
    means = []
    for rows in member_blocks(X.shape[0], entries_of_row):
        predictions = predict(X[rows])
        means.append(predictions if predictions.ndim == 2 else member_mean(predictions))
    return means[0] if len(means) == 1 else np.concatenate(means)
