"""Whether what a preprocessor from a file learned of columns fits together."""

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np

from sknumpynet.estimators.files.kinds import expect, is_array, is_count, is_names, is_real
from sknumpynet.preprocessing import TabularPreprocessor
from sknumpynet.utils.dates import TimeFormat, TimeKind
from sknumpynet.utils.encoding.categories import Encoding
from sknumpynet.utils.encoding.dates import Part
from sknumpynet.utils.encoding.free_text import N_FEATURES, TextVectors
from sknumpynet.utils.encoding.learning import LearnedColumns
from sknumpynet.utils.encoding.pairs import CodePairs
from sknumpynet.utils.scikit_learn import validate_parameters
from sknumpynet.utils.text import NumberFormat
from sknumpynet.utils.zones import local_times

__all__ = ["check_columns"]

_LIBRARIES = ("default", "pandas", "polars")

# Encodings of so many levels; of the others there are several.
_N_LEVELS = {"present": 1, "sign": 2}


def check_columns(preprocessor: TabularPreprocessor, attributes: Mapping[str, Any]) -> None:
    """Hold a preprocessor against what `fit` leaves behind.

    Parameters
    ----------
    preprocessor : TabularPreprocessor
    attributes : mapping of str to object
        What the estimator knows of the same columns.

    Raises
    ------
    ValueError, or what is raised on the way
        If it cannot be one that was fitted to such columns.
    """
    validate_parameters(preprocessor)
    known, n_features = vars(preprocessor), attributes["n_features_in_"]
    expect(known["n_features_in_"] == n_features, "n_features_in_", known["n_features_in_"])
    names = known.get("feature_names_in_")
    expect(names is None or is_names(names, n_features), "feature_names_in_", names)
    others = attributes.get("feature_names_in_")
    are_equal = others is None if names is None else np.array_equal(names, np.array(others))
    expect(are_equal, "feature_names_in_", names)
    is_categorical = known["is_categorical_"]
    expect(is_array(is_categorical, "b", (n_features,)), "is_categorical_", is_categorical)
    output = known.get("_sklearn_output_config", {})
    expect(output == {} or output in [{"transform": own} for own in _LIBRARIES], "output", output)
    learned = preprocessor._learned()
    _check_readings(learned, n_features)
    _check_numbers(learned, n_features)
    _check_categories(learned, n_features)
    _check_encodings(learned, n_features)
    if learned.pairs is not None:
        _check_pairs(learned.pairs, learned)
    counts = {
        "n_numerical_": learned.n_numerical(),
        "n_plain_": learned.n_plain(),
        "n_levels_": learned.n_levels(),
        "n_features_out_": learned.n_numerical() + learned.n_plain() + len(learned.n_levels()),
    }
    for name, count in counts.items():
        expect(known[name] == count, name, known[name])


def _check_places(values: Mapping[Any, Any], n_places: int, name: str) -> None:
    expect(isinstance(values, dict), name, values)
    expect(all(is_count(k) and k < n_places for k in values), name, list(values))


def _check_readings(learned: LearnedColumns, n_features: int) -> None:
    """Check how columns are read, and which parts of dates are columns of their own."""
    _check_places(learned.formats, n_features, "formats")
    for reading in learned.formats.values():
        expect(all(type(text) is str for text in reading.markers), "markers", reading.markers)
        if isinstance(reading, NumberFormat):
            expect(reading.decimal_mark in (".", ","), "decimal_mark", reading.decimal_mark)
            continue
        expect(reading.kind in get_args(TimeKind), "kind of time", reading.kind)
        expect(type(reading.day_first) is bool, "day_first", reading.day_first)
        if reading.zone is not None:
            expect(type(reading.zone) is str, "zone", reading.zone)
            local_times(np.array(["2000-01-01"], "M8[us]"), reading.zone)  # is one that there is
    parts = learned.parts
    places = list(range(n_features, n_features + len(parts)))
    expect(isinstance(parts, dict) and list(parts) == places, "parts of dates", parts)
    for k, part in parts.values():
        is_date = isinstance(learned.formats.get(k), TimeFormat) and part in get_args(Part)
        expect(is_date, "parts of dates", (k, part))


def _check_numbers(learned: LearnedColumns, n_features: int) -> None:
    """Check medians, scales and the knots of ranks."""
    _check_places(learned.scales, n_features + len(learned.parts), "scales")
    for pair in learned.scales.values():
        median, scale = pair
        is_finite = is_real(median) and is_real(scale) and bool(np.isfinite(pair).all())
        expect(is_finite and scale > 0, "scales", pair)
    _check_places(learned.half_knots, n_features + len(learned.parts), "knots of ranks")
    expect(not learned.half_knots or [*learned.half_knots] == [*learned.scales], "knots", "others")
    for knots, heights in learned.half_knots.values():
        are_knots = is_array(knots, "f", (None,)) and is_array(heights, "f", knots.shape)
        expect(are_knots and len(knots) > 0, "knots of ranks", knots)
        expect(bool((np.diff(knots) >= 0).all()), "knots of ranks", knots)
        expect(bool(np.isfinite([knots, heights]).all()), "knots of ranks", knots)


def _check_categories(learned: LearnedColumns, n_features: int) -> None:
    """Check levels, and what texts become."""
    for name, levels in (("levels", learned.levels), ("rare levels", learned.rare_levels)):
        _check_places(levels, n_features, name)
        for own in levels.values():
            expect(type(own) is list and {*map(type, own)} <= {str, int, float, bool}, name, own)
    expect(learned.rare_levels.keys() <= learned.levels.keys(), "rare levels", learned.rare_levels)
    _check_places(learned.unknown_shares, n_features, "unknown shares")
    expect(all(map(is_real, learned.unknown_shares.values())), "unknown shares", "others")
    _check_places(learned.text_vectors, n_features, "text vectors")
    for vectors in learned.text_vectors.values():
        _check_text_vectors(vectors)


def _check_text_vectors(vectors: TextVectors) -> None:
    weights, directions, centre = vectors
    expect(is_array(weights, "f", (N_FEATURES,)), "weights of texts", weights)
    expect(is_array(centre, "f", (None,)) and len(centre) > 0, "centre of texts", centre)
    expect(is_array(directions, "f", (N_FEATURES, len(centre))), "directions of texts", directions)


def _check_encodings(learned: LearnedColumns, n_features: int) -> None:
    encodings = learned.encodings
    expect(type(encodings) is list, "encodings", encodings)
    for k, encoding in encodings:
        expect(encoding in get_args(Encoding), "encodings", encoding)
        if encoding in ("missing", "circle"):
            n_places = n_features + (len(learned.parts) if encoding == "circle" else 0)
            expect(is_count(k) and k < n_places, "encodings", (k, encoding))
        elif encoding == "text":
            expect(k in learned.text_vectors, "encodings", (k, encoding))
        else:
            n_levels = len(learned.levels[k])
            expect(n_levels == _N_LEVELS.get(encoding, max(n_levels, 2)), "levels", (k, encoding))
    are_codes = [encoding == "code" for _, encoding in encodings]
    expect(are_codes == sorted(are_codes), "encodings", encodings)


def _check_pairs(pairs: CodePairs, learned: LearnedColumns) -> None:
    n_codes = learned.n_levels(with_rare=True)
    expect(pairs.n_codes == n_codes and len(pairs.keys) == len(pairs.pairs), "pairs", pairs.n_codes)
    for pair in pairs.pairs:
        one, other = pair
        expect(all(is_count(k) and k < len(n_codes) for k in (one, other)), "pairs", pair)
    for keys in pairs.keys:
        expect(is_array(keys, "i", (None,)) and bool((np.diff(keys) > 0).all()), "pairs", keys)
