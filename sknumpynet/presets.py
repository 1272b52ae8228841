"""How much `TabularMLPClassifier` and `TabularMLPRegressor` train, and how."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from sknumpynet.core.schedules import fading

__all__ = ["ACTIVATION", "OPTIMIZER", "PRESETS", "TRAINING", "Preset", "TrainingBudget"]

# Beyond so many rows epochs get fewer, by the root of the rows, and members by the root of that,
# down to five: the more rows, the less members differ.
ROWS_OF_FULL_BUDGET = 10_000
FEWEST_MEMBERS = 5


class Training(TypedDict):
    """How all tables are learned, in the words of `TrainingConfig`; tuned on 20 tables."""

    solver: str
    alpha: float
    learning_rate: str
    power_t: float
    warmup: float
    regularization: Callable[[float], float]
    max_grad_norm: float | None
    weight_init: str
    dtype: str
    shuffle: bool
    tol: float
    n_iter_no_change: float
    early_stopping: bool
    validation_fraction: float


TRAINING = Training(
    solver="adamw",
    alpha=0.0,
    learning_rate="one_cycle",
    power_t=0.5,
    warmup=0.0,
    regularization=fading,
    max_grad_norm=None,
    weight_init="lecun_normal",
    dtype="float32",
    shuffle=True,
    tol=0.0,
    n_iter_no_change=float("inf"),
    early_stopping=True,
    validation_fraction=0.1,
)
# Of the solver, beside the learning rate and the decay of weights.
OPTIMIZER = {"beta_1": 0.9, "beta_2": 0.95, "epsilon": 1e-8}
ACTIVATION = "mish"


@dataclass(frozen=True)
class TrainingBudget:
    """How many networks learn for how long.

    Parameters
    ----------
    most_members, most_epochs : int
        Of tables of up to 10,000 rows.
    learning_rate : float
        The highest of the schedule.
    dropout : tuple of float
        Rates that members take in turn: some tables want it and others do not, and an ensemble of
        both does nearly as well as the better.
    """

    most_members: int
    most_epochs: int
    learning_rate: float
    dropout: tuple[float, ...] = (0.0,)

    def members(self, n_samples: int) -> int:
        """Return how many networks there are."""
        fewest = min(self.most_members, FEWEST_MEMBERS)
        return max(round(self.most_members * _part_of_budget(n_samples, 0.25)), fewest)

    def epochs(self, n_samples: int) -> int:
        """Return the passes over the data."""
        return max(round(self.most_epochs * _part_of_budget(n_samples, 0.5)), 1)


def _part_of_budget(n_samples: int, power: float) -> float:
    part: float = min(ROWS_OF_FULL_BUDGET / max(n_samples, 1), 1.0) ** power
    return part


@dataclass(frozen=True)
class Preset:
    """A compromise of quality and time.

    Labels are soon learned by heart, so that many networks do more for them than many epochs;
    numbers ask for epochs.

    Parameters
    ----------
    classification, regression : TrainingBudget
    hidden_layer_sizes : tuple of int
    weight_decay : float
    """

    classification: TrainingBudget
    regression: TrainingBudget
    hidden_layer_sizes: tuple[int, ...] = (64, 64)
    weight_decay: float = 0.02

    @staticmethod
    def batch_size(n_samples: int) -> int:
        """Return the samples of a step, which grow with the table."""
        if n_samples <= 1_000:
            return 32 if n_samples <= 500 else 64
        return 128 if n_samples <= 8_000 else 256


PRESETS = {
    "fast": Preset(TrainingBudget(5, 16, 0.04, (0.0, 0.2)), TrainingBudget(5, 32, 0.2)),
    "default": Preset(TrainingBudget(16, 24, 0.04, (0.0, 0.2)), TrainingBudget(8, 56, 0.2)),
    "best": Preset(
        TrainingBudget(40, 32, 0.04, (0.0, 0.2)),
        TrainingBudget(20, 128, 0.2),
        hidden_layer_sizes=(128, 128),
    ),
}
