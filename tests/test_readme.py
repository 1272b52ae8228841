"""README's examples run, and its commands are what CI and the table say."""

import doctest
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_examples_run():
    results = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert results.attempted >= 15
    assert results.failed == 0


def test_there_are_two_commands_that_make_their_own_environment():
    lines = (ROOT / "README.md").read_text().splitlines()
    commands = [line for line in lines if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert commands[0].endswith("-m benchmarks.make_moons")
    assert "-m pytest" in commands[1]
    assert "python -m pytest" in (ROOT / ".ci" / "run").read_text()
