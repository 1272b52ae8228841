"""The pictures in README can be drawn."""

import re
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
pictures = pytest.importorskip("benchmarks.pictures")

ROOT = Path(__file__).parents[2]


def test_the_script_draws_every_picture_of_readme(tmp_path):
    pictures.main(["--out", str(tmp_path)])
    drawn = {path.name for path in tmp_path.iterdir()}
    assert drawn == {f"{name}.png" for name in pictures.PICTURES}
    shown = re.findall(r"benchmarks/pictures/(\w+\.png)", (ROOT / "README.md").read_text())
    assert shown
    assert set(shown) <= drawn
    for name in shown:
        assert (ROOT / "benchmarks" / "pictures" / name).stat().st_size < 100_000
