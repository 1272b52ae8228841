"""The report of a search: what was trained as which stack, and what alone."""

from collections.abc import Hashable, Sequence
from typing import Any

from sknumpynet.core.network import Network
from sknumpynet.model_selection.candidates import Candidate
from sknumpynet.training.runs import Run

__all__ = ["StackingReport"]


class StackingReport:
    """Counts stacks and the candidates that are in none.

    Attributes
    ----------
    stacks : dict
        A line for each stack, by what its runs have in common.
    alone : list of dict
        The candidates that scikit-learn's loop has to fit, and why.
    anew : list of dict
        The candidates that were trained before with less of a search's resource and began anew,
        and why.
    """

    def __init__(self) -> None:
        self.stacks: dict[Hashable, dict[str, Any]] = {}
        self.alone: list[dict[str, Any]] = []
        self.anew: list[dict[str, Any]] = []
        self.n_candidates = 0
        self.iteration: int | None = None

    def begin_iteration(self) -> None:
        """Count the stacks that follow as those of the next iteration."""
        self.iteration = 0 if self.iteration is None else self.iteration + 1

    def add_stack(self, stack: Sequence[Run], n_chunks: int) -> None:
        """Count runs that will train as one stack."""
        line = self.stacks.setdefault(self._key(stack[0].key()), _description(stack[0]))
        line["n_networks"] += len(stack)
        line["n_chunks"] += n_chunks
        if self.iteration is not None:
            line["iter"] = self.iteration
            n_continued = sum(run.snapshot is not None for run in stack)
            line["n_continued"] = line.get("n_continued", 0) + n_continued

    def add_seconds(self, key: Hashable, seconds: float) -> None:
        """Count what the runs of a stack took."""
        self.stacks[self._key(key)]["seconds"] += seconds

    def _key(self, key: Hashable) -> Hashable:
        return self.iteration, key

    def add_candidates(self, candidates: Sequence[Candidate]) -> None:
        """Take down which of the next candidates do not stack, and which began anew."""
        for i, candidate in enumerate(candidates, self.n_candidates):
            line = {"candidate": i, "params": candidate.params}
            if candidate.reason:
                self.alone.append(line | {"reason": candidate.reason})
            elif candidate.anew:
                self.anew.append(line | {"reason": candidate.anew})
        self.n_candidates += len(candidates)

    def as_dict(self) -> dict[str, list[dict[str, Any]]]:
        """Return what a search shows as ``stacking_report_``."""
        report = {"stacks": list(self.stacks.values()), "alone": self.alone}
        return report if self.iteration is None else report | {"anew": self.anew}


def _description(run: Run) -> dict[str, Any]:
    """Describe the stack of a run, of which nothing is trained yet."""
    layers = run.network.dense_layers
    return {
        "layer_sizes": (run.network.fan_in, *(layer.fan_out for layer in layers)),
        "activation": _activation_names(run.network),
        "loss": run.loss.name,
        "solver": type(run.optimizer).__name__.lower(),
        "batch_size": run.member.settings.batch_size,
        "dtype": str(run.parameters.dtype),
        "n_networks": 0,
        "n_chunks": 0,
        "seconds": 0.0,
    }


def _activation_names(network: Network) -> str | tuple[str, ...] | None:
    names = [own.name for own in network.hidden_activations]
    if len(set(names)) > 1:
        return tuple(names)
    return names[0] if names else None
