"""A Verilog simulator as a running program: a host writes to the bus of an exported chip, and reads from it."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from neurochip.errors import DataError
from neurochip.files import briefly
from neurochip.rtl.bus_map import LOAD, BusFault, Command, address_of

__all__ = ["Bus"]

_AT_ONCE = 1024  # words that are read before the next is asked for: what a pipe holds
_COUNT_UP = 1 << 8
_FAULTS, _COMMAND = address_of("FAULTS"), address_of("COMMAND")


class Bus:
    """The bus of one chip. What is written is sent with the next read.

    Parameters
    ----------
    command
        Starts the bench of `bus_bench.v`.
    room, folder
        Where it runs, and the exported chip of which it is.
    limit_s
        Seconds after which it is stopped.
    """

    def __init__(self, command: Sequence[str], room: Path, folder: Path, limit_s: float) -> None:
        self._folder, self._waiting = folder, list[str]()
        self._process = subprocess.Popen(
            command, cwd=room, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace",
        )  # fmt: skip
        self._timer = threading.Timer(limit_s, self._process.kill)
        self._timer.daemon = True
        self._timer.start()
        self.accesses = 0

    def write(self, register: str, word: int) -> None:
        """Write a register."""
        self.write_at(address_of(register), word)

    def write_at(self, address: int, word: int) -> None:
        """Write to a byte offset."""
        self.accesses += 1
        self._waiting.append(f"W {address:x} {word & 0xFFFFFFFF:x}\n")

    def read(self, register: str, times: int = 1) -> list[int]:
        """Read a register, so many times."""
        return self.read_at(address_of(register), times)

    def read_at(self, address: int, times: int = 1) -> list[int]:
        """Read from a byte offset.

        Raises
        ------
        DataError
            When the simulation has ended, or says something else than a word.
        """
        found: list[int] = []
        while len(found) < times:
            some = min(times - len(found), _AT_ONCE)
            self.accesses += some
            self._waiting.append(f"R {address:x} {some:x}\n")
            self._send()
            found += [self._word() for _ in range(some)]
        return found

    def command(self, what: Command, *, count_up: bool = False) -> None:
        """Write to COMMAND."""
        self.write_at(_COMMAND, int(what) | (_COUNT_UP if count_up else 0))

    def finish(self) -> int:
        """Wait until the chip is not busy; return the cycles that a tick or a change of weights took."""
        self._waiting.append("P\n")
        return self.read("CYCLES")[0]

    def load(self, word: int, bits: int) -> None:
        """Write LOAD."""
        for k in range(-(-bits // 32)):
            self.write_at(LOAD + 4 * k, word >> 32 * k)

    def peeked(self, bits: int) -> int:
        """Read LOAD."""
        words = [self.read_at(LOAD + 4 * k)[0] for k in range(-(-bits // 32))]
        return sum(word << 32 * k for k, word in enumerate(words))

    def faults(self) -> BusFault:
        """Return what went wrong since this was asked last."""
        found = BusFault(self.read("FAULTS")[0])
        self.write_at(_FAULTS, int(found))
        return found

    def close(self) -> None:
        """End the simulation."""
        self._timer.cancel()
        if self._process.poll() is None and self._process.stdin is not None:
            try:
                self._waiting.append("E\n")
                self._send()
                self._process.stdin.close()
                self._process.wait(timeout=10)
            except (DataError, subprocess.TimeoutExpired, OSError):
                self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _send(self) -> None:
        text, self._waiting = "".join(self._waiting), []
        try:
            if self._process.stdin is not None:
                self._process.stdin.write(text)
                self._process.stdin.flush()
        except OSError as error:
            raise DataError(str(self._folder), "the simulation ended before its program") from error

    def _word(self) -> int:
        line = self._process.stdout.readline().strip() if self._process.stdout is not None else ""
        try:
            return int(line, 16)
        except ValueError:
            said = briefly(line or "nothing", 200)
            raise DataError(
                str(self._folder), f'a word was expected on the bus; the simulation said: "{said}"'
            ) from None
