"""How good and how fast a model is on one split of a table, and the file that remembers it."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.tabular_data import CLASSIFICATION, REGRESSION, Split, Table
from benchmarks.tabular_peers import Model, Setting, quiet

__all__ = ["METRICS", "Key", "Metric", "Record", "Results", "measure"]

LEAST_PROBABILITY = 1e-7


@dataclass(frozen=True)
class Metric:
    """A number that is better when it is smaller.

    Parameters
    ----------
    column : str
        Its name in a `Record`.
    label : str
    least : float
        What counts as perfect when two models are divided by each other.
    margin : float
        How much worse than a rival, as a part of its number, a table may be without being named.
    """

    column: str
    label: str
    least: float
    margin: float = 0.1


METRICS = {
    CLASSIFICATION: (
        Metric("log_loss", "log loss", 0.01),
        Metric("error_rate", "error rate", 0.005),
        Metric("auc_loss", "1 - AUC", 0.001, margin=0.15),
    ),
    REGRESSION: (
        Metric("nrmse", "nRMSE", 0.01),
        Metric("nmae", "nMAE", 0.01),
    ),
}


class Key(NamedTuple):
    """What was fit: every key is measured once."""

    table: str
    split: int
    n_train: int
    n_test: int
    model: str


@dataclass(frozen=True)
class Record:
    """A row of the results' file; what was not measured is not a number.

    Parameters
    ----------
    table, task : str
    split, n_train, n_test, n_features : int
    model : str
    log_loss, error_rate, auc_loss : float
        Of classification.
    nrmse, nmae : float
        Of regression: errors over the standard deviation of the test targets.
    fit_seconds, predict_seconds : float
    error : str
        Why the model failed; empty if it did not.
    """

    table: str
    task: str
    split: int
    n_train: int
    n_test: int
    n_features: int
    model: str
    log_loss: float = math.nan
    error_rate: float = math.nan
    auc_loss: float = math.nan
    nrmse: float = math.nan
    nmae: float = math.nan
    fit_seconds: float = math.nan
    predict_seconds: float = math.nan
    error: str = ""

    @property
    def key(self) -> Key:
        """Return what was fit."""
        return Key(self.table, self.split, self.n_train, self.n_test, self.model)


class Results:
    """All records, in memory and, as they come, in a file.

    Parameters
    ----------
    file : Path, optional
        Its records are taken over, except those of failures, which are tried again.
    fresh : bool
        Whether to start anew.
    """

    def __init__(self, file: Path | None = None, *, fresh: bool = False) -> None:
        self.file = file
        self.records: dict[Key, Record] = {}
        if file is None:
            return
        if fresh or not file.exists():
            with file.open("w", newline="", encoding="utf-8") as lines:
                csv.writer(lines).writerow(_COLUMNS)
        self.records = {record.key: record for record in _read(file) if not record.error}

    def add(self, record: Record) -> None:
        """Keep a record and write it at once, so that an interrupted run can be resumed."""
        self.records[record.key] = record
        if self.file is not None:
            with self.file.open("a", newline="", encoding="utf-8") as lines:
                csv.DictWriter(lines, _COLUMNS).writerow(asdict(record))


_FIELDS = fields(Record)
_COLUMNS = [field.name for field in _FIELDS]
_TYPES = {"int": int, "float": float, "str": str}


def _read(file: Path) -> Iterator[Record]:
    with file.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            yield Record(**{field.name: _TYPES[field.type](row[field.name]) for field in _FIELDS})


def measure(model: Model, name: str, table: Table, data: Split, seed: int, cores: int) -> Record:
    """Fit and predict once; what fails is recorded as well."""
    known: dict[str, Any] = {
        "table": table.name,
        "task": table.task,
        "split": seed,
        "n_train": len(data.y_train),
        "n_test": len(data.y_test),
        "n_features": table.X.shape[1],
        "model": name,
    }
    try:
        with quiet():
            estimator = model.make(Setting(table.task, data.X_train, seed, cores))
            known |= _measured(estimator, table, data, model.clock)
    except Exception as error:  # peers fail in their own ways, the others go on
        lines = str(error).strip().splitlines() or [""]
        known["error"] = f"{type(error).__name__}: {lines[0]}"
    return Record(**known)


def _measured(
    estimator: Any, table: Table, data: Split, clock: Callable[[], float]
) -> dict[str, float]:
    is_classification = table.task == CLASSIFICATION
    # Peers want classes without gaps, but a class may be missing from training.
    present, y = np.unique(data.y_train, return_inverse=True)
    start = clock()
    estimator.fit(data.X_train, y if is_classification else data.y_train)
    fitted = clock()
    predict = estimator.predict_proba if is_classification else estimator.predict
    predicted = np.asarray(predict(data.X_test), float)
    seconds = {"fit_seconds": fitted - start, "predict_seconds": clock() - fitted}
    if not np.isfinite(predicted).all():
        raise ValueError("predictions are not finite")
    if not is_classification:
        return seconds | _regression_metrics(predicted.ravel(), data.y_test)
    probabilities = np.zeros((len(predicted), table.n_classes))
    probabilities[:, present] = predicted
    return seconds | _classification_metrics(probabilities, data.y_test)


def _classification_metrics(probabilities: np.ndarray, y: np.ndarray) -> dict[str, float]:
    clipped = np.clip(probabilities, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    clipped /= clipped.sum(axis=1, keepdims=True)
    return {
        "log_loss": float(-np.log(clipped[np.arange(len(y)), y]).mean()),
        "error_rate": float(np.mean(probabilities.argmax(axis=1) != y)),
        "auc_loss": 1 - _auc(probabilities, y),
    }


def _auc(probabilities: np.ndarray, y: np.ndarray) -> float:
    """Return the mean over the classes among the test rows, each against the rest."""
    classes = np.unique(y)
    if len(classes) < 2:
        return math.nan
    return float(np.mean([roc_auc_score(y == k, probabilities[:, k]) for k in classes]))


def _regression_metrics(predicted: np.ndarray, y: np.ndarray) -> dict[str, float]:
    errors = (predicted - y) / y.std()
    return {
        "nrmse": float(np.sqrt(np.mean(errors**2))),
        "nmae": float(np.mean(np.abs(errors))),
    }
