"""The ablation removes what it says, measures in turn, resumes, and counts in per cent."""

import csv

import numpy as np
import pytest

pytest.importorskip("pandas")
from benchmarks import tabular_ablation, tabular_data, tabular_metrics, tabular_peers
from sknumpynet import presets
from sknumpynet.estimators import inputs, tabular


def with_codes(data):
    """Return a split with a further category, of so many levels that they are codes."""
    rng = np.random.default_rng(0)
    X_train, X_test = (
        X.assign(code=[f"level {k}" for k in rng.integers(12, size=len(X))])
        for X in (data.X_train, data.X_test)
    )
    return data._replace(X_train=X_train, X_test=X_test)


@pytest.fixture(scope="module")
def predictions():
    """Return a function of a part: what is predicted without it, for each task."""
    tables = list(tabular_data.load_tables(names=["wine", "diabetes"]))
    splits = [(table.task, with_codes(tabular_data.split(table, 0, 40))) for table in tables]

    def predicted(part):
        for task, data in splits:
            setting = tabular_peers.Setting(task, data.X_train, 0, 1)
            model = tabular_ablation.WithoutPart(part, "default", setting)
            if part is not tabular_ablation.PARTS["epochs-of-few-rows"]:
                model.estimator.set_params(max_iter=3)
            with tabular_peers.quiet():
                model.fit(data.X_train, data.y_train)
            yield setting.choose(model.predict_proba, model.predict)(data.X_test)

    return predicted


@pytest.fixture(scope="module")
def whole(predictions):
    return list(predictions(tabular_ablation.WHOLE))


@pytest.mark.parametrize("name", tabular_ablation.PARTS)
def test_a_part_is_removed_while_it_is_fitted(name, predictions, whole):
    before = dict(presets.TRAINING), dict(presets.EMBEDDINGS), inputs.MOST_RANKED
    without = list(predictions(tabular_ablation.PARTS[name]))
    assert any(not np.array_equal(*both) for both in zip(without, whole, strict=True))
    assert (dict(presets.TRAINING), dict(presets.EMBEDDINGS), inputs.MOST_RANKED) == before
    assert tabular.ACTIVATION is presets.ACTIVATION


def record(table, split, model, loss, seconds):
    return tabular_metrics.Record(
        table,
        "regression",
        split,
        9,
        3,
        2,
        model,
        nrmse=loss,
        fit_seconds=seconds,
        predict_seconds=1.0,
    )


def test_changes_are_geometric_means_of_means_over_splits():
    whole, without = "default", "default without mish"
    records = [
        *(record(table, split, whole, 0.5, 2.0) for table in "ab" for split in range(2)),
        *(record("a", split, without, loss, 1.0) for split, loss in enumerate((0.5, 0.6))),
        *(record("b", split, without, loss, 1.0) for split, loss in enumerate((0.4, 0.5))),
    ]
    *_, line = tabular_ablation.ablation(records, whole, [whole, without]).splitlines()
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    change = 100 * (np.sqrt(1.1 * 0.9) - 1)
    assert cells == ["mish", "relu", f"{change:+.1f} %", "-10.0 to +10.0", "0.50", "1.00"]


def test_a_run_prints_and_is_resumed(tmp_path, capsys):
    file = tmp_path / "results.csv"
    options = ["--quick", "--preset", "fast", "--parts", "mish", "dropout", "--csv", str(file)]
    assert tabular_ablation.main(options) == 0
    text = capsys.readouterr().out
    for expected in ("log loss, fast, tables: 1", "nRMSE, fast", "| mish    | relu ", "pandas"):
        assert expected in text
    with file.open(newline="") as lines:
        models = [row["model"] for row in csv.DictReader(lines)]
    assert models == ["fast", "fast without mish", "fast without dropout"] * 2
    before = file.read_text()
    assert tabular_ablation.main([*options, "--parts", "dropout"]) == 0
    assert file.read_text() == before
    assert "mish" not in capsys.readouterr().out.split("nRMSE")[0]
