"""One training step of a network for tables, and of its embedding, beside the floor.

    python -m benchmarks.tabular_step [--quick] [--threads N]

The floor is the matrix products of the dense layers alone, forward and backward. Waves are timed as
the parabolas that are learned now and as the cosines of models saved before. First the gradient of
both embeddings is compared with finite differences. Where NumPy has no AVX-512 a cosine is dear;
``NPY_DISABLE_CPU_FEATURES="X86_V4 AVX512_ICL"`` shows it on a machine that has.
"""

import itertools
import sys
from collections.abc import Callable, Sequence

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
from sknumpynet.core.architectures import Columns, TableShape, table_network
from sknumpynet.core.layers import Context, PeriodicEmbedding, Wave
from sknumpynet.core.network import (
    Propagation,
    backward_propagation,
    forward_propagation,
    initialize_parameters,
)

__all__ = ["main"]

# Numerical columns, each a number and its rank; members; samples of a batch.
SHAPES = [(10, 4, 128), (20, 4, 128), (20, 1, 128), (50, 4, 256), (200, 2, 256)]
HIDDEN = (64, 64)
WAVES: tuple[Wave, Wave] = ("parabola", "cosine")
TOLERANCE = 1e-5
COLUMNS = (
    "columns",
    "members",
    "batch",
    "floor µs",
    "step µs",
    "step, cosines µs",
    "embedding µs",
    "embedding, cosines µs",
    "embedding ratio",
    "step ratio",
    "step / floor",
)


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


def step_of(
    wave: Wave, n_columns: int, n_members: int, batch: int
) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return what takes a step of a stack of networks, and of their embeddings alone."""
    shape = TableShape(Columns(2 * n_columns, 0), HIDDEN, "mish", 1, wave=wave)
    network, rng = table_network(shape), np.random.RandomState(0)
    sources = [np.random.RandomState(k) for k in range(n_members)]
    parameters = initialize_parameters(network, sources, np.float32, "lecun_normal")
    propagation = Propagation(network, parameters, np.empty_like(parameters), batch)
    inputs = np.ones((n_members, 2 * n_columns + 1, batch), np.float32)
    inputs[:, :-1] = rng.normal(size=(n_members, 2 * n_columns, batch))
    out = np.empty((n_members, 1, batch), np.float32)
    embedding = propagation.upwards[0]
    delta = rng.normal(size=embedding.units.shape).astype(np.float32)

    def step() -> None:
        forward_propagation(propagation, inputs, out)
        backward_propagation(propagation, out)

    def embed() -> None:
        embedding.forward(inputs)
        embedding.backward(delta)

    return step, embed


def floor_of(n_columns: int, n_members: int, batch: int) -> Callable[[], None]:
    """Return what does the products of the dense layers and nothing else."""
    sizes, rng = [2 * n_columns * 4, *HIDDEN, 1], np.random.default_rng(0)
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
    """Return a line of the table."""
    sides: dict[str, Callable[[], None]] = {"floor": floor_of(n_columns, n_members, batch)}
    for wave in WAVES:
        step, embed = step_of(wave, n_columns, n_members, batch)
        sides |= {f"step {wave}": step, f"embed {wave}": embed}
    timings = time_in_turn(sides, repeats, number=5)
    order = ["floor", "step parabola", "step cosine", "embed parabola", "embed cosine"]
    return [
        str(n_columns),
        str(n_members),
        str(batch),
        *(f"{timings.median(side) * 1e6:.0f}" for side in order),
        ratio(timings.ratio("embed cosine", "embed parabola")),
        ratio(timings.ratio("step cosine", "step parabola")),
        ratio(timings.ratio("step parabola", "floor")),
    ]


def run(quick: bool) -> None:
    """Compare the gradients, then measure and print the table."""
    for wave in WAVES:
        check_gradient(wave)
    shapes = SHAPES[:1] if quick else SHAPES
    progress, rows = Progress(len(shapes)), []
    for shape in shapes:
        progress.show(f"{shape[0]} columns")
        rows.append(measure(*shape, repeats=3 if quick else 31))
    progress.close()
    print(markdown_table(COLUMNS, rows))
    print(f"\n{versions()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the process's exit code."""
    options = argument_parser("A training step for tables, by part.", threads=1)
    parsed = options.parse_args(arguments)
    with thread_limit(parsed.threads):
        return exit_code(lambda: run(parsed.quick))


if __name__ == "__main__":
    sys.exit(main())
