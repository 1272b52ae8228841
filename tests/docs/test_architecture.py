"""The pages for those who change the package name files that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ["docs/architecture.md", ".github/CONTRIBUTING.md"]


def is_there(name):
    """Return whether a file of that name, or that ends in it, is in the repository."""
    return any((ROOT / folder / name).exists() for folder in ("", "sknumpynet"))


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page):
    text = (ROOT / page).read_text()
    names = set(re.findall(r"[\w./]*\w\.(?:py|md|toml|yml|yaml)\b|(?<!\S)[`]?[a-z_/]+/(?=`)", text))
    names = {name.strip("`") for name in names}
    missing = {name for name in names if not is_there(name)}
    assert missing == set()
    assert len(names) > 10


def test_every_floor_is_on_the_page():
    text = (ROOT / "docs/architecture.md").read_text()
    for path in (ROOT / "sknumpynet").iterdir():
        if path.name.startswith(("_", "py.typed")):
            continue
        assert f"`{path.name}" in text, path.name
