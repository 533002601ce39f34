"""Frames on the wire: a header of 24 bytes, little-endian, and a payload of at most 16 MiB.

The CRC-32 covers the header up to itself and the payload. Nothing is allocated for a length that is only declared.
"""

from __future__ import annotations

import enum
import math
import struct
import time
import zlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from firmware_sim.codes import Code
from firmware_sim.container import Buffer, bytes_of

__all__ = [
    "HEADER",
    "HELLO",
    "MAGIC",
    "MOST_BYTES",
    "VERSION",
    "WELCOME",
    "Frame",
    "FrameError",
    "FrameReader",
    "Kind",
    "frame_parts",
]

MAGIC = b"NCFW"
VERSION = 2
MOST_BYTES = 1 << 24
HEADER = struct.Struct("<4sBBHQII")  # magic, version, kind, code, sequence, length, CRC-32
_UNSIGNED = struct.Struct("<4sBBHQI")  # the same without the CRC
HELLO = struct.Struct("<Q16s")  # session, 0 for a new one; token of the device
WELCOME = struct.Struct(
    "<QQII"
)  # session, last sequence number carried out, most bytes of a payload, 1 if it stores
_SMALL = 1 << 16


class Kind(enum.IntEnum):
    """What a frame is."""

    HELLO = 1
    WELCOME = 2
    READ = 3
    TRANSACT = 4
    ANSWER = 5
    BYE = 6
    REFUSED = 7


_KINDS = frozenset(int(kind) for kind in Kind)


class FrameError(Exception):
    """What came is no frame; after it nothing on this connection can be trusted."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code


class Frame(NamedTuple):
    """A frame; its payload is only there until the next one is read."""

    kind: int
    code: int
    sequence: int
    payload: memoryview


def frame_parts(kind: Kind, sequence: int, parts: Sequence[Buffer] = (), code: int = 0) -> list[Any]:
    """Return header and payload as buffers, uncopied."""
    views = [bytes_of(part) for part in parts]
    length = sum(map(len, views))
    head = _UNSIGNED.pack(MAGIC, VERSION, kind, code, sequence, length)
    crc = zlib.crc32(head)
    for view in views:
        crc = zlib.crc32(view, crc)
    return [head + crc.to_bytes(4, "little"), *views]


class FrameReader:
    """Reads frames from whatever fills a buffer.

    Parameters
    ----------
    recv_into
        As of a socket: puts bytes into a buffer and returns how many; 0 at the end.
    on_wait
        Called when ``recv_into`` timed out; it raises to give up. ``begun`` says whether a part of a frame is there.
    deadline
        Seconds from the first bytes of a frame until it must be whole, however busily it trickles in; `None`: no end.
    """

    def __init__(
        self,
        recv_into: Callable[[Any], int],
        on_wait: Callable[[bool], None] | None = None,
        deadline: float | None = None,
    ) -> None:
        self._deadline, self._until = deadline, math.inf
        self._recv_into = recv_into
        self._on_wait = on_wait
        self._small = bytearray(_SMALL)
        self._view = memoryview(self._small)
        self._first = self._last = 0
        self._large = bytearray()

    def _receive(self, view: memoryview, begun: bool) -> int:
        while True:
            try:
                n = self._recv_into(view)
            except (BlockingIOError, TimeoutError):
                if self._on_wait is None:
                    raise TimeoutError("timed out") from None
                self._on_wait(begun)
                continue
            if n == 0:
                raise EOFError
            if self._deadline is not None:
                now = time.monotonic()
                if now > self._until:
                    raise TimeoutError("a frame takes too long")
                self._until = min(self._until, now + self._deadline)
            return n

    def _need(self, n: int, begun: bool) -> None:
        """Have so many bytes in the small buffer; it is large enough."""
        if self._first == self._last:
            self._first = self._last = 0
        elif self._first + n > _SMALL:
            rest = bytes(self._view[self._first : self._last])
            self._view[: len(rest)] = rest
            self._first, self._last = 0, len(rest)
        while self._last - self._first < n:
            self._last += self._receive(self._view[self._last :], begun or self._last > self._first)

    def read(self) -> Frame:
        """Return the next frame.

        Raises
        ------
        FrameError
            When what came is none.
        EOFError
            At the end.
        """
        self._until = math.inf
        self._need(24, False)
        at = self._first
        magic, version, kind, code, sequence, length, crc = HEADER.unpack_from(self._small, at)
        if magic != MAGIC:
            raise FrameError(Code.BAD_MAGIC)
        if version != VERSION:
            raise FrameError(Code.BAD_VERSION)
        if length > MOST_BYTES:
            raise FrameError(Code.TOO_LONG)
        if length + 24 <= _SMALL:
            self._need(24 + length, True)
            at = self._first
            self._first += 24 + length
            head, payload = self._view[at : at + 20], self._view[at + 24 : at + 24 + length]
        else:
            head = memoryview(bytes(self._view[at : at + 20]))
            payload = self._read_large(length, at + 24)
        if zlib.crc32(payload, zlib.crc32(head)) != crc:
            raise FrameError(Code.BAD_CRC)
        if kind not in _KINDS:
            raise FrameError(Code.BAD_KIND)
        return Frame(kind, code, sequence, payload)

    def _read_large(self, length: int, at: int) -> memoryview:
        """Read a payload that is larger than the small buffer; room doubles as bytes arrive."""
        have = min(self._last - at, length)
        if len(self._large) < max(_SMALL, have):
            self._large = bytearray(max(_SMALL, have))
        self._large[:have] = self._view[at : at + have]
        self._first = at + have
        while have < length:
            if have == len(self._large):
                larger = bytearray(min(2 * have, MOST_BYTES))
                larger[:have] = self._large
                self._large = larger
            with memoryview(self._large) as view:
                have += self._receive(view[have:length], True)
        return memoryview(self._large)[:length]
