"""Every example on the site's pages runs and gives what stands there.

A page is one namespace, read from top to bottom: blocks fenced as ``python`` run, blocks fenced
as ``pycon`` are doctests. What looks like Python and is fenced otherwise, or not at all, is
refused, so that nothing goes unrun; pictures that a ``{plot}`` draws run when the site is built.
"""

import ast
import doctest
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if not {"gallery", "_build"} & {*page.parts})

FENCE = re.compile(r"(?P<indent> *)(?P<fence>`{3,}|~{3,}|:{3,}) *(?P<info>[^`]*)")
RUN = {"python", "pycon"}
# Languages of blocks that are not run; ``text`` is for what cannot be, such as a cluster's address.
NOT_RUN = {"bash", "bibtex", "c", "console", "json", "sh", "text", "toml", "yaml"}
# Directives whose text is no prose. Of all others the blocks inside are read too.
VERBATIM = {"eval-rst", "image", "figure", "include", "literalinclude", "math", "plot", "toctree"}
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass
class Block:
    """A block of code on a page."""

    language: str
    first_line: int
    text: str


def closes(line, fence):
    line = line.strip()
    return len(line) >= len(fence) and line == fence[0] * len(line)


def blocks_of(page):
    """Return the blocks of code on a page, also those inside of directives.

    Raises
    ------
    ValueError
        If one is of no known language, is not fenced, or has no end.
    """
    blocks, directives = [], []
    lines = enumerate(page.splitlines(), start=1)
    for number, line in lines:
        if line.lstrip().startswith(">>>"):
            raise ValueError(f"line {number}: fence this as pycon: {line.strip()}")
        if directives and closes(line, directives[-1]):
            directives.pop()
            continue
        if not (found := FENCE.fullmatch(line)):
            continue
        fence, info = found["fence"], found["info"].strip()
        directive = re.match(r"\{([\w:-]+)\}", info)
        if directive and directive[1] not in VERBATIM and not directive[1].startswith("code"):
            directives.append(fence)
            continue
        text = []
        for _, inner in lines:
            if closes(inner, fence):
                break
            text.append(inner[len(found["indent"]) :])
        else:
            raise ValueError(f"line {number}: this block has no end")
        if directive and directive[1] in VERBATIM:
            if directive[1] == "eval-rst" and ">>>" in "".join(text):
                raise ValueError(f"line {number}: fence examples as pycon, not inside of eval-rst")
            continue
        if info not in RUN | NOT_RUN:
            languages = sorted(RUN | NOT_RUN)
            raise ValueError(f"line {number}: fence code as one of {languages}, got {info!r}")
        if info in NOT_RUN - {"console"} and any(inner.startswith(">>>") for inner in text):
            raise ValueError(f"line {number}: fence this as pycon, got {info!r}")
        blocks.append(Block(info, number + 1, "\n".join(text) + "\n"))
    if directives:
        raise ValueError(f"a directive has no end: {directives[-1]}")
    return blocks


def run(block, namespace, name):
    """Run a block in a page's namespace, with the page's own line numbers in errors."""
    if block.language == "python":
        tree = ast.increment_lineno(ast.parse(block.text, name), block.first_line - 1)
        exec(compile(tree, name, "exec"), namespace)
    elif block.language == "pycon":
        test = doctest.DocTestParser().get_doctest(
            block.text, namespace, f"line {block.first_line}", name, block.first_line - 1
        )
        if not test.examples:
            raise ValueError(f"line {block.first_line}: no example in this pycon")
        report = []
        runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
        failed = runner.run(test, out=report.append, clear_globs=False).failed
        namespace.update(test.globs)
        assert not failed, "".join(report)


@pytest.fixture
def pyplot_without_windows(monkeypatch):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr(pyplot, "show", lambda *args, **keywords: None)
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


@pytest.mark.usefixtures("pyplot_without_windows")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what a page saves is gone after it
    namespace = {"__name__": "__main__"}
    for block in blocks_of(page.read_text(encoding="utf-8")):
        run(block, namespace, str(page))


PAGE = """\
# Title

```python
x = 1
```

:::{note}
    An indented line of prose.

```pycon
>>> x + 1
2
>>> y = x
```
:::

````{dropdown} More
```python
assert y == 1
```
````

```{math}
>>> 1
```

```sh
ls
```
"""


def test_blocks_are_found_and_share_a_namespace():
    blocks = blocks_of(PAGE)
    assert [(block.language, block.first_line) for block in blocks] == [
        ("python", 4),
        ("pycon", 11),
        ("python", 19),
        ("sh", 28),
    ]
    namespace = {}
    for block in blocks:
        run(block, namespace, "page")
    assert namespace["y"] == 1


@pytest.mark.parametrize(
    "page",
    [
        ">>> 1 + 1\n2\n",
        "    >>> 1 + 1\n    2\n",
        "```\nimport numpy\n```\n",
        "```py\nimport numpy\n```\n",
        "~~~python3\nimport numpy\n~~~\n",
        "```text\n>>> 1 + 1\n```\n",
        "```{code-block} python\nimport numpy\n```\n",
        ":::{note}\n```\nimport numpy\n```\n:::\n",
        "```{eval-rst}\n>>> 1 + 1\n2\n```\n",
        "```python\nimport numpy\n",
        ":::{note}\nNothing closes this.\n",
    ],
)
def test_what_would_go_unrun_is_refused(page):
    with pytest.raises(ValueError, match=r"fence|end"):
        blocks_of(page)


@pytest.mark.parametrize(
    "page",
    [
        "```pycon\n>>> 1 + 1\n3\n```\n",
        "```pycon\n>>> 1 / 0\n```\n",
        "```python\nassert False\n```\n",
    ],
)
def test_a_wrong_example_fails(page):
    with pytest.raises(AssertionError):
        run(blocks_of(page)[0], {}, "page")


def test_an_error_names_its_line_on_the_page():
    page = "Text.\n\n```python\n1\n1 / 0\n```\n"
    with pytest.raises(ZeroDivisionError) as error:
        run(blocks_of(page)[0], {}, "page.md")
    assert error.traceback[-1].lineno == 4  # counted from 0


def test_the_block_for_optuna_prunes():
    """It is fenced as text, as Optuna is no dependency, and runs where that is installed."""
    pytest.importorskip("sklearn.callback", reason="since scikit-learn 1.9")
    optuna = pytest.importorskip("optuna")
    page = DOCS / "guide" / "many_networks.md"
    first, *others = blocks_of(page.read_text(encoding="utf-8"))
    (block,) = [other for other in others if other.text.startswith("import optuna")]
    namespace = {"__name__": "__main__"}
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for own in (first, Block("python", block.first_line, block.text)):
        run(own, namespace, str(page))
    states = [trial.state.name for trial in namespace["study"].trials]
    assert states.count("PRUNED") + states.count("COMPLETE") == 30
    assert states.count("PRUNED") > 10
    assert namespace["study"].best_value < 0.2
