"""What comes of a date in a graph: its year, and what recurs, as points on circles."""

import numpy as np

from sknumpynet.onnx.graph import Graph
from sknumpynet.utils.encoding.dates import Part

__all__ = ["circle", "part_of_days"]

# From the 1st of March of the year 0 to 1970; of 400 years, after which the calendar recurs.
DAYS_BEFORE_1970, DAYS_OF_AN_ERA = 719_468, 146_097


def part_of_days(graph: Graph, days: str, part: Part) -> str:
    """Return a part of dates: the year, or how far what recurs has come, in [0, 1).

    Parameters
    ----------
    graph : Graph
        Of double precision.
    days : str
        Since 1970, or midnight; NaN where they are missing, and so is the part.
    part : {'year', 'month', 'day', 'weekday', 'hour'}
    """
    whole = graph.node("Floor", days)
    if part == "hour":
        return graph.node("Sub", days, whole)
    if part == "weekday":
        return _share(graph, _remainder(graph, _plus(graph, whole, 3), 7), 7)
    year, month, day = _calendar(graph, whole)
    if part == "year":
        return year
    if part == "month":
        return _share(graph, month, 12)
    return _share(graph, day, 31)


def circle(graph: Graph, turns: str) -> str:
    """Return the points on a circle after so much of a turn, as two rows, 0 where it is missing."""
    angles = graph.node("Mul", turns, graph.constant(2 * np.pi))
    # As a sine: onnxruntime 1.19 has no cosine in double precision.
    cosines = graph.node("Add", angles, graph.constant(np.pi / 2))
    points = graph.node("Sin", graph.concatenated([angles, cosines], axis=0))
    return graph.node("Where", graph.node("IsNaN", points), graph.constant(0.0), points)


def _calendar(graph: Graph, days: str) -> tuple[str, str, str]:
    """Return years, months from 0 and days from 0 of whole days since 1970.

    Years begin in March here, so that the day that a leap year has more is the last.
    """
    days = _plus(graph, days, DAYS_BEFORE_1970)
    era, day_of_era = _divided(graph, days, DAYS_OF_AN_ERA)
    # Without the leap days before it, each year has 365: every 4 years there is one, but not after
    # 100, and after 400 there is.
    leap_days = [_quotient(graph, day_of_era, n) for n in (1_460, 36_524, DAYS_OF_AN_ERA - 1)]
    even = graph.node("Sub", day_of_era, leap_days[0])
    even = graph.node("Sub", graph.node("Add", even, leap_days[1]), leap_days[2])
    year_of_era = _quotient(graph, even, 365)
    before = graph.node("Mul", year_of_era, graph.constant(365))
    before = graph.node("Add", before, _quotient(graph, year_of_era, 4))
    before = graph.node("Sub", before, _quotient(graph, year_of_era, 100))
    day_of_year = graph.node("Sub", day_of_era, before)
    # From March on, five months have 153 days, 31 and 30 in turn.
    fifths = _plus(graph, graph.node("Mul", day_of_year, graph.constant(5)), 2)
    month = _quotient(graph, fifths, 153)
    start = _plus(graph, graph.node("Mul", month, graph.constant(153)), 2)
    day = graph.node("Sub", day_of_year, _quotient(graph, start, 5))
    years = graph.node("Mul", era, graph.constant(400))
    years = graph.node("Add", years, year_of_era)
    # January and February belong to the next year.
    is_next, month = _divided(graph, _plus(graph, month, 2), 12)
    return graph.node("Add", years, is_next), month, day


def _plus(graph: Graph, x: str, number: float) -> str:
    return graph.node("Add", x, graph.constant(number))


def _share(graph: Graph, x: str, number: float) -> str:
    return graph.node("Div", x, graph.constant(number))


def _quotient(graph: Graph, x: str, number: float) -> str:
    return graph.node("Floor", _share(graph, x, number))


def _remainder(graph: Graph, x: str, number: float) -> str:
    return _divided(graph, x, number)[1]


def _divided(graph: Graph, x: str, number: float) -> tuple[str, str]:
    """Return how often a number goes into whole numbers, and what is left."""
    quotient = _quotient(graph, x, number)
    return quotient, graph.node("Sub", x, graph.node("Mul", quotient, graph.constant(number)))
