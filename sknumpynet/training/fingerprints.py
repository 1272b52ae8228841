"""What tells one fit from another, and one machine from another."""

import platform
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import scipy

from sknumpynet.training.runs import Run, TrainingProblem
from sknumpynet.utils.blas import blas_libraries
from sknumpynet.utils.descriptions import describe

__all__ = ["describe_machine", "describe_problem", "describe_source", "describe_starts"]

# Of the configuration, what has no part in the numbers.
_NOT_COUNTED = {"n_jobs", "verbose"}


def describe_problem(problem: TrainingProblem) -> dict[str, str]:
    """Return what all numbers of a training come from, but for random draws.

    Two fits whose descriptions are equal train the same, see `describe`.
    """
    config, data, start = problem.config, problem.data, problem.warm_start
    described = {
        own.name: describe(getattr(config, own.name))
        for own in fields(config)
        if own.name not in _NOT_COUNTED
    }
    described |= {
        "random_state": describe_source(config.random_state),
        "X": describe(data.training_X),
        "y": describe(data.targets),
        "sample_weight": describe(data.sample_weight),
        "rows of weight above 0": describe(data.is_kept),
        "networks": describe(problem.networks),
        "loss": describe(problem.loss),
        "split_params": describe(problem.split_params),
    }
    if (rows := data.validation) is not None:
        described |= {
            "X_val": describe(rows.inputs()),
            "y_val": describe(rows.targets),
            "sample_weight_val": describe(rows.sample_weight),
        }
    if start is not None:
        described["warm start"] = describe([start.coefs, start.intercepts, start.states])
    return described


def describe_source(random_state: Any) -> str:
    """Return what a random source is; the state of one is a checkpoint's own."""
    if isinstance(random_state, np.random.RandomState):
        return str(random_state.get_state(legacy=False)["bit_generator"])
    return describe(random_state)


def describe_starts(runs: Sequence[Run]) -> str:
    """Return what members begin with: their parameters and their rows."""
    return describe(
        [[run.whole_parameters, run.dataset.rows, run.dataset.sample_weight] for run in runs]
    )


def describe_machine() -> dict[str, str]:
    """Return what the last bits depend on, beside the fit."""
    return {
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "machine": platform.machine(),
        "BLAS": "; ".join(blas_libraries()),
    }
