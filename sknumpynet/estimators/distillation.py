"""One network, or a few, that learn what an ensemble predicts.

    rows → mixed with each other → what the ensemble predicts for all of them → a network of its own

Targets are probabilities, or means, in the place of labels [1]_. What members predict for the rows
that they were trained on is partly learned by heart; rows that are mixed of two [2]_ show what they
make of others.

References
----------
.. [1] G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network", 2015.
.. [2] C. Bucilă, R. Caruana, A. Niculescu-Mizil, "Model Compression", KDD 2006.
"""

import copy
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

import numpy as np
from sklearn.utils import check_random_state

from sknumpynet.core.inference import member_mean
from sknumpynet.core.losses import LINKS, LOSSES, Loss, QuantileDistance
from sknumpynet.core.types import FloatArray, IntArray
from sknumpynet.estimators.contract import NetworkEstimator
from sknumpynet.estimators.fitted_attributes import (
    course_of_training,
    description_of,
    with_attributes,
)
from sknumpynet.estimators.fitting import PredictingAttributes
from sknumpynet.estimators.targets import Targets
from sknumpynet.estimators.training_data import GivenRows, make_training_data
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.data import TrainingData
from sknumpynet.training.ensemble import train_ensemble
from sknumpynet.training.runs import TrainingProblem
from sknumpynet.training.validation import Scoring
from sknumpynet.utils.columns import as_table, read_columns
from sknumpynet.utils.encoding.mixing import ReadCells
from sknumpynet.utils.scikit_learn import check_sample_weight
from sknumpynet.utils.user_warnings import warn_user

__all__ = ["distil"]

N = TypeVar("N", bound=NetworkEstimator)

# So many rows are mixed for each that was given, but no more than that many in all. As many of the
# given rows, repeated, go with them.
MIXED_ROWS, MOST_MIXED_ROWS = 20, 50_000

# How often training would go through the rows that were given, if they were all there is; of more
# rows less often, by the root of their number.
PASSES, ROWS_OF_ALL_PASSES = 512, 2_500

# Part of the rows that both are compared by, where no others are given for it. A tenth costs: of
# two seeds on 1,127 rows (airfoil) the RMSE is 1.08 and 1.16 of the ensemble's then, 1.04 and 1.06
# with a twentieth, 1.04 and 1.03 with none.
HELD_OUT = 0.05

# What learns predictions, by how they are activated. The losses over a logarithm, which are not
# here, learn predictions as they learn targets.
SOFT_LOSSES: dict[str, Loss] = {
    "logistic": LOSSES["binary_cross_entropy"],
    "softmax": LOSSES["categorical_cross_entropy"],
    "identity": LOSSES["squared_error"],
    "quantiles": QuantileDistance(),
}


@dataclass(frozen=True)
class EncodedRows:
    """Rows as a network takes them.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features_out)
    targets : ndarray of shape (n_samples, n_targets)
    sample_weight : ndarray of shape (n_samples,), optional
    """

    X: FloatArray
    targets: FloatArray
    sample_weight: FloatArray | None

    def take(self, rows: IntArray) -> Self:
        """Return some of them."""
        weight = None if self.sample_weight is None else self.sample_weight[rows]
        return type(self)(self.X[rows], self.targets[rows], weight)


@dataclass(frozen=True)
class Comparison:
    """What an ensemble and what was distilled from it are compared by.

    Parameters
    ----------
    name : str
        What the rows' targets are.
    rows : EncodedRows
    loss : Loss
    targets : Targets
    """

    name: str
    rows: EncodedRows
    loss: Loss
    targets: Targets

    def of(self, teacher: NetworkEstimator, student: NetworkEstimator) -> dict[str, Any]:
        """Return the mean losses of the ensemble, of its members, and of the student."""
        members = teacher._activated(self.rows.X)
        return {
            "targets": self.name,
            "n_rows": len(self.rows.X),
            "ensemble_loss": self._mean_loss(member_mean(members)),
            "member_loss": float(np.mean([self._mean_loss(member) for member in members])),
            "distilled_loss": self._mean_loss(_predictions(student, self.rows.X)),
        }

    def _mean_loss(self, predictions: FloatArray) -> float:
        seen = self.targets.bounded(predictions).T.astype(np.float64)
        raw = LINKS[self.loss.output_activation](seen)
        values = self.loss.value(raw, self.rows.targets.T.astype(np.float64))
        return float(np.average(values, weights=self.rows.sample_weight))


def distil(teacher: N, student: N, given: GivenRows, validation: GivenRows | None) -> N:
    """Return a student that is fitted to what a teacher predicts.

    Parameters
    ----------
    teacher : NetworkEstimator
        A fitted estimator for tables; stays as it is.
    student : NetworkEstimator
        Not fitted, with the teacher's parameters but for those of training and size; stays so.
    given : GivenRows
        Without targets.
    validation : GivenRows or None
        Rows to compare both by; without them a part of the others, by what the teacher predicts.

    Raises
    ------
    ValueError
        For fewer than two rows of weight above 0, and for data that the teacher cannot predict.
    """
    random_state = check_random_state(student.random_state)
    table = as_table(given.X)
    X = teacher._check_for_prediction(table)
    known = copy.deepcopy(description_of(teacher))
    background = known.pop("background_", None)
    if background is not None and student.n_background:
        known["background_"] = background[: student.n_background]
    targets = student._targets(known)
    soft_loss = SOFT_LOSSES.get(targets.loss.output_activation, targets.loss)
    rows = EncodedRows(X, _predictions(teacher, X), _checked_weight(given.sample_weight, X))
    learned, held_out = _places(rows, random_state, holds_out=validation is None)
    if validation is None:
        comparison = Comparison("ensemble", rows.take(held_out), soft_loss, targets)
    else:
        judged = make_training_data(
            student._inputs(known),
            targets,
            validation,
            is_new=False,
            is_incremental=True,  # some of the classes will do
        )
        judged_rows = EncodedRows(judged.X, judged.targets, judged.sample_weight)
        comparison = Comparison("y_val", judged_rows, targets.loss, targets)

    pool = _pool(teacher, table, rows, learned, random_state)
    config = _training_config(student, len(learned), len(pool.X), random_state)
    spec = student._network_spec(student._inputs(known), config, teacher.n_outputs_)
    networks = spec.build()[:1]
    problem = TrainingProblem(
        config,
        TrainingData.of_arrays(pool.X, pool.targets, pool.sample_weight),
        networks,
        soft_loss,
        Scoring(),
    )
    result = train_ensemble(problem)
    for message, category in result.warnings:
        warn_user(message, category)
    predicting = PredictingAttributes(known, spec, networks, soft_loss)(result.parameters)
    fitted = with_attributes(student, predicting | course_of_training(result))
    return with_attributes(fitted, {"distillation_": comparison.of(teacher, fitted)})


def _predictions(estimator: NetworkEstimator, X: FloatArray) -> FloatArray:
    """Return activated outputs of encoded rows, the mean of the members', in single precision."""
    return estimator._mean_activated(X).astype(np.float32)


def _checked_weight(sample_weight: Any, X: FloatArray) -> FloatArray | None:
    if sample_weight is None:
        return None
    weight = check_sample_weight(sample_weight, X, allow_all_zero=False)
    return np.asarray(weight / weight.max(), np.float32)


def _places(
    rows: EncodedRows, random_state: np.random.RandomState, *, holds_out: bool
) -> tuple[IntArray, IntArray]:
    """Return which rows are learned from, and which are held out; none of weight 0 is either."""
    weight = rows.sample_weight
    places = np.arange(len(rows.X)) if weight is None else np.flatnonzero(weight)
    if len(places) < 2:
        raise ValueError(f"at least 2 rows of weight above 0 are needed, got {len(places)}")
    places = random_state.permutation(places)
    n_held_out = max(round(HELD_OUT * len(places)), 1) if holds_out else 0
    return places[n_held_out:], places[:n_held_out]


def _pool(
    teacher: NetworkEstimator,
    table: Any,
    rows: EncodedRows,
    places: IntArray,
    random_state: np.random.RandomState,
) -> EncodedRows:
    """Return what is learned from: rows as they are, and rows that are mixed of two of them."""
    n_mixed = min(MIXED_ROWS * len(places), MOST_MIXED_ROWS)
    first = np.resize(places, n_mixed)
    second = random_state.choice(places, n_mixed)
    preprocessor = teacher.preprocessor_
    learned = preprocessor._learned()
    cells = ReadCells.of(read_columns(table), learned).mixed(first, second, random_state)
    mixed_X = cells.encoded(learned, preprocessor.dtype)
    own = rows.take(np.tile(places, max(n_mixed // len(places), 1)))
    weight = None
    if own.sample_weight is not None and rows.sample_weight is not None:
        weight = np.concatenate([own.sample_weight, rows.sample_weight[first]])
    return EncodedRows(
        np.concatenate([own.X, mixed_X]),
        np.concatenate([own.targets, _predictions(teacher, mixed_X)]),
        weight,
    )


def _training_config(
    student: NetworkEstimator, n_rows: int, n_pool: int, random_state: np.random.RandomState
) -> TrainingConfig:
    """Return how a student is trained: as its kind is, but by epochs over the pool."""
    n_passes = PASSES * min((ROWS_OF_ALL_PASSES / n_rows) ** 0.5, 1.0)
    return replace(
        student._training_config(n_rows),
        max_iter=max(round(n_passes * n_rows / n_pool), 1),
        dropouts=(0.0,),
        resample=None,
        early_stopping=False,
        scoring=None,
        random_state=random_state,
    )
