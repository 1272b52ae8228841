"""Models from files that hold no code."""

import os
from typing import IO

from sknumpynet.classifier import NumpyMLPClassifier
from sknumpynet.estimators.files.loading import load
from sknumpynet.regressor import NumpyMLPRegressor
from sknumpynet.tabular import TabularMLPClassifier, TabularMLPRegressor

__all__ = ["load_model"]

Model = NumpyMLPClassifier | NumpyMLPRegressor | TabularMLPClassifier | TabularMLPRegressor

# The only classes that a file can ask for.
_KINDS = {
    kind.__name__: kind
    for kind in (NumpyMLPClassifier, NumpyMLPRegressor, TabularMLPClassifier, TabularMLPRegressor)
}


def load_model(path: str | os.PathLike[str] | IO[bytes]) -> Model:
    """Return the model that ``save_model`` wrote to a file.

    No code is run that the file brings along, and nothing is imported by a name in it. Memory is
    bounded by the size of the file: a small file cannot unfold to a large model.

    Parameters
    ----------
    path : str, path or binary file
        A binary file is one that can be read from anywhere, such as an open file or a `BytesIO`.

    Returns
    -------
    estimator
        Of the class that was saved, with its parameters; it predicts the same bits, and goes on
        training as the one that was saved would.

    Raises
    ------
    ValueError
        If the file is no model, is damaged or cut off, was altered so that it cannot be true, or
        was saved by a later version that saves differently.
    OSError
        If it cannot be opened.

    Examples
    --------
    >>> import io
    >>> from sklearn.datasets import load_iris
    >>> from sknumpynet import TabularMLPClassifier, load_model
    >>> X, y = load_iris(return_X_y=True)
    >>> model = TabularMLPClassifier("fast", random_state=0).fit(X, y)
    >>> file = io.BytesIO()  # or the path of a file
    >>> model.save_model(file)
    >>> loaded = load_model(file)
    >>> bool((loaded.predict_proba(X) == model.predict_proba(X)).all())
    True
    """
    model: Model = load(path, _KINDS)
    return model
