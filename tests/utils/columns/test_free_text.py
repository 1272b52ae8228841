"""Free text: what is taken for it, and the numbers that it becomes."""

import datetime
import pickle

import numpy as np
import pytest
from helpers.tables import MAKERS_OF_TEXT, column, fit, fit_transform
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

from sknumpynet.preprocessing import TabularPreprocessor
from sknumpynet.utils.columns import read_columns
from sknumpynet.utils.encoding import free_text
from sknumpynet.utils.encoding.mixing import ReadCells

pd = pytest.importorskip("pandas")

pytestmark = pytest.mark.oldest

SYLLABLES = ["ba", "ki", "lo", "mur", "ne", "po", "ra", "sten", "tu", "vi"]


def words(n, rng):
    return ["".join(rng.choice(SYLLABLES, 3)) for _ in range(n)]


def texts(n, n_words=4, seed=0):
    rng = np.random.default_rng(seed)
    known = words(40, rng)
    return [" ".join(rng.choice(known, n_words)) for _ in range(n)]


TEXTS = texts(150)
KEPT = {
    "text": (TEXTS, True),
    "of three words": (texts(150, 3), True),
    "of two words": (texts(150, 2) * 2, False),
    "with gaps": ([*TEXTS, None, None], True),
    "beside numbers": ([*TEXTS, 3.5, 7], True),
    "between signs": ([text.replace(" ", "|") for text in TEXTS], True),
    "of single words": (words(150, np.random.default_rng(0)) * 2, False),
    "few levels": (TEXTS[:90] * 3, False),
    "numbered": ([f"user {k}" for k in range(75)] * 2, False),
    "numbers with units": ([f"{k}Nm at {k + 7}rpm" for k in range(200)] * 2, False),
}


@pytest.mark.parametrize(("cells", "is_text"), KEPT.values(), ids=KEPT)
def test_what_is_free_text(cells, is_text):
    model = fit(column(*cells))
    names = model.get_feature_names_out().tolist()
    assert model.is_categorical_.tolist() == [not is_text]
    assert ("x0_text0" in names) == is_text
    assert not fit(column(*cells), column_kinds={0: "text"}).is_categorical_.any()
    assert fit(column(*cells), column_kinds={0: "category"}).is_categorical_.all()


def test_what_has_the_dtype_of_a_category_is_one():
    X = pd.DataFrame({"x": pd.Categorical(TEXTS)})
    assert fit(X, column_kinds={"x": "text"}).get_feature_names_out()[0] == "x_text0"
    assert fit(X).is_categorical_.all()


def test_text_of_no_more_levels_than_become_columns_is_a_category():
    assert fit(column(*TEXTS), max_one_hot=149).n_plain_ == 60
    assert fit(column(*TEXTS), max_one_hot=150).n_plain_ == 150
    assert fit(column(*TEXTS), max_one_hot=None).n_plain_ == 60


def test_text_of_single_words_is_told_how_to_be_read():
    with pytest.warns(UserWarning, match="single row in column 'x0', .* 'text' by column_kinds"):
        fit(column(*words(150, np.random.default_rng(0))))


@pytest.mark.parametrize("make", MAKERS_OF_TEXT)
def test_text_of_every_make_is_encoded_alike(make):
    cells = [*TEXTS, TEXTS[3]]
    X = MAKERS_OF_TEXT[make](cells)
    model, expected = fit(X), fit_transform(column(*cells))
    out = model.transform(X)
    assert_array_equal(out, expected)
    assert_array_equal(out[3], out[-1])
    assert_array_equal(TabularPreprocessor(dtype="float64").fit_transform(X), expected)
    assert_array_equal(pickle.loads(pickle.dumps(model)).transform(X), expected)
    cells_read = ReadCells.of(read_columns(X), model._learned())
    assert_array_equal(cells_read.encoded(model._learned(), "float64"), expected)


def test_rows_have_no_order_and_do_not_see_each_other(monkeypatch):
    X = column(*TEXTS, None, *TEXTS[:9])
    model = fit(X)
    expected = model.transform(X)
    order = np.random.default_rng(1).permutation(len(X))
    assert_array_equal(fit(X[order]).transform(X), expected)
    for k in (0, 5, 150):
        assert_array_equal(model.transform(X[k : k + 1]), expected[k : k + 1])
    monkeypatch.setattr(free_text, "CHUNK", 7)
    assert_array_equal(model.transform(X), expected)


@pytest.mark.parametrize("copies", [1, 3])
def test_numbers_are_those_of_latent_semantic_analysis(copies):
    some = TEXTS[:37]
    rows = [*some, *some[:11] * (copies - 1)]
    X = fit_transform(column(*rows), column_kinds={0: "text"})
    counts = HashingVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), n_features=2**12, norm=None, alternate_sign=False
    ).transform(rows)
    units = TfidfTransformer(sublinear_tf=True).fit_transform(counts).toarray()
    left, sizes, _ = np.linalg.svd(units, full_matrices=False)
    numbers = (left * sizes)[:, sizes > 1e-3 * sizes[0]]
    numbers -= numbers.mean(axis=0)
    numbers /= numbers.std(axis=0).max()
    assert X.shape == numbers.shape
    signs = np.sign((X * numbers).sum(axis=0))
    assert_allclose(X, numbers * signs, atol=2e-3)


def test_missing_text_is_zeros_and_a_flag():
    model = fit(column(*TEXTS, None))
    names, out = model.get_feature_names_out().tolist(), model.transform(column(None, TEXTS[0]))
    assert names[:2] == ["x0_missing", "x0_text0"]
    assert out[0].tolist() == [1.0] + [0.0] * (len(names) - 1)
    assert out[1, 0] == 0.0
    assert out[1].any()
    never = fit(column(*TEXTS))
    assert not never.transform(column(None)).any()


def test_words_that_fit_did_not_see():
    model = fit(column(*TEXTS))
    out = model.transform(column("ßß ƒƒ", "", "  ", TEXTS[0] + " ßß", TEXTS[0].upper()))
    assert np.isfinite(out).all()
    assert_array_equal(out[0], out[1])
    assert_array_equal(out[1], out[2])
    expected = model.transform(column(TEXTS[0]))[0]
    assert_array_equal(out[3], expected)
    assert_array_equal(out[4], expected)


ALIKE = {
    "one text": (["the same words"] * 5, []),
    "one text and gaps": (["the same words", None] * 5, ["x0_the same words"]),
    "nothing": ([None] * 5, []),
    "blanks": ([" ", None] * 5, ["x0_ "]),
}


@pytest.mark.parametrize(("cells", "names"), ALIKE.values(), ids=ALIKE)
def test_texts_that_do_not_differ(cells, names):
    model = fit(column(*cells), column_kinds={0: "text"})
    assert model.get_feature_names_out().tolist() == names
    assert model.transform(column(*cells)).shape == (len(cells), len(names))


OTHERS = {
    "numbers": ([1.5, 2, 33, 2.0], ["1.5", "2", "33", "2"]),
    "days": (
        [datetime.date(2024, 2, 29), datetime.date(2024, 3, 1)],
        ["2024-02-29", "2024-03-01"],
    ),
}


@pytest.mark.parametrize(("cells", "written"), OTHERS.values(), ids=OTHERS)
def test_what_is_no_text_is_taken_as_it_is_written(cells, written):
    kinds = {0: "text"}
    assert_array_equal(
        fit_transform(column(*cells), column_kinds=kinds),
        fit_transform(column(*written), column_kinds=kinds),
    )


def test_cells_that_have_no_text():
    with pytest.raises(TypeError, match=r"strings and numbers, got \(1,\) of type tuple"):
        fit(column((1,), (2,)), column_kinds={0: "text"})


def test_origins_and_names_among_other_columns():
    X = pd.DataFrame({"age": range(120), "note": texts(120), "town": list("abcd") * 30})
    X.loc[5, "note"] = None
    model = fit(X, ranks=True, max_one_hot=3)
    names = model.get_feature_names_out().tolist()
    assert names[:4] == ["age", "age_rank", "note_missing", "note_text0"]
    assert names[-1] == "town"
    columns = [list(X.columns).index(name.split("_")[0]) for name in names]
    assert model._origins().tolist() == columns
    width = len(names) - 4
    assert (model.n_numerical_, model.n_plain_, model.n_levels_) == (2, width + 1, [5])
    assert model.transform(X).shape == (120, model.n_features_out_)


def test_many_texts_are_learned_by_some(monkeypatch):
    many = texts(400)
    expected = fit_transform(column(*many))
    monkeypatch.setattr(free_text, "MOST_TEXTS", 200)
    out = fit_transform(column(*many))
    assert out.shape == expected.shape
    assert not np.array_equal(out, expected)
    assert_allclose(out.std(axis=0).max(), 1, rtol=0.2)


def test_mixed_rows_have_the_whole_text_of_one():
    X = np.hstack([column(*TEXTS, None), np.arange(151.0).reshape(-1, 1)])
    model = fit(X)
    cells = ReadCells.of(read_columns(X), model._learned())
    first, second = np.random.default_rng(0).integers(151, size=(2, 500))
    mixed = cells.mixed(first, second, np.random.RandomState(0))
    whole = model.transform(X)[:, 1:]
    out = mixed.encoded(model._learned(), "float64")[:, 1:]
    is_first = (out == whole[first]).all(axis=1)
    is_second = (out == whole[second]).all(axis=1)
    assert (is_first | is_second).all()
    assert 0.3 < is_second[first != second].mean() < 0.7
