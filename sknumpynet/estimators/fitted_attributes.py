"""The one place where a fit's attributes are set on an estimator, and read to go on from it."""

from numbers import Real
from typing import Any, NamedTuple, TypeVar

import numpy as np
from sklearn.base import BaseEstimator

from sknumpynet.core.members import TrainingState
from sknumpynet.core.types import BoolArray, FloatArray
from sknumpynet.estimators.targets import Targets
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.data import TrainingData
from sknumpynet.training.result import FitResult
from sknumpynet.training.warm_start import WarmStart

__all__ = [
    "FittedAttributes",
    "Previous",
    "course_of_training",
    "description_of",
    "out_of_fold_attributes",
    "outdated_by",
    "previous_fit",
    "set_fitted",
    "with_attributes",
]

E = TypeVar("E", bound=BaseEstimator)

# What the data are: the columns and the targets.
_DESCRIPTION = (
    "n_features_in_",
    "feature_names_in_",
    "preprocessor_",
    "background_",
    "classes_",
    "_label_binarizer",
    "_unit",
    "quantiles_",
)

# What is said of rows that had no part in a network, which is not true of those that follow.
_OF_HELD_OUT_ROWS = (
    "oof_prediction_",
    "oof_score_",
    "_conformal",
    "temperature_",
    "calibration_",
    "_held_out",
    "distillation_",
)

# What training leaves behind beside parameters, and goes on from.
_COURSE_OF_TRAINING = (
    *_OF_HELD_OUT_ROWS,
    "loss_",
    "best_loss_",
    "loss_curve_",
    "validation_scores_",
    "validation_loss_curve_",
    "best_validation_score_",
    "history_",
    "t_",
    "member_seeds_",
    "_stalled_epochs",
    "_optimizer",
    "_schedule",
)

# What a fitted attribute is called in `TrainingState`.
_VALIDATION = {
    "validation_scores_": "validation_scores",
    "validation_loss_curve_": "validation_losses",
    "best_validation_score_": "best_validation_score",
}
_STATE = {
    "loss_curve_": "loss_curve",
    "best_loss_": "best_loss",
    "_stalled_epochs": "stalled_epochs",
    "t_": "n_samples_seen",
    **_VALIDATION,
}


class FittedAttributes(NamedTuple):
    """What a fit changes of an estimator.

    Parameters
    ----------
    values : dict
        To set, all of it copies.
    outdated : frozenset of str
        To drop, of an earlier fit.
    """

    values: dict[str, Any]
    outdated: frozenset[str] = frozenset()


class Previous(NamedTuple):
    """What a fit goes on from.

    Parameters
    ----------
    warm_start : WarmStart
    description : dict
        The attributes that say what the data are.
    """

    warm_start: WarmStart
    description: dict[str, Any]


def set_fitted(estimator: BaseEstimator, fitted: FittedAttributes) -> None:
    """Set all that a fit leaves behind, at once."""
    kept = {k: value for k, value in vars(estimator).items() if k not in fitted.outdated}
    estimator.__dict__ = {**kept, **fitted.values}


def with_attributes(estimator: E, attributes: dict[str, Any]) -> E:
    """Return a shallow copy of an estimator with further attributes."""
    copied = object.__new__(type(estimator))
    copied.__dict__ = {**vars(estimator), **attributes}
    return copied


def course_of_training(result: FitResult) -> dict[str, Any]:
    """Return the attributes that say how training went, and what it goes on from."""
    config, states = result.config, [member.state for member in result.members]

    def of_members(values: list[Any]) -> Any:
        return _of_members(config, values)

    values: dict[str, Any] = {
        "n_iter_": of_members(result.n_iterations),
        "loss_": of_members(result.losses),
        "history_": result.history,
        "t_": of_members(result.n_samples_seen),
    }
    if result.member_seeds is not None:
        values["member_seeds_"] = result.member_seeds
    has_scores = any(state.validation_scores for state in states)
    if result.optimizers is not None:
        best_losses = of_members([state.best_loss for state in states])
        values |= {
            "loss_curve_": of_members([state.loss_curve for state in states]),
            "best_loss_": None if config.early_stopping else best_losses,
            **dict.fromkeys(_VALIDATION),
        }
        has_scores |= config.early_stopping
    if has_scores:
        values |= {
            name: of_members([getattr(state, field) for state in states])
            for name, field in _VALIDATION.items()
        }
    if result.optimizers is not None and config.keeps_optimizer:
        values |= {
            "_stalled_epochs": of_members([state.stalled_epochs for state in states]),
            "_optimizer": of_members(list(result.optimizers)),
            "_schedule": result.schedule,
        }
    return values


def outdated_by(result: FitResult, *, is_new: bool) -> frozenset[str]:
    """Return the attributes of an earlier fit that are no longer true.

    Parameters
    ----------
    result : FitResult
    is_new : bool
        Whether nothing of an earlier fit goes on.
    """
    outdated = {"_is_slim"}
    if is_new:
        outdated.update(_DESCRIPTION, _COURSE_OF_TRAINING)
    if result.config.is_incremental:
        outdated.update(_OF_HELD_OUT_ROWS)
    if result.optimizers is None:
        outdated.add("_optimizer")
    return frozenset(outdated)


def _of_members(config: TrainingConfig, values: list[Any]) -> Any:
    """Return one network's value, or for an ensemble every member's: numbers as an array."""
    if config.n_members == 1:
        return values[0]
    return np.array(values) if isinstance(values[0], Real) else values


def out_of_fold_attributes(
    targets: Targets, data: TrainingData, mean: FloatArray
) -> dict[str, Any]:
    """Return what members say of rows that they never saw, and how good it is.

    Parameters
    ----------
    targets : Targets
    data : TrainingData
    mean : ndarray of shape (n_samples, n_outputs)
        NaN where all members have seen a row.
    """
    known: BoolArray = np.asarray(~np.isnan(mean).any(axis=1))
    if data.has_weight is not None:
        known &= data.has_weight
    weight = None if data.sample_weight is None else data.sample_weight[known]
    has_weight = known.any() if weight is None else weight.any()
    score = targets.out_of_fold_score(data, mean, known, weight) if has_weight else np.nan
    if data.is_kept is not None:
        of_kept = mean
        mean = np.full((len(data.is_kept), mean.shape[1]), np.nan, mean.dtype)
        mean[data.is_kept] = of_kept
    return {"oof_score_": score, "oof_prediction_": targets.decoded(mean)}


def description_of(estimator: BaseEstimator) -> dict[str, Any]:
    """Return the fitted attributes that say what the data are."""
    known = vars(estimator)
    return {name: known[name] for name in _DESCRIPTION if name in known}


def previous_fit(estimator: BaseEstimator) -> Previous:
    """Return what a fitted estimator can go on from; nothing of it may be changed."""
    known = vars(estimator)
    seeds = known.get("member_seeds_")
    n_members = 1 if seeds is None else len(seeds)

    def of_member(name: str, k: int) -> Any:
        value = known.get(name)
        return value if value is None or n_members == 1 else value[k]

    states = []
    for k in range(n_members):
        so_far = {field: of_member(name, k) for name, field in _STATE.items()}
        states.append(TrainingState(**{k: v for k, v in so_far.items() if v is not None}))
    warm_start = WarmStart(
        coefs=known.get("coefs_", []),
        intercepts=known.get("intercepts_", []),
        states=states,
        optimizers=[of_member("_optimizer", k) for k in range(n_members)],
        schedule=known.get("_schedule"),
        member_seeds=seeds,
        history=known.get("history_"),
        parameters=known.get("parameters_"),
    )
    return Previous(warm_start, description_of(estimator))
