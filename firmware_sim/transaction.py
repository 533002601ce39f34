"""What crosses the bus in one go: a list of reads and writes, and one answer. The payload of a TRANSACT or READ frame.

An operation is two words, ``kind | offset << 16`` and a number of words, and for writes the words themselves.
"""

from __future__ import annotations

import enum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from firmware_sim.codes import Code, Refusal
from firmware_sim.queues import WORD, Words
from firmware_sim.regmap import Register

__all__ = ["MOST_OPERATIONS", "Operation", "OpKind", "Transaction", "parsed"]

MOST_OPERATIONS = 256


class OpKind(enum.IntEnum):
    """What an operation does."""

    READ = 1  # so many registers, one after the other
    WRITE = 2
    DRAIN = 3  # at most so many words out of a queue; the answer begins with how many
    FILL = 4  # words into a queue


class Operation(NamedTuple):
    """One operation of a transaction; ``words`` of a write."""

    kind: OpKind
    offset: int
    n: int
    words: Words


_READ, _WRITE, _DRAIN, _FILL = OpKind.READ, OpKind.WRITE, OpKind.DRAIN, OpKind.FILL
_NONE = np.zeros(0, dtype=WORD)


class Transaction:
    """Collects operations; `parts` is what crosses."""

    def __init__(self) -> None:
        self._parts: list[Any] = []
        self._small: list[int] = []
        self.size = 0  # words

    def _head(self, kind: int, offset: int, count: int) -> None:
        self._small += (kind | offset << 16, count)
        self.size += 2

    def read(self, register: Register, words: int = 0) -> Transaction:
        """Read a register, all its words unless told otherwise."""
        self._head(_READ, register.offset, words or register.words)
        return self

    def write(self, register: Register, *values: int, word: int = 0) -> Transaction:
        """Write one word or several, from a word of the register on."""
        self._head(_WRITE, register.offset + 4 * word, len(values))
        self._small += values
        self.size += len(values)
        return self

    def drain(self, register: Register, most: int) -> Transaction:
        """Take at most so many words from a queue."""
        self._head(_DRAIN, register.offset, most)
        return self

    def fill(self, register: Register, *pieces: Words) -> Transaction:
        """Put words into a queue."""
        n = sum(piece.size for piece in pieces)
        self._head(_FILL, register.offset, n)
        self._flush()
        self._parts += [piece for piece in pieces if piece.size]
        self.size += n
        return self

    def _flush(self) -> None:
        if self._small:
            self._parts.append(np.array(self._small, dtype=WORD))
            self._small = []

    def parts(self) -> list[NDArray[Any]]:
        """Return the buffers of the payload, in order."""
        self._flush()
        return self._parts


def parsed(payload: Words) -> list[Operation]:
    """Return the operations of a payload.

    Raises
    ------
    Refusal
        When they do not add up to the payload, or are too many.
    """
    operations: list[Operation] = []
    at, n = 0, payload.size
    while at < n:
        if n - at < 2 or len(operations) == MOST_OPERATIONS:
            raise Refusal(Code.BAD_OPERATION, f"word {at}: half an operation, or more than {MOST_OPERATIONS}")
        head, count = int(payload[at]), int(payload[at + 1])
        kind, offset = head & 0xFFFF, head >> 16
        at += 2
        if kind not in (1, 2, 3, 4):
            raise Refusal(Code.BAD_OPERATION, f"word {at - 2}: {head:#010x} is no operation")
        words = _NONE
        if kind in (_WRITE, _FILL):
            if count > n - at:
                raise Refusal(
                    Code.BAD_OPERATION, f"word {at - 1}: {count} words declared, and {n - at} are there"
                )
            words = payload[at : at + count]
            at += count
        operations.append(Operation(OpKind(kind), offset, count, words))
    return operations
