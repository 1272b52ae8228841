"""Whether a model from a file can be one that was fitted, before anybody predicts with it.

What arrays hold is not judged, only that all fits together: any numbers are some network's weights.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from sklearn import config_context
from sklearn.base import BaseEstimator, is_classifier
from sklearn.preprocessing import LabelBinarizer

from sknumpynet.core.members import RECORDS
from sknumpynet.core.optimizers import Optimizer
from sknumpynet.core.schedules import SCHEDULES
from sknumpynet.estimators.files.column_checks import check_columns
from sknumpynet.estimators.files.kinds import expect, is_array, is_count, is_list, is_names, is_real
from sknumpynet.estimators.files.network_checks import NetworkSizes, network_sizes
from sknumpynet.utils.columns import read_columns
from sknumpynet.utils.scikit_learn import validate_parameters

__all__ = ["check_model"]

# What else an estimator may have without being fitted.
_UNFITTED = {"_metadata_request"}


class _Sizes(NamedTuple):
    """What a model's attributes have to agree on.

    Parameters
    ----------
    networks : NetworkSizes
    n_targets : int
        Targets or classes that networks learn: fewer than outputs where these are quantiles.
    is_classifier : bool
    """

    networks: NetworkSizes
    n_targets: int
    is_classifier: bool


def check_model(model: BaseEstimator) -> None:
    """Hold a model against what a fit leaves behind.

    Raises
    ------
    ValueError, or what prediction raises
        For parameters that `fit` would refuse, and attributes that do not fit together.
    """
    with config_context(skip_parameter_validation=False):
        validate_parameters(model)
    attributes = {k: own for k, own in vars(model).items() if k not in model._get_param_names()}
    if attributes.keys() <= _UNFITTED:
        return
    n_features = attributes["n_features_in_"]
    expect(is_count(n_features, 1), "n_features_in_", n_features)
    preprocessor = attributes.get("preprocessor_")
    if preprocessor is not None:
        check_columns(preprocessor, attributes)
    networks = network_sizes(attributes, n_features, preprocessor)
    levels = attributes.get("quantiles_")
    n_targets = networks.n_outputs if levels is None else 1
    sizes = _Sizes(networks, n_targets, is_classifier(model))
    if sizes.is_classifier:
        _check_classes(attributes, sizes)
    for name, own in attributes.items():
        if name in _CHECKS:
            expect(_CHECKS[name](own, sizes, attributes), name, own)
        elif name not in {*_OF_MEMBERS, *_CHECKED_ELSEWHERE}:
            raise ValueError(f"{type(model).__name__} has no attribute {name!r:.80}")
        if name in _OF_MEMBERS and own is not None:
            expect(_fits_members(own, _OF_MEMBERS[name], networks.n_members), name, own)
    _predict_one(model)


def _predict_one(model: BaseEstimator) -> None:
    """Predict a row of which nothing is known, or zeros; raise what is raised there."""
    with np.errstate(all="ignore"):  # of networks that diverged
        preprocessor = getattr(model, "preprocessor_", None)
        if preprocessor is None:
            X = np.zeros((1, model.n_features_in_), model.coefs_[0].dtype)
        else:
            columns = read_columns(np.full((1, model.n_features_in_), None, object))
            X = preprocessor._encoded(columns, warns=False, with_levels=True)
        predicted = model._as_output(model._mean_activated(X))
    expect(len(predicted) == 1, "what is predicted", predicted)


# Classes -----------------------------------------------------------------------------------------


def _check_classes(attributes: Mapping[str, Any], sizes: _Sizes) -> None:
    classes, binarizer = attributes["classes_"], attributes["_label_binarizer"]
    expect(isinstance(binarizer, LabelBinarizer), "_label_binarizer", binarizer)
    expect(isinstance(classes, np.ndarray) and classes.ndim == 1, "classes_", classes)
    own, kind = vars(binarizer).get("classes_"), vars(binarizer).get("y_type_")
    expect(isinstance(own, np.ndarray) and np.array_equal(own, classes), "classes_", own)
    one_output = {"binary": (1, 2), "multiclass": (1, 2), "multilabel-indicator": (1,)}
    expect(kind in one_output, "the kind of classes", kind)
    expect(type(vars(binarizer).get("sparse_input_")) is bool, "_label_binarizer", binarizer)
    n_outputs = 1 if len(classes) in one_output[kind] else len(classes)
    expect(n_outputs == sizes.networks.n_outputs and len(classes) > 0, "classes_", classes)
    activation = attributes["out_activation_"]
    is_softmax = kind != "multilabel-indicator" and n_outputs > 1
    expect(activation == ("softmax" if is_softmax else "logistic"), "out_activation_", activation)


# How training went -------------------------------------------------------------------------------


def _is_real_or_none(value: Any) -> bool:
    return value is None or is_real(value)


def _are_reals(value: Any) -> bool:
    return value is None or is_list(value, is_real)


# What there is of each member: of a single one alone, of several a list or an array.
_OF_MEMBERS: dict[str, Callable[[Any], bool]] = {
    "n_iter_": is_count,
    "t_": is_count,
    "_stalled_epochs": is_count,
    "loss_": _is_real_or_none,
    "best_loss_": _is_real_or_none,
    "best_validation_score_": _is_real_or_none,
    "loss_curve_": _are_reals,
    "validation_scores_": _are_reals,
    "validation_loss_curve_": _are_reals,
}


def _fits_members(value: Any, fits: Callable[[Any], bool], n_members: int) -> bool:
    if n_members == 1:
        return fits(value)
    if is_array(value, "if", (n_members,)):
        value = value.tolist()
    return is_list(value, fits, n_members)


def _is_history(value: Any, sizes: _Sizes, _: Any) -> bool:
    n_members = sizes.networks.n_members
    names = {"epoch", *RECORDS, *(["member"] if n_members > 1 else [])}
    return (
        isinstance(value, dict)
        and value.keys() == names
        and len({len(own) for own in value.values() if is_list(own, is_real)}) == 1
        and all(is_list(own, is_real) for own in value.values())
        and all(map(is_count, value["epoch"]))
        and all(is_count(k) and k < n_members for k in value.get("member", []))
    )


def _is_optimizer(value: Any, sizes: _Sizes, attributes: Mapping[str, Any]) -> bool:
    n_members = sizes.networks.n_members
    optimizers = [value] if n_members == 1 else value
    if not is_list(optimizers, lambda own: isinstance(own, Optimizer), n_members):
        return False
    are_of_weights = all(
        _is_of_weights(own, n_learned, attributes)
        for own, n_learned in zip(optimizers, itertools.cycle(sizes.networks.n_learned))
    )
    return are_of_weights and "_schedule" in attributes


def _is_of_weights(value: Optimizer, n_learned: int, attributes: Mapping[str, Any]) -> bool:
    rates = (value.learning_rate, value.initial_learning_rate)
    shape = (value.n_buffers, n_learned)
    return (
        all(_is_finite(rate) for rate in rates)
        and is_count(value.n_updates)
        and all(
            type(setting) is type(own.default) and own.allows(setting)
            for own in value.hyperparameters
            for setting in [getattr(value, own.name)]
        )
        and (
            value.state is None
            or (is_array(value.state, "f", shape) and value.state.dtype == _dtype_of(attributes))
        )
    )


def _dtype_of(attributes: Mapping[str, Any]) -> np.dtype[Any]:
    weights = attributes["coefs_"][0] if "coefs_" in attributes else attributes["parameters_"]
    dtype: np.dtype[Any] = weights.dtype
    return dtype


def _is_finite(value: Any) -> bool:
    return is_real(value) and math.isfinite(value)


def _is_schedule(value: Any, *_: Any) -> bool:
    if type(value) is not tuple or len(value) != 2:
        return False
    name, power = value
    return (callable(name) or (isinstance(name, str) and name in SCHEDULES)) and is_real(power)


def _is_held_out(value: Any, sizes: _Sizes, _: Any) -> bool:
    """Whether this is what `held_out_state` returns."""
    n_rows, n_members = value["n_rows"], sizes.networks.n_members
    return (
        value.keys() == {"n_rows", "bits", "fingerprint"}
        and is_count(n_rows)
        and is_array(value["bits"], "u", (n_members, -(-n_rows // 8)))
        and value["bits"].dtype == np.uint8
        and is_array(value["fingerprint"], "f", (None,))
    )


def _is_conformal(value: Any, sizes: _Sizes, attributes: Mapping[str, Any]) -> bool:
    """Whether this is what `HeldOutRows.to_plain` returns."""
    known, n_targets = sizes.networks, sizes.n_targets
    names = {"predictions", "targets", "networks", "rows", "sample_weight"}
    names |= {"ensembles", "ranges", "member_variance"}
    if not isinstance(value, dict) or value.keys() != names:
        return False
    if not is_list(value["ensembles"], lambda own: isinstance(own, dict)):
        return False
    n_features, preprocessor = attributes["n_features_in_"], attributes.get("preprocessor_")
    for own in value["ensembles"]:
        if network_sizes({**attributes, **own}, n_features, preprocessor) != known:
            return False
    if any(own.keys() - attributes.keys() for own in value["ensembles"]):
        return False
    n_networks = known.n_members * max(len(value["ensembles"]), 1)
    n_rows = len(value["rows"])
    weight, variance = value["sample_weight"], value["member_variance"]
    networks = value["networks"]
    return (
        is_array(value["predictions"], "f", (n_rows, known.n_outputs))
        and is_array(value["targets"], "b" if sizes.is_classifier else "f", (n_rows, n_targets))
        and is_array(value["rows"], "i", (n_rows,))
        and is_array(networks, "i", (n_rows,))
        and bool(((networks >= 0) & (networks < n_networks)).all())
        and (weight is None or is_array(weight, "f", (n_rows,)))
        and is_array(value["ranges"], "bf", (2, known.n_members, n_targets))
        and (variance is None or is_array(variance, "f", (known.n_outputs,)))
        and (sizes.is_classifier or variance is not None)
    )


def _is_unit(value: Any, sizes: _Sizes, _: Any) -> bool:
    names = {"centre", "spread", "lowest", "highest"}
    return (
        isinstance(value, dict)
        and value.keys() == names
        and all(is_array(own, "f", (sizes.n_targets,)) for own in value.values())
        and not sizes.is_classifier
    )


def _is_background(value: Any, sizes: _Sizes, attributes: Mapping[str, Any]) -> bool:
    preprocessor = attributes["preprocessor_"]
    codes = [*preprocessor.n_levels_, *preprocessor._level_codes()]
    n_others = preprocessor.n_numerical_ + preprocessor.n_plain_
    if not is_array(value, "f", (None, n_others + len(codes))):
        return False
    own = value[:, n_others:]
    return bool(np.isfinite(value).all() and ((own >= 0) & (own < codes)).all())


def _are_quantiles(value: Any, sizes: _Sizes, _: Any) -> bool:
    n_outputs = sizes.networks.n_outputs
    return is_list(value, _is_finite, n_outputs) and not sizes.is_classifier


_CHECKS: dict[str, Callable[[Any, _Sizes, Mapping[str, Any]], bool]] = {
    "feature_names_in_": lambda own, _, known: is_names(own, known["n_features_in_"]),
    "quantiles_": _are_quantiles,
    "_unit": _is_unit,
    "background_": _is_background,
    "history_": _is_history,
    "member_seeds_": lambda own, sizes, _: is_array(own, "iu", (sizes.networks.n_members,)),
    "oof_prediction_": lambda own, *_: isinstance(own, np.ndarray) and own.dtype.kind == "f",
    "oof_score_": lambda own, *_: is_real(own),
    "distillation_": lambda own, *_: (
        isinstance(own, dict) and all(isinstance(item, str | Real) for item in own.values())
    ),
    "temperature_": lambda own, sizes, _: sizes.is_classifier and _is_finite(own) and own > 0,
    "calibration_": lambda own, sizes, _: (
        sizes.is_classifier
        and isinstance(own, dict)
        and own.keys() == {"loss", "calibrated_loss", "n_rows"}
        and all(map(is_real, own.values()))
    ),
    "_conformal": _is_conformal,
    "_held_out": _is_held_out,
    "_optimizer": _is_optimizer,
    "_schedule": _is_schedule,
    "_is_slim": lambda own, *_: type(own) is bool,
}
_CHECKED_ELSEWHERE = {
    *("n_features_in_", "preprocessor_", "classes_", "_label_binarizer", "_metadata_request"),
    *("coefs_", "intercepts_", "n_layers_", "_hidden_activations"),
    *("parameters_", "_shapes", "n_outputs_", "out_activation_"),
}
