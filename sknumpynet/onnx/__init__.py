"""Export to ONNX: of estimators for tables from raw columns on, of networks through `skl2onnx`.

Needs the extra: ``pip install "sknumpynet[onnx]"``. The rest of the package does not import it.
Importing it lets `skl2onnx` convert networks, pipelines of them, and estimators for tables.

Examples
--------
>>> import numpy as np
>>> import sknumpynet.onnx
>>> from skl2onnx import to_onnx
>>> from sklearn.datasets import load_iris
>>> from sknumpynet import NumpyMLPClassifier
>>> X, y = load_iris(return_X_y=True)
>>> model = NumpyMLPClassifier(learning_rate="cosine", random_state=0).fit(X, y)
>>> exported = to_onnx(model, X[:1].astype(np.float32), options={"zipmap": False})
>>> [output.name for output in exported.graph.output]
['label', 'probabilities']
"""

from typing import Any

try:
    from skl2onnx import update_registered_converter
except ImportError as error:
    raise ImportError('sknumpynet.onnx needs skl2onnx: pip install "sknumpynet[onnx]"') from error

from sknumpynet.classifier import NumpyMLPClassifier
from sknumpynet.onnx.converters import (
    classifier_shapes,
    convert_classifier,
    convert_regressor,
    regressor_shapes,
)
from sknumpynet.onnx.feeds import prepare
from sknumpynet.onnx.tables import (
    ALIAS_OF_REGRESSORS,
    convert_table_classifier,
    convert_table_regressor,
    parse_table_regressor,
    table_classifier_shapes,
    table_regressor_shapes,
    to_onnx,
)
from sknumpynet.regressor import NumpyMLPRegressor
from sknumpynet.search import (
    StackedGridSearchCV,
    StackedHalvingGridSearchCV,
    StackedHalvingRandomSearchCV,
    StackedHyperbandSearchCV,
    StackedRandomizedSearchCV,
)
from sknumpynet.tabular import TabularMLPClassifier, TabularMLPRegressor

__all__ = ["prepare", "to_onnx"]

_OPTIONS_OF_CLASSIFIERS = {
    "zipmap": [True, False, "columns"],
    "output_class_labels": [False, True],
    "nocl": [True, False],
}


def _refuse_search(scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:
    raise NotImplementedError(
        f"a search is not exported to ONNX, got a {type(model).__name__}: export what it found, as "
        "by to_onnx(search.best_estimator_, X[:1])"
    )


def _no_shapes(operator: Any) -> None:
    """Stand for what is never reached: a search is refused when it is read."""


def _no_nodes(scope: Any, operator: Any, container: Any) -> None:
    """Stand for what is never reached."""


update_registered_converter(
    NumpyMLPRegressor, "SknumpynetMLPRegressor", regressor_shapes, convert_regressor
)
update_registered_converter(
    NumpyMLPClassifier,
    "SknumpynetMLPClassifier",
    classifier_shapes,
    convert_classifier,
    options=_OPTIONS_OF_CLASSIFIERS,
)
update_registered_converter(
    TabularMLPRegressor,
    ALIAS_OF_REGRESSORS,
    table_regressor_shapes,
    convert_table_regressor,
    parser=parse_table_regressor,
    options={"interval": None},
)
update_registered_converter(
    TabularMLPClassifier,
    "SknumpynetTabularMLPClassifier",
    table_classifier_shapes,
    convert_table_classifier,
    options=_OPTIONS_OF_CLASSIFIERS,
)
for _search in (
    StackedGridSearchCV,
    StackedRandomizedSearchCV,
    StackedHalvingGridSearchCV,
    StackedHalvingRandomSearchCV,
    StackedHyperbandSearchCV,
):
    update_registered_converter(
        _search,
        f"Sknumpynet{_search.__name__}",
        _no_shapes,
        _no_nodes,
        parser=_refuse_search,
    )
