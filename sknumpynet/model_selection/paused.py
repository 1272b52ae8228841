"""Candidates whose networks have no epochs left, kept until it is known which get more of them."""

import itertools
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sknumpynet.model_selection.candidate_runs import CandidateRuns, with_more_epochs
from sknumpynet.model_selection.candidates import Candidate
from sknumpynet.model_selection.equality import setting_key
from sknumpynet.training.continuation import arrays_to_go_on, why_not_to_go_on

__all__ = ["PausedCandidates"]


@dataclass
class _Paused:
    """What one candidate came to on every split, or why it cannot go on."""

    n_epochs: int
    runs: list[CandidateRuns]
    reason: str
    score: float = np.nan


class PausedCandidates:
    """The candidates of a search's last iteration, those that may go on with their networks.

    Parameters
    ----------
    resource : str
        The parameter that differs between iterations, the network's ``max_iter``.
    budget : int
        Bytes that networks and what they are trained on may take.
    """

    def __init__(self, resource: str, budget: int) -> None:
        self.resource, self.budget = resource, budget
        self._paused: dict[Hashable, list[_Paused]] = {}
        self._next: dict[Hashable, list[_Paused]] = defaultdict(list)
        self._to_score: dict[int, _Paused] = {}

    def begin_iteration(self, params: Sequence[dict[str, Any]]) -> None:
        """Let those go that are not among the next candidates."""
        staying = {self._key(own) for own in params}
        self._paused = {key: own for key, own in self._next.items() if key in staying}
        self._next = defaultdict(list)

    def take(self, candidate: Candidate) -> list[CandidateRuns] | str | None:
        """Return the runs of a candidate on every split, ready for their further epochs.

        Or why it is to be trained anew; None of one that was not trained before.
        """
        paused = self._paused.get(self._key(candidate.params))
        stackable = candidate.stackable
        if not paused or stackable is None:
            return None
        n_epochs = int(candidate.params[self.resource])
        # Of equal candidates those that have come furthest.
        able = [own for own in paused if own.runs and own.n_epochs <= n_epochs]
        if not able:
            return paused[0].reason or f"it has been trained for more than {n_epochs} epochs"
        furthest = max(able, key=lambda own: own.n_epochs)
        paused.remove(furthest)
        return [with_more_epochs(runs, stackable, n_epochs) for runs in furthest.runs]

    def keep(self, number: int, candidate: Candidate, trained: list[CandidateRuns]) -> None:
        """Keep what a candidate came to on every split, if it can go on.

        Parameters
        ----------
        number : int
            Of the candidate among those that are scored next.
        candidate : Candidate
        trained : list of CandidateRuns
        """
        runs = [run for own in trained for run in own.runs]
        reason = "" if all(run.may_go_on for run in runs) else max(map(why_not_to_go_on, runs))
        n_epochs = int(candidate.params[self.resource])
        paused = _Paused(n_epochs, [] if reason else trained, reason)
        self._next[self._key(candidate.params)].append(paused)
        self._to_score[number] = paused

    def score(self, scores: npt.NDArray[np.floating[Any]]) -> None:
        """Let those go that there is no room for, the worst of the iteration so far.

        Parameters
        ----------
        scores : ndarray of shape (n_candidates,)
            Of the candidates that were trained since it was last called.
        """
        for number, paused in self._to_score.items():
            paused.score = float(scores[number])
        self._to_score = {}
        held: dict[int, int] = {}
        for own in itertools.chain.from_iterable(self._paused.values()):
            held |= _sizes(own.runs)
        room = self.budget - sum(held.values())
        trained = list(itertools.chain.from_iterable(self._next.values()))
        for own in sorted(trained, key=lambda own: np.nan_to_num(-own.score, nan=np.inf)):
            added = {key: size for key, size in _sizes(own.runs).items() if key not in held}
            if sum(added.values()) <= room:
                held |= added
                room -= sum(added.values())
            elif own.runs:
                own.runs, own.reason = [], "working_memory has no room for what it would go on from"

    def _key(self, params: dict[str, Any]) -> Hashable:
        names = sorted(name for name in params if name != self.resource)
        return tuple((name, setting_key(params[name])) for name in names)


def _sizes(trained: Sequence[CandidateRuns]) -> dict[int, int]:
    """Return the bytes of what is kept alive, by identity: much of it is shared."""
    sizes = {id(own.inputs): own.inputs.nbytes for own in trained}
    for own in trained:
        for run in own.runs:
            sizes |= {id(array): array.nbytes for array in arrays_to_go_on(run)}
    return sizes
