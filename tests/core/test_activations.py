import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from scipy.stats import norm

from sknumpynet.core.activations import (
    ACTIVATIONS,
    FEWEST_ENTRIES_TO_VECTORISE,
    activation_of,
    logistic,
)

CLOSED_FORMS = {
    "identity": lambda z: z,
    "logistic": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": lambda z: (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1),
    "relu": lambda z: np.where(z > 0, z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.exp(z) - 1),
    # Klambauer et al., "Self-Normalizing Neural Networks", NeurIPS 2017, equation 14.
    "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * (np.exp(z) - 1)),
    # Shamir et al., "Smooth activations and reproducibility in deep networks", 2020, section 4.
    "smelu": lambda z: np.where(np.abs(z) <= 2, (z + 2) ** 2 / 8, np.where(z > 2, z, 0)),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "gelu": lambda z: z * norm.cdf(z),
    "mish": lambda z: z * np.tanh(np.log(1 + np.exp(z))),
}
WITH_DERIVATIVE = [name for name, a in ACTIVATIONS.items() if a.apply_with_derivative is not None]


def applied(name, z):
    z = z.copy()
    assert ACTIVATIONS[name].apply(z) is None
    return z


def with_derivative(name, z):
    z, derivative = z.copy(), np.full_like(z, np.nan)
    ACTIVATIONS[name].apply_with_derivative(z, derivative, np.ones(z.shape, dtype=bool))
    return z, derivative


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_table_is_keyed_by_name(name):
    assert ACTIVATIONS[name].name == name


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_pickle_finds_its_functions_where_they_were(name):
    """When all activations were in one file."""
    own = ACTIVATIONS[name]
    assert pickle.loads(pickle.dumps(own)) == own
    for function in {own.apply, own.apply_with_derivative} - {None}:
        text = f"csknumpynet.core.activations\n{function.__name__}\n."
        assert pickle.loads(text.encode()) is function


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_closed_form(name):
    z = np.linspace(-5, 5, 102).reshape(2, 3, 17)
    assert_allclose(applied(name, z), CLOSED_FORMS[name](z), rtol=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivative_by_differences(name, check_slopes):
    z = np.linspace(-5, 5, 102)
    derivative = with_derivative(name, z)[1] if name in WITH_DERIVATIVE else np.ones_like(z)
    check_slopes([derivative], lambda z: applied(name, z), z, [1.0], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", WITH_DERIVATIVE)
def test_value_with_derivative_is_the_value(name, dtype):
    z = np.array([-1e4, -3, -0.5, -0.0, 0.0, 0.5, 3, 1e4], dtype)
    value, derivative = with_derivative(name, z)
    assert value.dtype == derivative.dtype == dtype
    assert_array_equal(value, applied(name, z))
    assert np.isfinite(derivative).all()


@pytest.mark.parametrize("name", WITH_DERIVATIVE)
def test_works_on_views(name):
    z = np.linspace(-2, 2, 3 * 5 * 7).reshape(3, 5, 7)
    whole, view = z.copy(), z.copy()[:, :-1]
    derivative = np.empty((3, 5, 7))
    mask = np.empty(view.shape, dtype=bool)
    ACTIVATIONS[name].apply_with_derivative(whole[:, :-1], derivative[:, :-1], mask)
    for k in range(3):
        value, slope = with_derivative(name, z[k, :-1])
        assert_array_equal(whole[k, :-1], value)
        assert_array_equal(derivative[k, :-1], slope)
    assert_array_equal(whole[:, -1], z[:, -1])
    ACTIVATIONS[name].apply(view)
    assert_array_equal(view, whole[:, :-1])


def test_relu_is_flat_at_zero():
    assert with_derivative("relu", np.array([0.0, -0.0, 1e-300]))[1].tolist() == [0, 0, 1]


@pytest.mark.parametrize("name", [n for n, a in ACTIVATIONS.items() if a.derivative_is_mask])
def test_the_mask_may_be_the_derivative(name):
    z = np.linspace(-5, 5, 102)
    value, derivative = with_derivative(name, z)
    mask = derivative == 0
    ACTIVATIONS[name].apply_with_derivative(z, mask, mask)
    assert_array_equal(z, value)
    assert_array_equal(mask, derivative)


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-14), (np.float32, 1e-6)])
@pytest.mark.parametrize("n_entries", [7, FEWEST_ENTRIES_TO_VECTORISE, 5003])
def test_logistic_is_scipys_at_every_size(n_entries, dtype, rtol):
    z = np.linspace(-80, 80, n_entries).astype(dtype)
    out = np.full_like(z, np.nan)
    logistic(z, out)
    assert out.dtype == dtype
    assert_allclose(out, expit(z), rtol=rtol)
    extremes = np.resize(np.array([-np.inf, -1e30, 0, 1e30, np.inf, np.nan], dtype), n_entries)
    expected = expit(extremes)
    logistic(extremes, extremes)
    assert_array_equal(extremes, expected)


@pytest.mark.parametrize("name", WITH_DERIVATIVE)
@pytest.mark.parametrize("shape", [(1, 211), (7, 211)])
def test_law(name, shape, rng):
    z = rng.normal(size=(11, *shape))
    derivative, mask = np.empty_like(z), np.empty(z.shape, bool)
    values = z.copy()
    ACTIVATIONS[name].apply_with_derivative(values, derivative, mask)
    applied = z.copy()
    ACTIVATIONS[name].apply(applied)
    for k, own in enumerate(z):
        value, own_derivative = with_derivative(name, own)
        assert_array_equal(values[k], value)
        assert_array_equal(derivative[k], own_derivative)
        ACTIVATIONS[name].apply(own)
        assert_array_equal(applied[k], own)


class Sine:
    def value(self, z):
        return np.sin(z)

    def derivative(self, z, output):
        return np.cos(z)


class Tanh:
    name = "my_tanh"

    def value(self, z):
        return np.tanh(z)

    def derivative(self, z, output):
        return 1 - output**2


class InPlace(Sine):
    """Writes to what it is given, which must not matter."""

    def value(self, z):
        return np.sin(z, out=z)

    def derivative(self, z, output):
        output[...] = np.nan
        return np.cos(z, out=z)


class Wrong(Sine):
    def derivative(self, z, output):
        return np.cos(z) + 0.01


class Scalar(Sine):
    def value(self, z):
        return 1.0


class Infinite(Sine):
    def value(self, z):
        return np.log(z)


class Short(Sine):
    def derivative(self, z, output):
        return np.cos(z)[1:]


class Underived:
    value = Sine.value


@pytest.mark.parametrize(
    ("kind", "value", "slope"),
    [
        (Sine, np.sin, np.cos),
        (InPlace, np.sin, np.cos),
        (Tanh, np.tanh, lambda z: 1 / np.cosh(z) ** 2),
    ],
)
def test_an_activation_of_ones_own(kind, value, slope):
    own, z = activation_of(kind()), np.linspace(-3, 3, 30).reshape(2, 3, 5)
    assert own.name == getattr(kind, "name", kind.__name__)
    out, derivative = z.copy(), np.empty_like(z)
    own.apply_with_derivative(out, derivative, np.empty(z.shape, dtype=bool))
    assert_allclose(out, value(z), rtol=1e-13)
    assert_allclose(derivative, slope(z), rtol=1e-12)
    applied = z.copy()
    own.apply(applied)
    assert_array_equal(applied, out)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Wrong, "is .* at z=-7.03, where its value has the slope"),
        (Scalar, "must return finite numbers of the shape"),
        (Infinite, "must return finite numbers"),
        (Short, r"must return the shape \(10,\) of its arguments, got \(9,\)"),
        (Underived, "needs a method 'derivative'"),
    ],
)
def test_the_contract_of_an_activation_is_checked(kind, message):
    with pytest.raises(ValueError, match=message):
        activation_of(kind())


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match=r"must be one of \['identity', .*\], got 'step'"):
        activation_of("step")


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_is_pytorchs(name):
    torch = pytest.importorskip("torch")
    theirs = {"logistic": "sigmoid", "identity": "identity"}.get(name, name)
    z = torch.linspace(-5, 5, 102, dtype=torch.float64, requires_grad=True)
    function = torch.nn.Identity() if name == "identity" else None
    function = function or getattr(torch.nn.functional, theirs, None) or getattr(torch, theirs)
    value = function(z)
    value.sum().backward()
    ours = z.detach().numpy().copy()
    assert_allclose(applied(name, ours), value.detach().numpy(), rtol=1e-12, atol=1e-15)
    if name in WITH_DERIVATIVE:
        assert_allclose(with_derivative(name, ours)[1], z.grad.numpy(), rtol=1e-10, atol=1e-12)
