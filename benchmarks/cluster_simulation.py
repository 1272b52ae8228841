"""A fit of `sknumpynet.dask` on a thousand workers, on paper: measured costs, simulated workers.

What a partition and a member cost is measured in this process, with the code that workers run. How
workers take tasks in turn, straggle and die is simulated; the rest is arithmetic.
"""

import heapq
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.timing import argument_parser, exit_code, markdown_table, thread_limit, versions

# The table on paper, a billion rows, and the smaller one that is measured.
N_FEATURES, ROWS_OF_PARTITION, N_PARTITIONS = 20, 100_000, 10_000
MEASURED, QUICK = (20_000, 10, 3), (300, 3, 1)  # rows of a partition, partitions, epochs
# Of the cluster, assumed: a network of 10 Gbit/s each, Dask's scheduler at about a millisecond a
# task, one worker in fifty four times as slow, and a death a worker every thousand hours.
BYTES_PER_SECOND, SECONDS_PER_TASK = 1.25e9, 1e-3
STRAGGLERS, SLOWNESS, HOURS_TO_DEATH = 0.02, 4.0, 1_000.0
# A task whose worker died more often than this is given up, by Dask's default.
ALLOWED_DEATHS = 3
CASES = [(10, 10), (100, 10), (100, 100), (1_000, 100), (1_000, 1_000)]
COLUMNS = (
    "workers",
    "members",
    "statistics min",
    "encoding min",
    "members h",
    "if none died or straggled h",
    "busy",
    "begun again",
    "given up",
    "to the client MB",
    "read by a member GB",
    "links busy",
)


class Costs(NamedTuple):
    """What a core does, and what passes over the network.

    Parameters
    ----------
    sketch, encode : float
        Seconds for a row.
    train : float
        Seconds of a member for a row in an epoch.
    row_bytes, member_bytes : float
        Of an encoded row, and of what a member's task returns.
    """

    sketch: float
    encode: float
    train: float
    row_bytes: float
    member_bytes: float


class Outcome(NamedTuple):
    """How long tasks took, and what went wrong.

    Parameters
    ----------
    seconds : float
        Until the last one ended.
    busy : float
        The part of all workers' time in which they worked.
    n_deaths : int
        Of workers with a task.
    is_given_up : bool
        Whether a task met more deaths than are allowed.
    """

    seconds: float
    busy: float
    n_deaths: int = 0
    is_given_up: bool = False


def simulated(
    n_tasks: int, seconds: float, speeds: np.ndarray, rng: np.random.RandomState, hazard: float
) -> Outcome:
    """Return what comes of equal tasks that workers take one after another.

    Parameters
    ----------
    n_tasks : int
    seconds : float
        Of a task, on a worker of speed 1.
    speeds : ndarray of shape (n_workers,)
    rng : RandomState
    hazard : float
        Deaths a second of a worker; one that died is there again at once, and its task begins
        anew, on whoever is free first.

    Examples
    --------
    >>> simulated(3, 2.0, np.array([1.0, 0.5]), np.random.RandomState(0), 0.0)[:2]
    (4.0, 1.0)
    """
    free: list[tuple[float, int]] = [(0.0, worker) for worker in range(len(speeds))]
    waiting, n_deaths, worked, end = [0] * n_tasks, 0, 0.0, 0.0
    is_given_up = False
    while waiting:
        start, worker = heapq.heappop(free)
        deaths = waiting.pop()
        length = seconds / speeds[worker]
        death = rng.exponential(1 / hazard) if hazard > 0 else np.inf
        if death < length:
            n_deaths += 1
            is_given_up |= deaths + 1 > ALLOWED_DEATHS
            waiting.append(deaths + 1)
        length = min(length, death)
        worked += float(length)
        end = max(end, start + float(length))
        heapq.heappush(free, (start + float(length), worker))
    return Outcome(end, worked / (end * len(speeds)), n_deaths, is_given_up)


def part(number: int, n_rows: int) -> pd.DataFrame:
    """Return a partition."""
    rng = np.random.default_rng(number)
    X = rng.normal(size=(n_rows, N_FEATURES))
    y = X[:, 0] * X[:, 1] + X[:, 2] + rng.normal(size=n_rows) / 2
    return pd.DataFrame(X, columns=[f"x{k}" for k in range(N_FEATURES)]).assign(y=y)


def measured(n_rows: int, n_parts: int, n_epochs: int) -> tuple[Costs, float]:
    """Return what tasks cost, and what part of a fit on one worker they are.

    Parameters
    ----------
    n_rows : int
        Of a partition.
    n_parts, n_epochs : int
    """
    import dask.dataframe as dd
    from distributed import Client, get_task_stream

    from sknumpynet.dask import DaskTabularMLPRegressor

    table = dd.from_map(part, range(n_parts), n_rows=n_rows, meta=part(0, 1))
    here = Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0")
    with here as client:
        model = DaskTabularMLPRegressor(
            "fast", n_members=2, max_iter=n_epochs, random_state=0, client=client
        )
        model.fit(table.partitions[:2], "y")  # imports and the like
        with get_task_stream(client) as stream:
            start = time.perf_counter()
            model.fit(table, "y")
            seconds = time.perf_counter() - start
    spent: dict[str, float] = defaultdict(float)
    for task in stream.data:
        name = str(task["key"]).strip("('").split("-")[0]
        for own in task["startstops"]:
            if own["action"] == "compute":
                spent[name] += own["stop"] - own["start"]
    row_bytes = 4 * (model.preprocessor_.n_features_out_ + 1)
    n_trained = n_epochs * sum(model.traffic_["share_bytes"]) / row_bytes
    n_all = n_rows * n_parts
    costs = Costs(
        # A partition is made for each, as it would be read.
        (spent["sketch_partition"] + spent["merged_sketches"] + spent["part"] / 2) / n_all,
        (spent["encode_partition"] + spent["checked_rows"] + spent["part"] / 2) / n_all,
        spent["train_member"] / n_trained,
        row_bytes,
        # The optimiser's state too.
        3 * model.parameters_.nbytes / len(model.parameters_),
    )
    return costs, sum(spent.values()) / seconds


def row_of(costs: Costs, n_workers: int, n_members: int) -> list[str]:
    """Return a table's cells."""
    from sknumpynet.presets import PRESETS
    from sknumpynet.utils.encoding.sketching import MOST_BYTES

    n_rows = ROWS_OF_PARTITION * N_PARTITIONS
    n_epochs = PRESETS["fast"].regression.epochs(n_rows)
    rng = np.random.RandomState(0)
    speeds = np.where(rng.random_sample(n_workers) < STRAGGLERS, 1 / SLOWNESS, 1.0)
    hazard = 1 / (3600 * HOURS_TO_DEATH)
    n_read = n_epochs * n_rows * (1 - 1 / max(n_members, 5)) * costs.row_bytes
    of_member = n_epochs * n_rows * (1 - 1 / max(n_members, 5)) * costs.train
    of_member += n_read / BYTES_PER_SECOND  # nothing is read ahead

    def passed(cost: float) -> float:
        own = simulated(N_PARTITIONS, ROWS_OF_PARTITION * cost, speeds, rng, hazard)
        return max(own.seconds, N_PARTITIONS * SECONDS_PER_TASK)

    members = simulated(n_members, of_member, speeds, rng, hazard)
    untroubled = simulated(n_members, of_member, np.ones(n_workers), rng, 0.0)
    # Partitions lie evenly, so that all members read from all workers.
    links = n_members * n_read / (n_workers * BYTES_PER_SECOND * members.seconds)
    return [
        f"{n_workers:,}",
        f"{n_members:,}",
        f"{passed(costs.sketch) / 60:.1f}",
        f"{passed(costs.encode) / 60:.1f}",
        f"{members.seconds / 3600:.2f}",
        f"{untroubled.seconds / 3600:.2f}",
        f"{members.busy:.2f}",
        str(members.n_deaths),
        "yes" if members.is_given_up else "no",
        f"{(MOST_BYTES + n_members * costs.member_bytes) / 1e6:.0f}",
        f"{n_read / 1e9:.0f}",
        f"{links:.2f}",
    ]


def run(quick: bool, threads: int | None) -> None:
    """Measure, simulate and print."""
    with thread_limit(threads):
        costs, in_tasks = measured(*(QUICK if quick else MEASURED))
    print(markdown_table(COLUMNS, [row_of(costs, *case) for case in CASES]))
    print(
        f"\nMeasured: {1e6 * costs.sketch:.2f} µs a row for statistics, {1e6 * costs.encode:.2f} "
        f"to encode it, {1e6 * costs.train:.2f} for a member to learn it once; "
        f"{costs.row_bytes:.0f} bytes a row, {costs.member_bytes / 1e3:.0f} kB a member. "
        f"Tasks were {100 * in_tasks:.0f} % of the time of the fit."
    )
    print(f"\n{versions('dask', 'distributed')}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark from the command line."""
    parser = argument_parser(__doc__ or "", threads=1)
    chosen = parser.parse_args(arguments)
    return exit_code(lambda: run(chosen.quick, chosen.threads))


if __name__ == "__main__":
    sys.exit(main())
