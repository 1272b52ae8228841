"""Every benchmark runs to its table. Times are never judged here."""

import contextlib
import importlib
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


def run_benchmark(name, *options):
    """Run it; return what it prints. A process for each would take a second and a half more."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = importlib.import_module(f"benchmarks.{name}").main(["--quick", *map(str, options)])
    assert code == 0
    return printed.getvalue()


def read_table(text):
    """Return the rows of the one table as dictionaries."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    columns, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(columns, row, strict=True)) for row in rows]


def test_make_moons_compares_every_network_and_data_set(tmp_path):
    pytest.importorskip("matplotlib")
    file = tmp_path / "moons.png"
    text = run_benchmark("make_moons", "--plot", file)
    assert file.read_bytes().startswith(b"\x89PNG")
    rows = read_table(text)
    assert [row["data set"] for row in rows] == ["make_moons"] * 8 + ["breast cancer", "digits"]
    assert {"(3,)", "(100,), default", "(64, 64, 64)"} < {row["network"] for row in rows}
    assert sum(row["network"].startswith("2-3-1") for row in rows) == 2
    for row in rows:
        assert 0 <= float(row["accuracy"]) <= 1
        for column in ("log loss", "scikit-learn fit s", "fit ratio", "predict ratio"):
            assert float(row[column]) > 0
    assert "probabilities agree" in text
    assert "numpy" in text
    assert "scikit-learn" in text


def test_a_script_runs_as_its_page_says():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.training_step", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert read_table(done.stdout)


def test_streams_compares_what_reads_files():
    for peer in ("lightgbm", "pyarrow", "pandas"):
        pytest.importorskip(peer)
    rows = read_table(run_benchmark("streams", "--models", "fast", "sgd", "--threads", 1))
    assert [row["model"] for row in rows] == ["fast", "sgd"]
    for row in rows:
        for column in ("seconds", "CPU seconds", "log loss"):
            assert float(row[column]) > 0
        assert float(row["MB"]) >= 0  # so little may find room in what was taken before


def test_training_step(tmp_path):
    file = tmp_path / "steps.json"
    rows = read_table(run_benchmark("training_step", "--json", file))
    assert [row["dtype"] for row in rows] == ["float64", "float32"] * 2
    for row in rows:
        for column in ("scikit-learn µs", "sknumpynet µs", "floor µs", "sknumpynet / floor"):
            assert float(row[column]) > 0
    assert json.loads(file.read_text(encoding="utf-8"))["rows"] == rows


def test_tabular_step(monkeypatch):
    from benchmarks import tabular_step

    steps, gates, _ = run_benchmark("tabular_step").split("\n\n")
    (row,) = read_table(steps)
    assert float(row["step µs"]) > float(row["floor µs"]) > 0
    assert min(float(row[f"{part} µs"]) for part in tabular_step.PARTS) > 0
    assert [row["activation"] for row in read_table(gates)] == list(tabular_step.GATES)

    class Wrong(tabular_step.PeriodicEmbedding):
        def apply(self, parameters, inputs):
            return super().apply(parameters, inputs) * 1.001

    monkeypatch.setattr(tabular_step, "PeriodicEmbedding", Wrong)
    assert tabular_step.main(["--quick"]) == 1


def test_predict(tmp_path):
    file = tmp_path / "pets.csv"
    file.write_text("age,kind,target\n" + "3,cat,yes\n5,dog,no\n8,cat,no\n" * 20)
    text = run_benchmark("predict", "--table", file)
    rows, tables = (read_table(part) for part in text.split("\n\n")[:2])
    assert [row["table"] for row in tables[:3]] == ["pets", "pets", "14 numbers"]
    assert [row["rows"] for row in tables] == ["1", "20", "1", "250", "200", "1"]
    for row in tables:
        for column in ("sknumpynet ms", "reading ms", "floor ms", "HistGradientBoosting ms"):
            assert float(row[column]) > 0
    assert [row["rows"] for row in rows] == ["1", "5,000"]
    for row in rows:
        assert float(row["ratio"]) > 0
        assert float(row["sknumpynet peak MB"]) > 0


def test_import_time():
    (row,) = read_table(run_benchmark("import_time"))
    assert float(row["sknumpynet s"]) > 0
    assert float(row["lowest ratio"]) <= float(row["ratio"]) <= float(row["highest ratio"])


def test_sides_that_disagree_are_not_timed(monkeypatch, capsys):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import predict

    class Wrong(predict.NumpyMLPClassifier):
        def predict_proba(self, X):
            return super().predict_proba(X) + 1e-5

    monkeypatch.setattr(predict, "NumpyMLPClassifier", Wrong)
    assert predict.main(["--quick"]) == 1
    printed = capsys.readouterr()
    assert not printed.out
    assert "disagree" in printed.err


def test_search(tmp_path):
    pytest.importorskip("matplotlib")
    file = tmp_path / "search.svg"
    text = run_benchmark("search", "--plot", file)
    searches, growth = (read_table(part) for part in text.split("\n\n")[:2])
    assert len(searches) == 4
    assert [row["candidates"] for row in growth] == ["1", "3", "10"]
    for row in (*searches, *growth):
        assert float(row["scikit-learn / stacked"]) > 0
    assert "svg" in file.read_text()


def test_halving():
    rows = read_table(run_benchmark("halving"))
    assert len({row["search"] for row in rows}) == len(rows) >= 5
    for row in rows:
        assert float(row["CPU s"]) > 0
        assert float(row["log loss"]) > 0


def test_tabular_text(tmp_path):
    file = tmp_path / "notes.csv"
    lines = [f"{'good' if k % 2 else 'bad'} wine number {k},{k % 2},{k % 2}.5" for k in range(160)]
    file.write_text("\n".join(["note,label,price", *lines]), encoding="utf-8")
    for options in (("label", "--classes", "--drop", "price"), ("price", "--drop", "label")):
        rows = read_table(
            run_benchmark("tabular_text", file, "--text", "note", "--target", *options)
        )
        losses = {row["read as"]: float(row["loss"]) for row in rows}
        assert losses["text"] < losses["category"]
        assert losses["text"] < losses["dropped"]


def test_explanations():
    values, peers = (read_table(part) for part in run_benchmark("explanations").split("\n\n")[:2])
    assert [row["permutations"] for row in values[:3]] == ["2", "6", "20"]
    assert {row["model"] for row in values} == {row["model"] for row in peers}
    for row in values:
        assert float(row["CPU s"]) > 0
        assert float(row["error"]) > 0
    assert all(float(row["peer s"]) > 0 for row in peers)


def test_distillation():
    quality, speed = (
        read_table(part)
        for part in run_benchmark("distillation", "--members", 1, 2).split("\n\n")[:2]
    )
    assert [row["table"] for row in quality] == ["wine", "diabetes", "geometric mean"]
    for row in quality:
        assert float(row["member"]) > float(row["distilled, 1"]) > 0
    assert [row["what predicts"] for row in speed][:2] == ["ensemble", "distilled, 1"]
    assert all(float(row["seconds"]) > 0 for row in speed)


def test_monotone():
    table, mean = read_table(run_benchmark("monotone"))
    assert (table["table"], mean["table"]) == ("diabetes", "geometric mean")
    assert table["turned around, constrained"] == "0.00 %"
    assert table["turned around, free"] != "0.00 %"
    assert float(table["constrained"]) < float(table["boosting, constrained"])


def test_calibration():
    table, mean = read_table(run_benchmark("calibration"))
    assert (table["table"], mean["table"]) == ("iris", "mean")
    assert float(table["with the best"]) <= min(1.0, float(table["with a temperature"]))
    assert float(table["time"]) > 1.2


def test_intervals():
    rows = read_table(run_benchmark("intervals"))
    assert [row["intervals"] for row in rows[:3]] == ["plus", "mean", "plus, of quantiles"]
    for row in rows[:3]:
        held = [float(row[f"held, {level}"]) for level in (0.5, 0.8, 0.9, 0.95)]
        assert held == sorted(held)
        assert float(row["worst group, 0.9"]) <= held[2]
    assert [float(rows[0][f"width, {level}"]) for level in (0.5, 0.95)] == [1.0, 1.0]


def test_deployment():
    pytest.importorskip("onnxruntime")
    pytest.importorskip("skl2onnx")
    rows = read_table(run_benchmark("deployment"))
    ways = ["Python", "ONNX", "ONNX, prepare", "file of Python"]
    assert [row["way"] for row in rows if row["model"] == "sknumpynet"] == ways
    in_c = ["file of C"] if shutil.which("gcc") else []
    distilled = [row["way"] for row in rows if row["model"] == "sknumpynet, distilled"]
    assert distilled == ways + in_c
    for row in rows:
        assert all(float(row[column].replace(",", "")) > 0 for column in [*row][2:])


def test_cluster_simulation():
    pytest.importorskip("distributed")
    pytest.importorskip("dask.dataframe")
    from benchmarks.cluster_simulation import CASES, simulated

    rows = read_table(run_benchmark("cluster_simulation"))
    assert [(row["workers"], row["members"]) for row in rows] == [
        (f"{workers:,}", f"{members:,}") for workers, members in CASES
    ]
    for row in rows:
        assert float(row["members h"]) >= float(row["if none died or straggled h"]) > 0
        assert float(row["members h"]) <= float(row["without copies and saves h"])
        assert 0 < float(row["busy"]) <= 1

    rng = np.random.RandomState(0)
    # Nobody dies: as many rounds as are needed. All die: the task is given up, and done at last.
    assert simulated(10, 3.0, np.ones(4), rng, 0.0)[:2] == (9.0, 10 / 12)
    assert simulated(1, 3.0, np.ones(4), rng, 3.0).is_given_up
