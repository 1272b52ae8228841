"""The file as a whole: what it promises to those who compile it."""

import re
import subprocess
from pathlib import Path

import pytest
from helpers.c_models import FLAGS, needs_gcc
from helpers.networks import make, problem
from helpers.passengers import titanic

from sknumpynet import NumpyMLPClassifier, NumpyMLPRegressor, TabularMLPClassifier
from sknumpynet.export import to_c

pytestmark = [
    needs_gcc,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


def run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]
    return done.stdout


def table_model():
    X, y = titanic()
    model = TabularMLPClassifier("fast", n_members=2, max_iter=2, random_state=0, n_jobs=1)
    return model.fit(X.drop(columns="name"), y)


def test_nothing_is_kept_between_calls(tmp_path):
    to_c(table_model(), tmp_path / "model.c")
    run("gcc", *FLAGS, "-O1", "-fno-pic", "-c", tmp_path / "model.c", "-o", tmp_path / "model.o")
    symbols = [line.split()[-2:] for line in run("nm", tmp_path / "model.o").splitlines()]
    # Neither initialised nor zeroed data, common or thread's own: all that is written is stack.
    assert {kind for kind, _ in symbols} <= set("tTrRU")
    seen = {name for kind, name in symbols if kind in "TR"}
    assert seen == {f"model_{own}" for own in ("predict", "predict_proba", "classes", "missing")}
    called = {name for kind, name in symbols if kind == "U"}
    assert not called & {"malloc", "calloc", "realloc", "free"}


def test_two_models_in_one_program(tmp_path):
    X, y = problem(NumpyMLPRegressor)
    network = make(NumpyMLPRegressor).fit(X, y)
    to_c(network, tmp_path / "of numbers.c")
    to_c(make(NumpyMLPRegressor).fit(-X, y), str(tmp_path / "other.c"))
    row = ", ".join(map(repr, X[0].tolist()))
    (tmp_path / "main.c").write_text(
        '#define OF_NUMBERS_DECLARATIONS\n#include "of numbers.c"\n'
        '#define OTHER_DECLARATIONS\n#include "other.c"\n#include "other.c"\n#include <stdio.h>\n'
        f"int main(void)\n{{\n    double x[] = {{{row}}};\n"
        '    printf("%.17g %.17g", of_numbers_predict(x), other_predict(x));\n    return 0;\n}\n'
    )
    sources = [tmp_path / name for name in ("main.c", "of numbers.c", "other.c")]
    run("gcc", *FLAGS, *sources, "-o", tmp_path / "main", "-lm")
    first, second = map(float, run(tmp_path / "main").split())
    assert first == pytest.approx(network.predict(X[:1])[0], rel=1e-12)
    assert second != pytest.approx(first)


def test_the_usage_in_its_head_works(tmp_path):
    model = table_model()
    to_c(model, tmp_path / "model.c")
    head = (tmp_path / "model.c").read_text().split("*/", 1)[0]
    usage = [line[7:] for line in head.splitlines() if line.startswith(" *     ")]
    declared = [line for line in usage if line.startswith("#")]
    used = "\n".join(usage[len(declared) :])
    (tmp_path / "main.c").write_text(
        "#include <stdio.h>\n" + "\n".join(declared) + f"\nint main(void)\n{{\n{used}\n"
        '    printf("%.17g", probabilities[0]);\n    return 0;\n}\n'
    )
    run("gcc", *FLAGS, tmp_path / "main.c", tmp_path / "model.c", "-o", tmp_path / "main", "-lm")
    name, probability = run(tmp_path / "main").splitlines()
    assert name in map(str, model.classes_)
    assert 0.0 < float(probability) < 1.0


def test_the_same_model_gives_the_same_file(tmp_path):
    model = table_model()
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        to_c(model, tmp_path / name / "model.c")
    one, other = ((tmp_path / name / "model.c").read_bytes() for name in ("one", "other"))
    assert one == other
    assert b"\r" not in one
    assert not re.search(rb"[^\x20-\x7e\n]", one)


@pytest.mark.parametrize("n_members", [1, 3])
def test_no_line_is_endless(n_members, tmp_path):
    X, y = problem(NumpyMLPClassifier)
    to_c(make(NumpyMLPClassifier, n_members=n_members).fit(X, y), tmp_path / "model.c")
    lines = (tmp_path / "model.c").read_text().splitlines()
    assert max(map(len, lines)) <= 104


def test_the_page_on_deployment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[3] / "docs/guide/deployment.md").read_text()
    section = page.split("\n## C\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL)
    python, main, sensor = (
        [text for language, text in blocks if language == "python"],
        *(text for language, text in blocks if language == "c"),
    )
    namespace = {}
    for text in python:
        exec(text, namespace)
    (tmp_path / "main.c").write_text(main)
    command = next(text for language, text in blocks if language == "sh")
    run(*command.split(), *FLAGS)
    label, probability = run("./a.out").split()
    assert label == "ripe"
    assert float(probability) > 0.5
    (tmp_path / "sensor_main.c").write_text(
        '#include "sensor.c"\n#include <stdio.h>\n'
        f'int main(void)\n{{\n{sensor}    printf("%g", value);\n    return 0;\n}}\n'
    )
    run("gcc", *FLAGS, "sensor_main.c", "-lm", "-o", "sensor")
    assert float(run("./sensor")) == pytest.approx(4.2**2, rel=0.05)
