"""What `TabularMLPClassifier` and `TabularMLPRegressor` share: columns, presets, the network."""

import itertools
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.utils import Bunch, Tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sknumpynet.core.architectures import Columns, TableShape, table_network
from sknumpynet.core.inference import activated, raw_outputs
from sknumpynet.core.network import Network
from sknumpynet.estimators.base import BaseNetwork
from sknumpynet.estimators.distillation import distil
from sknumpynet.estimators.fitted_attributes import set_fitted, with_attributes
from sknumpynet.estimators.incremental import refuse_balanced_classes
from sknumpynet.estimators.inputs import Inputs, TableInputs
from sknumpynet.estimators.monotone import check_outputs, directions_of_numbers
from sknumpynet.estimators.named_columns import NamedColumns, check_cells
from sknumpynet.estimators.network_specs import TableNetworkSpec, kinds_seen
from sknumpynet.estimators.parameters import (
    TABULAR_PARAMETERS,
    constraints_of,
    optimizer_settings,
)
from sknumpynet.estimators.streams import (
    fit_stream,
    predicted_in_frames,
    targets_of_stream,
)
from sknumpynet.estimators.training_data import GivenRows
from sknumpynet.explanations.effects import column_effects
from sknumpynet.explanations.explaining import explain
from sknumpynet.explanations.explanation import Explanation
from sknumpynet.explanations.importances import column_importances
from sknumpynet.preprocessing import TabularPreprocessor
from sknumpynet.presets import (
    ACTIVATION,
    EMBEDDINGS,
    MONOTONE_ACTIVATION,
    OPTIMIZER,
    PIECES,
    PRESETS,
    ROWS_OF_FULL_BUDGET,
    STREAM,
    STREAM_BATCH_SIZE,
    STREAM_RATE,
    TRAINING,
)
from sknumpynet.training.checkpoints import Checkpoint
from sknumpynet.training.checks import checked_hidden_layer_sizes
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.saved_stream import SavedStream
from sknumpynet.training.splits import EvenSplits
from sknumpynet.utils.columns.streams import is_stream
from sknumpynet.utils.feature_names import with_names_as_in
from sknumpynet.utils.n_jobs import effective_n_jobs
from sknumpynet.utils.scikit_learn import fit_context, validate_parameters

__all__ = ["BaseTabularMLP", "partial_fit_available"]

# Folds of a single network, or of few: with two members each would train on half of the rows.
FEWEST_FOLDS = 5

# Rows that starting weights are fitted to.
MOST_INITIAL_ROWS = 1_000


def _can_go_on(estimator: "BaseTabularMLP") -> bool:
    refuse_balanced_classes(estimator)
    if estimator.calibrate is not None:
        raise AttributeError(
            f"partial_fit holds no rows out to calibrate by, got calibrate={estimator.calibrate!r}"
        )
    return True


partial_fit_available = available_if(_can_go_on)


class BaseTabularMLP(BaseNetwork):
    """Base of `TabularMLPClassifier` and `TabularMLPRegressor`; not used directly."""

    _data_parameters: ClassVar[tuple[str, ...]] = (
        *BaseNetwork._data_parameters,
        "categorical_features",
        "column_kinds",
        "n_background",
    )

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = constraints_of(TABULAR_PARAMETERS)

    # Training --------------------------------------------------------------------------------

    @fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        checkpoint: Checkpoint | str | os.PathLike[str] | None = None,
        **params: Any,
    ) -> Self:
        """Fit the ensemble to a table, or to a stream of frames that does not fit memory.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features), or a stream
            A stream is a path of Parquet (a file, a folder, or a list of files), a
            `pyarrow.dataset.Dataset`, a polars LazyFrame, or anything whose ``__iter__`` gives
            frames with names, anew each time. It is read once to learn what columns are, and then
            once an epoch, unless its encoded rows fit an eighth of scikit-learn's
            ``working_memory``, which bounds what streaming takes.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), or str
            The targets; of a stream the name of their column, or a list of names.
        sample_weight : array-like of shape (n_samples,) or str, default=None
            Weight of each sample, not negative; of a stream the name of its column. Rows of
            weight 0 are as if absent.
        X_val, y_val : array-like, default=None
            Rows to validate by, in memory, in place of those that would be held out. A search cuts
            rows that are as many as those of X by its folds.
        sample_weight_val : array-like of shape (n_val_samples,), default=None
            Their weights.
        checkpoint : Checkpoint, str or path, default=None
            Where to save how far training has come, so that the same fit can go on from there if
            the process is killed; a path is a `Checkpoint` of this folder, saved once a minute. Of
            this fit alone: a search cannot share one among its candidates.
        **params : dict
            For the ``split`` of a splitter given as ``resample``: ``groups``, or with metadata
            routing whatever the splitter requests. Not of streams.

        Returns
        -------
        self
            The fitted estimator. After an error it is as it was before.

        Raises
        ------
        OSError
            If the checkpoint's folder cannot be written.
        TypeError
            For parameters that the splitter does not take, streams that can be read only once, and
            targets of streams that are no names.
        ValueError
            For data that cannot be learned from, if training diverges, and for a checkpoint of
            another fit; of streams for parameters that need all rows at once: splitters, scorers
            and ``calibrate``.

        Notes
        -----
        Of a stream there are no scores out of fold, no intervals and sets, and members are told no
        statistics of levels, see the guide.
        """
        validation = GivenRows.to_validate_by(X_val, y_val, sample_weight_val)
        if not is_stream(X):
            check_cells(y, sample_weight)
            return self._fit(GivenRows(X, y, sample_weight), validation, params, checkpoint)
        names = NamedColumns.of(y, sample_weight)
        self._split_params(None, params)
        saved = None
        if checkpoint is not None:
            saved = SavedStream(Checkpoint.of(checkpoint), self.random_state)
        fitted, messages = fit_stream(self, X, names, validation, saved)
        set_fitted(self, fitted)
        if saved is not None:
            saved.remove()
        for message, category in messages:
            warnings.warn(message, category, stacklevel=3)
        return self

    def _training_config(self, n_samples: int, *, has_validation: bool = False) -> TrainingConfig:
        preset = PRESETS[self.preset]
        budget = preset.regression if is_regressor(self) else preset.classification

        def chosen(name: str, default: Any) -> Any:
            own = getattr(self, name)
            return default if own is None else own

        sizes = chosen("hidden_layer_sizes", preset.hidden_layer_sizes)
        n_members = chosen("n_members", budget.members(n_samples))
        max_iter = chosen("max_iter", budget.epochs(n_samples))
        return TrainingConfig(
            n_members=n_members,
            max_iter=max_iter,
            batch_size=min(chosen("batch_size", preset.batch_size(n_samples)), n_samples),
            requested_batch_size=self.batch_size,
            hidden_layer_sizes=tuple(checked_hidden_layer_sizes(sizes)),
            learning_rate_init=chosen("learning_rate_init", budget.learning_rate),
            dropouts=budget.dropout if self.dropout is None else (self.dropout,),
            optimizer_settings=optimizer_settings(
                TRAINING["solver"],
                {**OPTIMIZER, "weight_decay": chosen("weight_decay", preset.weight_decay)},
            ),
            # Rows that were given to validate by judge all members; nothing else is held out.
            resample=None if has_validation and self.resample == "folds" else self.resample,
            scoring=self.scoring,
            conformal=self.conformal,
            n_trees_for_knots=preset.n_trees_for_knots,
            splits=EvenSplits(FEWEST_FOLDS),
            random_state=self.random_state,
            max_time=self.max_time,
            verbose=self.verbose,
            n_jobs=effective_n_jobs(self.n_jobs),
            n_initial_rows=MOST_INITIAL_ROWS,
            keeps_optimizer=False,
            **TRAINING,
        )

    def _incremental_config(self, n_samples: int) -> TrainingConfig:
        # A budget for what may become of a stream, whatever the rows of one pass are.
        config = self._training_config(ROWS_OF_FULL_BUDGET)
        n_members = config.n_members
        if self.n_members is None and hasattr(self, "parameters_"):
            n_members = self._n_fitted()
        return replace(
            config,
            is_incremental=True,
            keeps_optimizer=True,
            n_members=n_members,
            resample=None,
            batch_size=min(self.batch_size or STREAM_BATCH_SIZE, n_samples),
            requested_batch_size=None,
            learning_rate_init=self.learning_rate_init or STREAM_RATE,
            **STREAM,
        )

    def _inputs(self, known: dict[str, Any]) -> TableInputs:
        return TableInputs(
            with_attributes(self, known),
            self.categorical_features,
            self.column_kinds,
            self.n_background,
            known.get("preprocessor_"),
        )

    def _with_preprocessor(self, known: dict[str, Any], preprocessor: Any) -> dict[str, Any]:
        """Return what is known before the first pass, with what says what columns are, if given.

        Parameters
        ----------
        known : dict
            Of targets.
        preprocessor : TabularPreprocessor or None
            As given to `partial_fit`.
        """
        if preprocessor is None:
            return known
        if hasattr(self, "parameters_"):
            raise ValueError(
                "preprocessor is for the first call: this model has learned of columns "
                f"encoded by its preprocessor_, got preprocessor={preprocessor!r}"
            )
        if not isinstance(preprocessor, TabularPreprocessor):
            raise TypeError(f"preprocessor must be a TabularPreprocessor, got {preprocessor!r}")
        check_is_fitted(preprocessor)
        return {**known, "preprocessor_": preprocessor}

    def _fitted_spec(self, n_outputs: int) -> TableNetworkSpec:
        """Return the networks that training goes on with."""
        shapes = tuple(TableShape.from_plain(own) for own in self._shapes)
        sizes = shapes[0].hidden_layer_sizes
        asked = self.hidden_layer_sizes
        if asked is not None and tuple(checked_hidden_layer_sizes(asked)) != sizes:
            raise ValueError(
                f"training can only be continued with layers of the same sizes, {list(sizes)}: "
                f"got hidden_layer_sizes={asked!r}"
            )
        if n_outputs != shapes[0].n_outputs:
            raise ValueError(
                f"training can only be continued with targets for {shapes[0].n_outputs} outputs, "
                f"as at first: got such for {n_outputs}"
            )
        return TableNetworkSpec(shapes)

    def _network_spec(
        self, inputs: Inputs, config: TrainingConfig, n_outputs: int
    ) -> TableNetworkSpec:
        if config.is_incremental and hasattr(self, "parameters_"):
            return self._fitted_spec(n_outputs)
        fitted = inputs.attributes["preprocessor_"]
        columns = Columns(
            fitted.n_numerical_,
            fitted.n_plain_,
            tuple(fitted.n_levels_),
            n_passed_on=fitted.n_numerical_ // 2 if fitted._has_ranks() else 0,
        )
        sizes = tuple(checked_hidden_layer_sizes(config.hidden_layer_sizes))
        shape = TableShape(columns, sizes, ACTIVATION, n_outputs)
        if is_classifier(self):
            check_outputs(self.monotonic_cst, n_outputs)
        directions = directions_of_numbers(inputs.estimator, self.monotonic_cst, fitted)
        embeddings = EMBEDDINGS["numbers" if is_regressor(self) else "classes"]
        if directions:
            shape = replace(shape, activation=MONOTONE_ACTIVATION, directions=directions)
            embeddings = (PIECES,)
        else:
            shape = replace(shape, kinds=kinds_seen(shape))
        if not columns.n_embedded:
            embeddings = embeddings[:1]
        elif not PRESETS[self.preset].mixes_embeddings:
            embeddings = embeddings[-1:]
        shapes = [replace(shape, **own) for own in embeddings]
        level_codes = tuple(fitted._level_codes())
        # Rows that come one after another have no others yet to be told of.
        if level_codes and not shape.kinds and not config.is_incremental:
            # A loss of several quantiles has several outputs for one target.
            n_targets = 1 if self.loss == "quantile" else n_outputs
            # Of every second member: what these overfit, the others do not.
            told = replace(shapes[-1], level_codes=level_codes, n_statistics=n_targets)
            shapes = [shapes[0], told]
        return TableNetworkSpec(tuple(shapes))

    @property
    def member_columns_(self) -> np.ndarray:
        """Which columns each member sees, a mask of shape (n_members, n_features)."""
        check_is_fitted(self)
        origins = self.preprocessor_._origins()
        masks = np.zeros((self._n_fitted(), self.n_features_in_), bool)
        for mask, (network, parameters) in zip(masks, self._members(), strict=True):
            seen = network.columns_seen(parameters)
            mask[origins if seen is None else origins[seen]] = True
        return masks

    def _members(self) -> Iterator[tuple[Network, np.ndarray]]:
        """Return each member's network and parameters."""
        for network, row in zip(itertools.cycle(self._networks()), self.parameters_, strict=False):
            yield network, row[: network.layout.size]

    def _stacks(self) -> Iterator[tuple[Network, np.ndarray, slice]]:
        """Return each kind of network, its members' parameters, and their places among all."""
        networks = self._networks()
        for k, network in enumerate(networks):
            places = slice(k, None, len(networks))
            parameters = self.parameters_[places, : network.layout.size]
            if len(parameters):
                yield network, parameters, places

    def _networks(self) -> list[Network]:
        """Return what members are in turn."""
        return [table_network(TableShape.from_plain(own)) for own in self._shapes]

    def distil(
        self,
        X: Any,
        *,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        n_members: int = 1,
        **params: Any,
    ) -> Self:
        """Return one network, or a few, that predict nearly what this ensemble does, and sooner.

        They learn the ensemble's predictions, of the rows of X and of rows that are mixed of two
        of them: numbers between those of both, levels of either.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Rows such as will be predicted, those of `fit` or others: their targets are not needed.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row, not negative. Rows of weight 0 are as if absent.
        X_val, y_val : array-like, default=None
            Rows that the ensemble has not seen, and their targets. Both sides are compared by
            them, see below.
        sample_weight_val : array-like of shape (n_val_samples,), default=None
            Their weights.
        n_members : int, default=1
            Networks to distil into.
        **params : dict
            Further parameters of what is returned, such as ``hidden_layer_sizes``,
            ``random_state``, ``max_time`` or ``n_jobs``; by default they are this estimator's.
            Of its ``background_`` no more than ``n_background`` rows are handed on.
            Those that say what is learned stay as they are. Epochs, dropout and the rows that
            members see are distilling's own.

        Returns
        -------
        estimator
            A fitted one of the same class. It has no ``oof_prediction_``, for it holds no rows
            out, but ``distillation_``, a dict with the mean losses of the same rows,
            ``n_rows`` in number: ``ensemble_loss``, ``member_loss``, that of the ensemble's
            members on average, and ``distilled_loss``. With ``X_val`` they are those of
            ``targets`` 'y_val', as ``validation_loss_curve_`` has them: what distilling costs is
            their ratio, for the squared error its root. Without it a twentieth of X is not
            learned from, and ``targets`` are the predictions of the 'ensemble' there: a distance
            from it, in which ``ensemble_loss`` is what cannot be less. Targets of rows of `fit`
            would flatter the ensemble, which has seen them.

        Raises
        ------
        TypeError, ValueError
            For rows that cannot be predicted, fewer than two rows of weight above 0, and
            parameters that are not there, out of their range, or say what is learned.
        sklearn.exceptions.NotFittedError
            Before `fit`.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from sknumpynet import TabularMLPClassifier
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> ensemble = TabularMLPClassifier("fast", random_state=0).fit(X[:400:2], y[:400:2])
        >>> network = ensemble.distil(X[:400:2], X_val=X[400:], y_val=y[400:])
        >>> network.n_members, network.score(X[400:], y[400:]) > 0.9
        (1, True)
        >>> sorted(network.distillation_)
        ['distilled_loss', 'ensemble_loss', 'member_loss', 'n_rows', 'targets']
        """
        check_is_fitted(self)
        fixed = {*self._data_parameters} - {"n_background"} & params.keys()
        if fixed:
            raise ValueError(
                "distil keeps what is learned and of which columns, got "
                + ", ".join(f"{name}={params[name]!r}" for name in sorted(fixed))
            )
        student: Self = clone(self).set_params(n_members=n_members, **params)
        if student._has_splitter():
            student.set_params(resample="folds")  # its splits are as many as this one's members
        validate_parameters(student)
        validation = GivenRows.to_validate_by(X_val, y_val, sample_weight_val)
        return distil(self, student, GivenRows(X, None, sample_weight), validation)

    # Explanation -----------------------------------------------------------------------------

    def explain(
        self,
        X: Any,
        *,
        background: Any = None,
        n_permutations: int = 6,
        n_interacting: int = 0,
        random_state: int | np.random.RandomState | None = 0,
    ) -> Explanation:
        """Return how much each column adds to the prediction of each row: its Shapley values.

        They say how the ensemble comes to its prediction, not what would happen to a row if it
        were otherwise. A column is one however it was encoded: number, rank and missing flag, all
        levels of a category, all numbers of a date or of free text.

        What is explained are the log-odds of the mean probability of the second class; of more
        than two classes the logarithm of each one's mean probability, on a last axis, of several
        labels the log-odds of each. For numbers it is the prediction in the target's own units,
        of several targets or quantiles on a last axis too. Probabilities of 0 and 1 are not
        infinite but as `predict_proba` has them.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
        background : DataFrame or array-like of shape (n_background, n_features), default=None
            Rows that others are compared with; None for ``background_``, those that `fit` kept.
            A few hundred will do: each takes as much time as one of X.
        n_permutations : int, default=6
            Orders of the columns that are drawn for each row, in pairs of one and its reverse, so
            even. Four times as many halve the errors and take four times as long: for 1,000 rows of
            20 numbers 16 networks take about 0.3 seconds for each on one core.
        n_interacting : int, default=0
            Of how many of the strongest columns to measure what each two do only together, as
            ``interactions``. Each two take one more prediction of each row.
        random_state : int, RandomState instance or None, default=0
            Source of the orders.

        Returns
        -------
        Explanation
            ``values``, with their standard errors as ``error``, sum with ``base_values``, the mean
            over the background rows, to exactly what is explained.

        Raises
        ------
        TypeError, ValueError
            For rows that cannot be predicted, an odd ``n_permutations``, and where there are no
            background rows.
        sklearn.exceptions.NotFittedError
            Before `fit`.

        References
        ----------
        S. Lundberg, S. Lee, "A Unified Approach to Interpreting Model Predictions", NeurIPS 2017.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from sknumpynet import TabularMLPRegressor
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> model = TabularMLPRegressor("fast", random_state=0).fit(X[:350], y[:350])
        >>> explanation = model.explain(X[350:])
        >>> explanation.values.shape
        (92, 10)
        >>> bool(abs(explanation.prediction() - model.predict(X[350:])).max() < 1e-6)
        True
        >>> strongest = explanation.strengths().argsort()[::-1][:2]
        >>> sorted(explanation.feature_names[strongest])
        ['bmi', 's5']
        """
        check_is_fitted(self)
        return explain(self, X, background, n_permutations, n_interacting, random_state)

    def column_importances(
        self,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        groups: Mapping[str, Sequence[Any]] | None = None,
        n_repeats: int = 5,
        random_state: int | np.random.RandomState | None = 0,
    ) -> Bunch:
        """Return how much worse members predict rows they never saw without each column.

        A column is taken away by permuting it among the rows that a member held out; what the
        member's loss on them grows by is the column's importance. No other rows are needed, and
        what was learned by heart counts for nothing. Where columns say the same, none is
        important alone: put them into a group.

        Parameters
        ----------
        X, y : array-like
            The table that `fit` was given and its targets, in the same order.
        sample_weight : array-like of shape (n_samples,), default=None
            As for `fit`.
        groups : dict of str to list, default=None
            By their names columns that are permuted together, each by name or index; None for
            every column by itself.
        n_repeats : int, default=5
            Permutations of each column and member.
        random_state : int, RandomState instance or None, default=0
            Source of the permutations.

        Returns
        -------
        Bunch
            ``importances_mean`` and ``importances_std`` of shape (n_columns,), over members, as
            scikit-learn's `permutation_importance` has them, ``importances_error``, the standard
            errors of the means, ``importances`` of shape (n_columns, n_members), and
            ``feature_names``. They are in units of the loss; of numbers that is of targets in
            standard deviations.

        Raises
        ------
        TypeError, ValueError
            For another table than that of `fit`, columns that are not there, and where no rows
            were held out, as with ``resample=None``.
        sklearn.exceptions.NotFittedError
            Before `fit`.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from sknumpynet import TabularMLPRegressor
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> model = TabularMLPRegressor("fast", random_state=0).fit(X, y)
        >>> found = model.column_importances(X, y)
        >>> sorted(found.feature_names[found.importances_mean.argsort()[-2:]])
        ['bmi', 's5']
        >>> groups = {"serum": ["s1", "s2", "s3", "s4", "s5", "s6"], "person": ["age", "sex"]}
        >>> grouped = model.column_importances(X, y, groups=groups)
        >>> grouped.importances.shape
        (2, 5)
        """
        check_is_fitted(self)
        given = GivenRows(X, y, sample_weight)
        return column_importances(self, given, groups, n_repeats, random_state)

    def column_effects(
        self,
        X: Any,
        column: str | int,
        *,
        grid_resolution: int = 100,
        percentiles: tuple[float, float] = (0.05, 0.95),
    ) -> Bunch:
        """Return what is predicted for other values of one column: partial dependence and ICE.

        Rows are encoded once, so that this is quicker than scikit-learn's `partial_dependence`.
        The values that are tried are some that rows of X have: of numbers and dates all or, of
        more than ``grid_resolution``, those nearest to evenly spaced ones; of categories and texts
        all or the most frequent. Missing is none of them.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
        column : str or int
            Its name or index.
        grid_resolution : int, default=100
            Values at most.
        percentiles : tuple of float, default=(0.05, 0.95)
            Between which evenly spaced values lie.

        Returns
        -------
        Bunch
            ``grid_values``, a list with one array, ``average`` of shape (n_outputs, n_values) and
            ``individual`` of shape (n_outputs, n_samples, n_values), as scikit-learn's
            `partial_dependence` returns them and its `PartialDependenceDisplay` takes them; also
            the ``deciles`` of the column, ``is_categorical`` and ``feature_name``. Outputs are
            targets, labels or classes; of two classes the second.

        Raises
        ------
        TypeError, ValueError
            For rows that cannot be predicted, a column that is not there, or that no row knows.
        sklearn.exceptions.NotFittedError
            Before `fit`.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from sknumpynet import TabularMLPRegressor
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> model = TabularMLPRegressor("fast", random_state=0).fit(X, y)
        >>> effects = model.column_effects(X, "bmi", grid_resolution=20)
        >>> effects.average.shape, effects.individual.shape
        ((1, 20), (1, 442, 20))
        >>> bool(effects.average[0, -1] > effects.average[0, 0])
        True
        """
        check_is_fitted(self)
        return column_effects(self, X, column, grid_resolution, percentiles)

    # Prediction ------------------------------------------------------------------------------

    def _predictions(self, X: Any) -> np.ndarray:
        if is_stream(X):
            check_is_fitted(self)
            return predicted_in_frames(self, X)
        return super()._predictions(X)

    def _targets_of(self, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any]:
        if is_stream(X) and (isinstance(y, str) or self._are_names(y)):
            return targets_of_stream(X, NamedColumns.of(y, sample_weight))
        return super()._targets_of(X, y, sample_weight)

    def _are_names(self, y: Any) -> bool:
        """Return whether a list is of names of targets: labels are one for each row."""
        check_is_fitted(self)
        is_single = is_classifier(self) and not self._label_binarizer.y_type_.startswith("multil")
        is_list = isinstance(y, list | tuple) and all(isinstance(own, str) for own in y)
        return is_list and not is_single

    def _check_for_prediction(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        if is_stream(X):
            raise TypeError(
                f"a table in memory is asked for here, got {type(X).__name__}, a stream, which "
                "predict, predict_proba and predict_log_proba take"
            )
        encoded: np.ndarray = self.preprocessor_._transform_for(self, X, with_levels=True)
        return encoded

    def _quietly_encoded(self, X: Any) -> np.ndarray:
        preprocessor = with_names_as_in(X, self.preprocessor_)
        encoded: np.ndarray = preprocessor._transform_for(
            preprocessor, X, warns=False, with_levels=True
        )
        return encoded

    def _n_fitted(self) -> int:
        return len(self.parameters_)

    def _activated(self, X: np.ndarray) -> np.ndarray:
        raw: np.ndarray = np.empty((len(self.parameters_), len(X), self.n_outputs_))
        for network, parameters, places in self._stacks():
            raw[places] = raw_outputs(network, parameters, X)
        return activated(raw, self.out_activation_, bits_by_row=True)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags
