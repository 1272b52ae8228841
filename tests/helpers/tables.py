"""Tables to preprocess, of every make and with columns of every kind."""

import datetime
import io
import statistics

import numpy as np
import pytest

from sknumpynet.preprocessing import TabularPreprocessor

pd = pytest.importorskip("pandas")

pl = pytest.importorskip("polars")

NAN = float("nan")
DAY = datetime.date(2024, 2, 29)
MIDNIGHT = datetime.datetime(2024, 2, 29)
HOUR = datetime.timedelta(hours=1)


def fit(X, **parameters):
    return TabularPreprocessor(**{"dtype": "float64", "ranks": False} | parameters).fit(X)


def fit_transform(X, **parameters):
    return fit(X, **parameters).transform(X)


def column(*cells):
    """Return an array of objects with one column."""
    X = np.empty((len(cells), 1), dtype=object)
    X[:, 0] = cells
    return X


def random_table(rng, n_rows, kinds):
    """Return a table with a column for each kind; each has its own share of missing cells."""
    draw = {
        "float": lambda: rng.lognormvariate(0, 3),
        "int": lambda: rng.randint(-5, 5),
        "nearly_constant": lambda: float(rng.random() < 0.1),
        "constant": lambda: 7.0,
        "bool": lambda: rng.random() < 0.3,
        "one": lambda: "only",
        "two": lambda: rng.choice(["no", "yes"]),
        "few": lambda: rng.choice(["a", "nan", "", "None", "d"]),
        "many": lambda: f"level {rng.randint(1, 15)}",
        "rare": lambda: f"id {rng.randint(1, 40)}",
        "nothing": lambda: None,
    }
    table = {}
    for place, kind in enumerate(kinds):
        share = rng.choice([0, 0, 0.1, 0.5])
        table[f"{kind}_{place}"] = [
            None if rng.random() < share else draw[kind]() for _ in range(n_rows)
        ]
    return table


CATEGORIES = ("bool", "one", "two", "few", "many", "rare")
KINDS = ["float", "int", "nearly_constant", "constant", "nothing", *CATEGORIES]


def to_objects(table):
    X = np.empty((len(next(iter(table.values()))), len(table)), dtype=object)
    for k, cells in enumerate(table.values()):
        X[:, k] = cells
    return X


def pandas_dtypes(table, **dtypes):
    """Return a DataFrame with a dtype for each kind of column."""
    chosen = {name: dtypes.get(name.rsplit("_", 1)[0], dtypes["text"]) for name in table}
    return pd.DataFrame(
        {name: pd.Series(cells, dtype=chosen[name]) for name, cells in table.items()}
    )


NUMBERS = dict.fromkeys(("float", "int", "nearly_constant", "constant", "nothing"), "float64")
NULLABLE = {**dict.fromkeys(NUMBERS, "Float64"), "int": "Int64", "bool": "boolean"}
POLARS_TEXT = {"two": pl.Categorical, "few": pl.Categorical, "many": pl.String}


def to_polars(table):
    kinds = {name: name.rsplit("_", 1)[0] for name in table}
    dtypes = {
        "int": pl.Int16,
        "nothing": pl.Null,
        "bool": pl.Boolean,
        **dict.fromkeys(["float", "constant", "nearly_constant"], pl.Float64),
        **POLARS_TEXT,
        "rare": pl.Enum([f"id {k}" for k in range(50, 0, -1)]),
    }
    return pl.DataFrame(
        {
            name: pl.Series(cells, dtype=dtypes.get(kinds[name], pl.String))
            for name, cells in table.items()
        }
    )


MAKERS = {
    "objects": to_objects,
    "lists": lambda table: [list(row) for row in zip(*table.values(), strict=True)],
    "polars": to_polars,
    "pandas inferred": pd.DataFrame,
    "pandas object": lambda table: pd.DataFrame(table, dtype=object),
    "pandas category": lambda table: pandas_dtypes(table, text="category", **NUMBERS),
    "pandas nullable": lambda table: pandas_dtypes(table, text="string[python]", **NULLABLE),
}

ARROW = {**dict.fromkeys(NUMBERS, "double[pyarrow]"), "int": "int8[pyarrow]"}


def ranks(model, X):
    """Return the ranks of a table's one column."""
    return model.transform(X)[:, 1]


def height(rank):
    return statistics.NormalDist().inv_cdf(min(max(rank, 1e-3), 1 - 1e-3))


def through_json(x):
    frame = pd.read_json(io.StringIO(pd.DataFrame({"x": x}).to_json()))
    return frame["x"].to_numpy()


def through_csv(x):
    return pd.read_csv(io.StringIO(pd.DataFrame({"x": x}).to_csv(index=False)))["x"].to_numpy()


# Each moves a number by a bit of some precision at most.
TRIPS = {
    "up": lambda x: np.nextafter(x, np.inf),
    "down": lambda x: np.nextafter(x, -np.inf),
    "float32": lambda x: x.astype(np.float32),
    "float16": lambda x: x.astype(np.float16),
    "polars Float32": lambda x: pl.Series(x).cast(pl.Float32).to_numpy(),
    "JSON": through_json,
    "CSV": through_csv,
    "+ 1 - 1": lambda x: x + 1 - 1,
    "* 3 / 3": lambda x: x * 3 / 3,
}

DECIMALS = {
    "ratings": [0.5, 1.0, 1.5, 3.5, 4.9],
    "prices": [0.1, 0.2, 0.3, 0.7, 1.1],
    "rates": [-0.1, 0.0, 1e-3, 0.3],
    "two": [0.3, 0.7],
    "forty": np.arange(40) / 10 + 0.1,
    "many": np.linspace(0.1, 7, 1_000),
}

AGES = [f"{k / 2 + 20}" for k in range(30)]
AS_NUMBERS = "text that holds numbers is read as numbers in column"
MAKERS_OF_TEXT = {
    "np.array": lambda cells: np.array([cells]).T,
    "column_stack": lambda cells: np.column_stack([np.array(cells), np.array(cells)])[:, :1],
    "objects": lambda cells: column(*cells),
    "lists": lambda cells: [[cell] for cell in cells],
    "pandas": lambda cells: pd.DataFrame({"x0": cells}),
    "pandas object": lambda cells: pd.DataFrame({"x0": cells}, dtype=object),
    "pandas string": lambda cells: pd.DataFrame({"x0": cells}, dtype="string"),
    "polars": lambda cells: pl.DataFrame({"x0": cells}),
}


def arrow_table(frame):
    return pytest.importorskip("pyarrow").Table.from_pandas(frame)


def arrow_batch(frame):
    return arrow_table(frame).to_batches()[0]


class SpeaksArrow:
    """What databases and other libraries hand over."""

    def __init__(self, frame):
        self.table = arrow_table(frame)

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def dask_frame(frame):
    return pytest.importorskip("dask.dataframe").from_pandas(frame, npartitions=3)


OTHER_MAKERS = {
    "Arrow": arrow_table,
    "Arrow in chunks": lambda frame: pytest.importorskip("pyarrow").concat_tables(
        [arrow_table(frame[:17]), arrow_table(frame[17:])]
    ),
    "record batch": arrow_batch,
    "speaks Arrow": SpeaksArrow,
    "Dask": dask_frame,
    "polars": pl.from_pandas,
}


def mixed_frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "numbers": np.where(rng.random(40) < 0.2, NAN, rng.normal(size=40)),
            "single": rng.normal(size=40).astype(np.float32),
            "whole": rng.integers(9, size=40),
            "nullable": pd.array(rng.choice([1, 2, None], 40), dtype="Int16"),
            "two": pd.Categorical(rng.choice(["x", "y", None], 40), categories=["z", "y", "x"]),
            "text": rng.choice(["u", "v", "w", None], 40),
            "many": rng.choice([f"level {k}" for k in range(12)], 40),
            "truth": pd.array(rng.choice([True, False, None], 40), dtype="boolean"),
            "constant": 1.0,
        }
    )


FRAME = pd.DataFrame({"age": [1, 2, 3], "zip": [4, 5, 6], "sex": ["f", "m", "f"]})
