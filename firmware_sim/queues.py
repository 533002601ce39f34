"""Queues of 32-bit words, bounded, and arrays as blocks of such words."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_sim.codes import Code, Refusal

__all__ = ["DTYPES", "OUT_MARK", "Words", "WordQueue", "block_of", "take_block", "text_block"]

Words = NDArray[np.uint32]
WORD = np.dtype("<u4")

# Number in the head of a block → type of its entries.
DTYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype("<f4"),
    2: np.dtype("<f8"),
    3: np.dtype("u1"),
    4: np.dtype("<u2"),
    5: np.dtype("<u4"),
    6: np.dtype("<u8"),
    7: np.dtype("i1"),
    8: np.dtype("<i2"),
    9: np.dtype("<i4"),
    10: np.dtype("<i8"),
    11: np.dtype("?"),
}
_NUMBERS = {kind: number for number, kind in DTYPES.items()}
_MARK, _MOST_DIMENSIONS = 0xA5, 8
OUT_MARK = 0x5A  # head of an item in OUT: mark << 24 | number of blocks << 16 | address of the instruction


class WordQueue:
    """First in, first out; never holds more than ``depth`` words.

    Memory is taken as words arrive, never by what somebody declares.
    """

    def __init__(self, name: str, depth: int) -> None:
        self.name = name
        self.depth = depth
        self._chunks: deque[Words] = deque()
        self._level = 0

    def __len__(self) -> int:
        return self._level

    @property
    def room(self) -> int:
        """Words that it still takes."""
        return self.depth - self._level

    def push(self, words: Words) -> None:
        """Append words; the caller gives them away."""
        if words.size > self.room:
            raise Refusal(Code.QUEUE_FULL, f"{self.name}: {words.size} words, and room for {self.room}")
        if words.size:
            self._chunks.append(words)
            self._level += words.size

    def take(self, n: int) -> Words:
        """Return the first ``n`` words."""
        if n > self._level:
            raise Refusal(
                Code.QUEUE_EMPTY, f"{self.name} holds {self._level} words, and {n} more were expected"
            )
        if n == 0:
            return np.zeros(0, dtype=WORD)
        self._level -= n
        first = self._chunks.popleft()
        if first.size > n:
            self._chunks.appendleft(first[n:])
            return first[:n]
        if first.size == n:
            return first
        parts, missing = [first], n - first.size
        while missing:
            part = self._chunks.popleft()
            if part.size > missing:
                self._chunks.appendleft(part[missing:])
                part = part[:missing]
            parts.append(part)
            missing -= part.size
        return np.concatenate(parts)

    def clear(self) -> None:
        """Drop everything."""
        self._chunks.clear()
        self._level = 0


def block_of(array: Any) -> tuple[Words, Words]:
    """Return head and body of an array as words: exact, whatever the type.

    The head is one word ``0xA5 << 24 | dimensions << 16 | type`` and one word per dimension.
    """
    array = np.asarray(array)
    kind = array.dtype.newbyteorder("<") if array.dtype.byteorder == ">" else array.dtype
    if kind not in _NUMBERS:
        kind = np.dtype("<f8")
    array = np.asarray(array, dtype=kind, order="C")
    head = np.array([_MARK << 24 | array.ndim << 16 | _NUMBERS[kind], *array.shape], dtype=WORD)
    flat = array.reshape(-1).view(np.uint8)
    if flat.size % 4:
        flat = np.concatenate([flat, np.zeros(-flat.size % 4, np.uint8)])
    return head, flat.view(WORD)


def text_block(text: str) -> tuple[Words, Words]:
    """Return a text as a block of bytes, UTF-8."""
    return block_of(np.frombuffer(text.encode(), dtype=np.uint8))


def take_block(queue: WordQueue, dimensions: Sequence[int] | None = None) -> NDArray[Any]:
    """Return the array at the front of a queue.

    Raises
    ------
    Refusal
        When the words are no block, or fewer than it declares; nothing is allocated for a declaration.
    """
    head = int(queue.take(1)[0])
    mark, ndim, number = head >> 24, head >> 16 & 0xFF, head & 0xFFFF
    if mark != _MARK or ndim > _MOST_DIMENSIONS or number not in DTYPES:
        raise Refusal(Code.BAD_BLOCK, f"{queue.name}: {head:#010x} is not the head of a block")
    shape = [int(n) for n in queue.take(ndim)]
    size = 1
    for n in shape:
        size *= n
    kind = DTYPES[number]
    words = -(-size * kind.itemsize // 4)
    if dimensions is not None and ndim not in dimensions:
        raise Refusal(Code.BAD_BLOCK, f"{queue.name}: a block of {ndim} dimensions is not expected here")
    if 0 in shape and any(n > 1 << 28 for n in shape):
        raise Refusal(Code.BAD_BLOCK, f"{queue.name}: no array has shape {tuple(shape)}")
    body = queue.take(words).view(np.uint8)[: size * kind.itemsize]
    if kind.kind == "b" and body.size and body.max() > 1:
        raise Refusal(Code.BAD_BLOCK, f"{queue.name}: a truth value is 0 or 1")
    return body.view(kind).reshape(shape)
