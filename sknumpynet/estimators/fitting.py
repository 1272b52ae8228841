"""One fit of an estimator: encoded data, and all that training and its result depend on."""

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_regressor
from sklearn.metrics import check_scoring

from sknumpynet.core.losses import Loss
from sknumpynet.core.network import Network
from sknumpynet.estimators.conformal import HeldOutRows
from sknumpynet.estimators.contract import NetworkEstimator
from sknumpynet.estimators.fitted_attributes import (
    FittedAttributes,
    Previous,
    course_of_training,
    out_of_fold_attributes,
    outdated_by,
    with_attributes,
)
from sknumpynet.estimators.inputs import Inputs
from sknumpynet.estimators.network_specs import NetworkSpec
from sknumpynet.estimators.targets import NumberTargets, Targets
from sknumpynet.estimators.training_data import GivenRows, make_training_data
from sknumpynet.estimators.views import fitted_view
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.data import TrainingData
from sknumpynet.training.result import FitResult
from sknumpynet.training.runs import TrainingProblem
from sknumpynet.training.validation import Scoring, uses_scorer

__all__ = ["EncodedData", "Fit", "encode", "make_fit"]


class EncodedData(NamedTuple):
    """Validated and encoded data, which the fits of many estimators can share.

    Parameters
    ----------
    data : TrainingData
    inputs : Inputs
    targets : Targets
    """

    data: TrainingData
    inputs: Inputs
    targets: Targets

    @property
    def description(self) -> dict[str, Any]:
        """What the data are, as fitted attributes."""
        return {**self.inputs.attributes, **self.targets.attributes}


@dataclass(frozen=True)
class PredictingAttributes:
    """Makes fitted attributes of parameters; can be sent to another process.

    Parameters
    ----------
    description : dict
        The attributes that say what the data are.
    spec : NetworkSpec
    networks : tuple of Network
        What members are in turn.
    loss : Loss
    """

    description: dict[str, Any]
    spec: NetworkSpec
    networks: tuple[Network, ...]
    loss: Loss

    def __call__(self, parameters: np.ndarray, network: Network | None = None) -> dict[str, Any]:
        """Return all that predicts with parameters of shape (P,), of one network, or (K, P)."""
        networks = self.networks if network is None else (network,)
        own = self.spec.attributes(networks, self.loss, parameters)
        return {**self.description, **own}

    def of_networks(self, parameters: np.ndarray) -> dict[str, Any]:
        """Return what predicts, but for what describes the data."""
        return self.spec.attributes(self.networks, self.loss, parameters)


@dataclass(frozen=True)
class Fit:
    """What one fit of an estimator trains, and how its result is read.

    The estimator is not in it; copies are, by which inputs name it and scorers predict.

    Parameters
    ----------
    problem : TrainingProblem
    encoded : EncodedData
    predicting : PredictingAttributes
    """

    problem: TrainingProblem
    encoded: EncodedData
    predicting: PredictingAttributes

    def fitted(self, result: FitResult) -> FittedAttributes:
        """Return what the fit changes of an estimator, once its networks are trained."""
        attributes = self.predicting(result.parameters)
        attributes |= course_of_training(result)
        if result.out_of_fold is not None:
            attributes |= out_of_fold_attributes(
                self.encoded.targets, self.encoded.data, result.out_of_fold
            )
        if result.held_out is not None:
            attributes |= self.encoded.inputs.kept_of_rows(self.encoded.data, result.held_out)
        if result.conformal is not None:
            targets = self.encoded.targets
            attributes["_conformal"] = HeldOutRows.of(
                result.conformal,
                self.encoded.data,
                self.predicting.of_networks,
                of_numbers=isinstance(targets, NumberTargets),
            ).to_plain()
        is_new = self.problem.warm_start is None
        return FittedAttributes(attributes, outdated_by(result, is_new=is_new))


def encode(
    estimator: NetworkEstimator,
    given: GivenRows,
    validation: GivenRows | None = None,
    previous: Previous | None = None,
    *,
    known: dict[str, Any] | None = None,
    is_incremental: bool = False,
) -> EncodedData:
    """Validate and encode data for an estimator, which stays as it is.

    Parameters
    ----------
    estimator : NetworkEstimator
    given : GivenRows
    validation : GivenRows, optional
        Rows to validate by.
    previous : Previous, optional
        The fit that training goes on from.
    known : dict, optional
        Attributes that describe the data, as far as they are known before the first fit.
    is_incremental : bool
        Whether it is for `partial_fit`.
    """
    known = known or ({} if previous is None else previous.description)
    inputs, targets = estimator._inputs(known), estimator._targets(known)
    is_new = previous is None
    data = make_training_data(
        inputs, targets, given, validation, is_new=is_new, is_incremental=is_incremental
    )
    return EncodedData(data, inputs, targets)


def make_fit(
    estimator: NetworkEstimator,
    encoded: EncodedData,
    split_params: dict[str, Any] | None = None,
    previous: Previous | None = None,
    *,
    is_incremental: bool = False,
) -> Fit:
    """Return what an estimator trains on encoded data; it stays as it is.

    Parameters
    ----------
    estimator : NetworkEstimator
    encoded : EncodedData
    split_params : dict, optional
        For the ``split`` of a splitter given as ``resample``.
    previous : Previous, optional
        The fit that training goes on from.
    is_incremental : bool
        Whether it is for `partial_fit`.
    """
    data, inputs, targets = encoded
    n_samples, has_validation = data.X.shape[0], data.validation is not None
    config = (
        estimator._incremental_config(n_samples)
        if is_incremental
        else estimator._training_config(n_samples, has_validation=has_validation)
    )
    spec = estimator._network_spec(inputs, config, targets.n_outputs(data))
    networks, loss = spec.build(), targets.loss
    predicting = PredictingAttributes(encoded.description, spec, networks, loss)
    problem = TrainingProblem(
        config,
        data,
        networks,
        loss,
        _scoring(estimator, config, encoded, predicting),
        None if previous is None else previous.warm_start,
        split_params or {},
    )
    return Fit(problem, encoded, predicting)


def _scoring(
    estimator: NetworkEstimator,
    config: TrainingConfig,
    encoded: EncodedData,
    predicting: PredictingAttributes,
) -> Scoring:
    """Return how ``scoring`` wants rows to be scored that are held out.

    Raises
    ------
    ValueError
        For a scorer that there is none of, and too few rows for R².
    """
    data, _, targets = encoded
    sets_aside = config.early_stopping and config.solver != "lbfgs"
    if data.validation is None and not sets_aside:
        return Scoring()
    scoring = config.scoring
    if uses_scorer(scoring):
        template = with_attributes(estimator, encoded.description)
        scorer = check_scoring(template, scoring=scoring)
        return targets.scorer(scorer, partial(_model, template, predicting))
    if scoring is not None:
        return Scoring()
    rows = data.validation
    if is_regressor(estimator) and rows is not None and len(rows.targets) < 2:
        raise ValueError(f"R² needs at least 2 rows, got X_val of shape {rows.X.shape}")
    return Scoring(metric=targets.score)


def _model(
    template: NetworkEstimator,
    predicting: PredictingAttributes,
    network: Network,
    parameters: np.ndarray,
    given: Any,
    encoded: Any,
) -> NetworkEstimator:
    """Return a model of the estimator's kind that predicts with these parameters."""
    return fitted_view(template, predicting(parameters, network), given, encoded)
