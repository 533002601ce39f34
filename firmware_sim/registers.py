"""The registers of a device: one word each, read and written as the map allows."""

from __future__ import annotations

import struct
from collections.abc import Callable

from firmware_sim.codes import Code, Refusal
from firmware_sim.regmap import REGISTERS, Access, Register

__all__ = ["RegisterFile", "double_of", "words_of"]


def words_of(value: float) -> tuple[int, int]:
    """Return a float64 as two words, low one first."""
    low, high = struct.unpack("<II", struct.pack("<d", value))
    return low, high


def double_of(low: int, high: int) -> float:
    """Return the float64 that two words hold."""
    value: float = struct.unpack("<d", struct.pack("<II", low, high))[0]
    return value


class RegisterFile:
    """Words behind the map.

    Attributes
    ----------
    on_read
        Register name → what gives a word at the moment it is read, in place of a stored one.
    on_write
        Register name → what happens with a word that is written.
    """

    def __init__(self, registers: tuple[Register, ...] = REGISTERS) -> None:
        self.registers = registers
        end = max(register.end for register in registers)
        self._at: list[tuple[Register, int] | None] = [None] * (end // 4)
        self._words = [0] * (end // 4)
        self.on_read: dict[str, Callable[[int], int]] = {}
        self.on_write: dict[str, Callable[[int, int], None]] = {}
        for register in registers:
            for word in range(register.words):
                self._at[register.offset // 4 + word] = (register, word)
        self.reset()

    def reset(self) -> None:
        """Put every word to its reset value."""
        for at, entry in enumerate(self._at):
            if entry is not None:
                self._words[at] = entry[0].reset_of(entry[1])

    def at(self, offset: int) -> tuple[Register, int]:
        """Return the register at an offset, and which of its words it is."""
        if offset % 4 or not 0 <= offset // 4 < len(self._at):
            raise Refusal(Code.NO_REGISTER, f"{offset:#06x}: no register has this offset")
        entry = self._at[offset // 4]
        if entry is None:
            raise Refusal(Code.NO_REGISTER, f"{offset:#06x}: no register has this offset")
        return entry

    def check(self, offset: int, *, write: bool, port: bool) -> Register:
        """Return the register at an offset, if it may be used so."""
        register, _ = self.at(offset)
        if bool(register.port) != port:
            raise Refusal(Code.NOT_A_PORT, f"{register.name}: " + ("is no port" if port else "is a port"))
        if write and register.access in (Access.R, Access.RC):
            raise Refusal(Code.NOT_WRITABLE, f"{register.name}: can only be read")
        if not write and register.access is Access.W:
            raise Refusal(Code.NOT_READABLE, f"{register.name}: can only be written")
        return register

    def read(self, offset: int) -> int:
        """Return a word as the host reads it; RC registers are 0 afterwards."""
        register, word = self.at(offset)
        given = self.on_read.get(register.name)
        if given is not None:
            return given(word) & (1 << register.width) - 1
        value = self._words[offset // 4]
        if register.access is Access.RC:
            self._words[offset // 4] = 0
        return value

    def write(self, offset: int, value: int) -> None:
        """Write a word as the host does: bits beyond the width are not kept; W1C clears where a 1 is written."""
        register, word = self.at(offset)
        value &= (1 << register.width) - 1
        if register.access is Access.W1C:
            self._words[offset // 4] &= ~value
        elif register.access is Access.RW:
            self._words[offset // 4] = value
        action = self.on_write.get(register.name)
        if action is not None:
            action(word, value)

    def get(self, register: Register, word: int = 0) -> int:
        """Return a stored word, as the device sees it."""
        return self._words[register.offset // 4 + word]

    def put(self, register: Register, value: int, word: int = 0) -> None:
        """Store a word, as the device does."""
        self._words[register.offset // 4 + word] = value & (1 << register.width) - 1

    def double(self, register: Register, word: int = 0) -> float:
        """Return a float64 that two words hold."""
        return double_of(self.get(register, word), self.get(register, word + 1))

    def dump(self) -> list[int]:
        """Return all stored words."""
        return list(self._words)

    def restore(self, words: list[int]) -> None:
        """Take back what `dump` returned."""
        if len(words) != len(self._words):
            raise Refusal(Code.BAD_IMAGE, "the registers were stored with another map")
        for at, entry in enumerate(self._at):
            if entry is not None:
                self._words[at] = int(words[at]) & (1 << entry[0].width) - 1
