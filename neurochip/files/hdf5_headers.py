"""Where HDF5 files keep texts: looked at before HDF5 is asked, which trusts lengths, and may go round for ever.

Object headers of version 1, which h5py writes by itself, and global heaps: HDF5 File Format Specification 3.0, III.E,
IV.A.1.a and IV.A.2.m.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["REFERENCE_BYTES", "TextPlace", "check_heap", "text_place", "text_places"]

_PREFIX = struct.Struct("<BxHIIxxxx")  # version, messages, references, bytes of the first block
_MESSAGE = struct.Struct("<HHBxxx")  # kind, bytes, flags
_BLOCK = struct.Struct("<QQ")  # place and bytes of a further block
_ATTRIBUTE = struct.Struct("<BxHHH")  # version, bytes of its name, of its type, of its shape
_ATTRIBUTE_KIND, _CONTINUATION_KIND = 0x0C, 0x10
_REFERENCE = struct.Struct("<IQI")  # length of a text, heap, object in it
_HEAP = struct.Struct("<4sB3xQ")  # signature, version, bytes
_OBJECT = struct.Struct("<HHxxxxQ")  # number, references, bytes; 0 is what is free
_SHARED = 0x02
_MOST_BLOCKS = 1000
REFERENCE_BYTES = _REFERENCE.size


class TextPlace(NamedTuple):
    """Where a text of variable length stands: its declared bytes, and the byte at which its heap begins (0: none)."""

    length: int
    heap: int


def text_place(raw: bytes) -> TextPlace:
    """Return what an element of variable length says of its text."""
    length, heap, _ = _REFERENCE.unpack_from(raw)
    return TextPlace(length, heap)


def check_heap(descriptor: int, address: int) -> None:
    """Walk the objects of a global heap. HDF5 does not end where one is free and takes no space.

    Raises
    ------
    ValueError
        When it is no heap, or its objects do not fill it.
    """
    signature, version, size = _HEAP.unpack(_read(descriptor, address, _HEAP.size))
    if signature != b"GCOL" or version != 1:
        raise ValueError("no heap")
    content, at = _read(descriptor, address, size), _HEAP.size
    while at + _OBJECT.size <= size:
        number, _, length = _OBJECT.unpack_from(content, at)
        needed = length if number == 0 else _OBJECT.size + -(-length // 8) * 8
        if needed < _OBJECT.size or at + needed > size:
            raise ValueError("an object of a heap is damaged")
        at += needed


def text_places(descriptor: int, address: int) -> dict[bytes, TextPlace]:
    """Return where the texts of an object's attributes stand, by name; of other attributes it means nothing.

    Parameters
    ----------
    descriptor
        Of the open file.
    address
        Byte of the file at which the object's header begins.

    Raises
    ------
    ValueError
        When the header is of another version, or damaged.
    """
    found: dict[bytes, TextPlace] = {}
    for kind, flags, body in _messages(descriptor, address):
        if kind != _ATTRIBUTE_KIND:
            continue
        if flags & _SHARED or len(body) < _ATTRIBUTE.size:
            raise ValueError("an attribute is kept elsewhere")
        version, *sizes = _ATTRIBUTE.unpack_from(body)
        name_at = _ATTRIBUTE.size + (version == 3)  # a byte for the set of characters
        if version == 1:  # each part ends at a multiple of 8
            sizes = [sizes[0], *(-(-size // 8) * 8 for size in sizes[1:])]
        value_at = name_at + (-(-sizes[0] // 8) * 8 if version == 1 else sizes[0]) + sum(sizes[1:])
        if version not in (1, 2, 3) or value_at > len(body):
            raise ValueError("an attribute is damaged")
        name = body[name_at : name_at + sizes[0]].partition(b"\0")[0]
        if len(body) >= value_at + REFERENCE_BYTES:
            found[name] = text_place(body[value_at:])
    return found


def _messages(descriptor: int, address: int) -> Iterator[tuple[int, int, bytes]]:
    """Return kind, flags and content of each message of a header."""
    version, left, _, size = _PREFIX.unpack(_read(descriptor, address, _PREFIX.size))
    if version != 1:
        raise ValueError(f"a header of version {version}")
    blocks = [(address + _PREFIX.size, size)]
    for k in range(_MOST_BLOCKS):
        if k == len(blocks):
            return
        block, at = _read(descriptor, *blocks[k]), 0
        while left and at + _MESSAGE.size <= len(block):
            kind, size, flags = _MESSAGE.unpack_from(block, at)
            at += _MESSAGE.size
            body, at, left = block[at : at + size], at + size, left - 1
            if at > len(block):
                raise ValueError("a message ends after its block")
            if kind == _CONTINUATION_KIND:
                blocks.append(_BLOCK.unpack_from(body))
            else:
                yield kind, flags, body
    raise ValueError("too many blocks")


def _read(descriptor: int, at: int, size: int) -> bytes:
    if not 0 <= at <= at + size <= os.fstat(descriptor).st_size:
        raise ValueError("a block ends after the file")
    return os.pread(descriptor, size, at)
