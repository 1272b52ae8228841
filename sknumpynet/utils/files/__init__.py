"""Plain values in a file: a zip of arrays and one JSON, of which no code is run on reading."""

from sknumpynet.utils.files.archive import Archive, name_of, opened, write_archive
from sknumpynet.utils.files.values import Packed, pack, unpack

__all__ = ["Archive", "Packed", "name_of", "opened", "pack", "unpack", "write_archive"]
