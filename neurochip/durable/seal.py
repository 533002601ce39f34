"""Checksums: content that is sealed is read again as it was written, to the last bit, or refused by the file's name."""

from __future__ import annotations

import hashlib
import json
from typing import Any, TypeVar

from neurochip.files import Foreign, decode_json, opened

__all__ = ["check_seal", "checksum", "sealed", "sealed_json", "unsealed", "unsealed_json"]

T = TypeVar("T")

_MARK = b"\nneurochip checksum "
_PIECE = 1 << 20
_SIZE = len(_MARK) + 32 + 1


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


def _check(seal: bytes, digest: str, file: Foreign) -> None:
    if not seal.startswith(_MARK):
        raise file.fault("is damaged: it does not end with its checksum")
    if seal != _seal(digest):
        raise file.fault("is damaged: its content does not have the checksum that it was written with")


def _seal(digest: str) -> bytes:
    return _MARK + digest.encode() + b"\n"


def sealed_json(content: Any) -> bytes:
    """Return a JSON text with the checksum of its content in it."""
    body = json.dumps(content, allow_nan=False, sort_keys=True)
    return f'{{"checksum": "{checksum(body.encode())}", "content": {body}}}\n'.encode()


def unsealed_json(text: bytes, file: Foreign, type: type[T] | Any = Any) -> T | Any:
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
