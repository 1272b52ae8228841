"""A fit of `sknumpynet.dask` on a thousand workers, on paper: measured costs, simulated workers.

What a partition and a member cost is measured in this process, with the code that workers run. How
workers take tasks in turn, straggle and die is simulated; the rest is arithmetic.
"""

import heapq
import itertools
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.timing import argument_parser, exit_code, markdown_table, thread_limit, versions
from sknumpynet.dask import attempts

# The table on paper, a billion rows, and the smaller one that is measured.
N_FEATURES, ROWS_OF_PARTITION, N_PARTITIONS = 20, 100_000, 10_000
MEASURED, QUICK = (20_000, 10, 3), (300, 3, 1)  # rows of a partition, partitions, epochs
# Of the cluster, assumed: a network of 10 Gbit/s each, Dask's scheduler at about a millisecond a
# task, one worker in fifty four times as slow, and a death a worker every thousand hours.
BYTES_PER_SECOND, SECONDS_PER_TASK = 1.25e9, 1e-3
STRAGGLERS, SLOWNESS, HOURS_TO_DEATH = 0.02, 4.0, 1_000.0
# What `sknumpynet.dask` does about it.
SECONDS_TO_SAVE, LATE = attempts.SECONDS_TO_SAVE, attempts.LATE
# A task whose worker died more often than this is given up, by Dask's default.
ALLOWED_DEATHS = 3
CASES = [(10, 10), (100, 10), (100, 100), (1_000, 100), (1_000, 1_000)]
COLUMNS = (
    "workers",
    "members",
    "statistics min",
    "encoding min",
    "members h",
    "without copies and saves h",
    "if none died or straggled h",
    "busy",
    "deaths",
    "copies",
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
    n_copies : int
        Of tasks that were late.
    is_given_up : bool
        Whether a task met more deaths than are allowed.
    """

    seconds: float
    busy: float
    n_deaths: int = 0
    n_copies: int = 0
    is_given_up: bool = False


@dataclass(frozen=True, order=True)
class _Attempt:
    """A worker at a task, from some time on; what part of it was done by then."""

    number: int
    task: int
    worker: int
    start: float
    done_before: float


@dataclass
class _Cluster:
    """Workers and tasks while a simulation is going on."""

    seconds: float
    speeds: np.ndarray
    rng: np.random.RandomState
    hazard: float
    helps: bool
    waiting: list[int]
    idle: list[int]
    events: list[tuple[float, str, _Attempt]] = field(default_factory=list)
    running: dict[int, _Attempt] = field(default_factory=dict)  # by number
    numbers: itertools.count = field(default_factory=itertools.count)  # type: ignore[type-arg]
    saved: dict[int, float] = field(default_factory=dict)
    deaths: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    lengths: list[float] = field(default_factory=list)
    worked: float = 0.0
    n_copies: int = 0

    def begin(self, now: float, task: int) -> None:
        worker = self.idle.pop()
        attempt = _Attempt(next(self.numbers), task, worker, now, self.saved.get(task, 0.0))
        self.running[attempt.number] = attempt
        length = (1 - attempt.done_before) * self.seconds / float(self.speeds[worker])
        death = float(self.rng.exponential(1 / self.hazard)) if self.hazard > 0 else np.inf
        what = "dies" if death < length else "ends"
        heapq.heappush(self.events, (now + min(death, length), what, attempt))

    def stop(self, now: float, attempt: _Attempt) -> None:
        del self.running[attempt.number]
        self.worked += now - attempt.start
        self.idle.append(attempt.worker)

    def save(self, now: float) -> None:
        """Save where all tasks stand, as far as their last save."""
        for own in self.running.values():
            seconds = max(now - own.start - SECONDS_TO_SAVE, 0.0)
            part = own.done_before + seconds * float(self.speeds[own.worker]) / self.seconds
            self.saved[own.task] = max(self.saved.get(own.task, 0.0), part)

    def watch(self, now: float) -> None:
        """Look at those that run when they will be late."""
        for own in self.running.values():
            late = max(own.start + self.longest(), now)
            heapq.heappush(self.events, (late, "is late", own))

    def longest(self) -> float:
        """Return the seconds after which a task is late."""
        return LATE * float(statistics.median(self.lengths))


def simulated(
    n_tasks: int,
    seconds: float,
    speeds: np.ndarray,
    rng: np.random.RandomState,
    hazard: float,
    *,
    helps: bool = True,
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
        Deaths a second of a worker; one that died is there again at once, and its task waits for
        whoever is free first.
    helps : bool
        Whether tasks that are late are copied to idle workers, and go on where they were saved.

    Examples
    --------
    >>> rng = np.random.RandomState(0)
    >>> simulated(3, 2.0, np.array([1.0, 0.5]), rng, 0.0)[:2]
    (4.0, 1.0)
    >>> speeds = np.array([1.0, 1.0, 0.01])
    >>> [simulated(3, 1e3, speeds, rng, 0.0, helps=own).seconds for own in (False, True)]
    [100000.0, 2237.6]
    """
    cluster = _Cluster(
        seconds, speeds, rng, hazard, helps, [*range(n_tasks)], [*range(len(speeds))][::-1]
    )
    now, left = 0.0, set(range(n_tasks))
    is_watched = False
    while left:
        while cluster.waiting and cluster.idle:
            cluster.begin(now, cluster.waiting.pop())
        if helps and cluster.idle and not is_watched and len(cluster.lengths) >= len(left):
            cluster.watch(now)
            is_watched = True
        now, what, attempt = heapq.heappop(cluster.events)
        task = attempt.task
        if attempt.number not in cluster.running or task not in left:
            continue
        if helps:
            cluster.save(now)
        if what == "ends":
            left.remove(task)
            cluster.lengths.append(now - attempt.start)
            for own in [own for own in cluster.running.values() if own.task == task]:
                cluster.stop(now, own)
        elif what == "dies":
            cluster.deaths[task] += 1
            cluster.stop(now, attempt)
            if all(own.task != task for own in cluster.running.values()):
                cluster.waiting.append(task)
        elif cluster.idle:
            cluster.n_copies += 1
            cluster.begin(now, task)
            heapq.heappush(cluster.events, (now + cluster.longest(), "is late", attempt))
    n_deaths, most = sum(cluster.deaths.values()), max(cluster.deaths.values(), default=0)
    busy = cluster.worked / (now * len(speeds))
    return Outcome(now, busy, n_deaths, cluster.n_copies, most > ALLOWED_DEATHS)


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
        n_seconds = ROWS_OF_PARTITION * cost
        own = simulated(N_PARTITIONS, n_seconds, speeds, rng, hazard, helps=False)
        return max(own.seconds, N_PARTITIONS * SECONDS_PER_TASK)

    members = simulated(n_members, of_member, speeds, rng, hazard)
    alone = simulated(n_members, of_member, speeds, rng, hazard, helps=False)
    untroubled = simulated(n_members, of_member, np.ones(n_workers), rng, 0.0)
    # Partitions lie evenly, so that all members read from all workers.
    links = n_members * n_read / (n_workers * BYTES_PER_SECOND * members.seconds)
    return [
        f"{n_workers:,}",
        f"{n_members:,}",
        f"{passed(costs.sketch) / 60:.1f}",
        f"{passed(costs.encode) / 60:.1f}",
        f"{members.seconds / 3600:.2f}",
        f"{alone.seconds / 3600:.2f}",
        f"{untroubled.seconds / 3600:.2f}",
        f"{members.busy:.2f}",
        str(members.n_deaths),
        str(members.n_copies),
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
