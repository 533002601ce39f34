"""Arrays of NumPy's files, .npy and .npz: what a header declares is checked before memory is taken for it."""

from __future__ import annotations

import io
import math
import re
import zipfile
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.files.door import Foreign, briefly, opened
from neurochip.files.limits import LIMIT_VARIABLE, MOST_MEMBERS, file_limit, in_bytes

__all__ = ["read_array", "read_arrays", "unpack_arrays"]

Array = NDArray[Any]

_MAGIC = b"\x93NUMPY"
_MOST_HEADER = 4096
_MOST_DIMENSIONS = 32
_FIELDS = "fields"  # stands for the type of a record while its header is read
# Bits, integers, floating point and complex numbers, bytes and text. Objects would be pickles; records and times are
# nothing that is computed with here.
_DTYPE = re.compile(r"[<>|=]?(?:[bB]1?|[iu][1248]|f[248]|c(?:8|16)|[SaU][0-9]{1,9}|\?)")
# The header is a dict of Python with three keys. It is read as what it is, not evaluated.
_ENTRY = (
    r"(?:(['\"])descr\1\s*:\s*(['\"])(?P<descr>[^'\"]{1,16})\2"
    r"|(['\"])fortran_order\4\s*:\s*(?P<fortran>True|False)"
    r"|(['\"])shape\6\s*:\s*\((?P<shape>[0-9L,\s]*)\))"
)
_ENTRIES = re.compile(rf"\s*{_ENTRY}\s*(,|\}}|$)")
# Records of plain numbers, such as the events of a camera: [('x', '<i2'), ('t', '<i8')].
_FIELD = r"\(\s*['\"](\w{1,30})['\"]\s*,\s*['\"]([<>|=]?[biu?][1248]?|[<>=]?f[248])['\"]\s*\)"
_RECORD = re.compile(rf"(['\"])descr\1\s*:\s*\[\s*((?:{_FIELD}\s*,?\s*){{1,16}})\]")


class _Header(NamedTuple):
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    is_fortran: bool

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def read_arrays(file: Foreign, *, records: bool = False) -> dict[str, Array]:
    """Return all arrays of an .npz.

    Parameters
    ----------
    records
        Whether arrays of records are read, whose fields are numbers; else they are refused.

    Raises
    ------
    NeurochipError
        Of the file's kind: it is no .npz of plain arrays, is damaged, or declares more than `file_limit`.
    """
    with opened(file) as stream:
        return _members(stream, file, records=records)


def unpack_arrays(content: bytes, file: Foreign) -> dict[str, Array]:
    """Return all arrays of the content of an .npz; ``file`` is where the content came from."""
    return _members(io.BytesIO(content), file, records=False)


def read_array(file: Foreign, *, records: bool = False) -> Array:
    """Return the array of an .npy; see `read_arrays`."""
    with opened(file) as stream, file.guarded():
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        return _array(stream, size, file, "", records=records)


def _members(stream: IO[bytes], file: Foreign, *, records: bool) -> dict[str, Array]:
    with file.guarded():
        if stream.read(4) not in (b"PK\x03\x04", b"PK\x05\x06"):
            raise file.damaged("does not begin as an .npz does")
        stream.seek(0)
        archive = zipfile.ZipFile(stream)
        members = archive.infolist()
        _check_members(members, file)
        found: dict[str, Array] = {}
        for member in members:
            name = member.filename.removesuffix(".npy")
            with file.guarded(name), archive.open(member) as content:
                found[name] = _array(content, member.file_size, file, name, records=records)
                if content.read(1):  # the end of a member is where its checksum is looked at
                    raise file.damaged("has bytes left over", name)
        return found


def _check_members(members: list[zipfile.ZipInfo], file: Foreign) -> None:
    if len(members) > MOST_MEMBERS:
        raise file.fault(f"has {len(members)} arrays, and at most {MOST_MEMBERS} are read", cure="")
    limit, total, seen = file_limit(), 0, set()
    for member in members:
        name = member.filename.removesuffix(".npy")
        if not member.filename.endswith(".npy"):
            raise file.damaged("is no array: an .npz has members NAME.npy", name)
        if name in seen:
            raise file.damaged("is there twice", name)
        seen.add(name)
        if member.flag_bits & 0x1:
            raise file.fault("is encrypted; write it without a password", name, cure="")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise file.fault(
                "is compressed in a way that NumPy does not write; write it with numpy.savez", name, cure=""
            )
        total += member.file_size
    if total > limit:
        raise _too_much(file, total, limit)


def _too_much(file: Foreign, size: int, limit: int, within: str = "") -> Exception:
    return file.fault(
        f"declares {in_bytes(size)} of arrays, and at most {in_bytes(limit)} are read; "
        f"set {LIMIT_VARIABLE} to read more",
        within,
        cure="",
    )


def _array(stream: IO[bytes], size: int, file: Foreign, name: str, *, records: bool) -> Array:
    """Return the one array of a stream of ``size`` bytes."""
    header, begins = _header(stream, file, name, records=records)
    wanted, there = header.n_bytes, size - begins
    if wanted > file_limit():
        raise _too_much(file, wanted, file_limit(), name)
    if wanted != there:
        shape = " × ".join(map(str, header.shape)) or "one value"
        raise file.damaged(
            f"declares {shape} of {header.dtype}, which are {in_bytes(wanted)}, and holds {in_bytes(there)}",
            name,
        )
    content = bytearray()
    while len(content) < wanted and (piece := stream.read(min(1 << 20, wanted - len(content)))):
        content += piece
    if len(content) < wanted:
        raise file.damaged("ends too early", name)
    if header.dtype.itemsize == 0:  # texts of no characters
        return np.zeros(header.shape, dtype=header.dtype)
    flat = np.frombuffer(content, dtype=header.dtype)
    if header.dtype.kind == "U" and np.any(
        flat.view(header.dtype.newbyteorder("=").byteorder + "u4") > 0x10FFFF
    ):
        raise file.damaged("has characters that there are not", name)
    if header.is_fortran:
        return flat.reshape(header.shape[::-1]).T
    return flat.reshape(header.shape)


def _header(stream: IO[bytes], file: Foreign, name: str, *, records: bool) -> tuple[_Header, int]:
    """Return what an .npy declares, and the byte at which its elements begin."""
    start = stream.read(8)
    if len(start) < 8 or start[:6] != _MAGIC or start[6] not in (1, 2, 3):
        raise file.damaged("is no array of NumPy", name)
    wide = 2 if start[6] == 1 else 4
    length = int.from_bytes(stream.read(wide), "little")
    if length > _MOST_HEADER:
        raise file.damaged(f"has a header of {in_bytes(length)}", name)
    raw = stream.read(length)
    if len(raw) < length:
        raise file.damaged("ends in its header", name)
    return _declared(raw.decode("latin1"), file, name, records=records), 8 + wide + length


def _declared(text: str, file: Foreign, name: str, *, records: bool) -> _Header:
    entries: dict[str, str] = {}
    body = text.strip()
    fields: list[tuple[str, str]] = []
    record = _RECORD.search(body) if records else None
    if record is not None:
        fields = re.findall(_FIELD, record[2])
        if len({field for field, _ in fields}) < len(fields):
            raise file.damaged("has two fields of one name", name)
        body = f"{body[: record.start()]}'descr': '{_FIELDS}'{body[record.end() :]}"
    if body[:1] != "{" or body[-1:] != "}":
        raise file.damaged("has a damaged header", name)
    at = 1
    while at < len(body) - 1:
        match = _ENTRIES.match(body, at)
        if match is None or (match[8] == "}") != (match.end() == len(body)):
            if body[at:].strip() == "}":
                break
            raise file.damaged("has a damaged header, or elements of several values", name)
        entries |= {key: value for key, value in match.groupdict().items() if value is not None}
        at = match.end()
    if set(entries) != {"descr", "fortran", "shape"}:
        raise file.damaged("has a damaged header", name)
    is_record = bool(fields) and entries["descr"] == _FIELDS
    if not is_record and not _DTYPE.fullmatch(entries["descr"]):
        raise file.fault(
            f"has elements of type '{briefly(entries['descr'], 20)}'; numbers, truth values and text are read",
            name,
            cure="",
        )
    sizes = [part.strip().removesuffix("L") for part in entries["shape"].split(",")]
    if sizes[-1] == "":
        sizes.pop()
    if len(sizes) > _MOST_DIMENSIONS or not all(
        part.isascii() and part.isdigit() and len(part) < 20 for part in sizes
    ):
        raise file.damaged("has a damaged shape", name)
    kind = np.dtype(fields) if is_record else np.dtype(entries["descr"])
    return _Header(kind, tuple(int(part) for part in sizes), entries["fortran"] == "True")
