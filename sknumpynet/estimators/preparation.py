"""From an estimator's data and parameters to the runs that the engine trains."""

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import scipy
from sklearn.base import is_classifier, is_regressor
from sklearn.metrics import check_scoring
from sklearn.utils import check_random_state
from sklearn.utils.fixes import parse_version

from sknumpynet.core.batching import Dataset
from sknumpynet.core.losses import Loss, OwnLoss, QuantileLoss
from sknumpynet.core.members import Member, Settings, TrainingState
from sknumpynet.core.network import Network, initialize_parameters
from sknumpynet.core.optimizers import OPTIMIZERS, Optimizer
from sknumpynet.core.schedules import SCHEDULES, Schedule, own_schedule
from sknumpynet.estimators.contract import NetworkEstimator
from sknumpynet.estimators.fitted import fitted_view
from sknumpynet.training.checks import checked_dropout
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.data import Data, Plan, Warned
from sknumpynet.training.executor import Run
from sknumpynet.training.history import n_epochs_so_far
from sknumpynet.training.resampling import Share, shares_of_members
from sknumpynet.training.scoring import let_losses_judge
from sknumpynet.training.validation import (
    HeldOut,
    Judge,
    ScoredTargets,
    held_out_rows_that_count,
    sliceable,
    uses_scorer,
)
from sknumpynet.utils.columns import as_table
from sknumpynet.utils.scikit_learn import check_sample_weight, rows_of
from sknumpynet.utils.weights import counting_rows, rows_that_count, without_effect

__all__ = ["prepare_data", "prepare_runs"]

# What validation finds out about the data.
_DESCRIPTION = (
    "n_features_in_",
    "feature_names_in_",
    "classes_",
    "_label_binarizer",
    "preprocessor_",
    "_unit",
)

# What training leaves behind, so that a fit from scratch starts without it.
_COURSE_OF_TRAINING = (
    "loss_",
    "best_loss_",
    "loss_curve_",
    "validation_scores_",
    "validation_loss_curve_",
    "best_validation_score_",
    "history_",
    "quantiles_",
    "t_",
    "member_seeds_",
    "oof_prediction_",
    "oof_score_",
    "_stalled_epochs",
    "_optimizer",
    "_schedule",
)

# SciPy has printed nothing since 1.15.
_LBFGS_IS_QUIET = parse_version(scipy.__version__) >= parse_version("1.15")

# An optimiser's settings are named as the estimator's parameters are, but for these.
_PARAMETER_OF = {"nesterov": "nesterovs_momentum"}


def goes_on(estimator: NetworkEstimator, incremental: bool) -> bool:
    """Return whether training starts from the fitted weights."""
    return hasattr(estimator, "coefs_") and (incremental or estimator.warm_start)


def prepare_data(
    estimator: NetworkEstimator,
    X: Any,
    y: Any,
    sample_weight: Any,
    validation: tuple[Any, Any, Any] = (None, None, None),
    *,
    incremental: bool = False,
) -> Data:
    """Validate and encode; sets the estimator's attributes that describe the data.

    Parameters
    ----------
    estimator : NetworkEstimator
    X, y, sample_weight : array-like
    validation : tuple
        The same of the rows to validate by, None where there are none.
    incremental : bool
        Whether it is for `partial_fit`.
    """
    fresh = not goes_on(estimator, incremental)
    kept, X = None, as_table(X)
    if estimator._drops_rows_of_weight_0:
        X, y, sample_weight, kept = rows_that_count(X, y, sample_weight)
        if kept is not None and kept.sum() < 2:
            raise ValueError(f"at least 2 rows of weight above 0 are needed, got {kept.sum()}")
    given = X
    with _told_of_targets():
        X, y = estimator._validated(X, y, reset=fresh)
        targets = estimator._encode(y, fresh=fresh, incremental=incremental)
    unit = 1.0
    if sample_weight is not None:
        sample_weight = check_sample_weight(sample_weight, X, allow_all_zero=incremental)
        sample_weight, unit = _in_their_unit(sample_weight)
    counts = counting_rows(sample_weight)
    targets = _learnable_targets(estimator, targets, counts)
    class_weights = estimator._class_weights(y, sample_weight)
    if class_weights is not None:
        sample_weight = _weighted_by_class(
            estimator, class_weights(y), sample_weight, allow_all_zero=incremental
        )
        sample_weight, unit_of_classes = _in_their_unit(sample_weight)
        unit = max(unit * unit_of_classes, math.ulp(0.0))
    targets = estimator._in_units(targets, sample_weight, fresh=fresh)
    # Rows are gathered by index: quick only where they are contiguous.
    X = np.ascontiguousarray(X) if isinstance(X, np.ndarray) else X.tocsr()
    attributes = vars(estimator)
    description = {name: attributes[name] for name in _DESCRIPTION if name in attributes}
    held_out = _given_to_validate(estimator, validation, targets.shape[1], class_weights)
    return Data(
        X,
        y,
        targets,
        sample_weight,
        unit,
        description,
        held_out,
        learned_X=without_effect(X, counts),
        counts=counts,
        kept=kept,
        given=given,
    )


@contextmanager
def _told_of_targets() -> Iterator[None]:
    """Say what is wrong with targets where Python's words do not."""
    try:
        yield
    except OverflowError as error:
        raise ValueError(
            f"X or y holds an integer that is infinity as a floating-point number: {error}"
        ) from error
    except TypeError as error:
        if "not supported between" not in str(error):
            raise
        raise TypeError(f"labels in y must be all text or all numbers: {error}") from error


def _in_their_unit(sample_weight: np.ndarray) -> tuple[np.ndarray, float]:
    """Return weights of which the largest is between 1 and 2, and what they were divided by.

    Only their ratios to each other and to the penalty count. A power of two divides without
    rounding; sums of huge weights would overflow, and tiny ones vanish in float32.
    """
    if not sample_weight.any():
        return sample_weight, 1.0
    unit = math.ldexp(1.0, math.frexp(sample_weight.max())[1] - 1)
    return sample_weight / unit, unit


def _weighted_by_class(
    estimator: NetworkEstimator,
    weights: np.ndarray,
    sample_weight: np.ndarray | None,
    *,
    what: str = "row",
    allow_all_zero: bool = False,
) -> np.ndarray:
    """Return the weights of rows by their classes, times those that they have beside."""
    weights = weights if sample_weight is None else sample_weight * weights
    if not weights.any() and not allow_all_zero:
        raise ValueError(
            f"class_weight={estimator.class_weight!r} leaves no {what} a weight above 0"
        )
    return weights


def _learnable_targets(
    estimator: NetworkEstimator, targets: np.ndarray, counts: np.ndarray | None
) -> np.ndarray:
    """Return encoded targets that are in the loss's range in every row."""
    estimator._check_range(targets if counts is None else targets[counts])
    # Labels are harmless, and splits are stratified by them.
    return without_effect(targets, counts) if is_regressor(estimator) else targets


def _given_to_validate(
    estimator: NetworkEstimator,
    validation: tuple[Any, Any, Any],
    n_outputs: int,
    class_weights: Callable[[np.ndarray], np.ndarray] | None,
) -> HeldOut | None:
    X, y, sample_weight = validation
    if X is None and y is None and sample_weight is None:
        return None
    if X is None or y is None:
        missing, given = ("X_val", "y_val") if X is None else ("y_val", "X_val")
        if X is None and y is None:
            missing, given = "X_val and y_val", "sample_weight_val"
        raise ValueError(f"{given} was given without {missing}")
    X = as_table(X)
    if estimator._drops_rows_of_weight_0:
        X, y, sample_weight, _ = rows_that_count(X, y, sample_weight)
    given = X
    with _told_of_targets():
        X, y = estimator._validated(X, y, reset=False)
    if sample_weight is not None:
        sample_weight = check_sample_weight(sample_weight, X, allow_all_zero=False)
        sample_weight, _ = _in_their_unit(sample_weight)
    counts = counting_rows(sample_weight)
    targets = _learnable_targets(estimator, estimator._encode_validation(y), counts)
    targets = estimator._in_units(targets, fresh=False)
    if targets.shape[1] != n_outputs:
        raise ValueError(f"y_val must have as many columns as y, {n_outputs}, got {y.shape}")
    if is_regressor(estimator) and estimator.scoring is None and len(targets) < 2:
        raise ValueError(f"R² needs at least 2 rows, got X_val of shape {X.shape}")
    X = without_effect(X if isinstance(X, np.ndarray) else X.tocsr(), counts)
    if class_weights is not None:
        sample_weight = _weighted_by_class(
            estimator, class_weights(y), sample_weight, what="row of X_val"
        )
    return HeldOut(X, y, targets, sample_weight, counts=counts, given=given)


def prepare_runs(
    estimator: NetworkEstimator,
    data: Data,
    split_params: dict[str, Any] | None = None,
    *,
    incremental: bool = False,
) -> Plan:
    """Return each member's training as the engine takes it.

    Parameters
    ----------
    estimator : NetworkEstimator
        Forgets the course of earlier training unless that is gone on with.
    data : Data
    split_params : dict, optional
        For the ``split`` of a splitter given as ``resample``.
    incremental : bool
        Whether it is for `partial_fit`.
    """
    estimator.__dict__.update(data.description)
    fresh = not goes_on(estimator, incremental)
    config = estimator._training_config(data.X.shape[0], has_validation=data.held_out is not None)
    data = _for_scoring(data, config.scoring)
    network, loss = estimator._network(data, config), estimator._network_loss()
    if isinstance(loss, OwnLoss):
        loss.check(data.targets[:32].T.astype(np.float64))
    if config.early_stopping and incremental and config.solver != "lbfgs":
        raise ValueError("partial_fit does not support early_stopping=True")
    if not fresh and config.resample is not None:
        # Members would see rows that are to be held out from them.
        raise ValueError(
            f"training cannot be continued on new samples, got resample={config.resample!r} "
            "with warm_start=True"
        )
    if fresh:
        for name in _COURSE_OF_TRAINING:
            estimator.__dict__.pop(name, None)
    if isinstance(loss, QuantileLoss):
        estimator.quantiles_ = list(loss.levels)
    random_state = check_random_state(config.random_state)
    sources = _sources_of_members(estimator, config, random_state, fresh)
    if fresh:
        inputs = estimator._initial_inputs(data.X)
        starts = [
            initialize_parameters(network, source, data.X.dtype, config.weight_init, inputs)
            for source in sources
        ]
    else:
        starts = _continued_parameters(estimator, config, network)
    shares = shares_of_members(config, data, random_state, split_params or {})
    runs = []
    for k, (source, start, share) in enumerate(zip(sources, starts, shares, strict=True)):
        if config.solver == "lbfgs":
            runs.append(_lbfgs_run(estimator, config, k, network, loss, start, data, share, source))
        else:
            runs.append(
                _stochastic_run(
                    estimator, config, k, network, loss, start, data, share, source, incremental
                )
            )
    held_out = [share.held_out for share in shares]
    warned = _warned_of_batch_size(config, runs) + let_losses_judge(data, config.scoring, runs)
    return Plan(config, runs, held_out, warned)


def _for_scoring(data: Data, scoring: Any) -> Data:
    """Return the data as validation takes them.

    Only a scorer needs rows as they were given, in a table that can be cut.
    """
    held_out = data.held_out
    if not uses_scorer(scoring):
        held_out = None if held_out is None else held_out._replace(given=None)
        return data._replace(held_out=held_out, given=None)
    if held_out is not None:
        held_out = held_out._replace(given=sliceable(held_out.given, held_out.X))
        held_out = held_out_rows_that_count(held_out)
    return data._replace(held_out=held_out, given=sliceable(data.given, data.X))


def _sources_of_members(
    estimator: NetworkEstimator,
    config: TrainingConfig,
    random_state: np.random.RandomState,
    fresh: bool,
) -> list[np.random.RandomState]:
    if not fresh and config.n_members != len(getattr(estimator, "member_seeds_", [0])):
        raise ValueError(
            "training can only be continued with as many members as were fitted, "
            f"{len(getattr(estimator, 'member_seeds_', [0]))}: got n_members={config.n_members}"
        )
    if config.n_members == 1:
        return [random_state]
    if fresh:
        largest = np.iinfo(np.int32).max
        estimator.member_seeds_ = random_state.randint(largest, size=config.n_members)
    return [np.random.RandomState(seed) for seed in estimator.member_seeds_]


def _continued_parameters(
    estimator: NetworkEstimator, config: TrainingConfig, network: Network
) -> list[np.ndarray]:
    """Return the fitted parameters as fresh buffers to train on."""
    fitted = [coef.shape[-2:] for coef in estimator.coefs_]
    wanted = [(layer.fan_in, layer.fan_out) for layer in network.layers]
    if fitted != wanted:
        raise ValueError(
            "training can only be continued with layers of the same sizes: the fitted "
            f"weights have shapes {fitted}, hidden_layer_sizes={config.hidden_layer_sizes} and "
            f"the data need {wanted}"
        )
    biases = [np.expand_dims(intercept, -2) for intercept in estimator.intercepts_]
    parameters = network.layout.pack(estimator.coefs_, biases)
    # Weights may have been assigned in any type.
    parameters = parameters.astype(np.float32 if parameters.dtype == np.float32 else np.float64)
    return list(parameters.reshape(-1, parameters.shape[-1]))


def _lbfgs_run(
    estimator: NetworkEstimator,
    config: TrainingConfig,
    k: int,
    network: Network,
    loss: Loss,
    parameters: np.ndarray,
    data: Data,
    share: Share,
    random_state: np.random.RandomState,
) -> Run:
    dropout = config.dropout_of(k)
    if np.any(dropout):
        raise ValueError(f"dropout={dropout!r} needs a stochastic solver, got solver='lbfgs'")
    validate = None
    if data.held_out is not None:
        validate = _judge_for(estimator, config, network, loss, data.held_out)
    settings = Settings(
        batch_size=data.X.shape[0],
        max_epochs=config.max_iter,
        early_stopping=False,
        max_seconds=config.max_seconds,
        report=print if config.verbose else None,
    )
    member = Member(
        random_state,
        settings,
        alpha=float(config.alpha) / data.weight_unit,
        validate=validate,
        start=TrainingState(
            validation_scores=_so_far(estimator, config, k, "validation_scores_", []),
            validation_losses=_so_far(estimator, config, k, "validation_loss_curve_", []),
        ),
    )
    return Run(
        network,
        loss,
        parameters,
        _dataset(estimator, data, share),
        member,
        None,
        lbfgs={
            "maxiter": config.max_iter,
            "maxfun": config.max_fun,
            "gtol": config.tol,
            **({} if _LBFGS_IS_QUIET else {"iprint": -1}),
        },
    )


def _dataset(estimator: NetworkEstimator, data: Data, share: Share) -> Dataset:
    weight = data.sample_weight if share.sample_weight is None else share.sample_weight
    smoothing, n_classes = estimator._smoothing()
    return Dataset(
        data.learned_X, data.targets, weight, share.rows, smoothing=smoothing, n_classes=n_classes
    )


def _stochastic_run(
    estimator: NetworkEstimator,
    config: TrainingConfig,
    k: int,
    network: Network,
    loss: Loss,
    parameters: np.ndarray,
    data: Data,
    share: Share,
    random_state: np.random.RandomState,
    incremental: bool,
) -> Run:
    so_far = partial(_so_far, estimator, config, k)
    optimizer, (learning_rate, power_t) = _make_optimizer(
        estimator, config, so_far("_optimizer", None), parameters, incremental
    )
    dataset = _dataset(estimator, data, share)
    held_out = data.held_out
    if config.early_stopping and held_out is None:
        dataset, held_out = _split(config, data, dataset, share.held_out, random_state)
    validate = None
    if held_out is not None:
        validate = _judge_for(estimator, config, network, loss, held_out)
    settings = Settings(
        batch_size=config.batch_size,
        max_epochs=1 if incremental else config.max_iter,
        shuffle=config.shuffle,
        tol=config.tol,
        patience=config.n_iter_no_change,
        schedule=_schedule(learning_rate, config.solver),
        power_t=power_t,
        warmup=float(config.warmup),
        planned_epochs=config.max_iter,
        epochs_before=n_epochs_so_far(getattr(estimator, "history_", None), k)
        if incremental
        else 0,
        dropout=checked_dropout(config.dropout_of(k), network),
        regularization=config.regularization,
        max_gradient_norm=np.inf if config.max_grad_norm is None else float(config.max_grad_norm),
        early_stopping=config.early_stopping,
        max_seconds=config.max_seconds,
        report=print if config.verbose else None,
    )
    member = Member(
        random_state,
        settings,
        alpha=float(config.alpha) / data.weight_unit,
        validate=validate,
        start=TrainingState(
            loss_curve=so_far("loss_curve_", []),
            best_loss=so_far("best_loss_", np.inf),
            stalled_epochs=so_far("_stalled_epochs", 0),
            n_samples_seen=so_far("t_", 0),
            validation_scores=so_far("validation_scores_", []),
            validation_losses=so_far("validation_loss_curve_", []),
            best_validation_score=so_far("best_validation_score_", -np.inf),
        ),
    )
    return Run(network, loss, parameters, dataset, member, optimizer)


def _schedule(learning_rate: Any, solver: str) -> Schedule:
    if not isinstance(learning_rate, str):
        return own_schedule(learning_rate)
    schedule = SCHEDULES[learning_rate]
    return SCHEDULES["constant"] if schedule.only_sgd and solver != "sgd" else schedule


def _so_far(
    estimator: NetworkEstimator, config: TrainingConfig, k: int, name: str, default: Any
) -> Any:
    """Return what member ``k`` has come to in an attribute, if training goes on."""
    value = getattr(estimator, name, None)
    if value is None:
        return default
    return value if config.n_members == 1 else value[k]


def _make_optimizer(
    estimator: NetworkEstimator,
    config: TrainingConfig,
    previous: Optimizer | None,
    parameters: np.ndarray,
    incremental: bool,
) -> tuple[Optimizer, tuple[Any, float]]:
    """Return an optimiser with what its schedule is called and its exponent.

    As in scikit-learn, `partial_fit` goes on with the optimiser and settings that it has.
    """
    kind = OPTIMIZERS[config.solver]
    if (
        incremental
        and type(previous) is kind
        and previous.state is not None
        and previous.state.dtype == parameters.dtype
    ):
        return copy.deepcopy(previous), estimator._schedule
    schedule = (config.learning_rate, float(config.power_t))
    settings: dict[str, Any] = {name: float(getattr(config, name)) for name in kind.settings}
    for name in kind.shared_settings:
        settings[name] = getattr(config, _PARAMETER_OF.get(name, name))
    return kind(float(config.learning_rate_init), **settings), schedule


def _split(
    config: TrainingConfig,
    data: Data,
    dataset: Dataset,
    held_out: np.ndarray | None,
    random_state: np.random.RandomState,
) -> tuple[Dataset, HeldOut]:
    """Set rows aside for early stopping, unless there are rows that are not trained on."""
    if held_out is None:
        train_rows, held_out = config.splits.set_aside(
            dataset, config.validation_fraction, random_state
        )
        dataset = replace(dataset, rows=train_rows)
    weight = dataset.sample_weight
    if weight is not None:
        for part, rows in (("training", dataset.rows), ("validation", held_out)):
            if not weight[rows].any():
                raise ValueError(
                    f"Sample weights of the {part} set of early_stopping must contain at "
                    "least one non-zero number."
                )
    rows_apart = HeldOut(
        dataset.X[held_out],
        data.y[held_out],
        dataset.targets[held_out],
        None if weight is None else weight[held_out],
        counts=None if data.counts is None else data.counts[held_out],
        given=None if data.given is None else rows_of(data.given, held_out),
    )
    if uses_scorer(config.scoring):
        rows_apart = held_out_rows_that_count(rows_apart)
    return dataset, rows_apart


def _warned_of_batch_size(config: TrainingConfig, runs: list[Run]) -> list[Warned]:
    requested = config.requested_batch_size
    if runs[0].optimizer is None or requested is None:
        return []
    if requested <= min(run.dataset.n_samples for run in runs):
        return []
    message = "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped"
    return [(message, UserWarning)]


def _judge_for(
    estimator: NetworkEstimator,
    config: TrainingConfig,
    network: Network,
    loss: Loss,
    held_out: HeldOut,
) -> Judge:
    """Return the judge that a config's ``scoring`` asks for.

    Raises
    ------
    ValueError
        For a scorer that there is none of.
    """
    scoring = config.scoring
    if not uses_scorer(scoring):
        score = estimator._validation_score if scoring is None else None
        return Judge(network, loss, held_out, score)
    scorer = check_scoring(estimator, scoring=scoring)
    is_classes = is_classifier(estimator)
    return Judge(
        network,
        loss,
        held_out,
        None,
        scorer,
        partial(fitted_view, estimator),
        ScoredTargets(
            estimator.classes_ if is_classes else None,
            estimator._label_binarizer.y_type_ if is_classes else None,
        ),
    )
