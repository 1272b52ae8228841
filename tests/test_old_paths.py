"""Files that earlier versions saved name modules where these were then."""

import importlib
import pickle

import pytest

from sknumpynet._old_paths import OLD_PATHS


@pytest.mark.parametrize("old", OLD_PATHS)
def test_an_old_path_is_the_module_of_today(old):
    module = importlib.import_module(OLD_PATHS[old])
    assert importlib.import_module(old) is module
    assert module.__name__ == module.__spec__.name == OLD_PATHS[old]


def test_a_pickle_that_names_an_old_path_loads():
    run = pickle.loads(b"csknumpynet._stacking\nRun\n.")
    assert run.__module__ == "sknumpynet.training.runs"


def test_what_never_was_is_not_found():
    with pytest.raises(ModuleNotFoundError, match="_never"):
        importlib.import_module("sknumpynet._never")
