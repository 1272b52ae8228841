"""What cannot be of a fitted model is refused by its name, as soon as it is loaded."""

import numpy as np
import pytest
from helpers.saved_files import CASES, assembled, case, loaded, parts_of, places, replaced, saved

from sknumpynet.estimators.files.checks import check_model

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

TABLE = "table, three classes"
COLUMNS = ("preprocessor", "attributes")


@pytest.mark.parametrize("name", CASES)
def test_what_was_fitted_passes(name):
    check_model(case(name)[0])


def altered(name, at, change):
    """Return a file where something stands changed at a place, given by its last keys."""
    document, arrays = parts_of(saved(case(name)[0]))
    (at,) = [own for own in places(document) if own[: len(at)] == at and len(own) == len(at)]
    node = document
    for key in at:
        node = node[key]
    return assembled(replaced(document, at, change(node)), arrays)


def pairs_of(change):
    """Return a change of the values of a dict whose keys are numbers."""
    return lambda node: {"$dict": [[key, change(value)] for key, value in node["$dict"]]}


TIMES = ("_time_formats", "$dict", 0, 1)
CHANGES = [
    (("_scales",), pairs_of(lambda pair: {"$tuple": [0.0, 0.0]}), "scales does"),
    (("_scales",), pairs_of(lambda pair: {"$tuple": ["1", 1.0]}), "scales does"),
    (("_scales",), lambda node: {"$dict": node["$dict"][:-1]}, "knots does"),
    (("_half_knots",), pairs_of(lambda pair: {"$tuple": [[1], [2]]}), "entries|knots of ranks"),
    (("_levels",), pairs_of(lambda levels: levels[:-1]), "levels does|_shapes does|n_plain_"),
    (("_levels",), pairs_of(lambda levels: [[own] for own in levels]), "levels does"),
    (("_rare_levels",), lambda node: {"$dict": [[0, []]]}, "rare levels does"),
    (("_number_formats",), pairs_of(lambda own: [";", []]), "decimal_mark does"),
    (("_number_formats",), pairs_of(lambda own: [".", [1]]), "markers does"),
    ((*TIMES, 0), lambda kind: "century", "kind of time does"),
    ((*TIMES, 2), lambda zone: "../../etc/passwd", "load"),
    ((*TIMES, 2), lambda zone: "Europe/Nowhere", "Europe/Nowhere"),
    ((*TIMES, 2), lambda zone: "+99:00", "load"),
    (("_date_parts",), lambda node: {"$dict": node["$dict"][1:]}, "parts of dates does"),
    (("_date_parts",), pairs_of(lambda own: {"$tuple": [0, "year"]}), "parts of dates does"),
    (("_encodings",), lambda node: node[::-1], "encodings does"),
    (("_encodings",), lambda node: [{"$tuple": [0, "hash"]}], "encodings does"),
    (("_encodings",), lambda node: [{"$tuple": [99, "missing"]}], "encodings does"),
    (("_code_pairs", 0), lambda node: [{"$tuple": [0, 7]}], "pairs does"),
    (("_code_pairs", 2), lambda node: [own + 1 for own in node], "pairs does"),
    (("n_levels_",), lambda node: [own + 1 for own in node], "n_levels_ does"),
    (("n_numerical_",), lambda node: node + 1, "n_numerical_ does"),
    (("feature_names_in_", "$objects", "cells", 0), lambda name: "other", "feature_names_in_ does"),
    (("_sklearn_output_config",), lambda node: {"transform": "os"}, "output does"),
]


@pytest.mark.parametrize(("at", "change", "message"), CHANGES)
def test_columns(at, change, message):
    with pytest.raises(ValueError, match=message):
        loaded(altered(TABLE, (*COLUMNS, *at), change))


SHAPE = ("_shapes", 0)
OF_NETWORKS = [
    ((*SHAPE, "columns", 0), lambda n: n + 1, "_shapes does"),
    ((*SHAPE, "n_outputs"), lambda n: n + 1, "load"),
    (("_shapes", 1, "n_frequencies"), lambda n: n + 1, "parameters_ does"),
    ((*SHAPE, "n_frequencies"), lambda n: 2**60, "_shapes does"),
    ((*SHAPE, "hidden_layer_sizes"), lambda sizes: [2**60], "_shapes does"),
    ((*SHAPE, "hidden_layer_sizes"), lambda sizes: [*sizes, True], "_shapes does"),
    ((*SHAPE, "activation"), lambda name: "eval", "load"),
    ((*SHAPE, "embedding"), lambda name: "eval", "_shapes does"),
    ((*SHAPE, "wave"), lambda name: "eval", "unexpected|_shapes does"),
    ((*SHAPE, "sigmas"), lambda own: [0.1], "_shapes does"),
    (("_shapes", 1, "level_codes"), lambda own: [*own, 5], "_shapes does"),
    (("out_activation_",), lambda name: "identity", "out_activation_ does"),
    (("n_outputs_",), lambda n: 2, "n_outputs_ does"),
    (("history_", "epoch"), lambda own: own[1:], "history_ does"),
    (("history_", "member"), lambda own: [9] * len(own), "history_ does"),
    (("_conformal", "ensembles"), lambda own: own[:1], "_conformal does|entries"),
    (("_conformal", "ensembles", 0, "n_outputs_"), lambda own: 2, "n_outputs_ does"),
    (("_held_out", "n_rows"), lambda n: 9_999, "_held_out does"),
    (("_label_binarizer", "y_type_"), lambda own: "multilabel-indicator", "out_activation_ does"),
    (("_label_binarizer", "sparse_input_"), lambda own: 1, "_label_binarizer does"),
]


@pytest.mark.parametrize(("at", "change", "message"), OF_NETWORKS)
def test_networks(at, change, message):
    with pytest.raises(ValueError, match=message):
        loaded(altered(TABLE, ("attributes", *at), change))


OF_OPTIMIZERS = [
    (("_optimizer", "name"), lambda name: "rmsprop", "it has no 'rmsprop'"),
    (("_optimizer", "learning_rate"), lambda rate: "fast", "_optimizer does"),
    (("_optimizer", "learning_rate"), lambda rate: {"$float": "nan"}, "_optimizer does"),
    (("_optimizer", "settings", "beta_1"), lambda beta: 1.5, "_optimizer does"),
    (("_optimizer", "n_updates"), lambda n: -1, "_optimizer does"),
    (("_schedule", "$tuple", 0), lambda name: "never", "_schedule does"),
    (("_is_slim",), lambda own: 1, "_is_slim does"),
    (("loss_curve_",), lambda own: [*own, "x"], "loss_curve_ does"),
    (("n_layers_",), lambda n: 99, "n_layers_ does"),
]


@pytest.mark.parametrize(("at", "change", "message"), OF_OPTIMIZERS)
def test_training(at, change, message):
    model, *_ = case("classifier")
    document, arrays = parts_of(saved(model))
    document["attributes"].setdefault("_is_slim", False)
    at = ("attributes", *at)
    node = document
    for key in at:
        node = node[key]
    with pytest.raises(ValueError, match=message):
        loaded(assembled(replaced(document, at, change(node)), arrays))


@pytest.mark.parametrize(
    ("name", "place", "change"),
    [
        (TABLE, "attributes/background_.npy", lambda own: own * 0 + 1e6),
        (TABLE, "attributes/background_.npy", lambda own: own * np.nan),
        (TABLE, "attributes/_conformal/networks.npy", lambda own: own + 99),
        (TABLE, "attributes/_conformal/targets.npy", lambda own: own[:, :1]),
        (TABLE, "attributes/_held_out/bits.npy", lambda own: own.astype(int)),
        (TABLE, "attributes/member_seeds_.npy", lambda own: own[:1]),
        (TABLE, "attributes/classes_.npy", lambda own: own[:2]),
        (TABLE, "attributes/parameters_.npy", lambda own: own.astype(np.float16)),
        (TABLE, "preprocessor/attributes/_half_knots/0/0.npy", lambda own: own[::-1]),
        ("classifier", "attributes/_optimizer/moments.npy", lambda own: own[:1]),
        ("classifier", "attributes/_optimizer/moments.npy", lambda own: own.astype("f4")),
        ("classifier", "attributes/coefs_/0.npy", lambda own: own[:, :2]),
        ("classifier", "attributes/intercepts_/1.npy", lambda own: own[:, np.newaxis]),
        ("table, numbers", "attributes/_unit/spread.npy", lambda own: own[:0]),
    ],
)
def test_arrays(name, place, change):
    document, arrays = parts_of(saved(case(name)[0]))
    with pytest.raises(ValueError, match="does not fit the rest of the model"):
        loaded(assembled(document, {**arrays, place: change(arrays[place])}))
