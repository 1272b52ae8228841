"""Where every member's training starts: its random source and its first parameters."""

import numpy as np

from sknumpynet.core.network import Network, initialize_parameters
from sknumpynet.core.types import IntArray
from sknumpynet.training.column_parts import (
    choose_columns,
    credible_strengths,
    first_factors,
    strengths_of_columns,
)
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.runs import Run, TrainingProblem
from sknumpynet.training.warm_start import WarmStart

__all__ = ["sources_of_members", "start_with_columns", "starting_parameters"]


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
    """Return every member's parameters to train on: drawn anew, or where a training ended.

    They are empty where members see parts of the columns: see `start_with_columns`.
    """
    if problem.networks[0].selection is not None:
        return [np.empty(0, problem.data.X.dtype)] * len(sources)
    if problem.warm_start is not None:
        return _continued_parameters(problem.config, problem.warm_start, problem.networks[0])
    config, X = problem.config, problem.data.X
    rows = _initial_rows(config, X.shape[0])
    inputs = None if rows is None else np.asarray(X[rows])
    return [
        initialize_parameters(problem.network_of(k), source, X.dtype, config.weight_init, inputs)
        for k, source in enumerate(sources)
    ]


def start_with_columns(problem: TrainingProblem, run: Run, member: int, seed: int) -> np.ndarray:
    """Return a member's parameters to train on, where it sees a part of the columns.

    They come after its rows, by which its columns are chosen.

    Parameters
    ----------
    problem : TrainingProblem
    run : Run
        The member's.
    member : int
        Its number.
    seed : int
        Of what all members are dealt from, see `choose_columns`.
    """
    config, X, network = problem.config, problem.data.X, run.network
    assert network.selection is not None
    strengths = strengths_of_columns(run.dataset)
    columns = choose_columns(network.selection, strengths, member, seed)
    n_rows, n_targets = run.dataset.n_samples, run.dataset.targets.shape[1]
    credible = credible_strengths(strengths, n_rows, n_targets)
    rows = _initial_rows(config, X.shape[0])
    above = initialize_parameters(
        network.above_selection,
        run.member.random_state,
        X.dtype,
        config.weight_init,
        None if rows is None else X[rows[:, np.newaxis], columns],
        known={1: first_factors(network, columns, credible)},
    )
    return np.concatenate([columns.astype(X.dtype), above])


def _initial_rows(config: TrainingConfig, n_rows: int) -> IntArray | None:
    """Return the rows that starting weights are fitted to, if they are."""
    if config.n_initial_rows is None:
        return None
    if n_rows <= config.n_initial_rows:
        return np.arange(n_rows)
    # Not by the estimator's source: its draws are those of the members.
    return np.random.RandomState(0).choice(n_rows, config.n_initial_rows, replace=False)


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
