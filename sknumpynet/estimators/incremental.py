"""What `partial_fit` has in common, of drop-ins and of estimators for tables."""

from typing import Any

from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.multiclass import type_of_target

from sknumpynet.estimators.fitted_attributes import with_attributes
from sknumpynet.utils.scikit_learn import check_first_partial_fit

__all__ = ["known_classes", "refuse_balanced_classes"]


def refuse_balanced_classes(estimator: Any) -> None:
    """Raise, as for a method that is not there, where weights of classes need all rows."""
    if getattr(estimator, "class_weight", None) == "balanced":
        raise AttributeError(
            "partial_fit is only available where class weights need not all rows at once, got "
            "class_weight='balanced': give a dict, which sklearn.utils.class_weight."
            "compute_class_weight makes of a sample of them"
        )


def known_classes(estimator: Any, y: Any, classes: Any) -> dict[str, Any]:
    """Return what is known of classes before the first pass, as attributes; nothing after it.

    Parameters
    ----------
    estimator : estimator
        Stays as it is.
    y : array-like
        Targets of the pass.
    classes : array-like or None
        All that will ever come, as given to `partial_fit`.

    Raises
    ------
    ValueError
        If they are not given at first, or are others than before.
    """
    asked = with_attributes(estimator, {})
    if not check_first_partial_fit(asked, classes):
        return {}
    labels = y if type_of_target(y).startswith("multilabel") else classes
    return {"classes_": asked.classes_, "_label_binarizer": LabelBinarizer().fit(labels)}
