"""What users are warned of: text that may be meant otherwise, levels never learned."""

import numpy as np
import pytest
from helpers.tables import AGES, AS_NUMBERS, MAKERS_OF_TEXT, NAN, column, fit

pd = pytest.importorskip("pandas")

pytestmark = pytest.mark.oldest


def test_numbers_that_stay_a_category_for_some_text_are_told():
    cells = [f"{k % 15}" if k % 15 else "15+" for k in range(30)]
    with pytest.warns(UserWarning, match=r"taken as a category.*column 'x0' \('15\+'\)"):
        assert fit(column(*cells)).is_categorical_.all()
    fit(column(*cells), categorical_features=[0])


def test_what_text_is_read_as_is_told_where_it_may_surprise():
    cells = [f"{k},{100 + k}" for k in range(1, 30)]
    with pytest.warns(UserWarning, match=r"column 'x0' \('1,101' as 1101\);"):
        model = fit(column(*cells))
    with pytest.raises(ValueError, match=r"'x0' must hold numbers, got '12,5'; .* '\.' as the dec"):
        model.transform(column("12,5"))


def test_text_among_which_some_are_integers_is_text():
    tickets = [f"{k % 15 + 1000}" for k in range(60)] + [f"PC {k % 15}" for k in range(60)]
    with pytest.warns(UserWarning, match="most are numbers"):
        model = fit(column(*tickets))
    model.transform(column("PC 777"))


def test_text_that_is_new_among_numbers():
    with pytest.warns(UserWarning, match=AS_NUMBERS):
        model = fit(pd.DataFrame({"age": [*AGES, "?"]}))
    expected = model.transform(pd.DataFrame({"age": [30.5, NAN]}))
    with pytest.warns(UserWarning, match=r"'age' of numbers holds text .* see, 'n\.a\.', which"):
        out = model.transform(pd.DataFrame({"age": ["30.5", "n.a."]}))
    np.testing.assert_array_equal(out, expected)
    with pytest.raises(ValueError, match="'age' must hold numbers, got '20\\+'"):
        model.transform(pd.DataFrame({"age": ["30.5", "20+"]}))
    with pytest.raises(ValueError, match="'age' contains infinity"):
        model.transform(pd.DataFrame({"age": ["30.5", "inf"]}))


@pytest.mark.parametrize("make", MAKERS_OF_TEXT)
def test_dates_as_text_are_told(make):
    cells = [f"2024-{k % 12 + 1:02}-{k % 28 + 1:02}" for k in range(30)] + [None]
    if make in ("np.array", "column_stack"):
        cells[-1] = "unknown"
    X, missing = MAKERS_OF_TEXT[make](cells), "; 'unknown' missing" if cells[-1] else ""
    with pytest.warns(
        UserWarning,
        match=rf"read as such in column 'x0' \('2024-01-01' as 2024-01-01{missing}\); column_kinds",
    ):
        assert not fit(X).is_categorical_.any()
    fit(X, column_kinds={0: "date"})
    fit(MAKERS_OF_TEXT[make](cells * 2), categorical_features=[0])


MANY_DAYS = [f"2024-01-{k % 28 + 1:02}" for k in range(60)]
AS_LEVELS = {
    "few levels": ["2024-02-29", "2024-03-01"] * 10,
    "several orders": [*MANY_DAYS, "13/02/2024", "02/13/2024"],
    "dates and times of day": [*MANY_DAYS, "12:30"],
    "zones and none": [*MANY_DAYS, "2024-02-29T12:30Z"],
}


@pytest.mark.parametrize("cells", AS_LEVELS.values(), ids=AS_LEVELS)
def test_dates_that_are_levels_are_told(cells):
    with pytest.warns(UserWarning, match="taken as a category in column 'x0', for .* column_kinds"):
        assert fit(column(*cells)).is_categorical_.all()
    fit(column(*cells), column_kinds={0: "category"})


def test_text_that_is_new_among_dates():
    model = fit(column(*MANY_DAYS), column_kinds={0: "date"})
    with pytest.warns(UserWarning, match="'x0' of dates holds text that fit did not see, 'n.a.'"):
        out = model.transform(column("n.a.", None))
    assert not out.any()


def test_an_order_that_may_be_another_is_told():
    cells = [f"{1 + k % 12:02}/{1 + k % 11:02}/2024" for k in range(60)]
    with pytest.warns(
        UserWarning,
        match="'x0' may be swapped, .* as monthfirst: .*'monthfirst'} says so, 'dayfirst' other",
    ):
        first = fit(column(*cells), column_kinds={0: "date"})
    for kind, is_same in {"monthfirst": True, "dayfirst": False}.items():
        model = fit(column(*cells), column_kinds={0: kind})
        days = [model.transform(column(cell)).tolist() for cell in cells[:12]]
        assert (days == [first.transform(column(cell)).tolist() for cell in cells[:12]]) == is_same


def test_levels_of_a_single_row_are_told():
    names = [f"name {k}" for k in range(30)]
    with pytest.warns(
        UserWarning, match="nearly all levels have a single row in column 'x0', .*leave"
    ):
        assert fit(column(*names)).n_features_out_ == 0
    fit(column(*names, *names))
    fit(column(*names), categorical_features=[0])
    fit(column(*names[:9]))


def test_one_warning_names_all_columns():
    X = pd.DataFrame({f"age {k}": AGES for k in range(7)})
    with pytest.warns(UserWarning, match="'age 0', 'age 1'.*'age 6'") as caught:
        fit(X)
    assert len(caught) == 1


@pytest.mark.parametrize("n_levels", [3, 20])
@pytest.mark.parametrize(
    ("was", "becomes"), [("{}.0", "{}"), ("{}", "{}.0"), ("{}", " {}"), ("a{}", "A{}")]
)
def test_levels_that_drift_are_told(was, becomes, n_levels):
    def table(pattern):
        return column(*(pattern.format(k % n_levels) for k in range(60)))

    model = fit(table(was), categorical_features=[0])
    model.transform(table(was))
    with pytest.warns(UserWarning, match="column 'x0'.*fit did not learn"):
        model.transform(table(becomes))
    half = np.vstack([table(was)[:31], table(becomes)[:29]])
    model.transform(half)  # half of the cells are known


def test_unknown_levels_that_were_to_be_expected_are_not_told():
    rng = np.random.default_rng(0)
    drawn = [f"user {k}" for k in rng.zipf(1.3, size=900)]
    model = fit(column(*drawn[:600]), max_one_hot=4)
    out = model.transform(column(*drawn[600:]))
    assert 0.2 < (out == 0).mean() < 0.8
    rare = [f"user {k}" for k in rng.integers(3_000, size=1_200)]
    model = fit(column(*rare[:1_000]))
    out = model.transform(column(*rare[1_000:]))
    assert (out == 0).mean() > 0.6
    fit(column("a", "b", "c")).transform(column(*"xyz" * 6))  # too few cells to tell
