"""scikit-learn's own tests of its networks, run with those of this package in their place."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import sknumpynet

MODULE = "sklearn.neural_network.tests.test_mlp"

# The tests that fail, each for a private attribute of scikit-learn's class, which it names.
PRIVATE = {
    "test_gradient": "_loss_grad_lbfgs",
    "test_n_iter_no_change": "_no_improvement_count",
    "test_n_iter_no_change_inf": "_no_improvement_count",
}

# Puts the classes where the tests import theirs from, and notes what comes of each test.
RUN = """
import json
import sys

import numpy as np
import pytest
import sklearn.neural_network
import sknumpynet

module, path, *arguments = sys.argv[1:]
sklearn.neural_network.MLPClassifier = sknumpynet.NumpyMLPClassifier
sklearn.neural_network.MLPRegressor = sknumpynet.NumpyMLPRegressor

class Recorder:
    def __init__(self):
        self.outcomes = {}

    def pytest_collection_finish(self, session):
        for item in session.items:
            assert item.module.MLPClassifier is sknumpynet.NumpyMLPClassifier
            assert item.module.MLPRegressor is sknumpynet.NumpyMLPRegressor

    def pytest_runtest_setup(self, item):
        np.random.seed(0)  # what some of the tests draw from

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            crash = getattr(report.longrepr, "reprcrash", None)
            message = str(report.longrepr) if crash is None else crash.message
            self.outcomes[report.nodeid.split("::")[-1]] = report.outcome, message

recorder = Recorder()
status = pytest.main([*arguments, "--pyargs", module], plugins=[recorder])
assert status in (0, 1), status
with open(path, "w", encoding="utf-8") as file:
    json.dump(recorder.outcomes, file)
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Return what came of each test, with its message, by the test's name."""
    if importlib.util.find_spec(MODULE) is None:
        pytest.skip("scikit-learn was installed without its tests")
    folder = tmp_path_factory.mktemp("sklearn")
    (folder / "pytest.ini").write_text("[pytest]\n")
    found = folder / "outcomes.json"
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    child = subprocess.run(
        [
            *(sys.executable, "-c", RUN, MODULE, str(found), "-q", "-p", "no:cacheprovider"),
            *("-c", str(folder / "pytest.ini"), "--rootdir", str(folder)),
        ],
        cwd=Path(sknumpynet.__file__).parents[1],
        env=own | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert child.returncode == 0, child.stdout + child.stderr
    return json.loads(found.read_text(encoding="utf-8"))


def function_of(name):
    return name.split("[")[0]


def test_all_of_them_ran(outcomes):
    assert len(outcomes) > 50
    assert {outcome for outcome, _ in outcomes.values()} == {"passed", "failed"}
    assert any("[NumpyMLPClassifier" in name for name in outcomes)


def test_they_fail_only_where_they_read_private_attributes(outcomes):
    failures = {
        name: message for name, (outcome, message) in outcomes.items() if outcome != "passed"
    }
    unexpected = {
        name: message
        for name, message in failures.items()
        if f"has no attribute '{PRIVATE.get(function_of(name))}'" not in message
    }
    assert unexpected == {}


def test_those_that_are_known_to_fail_do(outcomes):
    assert {function_of(name) for name in outcomes} >= set(PRIVATE)
    passed = {function_of(name) for name, (outcome, _) in outcomes.items() if outcome == "passed"}
    assert passed & set(PRIVATE) == set()
