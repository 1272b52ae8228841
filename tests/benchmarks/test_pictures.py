"""The pictures of training and inspection can be drawn."""

from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
pictures = pytest.importorskip("benchmarks.pictures")

ROOT = Path(__file__).parents[2]


def test_the_script_draws_every_picture_that_is_kept(tmp_path):
    pictures.main(["--out", str(tmp_path)])
    drawn = {path.name for path in tmp_path.iterdir()}
    assert drawn == {f"{name}.png" for name in pictures.PICTURES}
    kept = list((ROOT / "benchmarks" / "pictures").glob("*.png"))
    assert {path.name for path in kept} == drawn
    for path in kept:
        assert path.stat().st_size < 100_000
