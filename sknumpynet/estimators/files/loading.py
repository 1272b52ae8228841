"""An estimator from a file that need not be trusted."""

import os
from collections.abc import Mapping
from typing import IO, Any
from zipfile import BadZipFile

from sklearn.base import BaseEstimator

from sknumpynet.estimators.files.checks import check_model
from sknumpynet.estimators.files.replacements import requests_of, splitter_of
from sknumpynet.estimators.files.saving import FORMAT, package_version, with_state
from sknumpynet.preprocessing import TabularPreprocessor
from sknumpynet.utils.files import Archive, name_of, opened, unpack

__all__ = ["load"]


def load(
    path: str | os.PathLike[str] | IO[bytes], kinds: Mapping[str, type[BaseEstimator]]
) -> BaseEstimator:
    """Return what `save` wrote.

    Parameters
    ----------
    path : str, path or binary file
    kinds : mapping of str to type
        The classes that there may be.

    Raises
    ------
    ValueError
        For anything else in the file, whatever it is.
    OSError
        If it cannot be opened.
    """
    with opened(path) as file:
        failed = f"{name_of(path)} is no model that sknumpynet {package_version()} can load"
        try:
            archive = Archive(file)
            document = archive.document()
            saved = document["sknumpynet"]
            if not isinstance(saved, str):
                raise ValueError(f"the version must be text, got {saved!r:.80}")
            failed += f", saved by sknumpynet {saved:.40}"
            _check_format(document["format"])
            return _model(document, archive, kinds)
        # Whatever a file that is wrong runs into, this is how it is told.
        except Exception as error:
            raise ValueError(f"{failed}: {_reason(error):.1000}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it has no {error}"
    return str(error) if isinstance(error, ValueError | BadZipFile) else repr(error)


def _check_format(number: Any) -> None:
    if type(number) is not int or number < 1:
        raise ValueError(f"the format must be a number from 1, got {number!r:.80}")
    if number > FORMAT:
        raise ValueError(f"it has format {number}, formats up to {FORMAT} are known")


def _model(
    document: dict[str, Any], archive: Archive, kinds: Mapping[str, type[BaseEstimator]]
) -> BaseEstimator:
    kind, number = kinds.get(document["class"]), document["state"]
    if kind is None:
        raise ValueError(f"the class must be one of {list(kinds)}, got {document['class']!r:.80}")
    if type(number) is not int:
        raise ValueError(f"the state must be a number, got {number!r:.80}")
    state = {**_state(document, archive, kind), "_format": number}
    if "preprocessor" in document:
        of_columns = _state(document["preprocessor"], archive, TabularPreprocessor)
        state["preprocessor_"] = with_state(TabularPreprocessor, of_columns)
    model = with_state(kind, state)
    check_model(model)
    archive.check_all_read()
    return model


def _state(document: dict[str, Any], archive: Archive, kind: type[BaseEstimator]) -> dict[str, Any]:
    """Return parameters and attributes as they were saved."""
    parameters, attributes = (
        {name: unpack(own, archive.array) for name, own in document[section].items()}
        for section in ("parameters", "attributes")
    )
    known = set(kind._get_param_names())
    if unknown := sorted(parameters.keys() - known):
        raise ValueError(f"{kind.__name__} has no parameter {unknown[0]!r:.80}")
    if wrong := sorted(attributes.keys() & known):
        raise ValueError(f"{wrong[0]!r} is a parameter, and no attribute")
    if "resample" in parameters:
        parameters["resample"] = splitter_of(parameters["resample"])
    if "_metadata_request" in attributes:
        requests = attributes["_metadata_request"]
        attributes["_metadata_request"] = requests_of(requests, kind.__name__)
    return parameters | attributes
