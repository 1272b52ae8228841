"""The benchmark of recipes runs, and on tables as its help describes them."""

import gzip

import pytest

recipes = pytest.importorskip("benchmarks.moons_recipes")


def test_every_recipe_is_measured(capsys):
    assert recipes.main(["--quick"]) == 0
    table = capsys.readouterr().out
    for name in ("MLPClassifier", "one_cycle", "adamw + cosine + dropout", "members", "all"):
        assert f"| {name} " in table


def test_tables_of_a_folder(tmp_path, capsys):
    pytest.importorskip("pandas")
    (tmp_path / "MANIFEST.csv").write_text(
        "name,task,categorical_columns\npets,classification,colour\nprices,regression,\n"
    )
    rows = "".join(
        f"{i % 7},{'red' if i % 2 else ''},{'cat' if i % 3 else 'dog'}\n" for i in range(80)
    )
    with gzip.open(tmp_path / "pets.csv.gz", "wt") as file:
        file.write("age,colour,target\n" + rows)
    assert recipes.main(["--quick", "--data", str(tmp_path), "--max-rows", "60"]) == 0
    assert "| pets     |   60 |" in capsys.readouterr().out
