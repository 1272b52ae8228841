"""The one place where a fit's attributes are set."""

from numbers import Real
from typing import Any

import numpy as np

from sknumpynet.core.types import BoolArray, FloatArray
from sknumpynet.estimators.contract import NetworkEstimator
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.data import Data
from sknumpynet.training.history import extended_history
from sknumpynet.training.result import FitResult

__all__ = ["set_fitted"]

# What a fitted attribute is called in `TrainingState`.
_VALIDATION = {
    "validation_scores_": "validation_scores",
    "validation_loss_curve_": "validation_losses",
    "best_validation_score_": "best_validation_score",
}


def set_fitted(estimator: NetworkEstimator, data: Data, result: FitResult) -> None:
    """Set all that a fit leaves behind; what is set are copies.

    Parameters
    ----------
    estimator : NetworkEstimator
        Has what describes the data.
    data : Data
    result : FitResult
    """
    config, members = result.config, result.members

    def published(values: list[Any]) -> Any:
        return _of_members(config, values)

    attributes: dict[str, Any] = {
        "n_iter_": published(result.n_iterations),
        "loss_": published(result.losses),
        "history_": extended_history(getattr(estimator, "history_", None), members),
        **estimator._fitted_parameters(result.network, result.parameters),
    }
    states = [member.state for member in members]
    is_judged = any(state.validation_scores for state in states)
    if result.optimizers is None:
        attributes["t_"] = getattr(estimator, "t_", published([0] * len(members)))
        estimator.__dict__.pop("_optimizer", None)
    else:
        best_losses = published([state.best_loss for state in states])
        attributes |= {
            "t_": published([state.n_samples_seen for state in states]),
            "loss_curve_": published([state.loss_curve for state in states]),
            "best_loss_": None if config.early_stopping else best_losses,
            **dict.fromkeys(_VALIDATION),
        }
        is_judged |= config.early_stopping
    if is_judged:
        attributes |= {
            name: published([getattr(state, field) for state in states])
            for name, field in _VALIDATION.items()
        }
    if result.optimizers is not None and config.keeps_optimizer:
        attributes |= {
            "_stalled_epochs": published([state.stalled_epochs for state in states]),
            "_optimizer": published(list(result.optimizers)),
            "_schedule": result.schedule,
        }
    estimator.__dict__.update(attributes)
    if result.out_of_fold is not None:
        estimator.__dict__.update(_out_of_fold_attributes(estimator, data, result.out_of_fold))


def _of_members(config: TrainingConfig, values: list[Any]) -> Any:
    """Return one network's value, or for an ensemble every member's: numbers as an array."""
    if config.n_members == 1:
        return values[0]
    return np.array(values) if isinstance(values[0], Real) else values


def _out_of_fold_attributes(
    estimator: NetworkEstimator, data: Data, mean: FloatArray
) -> dict[str, Any]:
    known: BoolArray = np.asarray(~np.isnan(mean).any(axis=1))
    if data.counts is not None:
        known &= data.counts
    weight = None if data.sample_weight is None else data.sample_weight[known]
    has_weight = known.any() if weight is None else weight.any()
    score = estimator._oof_score(data, mean, known, weight) if has_weight else np.nan
    if data.kept is not None:
        of_kept = mean
        mean = np.full((len(data.kept), mean.shape[1]), np.nan, mean.dtype)
        mean[data.kept] = of_kept
    return {"oof_score_": score, "oof_prediction_": estimator._as_output(mean)}
