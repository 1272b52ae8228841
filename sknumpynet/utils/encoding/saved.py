"""What was learned of columns as attributes that are saved: plain Python objects and arrays."""

from collections.abc import Mapping
from typing import Any

from sknumpynet.utils.columns import Reading
from sknumpynet.utils.dates import TimeFormat
from sknumpynet.utils.encoding.free_text import TextVectors
from sknumpynet.utils.encoding.learning import LearnedColumns
from sknumpynet.utils.encoding.pairs import CodePairs
from sknumpynet.utils.encoding.scaling import knots_of_quantiles
from sknumpynet.utils.text import NumberFormat

__all__ = ["restored_columns", "saved_columns"]


def saved_columns(learned: LearnedColumns) -> dict[str, Any]:
    """Return what was learned as attributes, which any version can load."""
    numbers: dict[int, list[Any]] = {}
    times: dict[int, list[Any]] = {}
    for k, reading in learned.formats.items():
        *settings, markers = reading
        (times if isinstance(reading, TimeFormat) else numbers)[k] = [*settings, [*markers]]
    return {
        "_scales": learned.scales,
        "_half_knots": learned.half_knots,
        "_levels": learned.levels,
        "_rare_levels": learned.rare_levels,
        "_number_formats": numbers,
        "_time_formats": times,
        "_date_parts": learned.parts,
        "_unknown_shares": learned.unknown_shares,
        "_text_vectors": {k: list(own) for k, own in learned.text_vectors.items()},
        "_encodings": learned.encodings,
        "_code_pairs": None if learned.pairs is None else learned.pairs.to_plain(),
    }


def restored_columns(state: Mapping[str, Any]) -> LearnedColumns:
    """Return what `saved_columns`, of this version or one before, made attributes of."""
    half_knots = state.get("_half_knots")
    if half_knots is None:  # ranks were interpolated between quantiles once
        quantiles = state["_half_quantiles"]
        half_knots = {k: knots_of_quantiles(own) for k, own in quantiles.items()}
    formats: dict[int, Reading] = {
        k: NumberFormat(mark, tuple(markers))
        for k, (mark, markers) in state.get("_number_formats", {}).items()
    }
    for k, (kind, day_first, zone, markers) in state.get("_time_formats", {}).items():
        formats[k] = TimeFormat(kind, day_first, zone, tuple(markers))
    pairs = state.get("_code_pairs")
    return LearnedColumns(
        scales=state["_scales"],
        half_knots=half_knots,
        levels=state["_levels"],
        rare_levels=state.get("_rare_levels", {}),
        formats=formats,
        parts=state.get("_date_parts", {}),
        unknown_shares=state.get("_unknown_shares", {}),
        text_vectors={k: TextVectors(*own) for k, own in state.get("_text_vectors", {}).items()},
        encodings=state["_encodings"],
        pairs=None if pairs is None else CodePairs(*pairs),
    )
