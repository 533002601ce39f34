"""Files and images in sections: a magic word, a version, a directory, and a CRC-32 for each part."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_sim.codes import Code, Refusal

__all__ = ["VERSION", "bytes_of", "read_sections", "section_parts", "write_sections"]

VERSION = 1
_MOST_SECTIONS = 256
_HEAD = struct.Struct("<4sIII")  # magic, version, sections, CRC-32 of the directory
_ENTRY = struct.Struct("<8sQII")  # name, bytes, CRC-32, 0

Buffer = bytes | bytearray | memoryview | NDArray[Any]


def bytes_of(piece: Buffer) -> memoryview:
    """Return the bytes of a buffer, uncopied."""
    if isinstance(piece, np.ndarray):
        return memoryview(piece.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
    return memoryview(piece)


def section_parts(magic: bytes, sections: Sequence[tuple[str, Sequence[Buffer]]]) -> list[Buffer]:
    """Return the buffers of a container, in order and uncopied; a section may come in pieces."""
    directory = b""
    bodies: list[Buffer] = []
    for name, pieces in sections:
        crc = length = 0
        for piece in pieces:
            view = bytes_of(piece)
            crc = zlib.crc32(view, crc)
            length += len(view)
        directory += _ENTRY.pack(name.encode(), length, crc, 0)
        bodies.extend(pieces)
        if length % 4:
            bodies.append(bytes(-length % 4))
    return [_HEAD.pack(magic, VERSION, len(sections), zlib.crc32(directory)), directory, *bodies]


def write_sections(magic: bytes, sections: Sequence[tuple[str, Buffer]]) -> bytes:
    """Return a container as bytes."""
    return b"".join(bytes_of(p) for p in section_parts(magic, [(name, [body]) for name, body in sections]))


def read_sections(magic: bytes, data: memoryview) -> dict[str, memoryview]:
    """Return name → bytes of each section.

    Raises
    ------
    Refusal
        For another magic word, a newer version, a wrong CRC, or lengths that do not add up.
    """
    data = data.cast("B")
    if len(data) < _HEAD.size:
        raise Refusal(Code.BAD_IMAGE, f"{len(data)} bytes are too few for a header")
    found, version, n, directory_crc = _HEAD.unpack_from(data)
    if found != magic:
        raise Refusal(Code.BAD_IMAGE, f"begins with {found!r}, not with {magic!r}")
    if version > VERSION:
        raise Refusal(Code.NEWER_IMAGE, f"has version {version}, and version {VERSION} is read here")
    if version < 1 or n > _MOST_SECTIONS or len(data) < _HEAD.size + n * _ENTRY.size:
        raise Refusal(Code.BAD_IMAGE, "its directory is damaged")
    directory = data[_HEAD.size : _HEAD.size + n * _ENTRY.size]
    if zlib.crc32(directory) != directory_crc:
        raise Refusal(Code.IMAGE_CRC, "its directory does not have its checksum")
    at, sections = _HEAD.size + n * _ENTRY.size, {}
    for k in range(n):
        raw, length, crc, _ = _ENTRY.unpack_from(directory, k * _ENTRY.size)
        name = raw.rstrip(b"\0").decode("ascii", "replace")
        if length > len(data) - at:
            raise Refusal(
                Code.BAD_IMAGE, f"section {name} declares {length} bytes, and {len(data) - at} are left"
            )
        body = data[at : at + length]
        if zlib.crc32(body) != crc:
            raise Refusal(Code.IMAGE_CRC, f"section {name} does not have its checksum")
        if name in sections:
            raise Refusal(Code.BAD_IMAGE, f"section {name} is there twice")
        sections[name] = body
        at += length + -length % 4
        if any(data[at - -length % 4 : at]):
            raise Refusal(Code.BAD_IMAGE, f"section {name} is followed by something else than zeros")
    if at != len(data):
        raise Refusal(Code.BAD_IMAGE, f"{len(data) - at} bytes too many")
    return sections
