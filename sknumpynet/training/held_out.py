"""The rows that training holds out, and how they are made ready for scores."""

from dataclasses import replace
from typing import Any

import numpy as np

from sknumpynet.core.batching import Dataset
from sknumpynet.training.data import TrainingData, ValidationSet
from sknumpynet.training.runs import TrainingProblem
from sknumpynet.training.validation import sliceable, uses_scorer
from sknumpynet.utils.scikit_learn import rows_of

__all__ = ["for_scoring", "split_for_early_stopping"]


def for_scoring(data: TrainingData, scoring: Any) -> TrainingData:
    """Return the data as validation takes them.

    Only a scorer needs rows as they were given, in a table that can be cut.
    """
    rows = data.validation
    if not uses_scorer(scoring):
        rows = None if rows is None else rows._replace(given=None)
        return data._replace(validation=rows, given=None)
    if rows is not None:
        rows = rows._replace(given=sliceable(rows.given, rows.X)).with_weight_only()
    return data._replace(validation=rows, given=sliceable(data.given, data.X))


def split_for_early_stopping(
    problem: TrainingProblem,
    dataset: Dataset,
    held_out: np.ndarray | None,
    random_state: np.random.RandomState,
) -> tuple[Dataset, ValidationSet]:
    """Set rows aside for early stopping, unless there are rows that are not trained on."""
    config, data = problem.config, problem.data
    if held_out is None:
        train_rows, held_out = config.splits.set_aside(
            dataset, config.validation_fraction, random_state
        )
        dataset = replace(dataset, rows=train_rows)
    weight = dataset.sample_weight
    if weight is not None:
        for part, rows in (("training", dataset.rows), ("validation", held_out)):
            if not weight[rows].any():
                raise ValueError(
                    f"Sample weights of the {part} set of early_stopping must contain at "
                    "least one non-zero number."
                )
    validation = ValidationSet(
        dataset.X,
        data.y[held_out],
        dataset.targets[held_out],
        None if weight is None else weight[held_out],
        has_weight=None if data.has_weight is None else data.has_weight[held_out],
        given=None if data.given is None else rows_of(data.given, held_out),
        rows=held_out,
    )
    if uses_scorer(config.scoring):
        validation = validation.with_weight_only()
    return dataset, validation
