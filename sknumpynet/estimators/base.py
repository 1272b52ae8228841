"""What all estimators share: validate, encode, call the engine, set what is fitted, predict."""

import os
import warnings
from collections.abc import Callable
from functools import partial
from typing import IO, Any, Self

import numpy as np
from sklearn import get_config
from sklearn.utils.metadata_routing import (
    MetadataRequest,
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import check_is_fitted

from sknumpynet.estimators.calibration import calibration_attributes
from sknumpynet.estimators.callbacks import FitReport
from sknumpynet.estimators.conformal import HeldOutRows
from sknumpynet.estimators.contract import NetworkEstimator
from sknumpynet.estimators.files.saving import save
from sknumpynet.estimators.fitted_attributes import previous_fit, set_fitted, with_attributes
from sknumpynet.estimators.fitting import Fit, encode, make_fit
from sknumpynet.estimators.saved_state import restored_state, saved_state
from sknumpynet.estimators.training_data import GivenRows
from sknumpynet.training.checkpoints import Checkpoint
from sknumpynet.training.config import TrainingConfig
from sknumpynet.training.ensemble import train_ensemble
from sknumpynet.training.result import FitResult
from sknumpynet.training.saved_fit import SavedFit
from sknumpynet.utils.scikit_learn import fit_context
from sknumpynet.utils.weights import n_rows_of_weight

__all__ = ["BaseNetwork"]


# What other libraries call the rows to validate by has these parts: eval_set, x_valid.
_VALIDATION_WORDS = {"dev", "eval", "val", "valid", "validation", "xval", "yval"}
# What their settings of it end with: eval_metric, validation_split.
_SETTING_WORDS = {"fraction", "frac", "metric", "metrics", "size", "split"}


def _check_for_validation_data(params: dict[str, Any]) -> None:
    """Raise if rows to validate by are given under the names of other libraries."""
    words = {name: name.lower().split("_") for name in params}
    wrong = [
        name
        for name, own in words.items()
        if _VALIDATION_WORDS.intersection(own) and own[-1] not in _SETTING_WORDS
    ]
    if wrong:
        raise TypeError(
            f"fit got unexpected arguments {sorted(wrong)}: rows to validate by are given as X_val "
            "and y_val, their weights as sample_weight_val"
        )


class BaseNetwork(NetworkEstimator):
    """An estimator whose networks the engine trains; not used directly."""

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
        """Fit the network, or the ensemble, to data X and target y.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training data: a DataFrame or, unless the class is for tables, a sparse matrix too.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets: class labels, label indicators or real numbers.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample, not negative. For tables rows of weight 0 are as if absent;
            elsewhere they are part of batches, as in scikit-learn, but what they hold has no
            effect.
        X_val, y_val : array-like, default=None
            Rows to validate by, in place of those that would be set aside; where epochs are not
            chosen by them, scores and losses on them are recorded only. A search cuts rows that
            are as many as those of X by its folds.
        sample_weight_val : array-like of shape (n_val_samples,), default=None
            Their weights.
        checkpoint : Checkpoint, str or path, default=None
            Where to save how far training has come, so that the same fit can go on from there if
            the process is killed; a path is a `Checkpoint` of this folder, saved once a minute. Of
            this fit alone: a search cannot share one among its candidates.
        **params : dict
            For the ``split`` of a splitter given as ``resample``: ``groups``, or with metadata
            routing whatever the splitter requests.

        Returns
        -------
        self
            The fitted estimator. After an error it is as it was before.

        Raises
        ------
        OSError
            If the checkpoint's folder cannot be written.
        TypeError
            For parameters that the splitter does not take.
        ValueError
            For data that cannot be learned from, if training diverges, and for a checkpoint of
            another fit.
        """
        given = GivenRows(X, y, sample_weight)
        validation = GivenRows.to_validate_by(X_val, y_val, sample_weight_val)
        return self._fit(given, validation, params, checkpoint)

    def _fit(
        self,
        given: GivenRows,
        validation: GivenRows | None,
        params: dict[str, Any],
        checkpoint: Checkpoint | str | os.PathLike[str] | None,
    ) -> Self:
        """Do what `fit` does, which calls it."""
        split_params = self._split_params(given.sample_weight, params)
        report = FitReport(self, given, partial(self._config_for, given))
        previous = previous_fit(self) if self._goes_on() else None
        encoded = encode(self, given, validation, previous)
        fit = make_fit(self, encoded, split_params, previous)
        saved = None
        if checkpoint is not None:
            saved = SavedFit(Checkpoint.of(checkpoint), fit.problem)
        after_training = partial(self._after_training, fit, given.sample_weight)
        self._train(fit, report, after_training, saved)
        report.end()
        return self

    def _config_for(self, given: GivenRows) -> TrainingConfig:
        """Return how networks are trained on rows that are not validated yet."""
        counted = given.sample_weight if self._inputs({}).drops_rows_of_weight_0 else None
        return self._training_config(n_rows_of_weight(given.X, counted))

    def _goes_on(self) -> bool:
        """Return whether `fit` starts from the fitted weights."""
        return bool(getattr(self, "warm_start", False) and hasattr(self, "coefs_"))

    def _partial_fit(self, given: GivenRows, known: dict[str, Any] | None = None) -> Self:
        """Take one more pass, over rows that may be a part of a stream.

        Parameters
        ----------
        given : GivenRows
        known : dict, optional
            What is known of columns and targets before the first pass.
        """
        if getattr(self, "_is_slim", False):
            raise ValueError(
                "partial_fit goes on with the optimiser's state, which slim() dropped: call fit, "
                "with warm_start=True to start from the weights that are there"
            )
        previous = previous_fit(self) if hasattr(self, "n_outputs_") else None
        encoded = encode(self, given, previous=previous, known=known, is_incremental=True)
        encoded.targets.take_in(encoded.data)
        self._train(make_fit(self, encoded, previous=previous, is_incremental=True))
        return self

    def _train(
        self,
        fit: Fit,
        report: FitReport | None = None,
        after_training: Callable[[FitResult], dict[str, Any]] | None = None,
        saved: SavedFit | None = None,
    ) -> None:
        """Train, and set what is fitted; called by a method that a public one calls."""
        end_of_epoch = None if report is None else partial(report.of_member, fit)
        result = train_ensemble(fit.problem, end_of_epoch, saved)
        fitted = fit.fitted(result)
        if after_training is not None:
            fitted.values.update(after_training(result))
        set_fitted(self, fitted)
        if saved is not None and all(own.status != "interrupted" for own in result.members):
            saved.remove()
        for message, category in result.warnings:
            warnings.warn(message, category, stacklevel=5)

    def _after_training(self, fit: Fit, sample_weight: Any, result: FitResult) -> dict[str, Any]:
        """Return further fitted attributes, of a temperature where one is asked for."""
        if self.calibrate is None:
            return {}
        data = fit.encoded.data
        return calibration_attributes(self, data, sample_weight, result.held_out)

    def _has_splitter(self) -> bool:
        return self.resample is not None and not isinstance(self.resample, str)

    def _split_params(self, sample_weight: Any, params: dict[str, Any]) -> dict[str, Any]:
        """Return what of the arguments of `fit` goes to the splitter."""
        if not params:
            return {}
        _check_for_validation_data(params)
        has_splitter = self._has_splitter()
        if has_splitter and get_config()["enable_metadata_routing"]:
            routed = process_routing(self, "fit", sample_weight=sample_weight, **params)
            return dict(routed.splitter.split)
        unexpected = set(params) - ({"groups"} if has_splitter else set())
        if unexpected:
            raise TypeError(
                f"fit got unexpected arguments {sorted(unexpected)}; a splitter as resample takes "
                f"groups, and more with metadata routing; got resample={self.resample!r}"
            )
        return params

    def get_metadata_routing(self) -> MetadataRouter | MetadataRequest:
        """Return what metadata `fit` takes, and what of it a splitter given as ``resample``.

        Returns
        -------
        MetadataRouter or MetadataRequest
        """
        if not self._has_splitter():
            return super().get_metadata_routing()
        mapping = MethodMapping().add(caller="fit", callee="split")
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(splitter=self.resample, method_mapping=mapping)

    # Prediction ------------------------------------------------------------------------------

    def _targets_of(self, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any]:
        """Return targets and weights to score by, as they were given."""
        return y, sample_weight

    def _predictions(self, X: Any) -> np.ndarray:
        """Return activated outputs, shape (n_samples, n_outputs), the mean of the members'."""
        return self._mean_activated(self._check_for_prediction(X))

    def predict_members(self, X: Any) -> np.ndarray:
        """Return what every member predicts: a classifier's probabilities, a regressor's values.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_members, n_samples), (n_members, n_samples, n_outputs) or \
                (n_members, n_samples, n_classes)
        """
        activated = self._activated(self._check_for_prediction(X))
        return self._as_output(activated if activated.ndim == 3 else activated[np.newaxis])

    def _held_out_rows(self) -> HeldOutRows:
        """Return what is known of rows that had no part in a network.

        Raises
        ------
        ValueError
            If nothing is.
        """
        check_is_fitted(self)
        kept = getattr(self, "_conformal", None)
        if kept is None:
            raise ValueError(
                f"this {type(self).__name__} knows of no rows that had no part in its training: it "
                "takes members that hold out folds (resample='folds' or a splitter, got "
                f"resample={self.resample!r}), a fit to a table in memory, without X_val, "
                "partial_fit and distilling, and conformal=True where that is a parameter"
            )
        return HeldOutRows(**kept)

    def _of_all_networks(self, held_out: HeldOutRows, X: Any) -> np.ndarray:
        """Return what the networks of `_held_out_rows` say of checked rows, activated."""
        ensembles = [with_attributes(self, own) for own in held_out.ensembles] or [self]
        outputs = [own._activated(X) for own in ensembles]
        return np.concatenate([own if own.ndim == 3 else own[np.newaxis] for own in outputs])

    # Saving ----------------------------------------------------------------------------------

    def save_model(self, path: str | os.PathLike[str] | IO[bytes]) -> None:
        """Write the model to a file that holds no code, for `sknumpynet.load_model`.

        Parameters
        ----------
        path : str, path or binary file
            By custom it ends with ``.sknn``. A file that is there is replaced at the very end.

        Raises
        ------
        ValueError
            For what is more than numbers, text and arrays, such as a loss, an activation or a
            scorer of one's own, by its name.

        Examples
        --------
        >>> import io
        >>> from sklearn.datasets import load_iris
        >>> from sknumpynet import NumpyMLPClassifier, load_model
        >>> X, y = load_iris(return_X_y=True)
        >>> model = NumpyMLPClassifier(learning_rate="one_cycle", max_iter=20).fit(X, y)
        >>> file = io.BytesIO()
        >>> model.save_model(file)
        >>> bool((load_model(file).predict(X) == model.predict(X)).all())
        True
        """
        save(self, path)

    def __getstate__(self) -> dict[str, Any]:
        return saved_state(super().__getstate__())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(restored_state(type(self), state))
