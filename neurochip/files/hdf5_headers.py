"""Object headers of HDF5: how long the texts of attributes are declared to be, before HDF5 is asked for them.

The header of version 1, which h5py writes by itself: HDF5 File Format Specification 3.0, IV.A.1.a and IV.A.2.m.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

__all__ = ["declared_lengths"]

_PREFIX = struct.Struct("<BxHIIxxxx")  # version, messages, references, bytes of the first block
_MESSAGE = struct.Struct("<HHBxxx")  # kind, bytes, flags
_BLOCK = struct.Struct("<QQ")  # place and bytes of a further block
_ATTRIBUTE = struct.Struct("<BxHHH")  # version, bytes of its name, of its type, of its shape
_ATTRIBUTE_KIND, _CONTINUATION_KIND = 0x0C, 0x10
_SHARED = 0x02
_MOST_BLOCKS = 1000


def declared_lengths(descriptor: int, address: int) -> dict[bytes, int]:
    """Return the first four bytes of each attribute of an object, by name: of a text of variable length its length.

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
    found: dict[bytes, int] = {}
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
        found[name] = int.from_bytes(body[value_at : value_at + 4], "little")
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
