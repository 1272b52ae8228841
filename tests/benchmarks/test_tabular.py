"""The tabular benchmarks run, remember what they measured, and survive a model that fails."""

import csv
import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pd = pytest.importorskip("pandas")
tabular = pytest.importorskip("benchmarks.tabular")
from benchmarks import (  # noqa: E402
    bootstrap,
    tabular_data,
    tabular_metrics,
    tabular_peers,
    tabular_plot,
    tabular_scaling,
    tabular_summary,
    tabular_versions,
    timing,
)

ROOT = Path(__file__).parents[2]
CHEAP = ("RandomForest", "HistGradientBoosting")
SLOW = ("CatBoost", "RealMLP")  # seconds to import or to train


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a table of each task, with categories and missing values."""
    (tmp_path / "MANIFEST.csv").write_text(
        "name,task,categorical_columns\npets,classification,col[our\nprices,regression,\n"
    )
    pets = "".join(
        f"{i % 7 or ''},{('red', 'blue', '')[i % 3]},{'cat' if i % 5 > 1 else 'dog'}\n"
        for i in range(90)
    )
    prices = "".join(f"{i % 11},{i % 7},{i % 11 + 0.5 * (i % 7)}\n" for i in range(90))
    for name, text in {
        "pets": f"age,col[our,target\n{pets}",
        "prices": f"a,b,target\n{prices}",
    }.items():
        with gzip.open(tmp_path / f"{name}.csv.gz", "wt") as file:
            file.write(text)
    return tmp_path


def read(file):
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def folder_tables(folder):
    return {table.name: table for table in tabular_data.load_tables([folder], ["pets", "prices"])}


def test_a_run_prints_draws_and_is_resumed(folder, capsys):
    pytest.importorskip("matplotlib")
    results, picture = folder / "results.csv", folder / "tabular.svg"
    options = ["--quick", "--data", str(folder), "--tables", "pets", "prices", "--threads", "1"]
    options += ["--models", *CHEAP, "--csv", str(results), "--splits", "2"]
    assert tabular.main(options) == 0
    rows = read(results)
    # Models take turns in going first.
    assert [row["model"] for row in rows] == [*CHEAP, *reversed(CHEAP)] * 2
    for row in rows:
        measured = ("log_loss", "error_rate", "auc_loss") if row["table"] == "pets" else ("nrmse",)
        assert all(float(row[name]) >= 0 for name in measured)
        assert float(row["fit_seconds"]) > 0
        assert not row["error"]
    first = capsys.readouterr().out
    for text in ("### Classification, tables: 1", "### Regression", "1 - AUC", "| pets ", "pandas"):
        assert text in first
    # The larger size leaves as many rows to train on, so nothing is measured again.
    assert tabular.main([*options, "--max-train", "60", "600", "--plot", str(picture)]) == 0
    twin = folder / "twin.svg"
    assert tabular.main([*options, "--predict-plot", str(twin)]) == 0
    assert "seconds to fit (less" in picture.read_text()
    assert "seconds to predict (less" in twin.read_text()
    assert read(results)[: len(rows)] == rows
    assert {row["n_train"] for row in read(results)[len(rows) :]} == {"67"}
    assert "svg" in picture.read_text()
    again = read(results)
    assert tabular.main([*options, "--max-train", "60", "67", "68"]) == 0
    assert read(results) == again


def test_it_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.tabular", "--quick", "--models", "RandomForest"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "| wine " in done.stdout
    assert "| diabetes " in done.stdout


def test_unknown_names_are_refused(folder, capsys):
    with pytest.raises(ValueError, match="no such tables"):
        list(tabular_data.load_tables([folder], ["cars"]))
    with pytest.raises(SystemExit):
        tabular.main(["--models", "Perceptron"])
    assert "Perceptron" in capsys.readouterr().err


def test_categories_stay_categories_and_gaps_stay_gaps(folder):
    pets = folder_tables(folder)["pets"]
    assert list(pets.X.columns) == ["age", "col_our"]  # LightGBM refuses brackets
    assert pets.X["col_our"].dtype == "category"
    assert pets.X["col_our"].isna().sum() == 30
    assert pets.X["age"].isna().sum() == 13
    assert set(pets.y) == {0, 1}


def test_folders_come_together_unless_names_clash(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "MANIFEST.csv").write_text("name,task,categorical_columns\ncars,regression,\n")
    with gzip.open(other / "cars.csv.gz", "wt") as file:
        file.write("weight,target\n1,2\n2,3\n")
    tables = tabular_data.load_tables([folder, other], ["cars", "prices"])
    assert [table.name for table in tables] == ["prices", "cars"]
    with pytest.raises(ValueError, match=r"of that name already: \['pets', 'prices'\], in "):
        list(tabular_data.load_tables([folder, folder]))


def test_splits_are_stratified_and_repeatable(folder):
    pets = folder_tables(folder)["pets"]
    X_train, X_test, y_train, y_test = tabular_data.split(pets, 3, 40)
    assert (len(X_train), len(X_test)) == (40, 50)
    assert not set(X_train.index) & set(X_test.index)
    assert y_train.mean() == pytest.approx(y_test.mean(), abs=0.02)
    again = tabular_data.split(pets, 3, 40)
    assert again.X_train.equals(X_train)
    assert not tabular_data.split(pets, 4, 40).X_train.equals(X_train)
    assert tabular_data.split_sizes(20_000, 2_000) == (2_000, 5_000)
    assert tabular_data.split_sizes(100, 2_000) == (75, 25)


@pytest.mark.parametrize("name", [name for name in tabular_peers.PEERS if name not in SLOW])
def test_peers_take_tables_as_they_come(name, folder):
    model = tabular_peers.MODELS[name]
    if not model.is_installed():
        pytest.skip("not installed")
    for table in folder_tables(folder).values():
        data = tabular_data.split(table, 0, 60)
        assert tabular_metrics.measure(model, name, table, data, 0, 1).error == ""


def test_a_class_that_training_lacks_is_predicted_with_no_probability():
    X = pd.DataFrame({"a": np.arange(40.0)})
    table = tabular_data.Table("gap", "classification", X, np.arange(40) % 3)
    train = table.y != 1
    data = tabular_data.Split(X[train], X, table.y[train], table.y)
    forest = tabular_peers.MODELS["RandomForest"]
    record = tabular_metrics.measure(forest, "RandomForest", table, data, 0, 1)
    assert record.error == ""
    assert record.log_loss > -np.log(tabular_metrics.LEAST_PROBABILITY) / 4
    assert record.error_rate >= 13 / 40


def test_metrics_of_known_predictions():
    y = np.array([0, 1, 1, 0])
    perfect = tabular_metrics._classification_metrics(np.eye(2)[y], y)
    assert perfect["log_loss"] == pytest.approx(1e-7, rel=0.01)
    assert (perfect["error_rate"], perfect["auc_loss"]) == (0, 0)
    even = tabular_metrics._classification_metrics(np.full((4, 2), 0.5), y)
    assert even == pytest.approx({"log_loss": np.log(2), "error_rate": 0.5, "auc_loss": 0.5})
    mean = tabular_metrics._regression_metrics(np.full(4, 0.5), y)
    assert mean == pytest.approx({"nrmse": 1, "nmae": 1})


def test_hist_gradient_boosting_takes_a_category_of_many_levels():
    levels = [f"level {i}" for i in range(300)]
    X = pd.DataFrame({"a": np.arange(600.0), "many": pd.Categorical(levels * 2)})
    table = tabular_data.Table("wide", "regression", X, np.arange(600) % 300.0)
    data = tabular_data.split(table, 0, 450)
    name = tabular_peers.REFERENCE
    model = tabular_peers.MODELS[name]
    assert tabular_metrics.measure(model, name, table, data, 0, 1).error == ""


class Tabular:
    """What our estimators look like from here, with one that fails on small tables."""

    def __init__(self, preset, random_state):
        self.preset = preset

    def fit(self, X, y):
        if self.preset == "fast":
            raise ValueError("too few rows\nreally")
        self.frequencies = np.bincount(y) / len(y)
        return self

    def predict_proba(self, X):
        return np.tile(self.frequencies, (len(X), 1))

    def predict(self, X):
        return np.full(len(X), self.frequencies.argmax())


@pytest.fixture
def ours(monkeypatch):
    for name in ("TabularMLPClassifier", "TabularMLPRegressor"):
        monkeypatch.setattr(f"sknumpynet.{name}", Tabular, raising=False)


def test_a_model_that_fails_is_reported_and_tried_again(ours, folder, capsys):
    results = folder / "results.csv"
    models = ["TabularMLP-fast", "TabularMLP-default", "HistGradientBoosting"]
    options = ["--quick", "--tables", "wine", "--models", *models, "--csv", str(results)]
    assert tabular.main(options) == 0
    text = capsys.readouterr().out
    assert "- TabularMLP-fast on wine, split 0: ValueError: too few rows\n" in text
    assert "log loss of TabularMLP-default over HistGradientBoosting's: worst " in text
    assert tabular.main(options) == 0
    rows = [row["model"] for row in read(results)]
    assert rows == [*models, "TabularMLP-fast"]
    assert tabular.main([*options, "--fresh"]) == 0
    assert len(read(results)) == 3


def test_ranks_and_relative_numbers():
    def record(table, model, loss, error=""):
        return tabular_metrics.Record(
            table, "regression", 0, 9, 3, 2, model, nrmse=loss, fit_seconds=1.0, error=error
        )

    name = tabular_peers.REFERENCE
    records = [record("a", name, 0.5), record("a", "MLP", 1.0)]
    records += [record("b", name, 0.4), record("b", "MLP", np.nan, "Error: no")]
    metric = tabular_metrics.METRICS["regression"][0]
    view = tabular_summary.View(records, [name, "MLP"], metric)
    assert view.ranks().loc["b"].to_dict() == {name: 1.0, "MLP": 2.0}
    assert f"| {name} |      1.00 |  1.00 to 1.00 |" in view.model_table()
    assert view.relative().loc["a", "MLP"] == 2.0
    assert np.isnan(view.relative().loc["b", "MLP"])


def test_intervals_of_ranks_are_those_of_means_of_normal_samples():
    values = np.random.RandomState(0).normal(size=(400, 2))
    low, high = bootstrap.interval_of_mean(values)
    error = values.std(axis=0) / 20
    np.testing.assert_allclose(low, values.mean(axis=0) - 1.96 * error, atol=0.01)
    np.testing.assert_allclose(high, values.mean(axis=0) + 1.96 * error, atol=0.01)
    again, _ = bootstrap.interval_of_mean(values)
    assert np.array_equal(again, low)
    assert np.isnan(bootstrap.interval_of_mean(values[:1])).all()


# Log losses of three splits, ours and CatBoost's, and what is said of a table that has them.
BEHIND = {
    "by much": ([0.60, 0.58, 0.62], [0.50, 0.48, 0.52], "by much +20.0% ± 0.0%"),
    "unsure": ([0.90, 0.50, 0.52], [0.50, 0.50, 0.50], None),
    "by little": ([0.54, 0.54, 0.54], [0.50, 0.50, 0.50], None),
    "before": ([0.30, 0.30, 0.30], [0.50, 0.50, 0.50], None),
    "both perfect": ([0.009, 0.009, 0.009], [0.001, 0.001, 0.001], None),
}


def behind_view(splits):
    names = tabular_peers.OURS, tabular_peers.RIVAL
    records = [
        tabular_metrics.Record(
            table, "classification", split, 9, 3, 2, name, log_loss=losses[split], auc_loss=0.1
        )
        for table, both in BEHIND.items()
        for name, losses in zip(names, both[:2], strict=True)
        for split in range(splits)
    ]
    metric = tabular_metrics.METRICS["classification"][0]
    return tabular_summary.View(records, names, metric)


def test_tables_clearly_behind_the_rival_are_named():
    text = behind_view(3).behind()
    named = [expected for *_, expected in BEHIND.values() if expected]
    assert text == (
        "log loss of TabularMLP-default more than 10% above CatBoost's, and by more than two "
        f"standard errors over splits, on 1 of 5 tables: {', '.join(named)}."
    )
    assert behind_view(1).behind() == ""  # nothing is known of its error


def test_a_picture_names_every_point_and_is_the_same_again(tmp_path):
    pytest.importorskip("matplotlib")
    pyplot = timing.import_pyplot()
    points = {"TabularMLP-fast": (0.3, 0.8), "MLP": (0.31, 0.8), "LightGBM": (0.1, 1.0)}
    points["RandomForest"] = (np.nan, np.nan)  # failed everywhere
    panels = [tabular_plot.Panel(title, "loss", points) for title in ("one", "two")]
    files = [tmp_path / "first.svg", tmp_path / "again.svg"]
    for file in files:
        tabular_plot.draw(pyplot, panels, 2, file)
    text = files[0].read_text()
    for name in ("TabularMLP, fast", "MLP", "LightGBM", "boosted trees"):
        assert f">{name}<" in text
    assert ">RandomForest<" not in text
    assert files[1].read_text() == text


def test_scaling_measures_a_case(ours):
    case = tabular_scaling.Case("Classifier", "default", 100, 3)
    measured = tabular_scaling.measure(case, 1)
    assert measured.fit_seconds > 0
    assert measured.megabytes >= 0
    cells = tabular_scaling.row_of(case, tabular_scaling.Measurement(0.3, 0.1, 12.3))
    assert cells[:4] == ["TabularMLPClassifier", "default", "100", "3"]
    assert cells[4:] == ["0.300", "1000.00", "0.100", "12"]


def test_scaling_prints_a_table(capsys):
    sknumpynet = pytest.importorskip("sknumpynet")
    if not hasattr(sknumpynet, "TabularMLPClassifier"):
        pytest.skip("the estimators are not there yet")
    assert tabular_scaling.main(["--quick", "--presets", "fast"]) == 0
    assert "| TabularMLPRegressor " in capsys.readouterr().out


def test_versions_that_are_one_have_one_quality(capsys):
    assert tabular_versions.main(["--before", str(ROOT), "--quick", "--preset", "fast"]) == 0
    table, _ = capsys.readouterr().out.split("\n\n")
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    assert [cells[1] for cells in lines] == ["1.000", "1.000"]
    assert all(float(cell) > 0 for cells in lines for cell in cells[2:])


def test_scaling_of_columns_prints_memory_and_cost(capsys):
    assert tabular_scaling.main(["--quick", "--wide", "--presets", "fast", "--threads", "1"]) == 0
    memory, cost = capsys.readouterr().out.split("\n\n")[:2]
    *_, line = memory.strip().splitlines()
    rows, columns, table, peak, workers, model, seconds = map(str.strip, line.strip("|").split("|"))
    assert (rows, columns, table) == ("60", "300", "0")
    assert float(peak) >= 0  # that small a table may find room in what was taken before
    assert min(float(cell) for cell in (model, seconds)) > 0
    assert float(workers) >= 0  # 0 where the system does not tell
    seen = [line.strip("|").split("|")[2].strip() for line in cost.strip().splitlines()[2:]]
    assert seen == ["3", "300"]
