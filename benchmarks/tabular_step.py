"""One training step of networks for tables, by part, beside the floor.

    python -m benchmarks.tabular_step [--quick] [--threads N]

The floor is the matrix products of the dense layers alone, forward and backward. The parts are the
embedding, the activations, the update by AdamW with each parameter's own rate, and the masks of
dropout, which only some members of a classifier take. The embedding of parabolas stands beside that
of the cosines of models saved before. A second table has activations by themselves. First the
gradient of both embeddings is compared with finite differences. Where NumPy has no AVX-512 a cosine
is dear; ``NPY_DISABLE_CPU_FEATURES="X86_V4 AVX512_ICL"`` shows it on a machine that has.
"""

import itertools
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.timing import (
    Progress,
    argument_parser,
    check_close,
    exit_code,
    markdown_table,
    ratio,
    thread_limit,
    time_in_turn,
    versions,
)
from sknumpynet.core.activations import ACTIVATIONS
from sknumpynet.core.architectures import Columns, TableShape, table_network
from sknumpynet.core.dropout import Dropout
from sknumpynet.core.layers import Context, PeriodicEmbedding, Wave
from sknumpynet.core.network import (
    Propagation,
    backward_propagation,
    forward_propagation,
    initialize_parameters,
)
from sknumpynet.core.optimizers import OPTIMIZERS, Factors, Update, update_parameters
from sknumpynet.presets import ACTIVATION, OPTIMIZER

__all__ = ["main"]

# Numerical columns, each a number that is passed on and a rank that is embedded; members; samples.
SHAPES = [(10, 4, 128), (20, 4, 128), (20, 1, 128), (50, 4, 256), (200, 2, 256)]
HIDDEN = (64, 64)
DROPOUT = 0.2
WAVES: tuple[Wave, Wave] = ("parabola", "cosine")
TOLERANCE = 1e-5
PARTS = ("step", "floor", "embedding", "cosines", "activations", "update", "dropout")
COLUMNS = ("columns", "members", "batch", *(f"{part} µs" for part in PARTS), "step / floor")
GATES = ("relu", "smelu", "silu", "mish")


def check_gradient(wave: Wave) -> None:
    """Compare an embedding's gradient with finite differences, in double precision."""
    layer, rng = PeriodicEmbedding(3, wave=wave), np.random.RandomState(0)
    parameters = rng.normal(size=layer.parameter_shape)
    inputs, upstream = rng.normal(size=(4, 7)), rng.normal(size=(layer.fan_out, 7))

    def value(own: np.ndarray) -> float:
        return float((layer.apply(own, inputs)[:-1] * upstream).sum())

    gradient, slopes = np.empty_like(parameters), np.empty_like(parameters)
    bound = layer.bind(parameters, gradient, Context(7))
    bound.forward(inputs)
    bound.backward(upstream.copy())
    for place in np.ndindex(parameters.shape):
        shift = np.zeros_like(parameters)
        shift[place] = 1e-6
        slopes[place] = (value(parameters + shift) - value(parameters - shift)) / 2e-6
    check_close(f"gradient of the {wave}", gradient, slopes, TOLERANCE)


class Sides(NamedTuple):
    """What takes a step of a stack of networks, and what its parts take."""

    step: Callable[[], None]
    embedding: Callable[[], None]
    activations: Callable[[], None]
    update: Callable[[], None]
    dropout: Callable[[], None]


def sides_of(wave: Wave, n_columns: int, n_members: int, batch: int) -> Sides:
    """Return a whole step and its parts, bound to scratch as in training."""
    columns = Columns(2 * n_columns, 0, n_passed_on=n_columns)
    network = table_network(TableShape(columns, HIDDEN, ACTIVATION, 1, wave=wave))
    sources = [np.random.RandomState(k) for k in range(n_members)]
    parameters = initialize_parameters(network, sources, np.float32, "lecun_normal")
    optimizer = OPTIMIZERS["adamw"](1e-3, **OPTIMIZER, weight_decay=0.02)
    factors = Factors(decayed=network.is_decayed, rates=network.learning_rates)
    update = Update(optimizer, parameters, factors)
    drops = [True] * len(HIDDEN)
    propagation = Propagation(network, parameters, update.gradient, batch, dropout=drops)
    dropout = Dropout([(DROPOUT,) * len(HIDDEN)] * n_members, [(k,) for k in range(n_members)])
    rng = np.random.RandomState(0)
    inputs = np.ones((n_members, 2 * n_columns + 1, batch), np.float32)
    inputs[:, :-1] = rng.normal(size=(n_members, 2 * n_columns, batch))
    out = np.empty((n_members, 1, batch), np.float32)
    embedding = propagation.upwards[0]
    delta = rng.normal(size=embedding.units.shape).astype(np.float32)
    hidden = propagation.hidden_layers

    def embed() -> None:
        embedding.forward(inputs)
        embedding.backward(delta)

    def activate() -> None:
        for layer in hidden:
            layer.units[...] = 0.5
            ACTIVATIONS[ACTIVATION].apply_with_derivative(layer.units, layer.derivative, layer.mask)
            layer.units *= layer.derivative

    def make_update() -> None:
        update_parameters(update, np.float32(1.0 / batch))

    def draw() -> None:
        dropout.draw(propagation, batch)

    def step() -> None:
        draw()
        forward_propagation(propagation, inputs, out)
        backward_propagation(propagation, out)
        make_update()

    return Sides(step, embed, activate, make_update, draw)


def floor_of(n_columns: int, n_members: int, batch: int) -> Callable[[], None]:
    """Return what does the products of the dense layers and nothing else."""
    sizes, rng = [5 * n_columns, *HIDDEN, 1], np.random.default_rng(0)
    products = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        weights, inputs, delta = (
            rng.normal(size=(n_members, *shape)).astype(np.float32)
            for shape in ((fan_in + 1, fan_out), (fan_in + 1, batch), (fan_out, batch))
        )
        forward = (weights.swapaxes(-1, -2), inputs)
        backward = [(inputs, delta.swapaxes(-1, -2)), (weights[:, :-1], delta)]
        products += [forward, *backward]
    outs = [np.empty((n_members, a.shape[-2], b.shape[-1]), np.float32) for a, b in products]

    def multiply() -> None:
        for (left, right), out in zip(products, outs, strict=True):
            np.matmul(left, right, out=out)

    return multiply


def measure(n_columns: int, n_members: int, batch: int, repeats: int) -> list[str]:
    """Return a line of the table: microseconds a member, step and column."""
    own, before = (sides_of(wave, n_columns, n_members, batch) for wave in WAVES)
    floor = floor_of(n_columns, n_members, batch)
    sides = {**own._asdict(), "floor": floor, "cosines": before.embedding}
    timings = time_in_turn(sides, repeats, number=5)
    unit = 1e-6 * n_members * n_columns
    return [
        str(n_columns),
        str(n_members),
        str(batch),
        *(f"{timings.median(part) / unit:.2f}" for part in PARTS),
        ratio(timings.ratio("step", "floor")),
    ]


def measure_gates(repeats: int) -> list[list[str]]:
    """Return lines of nanoseconds an entry, value and derivative, in single precision."""
    z = np.random.default_rng(0).normal(size=(4, 64, 128)).astype(np.float32)
    derivative, mask = np.empty_like(z), np.empty(z.shape, bool)

    def side(name: str) -> Callable[[], None]:
        activation, own = ACTIVATIONS[name], z.copy()
        apply = activation.apply_with_derivative
        assert apply is not None

        def run() -> None:
            own[...] = z
            apply(own, derivative, mask)

        return run

    timings = time_in_turn({name: side(name) for name in GATES}, repeats, number=20)
    return [[name, f"{timings.median(name) / z.size * 1e9:.2f}"] for name in GATES]


def run(quick: bool) -> None:
    """Compare the gradients, then measure and print the tables."""
    for wave in WAVES:
        check_gradient(wave)
    shapes, repeats = (SHAPES[:1], 3) if quick else (SHAPES, 31)
    progress, rows = Progress(len(shapes)), []
    for shape in shapes:
        progress.show(f"{shape[0]} columns")
        rows.append(measure(*shape, repeats=repeats))
    progress.close()
    print(markdown_table(COLUMNS, rows))
    print(f"\n{markdown_table(('activation', 'ns an entry'), measure_gates(repeats))}")
    print(f"\n{versions()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    options = argument_parser("A training step for tables, by part.", threads=1)
    parsed = options.parse_args(arguments)
    with thread_limit(parsed.threads):
        return exit_code(lambda: run(parsed.quick))


if __name__ == "__main__":
    sys.exit(main())
