"""A row's raw outputs are the same to the bit whatever is predicted beside it."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from threadpoolctl import threadpool_limits

from sknumpynet.core import blocks
from sknumpynet.core.architectures import Columns, TableShape, table_network
from sknumpynet.core.blocks import as_blocks, is_the_same_everywhere, outputs_in_blocks, slices
from sknumpynet.core.layers import LAYERS, ColumnKind, Scale
from sknumpynet.core.layers.base import BaseLayer
from sknumpynet.core.layers.dense import SHARED_PRODUCT, slices_of_inputs
from sknumpynet.core.network import Network, initialize_parameters

# Members and outputs that are primes, a single one, and a layer of one unit, for which NumPy takes
# another product.
SHAPES = {
    "numbers": TableShape(Columns(13, 0), (64, 64), "mish", 1),
    "one number": TableShape(Columns(1, 0), (7,), "mish", 3),
    "one unit": TableShape(Columns(2, 1), (1, 5), "tanh", 2),
    "no numbers": TableShape(Columns(0, 3, (11, 5)), (17,), "mish", 1),
    "all kinds": TableShape(Columns(12, 25, (17, 14, 35)), (64, 64), "mish", 10),
    "cosines": TableShape(Columns(5, 1), (23,), "mish", 1, wave="cosine"),
    "wide": TableShape(Columns(150, 3), (64, 33), "mish", 1),
    "ranks": TableShape(Columns(14, 2, (5,), n_passed_on=7), (64, 64), "mish", 1),
    "parts": TableShape(
        Columns(14, 5, (3, 5), n_passed_on=7),
        (11,),
        "mish",
        3,
        kinds=(ColumnKind(7, 3, width=2), ColumnKind(5, 2)),
    ),
    "linear": TableShape(Columns(3, 2), (), "mish", 1),
}


def drawn(shape, n_members, rng):
    """Return a network, parameters away from where they start, and 300 rows."""
    network = table_network(shape)
    sources = [np.random.RandomState(seed) for seed in range(n_members)]
    parameters = initialize_parameters(network, sources, np.float32)
    first = 0 if network.selection is None else network.selection.fan_out
    noise = rng.normal(0, 0.1, parameters[:, first:].shape)
    parameters[:, first:] += noise.astype(np.float32)
    columns = shape.columns
    codes = [rng.integers(n, size=(300, 1)) for n in columns.n_codes]
    X = np.hstack([rng.normal(size=(300, columns.n_numerical + columns.n_plain)), *codes])
    return network, parameters, X.astype(np.float32)


@pytest.mark.parametrize("n_members", [1, 2, 3, 16, 37])
@pytest.mark.parametrize("name", SHAPES)
def test_bits_are_a_rows_own_and_a_members_own(name, n_members, rng):
    network, stack, X = drawn(SHAPES[name], n_members, rng)
    raw = outputs_in_blocks(network, stack, X)
    assert raw.dtype == np.float32
    for n_rows in [*range(1, 36), 63, 64, 65, 299]:
        start = 300 - n_rows
        assert_array_equal(outputs_in_blocks(network, stack, X[:n_rows]), raw[:, :n_rows])
        assert_array_equal(outputs_in_blocks(network, stack, X[start:]), raw[:, start:])
    for k in range(n_members):
        assert_array_equal(outputs_in_blocks(network, stack[k], X), raw[k])


@pytest.mark.parametrize("name", SHAPES)
def test_any_number_of_rows_at_any_place(name, rng):
    network, stack, X = drawn(SHAPES[name], 2, rng)
    row = X[7]
    (expected,) = np.unique(outputs_in_blocks(network, stack, X[7:8]), axis=1).swapaxes(0, 1)
    for n_rows in range(1, 301, 7):
        raw = outputs_in_blocks(network, stack, np.repeat(row[np.newaxis], n_rows, axis=0))
        assert_array_equal(raw, np.repeat(expected[:, np.newaxis], n_rows, axis=1))


@pytest.mark.parametrize("name", SHAPES)
def test_single_precision_is_near_double_precision(name, rng):
    network, stack, X = drawn(SHAPES[name], 3, rng)
    double = outputs_in_blocks(network, stack.astype(float), X.astype(float))
    assert double.dtype == np.float64
    single = outputs_in_blocks(network, stack, X)
    assert_allclose(single, double, atol=3e-5 * np.abs(double).max())


@pytest.mark.parametrize("piece_bytes", [1, 2**14, 2**30])
def test_pieces_change_no_bit(piece_bytes, rng, monkeypatch):
    network, stack, X = drawn(SHAPES["all kinds"], 5, rng)
    expected = outputs_in_blocks(network, stack, X)
    monkeypatch.setattr(blocks, "PIECE_BYTES", piece_bytes)
    assert_array_equal(outputs_in_blocks(network, stack, X), expected)


def test_the_threads_of_blas_change_no_bit(rng):
    network, stack, X = drawn(TableShape(Columns(400, 0), (512, 300), "mish", 2), 2, rng)
    with threadpool_limits(1):
        expected = outputs_in_blocks(network, stack, X)
    for n_threads in (2, 3):
        with threadpool_limits(n_threads):
            assert_array_equal(outputs_in_blocks(network, stack, X), expected)


def test_products_are_cut_evenly_and_only_in_blocks():
    assert slices_of_inputs(98, 64, 16) == [slice(0, 98)]
    assert slices_of_inputs(1601, 64, 300) == [slice(None)]
    parts = slices_of_inputs(1601, 64, 16)
    sizes = [part.stop - part.start for part in parts]
    assert sum(sizes) == 1601
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) * 64 * 16 <= SHARED_PRODUCT
    assert slices_of_inputs(3, SHARED_PRODUCT, 16) == [slice(k, k + 1) for k in range(3)]


@pytest.mark.parametrize("n_samples", [1, 15, 16, 17, 37])
def test_blocks_slowly(n_samples, rng):
    X = rng.normal(size=(n_samples, 3))
    in_blocks = as_blocks(X, np.float32)
    assert in_blocks.dtype == np.float32
    for place in range(in_blocks.shape[0] * 16):
        column = in_blocks[place // 16, :, place % 16]
        expected = X[min(place, n_samples - 1)].astype(np.float32)
        assert_array_equal(column, [*expected, 1.0])


def test_no_rows(rng):
    network, stack, X = drawn(SHAPES["one number"], 2, rng)
    assert outputs_in_blocks(network, stack, X[:0]).shape == (2, 0, 3)


def test_slices():
    assert list(slices(7, 3)) == [slice(0, 3), slice(3, 6), slice(6, 7)]


@dataclass(frozen=True)
class Crooked(BaseLayer):
    """In single precision adds more at later places, or to more of them."""

    by: str
    fan_in: int = 2
    fan_out: int = 2
    parameter_shape: tuple[int] = (1,)

    def write(self, parameters, inputs, units, scratch):
        added = np.arange(inputs.shape[-1]) if self.by == "place" else units.size >= 1000
        units[...] = inputs[..., :-1, :] + added * (units.dtype == np.float32)


@pytest.mark.parametrize("by", ["place", "size"])
def test_what_depends_on_others_computes_in_double_precision(by, rng):
    assert not is_the_same_everywhere(Crooked(by), np.dtype(np.float32))
    X = rng.normal(size=(37, 2)).astype(np.float32)
    network = Network((Scale(2), Crooked(by), Scale(2)))
    raw = outputs_in_blocks(network, np.array([2.0, 3.0, 0.0, 5.0, 7.0], np.float32), X)
    assert raw.dtype == np.float32
    assert_allclose(raw, X * [10, 21], rtol=1e-6)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_the_same_everywhere(name):
    assert is_the_same_everywhere(LAYERS[name], np.dtype(np.float32))
