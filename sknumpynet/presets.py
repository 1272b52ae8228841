"""How much `TabularMLPClassifier` and `TabularMLPRegressor` train, and how."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from sknumpynet.core.architectures import NumberEmbedding
from sknumpynet.core.schedules import fading

__all__ = [
    "ACTIVATION",
    "EMBEDDINGS",
    "MONOTONE_ACTIVATION",
    "OPTIMIZER",
    "PIECES",
    "PRESETS",
    "STREAM",
    "STREAM_BATCH_SIZE",
    "STREAM_RATE",
    "TRAINING",
    "WAVES",
    "Preset",
    "TrainingBudget",
]

# Beyond so many rows epochs get fewer, by the root of the rows, and members by the root of that,
# down to five: the more rows, the less members differ.
ROWS_OF_FULL_BUDGET = 10_000
FEWEST_MEMBERS = 5
# Below so many rows epochs get more: few steps are what small tables without noise suffer from.
ROWS_OF_MORE_EPOCHS = 2_000


class Training(TypedDict):
    """How all tables are learned, in the words of `TrainingConfig`; tuned on 20 tables."""

    solver: str
    alpha: float
    learning_rate: str
    power_t: float
    warmup: float
    regularization: Callable[[float], float] | None
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
# Of a stream no end is known, by which rates could rise and fall, and no rows are held out.
STREAM = Training(
    **{
        **TRAINING,
        "learning_rate": "constant",
        "regularization": None,
        "early_stopping": False,
    }
)
# By progressive validation of adult, california_housing and bike_sharing in parts of 100 rows: with
# steps of 32 rows losses are 0 to 13 % higher, with rates of 0.01 and 0.04 from 3 % lower to 11 %
# higher. A rate that falls with the root of the rows has 1 to 4 % less, and follows no drift.
STREAM_BATCH_SIZE, STREAM_RATE = 16, 0.02
# Of the solver, beside the learning rate and the decay of weights.
OPTIMIZER = {"beta_1": 0.9, "beta_2": 0.95, "epsilon": 1e-8}
ACTIVATION = "mish"
# Of networks with monotonic constraints: mish falls and rises.
MONOTONE_ACTIVATION = "smelu"


class Embedding(TypedDict):
    """How a kind of member embeds numbers, in the words of `TableShape`."""

    embedding: NumberEmbedding
    sigmas: NotRequired[tuple[float, float]]


WAVES = Embedding(embedding="periodic", sigmas=(0.2, 2.0))
PIECES = Embedding(embedding="piecewise")
# What members are in turn. Waves learn what is smooth, pieces what is sharp. Numbers want both: of
# eight members either alone has 0.4 to 0.9 % more nRMSE. For classes waves beside pieces bring
# nothing (log loss 0.0 % with twice the members and weights by rows held out, ten tables).
EMBEDDINGS = {"classes": (PIECES,), "numbers": (WAVES, PIECES)}


@dataclass(frozen=True)
class TrainingBudget:
    """How many networks learn for how long.

    Parameters
    ----------
    most_members, most_epochs : int
        Of tables of 2,000 to 10,000 rows.
    learning_rate : float
        The highest of the schedule.
    dropout : tuple of float
        Rates that members take in turn: some tables want it and others do not, and an ensemble of
        both does nearly as well as the better.
    of_few_rows : float
        How many times as many epochs tables of few rows get at most: their number rises by the
        root of the rows below 2,000.
    """

    most_members: int
    most_epochs: int
    learning_rate: float
    dropout: tuple[float, ...] = (0.0,)
    of_few_rows: float = 1.0

    def members(self, n_samples: int) -> int:
        """Return how many networks there are, an even number where they are fewer than most."""
        if n_samples <= ROWS_OF_FULL_BUDGET:
            return self.most_members
        fewest = min(self.most_members, FEWEST_MEMBERS)
        pairs = self.most_members * _part_of_budget(n_samples, 0.25) / 2
        return max(2 * round(pairs), fewest)

    def epochs(self, n_samples: int) -> int:
        """Return the passes over the data."""
        more: float = (ROWS_OF_MORE_EPOCHS / max(n_samples, 1)) ** 0.5
        more = min(max(more, 1.0), self.of_few_rows)
        return max(round(self.most_epochs * more * _part_of_budget(n_samples, 0.5)), 1)


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
    n_trees_for_knots : int
        Trees that each member grows to place knots by; four take up to a fifth of a fit of `fast`.
    mixes_embeddings : bool
        Whether members embed numbers in different ways in turn. Of five members two stacks of two
        and three take up to 1.2 times as long as one, and are no better.
    """

    classification: TrainingBudget
    regression: TrainingBudget
    hidden_layer_sizes: tuple[int, ...] = (64, 64)
    weight_decay: float = 0.02
    n_trees_for_knots: int = 4
    mixes_embeddings: bool = True

    @staticmethod
    def batch_size(n_samples: int) -> int:
        """Return the samples of a step, which grow with the table."""
        if n_samples <= 1_000:
            return 32 if n_samples <= 500 else 64
        return 128 if n_samples <= 16_000 else 256


PRESETS = {
    "fast": Preset(
        TrainingBudget(5, 14, 0.04, (0.0, 0.2)),
        TrainingBudget(5, 28, 0.2),
        n_trees_for_knots=2,
        mixes_embeddings=False,
    ),
    "default": Preset(
        TrainingBudget(16, 32, 0.04, (0.0, 0.2), of_few_rows=2.0),
        TrainingBudget(8, 72, 0.2, of_few_rows=2.0),
    ),
    "best": Preset(
        TrainingBudget(40, 40, 0.04, (0.0, 0.2), of_few_rows=2.0),
        TrainingBudget(20, 128, 0.2, of_few_rows=2.0),
        hidden_layer_sizes=(128, 128),
    ),
}
