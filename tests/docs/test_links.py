"""Links between the files that are read where they lie, README first, lead somewhere.

Those between pages of the site are checked when it is built.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [
    ROOT / name
    for name in (
        "README.md",
        "CHANGELOG.md",
        "benchmarks/RESULTS.md",
        ".github/CONTRIBUTING.md",
        ".github/SECURITY.md",
    )
]
LINK = re.compile(r"\]\((?!\w+:)([^)\s]*)\)")


def anchors_of(text):
    """Return what headings are called in addresses."""
    headings = re.findall(r"^#+ +(.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def broken_links(text, file):
    broken = []
    for link in LINK.findall(text):
        path, _, anchor = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        inside = target.read_text() if path and target.suffix == ".md" and target.exists() else text
        if not target.exists() or (anchor and anchor not in anchors_of(inside)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_links_lead_somewhere(file):
    assert broken_links(file.read_text(encoding="utf-8"), file) == []


def test_broken_links_are_found():
    text = "# A `b`, c\n[1](#a-b-c) [2](#no) [3](LICENSE) [4](none.txt) [5](https://a.b/c)\n"
    assert broken_links(text, ROOT / "README.md") == ["#no", "none.txt"]
