"""README is short, its examples run, its commands are what CI reads, its figures were measured."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
RESULTS = (ROOT / "benchmarks" / "RESULTS.md").read_text()
NUMBER = re.compile(r"\d(?:[\d.,]*\d)?")
MARK = re.compile(r"^ *(?:```|~~~)(.*)$")


def fences(text):
    """Return language and lines of every fenced block."""
    blocks, is_open = [], False
    for line in text.splitlines():
        mark = MARK.match(line)
        if mark and not is_open:
            blocks.append((mark[1], []))
        elif is_open and not mark:
            blocks[-1][1].append(line)
        is_open ^= bool(mark)
    assert not is_open
    return blocks


def section(text, title):
    """Return what stands under a heading of the second level."""
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(text):
    """Return the cells of all rows of all tables, without their headings."""
    parts = re.findall(r"^\|[ :|-]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    lines = [line for part in parts for line in part.splitlines()]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def numbers(cells):
    """Return the numbers in a row."""
    return set(NUMBER.findall(" ".join(cells)))


def test_it_is_short():
    assert len(README.splitlines()) <= 150


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_examples_run():
    results = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert results.attempted >= 15
    assert results.failed == 0


def test_no_block_escapes_the_examples():
    blocks = fences(README)
    assert {language for language, _ in blocks} == {"sh", "python"}
    examples = doctest.DocTestParser()
    n_examples = 0
    for language, lines in blocks:
        code = "\n".join([*lines, ""])
        if language == "python":
            assert code.startswith(">>> ")
            assert "# doctest:" not in code
            n_examples += len(examples.get_examples(code))
    assert n_examples == len(examples.get_examples(README))


def test_the_reading_of_blocks_finds_all():
    text = "```python\n>>> 1\n1\n```\n ```py title\nx = 1\n ```\n~~~\ny\n~~~\n"
    assert fences(text) == [
        ("python", [">>> 1", "1"]),
        ("py title", ["x = 1"]),
        ("", ["y"]),
    ]


def test_there_are_two_commands_that_make_their_own_environment():
    commands = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert commands[0].endswith("-m benchmarks.make_moons")
    assert "-m pytest" in commands[1]
    assert "python -m pytest" in (ROOT / ".ci" / "run").read_text()
    assert ("sh", [commands[0]]) in fences(README)
    assert ("sh", [commands[1]]) in fences(README)


def test_every_figure_is_among_the_results():
    claims = README.split("\n## ")[0].split("\n- ")[1:]
    assert len(claims) == 3
    shown = NUMBER.findall("\n".join([*claims, section(README, "Results")]))
    assert len(shown) >= 30
    assert not set(shown) - set(NUMBER.findall(RESULTS))


def test_figures_of_a_row_are_those_of_one_row():
    ours, theirs = rows(section(README, "Results")), rows(RESULTS)
    assert len(ours) == 8
    models = {cells[0] for cells in rows(section(RESULTS, "tabular"))}
    assert sum(cells[0] in models for cells in ours) == 4
    for cells in ours:
        found = [other[0] for other in theirs if numbers(cells[1:]) <= numbers(other)]
        assert found, cells
        if cells[0] in models:
            assert cells[0] in found


def test_claims_name_where_they_were_measured():
    anchors = re.findall(r"\(benchmarks/RESULTS\.md#(\w+)\)", README)
    assert anchors == ["tabular", "make_moons", "search"]
    for anchor in anchors:
        assert re.search(rf"`python -m benchmarks\.{anchor}\b", section(RESULTS, anchor))


def test_links_lead_to_files():
    targets = set(re.findall(r"\]\(([^)#]+)", README))
    assert not [target for target in targets if "://" in target]
    assert {target for target in targets if not (ROOT / target).exists()} == set()
