"""A zip is written at once or not at all, and read within its size."""

import io
import json
import os
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sknumpynet.utils.files import Archive, name_of, opened, write_archive

DOCUMENT = {"name": "größe", "numbers": [1, 2.5]}
ARRAYS = {"a.npy": np.arange(5.0), "of/b.npy": np.ones((2, 3), "f4")}


def written(document=DOCUMENT, arrays=ARRAYS):
    file = io.BytesIO()
    write_archive(file, document, arrays)
    return file.getvalue()


def zipped(entries, **options):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return file.getvalue()


def test_what_is_written_is_read():
    archive = Archive(io.BytesIO(written()))
    assert archive.document() == DOCUMENT
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(archive.array(name), array)
    archive.check_all_read()


def test_others_read_it_too():
    with zipfile.ZipFile(io.BytesIO(written())) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("model.json")) == DOCUMENT
        np.testing.assert_array_equal(np.load(archive.open("a.npy")), ARRAYS["a.npy"])


def test_equal_values_give_equal_bytes(tmp_path, monkeypatch):
    path = tmp_path / "model.sknn"
    write_archive(path, DOCUMENT, ARRAYS)
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert path.read_bytes() == written()


@pytest.mark.parametrize("kind", [str, Path])
def test_paths(tmp_path, kind):
    path = kind(tmp_path / "model.sknn")
    write_archive(path, DOCUMENT, ARRAYS)
    with opened(path) as file:
        assert Archive(file).document() == DOCUMENT
    assert os.listdir(tmp_path) == ["model.sknn"]


def test_open_files(tmp_path):
    with open(tmp_path / "model.sknn", "w+b") as file:
        write_archive(file, DOCUMENT, ARRAYS)
        with opened(file) as same:
            assert same is file
            assert Archive(file).document() == DOCUMENT
        assert not file.closed
        assert name_of(file).endswith("model.sknn'")
    assert name_of(io.BytesIO()) == "a BytesIO"


def test_a_file_stays_where_writing_fails(tmp_path):
    path = tmp_path / "model.sknn"
    path.write_bytes(b"the old one")
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_archive(path, DOCUMENT, {**ARRAYS, "c.npy": np.array([None])})
    assert path.read_bytes() == b"the old one"
    assert os.listdir(tmp_path) == ["model.sknn"]
    write_archive(path, DOCUMENT, ARRAYS)
    assert path.read_bytes() == written()


@pytest.mark.skipif(os.name != "posix", reason="of permissions and links")
def test_a_file_is_as_if_it_were_opened(tmp_path):
    (tmp_path / "other").write_bytes(b"")
    path, link = tmp_path / "model.sknn", tmp_path / "link"
    link.symlink_to(path)
    write_archive(link, DOCUMENT, ARRAYS)
    assert link.is_symlink()
    assert path.read_bytes() == written()
    modes = [stat.S_IMODE(os.stat(own).st_mode) for own in (path, tmp_path / "other")]
    assert modes[0] == modes[1]


@pytest.mark.parametrize("path", [".", *([os.devnull] if os.name == "posix" else [])])
def test_what_is_no_file_is_not_replaced(path):
    with pytest.raises(ValueError, match=f"path must be that of a file, got '{path}'"):
        write_archive(path, DOCUMENT, ARRAYS)


def overlapping(n_entries):
    """Return a zip with many entries that are the same bytes."""
    data = bytearray(written({"x": "y" * 10_000}, {}))
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry, tail = data[start:end], data[end:]
    names = [f"mode{k:02}json".encode() for k in range(n_entries)]
    entries = b"".join(entry.replace(b"model.json", name) for name in names)
    tail[8:12] = n_entries.to_bytes(2, "little") * 2
    tail[12:16] = len(entries).to_bytes(4, "little")
    return bytes(data[:start] + entries + tail)


def encrypted():
    data = bytearray(written())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + place] |= 1
    return bytes(data)


def of_two_sizes():
    data = bytearray(written())
    place = data.index(b"PK\x01\x02") + 24
    data[place : place + 4] = (10**9).to_bytes(4, "little")
    return bytes(data)


WRONG = {
    "empty": (b"", "not a zip"),
    "no zip": (b"x" * 1_000, "not a zip"),
    "cut off": (written()[:-30], "not a zip"),
    "compressed": (zipped([("model.json", "{}")], compression=zipfile.ZIP_DEFLATED), "compressed"),
    "encrypted": (encrypted(), "encrypted"),
    "two sizes": (of_two_sizes(), "two sizes"),
    "overlapping": (overlapping(50), "larger than the file"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_archive_is_an_error(name):
    data, message = WRONG[name]
    with pytest.raises((ValueError, zipfile.BadZipFile), match=message):
        Archive(io.BytesIO(data))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_stands_for_one_entry():
    with pytest.raises(ValueError, match="two entries have one name"):
        Archive(io.BytesIO(zipped([("model.json", "{}"), ("model.json", "[]")])))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ('{"a": 1, "a": 2}', "a key twice"),
        ("[NaN]", "no number NaN"),
        ("[-Infinity]", "no number -Infinity"),
        ("9" * 5_000, "Exceeds the limit"),
        (b"\xff", "utf-8"),
        ("{}".encode("utf-16"), "utf-8"),
    ],
)
def test_what_is_no_json_is_an_error(text, message):
    with pytest.raises(ValueError, match=message):
        Archive(io.BytesIO(zipped([("model.json", text)]))).document()


def test_json_that_is_too_deep_is_an_error():
    with pytest.raises(RecursionError):
        Archive(io.BytesIO(zipped([("model.json", "[" * 10**5)]))).document()


def test_an_array_is_read_once_and_there():
    archive = Archive(io.BytesIO(written()))
    archive.array("a.npy")
    for name in ("a.npy", "c.npy", "../a.npy", None, []):
        with pytest.raises(ValueError, match="there is no entry"):
            archive.array(name)
    archive.document()
    with pytest.raises(ValueError, match=r"nothing needs the entries \['of/b.npy'\]"):
        archive.check_all_read()


def test_altered_bytes_are_noticed():
    data = bytearray(written())
    data[data.index(np.float64(3.0).tobytes())] ^= 1
    with pytest.raises(zipfile.BadZipFile, match="Bad CRC-32"):
        Archive(io.BytesIO(bytes(data))).array("a.npy")
