"""Where every member's training starts: its random source and its first parameters."""

import math
from dataclasses import replace

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
from sknumpynet.training.level_statistics import (
    KnownStatistics,
    LevelStatistics,
    parts_of_rows,
)
from sknumpynet.training.runs import Run, TrainingProblem
from sknumpynet.training.validation import Validator
from sknumpynet.training.warm_start import WarmStart

__all__ = [
    "go_on_with_statistics",
    "leave_out_level_codes",
    "sources_of_members",
    "start_with_columns",
    "start_with_statistics",
    "starting_parameters",
]


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

    They are empty where they depend on a member's rows: see `start_with_columns` and
    `start_with_statistics`.
    """
    warm_start = problem.warm_start
    if warm_start is not None and warm_start.parameters is not None:
        sizes = [problem.network_of(k).layout.size for k in range(len(sources))]
        return [row[:size].copy() for row, size in zip(warm_start.parameters, sizes, strict=True)]
    if warm_start is not None:
        return _continued_parameters(problem.config, warm_start, problem.networks[0])
    if problem.networks[0].selection is not None:
        return [np.empty(0, problem.data.X.dtype)] * len(sources)
    config, X = problem.config, problem.data.X
    rows = _initial_rows(config, X.shape[0])
    inputs = None if rows is None else np.asarray(X[rows])
    starts = []
    for k, source in enumerate(sources):
        network, start = problem.network_of(k), np.empty(0, X.dtype)
        if network.level_table is None:
            start = initialize_parameters(network, source, X.dtype, config.weight_init, inputs)
        starts.append(start)
    return starts


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


def leave_out_level_codes(problem: TrainingProblem, runs: list[Run]) -> None:
    """Let networks train on the columns that they read without statistics of levels.

    Parameters
    ----------
    problem : TrainingProblem
        Its rows may have codes of levels after the columns that all networks read.
    runs : list of Run
        Their datasets are replaced.
    """
    X, first = problem.data.training_X, problem.networks[0]
    n_read = first.fan_in if first.level_table is None else first.level_table.n_passed_on
    if n_read == X.shape[1]:
        return
    # A copy, as rows are gathered from what lies together; one for all.
    read = np.ascontiguousarray(X[:, :n_read])
    for run in runs:
        run.dataset = replace(run.dataset, X=read)


def start_with_statistics(problem: TrainingProblem, runs: list[Run]) -> None:
    """Give members whose networks begin with a `LevelTable` their statistics and a start.

    Parameters
    ----------
    problem : TrainingProblem
    runs : list of Run
        Of whole networks; afterwards of what comes above the table.
    """
    config, X = problem.config, problem.data.X
    layers = [own.level_table for own in problem.networks if own.level_table is not None]
    codes = {own: X[:, own.code_columns].astype(np.int32) for own in layers}
    rows = _initial_rows(config, X.shape[0])
    for run in runs:
        layer, source, dataset = run.network.level_table, run.member.random_state, run.dataset
        if layer is None:
            continue
        seed = int(source.randint(np.iinfo(np.int32).max))
        targets, weight = dataset.targets, dataset.sample_weight
        parts = parts_of_rows(dataset.rows, targets, weight, seed)
        run.statistics = LevelStatistics(codes[layer], layer.n_codes, targets, weight, parts)
        whole = initialize_parameters(
            run.network,
            source,
            X.dtype,
            config.weight_init,
            None if rows is None else X[rows],
            known={0: run.statistics.table()},
        )
        run.table, run.parameters = np.split(whole, [math.prod(layer.parameter_shape)])
        run.network = run.network.above_level_table
        if isinstance(run.member.validate, Validator):
            validator = replace(run.member.validate, table=run.table)
            run.member = replace(run.member, validate=validator)


def go_on_with_statistics(problem: TrainingProblem, runs: list[Run]) -> None:
    """Give members whose networks begin with a `LevelTable` what it has of their rows' levels.

    Parameters
    ----------
    problem : TrainingProblem
        Its rows were not among those that the tables were made of.
    runs : list of Run
        Of whole networks; afterwards of what comes above the table.
    """
    X = problem.data.X
    for run in runs:
        layer = run.network.level_table
        if layer is None:
            continue
        codes = X[:, layer.code_columns].astype(np.int32)
        run.table, run.parameters = np.split(run.parameters, [math.prod(layer.parameter_shape)])
        run.statistics = KnownStatistics(codes, layer.n_codes, run.table)
        run.network = run.network.above_level_table


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
