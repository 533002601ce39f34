"""The one door for files that somebody else may have written: everything that neurochip reads comes through it.

A file is looked at before it is believed. It must be a regular file (a pipe, a device or a folder is refused, and
nothing waits for one), of no more than a stated size; what it declares (members, shapes, element types, chunks) is
checked before memory is taken for it; text is decoded into types; and whatever is wrong becomes one sentence with the
file, the place in it and a cure. `Foreign` says which file is meant and what it should be; the readers take it.
Databases are opened in `neurochip.files.sqlite`, which is imported where one is needed.
"""

from neurochip.files.arrays import read_array, read_arrays, unpack_arrays
from neurochip.files.door import Foreign, briefly, check_regular, opened, read_bytes, read_text
from neurochip.files.hdf5 import Hdf5Group, read_hdf5
from neurochip.files.json_text import converted, decode_json, read_json
from neurochip.files.limits import file_limit
from neurochip.files.rows import read_cells, read_rows
from neurochip.files.toml_text import parse_toml

__all__ = [
    "Foreign",
    "Hdf5Group",
    "briefly",
    "check_regular",
    "converted",
    "decode_json",
    "file_limit",
    "opened",
    "parse_toml",
    "read_array",
    "read_arrays",
    "read_bytes",
    "read_cells",
    "read_hdf5",
    "read_json",
    "read_rows",
    "read_text",
    "unpack_arrays",
]
