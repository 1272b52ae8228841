"""How often members are saved."""

from types import SimpleNamespace

import pytest

from sknumpynet import Checkpoint
from sknumpynet.core.members import MemberResult
from sknumpynet.training import checkpoints
from sknumpynet.training.checkpoints import Keeper, MemberFile

# What is asked for, and which of 12 epochs of 7 seconds each are saved; the last one always is.
CADENCES = {
    "every epoch": ({"every_epochs": 1, "every_seconds": None}, list(range(1, 13))),
    "some epochs": ({"every_epochs": 5, "every_seconds": None}, [5, 10, 12]),
    "seconds": ({"every_seconds": 20}, [3, 6, 9, 12]),
    "once a minute": ({}, [9, 12]),
    "either": ({"every_epochs": 2, "every_seconds": 30}, [2, 4, 6, 8, 10, 12]),
    "a short epoch": ({"every_seconds": 0.1}, list(range(1, 13))),
    "neither": ({"every_epochs": 99, "every_seconds": 999}, [12]),
}


@pytest.mark.parametrize("cadence", CADENCES)
def test_saves_as_often_as_asked(cadence, tmp_path, monkeypatch):
    asked, expected = CADENCES[cadence]
    clock, saved = SimpleNamespace(now=1000.0), []
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(
        checkpoints, "write_snapshot", lambda path, snapshot, **own: saved.append(snapshot)
    )
    keeper = Keeper(MemberFile(tmp_path, Checkpoint("a", **asked)), 0, lost_its_scores=False)
    for epoch in range(1, 13):
        clock.now += 7.0
        result = MemberResult(n_epochs=epoch, status="exhausted" if epoch == 12 else "running")
        keeper(result, lambda epoch=epoch: epoch)
    assert saved == expected


def test_epochs_are_counted_from_the_save_before(tmp_path):
    file = MemberFile(tmp_path / "a", Checkpoint("a", every_epochs=5))
    keeper = Keeper(file, 5, lost_its_scores=False)
    keeper(MemberResult(n_epochs=9), None)  # or the snapshot would be asked for
    with pytest.raises(TypeError, match="not callable"):
        keeper(MemberResult(n_epochs=10), None)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"every_epochs": 0}, "every_epochs must be a number above 0 or None, got 0"),
        ({"every_seconds": -1.0}, r"every_seconds must be a number above 0 or None, got -1\.0"),
        (
            {"every_seconds": float("nan")},
            "every_seconds must be a number above 0 or None, got nan",
        ),
        ({"every_epochs": "5"}, "every_epochs must be a number above 0 or None, got '5'"),
        ({"every_seconds": None}, "one of every_epochs and every_seconds must not be None"),
    ],
)
def test_what_is_no_cadence(settings, message):
    with pytest.raises(ValueError, match=message):
        Checkpoint("a", **settings)
