"""`fit` of tables that are read frame by frame: once to learn what columns are, then to train.

stream → sketches of columns and targets → shards of encoded rows → networks
"""

import itertools
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sknumpynet.estimators.contract import NetworkEstimator
from sknumpynet.estimators.fitted_attributes import FittedAttributes, with_attributes
from sknumpynet.estimators.fitting import EncodedData, Fit, PredictingAttributes
from sknumpynet.estimators.inputs import (
    Inputs,
    kept_background,
    known_columns,
    new_preprocessor,
)
from sknumpynet.estimators.named_columns import NamedColumns, check_targets
from sknumpynet.estimators.targets import Targets
from sknumpynet.estimators.targets.sketching import ClassSketch, NumberSketch, sketch_of_targets
from sknumpynet.estimators.training_data import GivenRows, make_training_data
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.data import MemberRows, TrainingData, ValidationSet, Warned
from sknumpynet.training.member_runs import runs_of_members
from sknumpynet.training.result import fit_result
from sknumpynet.training.runs import TrainingProblem
from sknumpynet.training.saved_stream import SavedStream
from sknumpynet.training.shards import (
    MOST_CHECKED_ROWS,
    Shard,
    ShardFolds,
    ShardPlan,
    deal_rows,
    joined_rows,
    train_in_shards,
)
from sknumpynet.training.validation import Scoring, uses_scorer
from sknumpynet.utils.columns.streams import (
    FrameStream,
    is_stream,
    memory_budget,
    target_cells,
)
from sknumpynet.utils.prefetch import prefetched
from sknumpynet.utils.scikit_learn import has_callbacks
from sknumpynet.utils.weights import unit_of_weights

__all__ = [
    "FEWEST_FOLDS",
    "FOLDS_SET_ASIDE",
    "PART_OF_BUDGET",
    "data_of_shard",
    "fit_stream",
    "fit_to_shard",
    "predicted_in_frames",
    "refuse_what_needs_all_rows",
    "targets_of_stream",
]

# Of a shard: the one that is trained on, the same for workers, the next one, in frames and joined,
# and what else there is.
PART_OF_BUDGET = 1 / 8
# Members hold out one fold of at least so many; where all hold out the same, a tenth.
FEWEST_FOLDS, FOLDS_SET_ASIDE = 5, 10


@dataclass
class _EncodedStream:
    """The shards of a stream, epoch by epoch.

    Parameters
    ----------
    stream : FrameStream
    names : NamedColumns
    inputs : Inputs
        Of columns that are known.
    targets : Targets
        Known too.
    n_rows : int
        Of an epoch, without those of weight 0.
    n_folds : int
    seed : int
        Of the order of pieces, and of folds.
    weight_unit : float
        What weights are divided by, the same for all frames.
    """

    stream: FrameStream
    names: NamedColumns
    inputs: Inputs
    targets: Targets
    n_rows: int
    n_folds: int
    seed: int
    weight_unit: float
    whole: Shard | None = field(default=None, repr=False)

    def rows_of_shard(self) -> int:
        """Return how many rows a shard has at least, so that two of them fit the memory."""
        preprocessor = self.inputs.attributes["preprocessor_"]
        # As single precision, and what is shuffled for each member.
        row_bytes: int = 4 * preprocessor.n_features_out_ + 8 * self.n_folds + 64
        most = max(int(memory_budget() * PART_OF_BUDGET) // row_bytes, 1)
        n_shards = -(-self.n_rows // most)
        return -(-self.n_rows // n_shards)

    def shards(self, epoch: int) -> Generator[Shard, None, None]:
        """Yield the shards of an epoch, read ahead; of a single one it is kept."""
        if self.whole is not None:
            yield self.whole
            return
        wanted = self.rows_of_shard()
        for shard in prefetched(self._shards(epoch, wanted)):
            if wanted == self.n_rows:
                self.whole = shard
            yield shard

    def _shards(self, epoch: int, wanted: int) -> Iterator[Shard]:
        waiting: list[Shard] = []
        n_waiting, n_read = 0, 0
        for frame in self._encoded_frames(epoch):
            waiting.append(frame)
            n_waiting += len(frame.X)
            n_read += len(frame.X)
            if n_waiting >= wanted and n_read < self.n_rows:
                yield joined_rows(waiting)
                waiting, n_waiting = [], 0
        if n_read != self.n_rows:
            raise ValueError(
                f"a stream must give the same rows every time: it gave {self.n_rows} at first, "
                f"then {n_read}"
            )
        yield joined_rows(waiting)

    def _encoded_frames(self, epoch: int) -> Iterator[Shard]:
        pieces = self.stream.pieces()
        order = np.random.RandomState([self.seed, epoch]).permutation(len(pieces))
        checked_part = min(MOST_CHECKED_ROWS / self.n_rows, 1.0)
        for piece in order.tolist():
            for number, frame in enumerate(pieces[piece]()):
                rows = self.names.rows_of(frame)
                if rows is None:
                    continue
                data = self.encoded(rows)
                weight = data.sample_weight
                if weight is not None:
                    weight = weight * (data.weight_unit / self.weight_unit)
                key = (self.seed, piece, number)
                folds, is_checked = deal_rows(key, len(data.X), self.n_folds, checked_part)
                yield Shard(data.X, data.targets, weight, folds, is_checked)

    def encoded(self, rows: GivenRows, validation: GivenRows | None = None) -> TrainingData:
        """Return validated and encoded rows."""
        return make_training_data(
            self.inputs, self.targets, rows, validation, is_new=False, is_incremental=True
        )


def fit_stream(
    estimator: Any,
    X: Any,
    names: NamedColumns,
    validation: GivenRows | None,
    saved: SavedStream | None = None,
) -> tuple[FittedAttributes, list[Warned]]:
    """Return what a fit to a stream changes of an estimator, which stays as it is, and warnings.

    Parameters
    ----------
    estimator : BaseTabularMLP
    X : object
        See `FrameStream`.
    names : NamedColumns
    validation : GivenRows, optional
        Rows to validate by, in memory.
    saved : SavedStream, optional
        Where to save how far training has come.

    Raises
    ------
    TypeError, ValueError
        For what cannot be learned from, and for parameters that need all rows at once.
    """
    refuse_what_needs_all_rows(estimator, validation)
    stream = FrameStream(X)
    estimator, known, n_rows, largest_weight = _learned(estimator, stream, names)
    config = estimator._training_config(n_rows, has_validation=validation is not None)
    config = replace(config, conformal=False)
    if saved is not None:
        config = replace(config, random_state=saved.random_state)
    held_out, n_folds = _folds(config, has_validation=validation is not None)
    seed = int(check_random_state(config.random_state).randint(np.iinfo(np.int32).max))
    inputs, targets = estimator._inputs(known), estimator._targets(known)
    inputs.warns = False
    unit = unit_of_weights(largest_weight)
    encoded = _EncodedStream(stream, names, inputs, targets, n_rows, n_folds, seed, unit)
    shards = encoded.shards(0)
    first = next(shards)
    own = None if validation is None else encoded.encoded(validation, validation).validation
    data = data_of_shard(first, own)
    splitter = None if own is not None else ShardFolds(first, held_out)
    config = replace(config, resample=splitter)
    fit = fit_to_shard(estimator, config, EncodedData(data, inputs, targets))
    prepared = runs_of_members(fit.problem)
    resume_from, keep = None, None
    if saved is not None:
        resume_from, keep = saved.begin(prepared, known | {"rows": n_rows}), saved.keep

    def shards_of(epoch: int, n_done: int) -> Iterator[Shard]:
        if epoch == n_done == 0:
            return itertools.chain([first], shards)
        shards.close()  # or its thread would go on reading
        return itertools.islice(encoded.shards(epoch), n_done, None)

    plan = ShardPlan(n_rows, held_out, seed)
    train_in_shards(prepared, plan, shards_of, resume_from, keep)
    result = fit_result(prepared._replace(rows=[MemberRows()] * len(prepared.runs)))
    return fit.fitted(result), result.warnings


def refuse_what_needs_all_rows(estimator: Any, validation: GivenRows | None) -> None:
    """Raise for parameters that need all rows at once."""
    if estimator.resample not in ("folds", None):
        raise ValueError(
            f"of a stream folds are held out or, with resample=None, a tenth: got "
            f"resample={estimator.resample!r}"
        )
    if uses_scorer(estimator.scoring):
        raise ValueError(f"a stream is judged by the loss, got scoring={estimator.scoring!r}")
    if estimator.calibrate is not None:
        raise ValueError(
            f"calibrate={estimator.calibrate!r} needs all rows at once: fit a table in memory"
        )
    if has_callbacks(estimator):
        raise ValueError("callbacks follow fits of tables in memory, not of streams")
    if validation is not None and (is_stream(validation.X) or isinstance(validation.y, str)):
        raise TypeError(
            "X_val and y_val are rows in memory, a table and its targets, got "
            f"{type(validation.X).__name__} and {type(validation.y).__name__}"
        )


def _learned(
    estimator: Any, stream: FrameStream, names: NamedColumns
) -> tuple[Any, dict[str, Any], int, float]:
    """Learn what columns and targets are; return an estimator by whose weights of classes to train.

    Returns
    -------
    estimator : estimator
        A copy.
    known : dict
        Attributes that describe the data.
    n_rows : int
        Of weight above 0.
    largest_weight : float
        1 without weights.
    """
    sketch, n_rows = sketch_of_targets(estimator), 0
    largest_weight = 0.0

    def features() -> Iterator[Any]:
        nonlocal n_rows, largest_weight
        for frame in stream.frames():
            rows = names.rows_of(frame)
            if rows is not None:
                check_targets(rows.y, names)
                sketch.add(rows.y, rows.sample_weight)
                n_rows += len(rows.y)
                largest_weight = max(largest_weight, rows.largest_weight)
                yield rows.X

    preprocessor = new_preprocessor(estimator.categorical_features, estimator.column_kinds)
    preprocessor._learn_stream(features())
    if n_rows < 2:
        raise ValueError(f"at least 2 rows of weight above 0 are needed, got {n_rows}")
    known = {**known_columns(preprocessor), **sketch.known()}
    return with_balanced_classes(estimator, sketch), known, n_rows, largest_weight


def with_balanced_classes(estimator: Any, sketch: ClassSketch | NumberSketch) -> Any:
    """Return a copy of an estimator by whose weights of classes to train."""
    if not isinstance(sketch, ClassSketch) or estimator.class_weight != "balanced":
        return with_attributes(estimator, {})
    if sketch.indicators is not None:  # which is refused later, as of a table
        return with_attributes(estimator, {})
    return with_attributes(estimator, {"class_weight": sketch.balanced()})


def _folds(config: TrainingConfig, *, has_validation: bool) -> tuple[tuple[int, ...], int]:
    """Return the fold that each member holds out, -1 for none, and how many there are."""
    if has_validation:
        return (-1,) * config.n_members, 1
    if config.resample is None:
        return (0,) * config.n_members, FOLDS_SET_ASIDE
    n_folds = max(config.n_members, FEWEST_FOLDS)
    return tuple(range(config.n_members)), n_folds


def data_of_shard(shard: Shard, validation: ValidationSet | None) -> TrainingData:
    """Return the rows of a shard as those of a table."""
    return TrainingData.of_arrays(shard.X, shard.targets, shard.sample_weight, validation)


def fit_to_shard(estimator: Any, config: TrainingConfig, encoded: EncodedData) -> Fit:
    """Return what is trained, starting from the rows of the first shard."""
    data, inputs, targets = encoded
    spec = estimator._network_spec(inputs, config, targets.n_outputs(data))
    networks, loss = spec.build(), targets.loss
    description = {**encoded.description}
    description.pop("background_", None)  # of an earlier fit
    description |= kept_background(data.X, estimator.n_background)
    predicting = PredictingAttributes(description, spec, networks, loss)
    problem = TrainingProblem(config, data, networks, loss, Scoring(), None)
    return Fit(problem, encoded, predicting)


def predicted_in_frames(estimator: NetworkEstimator, X: Any) -> np.ndarray:
    """Return what an estimator predicts of a stream: activated outputs, of all rows in order.

    Parameters
    ----------
    estimator : NetworkEstimator
    X : object
        See `FrameStream`; it may have other columns too.
    """
    if not hasattr(estimator, "feature_names_in_"):
        raise ValueError(
            "frames of a stream are read by the names of their columns, of which this "
            f"{type(estimator).__name__} was told none in fit: predict tables in memory"
        )
    names = estimator.feature_names_in_.tolist()
    frames = prefetched(frame for piece in FrameStream(X).pieces(names) for frame in piece())
    check = estimator._check_for_prediction
    parts = [estimator._mean_activated(check(frame)) for frame in frames]
    if not parts:
        raise ValueError("the stream has no rows")
    return np.concatenate(parts)


def targets_of_stream(X: Any, names: NamedColumns) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the targets of all rows of a stream, and their weights if those have a name.

    Parameters
    ----------
    X : object
        See `FrameStream`.
    names : NamedColumns

    Raises
    ------
    ValueError
        If a column is not there, or no row.
    """
    targets, weights = [], []
    for piece in FrameStream(X).pieces(names.columns):
        for frame in piece():
            targets.append(target_cells(frame, names.target))
            if names.weight is not None:
                weights.append(target_cells(frame, names.weight))
    if not targets:
        raise ValueError("the stream has no rows")
    return np.concatenate(targets), np.concatenate(weights) if weights else None
