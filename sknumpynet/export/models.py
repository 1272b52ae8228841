"""Which fitted models become files, and what they are made of."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from sknumpynet.estimators.mlp import BaseNumpyMLP
from sknumpynet.estimators.tabular import BaseTabularMLP
from sknumpynet.explanations.rows import column_names
from sknumpynet.preprocessing import TabularPreprocessor

__all__ = ["SCALERS", "ReadModel", "read_model"]

# By exact type: classes derived from them may do more.
SCALERS = (StandardScaler, MinMaxScaler, RobustScaler, MaxAbsScaler)


@dataclass(frozen=True)
class ReadModel:
    """A fitted model by its parts.

    Parameters
    ----------
    estimator : BaseNumpyMLP or BaseTabularMLP
        Of the networks.
    preprocessor : TabularPreprocessor or None
        What reads tables: the estimator's own, or the first step.
    scalers : list of transformer
        The steps between, of the types in ``SCALERS``.
    names : list of str
        Of the columns that come in.
    has_names : bool
        Whether the columns had some.
    """

    estimator: Any
    preprocessor: TabularPreprocessor | None
    scalers: list[Any]
    names: list[str]
    has_names: bool

    @property
    def is_for_tables(self) -> bool:
        """Whether the estimator itself reads tables."""
        return isinstance(self.estimator, BaseTabularMLP)


def read_model(model: Any, known: Container[type], where: str) -> ReadModel:
    """Return the parts of an estimator, or of a pipeline that ends in one.

    Parameters
    ----------
    model : estimator
    known : container of type
        Scalers that have a form.
    where : str
        What has no form is refused as having none there.

    Raises
    ------
    TypeError
        For what is neither a network of this package nor a pipeline that ends in one.
    NotImplementedError
        For steps before it that have no form.
    sklearn.exceptions.NotFittedError
        Before `fit`.
    """
    *steps, (_, estimator) = _steps(model, "")
    if not isinstance(estimator, BaseNumpyMLP | BaseTabularMLP):
        is_search = hasattr(estimator, "best_estimator_") or hasattr(estimator, "refit")
        hint = ": export its best_estimator_" if is_search else ""
        raise TypeError(
            "a NumpyMLPClassifier, NumpyMLPRegressor, TabularMLPClassifier or TabularMLPRegressor, "
            f"or a pipeline that ends in one, is needed, got a {type(estimator).__name__}{hint}"
        )
    check_is_fitted(estimator)
    preprocessor = estimator.preprocessor_ if isinstance(estimator, BaseTabularMLP) else None
    first = steps[0][1] if steps else estimator
    for place, (name, step) in enumerate(steps):
        check_is_fitted(step)
        if isinstance(estimator, BaseNumpyMLP) and place == 0 and type(step) is TabularPreprocessor:
            preprocessor = step
        elif type(step) not in known or isinstance(estimator, BaseTabularMLP):
            raise NotImplementedError(
                f"the step {name!r}, a {type(step).__name__}, has no form in {where} before a "
                f"{type(estimator).__name__}; those that have, before networks of numbers, are "
                f"{', '.join(own.__name__ for own in SCALERS)} and, first, TabularPreprocessor"
            )
    return ReadModel(
        estimator,
        preprocessor,
        [step for _, step in steps if step is not preprocessor],
        column_names(first).tolist(),
        hasattr(first, "feature_names_in_"),
    )


def _steps(model: Any, prefix: str) -> list[tuple[str, Any]]:
    """Return the steps of a pipeline that do something, also of those within; or the model."""
    if not isinstance(model, Pipeline):
        return [(prefix, model)]
    steps = []
    for name, step in model.steps:
        if step is not None and not (isinstance(step, str) and step == "passthrough"):
            steps += _steps(step, f"{prefix}__{name}" if prefix else name)
    return steps
