"""From the columns of a table to what a network takes, in a graph: samples are columns here too."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpynet.onnx.dates import circle, part_of_days
from sknumpynet.onnx.graph import Graph
from sknumpynet.onnx.sources import Rows, Sources, looked_up
from sknumpynet.utils.encoding.categories import Encoding
from sknumpynet.utils.encoding.learning import LearnedColumns
from sknumpynet.utils.encoding.pairs import CodePairs

__all__ = ["encoded_rows"]

# The largest scaled number, as `smooth_clip` has it.
LARGEST = 1e6


@dataclass(frozen=True)
class _Columns:
    """What an array is made of: a graph of double precision, what was learned, and columns."""

    graph: Graph
    learned: LearnedColumns
    source: Sources

    def parts(self, places: Sequence[int]) -> str:
        """Return parts of dates, all of one kind, by their places."""
        days = self.source.numbers.of(
            self.graph, [self.learned.parts[place][0] for place in places]
        )
        return part_of_days(self.graph, days, self.learned.parts[places[0]][1])

    def codes(self, places: Sequence[int]) -> str:
        """Return codes of categories."""
        return self.source.codes.of(self.graph, places)


def encoded_rows(graph: Graph, learned: LearnedColumns, source: Sources) -> str:
    """Return the array of a table, transposed: shape (n_features_out, n_samples).

    Parameters
    ----------
    graph : Graph
        Of double precision: what is learned of numbers is, and the array is rounded at the end.
    learned : LearnedColumns
    source : Sources
    """
    columns = _Columns(graph, learned, source)
    blocks, order = _number_rows(columns), [*range(learned.n_numerical())]
    start, places = learned.n_numerical(), {}
    for k, encoding in learned.encodings:
        stop = start + learned.width(k, encoding)
        places[k, encoding] = range(start, stop)
        start = stop
    # Columns of one encoding at once, whose rows are then brought into order.
    for encoding, rows_of in _ENCODINGS.items():
        own = [k for k, its in learned.encodings if its == encoding]
        if own:
            blocks.append(rows_of(columns, own))
            order += [place for k in own for place in places[k, encoding]]
    array = graph.concatenated([graph.cast(block, np.float32) for block in blocks], axis=0)
    array = Rows(array, order).of(graph, range(len(order)))
    if learned.pairs is None:
        return array
    codes = columns.codes([k for k, encoding in learned.encodings if encoding == "code"])
    more = [codes]
    if learned.pairs.pairs:
        more.append(_pair_codes(graph, learned.pairs, codes))
    return graph.concatenated([array, *(graph.cast(own, np.float32) for own in more)], axis=0)


# Numbers ------------------------------------------------------------------------------------------


def _number_rows(columns: _Columns) -> list[str]:
    """Return scaled numbers, and ranks."""
    graph, learned = columns.graph, columns.learned
    if not learned.scales:
        return []
    numbers = columns.source.numbers
    years = [place for place in learned.scales if place in learned.parts]
    if years:
        both = graph.concatenated([numbers.values, columns.parts(years)], axis=0)
        numbers = Rows(both, numbers.places + years)
    own = numbers.of(graph, [*learned.scales])
    halves = graph.node("Mul", own, graph.constant(0.5))
    is_missing = graph.node("IsNaN", halves)
    rows = [_scaled(graph, halves, [*learned.scales.values()])]
    if learned.half_knots:
        rows.append(_ranks(graph, halves, [*learned.half_knots.values()]))
    zero = graph.constant(0.0)
    return [graph.node("Where", is_missing, zero, own) for own in rows]


def _scaled(graph: Graph, halves: str, scales: Sequence[tuple[float, float]]) -> str:
    """Return numbers scaled and bent into (-3, 3)."""
    half_medians, half_scales = np.reshape(scales, (-1, 2)).T[..., np.newaxis]
    x = graph.node("Sub", halves, graph.constant(half_medians))
    x = graph.node("Div", x, graph.constant(half_scales))
    x = graph.clipped(x, -LARGEST, LARGEST)
    third = graph.node("Div", x, graph.constant(3.0))
    square = graph.node("Mul", third, third)
    root = graph.node("Sqrt", graph.node("Add", square, graph.constant(1.0)))
    return graph.node("Div", x, root)


def _ranks(graph: Graph, halves: str, knots_of: Sequence[tuple[Any, Any]]) -> str:
    """Return the normal quantiles of numbers' ranks, interpolated between the knots of each row."""
    n_halvings = int(np.ceil(np.log2(max(len(knots) for knots, _ in knots_of))))
    shape = (len(knots_of), 2**n_halvings)
    knots, heights, slopes = np.full(shape, np.inf), np.zeros(shape), np.zeros(shape)
    for row, (own_knots, own_heights) in enumerate(knots_of):
        n = len(own_knots)
        knots[row, :n], heights[row, :n] = own_knots, own_heights
        with np.errstate(over="ignore"):  # between subnormal knots, which no number lies between
            slope = np.diff(own_heights) / np.diff(own_knots)
        slopes[row, : n - 1] = np.where(np.isfinite(slope), slope, 0.0)
    lowest = np.array([[own[0]] for own, _ in knots_of])
    highest = np.array([[own[-1]] for own, _ in knots_of])
    x = graph.clipped(halves, lowest, highest)
    # The last knot that is not above a number, by halvings.
    flat = graph.constant(knots.ravel())
    place = graph.constant(np.arange(shape[0])[:, np.newaxis] * shape[1], np.int64)
    for halving in reversed(range(n_halvings)):
        ahead = graph.node("Add", place, graph.constant(2**halving, np.int64))
        is_reached = graph.node("GreaterOrEqual", x, graph.node("Gather", flat, ahead))
        place = graph.node("Where", is_reached, ahead, place)
    knot, height, slope = (
        graph.node("Gather", own, place)
        for own in (flat, graph.constant(heights.ravel()), graph.constant(slopes.ravel()))
    )
    beyond = graph.node("Mul", slope, graph.node("Sub", x, knot))
    return graph.node("Add", beyond, height)


# Other encodings ----------------------------------------------------------------------------------


def _missing(columns: _Columns, places: Sequence[int]) -> str:
    graph, texts = columns.graph, columns.source.texts
    of_numbers = [k for k in places if k not in texts]
    parts = [graph.gather(texts[k], [0]) for k in places if k in texts]
    flags = [graph.node("IsNaN", part) for part in parts]
    if of_numbers:
        flags.append(graph.node("IsNaN", columns.source.numbers.of(graph, of_numbers)))
    rows = Rows(graph.concatenated(flags, axis=0), [k for k in places if k in texts] + of_numbers)
    return rows.of(graph, places)


def _circles(columns: _Columns, places: Sequence[int]) -> str:
    parts = columns.learned.parts
    by_part = sorted(places, key=lambda place: parts[place][1])
    turns = [
        columns.parts([place for place in by_part if parts[place][1] == part])
        for part in dict.fromkeys(parts[place][1] for place in by_part)
    ]
    points = circle(columns.graph, columns.graph.concatenated(turns, axis=0))
    # First all sines, then all cosines.
    rows = Rows(points, [2 * k for k in by_part] + [2 * k + 1 for k in by_part])
    return rows.of(columns.graph, [2 * k + own for k in places for own in (0, 1)])


def _text(columns: _Columns, places: Sequence[int]) -> str:
    graph = columns.graph.of(np.float32)
    vectors = graph.concatenated([columns.source.texts[k] for k in places], axis=0)
    return graph.node("Where", graph.node("IsNaN", vectors), graph.constant(0.0), vectors)


def _is_level(columns: _Columns, places: Sequence[int]) -> str:
    """Return whether cells are of each level."""
    graph, levels = columns.graph, columns.learned.levels
    codes = columns.codes([k for k in places for _ in levels[k]])
    known = [[code] for k in places for code in range(1, len(levels[k]) + 1)]
    return graph.node("Equal", codes, graph.constant(known, np.int64))


def _signs(columns: _Columns, places: Sequence[int]) -> str:
    signs = columns.graph.constant([0, -1, 1], np.float32)
    return columns.graph.node("Gather", signs, columns.codes(places))


def _codes(columns: _Columns, places: Sequence[int]) -> str:
    graph, learned, codes = columns.graph, columns.learned, columns.codes(places)
    if not any(learned.rare_levels.get(k) for k in places):
        return codes
    most = graph.constant([[len(learned.levels[k])] for k in places], np.int64)
    is_rare = graph.node("Greater", codes, most)
    return graph.node("Where", is_rare, graph.constant(0, np.int64), codes)


_ENCODINGS: Mapping[Encoding, Callable[[_Columns, Sequence[int]], str]] = {
    "missing": _missing,
    "circle": _circles,
    "text": _text,
    "present": _is_level,
    "sign": _signs,
    "one-hot": _is_level,
    "code": _codes,
}


def _pair_codes(graph: Graph, pairs: CodePairs, codes: str) -> str:
    """Return the codes of pairs of levels, by codes that have those of rare levels."""
    one, other = np.reshape(pairs.pairs, (-1, 2)).T
    n_others = np.array(pairs.n_codes)[other]
    # Of all pairs at once, the keys of each behind those before it.
    widths = np.array(pairs.n_codes)[one] * n_others
    moved = np.cumsum([0, *widths])[:-1]
    keys = np.concatenate([own + by for own, by in zip(pairs.keys, moved, strict=True)])
    values = np.concatenate([np.arange(1, len(own) + 1) for own in pairs.keys])
    of_codes = graph.node(
        "Mul", graph.gather(codes, one), graph.constant(n_others[:, np.newaxis], np.int64)
    )
    of_codes = graph.node("Add", of_codes, graph.gather(codes, other))
    of_codes = graph.node("Add", of_codes, graph.constant(moved[:, np.newaxis], np.int64))
    return looked_up(graph, of_codes, keys, values)
