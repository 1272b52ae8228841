"""A fit that is cut off, however often and wherever, ends with the numbers of one that was not."""

import contextlib
import json
import multiprocessing
import os
import pickle
import signal
import sys

import numpy as np
import pytest
from helpers.long_fits import (
    FITS,
    FRAME,
    FRAMES,
    LONG_FITS,
    WEIGHT,
    Y_FRAME,
    Killed,
    X,
    Y,
    fitted,
    network,
    send_fitted,
)
from numpy.testing import assert_equal
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknumpynet import Checkpoint, NumpyMLPClassifier, StackedGridSearchCV
from sknumpynet.training import checkpoints, fingerprints, saved_stream

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning"),
]


class Killer:
    """Lets a process seem to die before or after so many saves."""

    def __init__(self, monkeypatch):
        self.n_left, self.n_saved = -1, 0
        self.write = checkpoints.write_snapshot
        monkeypatch.setattr(checkpoints, "write_snapshot", self.counting(self.write))
        write_progress = self.counting(saved_stream.write_progress)
        monkeypatch.setattr(saved_stream, "write_progress", write_progress)

    def counting(self, write):
        def write_and_count(*args, **keywords):
            self._count()
            write(*args, **keywords)
            self.n_saved += 1
            self._count()

        return write_and_count

    def _count(self):
        self.n_left -= 1
        if self.n_left == 0:
            raise Killed

    def kill_after(self, n, name, folder, **cadence):
        """Begin a fit, or go on with it, and have it killed."""
        self.n_left = n
        with pytest.raises(Killed):
            fitted(name, folder, **cadence)
        self.n_left = -1


@pytest.fixture
def killer(monkeypatch):
    return Killer(monkeypatch)


@pytest.mark.parametrize("name", FITS)
def test_is_killed_again_and_again(name, killer, tmp_path):
    np.random.seed(5)
    expected = fitted(name)
    rng = np.random.default_rng(7)
    np.random.seed(5)
    kills = 0
    with contextlib.suppress(StopIteration):
        while True:
            killer.n_left = int(rng.integers(1, 9))
            try:
                numbers = fitted(name, tmp_path / "fit")
                break
            except Killed:
                kills += 1
                np.random.seed(1000 + kills)
    assert kills > 0
    assert_equal(numbers, expected)
    assert not (tmp_path / "fit").exists()


def test_the_fits_are_of_many_kinds():
    """Scores that are lost, tables of levels, and networks that see a part of the columns."""
    with pytest.warns(UndefinedMetricWarning, match="Judged by the loss instead"):
        fitted("a scorer that fails")
    shapes = {name: fitted(name)["_shapes"] for name in ("table of levels", "wide table")}
    assert shapes["table of levels"][1]["level_codes"]
    assert shapes["wide table"][0]["kinds"]
    assert fitted("table of levels")["_conformal"]["ensembles"]


def test_what_is_done_is_not_trained_again(killer, tmp_path, monkeypatch):
    expected = fitted("ensemble")
    killer.kill_after(2 * 4 * 5, "ensemble", tmp_path)  # after the last save of all
    killer.n_saved = 0
    monkeypatch.setattr("sknumpynet.core.epochs.Epochs.run", None)
    assert_equal(fitted("ensemble", tmp_path), expected)
    assert killer.n_saved == 0


@pytest.mark.usefixtures("workers_always_pay")
def test_other_workers_and_stacks_give_the_same(killer, tmp_path, monkeypatch):
    expected = fitted("table of levels")
    killer.kill_after(9, "table of levels", tmp_path)
    monkeypatch.setattr(checkpoints, "write_snapshot", killer.write)
    make = FITS["table of levels"]

    def on_two_workers():
        model, *others = make()
        return model.set_params(n_jobs=2), *others

    monkeypatch.setitem(FITS, "table of levels", on_two_workers)
    numbers = fitted("table of levels", tmp_path)
    assert_equal({**numbers, "n_jobs": 1}, expected)


@pytest.mark.skipif(sys.platform == "win32", reason="has no forkserver")
@pytest.mark.parametrize("name", LONG_FITS)
def test_is_killed_for_good(name, killer, tmp_path, monkeypatch):
    """By SIGKILL at random moments, each time in another process."""
    np.random.seed(5)
    expected = fitted(name)
    np.random.seed(5)
    killer.kill_after(3, name, tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["helpers.long_fits"])
    rng, cadence = np.random.default_rng(0), {"every_epochs": 2}
    for delay in [*rng.uniform(0.0, 0.3, 4), None]:
        ours, theirs = context.Pipe()
        process = context.Process(target=send_fitted, args=(theirs, name, tmp_path, cadence))
        process.start()
        theirs.close()
        assert ours.recv() == "begins"
        if delay is None or ours.poll(delay):
            numbers = ours.recv()
            process.join()
            break
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    assert_equal(numbers, expected)
    assert not tmp_path.exists()


# Other fits --------------------------------------------------------------------------------------

# What another fit with the same path is, and what the refusal says of it.
OTHERS = {
    "a parameter": ({"alpha": 0.1}, {}, r"alpha \(0\.0001 there, 0\.1 here\)"),
    "a seed": ({"random_state": 1}, {}, r"random_state \(0 there, 1 here\)"),
    "a source": ({"random_state": np.random.RandomState(0)}, {}, "random_state"),
    "the network": ({"hidden_layer_sizes": (7,)}, {}, "hidden_layer_sizes"),
    "an activation": ({"activation": "tanh"}, {}, "networks"),
    "rows": ({}, {"X": X + 1}, r"\bX:"),
    "their order": ({}, {"X": X[::-1]}, r"\bX:"),
    "targets": ({}, {"y": np.roll(Y, 1)}, r"\by:"),
    "weights": ({}, {"sample_weight": WEIGHT}, "sample_weight"),
    "validation data": ({}, {"X_val": X, "y_val": Y}, "X_val"),
}


def assert_refused(killer, tmp_path, fit, data, other):
    """Another fit than the one that was killed is refused, and nothing changes by it."""
    parameters, params, message = other
    killer.kill_after(4, fit, tmp_path)
    files = {path: path.read_bytes() for path in tmp_path.iterdir()}
    model = FITS[fit]()[0].set_params(**parameters)
    with pytest.raises(ValueError, match=rf"of another fit, which differs in .*{message}"):
        model.fit(**{"checkpoint": tmp_path} | data | params)
    assert not hasattr(model, "coefs_")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == files
    assert_equal(fitted(fit, tmp_path), fitted(fit))


@pytest.mark.parametrize("other", OTHERS)
def test_another_fit_is_refused(other, killer, tmp_path):
    assert_refused(killer, tmp_path, "adam", {"X": X, "y": Y}, OTHERS[other])


# The same for streams.
OTHER_STREAMS = {
    "a parameter": ({"weight_decay": 0.1}, {}, r"weight_decay|optimizer_settings"),
    "a source": ({"random_state": np.random.RandomState(0)}, {}, "random_state"),
    "more rows": ({}, {"X": [*FRAMES, FRAMES[0]]}, r"rows \(400 there, 490 here\)"),
    "a later row": ({}, {"X": [*FRAMES[:-1], FRAMES[-1].assign(number=2.0)]}, "preprocessor_"),
    "another target": ({}, {"y": "few"}, "preprocessor_"),
    "weights": ({}, {"sample_weight": "number"}, "sample_weight"),
    "validation data": ({}, {"X_val": FRAME, "y_val": Y_FRAME}, "X_val"),
    "a table": ({}, {"X": FRAME, "y": Y_FRAME}, "stream|resample|y"),
}


@pytest.mark.parametrize("other", OTHER_STREAMS)
def test_another_stream_is_refused(other, killer, tmp_path):
    data = {"X": FRAMES, "y": "y"}
    assert_refused(killer, tmp_path, "stream of one shard", data, OTHER_STREAMS[other])


def test_what_changes_no_number_may_change(killer, tmp_path, capsys):
    killer.kill_after(4, "adam", tmp_path)
    model = FITS["adam"]()[0].set_params(verbose=True)
    model.fit(X.copy(order="F"), Y.tolist(), checkpoint=Checkpoint(tmp_path, every_epochs=3))
    assert capsys.readouterr().out.startswith("Iteration 3, loss")
    assert_equal(model.coefs_, fitted("adam")["coefs_"])


def test_folds_that_are_drawn_anew_are_refused(killer, tmp_path, monkeypatch):
    class Whimsical:
        def get_n_splits(self, X=None, y=None, groups=None):
            return 2

        def split(self, X, y=None, groups=None):
            rows = np.random.permutation(len(X))
            return [(rows[20:], rows[:20]), (rows[:40], rows[40:])]

    monkeypatch.setitem(
        FITS, "whimsical", lambda: (network(n_members=2, resample=Whimsical()), X, Y, {})
    )
    killer.kill_after(4, "whimsical", tmp_path)
    with pytest.raises(ValueError, match="differs in where members start"):
        fitted("whimsical", tmp_path)


def test_another_machine_is_warned_of(killer, tmp_path, monkeypatch):
    killer.kill_after(4, "adam", tmp_path)
    monkeypatch.setattr(fingerprints.np, "__version__", "0.9")
    with pytest.warns(UserWarning, match=r"numpy \(.* there, 0\.9 here\).*last bits") as caught:
        numbers = fitted("adam", tmp_path)
    assert caught[0].filename.endswith("long_fits.py")
    assert_equal(numbers, fitted("adam"))


def test_lbfgs_is_refused(tmp_path):
    model = NumpyMLPClassifier(solver="lbfgs")
    with pytest.raises(ValueError, match="stochastic solver, got solver='lbfgs'"):
        model.fit(X, Y, checkpoint=tmp_path / "fit")
    assert not (tmp_path / "fit").exists()


# Files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped"])
@pytest.mark.parametrize("file", ["fit.json", "member-*.npz"])
def test_damage_is_one_clear_error(file, damage, killer, tmp_path):
    killer.kill_after(4, "adam", tmp_path)
    (path,) = tmp_path.glob(file)
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[len(content) // 2 - 50 : len(content) // 2] = b"\xff" * 50
    else:
        content = content[: 0 if damage == "empty" else len(content) // 2]
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"is damaged \(.*delete its folder .* to train anew"):
        fitted("adam", tmp_path)


def test_a_file_of_another_member_is_refused(killer, tmp_path):
    killer.kill_after(2 * 5, "ensemble", tmp_path)
    one, other, *_ = sorted(tmp_path.glob("member-*.npz"))
    one.write_bytes(other.read_bytes())
    with pytest.raises(ValueError, match=r"00000\.npz is damaged \(ValueError: it was written as"):
        fitted("ensemble", tmp_path)


def test_another_format_is_refused(killer, tmp_path):
    killer.kill_after(4, "adam", tmp_path)
    path = tmp_path / "fit.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(ValueError, match="has the format 99"):
        fitted("adam", tmp_path)


@pytest.mark.parametrize("function", ["replace", "fsync"])
def test_a_save_that_fails_is_warned_of_and_loses_nothing(function, killer, tmp_path, monkeypatch):
    killer.kill_after(6, "adam", tmp_path)
    (path,) = tmp_path.glob("member-*.npz")
    before = path.read_bytes()

    def fail(*args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, function, fail)
        with pytest.warns(RuntimeWarning, match=r"epoch \d could not be saved .*No space"):
            killer.kill_after(2, "adam", tmp_path)
    assert {own.name for own in tmp_path.iterdir()} == {"fit.json", path.name}
    assert path.read_bytes() == before
    assert_equal(fitted("adam", tmp_path), fitted("adam"))


def test_where_nothing_can_be_written_no_fit_begins(tmp_path):
    (tmp_path / "file").write_text("")
    model = FITS["adam"]()[0]
    with pytest.raises(OSError, match="file"):
        model.fit(X, Y, checkpoint=tmp_path / "file")
    assert not hasattr(model, "coefs_")


def test_files_of_others_stay(tmp_path):
    for name in ("notes.txt", "member-old-00000.npz"):
        (tmp_path / name).write_text("")
    fitted("ensemble", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_second_fit_begins_anew(tmp_path):
    model, rows, targets, _ = FITS["a random state"]()
    first = model.fit(rows, targets, checkpoint=str(tmp_path)).coefs_[0]
    assert (model.fit(rows, targets, checkpoint=str(tmp_path)).coefs_[0] != first).any()


def test_an_interrupted_fit_can_be_gone_on_with(tmp_path, monkeypatch):
    def press_ctrl_c(line):
        if line.startswith("Iteration 3"):
            raise KeyboardInterrupt

    monkeypatch.setattr("sknumpynet.training.member_runs._report", lambda config: press_ctrl_c)
    with pytest.warns(UserWarning, match="interrupted by user"):
        assert fitted("adam", tmp_path)["n_iter_"] == 3
    monkeypatch.undo()
    assert_equal(fitted("adam", tmp_path), fitted("adam"))


# Beside other features ---------------------------------------------------------------------------


def test_callbacks_see_the_epochs_that_are_left(killer, tmp_path):
    pytest.importorskip("sklearn.callback", reason="since scikit-learn 1.9")

    class Watch:
        seen = []  # noqa: RUF012

        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            if context.task_name == "epoch":
                self.seen.append(fitted_estimator.n_iter_)
                if self.seen == [1, 2, 3]:
                    raise Killed

    cadence = Checkpoint(tmp_path, every_epochs=1)
    for _ in range(2):
        model, *data, _ = FITS["adam"]()
        with contextlib.suppress(Killed):
            model.set_callbacks(Watch()).fit(*data, checkpoint=cadence)
    assert Watch.seen == [1, 2, 3, 3, 4, 5]
    assert_equal(model.coefs_, fitted("adam")["coefs_"])


def test_goes_through_a_pipeline(killer, tmp_path):
    def make():
        return make_pipeline(StandardScaler(), FITS["adam"]()[0])

    checkpoint, killer.n_left = Checkpoint(tmp_path, every_epochs=1), 5
    with pytest.raises(Killed):
        make().fit(X, Y, numpymlpclassifier__checkpoint=checkpoint)
    resumed = make().fit(X, Y, numpymlpclassifier__checkpoint=checkpoint)
    assert_equal(resumed[-1].coefs_, make().fit(X, Y)[-1].coefs_)


def test_a_stacked_search_leaves_such_fits_to_themselves(tmp_path):
    grid = {"alpha": [0.01, 0.1]}
    stacked = StackedGridSearchCV(FITS["adam"]()[0], grid, cv=2)
    stacked.fit(X, Y, checkpoint=tmp_path)
    plain = GridSearchCV(FITS["adam"]()[0], grid, cv=2).fit(X, Y)
    assert_equal(stacked.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])
    assert "a checkpoint is of one fit" in str(stacked.stacking_report_)


def test_nothing_of_it_is_in_the_model(tmp_path):
    model, rows, targets, _ = FITS["adam"]()
    plain = pickle.dumps(model.fit(rows, targets).coefs_)
    assert pickle.dumps(model.fit(rows, targets, checkpoint=tmp_path).coefs_) == plain
    assert not [name for name in vars(model) if "checkpoint" in name or "saved" in name]
