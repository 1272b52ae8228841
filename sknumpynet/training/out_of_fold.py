"""What networks say of rows that they never saw, and of rows that had no part in them at all."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sknumpynet.core.inference import activated, raw_outputs
from sknumpynet.core.types import FloatArray, IntArray
from sknumpynet.training.level_statistics import with_table
from sknumpynet.training.runs import EnsembleRuns
from sknumpynet.training.validation import Validator

__all__ = [
    "HeldOut",
    "held_out_predictions",
    "held_out_rows",
    "mean_out_of_fold",
    "out_of_fold",
    "stacked_parameters",
]


class HeldOut(NamedTuple):
    """What is said of rows that had no part in a network: not its training, nor its epoch.

    A member that chooses its epoch by the rows that it holds out stands here as two networks, with
    the epochs that each half of these rows chose: each predicts the other half.

    Parameters
    ----------
    predictions : ndarray of shape (n_rows, n_outputs)
    rows : ndarray of int of shape (n_rows,)
        Of the table.
    networks : ndarray of int of shape (n_rows,)
        Which predicted a row, of all networks: member k of ensemble e is ``e * n_members + k``.
    ensembles : list of ndarray of shape (n_members, P) or (P,)
        Parameters; none where the members themselves predicted.
    training_rows : list of ndarray of int
        What each member trained on.
    member_variance : ndarray of shape (n_outputs,), optional
        Of what members say of a row, the mean over all rows, where these are numbers.
    """

    predictions: FloatArray
    rows: IntArray
    networks: IntArray
    ensembles: list[FloatArray]
    training_rows: list[IntArray]
    member_variance: FloatArray | None


def out_of_fold(trained: EnsembleRuns) -> FloatArray | None:
    """Let every member predict the rows that it never saw; None where all see all.

    Parameters
    ----------
    trained : EnsembleRuns

    Returns
    -------
    ndarray of shape (n_samples, n_outputs) or None
        See `mean_out_of_fold`.
    """
    held_out = held_out_rows(trained)
    if held_out is None:
        return None
    predictions = [
        _predicted(trained, k, run.whole_parameters, trained.problem.data.X[rows])
        for k, (run, rows) in enumerate(zip(trained.runs, held_out, strict=True))
    ]
    return mean_out_of_fold(predictions, held_out, trained.problem.data.X.shape[0])


def held_out_predictions(trained: EnsembleRuns) -> HeldOut | None:
    """Let networks predict the rows that had no part in them; None where there are none.

    Parameters
    ----------
    trained : EnsembleRuns
    """
    config, data = trained.problem.config, trained.problem.data
    held_out = held_out_rows(trained)
    if held_out is None or not config.conformal:
        return None
    parts: list[tuple[int, FloatArray, IntArray]] = []
    ensembles: list[FloatArray] = []
    if config.is_judged_by_folds(data):
        halves = [_halves(trained, k) for k in range(len(trained.runs))]
        for place in (0, 1):
            networks = [own[place] for own in halves]
            ensembles.append(stacked_parameters([network.parameters for network in networks]))
            parts += [
                (place * len(halves) + k, network.parameters, network.others)
                for k, network in enumerate(networks)
            ]
    else:
        parts = [
            (k, run.whole_parameters, rows)
            for k, (run, rows) in enumerate(zip(trained.runs, held_out, strict=True))
        ]
    n_members = len(trained.runs)
    return HeldOut(
        np.concatenate(
            [_predicted(trained, k % n_members, own, data.X[rows]) for k, own, rows in parts]
        ),
        np.concatenate([rows for _, _, rows in parts]),
        np.repeat([k for k, _, _ in parts], [len(rows) for _, _, rows in parts]),
        ensembles,
        [run.dataset.used_rows for run in trained.runs],
        _member_variance(trained),
    )


def _member_variance(trained: EnsembleRuns) -> FloatArray | None:
    """Return how far members scatter; nearly all have learned from each row, so a little less."""
    if trained.problem.loss.output_activation in ("logistic", "softmax"):
        return None
    if len(trained.runs) == 1:
        return np.zeros(trained.problem.networks[0].fan_out)
    data = trained.problem.data
    mean: Any = 0.0
    squares: Any = 0.0
    for k, run in enumerate(trained.runs):
        # Not of what rows of weight 0 hold.
        predictions = _predicted(trained, k, run.whole_parameters, data.training_X)
        predictions = predictions.astype(np.float64)
        difference = predictions - mean
        mean = mean + difference / (k + 1)
        squares = squares + difference * (predictions - mean)
    variance: FloatArray = np.average(squares, axis=0, weights=data.sample_weight)
    variance /= len(trained.runs) - 1
    return variance


class _Half(NamedTuple):
    """A member of the epoch that one half of its validation rows chose, and the other half."""

    parameters: FloatArray
    others: IntArray


def _halves(trained: EnsembleRuns, member: int) -> list[_Half]:
    run = trained.runs[member]
    validator, result = run.member.validate, run.result
    bests = [] if result is None else result.best_of_parts
    chosen = [best.parameters for best in bests if best.parameters is not None]
    if len(chosen) < 2:  # too few rows, or no loss that is a number
        return [_Half(run.whole_parameters, np.empty(0, np.intp))] * 2
    assert isinstance(validator, Validator)
    rows = validator.validation.rows
    assert rows is not None
    others = [rows[part] for part in reversed(validator.parts)]
    return [
        _Half(with_table(run.table, parameters), own)
        for parameters, own in zip(chosen, others, strict=True)
    ]


def _predicted(trained: EnsembleRuns, member: int, parameters: FloatArray, X: Any) -> FloatArray:
    """Return what the network of a member says of rows."""
    problem = trained.problem
    raw = raw_outputs(problem.network_of(member), parameters, X)
    return activated(raw, problem.loss.output_activation)


def stacked_parameters(parameters: Sequence[FloatArray]) -> FloatArray:
    """Return the parameters of members as one array, with zeros at the ends of shorter ones.

    Examples
    --------
    >>> import numpy as np
    >>> stacked_parameters([np.ones(3), np.ones(2)])
    array([[1., 1., 1.],
           [1., 1., 0.]])
    >>> stacked_parameters([np.ones(3)])
    array([1., 1., 1.])
    """
    if len(parameters) == 1:
        return parameters[0]
    size = max(map(len, parameters))
    return np.stack([np.pad(own, (0, size - len(own))) for own in parameters])


def held_out_rows(trained: EnsembleRuns) -> list[IntArray] | None:
    """Return the rows that each member never saw; None where all see all."""
    held_out = [rows.held_out for rows in trained.rows if rows.held_out is not None]
    return held_out or None


def mean_out_of_fold(
    predictions: Sequence[FloatArray], held_out: Sequence[IntArray], n_samples: int
) -> FloatArray:
    """Return each row's mean over the members that never saw it, NaN where there is none.

    Parameters
    ----------
    predictions : sequence of ndarray of shape (n_held_out, n_outputs)
    held_out : sequence of ndarray of int of shape (n_held_out,)
    n_samples : int

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    total = np.zeros((n_samples, predictions[0].shape[1]), predictions[0].dtype)
    counts = np.zeros((n_samples, 1), total.dtype)
    for rows, values in zip(held_out, predictions, strict=True):
        np.add.at(total, rows, values)
        np.add.at(counts, rows, 1)
    return np.divide(total, counts, out=np.full_like(total, np.nan), where=counts > 0)
