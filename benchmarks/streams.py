"""Tables that do not fit memory: time, memory and log loss, beside LightGBM's and SGD's.

    python -m benchmarks.streams [--quick] [--rows N] [--models NAME ...] [--memory MIB]
        [--folder FOLDER] [--threads N]

It makes Parquet of ``--rows`` rows and 20 columns: 14 numbers, with gaps and heavy tails, four
categories of a few levels, two of 200 and 2,000. Labels depend on products of columns and on
levels. Each model is fitted in a process of its own, from the files, and predicts 100,000 rows that
come after them. Memory is the most that the process and its workers held, beside what the imports
take; CPU seconds are the process's own, all there are with ``--threads 1``.

- ``fast``, ``default``: `TabularMLPClassifier` of that preset, `fit(path, "label")`.
- ``in-memory``: ``fast`` of a frame that is read whole.
- ``lightgbm``: 100 trees, from a `lightgbm.Sequence` that reads groups of rows; codes of levels as
  categories.
- ``sgd``: `SGDClassifier.partial_fit`, one pass, of standardised numbers and hashed levels.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import set_config
from sklearn.metrics import log_loss

from benchmarks.memory import PeakOfWorkers, peak_megabytes
from benchmarks.timing import argument_parser, markdown_table, thread_limit, versions

__all__ = ["main"]

N_NUMBERS = 14
LEVELS = (2, 3, 5, 8, 200, 2_000)
NAMES = [f"number {k}" for k in range(N_NUMBERS)] + [f"level {k}" for k in range(len(LEVELS))]
GROUP = 100_000  # rows
TEST_ROWS = 100_000


def frame(number: int, n_rows: int) -> Any:
    """Return rows, the same for a number."""
    import pandas as pd

    rng, levels = np.random.default_rng([1, number]), np.random.default_rng(0)
    numbers = rng.standard_t(3, (n_rows, N_NUMBERS))
    codes = [rng.zipf(1.2, n_rows) % n if n > 100 else rng.integers(n, size=n_rows) for n in LEVELS]
    logit = numbers[:, 0] * np.where(codes[0] == 0, 1.0, -1.0) + np.abs(numbers[:, 1])
    logit += 2.0 * (numbers[:, 2] > 0.5) * (numbers[:, 3] > 0.0) - 0.5 * numbers[:, 4]
    logit += levels.normal(size=LEVELS[4])[codes[4]] + levels.normal(size=LEVELS[5])[codes[5]]
    numbers[rng.random((n_rows, N_NUMBERS)) < 0.02] = np.nan
    columns = dict(zip(NAMES, [*numbers.T, *codes], strict=True))
    for k, n in enumerate(LEVELS):
        texts = np.array([f"v{code}" for code in range(n)])
        columns[f"level {k}"] = texts[codes[k]]
    columns["label"] = (rng.random(n_rows) < 1 / (1 + np.exp(-logit))).astype(int)
    return pd.DataFrame(columns)


def make(folder: Path, n_rows: int) -> None:
    """Write the rows to train on and those to test with."""
    import pyarrow as pa
    from pyarrow import parquet

    starts = range(0, n_rows, GROUP)
    writer = None
    for number, start in enumerate(starts):
        table = pa.Table.from_pandas(
            frame(number, min(GROUP, n_rows - start)), preserve_index=False
        )
        writer = writer or parquet.ParquetWriter(folder / "train.parquet", table.schema)
        writer.write_table(table, row_group_size=GROUP)
    assert writer is not None
    writer.close()
    frame(len(starts), min(TEST_ROWS, n_rows)).to_parquet(folder / "test.parquet", index=False)


def groups(path: Path) -> Iterator[Any]:
    """Yield the groups of rows as frames."""
    from pyarrow import parquet

    file = parquet.ParquetFile(path)
    for k in range(file.num_row_groups):
        yield file.read_row_group(k).to_pandas()


Predict = Callable[[Any], np.ndarray]


def fit_ours(preset: str, path: Path, threads: int | None) -> Predict:
    """Fit a preset."""
    from sknumpynet import TabularMLPClassifier

    model = TabularMLPClassifier(preset, random_state=0, n_jobs=threads).fit(path, "label")
    return lambda X: model.predict_proba(X)[:, 1]


def fit_in_memory(path: Path, threads: int | None) -> Predict:
    """Fit the same preset to all rows at once."""
    import pandas as pd

    from sknumpynet import TabularMLPClassifier

    X = pd.read_parquet(path)
    y = X.pop("label")
    model = TabularMLPClassifier("fast", random_state=0, n_jobs=threads).fit(X, y)
    return lambda X: model.predict_proba(X)[:, 1]


def as_codes(X: Any) -> np.ndarray:
    """Return numbers, and levels as numbers."""
    texts = [X[f"level {k}"].str[1:].to_numpy().astype(float) for k in range(len(LEVELS))]
    return np.column_stack([X[NAMES[:N_NUMBERS]].to_numpy(), *texts])


def fit_lightgbm(path: Path, threads: int | None) -> Predict:
    """Fit 100 trees to groups of rows that are read as LightGBM asks for them."""
    import lightgbm
    from pyarrow import parquet

    file = parquet.ParquetFile(path)

    @lru_cache(1)  # rows to make bins of are asked for one by one
    def codes_of(group: int) -> np.ndarray:
        return as_codes(file.read_row_group(group).to_pandas())

    class Rows(lightgbm.Sequence):
        batch_size = GROUP

        def __init__(self, group: int) -> None:
            self.group, self.n_rows = group, file.metadata.row_group(group).num_rows

        def __len__(self) -> int:
            return self.n_rows

        def __getitem__(self, rows: Any) -> np.ndarray:
            return codes_of(self.group)[rows]

    labels = parquet.read_table(path, columns=["label"])["label"].to_numpy()
    categories = list(range(N_NUMBERS, len(NAMES)))
    data = lightgbm.Dataset(
        [Rows(k) for k in range(file.num_row_groups)],
        label=labels,
        categorical_feature=categories,
        params={"verbose": -1, "num_threads": threads or 0},
    )
    settings = {"objective": "binary", "verbose": -1, "num_threads": threads or 0}
    booster = lightgbm.train(settings, data, 100)
    return lambda X: np.asarray(booster.predict(as_codes(X)))


def fit_sgd(path: Path, threads: int | None) -> Predict:
    """Fit logistic regression by one pass."""
    from scipy.sparse import csr_array, hstack
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.linear_model import SGDClassifier
    from sklearn.preprocessing import StandardScaler

    scaler, hasher = StandardScaler(), FeatureHasher(2**12, input_type="string")
    model = SGDClassifier(loss="log_loss", average=True, random_state=0)

    def rows(X: Any) -> Any:
        numbers = np.clip(np.nan_to_num(scaler.transform(X[NAMES[:N_NUMBERS]].to_numpy())), -5, 5)
        levels = [X[f"level {k}"] + f" {k}" for k in range(len(LEVELS))]
        return hstack([csr_array(numbers), hasher.transform(zip(*levels, strict=True))]).tocsr()

    for X in groups(path):
        scaler.partial_fit(X[NAMES[:N_NUMBERS]].to_numpy())
        model.partial_fit(rows(X), X["label"], classes=[0, 1])
    return lambda X: model.predict_proba(rows(X))[:, 1]


MODELS: dict[str, Callable[[Path, int | None], Predict]] = {
    "fast": partial(fit_ours, "fast"),
    "default": partial(fit_ours, "default"),
    "in-memory": fit_in_memory,
    "lightgbm": fit_lightgbm,
    "sgd": fit_sgd,
}


def measure(name: str, folder: Path, threads: int | None) -> dict[str, float]:
    """Return what fitting a model takes, in this process, and how good it is."""
    import pandas as pd
    from pyarrow import dataset  # noqa: F401 - imports are no part of what is measured

    before = peak_megabytes()
    with PeakOfWorkers() as workers:
        start, cpu_start = time.perf_counter(), time.process_time()
        predict = MODELS[name](folder / "train.parquet", threads)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu_start
    peak = peak_megabytes() - before + workers.megabytes
    test = pd.read_parquet(folder / "test.parquet")
    loss = log_loss(test["label"], predict(test[NAMES]))
    return {"seconds": seconds, "cpu": cpu, "megabytes": peak, "loss": float(loss)}


def measured(name: str, folder: Path, args: argparse.Namespace) -> dict[str, float]:
    """Return what a process of its own measures."""
    command = [sys.executable, "-m", "benchmarks.streams", "--measure", name]
    command += ["--folder", str(folder), "--memory", str(args.memory)]
    if args.threads is not None:
        command += ["--threads", str(args.threads)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(folder: Path, args: argparse.Namespace) -> int:
    """Print a row for each model."""
    make(folder, args.rows)
    size = (folder / "train.parquet").stat().st_size / 1e6
    print(f"{args.rows:,} rows of {len(NAMES)} columns, {size:.0f} MB of Parquet\n")
    rows = []
    for name in args.models:
        found = measured(name, folder, args)
        rows.append(
            [
                name,
                f"{found['seconds']:.1f}",
                f"{found['cpu']:.1f}",
                f"{args.rows / found['seconds']:,.0f}",
                f"{found['megabytes']:.0f}",
                f"{found['loss']:.4f}",
            ]
        )
    print(
        markdown_table(["model", "seconds", "CPU seconds", "rows a second", "MB", "log loss"], rows)
    )
    print(f"\n{versions('scikit-learn', 'lightgbm', 'pyarrow')}")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit code."""
    parser = argument_parser(__doc__ or "", threads=None)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=["fast", "lightgbm", "sgd"])
    parser.add_argument("--memory", type=int, default=1024, help="working_memory, in MiB")
    parser.add_argument("--folder", type=Path, help="where files go; a temporary one by default")
    parser.add_argument("--measure", choices=MODELS, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    set_config(working_memory=args.memory)
    if args.measure:
        with thread_limit(args.threads):
            print(json.dumps(measure(args.measure, args.folder, args.threads)))
        return 0
    if args.quick:
        args.rows = 3_000
    if args.folder is not None:
        return compare(args.folder, args)
    with tempfile.TemporaryDirectory() as folder:
        return compare(Path(folder), args)


if __name__ == "__main__":
    sys.exit(main())
