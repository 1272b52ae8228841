"""What a fitted estimator keeps of rows that had no part in one of its networks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpynet.core.types import FloatArray, IntArray
from sknumpynet.training.data import TrainingData
from sknumpynet.training.out_of_fold import HeldOut

__all__ = ["HeldOutRows"]


@dataclass(frozen=True)
class HeldOutRows:
    """Predictions of rows by networks that they had no part in, beside their targets.

    Parameters
    ----------
    predictions : ndarray of shape (n_rows, n_outputs)
        Activated outputs, as the network has them.
    targets : ndarray of shape (n_rows, n_targets)
        Numbers as they were given, or the indicators of classes that the network learns.
    networks : ndarray of int of shape (n_rows,)
        Which of the networks predicted a row.
    rows : ndarray of int of shape (n_rows,)
        Which they are: some may stand here several times.
    sample_weight : ndarray of shape (n_rows,) or None
        A row's weight, divided by how many times it stands here.
    ensembles : list of dict
        The attributes that let an estimator predict with the networks, one ensemble after another;
        none where they are the estimator's own.
    ranges : ndarray of shape (2, n_members, n_targets)
        The lowest and the highest target that each member was trained on.
    member_variance : ndarray of shape (n_outputs,) or None
        Of what members say of a row, as the network has it; None for classes.
    """

    predictions: FloatArray
    targets: FloatArray
    networks: IntArray
    rows: IntArray
    sample_weight: FloatArray | None
    ensembles: list[dict[str, Any]]
    ranges: FloatArray
    member_variance: FloatArray | None

    @classmethod
    def of(
        cls,
        held_out: HeldOut,
        data: TrainingData,
        predicting: Callable[[FloatArray], dict[str, Any]],
        *,
        of_numbers: bool,
    ) -> "HeldOutRows":
        """Return what is kept of a training; rows of weight 0 are left out.

        Parameters
        ----------
        held_out : HeldOut
        data : TrainingData
        predicting : callable(parameters)
            Returns the attributes that predict.
        of_numbers : bool
            Whether targets are numbers, not classes.
        """
        targets = np.asarray(data.targets)
        if of_numbers:
            targets = np.asarray(data.y, np.float64).reshape(len(data.y), -1)
        times = np.bincount(held_out.rows, minlength=len(targets))[held_out.rows]
        weight = None
        if data.sample_weight is not None or (times > 1).any():
            weight = 1.0 / times
            if data.sample_weight is not None:
                weight = weight * data.sample_weight[held_out.rows]
        kept: Any = slice(None) if weight is None else weight > 0
        rows = held_out.rows[kept]
        ends = [targets[own] for own in held_out.training_rows]
        return cls(
            held_out.predictions[kept],
            targets[rows],
            held_out.networks[kept],
            rows,
            None if weight is None else weight[kept],
            [predicting(parameters) for parameters in held_out.ensembles],
            np.stack([[own.min(axis=0) for own in ends], [own.max(axis=0) for own in ends]]),
            held_out.member_variance,
        )

    @property
    def n_networks(self) -> int:
        """How many networks there are."""
        return int(self.ranges.shape[1]) * max(len(self.ensembles), 1)

    def to_plain(self) -> dict[str, Any]:
        """Return it as arrays and plain Python, as a saved model holds it."""
        return dict(vars(self))
