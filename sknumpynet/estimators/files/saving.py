"""An estimator as a document and its arrays; what these cannot hold is refused by its name."""

import os
import sys
from typing import IO, Any

import numpy as np
from sklearn.base import BaseEstimator

from sknumpynet.estimators.files.checks import check_model
from sknumpynet.estimators.files.replacements import plain_requests, plain_splitter
from sknumpynet.utils.files import Packed, pack, write_archive

__all__ = ["FORMAT", "KINDS", "package_version", "save", "with_state"]

# To be raised whenever files are written that the versions before cannot read; `loading` goes on
# reading all formats from 1. What attributes are called has a number of its own, see `saved_state`.
FORMAT = 1

# Those that files hold; a class that is derived from one of them is a user's code.
KINDS = {
    "NumpyMLPClassifier": "sknumpynet.classifier",
    "NumpyMLPRegressor": "sknumpynet.regressor",
    "TabularMLPClassifier": "sknumpynet.tabular",
    "TabularMLPRegressor": "sknumpynet.tabular",
}

# They follow fits, and are not of the model.
_CALLBACKS = {
    *("_skl_callbacks", "_skl_callbacks_to_teardown"),
    *("_callback_fit_ctx", "_parent_callback_ctx"),
}

_HINTS = {
    "scoring": "give a scorer's name",
    "activation": "give an activation's name",
    "categorical_features": "give a list of names or numbers of columns",
    "learning_rate": "give a schedule's name",
    "loss": "give a loss of sknumpynet.core.losses, or its name",
    "resample": "give one of scikit-learn's plain splitters, or 'folds'",
    "random_state": "give an integer",
}


def save(estimator: BaseEstimator, path: str | os.PathLike[str] | IO[bytes]) -> None:
    """Write an estimator to a file.

    Raises
    ------
    ValueError
        For what is more than arrays and plain Python, by its name, and for all that could not be
        loaded.
    """
    kind = type(estimator)
    if KINDS.get(kind.__name__) != kind.__module__:
        raise ValueError(
            f"files hold {', '.join(KINDS)}, not classes derived from them, got {kind.__qualname__}"
        )
    state = {k: own for k, own in estimator.__getstate__().items() if k not in _CALLBACKS}
    model = with_state(kind, state)
    document: dict[str, Any] = {
        "format": FORMAT,
        "sknumpynet": package_version(),
        "class": kind.__name__,
        "state": state.pop("_format"),
    }
    preprocessor = state.pop("preprocessor_", None)
    arrays = _add_sections(document, estimator, state)
    if preprocessor is not None:
        own: dict[str, Any] = {}
        arrays |= _add_sections(own, preprocessor, preprocessor.__getstate__(), "preprocessor/")
        document["preprocessor"] = own
    check_model(model)
    write_archive(path, document, arrays)


def with_state(kind: type[BaseEstimator], state: dict[str, Any]) -> BaseEstimator:
    """Return an estimator from what ``__getstate__`` returned."""
    estimator: BaseEstimator = object.__new__(kind)
    estimator.__setstate__(state)
    return estimator


def _add_sections(
    document: dict[str, Any], estimator: BaseEstimator, state: dict[str, Any], place: str = ""
) -> dict[str, np.ndarray]:
    """Add an estimator's parameters and attributes, by name; return their arrays."""
    names = estimator.get_params(deep=False)
    arrays: dict[str, np.ndarray] = {}
    for section in ("parameters", "attributes"):
        document[section] = values = {}
        for name in sorted(state):
            if (name in names) == (section == "parameters"):
                packed = _packed(name, state[name], f"{place}{section}/{name}")
                values[name] = packed.values
                arrays |= packed.arrays
    return arrays


def _packed(name: str, value: Any, place: str) -> Packed:
    if name == "resample":
        value = plain_splitter(value)
    if name == "_metadata_request":
        value = plain_requests(value)
    try:
        return pack(value, place)
    except ValueError as error:
        hint = _HINTS.get(name, "give plain Python or an array")
        raise ValueError(
            f"a file of save_model holds no code: {error}; {hint}, or pickle the model"
        ) from None


def package_version() -> str:
    """Return the version of this package."""
    # It stands in the package's top, which a floor below may not import.
    version: str = vars(sys.modules[__name__.partition(".")[0]])["__version__"]
    return version
