"""Labels and probabilities of classifiers, from what their networks predict."""

from typing import Any

import numpy as np
import numpy.typing as npt
from skl2onnx.common.data_types import Int64TensorType, StringTensorType

from sknumpynet.onnx.graph import Graph

__all__ = ["label_type", "labels", "n_probabilities", "probabilities"]


def _is_multilabel(model: Any) -> bool:
    return bool(model._label_binarizer.y_type_ == "multilabel-indicator")


def _has_one_class(model: Any) -> bool:
    return len(model.classes_) == 1


def _has_names(model: Any) -> bool:
    return model.classes_.dtype.kind in "OUS"


def label_type(model: Any, n_rows: Any) -> Any:
    """Return the type of the labels of a classifier.

    Raises
    ------
    NotImplementedError
        For labels that would be others in a graph, such as dates.
    """
    _check_labels(model.classes_)
    kind = StringTensorType if _has_names(model) else Int64TensorType
    return kind(shape=[n_rows, model.n_outputs_] if _is_multilabel(model) else [n_rows])


def _check_labels(classes: npt.NDArray[Any]) -> None:
    whole = np.iinfo(np.int64)
    if classes.dtype.kind in "OUS":
        wrong = [own for own in map(str, classes) if own != own.encode(errors="ignore").decode()]
    elif classes.dtype.kind in "biuf":
        wrong = [own for own in classes.tolist() if not whole.min <= own <= whole.max]
    else:
        wrong = [*classes]
    if wrong:
        raise NotImplementedError(
            "labels of a graph are text in UTF-8 or integers of int64, got "
            f"{classes.dtype} such as {wrong[0]!r}"
        )


def n_probabilities(model: Any) -> int:
    """Return how many probabilities a row has."""
    return 1 if _has_one_class(model) else max(model.n_outputs_, 2)


def probabilities(graph: Graph, model: Any, activated: str) -> str:
    """Return the probability of each class, or of each label.

    Parameters
    ----------
    graph : Graph
    model : classifier
    activated : str
        Of shape (n_samples, n_outputs).
    """
    if _has_one_class(model):
        return graph.node("Softmax", activated, axis=-1)  # 1 in every row
    if model.n_outputs_ == 1:
        others = graph.node("Sub", graph.constant(1.0), activated)
        return graph.node("Concat", others, activated, axis=1)
    return activated


def labels(graph: Graph, model: Any, probabilities: str) -> str:
    """Return the most probable class of each row, or which labels are more probable than not."""
    if _is_multilabel(model):
        likely = graph.node("Greater", probabilities, graph.constant(0.5))
        return graph.cast(likely, np.int64)
    if _has_names(model):
        classes = graph.texts([str(name) for name in model.classes_])
    else:
        classes = graph.constant(model.classes_.astype(np.int64), np.int64)
    places = graph.node("ArgMax", probabilities, axis=1, keepdims=0)
    return graph.node("Gather", classes, places, axis=0)
