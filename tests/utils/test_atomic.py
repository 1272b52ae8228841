"""Files that are replaced whole or stay."""

import os

import pytest

from sknumpynet.utils.atomic import replaced


def test_takes_the_old_files_place_at_the_end(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with replaced(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_no_other(error, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def write():
        with replaced(path) as file:
            file.write(b"new")
            raise error

    with pytest.raises(error):
        write()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_is_on_the_disk_before_it_takes_the_place(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        function = getattr(os, name)

        def noted(*args, name=name, function=function):
            calls.append(name)
            return function(*args)

        monkeypatch.setattr(os, name, noted)
    with replaced(tmp_path / "a") as file:
        file.write(b"new")
    assert calls == ["fsync", "replace", "fsync"]


def test_a_folder_that_cannot_be_opened_is_no_error(tmp_path, monkeypatch):
    """As on Windows."""

    def refuse(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with replaced(tmp_path / "a") as file:
        file.write(b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_two_at_a_time_do_not_mix(tmp_path):
    path = tmp_path / "a"
    with replaced(path) as one, replaced(path) as other:
        one.write(b"one")
        other.write(b"other")
    assert path.read_bytes() == b"one"


@pytest.mark.parametrize("place", ["no folder", "file"])
def test_where_nothing_can_be_written_the_error_names_the_file_asked_for(place, tmp_path):
    (tmp_path / "file").write_text("")
    path = tmp_path / place / "a.bin"

    def write():
        with replaced(path):
            pass

    with pytest.raises(OSError) as raised:  # noqa: PT011
        write()
    assert raised.value.filename == str(path)
