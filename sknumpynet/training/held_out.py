"""The rows that training holds out, and how they are made ready for scores."""

from dataclasses import replace
from typing import Any

import numpy as np

from sknumpynet.core.batching import Dataset
from sknumpynet.core.types import IntArray
from sknumpynet.training.data import TrainingData, ValidationSet
from sknumpynet.training.runs import TrainingProblem
from sknumpynet.training.validation import sliceable, uses_scorer
from sknumpynet.utils.scikit_learn import rows_of

__all__ = ["for_scoring", "halves_of", "split_for_early_stopping"]


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


def halves_of(
    validation: ValidationSet, groups: Any, random_state: np.random.RandomState
) -> tuple[IntArray, ...]:
    """Deal a member's validation rows, those of weight above 0, into two halves.

    An epoch that the one half chooses knows nothing of the other.

    Parameters
    ----------
    validation : ValidationSet
    groups : array-like of shape (n_samples,) or None
        Of all rows of the table: the rows of one group stay together, if there are two or more.
    random_state : RandomState

    Returns
    -------
    tuple of ndarray of int
        Places in the validation set; none if one row or less has weight.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.zeros((5, 1))
    >>> rows = ValidationSet(y, y, y, None, rows=np.arange(5))
    >>> [half.tolist() for half in halves_of(rows, None, np.random.RandomState(0))]
    [[0, 2], [1, 3, 4]]
    """
    places = np.arange(len(validation.targets))
    if validation.sample_weight is not None:
        places = places[validation.sample_weight > 0]
    if len(places) < 2:
        return ()
    own = places
    if groups is not None and validation.rows is not None:
        # They may be of any kind, and of several.
        numbers: dict[Any, int] = {}
        names = np.asarray(rows_of(groups, validation.rows[places]), object).tolist()
        own = np.array([numbers.setdefault(name, len(numbers)) for name in names])
        if len(numbers) == 1:
            own = places
    labels = np.unique(own)
    first = random_state.permutation(labels)[: len(labels) // 2]
    is_first = np.isin(own, first)
    return places[is_first], places[~is_first]
