import inspect
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.core.optimizers import (
    OPTIMIZERS,
    SGD,
    Adam,
    AdamW,
    Factors,
    Hyperparameter,
    Update,
    hyperparameters_by_parameter,
    stack_optimizers,
    take_member,
    take_members,
    update_parameters,
)
from sknumpynet.core.optimizers import update as update_module
from sknumpynet.core.parameters import Layout

MEMBERS, SIZE, STEPS = 3, 17, 7


@pytest.fixture
def parameters(rng):
    return rng.normal(size=(MEMBERS, SIZE))


@pytest.fixture
def gradients(rng):
    return rng.normal(size=(STEPS, MEMBERS, SIZE))


@pytest.fixture
def penalty(rng):
    """Differs from parameter to parameter and from member to member, zero for some."""
    return np.array([[0.0], [0.1], [0.3]]) * rng.integers(2, size=SIZE)


def make_update(optimizer, parameters, penalty=None, decayed=None, rates=None, **keywords):
    """Bind an optimiser to parameters that could be those of a matrix and a vector."""
    size = parameters.shape[-1]
    layout = Layout([(4, 3), (5,)] if size == SIZE else [(1, size)])
    return Update(
        optimizer, parameters, Factors(penalty, decayed, rates), layout=layout, **keywords
    )


def run(optimizer, parameters, gradients, penalty=None, scale=1.0, taken=None):
    """Take a step per gradient from a copy of the parameters; return them and the penalties."""
    parameters, values = parameters.copy(), []
    update = make_update(optimizer, parameters, penalty)
    for gradient in gradients:
        update.gradient[...] = gradient
        values.append(update_parameters(update, scale, taken))
    return parameters, values


def column(value, *factors):
    return value * np.array(factors)[:, np.newaxis]


def with_columns(optimizer_class):
    """One with a column for every setting, and the same for each member alone."""
    defaults = vars(optimizer_class(0.01))
    columns = {name: column(defaults[name], 1.0, 0.9, 0.5) for name in optimizer_class.settings}
    rates = column(0.01, 1.0, 5.0, 0.2)
    alone = [
        optimizer_class(float(rates[k, 0]), **{n: float(c[k, 0]) for n, c in columns.items()})
        for k in range(MEMBERS)
    ]
    return optimizer_class(rates, **columns), alone


def longhand_sgd(parameters, gradients, learning_rate, momentum, nesterov):
    velocity = np.zeros_like(parameters)
    for gradient in gradients:
        velocity = momentum * velocity - learning_rate * gradient
        if nesterov:
            parameters = parameters + momentum * velocity - learning_rate * gradient
        else:
            parameters = parameters + velocity
    return parameters


def longhand_adam(parameters, gradients, learning_rate, beta_1, beta_2, epsilon):
    first = second = np.zeros_like(parameters)
    for t, gradient in enumerate(gradients, start=1):
        first = beta_1 * first + (1 - beta_1) * gradient
        second = beta_2 * second + (1 - beta_2) * gradient**2
        step_size = learning_rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        parameters = parameters - step_size * first / (np.sqrt(second) + epsilon)
    return parameters


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_longhand(momentum, nesterov, parameters, gradients):
    result, _ = run(SGD(0.1, momentum=momentum, nesterov=nesterov), parameters, gradients)
    expected = longhand_sgd(parameters, gradients, 0.1, momentum, nesterov)
    assert_allclose(result, expected, rtol=1e-13)


@pytest.mark.parametrize("settings", [(0.9, 0.999, 1e-8), (0.5, 0.7, 0.1), (0.0, 0.0, 1e-3)])
def test_adam_longhand(settings, parameters, gradients):
    beta_1, beta_2, epsilon = settings
    adam = Adam(0.1, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)
    result, _ = run(adam, parameters, gradients)
    assert_allclose(result, longhand_adam(parameters, gradients, 0.1, *settings), rtol=1e-12)


@pytest.mark.parametrize("piece_size", [5, 100])
def test_rates_of_parameters(optimizer_class, piece_size, parameters, gradients, monkeypatch):
    monkeypatch.setattr(update_module, "PIECE_SIZE", piece_size)
    if optimizer_class.steps_by_layer:
        pytest.skip("what one parameter does depends on the others of its layer")
    rates = np.where(np.arange(SIZE) % 3 == 0, 0.1, 6.0)
    stacked, singles = with_columns(optimizer_class)
    own = parameters.copy()
    update = make_update(stacked, own, rates=rates)
    for gradient in gradients:
        update.gradient[...] = gradient
        update_parameters(update, 1.0)
    for k, single in enumerate(singles):
        for rate in (0.1, 6.0):
            there = rates == rate
            settings = {name: getattr(single, name) for name in single.settings}
            if "weight_decay" in settings:  # the same decay, whatever the rate
                settings["weight_decay"] /= rate
            alone = optimizer_class(single.learning_rate * rate, **settings)
            expected, _ = run(alone, parameters[k, there], gradients[:, k, there])
            assert_allclose(own[k, there], expected, rtol=1e-11)


@pytest.mark.parametrize("keywords", [{}, {"max_gradient_norm": 0.5}], ids=["", "clipped"])
@pytest.mark.parametrize("piece_size", [5, 100])
def test_steps_end_within_bounds(
    optimizer_class, piece_size, keywords, parameters, gradients, monkeypatch
):
    monkeypatch.setattr(update_module, "PIECE_SIZE", piece_size)
    bounds = np.full((2, SIZE), np.inf)
    bounds[0] = -np.inf
    bounds[0, :3], bounds[1, 2:4], bounds[:, -1] = 0.1, 0.2, 0.3
    layout = Layout([(4, 3), (5,)])

    def step(parameters, bounds):
        update = Update(
            optimizer_class(0.1), parameters, Factors(bounds=bounds), layout=layout, **keywords
        )
        update.gradient[...] = gradients[0]
        update_parameters(update, 1.0)
        return parameters

    free, bound = step(parameters.copy(), None), step(parameters.copy(), bounds)
    assert_array_equal(bound, np.clip(free, *bounds))
    assert (bound != free).any()


def test_a_changed_learning_rate_is_obeyed(optimizer_class, parameters, gradients):
    update = make_update(optimizer_class(0.1), parameters.copy())
    update.gradient[...] = gradients[0]
    update_parameters(update, 1.0)
    update.optimizer.learning_rate = 0.0
    before = update.parameters.copy()
    update.gradient[...] = gradients[1]
    update_parameters(update, 1.0)
    if optimizer_class is SGD:  # whose momentum has the old rate in it
        velocity = -0.1 * gradients[0]
        assert_allclose(update.parameters, before + 0.81 * velocity, rtol=1e-12)
    else:
        assert_array_equal(update.parameters, before)


def _torch_sgd(torch, parameters, nesterov, momentum):
    return torch.optim.SGD(
        [parameters], lr=0.1, momentum=momentum, nesterov=nesterov, weight_decay=0.3
    )


def _torch_adam(torch, parameters):
    # PyTorch's epsilon is divided by the bias correction: the same only where it is negligible.
    return torch.optim.Adam([parameters], lr=0.1, eps=1e-30, weight_decay=0.3)


@pytest.mark.parametrize(
    ("ours", "theirs", "settings"),
    [
        (lambda: SGD(0.1, momentum=0.0, nesterov=False), _torch_sgd, (False, 0.0)),
        (lambda: SGD(0.1, momentum=0.9, nesterov=False), _torch_sgd, (False, 0.9)),
        (lambda: SGD(0.1, momentum=0.9, nesterov=True), _torch_sgd, (True, 0.9)),
        (lambda: Adam(0.1, epsilon=1e-30), _torch_adam, ()),
    ],
    ids=["sgd", "momentum", "nesterov", "adam"],
)
def test_pytorch(ours, theirs, settings, parameters, gradients):
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(parameters, requires_grad=True)
    optimizer = theirs(torch, tensor, *settings)
    for gradient in gradients:
        tensor.grad = torch.tensor(gradient)
        optimizer.step()
    result, _ = run(ours(), parameters, gradients, penalty=np.full_like(parameters, 0.3))
    assert_allclose(result, tensor.detach().numpy(), rtol=1e-12, atol=1e-13)


def test_adamw_is_pytorchs(parameters, gradients):
    torch = pytest.importorskip("torch")
    weights, biases = slice(None, 11), slice(11, None)
    tensors = [torch.tensor(parameters[:, part], requires_grad=True) for part in (weights, biases)]
    groups = [
        {"params": tensors[:1], "weight_decay": 0.3},
        {"params": tensors[1:], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=0.1, eps=1e-30)
    for gradient in gradients:
        for tensor, part in zip(tensors, (weights, biases), strict=True):
            tensor.grad = torch.tensor(gradient[:, part])
        optimizer.step()
    result = decayed(AdamW(0.1, epsilon=1e-30, weight_decay=0.3), parameters, gradients)
    for tensor, part in zip(tensors, (weights, biases), strict=True):
        assert_allclose(result[:, part], tensor.detach().numpy(), rtol=1e-12, atol=1e-13)


def decayed(optimizer, parameters, gradients, scale=1.0):
    """Take steps in which the first 11 parameters are weights."""
    parameters = parameters.copy()
    update = make_update(optimizer, parameters, decayed=np.arange(SIZE) < 11)
    for gradient in gradients:
        update.gradient[...] = gradient
        update_parameters(update, scale)
    return parameters


@pytest.mark.parametrize("piece_size", [5, SIZE])
def test_law_of_weight_decay(piece_size, parameters, gradients, monkeypatch):
    monkeypatch.setattr(update_module, "PIECE_SIZE", piece_size)
    rates, decays = (0.1, 0.05, 0.2), (0.0, 0.1, 0.5)
    stack = AdamW(column(1.0, *rates), weight_decay=column(1.0, *decays))
    result = decayed(stack, parameters, gradients)
    for k in range(MEMBERS):
        alone = AdamW(rates[k], weight_decay=decays[k])
        assert_allclose(result[k], decayed(alone, parameters[k], gradients[:, k]), rtol=1e-12)
    without, _ = run(Adam(0.1), parameters[0], gradients[:, 0])
    assert_allclose(result[0], without, rtol=1e-12)


def clipped(optimizer, parameters, gradients, bound, scale=1.0, taken=None):
    parameters = parameters.copy()
    update = make_update(optimizer, parameters, max_gradient_norm=bound)
    for gradient in gradients:
        update.gradient[...] = gradient
        update_parameters(update, scale, taken)
    return parameters


def test_clipping_is_pytorchs(optimizer_class, parameters, gradients):
    torch = pytest.importorskip("torch")
    shortened = []
    for gradient in gradients[:, 0]:
        tensor = torch.tensor(parameters[0], requires_grad=True)
        tensor.grad = torch.tensor(gradient)
        torch.nn.utils.clip_grad_norm_([tensor], 3.7)
        shortened.append(tensor.grad.numpy())
    lengths = np.linalg.norm(gradients[:, 0], axis=-1)
    assert lengths.min() < 3.7 < lengths.max()
    result = clipped(optimizer_class(0.1), parameters[0], gradients[:, 0], 3.7)
    expected, _ = run(optimizer_class(0.1), parameters[0], np.array(shortened))
    # PyTorch adds 1e-6 to the length.
    assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


def test_clips_the_mean_gradient_of_each_member(optimizer_class, parameters, gradients):
    bounds, scale = column(1.0, 0.3, 2.0, np.inf), column(1.0, 0.5, 0.25, 2.0)
    result = clipped(optimizer_class(0.1), parameters, gradients, bounds, scale)
    for k in range(MEMBERS):
        means = gradients[:, k] * scale[k, 0]
        lengths = np.linalg.norm(means, axis=-1, keepdims=True)
        short = means * np.minimum(1.0, bounds[k, 0] / lengths)
        expected, _ = run(optimizer_class(0.1), parameters[k], short)
        assert_allclose(result[k], expected, rtol=1e-10, atol=1e-12)
        own = float(bounds[k, 0])
        alone = clipped(
            optimizer_class(0.1), parameters[k], gradients[:, k], own, float(scale[k, 0])
        )
        assert_allclose(alone, expected, rtol=1e-10, atol=1e-12)


def test_finds_the_least_of_a_convex_function(optimizer_class, rng):
    """Half the squared distance, stretched up to tenfold along the axes."""
    least, stretch = rng.normal(size=SIZE), np.linspace(1.0, 10.0, SIZE)
    parameters = np.zeros(SIZE)
    settings = {"weight_decay": 0.0} if "weight_decay" in optimizer_class.settings else {}
    update = make_update(optimizer_class(0.05, **settings), parameters)
    for step in range(2000):
        update.optimizer.learning_rate = 0.05 * (1 - step / 2000)
        update.gradient[...] = stretch * (parameters - least)
        update_parameters(update, 1.0)
    assert_allclose(parameters, least, atol=1e-4)


def test_law(optimizer_class, parameters, gradients, penalty):
    scale = column(1.0, 0.5, 0.25, 2.0)
    stack, alone = with_columns(optimizer_class)
    result, values = run(stack, parameters, gradients, penalty, scale)
    for k in range(MEMBERS):
        expected, values_k = run(
            alone[k], parameters[k], gradients[:, k], penalty[k], float(scale[k, 0])
        )
        assert_allclose(result[k], expected, rtol=1e-13)
        assert_allclose(stack.state[:, k], alone[k].state, rtol=1e-13)
        assert_allclose([value[k] for value in values], values_k, rtol=1e-13)


def test_law_with_as_many_parameters_as_members(optimizer_class, rng):
    parameters, gradients = rng.normal(size=(3, 3)), rng.normal(size=(STEPS, 3, 3))
    stack, alone = with_columns(optimizer_class)
    result, _ = run(stack, parameters, gradients)
    for k in range(MEMBERS):
        expected, _ = run(alone[k], parameters[k], gradients[:, k])
        assert_allclose(result[k], expected, rtol=1e-13)


def test_idle_members_stay_as_they_are(optimizer_class, parameters, gradients, penalty):
    stack, alone = with_columns(optimizer_class)
    update = make_update(stack, parameters.copy(), penalty)
    patterns = np.array([[1, 0, 1], [1, 1, 0], [0, 0, 0], [1, 0, 0], [1, 1, 1]], dtype=bool)
    patterns = np.concatenate([patterns, patterns[:2]])
    for taken, gradient in zip(patterns, gradients, strict=True):
        before, state = update.parameters.copy(), stack.state.copy()
        update.gradient[...] = gradient
        update.gradient[~taken] = np.nan  # such a member has no gradient
        update_parameters(update, column(1.0, 0.5, 0.25, 2.0), taken)
        assert_array_equal(update.parameters[~taken], before[~taken])
        assert_array_equal(stack.state[:, ~taken], state[:, ~taken])
    assert stack.n_updates.tolist() == patterns.sum(axis=0)[:, np.newaxis].tolist()
    for k, scale in enumerate((0.5, 0.25, 2.0)):
        steps = gradients[patterns[:, k], k]
        expected, _ = run(alone[k], parameters[k], steps, penalty[k], scale)
        assert_allclose(update.parameters[k], expected, rtol=1e-13)
        assert_allclose(stack.state[:, k], alone[k].state, rtol=1e-13)


def test_all_taken_is_the_same_as_none_said(optimizer_class, parameters, gradients):
    gradients = np.tile(gradients, (30, 1, 1))  # powers of few steps are the same by any way
    result, _ = run(optimizer_class(0.1), parameters, gradients)
    taken, _ = run(optimizer_class(0.1), parameters, gradients, taken=np.ones(3, dtype=bool))
    assert_array_equal(taken, result)


@pytest.mark.parametrize("members", [[2, 0], [1], [0, 1, 2]])
def test_take(members, optimizer_class, parameters, gradients):
    stack, _ = with_columns(optimizer_class)
    taken = np.array([True, True, False])
    halfway, _ = run(stack, parameters, gradients[:3])
    halfway, _ = run(stack, halfway, gradients[3:4], taken=taken)
    some = take_members(stack, members)
    assert not np.shares_memory(some.state, stack.state)
    result, _ = run(some, halfway[members], gradients[4:, members])
    everyone, _ = run(stack, halfway, gradients[4:])
    assert_allclose(result, everyone[members], rtol=1e-13)
    assert_array_equal(some.initial_learning_rate, stack.initial_learning_rate[members])
    assert_array_equal(some.n_updates, stack.n_updates[members])


@pytest.mark.parametrize("differing", [True, False])
def test_stacking_and_taking_apart(differing, optimizer_class, parameters, gradients):
    alone = with_columns(optimizer_class)[1]
    if not differing:
        alone = [optimizer_class(0.01) for _ in range(MEMBERS)]
    stack = stack_optimizers(alone)
    assert np.ndim(stack.learning_rate) == (2 if differing else 0)
    halfway, _ = run(stack, parameters, gradients[:3])
    parts = [take_member(stack, k) for k in range(MEMBERS)]
    again = stack_optimizers(parts)
    result, _ = run(again, halfway, gradients[3:])
    for k in range(MEMBERS):
        assert not np.shares_memory(parts[k].state, stack.state)
        assert isinstance(parts[k].learning_rate, float)
        expected, _ = run(alone[k], parameters[k], gradients[:, k])
        part, _ = run(parts[k], halfway[k], gradients[3:, k])
        assert_allclose(part, expected, rtol=1e-13)
        assert_allclose(result[k], expected, rtol=1e-13)
        assert parts[k].n_updates == alone[k].n_updates == STEPS


def test_state_goes_on(optimizer_class, parameters, gradients):
    optimizer = optimizer_class(0.1)
    halfway, _ = run(optimizer, parameters, gradients[:3])
    assert optimizer.n_updates == 3
    result, _ = run(optimizer, halfway, gradients[3:])
    assert_array_equal(result, run(optimizer_class(0.1), parameters, gradients)[0])


@pytest.mark.parametrize("piece_size", [1, 5, SIZE - 1, SIZE])
def test_pieces(piece_size, optimizer_class, parameters, gradients, penalty, monkeypatch):
    whole = optimizer_class(0.1)
    expected, values = run(whole, parameters, gradients, penalty)
    monkeypatch.setattr(update_module, "PIECE_SIZE", piece_size)
    in_pieces = optimizer_class(0.1)
    n_pieces = 2 if optimizer_class.steps_by_layer else -(-SIZE // piece_size)
    assert len(make_update(optimizer_class(0.1), parameters).pieces) == n_pieces
    result, values_in_pieces = run(in_pieces, parameters, gradients, penalty)
    assert_allclose(result, expected, rtol=1e-13)
    assert_allclose(in_pieces.state, whole.state, rtol=1e-13)
    assert_allclose(values_in_pieces, values, rtol=1e-13)
    assert in_pieces.n_updates == STEPS


def test_penalty_is_part_of_the_gradient(optimizer_class, parameters, gradients, penalty):
    # Of a sum over samples: both are scaled.
    result, values = run(optimizer_class(0.1), parameters, gradients[:1], penalty, scale=0.25)
    steepened = gradients[:1] + penalty * parameters
    expected, no_values = run(optimizer_class(0.1), parameters, steepened, scale=0.25)
    assert_allclose(result, expected, rtol=1e-13)
    assert_allclose(values[0], 0.5 * (penalty * parameters**2).sum(axis=-1), rtol=1e-13)
    assert no_values == [0.0]


class Float32Only(np.ndarray):
    """Refuses to be computed with anything wider, even where the result is rounded again."""

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **keywords):
        arrays = [x.view(np.ndarray) if isinstance(x, np.ndarray) else x for x in inputs]
        assert {x.dtype.char for x in arrays if isinstance(x, np.ndarray)} == {"f"}
        if out:
            keywords["out"] = tuple(x.view(np.ndarray) for x in out)
        result = getattr(ufunc, method)(*arrays, **keywords)
        return out[0] if out else result


@pytest.mark.parametrize("piece_size", [5, SIZE])
@pytest.mark.parametrize("members", [(), (MEMBERS,)], ids=["single", "stack"])
def test_keeps_float32(members, piece_size, optimizer_class, parameters, monkeypatch):
    monkeypatch.setattr(update_module, "PIECE_SIZE", piece_size)
    parameters = (parameters if members else parameters[0]).astype(np.float32)
    optimizer = with_columns(optimizer_class)[0] if members else optimizer_class(0.1)
    penalty = np.linspace(0, 1, parameters.size, dtype=np.float32).reshape(parameters.shape)
    update = make_update(optimizer, parameters, penalty)
    update.pieces = [
        piece._replace(
            parameters=piece.parameters.view(Float32Only),
            gradient=piece.gradient.view(Float32Only),
            state=tuple(buffer.view(Float32Only) for buffer in piece.state),
            scratch=piece.scratch.view(Float32Only),
        )
        for piece in update.pieces
    ]
    values = [update_parameters(update, 0.5)]
    if members:
        taken = np.array([True, False, True])
        values.append(update_parameters(update, column(1.0, 1.0, 0.5, 2.0).astype("f"), taken))
    arrays = [update.parameters, update.gradient, optimizer.state, *values]
    assert {array.dtype.char for array in arrays} == {"f"}


def test_float32_follows_float64(optimizer_class, parameters, gradients, penalty):
    precise, _ = run(optimizer_class(0.1), parameters, gradients, penalty)
    rounded, _ = run(
        optimizer_class(0.1),
        *(array.astype(np.float32) for array in (parameters, gradients, penalty)),
    )
    assert_allclose(rounded, precise, rtol=1e-4, atol=1e-5)


def test_reads_nothing_stale(optimizer_class, parameters, gradients, penalty):
    update = make_update(optimizer_class(0.1), parameters.copy(), penalty)
    for gradient in gradients:
        for piece in update.pieces:
            piece.scratch[...] = np.nan
        update.gradient[...] = gradient
        update_parameters(update, 1.0)
    expected, _ = run(optimizer_class(0.1), parameters, gradients, penalty)
    assert_array_equal(update.parameters, expected)


def test_hyperparameters_are_declared(optimizer_class):
    declared = {own.name: own.default for own in optimizer_class.hyperparameters}
    _, *parameters = inspect.signature(optimizer_class).parameters.values()
    assert {own.name: own.default for own in parameters} == declared
    assert len(declared) == len(optimizer_class.hyperparameters)
    assert {*optimizer_class.settings, *optimizer_class.shared_settings} == set(declared)
    assert not {*optimizer_class.settings} & {*optimizer_class.shared_settings}
    progress = {"initial_learning_rate", "learning_rate", "n_updates", "state"}
    assert set(vars(optimizer_class(0.1))) == set(declared) | progress


@pytest.mark.parametrize("optimizer", ["spectral"], indirect=True)
def test_all_hyperparameters_have_names_of_their_own(optimizer):
    found = hyperparameters_by_parameter()
    assert all(own.parameter == name for name, own in found.items())
    declared = {own for kind in OPTIMIZERS.values() for own in kind.hyperparameters}
    assert set(found.values()) == declared
    assert {"momentum", "spectral_momentum", "nesterovs_momentum"} < found.keys()


def test_optimizers_agree_on_what_they_have_in_common(monkeypatch):
    class Other(SGD):
        hyperparameters = (replace(SGD.hyperparameters[0], default=0.5),)

    monkeypatch.setitem(OPTIMIZERS, "other", Other)
    with pytest.raises(ValueError, match=r"declare momentum as .*default=0.9.* and as .*=0.5"):
        hyperparameters_by_parameter()


@pytest.mark.parametrize(
    ("closed", "allowed"),
    [("left", [0.0]), ("right", [1.0]), ("both", [0.0, 1.0]), ("neither", [])],
)
def test_bounds_of_a_hyperparameter(closed, allowed):
    own = Hyperparameter("share", 0.5, "", 0, 1, closed)
    assert [value for value in (-0.1, 0.0, 1.0, 1.1, np.nan) if own.allows(value)] == allowed
    with pytest.raises(ValueError, match="the default of share is out of bounds, got 2"):
        replace(own, default=2.0)


def test_what_is_made_when_bound_is_private(optimizer_class, parameters):
    optimizer = optimizer_class(0.1)
    public = set(vars(optimizer))
    run(optimizer, parameters, [parameters])
    assert {name for name in vars(optimizer) if name[0] != "_"} == public


def test_optimizers_that_share_no_stack(optimizer_class, parameters):
    key = optimizer_class(0.1).stack_key()
    assert hash(key) == hash(optimizer_class(0.2).stack_key())
    assert key == optimizer_class(0.2).stack_key()
    begun = optimizer_class(0.1)
    begun.bind(parameters)
    assert begun.stack_key() != key
    for name in optimizer_class.shared_settings:
        other = optimizer_class(0.1)
        setattr(other, name, "another")
        assert other.stack_key() != key
    assert SGD(0.1).stack_key() != Adam(0.1).stack_key() != AdamW(0.1).stack_key()


@pytest.mark.parametrize("optimizer", ["spectral"], indirect=True)
@pytest.mark.parametrize("members", [(), (MEMBERS,)], ids=["single", "stack"])
def test_a_step_by_layer_sees_whole_layers(members, optimizer_class):
    layout = Layout([(2, 7), (0,), (5,), (1, 3)])
    parameters = np.arange(22.0 * MEMBERS).reshape(MEMBERS, 22)
    parameters = parameters if members else parameters[0]
    update = Update(optimizer_class(0.1), parameters, layout=layout)
    assert [piece.shape for piece in update.pieces] == [(2, 7), (5,), (1, 3)]
    first, _, vector, last = layout.views(parameters)
    for piece, expected in zip(update.pieces, (first, vector, last), strict=True):
        assert_array_equal(piece.shaped(piece.parameters), expected)
        for buffer in (piece.parameters, piece.gradient, piece.scratch, *piece.state):
            assert piece.shaped(buffer).shape == expected.shape
            assert np.shares_memory(piece.shaped(buffer), buffer)


@pytest.mark.parametrize("optimizer", ["spectral"], indirect=True)
def test_a_step_by_layer_needs_a_layout(optimizer_class, parameters):
    with pytest.raises(ValueError, match="SpectralDescent steps by layer and needs the layout"):
        Update(optimizer_class(0.1), parameters)


def test_a_state_is_taken_only_from_what_was_bound(optimizer_class):
    with pytest.raises(ValueError, match=f"{optimizer_class.__name__} has no state"):
        take_member(optimizer_class(0.1), 0)
