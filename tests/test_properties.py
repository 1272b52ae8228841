"""What must hold of every table, tried on a few; `python -m tests.fuzz` tries more."""

import builtins
import dis
import runpy
import subprocess
import sys
import types
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

pd = pytest.importorskip("pandas")

ROOT = Path(__file__).parents[1]
FUZZ = runpy.run_path(str(ROOT / "tests" / "fuzz.py"))
PROPERTIES = {own.name: own for own in FUZZ["PROPERTIES"]}
GROUPS = sorted({name.split(":")[0] for name in PROPERTIES})
SUBJECTS = (*FUZZ["TABULAR"], *FUZZ["DROP_INS"])


OF_THE_PREPROCESSOR = {"fit on moved", "levels", "names"}


@pytest.mark.parametrize("group", GROUPS)
def test_properties_hold(group):
    counts = Counter()
    properties = FUZZ["chosen"]([f"{group}:", group])
    subjects, n_examples = SUBJECTS, min(max(len(properties), 20), 60)
    if group == "weight":  # of which most tables have none that is 0
        n_examples = 60
    if group in OF_THE_PREPROCESSOR:
        subjects, n_examples = ("preprocessor",), 60
    FUZZ["try_cases"](properties, subjects, n_examples, 0, counts)
    assert counts.total() >= 5


def draws_of_a_few(check):
    return settings(
        max_examples=25, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
    )(given(FUZZ["cases"]())(check))


@draws_of_a_few
def test_a_frame_is_printed_to_the_bit(case):
    frame = FUZZ["table_of"](case).frame
    names = {"pd": pd, "np": np}
    if FUZZ["HAS_ARROW"]:
        names["pa"] = pytest.importorskip("pyarrow")
    made = eval(FUZZ["frame_literal"](frame), names)
    pd.testing.assert_frame_equal(made, frame, check_exact=True)
    pd.testing.assert_frame_equal(made.isna(), frame.isna())


@draws_of_a_few
def test_a_table_is_made_the_same_again(case):
    one, other = FUZZ["table_of"](case), FUZZ["table_of"](case)
    pd.testing.assert_frame_equal(one.frame, other.frame)
    np.testing.assert_array_equal(one.y, other.y)


# What is false for the property's own functions, so that the script can show it.
FALSE = {
    "levels renamed so that they sort otherwise": ("meaning: rename_levels", "across"),
    "rounded numbers": ("container: to_pickle", "through"),
    "a sure error": ("error in predict: a_number_among_all", "sure"),
}
WRONG = {"across": True, "through": FUZZ["through_float16"], "sure": True}


def run_script(text):
    """Run Python as if it were pasted, with nothing of the tests in it."""
    imports = [line for line in text.splitlines() if line.startswith(("import", "from"))]
    assert not any("tests" in line for line in imports)
    exec(compile(text, "pasted", "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("what", FALSE)
def test_a_counterexample_is_a_script_that_shows_the_same(what):
    name, option = FALSE[what]
    own = PROPERTIES[name]
    options = own.options | {option: WRONG[option]}
    if option == "through":
        options["keeps"] = FUZZ["NUMBERS"]
    own = own._replace(options=options)
    with pytest.raises(FUZZ["Counterexample"]) as caught:
        FUZZ["try_cases"]([own], ("preprocessor",), 100, 0, Counter())
    counterexample = caught.value
    assert len(counterexample.table.y) <= 12
    error = counterexample.error
    with pytest.raises(type(error)) as shown:
        run_script(FUZZ["script"](own, counterexample.table))
    assert str(shown.value) == str(error)


def test_a_property_that_holds_makes_a_script_that_ends_well():
    own = PROPERTIES["container: to_objects"]
    case = FUZZ["Case"](
        (FUZZ["ColumnSpec"]("a", "prices", "float32", 0.1),),
        20,
        "preprocessor",
        "binary",
        "none",
        0,
    )
    run_script(FUZZ["script"](own, FUZZ["table_of"](case)))


def test_every_property_makes_a_script_that_has_all_it_uses():
    # Many have the same source, and differ by their options.
    names = {FUZZ["source_of"](own): own.name for own in FUZZ["chosen"]()}
    for source, name in names.items():
        pasted = compile(source, "pasted", "exec")
        made = {own.argval for own in dis.get_instructions(pasted) if own.opname == "STORE_NAME"}
        used = set()
        codes = [pasted]
        while codes:
            code = codes.pop()
            codes += [value for value in code.co_consts if isinstance(value, types.CodeType)]
            loads = [own for own in dis.get_instructions(code) if own.opname == "LOAD_GLOBAL"]
            used |= {own.argval for own in loads}
        assert used <= made | set(dir(builtins)), name


def test_the_script_counts_cases(capsys):
    assert FUZZ["main"](["--seconds", "1", "--only", "rows", "--seed", "1"]) == 0
    printed = capsys.readouterr().out
    assert "rows: permuted" in printed
    assert "cases, seed 1: found nothing" in printed


def test_it_is_a_script():
    command = [sys.executable, "-m", "tests.fuzz", "--seconds", "0", "--only", "names"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.endswith("0 cases, seed 0: found nothing\n")
