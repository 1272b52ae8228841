"""Where every member's training starts: its random source and its first parameters."""

from typing import Any

import numpy as np

from sknumpynet.core.network import Network, initialize_parameters
from sknumpynet.core.types import IntArray
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.runs import TrainingProblem
from sknumpynet.training.warm_start import WarmStart

__all__ = ["sources_of_members", "starting_parameters"]


def sources_of_members(
    config: TrainingConfig, warm_start: WarmStart | None, random_state: np.random.RandomState
) -> tuple[list[np.random.RandomState], IntArray | None]:
    """Return every member's random source, and the seeds of several.

    Raises
    ------
    ValueError
        If training is to go on with another number of members.
    """
    n_members = config.n_members
    if warm_start is not None and n_members != len(warm_start.states):
        raise ValueError(
            "training can only be continued with as many members as were fitted, "
            f"{len(warm_start.states)}: got n_members={n_members}"
        )
    if n_members == 1:
        return [random_state], None
    seeds: IntArray
    if warm_start is None:
        seeds = random_state.randint(np.iinfo(np.int32).max, size=n_members)
    else:
        assert warm_start.member_seeds is not None
        seeds = warm_start.member_seeds
    return [np.random.RandomState(seed) for seed in seeds], seeds


def starting_parameters(
    problem: TrainingProblem, sources: list[np.random.RandomState]
) -> list[np.ndarray]:
    """Return every member's parameters to train on: drawn anew, or where a training ended."""
    if problem.warm_start is not None:
        return _continued_parameters(problem.config, problem.warm_start, problem.network)
    config, X = problem.config, problem.data.X
    inputs = _initial_inputs(config, X)
    return [
        initialize_parameters(problem.network, source, X.dtype, config.weight_init, inputs)
        for source in sources
    ]


def _initial_inputs(config: TrainingConfig, X: Any) -> np.ndarray | None:
    """Return the rows that starting weights are fitted to, if they are."""
    if config.n_initial_rows is None:
        return None
    n_rows: int = X.shape[0]
    if n_rows <= config.n_initial_rows:
        return np.asarray(X)
    # Not by the estimator's source: its draws are those of the members.
    rows = np.random.RandomState(0).choice(n_rows, config.n_initial_rows, replace=False)
    return np.asarray(X[rows])


def _continued_parameters(
    config: TrainingConfig, warm_start: WarmStart, network: Network
) -> list[np.ndarray]:
    """Return the fitted parameters as fresh buffers to train on."""
    fitted = [coef.shape[-2:] for coef in warm_start.coefs]
    wanted = [(layer.fan_in, layer.fan_out) for layer in network.layers]
    if fitted != wanted:
        raise ValueError(
            "training can only be continued with layers of the same sizes: the fitted "
            f"weights have shapes {fitted}, hidden_layer_sizes={config.hidden_layer_sizes} and "
            f"the data need {wanted}"
        )
    biases = [np.expand_dims(intercept, -2) for intercept in warm_start.intercepts]
    parameters = network.layout.pack(warm_start.coefs, biases)
    # Weights may have been assigned in any type.
    parameters = parameters.astype(np.float32 if parameters.dtype == np.float32 else np.float64)
    return list(parameters.reshape(-1, parameters.shape[-1]))
