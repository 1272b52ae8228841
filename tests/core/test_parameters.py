import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from sknumpynet.core.parameters import Layout

layer_sizes = st.lists(st.integers(1, 7), min_size=2, max_size=5)


def dense_layout(sizes):
    return Layout([(below + 1, above) for below, above in itertools.pairwise(sizes)])


@given(layer_sizes, st.sampled_from([(), (1,), (3,)]), st.sampled_from(["f", "d"]))
def test_pack_and_unpack(sizes, members, dtype):
    layout = dense_layout(sizes)
    buffer = np.arange(np.prod(members, dtype=int) * layout.size, dtype=dtype)
    buffer = buffer.reshape(*members, layout.size)
    weights, biases = layout.unpack(buffer)
    shapes = list(itertools.pairwise(sizes))
    assert [w.shape for w in weights] == [(*members, *shape) for shape in shapes]
    assert [b.shape for b in biases] == [(*members, 1, above) for _, above in shapes]
    packed = layout.pack(weights, biases)
    assert packed.dtype == buffer.dtype
    assert_array_equal(packed, buffer)
    assert not any(np.shares_memory(a, buffer) for a in [*weights, *biases])
    assert not any(np.shares_memory(a, packed) for a in [*weights, *biases])


@given(layer_sizes)
def test_views_share_every_parameter_once(sizes):
    layout = dense_layout(sizes)
    buffer = np.zeros((3, layout.size))
    for view in layout.views(buffer):
        assert np.shares_memory(view, buffer)
        view += 1.0
    assert (buffer == 1.0).all()


def test_law(rng):
    layout = dense_layout([5, 13, 2])
    stack = rng.normal(size=(3, layout.size))
    weights, biases = layout.unpack(stack)
    for k in range(3):
        for views, views_k in zip(layout.views(stack), layout.views(stack[k]), strict=True):
            assert_array_equal(views[k], views_k)
        weights_k, biases_k = layout.unpack(stack[k])
        for both, alone in zip([*weights, *biases], [*weights_k, *biases_k], strict=True):
            assert_array_equal(both[k], alone)
        assert_array_equal(layout.pack(weights, biases)[k], layout.pack(weights_k, biases_k))


def test_layers_of_any_shape():
    layout = Layout([(2, 3), (), (5,), (1, 2, 2)])
    assert layout.size == 16
    views = layout.views(np.arange(16))
    assert [view.shape for view in views] == [(2, 3), (), (5,), (1, 2, 2)]
    assert_array_equal(np.concatenate([view.ravel() for view in views]), np.arange(16))


def test_wrong_shapes():
    layout = dense_layout([5, 13, 2])
    with pytest.raises(ValueError, match=r"106 parameters is needed, got \(3, 105\)"):
        layout.views(np.zeros((3, 105)))
    weights, biases = layout.unpack(np.zeros(106))
    with pytest.raises(ValueError, match=r"\(5, 13\).*got \(5, 13\) and \(13,\)"):
        layout.pack(weights, [biases[0][0], biases[1]])
    with pytest.raises(ValueError, match=r"\(13, 2\).*got \(2, 13\)"):
        layout.pack([weights[0], weights[1].T], biases)
    with pytest.raises(ValueError, match="zip"):
        layout.pack(weights[:1], biases[:1])
