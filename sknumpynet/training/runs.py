"""What the training of one network, and of an ensemble, depends on."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from sknumpynet.core.batching import Dataset
from sknumpynet.core.losses import Loss
from sknumpynet.core.members import Member, MemberResult, Snapshot
from sknumpynet.core.network import Network
from sknumpynet.core.optimizers import Optimizer
from sknumpynet.core.types import IntArray
from sknumpynet.training.checkpoints import MemberFile
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.data import MemberRows, TrainingData, Warned
from sknumpynet.training.level_statistics import KnownStatistics, LevelStatistics, with_table
from sknumpynet.training.validation import Scoring
from sknumpynet.training.warm_start import WarmStart

__all__ = ["EnsembleRuns", "TrainingProblem", "Run"]


@dataclass
class Run:
    """One network's training, from its first parameters to its last.

    Parameters
    ----------
    network : Network
    loss : Loss
    parameters : ndarray of shape (P,)
        Where training starts, and afterwards where it ended.
    dataset : Dataset
        Its rows; ``sample_weight`` and ``rows`` have no member axis.
    member : Member
        The batch size of its settings may be larger than the dataset.
    optimizer : Optimizer or None
        None for L-BFGS. Holds its last state afterwards.
    lbfgs : dict, optional
        Options of `minimize_lbfgs`.
    statistics : LevelStatistics or KnownStatistics, optional
        Of what the dataset's own columns are made when it trains, not before: those of all members
        would be as many tables.
    table : ndarray, optional
        Of a network that begins with a `LevelTable` that layer's parameters, flat: ``network`` is
        what comes above it.

    Attributes
    ----------
    result : MemberResult or None
        None until it is trained.
    optimize_result : OptimizeResult or None
        Of L-BFGS.
    seconds : float
        The run's part of the time that its stack took.
    task : Task or None
        Is told when training begins and ends.
    file : MemberFile or None
        Where it is kept while it trains, if it is.
    snapshot : Snapshot or None
        Where it goes on from, in place of ``parameters`` and ``optimizer``.
    lost_its_scores : bool
        Whether the scorer failed in some epoch, so that the loss has scored all of them.
    padded_to : int
        Rows of the longest run that it shares a stack with.
    may_go_on : bool
        Whether it may be given more epochs once those it has are used up.
    pause : Snapshot or None
        Of when they were.
    """

    network: Network
    loss: Loss
    parameters: np.ndarray
    dataset: Dataset
    member: Member
    optimizer: Optimizer | None
    lbfgs: dict[str, Any] | None = None
    statistics: LevelStatistics | KnownStatistics | None = None
    table: np.ndarray | None = None
    result: MemberResult | None = None
    optimize_result: Any = None
    seconds: float = 0.0
    task: Any = None
    file: MemberFile | None = None
    snapshot: Snapshot | None = None
    lost_its_scores: bool = False
    padded_to: int = 0
    may_go_on: bool = False
    pause: Snapshot | None = None

    def key(self) -> Hashable:
        """Return what the runs of a stack have in common."""
        settings = self.member.settings
        return (
            self.network,
            self.loss,
            self.parameters.dtype,
            None if self.optimizer is None else self.optimizer.stack_key(),
            settings.batch_size,
            settings.shuffle,
            self.dataset.targets.dtype,
            self.dataset.sample_weight is None,
            self.dataset.is_smoothed,
            self.dataset.n_classes,
            # What members have for themselves is of rows of one table.
            None if self.statistics is None else id(self.dataset.X),
        )

    @property
    def whole_parameters(self) -> np.ndarray:
        """The parameters of the whole network, with its table of levels."""
        return with_table(self.table, self.parameters)

    def can_stack(self) -> bool:
        """Return whether other runs may share its stack."""
        return self.optimizer is not None and not self.dataset.is_sparse


@dataclass(frozen=True)
class TrainingProblem:
    """All that the training of one estimator's networks depends on.

    Parameters
    ----------
    config : TrainingConfig
    data : TrainingData
    networks : tuple of Network
        What members are in turn.
    loss : Loss
    scoring : Scoring
        How the rows that are held out score a network.
    warm_start : WarmStart, optional
        What training goes on from.
    split_params : dict
        For the ``split`` of a splitter given as ``resample``.
    """

    config: TrainingConfig
    data: TrainingData
    networks: tuple[Network, ...]
    loss: Loss
    scoring: Scoring
    warm_start: WarmStart | None = None
    split_params: dict[str, Any] = field(default_factory=dict)

    def network_of(self, member: int) -> Network:
        """Return the network of one member."""
        return self.networks[member % len(self.networks)]

    def dropout_of(self, member: int) -> Any:
        """Return the dropout of one member, in turn among those of its kind."""
        dropouts = self.config.dropouts
        return dropouts[member // len(self.networks) % len(dropouts)]


class EnsembleRuns(NamedTuple):
    """The runs of an estimator's members.

    Parameters
    ----------
    problem : TrainingProblem
    runs : list of Run
    rows : list of MemberRows
    seeds : ndarray of int of shape (K,) or None
        None of a single network.
    warnings : list of (str, category)
        What to warn of.
    """

    problem: TrainingProblem
    runs: list[Run]
    rows: list[MemberRows]
    seeds: IntArray | None
    warnings: list[Warned]
