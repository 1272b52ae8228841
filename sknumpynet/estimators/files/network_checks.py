"""Whether parameters from a file are those of the networks that they claim to be of."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.architectures import TableShape, table_network
from sknumpynet.core.losses import PREDICTIONS
from sknumpynet.estimators.files.kinds import expect, is_array, is_count, is_list, is_real
from sknumpynet.preprocessing import TabularPreprocessor

__all__ = ["NetworkSizes", "network_sizes"]


class NetworkSizes(NamedTuple):
    """How many networks there are, and how large each is.

    Parameters
    ----------
    n_members, n_outputs : int
    n_parameters : int
        Of the largest network.
    n_learned : tuple of int
        Parameters that training changes, for each kind of network in turn.
    """

    n_members: int
    n_outputs: int
    n_parameters: int
    n_learned: tuple[int, ...]


def network_sizes(
    attributes: Mapping[str, Any], n_features: int, preprocessor: TabularPreprocessor | None
) -> NetworkSizes:
    """Return what parameters are of.

    Parameters
    ----------
    attributes : mapping of str to object
        What an estimator predicts with.
    n_features : int
        Columns of the rows.
    preprocessor : TabularPreprocessor or None
        What encodes them, for tables.

    Raises
    ------
    ValueError, or what making a network raises
        If they do not fit each other, or such rows.
    """
    sizes = (
        _perceptron_sizes(attributes, n_features)
        if preprocessor is None
        else _table_sizes(attributes, preprocessor)
    )
    activation, n_outputs = attributes["out_activation_"], attributes["n_outputs_"]
    is_known = isinstance(activation, str) and activation in PREDICTIONS
    expect(is_known, "out_activation_", activation)
    expect(type(n_outputs) is int and n_outputs == sizes.n_outputs, "n_outputs_", n_outputs)
    return sizes


def _perceptron_sizes(attributes: Mapping[str, Any], n_features: int) -> NetworkSizes:
    weights, biases = attributes["coefs_"], attributes["intercepts_"]
    expect(is_list(weights, _is_float_array) and len(weights) > 0, "coefs_", weights)
    members = weights[0].shape[:-2]
    expect(weights[0].ndim in (2, 3) and members != (0,), "coefs_[0]", weights[0])
    expect(is_list(biases, _is_float_array, len(weights)), "intercepts_", biases)
    fan_ins = [n_features, *(own.shape[-1] for own in weights[:-1])]
    for k, (weight, bias, fan_in) in enumerate(zip(weights, biases, fan_ins, strict=True)):
        expect(is_array(weight, "f", (*members, fan_in, None)), f"coefs_[{k}]", weight)
        expect(weight.shape[-1] > 0, f"coefs_[{k}]", weight)
        expect(is_array(bias, "f", (*members, weight.shape[-1])), f"intercepts_[{k}]", bias)
        expect({weight.dtype, bias.dtype} == {weights[0].dtype}, f"coefs_[{k}]", weight)
    names = attributes["_hidden_activations"]
    is_known = type(names) is tuple and all(isinstance(n, str) and n in ACTIVATIONS for n in names)
    expect(is_known and len(names) == len(weights) - 1, "_hidden_activations", names)
    n_layers = attributes["n_layers_"]
    expect(n_layers == len(weights) + 1, "n_layers_", n_layers)
    per_member = sum(math.prod(own.shape[len(members) :]) for own in (*weights, *biases))
    return NetworkSizes(math.prod(members), weights[-1].shape[-1], per_member, (per_member,))


def _is_float_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype in (np.float32, np.float64)


def _table_sizes(attributes: Mapping[str, Any], preprocessor: TabularPreprocessor) -> NetworkSizes:
    parameters, shapes = attributes["parameters_"], attributes["_shapes"]
    expect(_is_float_array(parameters) and parameters.ndim == 2, "parameters_", parameters)
    expect(min(parameters.shape) > 0, "parameters_", parameters)
    expect(is_list(shapes, lambda own: isinstance(own, dict)) and shapes != [], "_shapes", shapes)
    outputs, lengths, n_learned = set(), [], []
    for k, plain in enumerate(shapes):
        shape = _checked_shape(TableShape.from_plain(plain), preprocessor, parameters.shape[1])
        network = table_network(shape)
        n_learned.append(network.above_level_table.layout.size)
        if k < len(parameters):  # there are members of this kind
            lengths.append(network.layout.size)
        n_codes = len(preprocessor._level_codes()) if shape.level_codes else 0
        expect(network.fan_in == preprocessor.n_features_out_ + n_codes, "_shapes", plain)
        outputs.add(network.fan_out)
    expect(len(outputs) == 1, "_shapes", shapes)
    expect(max(lengths) == parameters.shape[1], "parameters_", parameters)
    return NetworkSizes(len(parameters), outputs.pop(), parameters.shape[1], tuple(n_learned))


def _checked_shape(
    shape: TableShape, preprocessor: TabularPreprocessor, n_parameters: int
) -> TableShape:
    """Return a shape that a network of so many parameters can have, of these columns.

    It is held against them before anything is made of it: a number in it may be any.
    """
    columns, hidden = shape.columns, shape.hidden_layer_sizes
    expect(columns.n_numerical == preprocessor.n_numerical_, "_shapes", columns)
    expect(columns.n_plain == preprocessor.n_plain_, "_shapes", columns)
    expect(columns.n_codes == tuple(preprocessor.n_levels_), "_shapes", columns)
    n_ranks = columns.n_numerical // 2 if preprocessor._has_ranks() else 0
    expect(columns.n_passed_on in (0, n_ranks), "_shapes", columns)
    counts = (*hidden, shape.n_outputs, shape.n_frequencies, shape.n_mixtures)
    counts = (*counts, shape.n_code_outputs, shape.n_statistics)
    expect(all(type(own) is int and own > 0 for own in counts), "_shapes", counts)
    seen = [list(kind) for kind in shape.kinds]
    are_seen = all(is_list(own, is_count, 3) and own[1] <= own[0] for own in seen)
    expect(len(seen) in (0, 2) and are_seen, "_shapes", seen)
    level_codes = tuple(preprocessor._level_codes())
    expect(shape.level_codes in ((), level_codes), "_shapes", shape.level_codes)
    widths = (  # each takes as many parameters or more, if there are members of this kind
        shape.seen.n_embedded * shape.n_frequencies * shape.n_mixtures,
        len(columns.n_codes) * shape.n_code_outputs,
        len(level_codes) * shape.n_statistics,
        sum(hidden) + shape.n_outputs,
    )
    expect(max(widths) <= n_parameters + 1_000 * preprocessor.n_features_out_, "_shapes", counts)
    names = (shape.activation, shape.embedding, shape.wave)
    expect(all(isinstance(own, str) for own in names), "_shapes", names)
    expect(shape.embedding in ("periodic", "piecewise"), "_shapes", shape.embedding)
    expect(shape.wave in ("cosine", "parabola"), "_shapes", shape.wave)
    sigmas = shape.sigmas
    are_two = type(sigmas) is tuple and len(sigmas) == 2
    expect(are_two and all(map(is_real, sigmas)), "_shapes", sigmas)
    directions = shape.directions
    expect(type(directions) is tuple and set(directions) <= {-1, 0, 1}, "_shapes", directions)
    expect(len(directions) in (0, columns.n_numerical), "_shapes", directions)
    return shape
