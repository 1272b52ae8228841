"""Functions as text, with all that they need."""

import importlib
import inspect
import pkgutil

import pytest

from sknumpynet.export.python import parts
from sknumpynet.export.python.sources import sources_of
from sknumpynet.utils.dates import parse_moment
from sknumpynet.utils.encoding.free_text import learn_text_vectors
from sknumpynet.utils.scikit_learn import fit_context

MODULES = [f"{parts.__name__}.{own.name}" for own in pkgutil.iter_modules(parts.__path__)]


def public(name):
    module = importlib.import_module(name)
    own = [getattr(module, name) for name in module.__all__]
    return [
        function for function in own if inspect.isfunction(function) or inspect.isclass(function)
    ]


def run(sources):
    names = {}
    exec(f"{sources.imports}\n{sources.definitions}", names)
    return names


def test_what_is_written_runs():
    names = run(sources_of([parse_moment], {}))
    assert names["parse_moment"]("2 Jan 1970 00:00")[1] == 86400 * 10**6
    assert "find_time_format" not in names


@pytest.mark.parametrize("name", MODULES)
def test_every_part_needs_numpy_only(name):
    sources = sources_of(public(name), {})
    assert {function.__name__ for function in public(name)} <= run(sources).keys()
    for other in ("sklearn", "scipy", "import sknumpynet"):
        assert other not in sources.imports


def test_all_parts_stand_in_one_module():
    functions = [function for name in MODULES for function in public(name)]
    names = run(sources_of(functions, {}))
    assert {function.__name__ for function in functions} <= names.keys()


@pytest.mark.parametrize("function", [fit_context, learn_text_vectors])
def test_what_needs_more_is_refused(function):
    with pytest.raises(NotImplementedError, match="a module that needs NumPy only cannot have"):
        sources_of([function], {})


def test_each_name_once():
    text = sources_of([function for name in MODULES for function in public(name)], {}).definitions
    names = [line.split("(")[0] for line in text.splitlines() if line.startswith("def ")]
    assert len(names) == len(set(names))
