"""Dates, times of day and durations: of every make the same, by parts, with zones."""

import datetime
import pickle
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from helpers.tables import column, fit, fit_transform
from numpy.testing import assert_allclose, assert_array_equal

from sknumpynet.preprocessing import TabularPreprocessor
from sknumpynet.utils.columns import read_columns
from sknumpynet.utils.encoding.mixing import ReadCells

pd = pytest.importorskip("pandas")

pl = pytest.importorskip("polars")

pa = pytest.importorskip("pyarrow")

pytestmark = [
    pytest.mark.oldest,
    pytest.mark.filterwarnings("ignore:text that holds dates or times is read as such"),
]

N = 60
# Of two years, in no order; whole minutes, for some text has no more.
MINUTES = np.random.default_rng(0).integers(2 * 366 * 24 * 60, size=N)
DATETIMES = [
    None if k % 7 == 3 else datetime.datetime(2023, 2, 1) + datetime.timedelta(minutes=int(m))
    for k, m in enumerate(MINUTES)
]
DAYS = [moment and moment.date() for moment in DATETIMES]
CLOCKS = [moment and moment.time() for moment in DATETIMES]
SPANS = [moment and moment - datetime.datetime(2023, 6, 1) for moment in DATETIMES]
ABROAD = [moment and moment.replace(tzinfo=ZoneInfo("America/New_York")) for moment in DATETIMES]


def pandas(cells, dtype=None):
    return pd.DataFrame({"x0": pd.Series(cells, dtype=dtype)})


def arrow(cells, kind=None):
    return pa.table({"x0": pa.array(cells, kind)})


def array(cells, dtype):
    return np.array([cells], dtype).T


def written(pattern):
    return lambda cells: column(*(cell and cell.strftime(pattern) for cell in cells))


def as_pandas_arrow(cells, kind):
    return pandas(cells, pd.ArrowDtype(kind))


OBJECTS = {
    "objects": lambda cells: column(*cells),
    "lists": lambda cells: [[cell] for cell in cells],
    "pandas objects": lambda cells: pandas(cells, object),
    "polars": lambda cells: pl.DataFrame({"x0": cells}),
    "Arrow": arrow,
}
SOURCES = {
    "datetimes": (
        DATETIMES,
        {
            **OBJECTS,
            "NumPy": lambda cells: array(cells, "M8[m]"),
            "NumPy ns": lambda cells: array(cells, "M8[ns]"),
            "masked": lambda cells: np.ma.masked_array(
                array([cell or cells[0] for cell in cells], "M8[s]"), ~array(cells, bool)
            ),
            "NumPy's scalars": lambda cells: column(*(np.datetime64(cell, "ns") for cell in cells)),
            "pandas": pandas,
            "pandas s": lambda cells: pandas(cells, "M8[s]"),
            "pandas NaT": lambda cells: column(*pandas(cells)["x0"]),
            "pandas of Arrow": lambda cells: as_pandas_arrow(cells, pa.timestamp("ms")),
            "periods": lambda cells: pandas(pd.PeriodIndex(pandas(cells)["x0"], freq="min")),
            "polars ms": lambda cells: pl.DataFrame({"x0": cells}).cast(pl.Datetime("ms")),
            "Arrow s": lambda cells: arrow(cells, pa.timestamp("s")),
            "Arrow in chunks": lambda cells: pa.concat_tables([arrow(cells[:9]), arrow(cells[9:])]),
            "ISO": written("%Y-%m-%dT%H:%M:%S"),
            "the day first": written("%d/%m/%Y %H:%M"),
            "the month first": written("%m/%d/%y %I:%M %p"),
            "full stops": written("%d.%m.%Y %H:%M:%S.000"),
            "names": written("%A, %d %B %Y %H:%M"),
            "American": written("%b %d, %Y %I:%M %p"),
            "text and objects": lambda cells: column(
                *(cell if k % 2 else cell and str(cell) for k, cell in enumerate(cells))
            ),
        },
    ),
    "days": (
        DAYS,
        {
            **OBJECTS,
            "datetimes": lambda cells: array(cells, "M8[s]"),
            "NumPy": lambda cells: array(cells, "M8[D]"),
            "pandas": lambda cells: pandas(cells, "M8[ns]"),
            "pandas of Arrow": lambda cells: as_pandas_arrow(cells, pa.date32()),
            "Arrow in ms": lambda cells: arrow(cells, pa.date64()),
            "digits": written("%Y%m%d"),
            "ISO": written("%Y-%m-%d"),
        },
    ),
    "times of day": (
        CLOCKS,
        {
            **OBJECTS,
            "Arrow in s": lambda cells: arrow(cells, pa.time32("s")),
            "pandas of Arrow": lambda cells: as_pandas_arrow(cells, pa.time64("ns")),
            "text": written("%H:%M"),
            "halves of the day": written("%I:%M:%S %p"),
        },
    ),
    "durations": (
        SPANS,
        {
            **OBJECTS,
            "NumPy": lambda cells: array(cells, "m8[m]"),
            "pandas": pandas,
            "pandas of Arrow": lambda cells: as_pandas_arrow(cells, pa.duration("ms")),
            "polars ns": lambda cells: pl.DataFrame({"x0": cells}).cast(pl.Duration("ns")),
            "Arrow s": lambda cells: arrow(cells, pa.duration("s")),
        },
    ),
    "with a zone": (
        ABROAD,
        {
            **OBJECTS,
            # Of objects its first version makes dates in UTC.
            "polars": lambda cells: pl.DataFrame({"x0": cells}).with_columns(
                pl.col("x0").dt.convert_time_zone("America/New_York")
            ),
            "pandas": pandas,
            "pandas s": lambda cells: pandas(cells, "datetime64[s, America/New_York]"),
            "pandas of Arrow": lambda cells: as_pandas_arrow(
                cells, pa.timestamp("us", "America/New_York")
            ),
            "Arrow": lambda cells: arrow(cells, pa.timestamp("s", "America/New_York")),
        },
    ),
}
MADE = [(what, make) for what, (_, makers) in SOURCES.items() for make in makers]


@pytest.mark.parametrize(("what", "make"), MADE)
def test_equal_instants_are_encoded_alike(what, make):
    cells, makers = SOURCES[what]
    X, first = makers[make](cells), makers["objects"](cells)
    model, of_first = fit(X, ranks=True), fit(first, ranks=True)
    expected = of_first.transform(first)
    assert expected.shape[1] > 2
    assert_array_equal(model.transform(X), expected)
    assert_array_equal(
        fit_transform(X, ranks=True), TabularPreprocessor(dtype="float64").fit_transform(X)
    )
    if make not in {"polars", "Arrow"} and not hasattr(model, "feature_names_in_"):
        assert_array_equal(model.transform(first), expected)
    assert_array_equal(model.get_feature_names_out(["x0"]), of_first.get_feature_names_out(["x0"]))
    learned = pickle.loads(pickle.dumps(model))
    assert_array_equal(learned.transform(X), expected)
    read = ReadCells.of(read_columns(X), model._learned())
    assert_array_equal(read.encoded(model._learned(), "float64"), expected)
    order = np.random.default_rng(1).permutation(N)
    shuffled = makers[make]([cells[k] for k in order])
    assert_array_equal(fit(shuffled, ranks=True).transform(X), expected)


def circle(turns):
    return [np.sin(2 * np.pi * turns), np.cos(2 * np.pi * turns)]


def test_parts_are_those_of_the_calendar():
    X = pandas([cell for cell in DATETIMES if cell])
    names = fit(X).get_feature_names_out().tolist()
    parts = [
        f"x0_{part}_{of}" for part in ("month", "day", "weekday", "hour") for of in ("sin", "cos")
    ]
    assert names == ["x0", "x0_year", *parts]
    out, when = fit_transform(X), X["x0"].dt
    expected = np.array(
        [
            *circle((when.month - 1) / 12),
            *circle((when.day - 1) / 31),
            *circle(when.day_of_week / 7),
            *circle((when.hour + when.minute / 60) / 24),
        ]
    ).T
    assert_allclose(out[:, 2:], expected, atol=1e-9)
    days = fit_transform((X - pd.Timestamp("2024")) / pd.Timedelta("1D"))
    assert_allclose(out[:, :1], days, atol=1e-9)
    assert_array_equal(out[:, 1:2], fit_transform(pd.DataFrame({"x0": when.year})))


KEPT = {
    "days": (
        np.arange("2023-11-05", "2024-02-01", 5, "M8[D]"),
        ["year", "month", "day", "weekday"],
    ),
    "one year": (np.arange("2024-01-01", "2024-12-31", 5, "M8[D]"), ["month", "day", "weekday"]),
    "one month": (np.arange("2024-01-01", "2024-02-01", 3, "M8[D]"), ["day", "weekday"]),
    "one day": (np.arange("2024-01-01T00", "2024-01-01T20", 3, "M8[h]"), ["hour"]),
    "one hour of days": (
        np.arange("2024-01-01T09", "2024-01-20T09", 24, "M8[h]"),
        ["day", "weekday"],
    ),
    "months": (np.arange("2021-01", "2024-01", dtype="M8[M]"), ["year", "month"]),
    "years": (np.arange("2001", "2024", dtype="M8[Y]"), []),
    "one": (np.array(["2024-01-01"] * 3, "M8[D]"), None),
}


@pytest.mark.parametrize(("dates", "parts"), KEPT.values(), ids=KEPT)
def test_what_does_not_vary_or_is_elapsed_time_is_dropped(dates, parts):
    names = fit(dates[:, np.newaxis]).get_feature_names_out().tolist()
    expected = [] if parts is None else ["x0"]
    for part in parts or []:
        expected += ["x0_year"] if part == "year" else [f"x0_{part}_sin", f"x0_{part}_cos"]
    assert names == expected


def test_missing_dates_are_flagged_and_in_the_middle():
    X = pandas(DATETIMES)
    model = TabularPreprocessor().fit(X)
    out = model.transform(X)[3]
    names = model.get_feature_names_out().tolist()
    assert (out != 0).nonzero()[0].tolist() == [names.index("x0_missing")]
    single = fit(column(None, DAYS[0], DAYS[0]))
    assert single.get_feature_names_out().tolist() == ["x0_missing"]
    assert fit(pandas([None] * 3, "M8[s]")).n_features_out_ == 0


def test_what_was_missing_in_no_row_is_the_median():
    model = fit(array(["2024-01-01", "2024-01-02", "2024-01-03"], "M8[D]"))
    for X in (column(None), [[np.nan]], array(["NaT"], "M8[s]"), column(pd.NaT), column("")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sknumpynet.utils.encoding.checks.warn_user", lambda message: None)
            assert_array_equal(model.transform(X), [[0, 0, 0, 0, 0]])


def test_dates_beyond_those_of_fit_stay_near():
    model = fit(array(np.arange("2024-01-01", "2024-02-01", dtype="M8[D]"), "M8[D]"), ranks=True)
    out = model.transform(array(["1000-01-01", "9999-12-31"], "M8[D]"))
    assert np.abs(out).max() < 3.1


def test_origins_and_names_among_other_columns():
    X = pd.DataFrame(
        {
            "town": ["a", "b", "c"] * 8,
            "when": pd.date_range("2023-12-25", periods=24, freq="17h"),
            "age": range(24),
            "at": [datetime.time(k) for k in range(24)],
        }
    )
    model = fit(X, ranks=True, max_one_hot=2)
    names = model.get_feature_names_out().tolist()
    columns = [list(X.columns).index(name.split("_")[0]) for name in names]
    assert model._origins().tolist() == columns
    numerical = ["when", "when_year", "age", "at"]
    assert names[:8] == [*numerical, *(f"{name}_rank" for name in numerical)]
    assert names[8:10] == ["when_month_sin", "when_month_cos"]
    assert names[-3:] == ["at_hour_sin", "at_hour_cos", "town"]
    assert (model.n_numerical_, model.n_plain_, model.n_levels_) == (8, 10, [4])
    assert model.is_categorical_.tolist() == [True, False, False, False]
    assert model.transform(X).shape == (24, model.n_features_out_)


# Zones ------------------------------------------------------------------------------------------


def test_dates_are_read_by_the_clocks_of_fit():
    model = fit(pandas(ABROAD))
    elsewhere = [cell and cell.astimezone(ZoneInfo("Asia/Tokyo")) for cell in ABROAD]
    for X in (
        pandas(elsewhere),
        pandas(elsewhere, object),
        pandas([c and c.isoformat() for c in elsewhere]),
    ):
        assert_array_equal(model.transform(X), model.transform(pandas(ABROAD)))
    assert_array_equal(model.transform(pandas(ABROAD)), fit_transform(pandas(DATETIMES)))


def test_several_zones_are_utc():
    mixed = [
        cell and cell.astimezone(ZoneInfo("Asia/Tokyo" if k % 2 else "UTC"))
        for k, cell in enumerate(ABROAD)
    ]
    utc = [cell and cell.astimezone(datetime.UTC) for cell in ABROAD]
    expected = fit_transform(pandas(utc))
    assert_array_equal(fit_transform(pandas(mixed, object)), expected)
    assert_array_equal(fit_transform(pandas([cell and str(cell) for cell in mixed])), expected)
    assert_array_equal(fit_transform(pandas([cell and str(cell) for cell in ABROAD])), expected)


@pytest.mark.parametrize("make", [pandas, lambda cells: pandas(cells, object)])
def test_dates_without_a_zone_among_those_with_one(make):
    for own, other, message in (
        (DATETIMES, ABROAD, "'x0' must hold dates without a time zone, got .*New_York"),
        (ABROAD, DATETIMES, "'x0' must hold dates with a time zone, since .* in America/New_York"),
    ):
        with pytest.raises(ValueError, match=message):
            fit(make(own)).transform(make(other))
    with pytest.raises(ValueError, match="'x0' must hold dates without a time zone, got"):
        fit(pandas([*DATETIMES, *ABROAD], object))


def test_a_zone_that_is_not_known_here():
    model = fit(pandas(ABROAD))
    state = model.__getstate__()
    state["_time_formats"][0][2] = "Atlantis/Poseidonis"
    model.__setstate__(state)
    with pytest.raises(ValueError, match=r"'x0' has the time zone 'Atlantis/Poseidonis'.*tzdata"):
        model.transform(pandas(ABROAD))


# Levels -----------------------------------------------------------------------------------------


def test_dates_that_are_categories_have_levels():
    days = [datetime.date(2024, 2, 29), datetime.date(2024, 3, 1), None] * 3
    names = ["x0_2024-03-01"]
    for X in (
        column(*days),
        pandas(days, "M8[ns]"),
        pl.DataFrame({"x0": days}),
        arrow(days),
        array(days, "M8[D]"),
    ):
        for model in (fit(X, categorical_features=[0]), fit(X, column_kinds={0: "category"})):
            assert model.get_feature_names_out().tolist() == names
            assert_array_equal(model.transform(X)[:, 0], [-1, 1, 0] * 3)
    dtype = pandas(pd.Categorical(pd.to_datetime(pd.Series(days))))
    assert fit(dtype).get_feature_names_out().tolist() == names
    spans = array([5, 90, 5], "m8[s]")
    assert fit(spans, categorical_features=[0]).get_feature_names_out().tolist() == ["x0_90"]


# Mixed rows ------------------------------------------------------------------------------------


def test_parts_of_mixed_rows_are_those_of_a_date_between():
    X = array(DATETIMES, "M8[s]")
    model = fit(X, ranks=True)
    cells = ReadCells.of(read_columns(X), model._learned())
    first, second = np.random.default_rng(0).integers(N, size=(2, 200))
    mixed = cells.mixed(first, second, np.random.RandomState(0))
    (days,) = mixed.columns
    instants = (days * 86400e6).round()
    dates = [None if np.isnan(us) else np.datetime64(int(us), "us") for us in instants]
    assert_allclose(
        mixed.encoded(model._learned(), "float64"),
        model.transform(array(dates, "M8[us]")),
        atol=1e-7,
    )
