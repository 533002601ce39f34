"""Checksums: content that is sealed is read again as it was written, to the last bit, or refused by the file's name."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from neurochip.durable.atomic import replacing
from neurochip.errors import OutputError
from neurochip.files import Foreign, decode_json, opened, read_bytes

__all__ = [
    "break_seal",
    "check_seal",
    "check_seal_beside",
    "checksum",
    "seal_beside",
    "sealed",
    "sealed_json",
    "unsealed",
    "unsealed_json",
]

T = TypeVar("T")

_MARK = b"\nneurochip checksum "
_PIECE = 1 << 20
_SIZE = len(_MARK) + 32 + 1
_BESIDE = ".checksum"  # of a file that other software writes, and that has no room for one


def checksum(content: bytes | memoryview) -> str:
    """Return 128 bits of BLAKE2b, in hexadecimal."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def sealed(content: bytes | memoryview) -> bytes:
    """Return the line that goes behind binary content: readers of HDF5 and the like stop before it."""
    return _seal(checksum(content))


def unsealed(content: bytes, file: Foreign) -> bytes:
    """Return what stands before the seal.

    Raises
    ------
    NeurochipError
        Of the file's kind, when the seal is missing or is not that of the content.
    """
    body, seal = content[:-_SIZE], content[-_SIZE:]
    _check(seal, checksum(body), file)
    return body


def check_seal(file: Foreign) -> None:
    """Do as `unsealed` with a file, in pieces: it may be large.

    Raises
    ------
    NeurochipError
        Of the file's kind, when the seal is missing or is not that of the content.
    """
    digest = hashlib.blake2b(digest_size=16)
    tail = b""
    with opened(file) as stream, file.guarded():
        while piece := stream.read(_PIECE):
            tail += piece
            digest.update(tail[:-_SIZE])
            tail = tail[-_SIZE:]
    _check(tail, digest.hexdigest(), file)


def seal_beside(file: Foreign) -> None:
    """Write the checksum of a whole file into one beside it; where the disk is full, none is there afterwards."""
    with contextlib.suppress(OutputError), replacing(_beside(file.path)) as stream:
        stream.write(f"{_digest(file)}\n".encode())


def break_seal(file: Foreign) -> None:
    """Remove such a checksum for good, before anything is written to its file."""
    _beside(file.path).unlink(missing_ok=True)


def check_seal_beside(file: Foreign) -> bool:
    """Return whether a file has such a checksum; none was written where a process was killed.

    Raises
    ------
    NeurochipError
        Of the file's kind, when the checksum is not that of the file.
    """
    seal = _beside(file.path)
    if not os.path.lexists(seal):
        return False
    said = read_bytes(replace(file, path=seal), most=4096)
    if said != f"{_digest(file)}\n".encode():
        raise file.fault(f"is damaged, or was edited: {seal.name} beside it has another checksum")
    return True


def _beside(path: Path) -> Path:
    return path.with_name(path.name + _BESIDE)


def _digest(file: Foreign) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with opened(file, most=sys.maxsize) as stream, file.guarded():
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _check(seal: bytes, digest: str, file: Foreign) -> None:
    if not seal.startswith(_MARK):
        raise file.fault("is damaged: it does not end with its checksum")
    if seal != _seal(digest):
        raise file.fault("is damaged: its content does not have the checksum that it was written with")


def _seal(digest: str) -> bytes:
    return _MARK + digest.encode() + b"\n"


def sealed_json(content: object) -> bytes:
    """Return a JSON text with the checksum of its content in it."""
    body = json.dumps(content, allow_nan=False, sort_keys=True)
    return f'{{"checksum": "{checksum(body.encode())}", "content": {body}}}\n'.encode()


def unsealed_json(text: bytes, file: Foreign, type: type[T] | object = Any) -> T | Any:
    """Return the content of such a text as what it must be.

    Raises
    ------
    NeurochipError
        Of the file's kind, when a single bit of it is another.
    """
    table: Any = decode_json(text, file)
    if not isinstance(table, dict) or set(table) != {"checksum", "content"}:
        raise file.damaged("it has no checksum")
    if sealed_json(table["content"]) != text:
        raise file.fault(
            "is damaged, or was edited: its content does not have the checksum that it was written with"
        )
    return decode_json(json.dumps(table["content"]), file, type)
