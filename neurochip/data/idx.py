"""The IDX format of the MNIST files: big-endian sizes, then plain bytes, often inside gzip.

Layout (LeCun, Cortes, Burges): two zero bytes, one byte for the element type (``0x08`` = unsigned byte), one byte for
the number of dimensions, each size as a big-endian 32-bit word, then the elements, big-endian too, with the last
dimension running fastest.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from neurochip.durable.atomic import replacing
from neurochip.errors import DataError
from neurochip.files import Foreign, file_limit, opened
from neurochip.files.limits import in_bytes

__all__ = ["idx_bytes", "idx_sha256", "read_idx", "read_idx_of_any", "write_idx"]

UNSIGNED_BYTE = 0x08
_TYPES = {UNSIGNED_BYTE: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP_MAGIC = b"\x1f\x8b"
GZIP_LEVEL = 6
_MOST_DIMENSIONS = 32
PIECE = 1 << 20


def read_idx_of_any(path: Path) -> NDArray[np.number]:
    """Read one IDX file of bytes, whole or floating-point numbers; see `read_idx`."""
    return _opened(path, None, _TYPES)


def read_idx(path: Path, *, sha256: str | None = None) -> NDArray[np.uint8]:
    """Read one IDX file of unsigned bytes, plain or gzip (told by its first bytes, not by its name).

    Parameters
    ----------
    path
        The file; every refusal names it.
    sha256
        What the *uncompressed* file must hash to; None = not checked.

    Returns
    -------
    numpy.ndarray
        uint8, read-only, in the shape that the file states.
    """
    return _opened(path, sha256, {UNSIGNED_BYTE: "u1"})


def _opened(path: Path, sha256: str | None, types: Mapping[int, str]) -> NDArray[Any]:
    with opened(Foreign(path, "an IDX file", "")) as raw:
        try:
            compressed = raw.read(2) == GZIP_MAGIC
            raw.seek(0)
            if compressed:
                with gzip.open(raw) as unpacked:
                    return _read(unpacked, str(path), sha256, types)
            return _read(raw, str(path), sha256, types)
        except EOFError as error:
            raise DataError(str(path), "truncated: the gzip stream ends before its end mark") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(str(path), f"damaged gzip file ({error})") from error
        except OSError as error:
            raise DataError(str(path), f"cannot be read: {error.strerror or error}") from error


def _read(
    file: BinaryIO | gzip.GzipFile, place: str, sha256: str | None, types: Mapping[int, str]
) -> NDArray[np.number]:
    magic = file.read(4)
    if len(magic) < 4:
        raise DataError(place, f"truncated: {len(magic)} bytes there, an IDX header needs at least 4")
    if magic[:2] != b"\0\0" or magic[2] not in types or magic[3] == 0:
        what = "of unsigned bytes" if len(types) == 1 else "of numbers"
        known = " or ".join(f"{k:02x}" for k in types)
        raise DataError(
            place,
            f"not an IDX file {what}: starts with {magic.hex(' ')}, 00 00 {known} and 01 to ff needed",
        )
    kind = np.dtype(types[magic[2]])
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataError(place, f"truncated: {len(sizes)} bytes of sizes there, {4 * magic[3]} needed")
    shape = struct.unpack(f">{magic[3]}I", sizes)
    needed = math.prod(shape) * kind.itemsize
    if needed == 0 and math.prod(size or 1 for size in shape) > file_limit():
        raise DataError(
            place, f"declares sizes that no array has: {_times(shape)}"
        )  # NumPy multiplies the others
    if needed > file_limit():
        raise DataError(
            place, f"declares {_bytes(shape, kind)} bytes, and at most {in_bytes(file_limit())} are read"
        )
    if len(shape) > _MOST_DIMENSIONS:
        raise DataError(place, f"has {len(shape)} dimensions, and at most {_MOST_DIMENSIONS} are read")
    # Piece by piece, since a damaged header may ask for more than there is memory; and one byte more than
    # needed, so that a longer file shows itself without being read to its end.
    body = bytearray()
    while len(body) <= needed and (piece := file.read(min(PIECE, needed + 1 - len(body)))):
        body += piece
    if len(body) < needed:
        raise DataError(place, f"truncated: {len(body)} data bytes there, {_bytes(shape, kind)} needed")
    if len(body) > needed:
        raise DataError(
            place, f"trailing bytes after the {_bytes(shape, kind)} data bytes that the header states"
        )
    if sha256 is not None:
        digest = hashlib.sha256(magic + sizes)
        digest.update(body)
        found = digest.hexdigest()
        if found != sha256:
            raise DataError(
                place, f"wrong checksum: SHA-256 of the uncompressed file is {found}, {sha256} needed"
            )
    values = np.frombuffer(body, dtype=kind).reshape(shape).astype(kind.newbyteorder("="), copy=False)
    values.setflags(write=False)
    return values


def _bytes(shape: tuple[int, ...], kind: np.dtype[np.number]) -> str:
    return _times(shape if kind.itemsize == 1 else (*shape, kind.itemsize))


def _times(shape: tuple[int, ...]) -> str:
    product = " × ".join(str(size) for size in shape)
    return f"{product} = {math.prod(shape)}" if len(shape) > 1 else product


def idx_bytes(values: NDArray[np.uint8]) -> bytes:
    """Return the uncompressed IDX file that holds ``values`` (uint8, at least one dimension)."""
    if values.dtype != np.uint8 or values.ndim < 1:
        found = f"{values.dtype}, {values.ndim}-d"
        raise DataError("values", f"must be uint8 with at least one dimension, got {found}")
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, UNSIGNED_BYTE, values.ndim, *values.shape)
    return header + values.tobytes(order="C")


def idx_sha256(values: NDArray[np.uint8]) -> str:
    """SHA-256 of the uncompressed IDX file that holds ``values``: what ``read_idx(…, sha256=…)`` checks."""
    return hashlib.sha256(idx_bytes(values)).hexdigest()


def write_idx(path: Path, values: NDArray[np.uint8]) -> None:
    """Write ``values`` as IDX, inside gzip when the name ends in ``.gz``; same values, same bytes."""
    content = idx_bytes(values)
    if path.suffix == ".gz":
        # mtime 0 keeps the clock out of the file.
        content = gzip.compress(content, compresslevel=GZIP_LEVEL, mtime=0)
    with replacing(path) as file:
        file.write(content)
