"""The one family of errors: each says where, what is wrong, and what would be right, in one sentence."""

from __future__ import annotations

import re
from typing import Any, ClassVar

__all__ = [
    "EXIT_CODES",
    "CallbackError",
    "CapabilityError",
    "CheckpointError",
    "ConfigError",
    "DataError",
    "Interrupted",
    "MappingError",
    "NeurochipError",
    "NumericError",
    "OutputError",
    "StallError",
    "Stopped",
]

# Exit code of the command line → what ended it (docs/exit-codes.md). 128 + signal where one stopped it.
EXIT_CODES = {
    1: "a fault of the program, with its traceback; of `doctor`: something is in the way",
    2: "usage: a command, key or value that cannot be, or that this substrate cannot do",
    3: "data: a data set, file or checkpoint that is missing, damaged, or not what it claims to be",
    4: "does not fit: the network its chip, the run this machine's memory",
    5: "output: a result that could not be written, or a device that does not answer",
    6: "numbers: a run whose numbers left their range, or whose packets stalled",
    130: "stopped by SIGINT (Ctrl-C)",
    143: "stopped by SIGTERM",
}


# Everything that ends a line, moves a cursor or is half a character. A sentence quotes what users wrote, and some of
# that stands in files of others: it stays one line, and nothing in it is obeyed by a terminal.
_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def _one_line(text: str) -> str:
    return _UNSHOWN.sub(
        lambda found: " " if found[0] in "\t\n\r\u2028\u2029" else "\N{REPLACEMENT CHARACTER}", text
    )


class NeurochipError(Exception):
    """Base of every error that a user can cause.

    Parameters
    ----------
    place
        Where it is: a dotted key (``chip.core.neurons``), a file, an argument.
    problem
        What is wrong and what would be right, e.g. ``must be ≥ 1, got 0``.

    Attributes
    ----------
    exit_code
        Of a command that it ends; see `EXIT_CODES`.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(_one_line(f"{place}: {problem}" if place else problem))
        self.place = place
        self.problem = problem

    def within(self, outer: str) -> NeurochipError:
        """Return the same error, seen from further out: ``beta`` within ``learning`` is ``learning.beta``."""
        joint = ": " if outer.endswith((".toml", ".json")) else "."
        return type(self)(f"{outer}{joint}{self.place}" if self.place else outer, self.problem)

    def __reduce__(self) -> tuple[type[NeurochipError], tuple[str, str]]:
        """Cross process borders whole (the default would pass one joined argument)."""
        return type(self), (self.place, self.problem)


class ConfigError(NeurochipError, ValueError):
    """A run, chip specification, energy table or argument says something that cannot be."""


class DataError(NeurochipError, ValueError):
    """A data set or file is missing, damaged, or not what it claims to be."""

    exit_code = 3


class MappingError(NeurochipError):
    """A network does not fit the chip it is compiled for."""

    exit_code = 4


class CapabilityError(NeurochipError):
    """A substrate was asked for something that it cannot do."""


class NumericError(NeurochipError, ArithmeticError):
    """A number left its range: NaN, infinity, a sum beyond its register."""

    exit_code = 6


class StallError(NeurochipError):
    """The network on chip stopped, or was not done in time, with packets under way."""

    exit_code = 6


class CheckpointError(NeurochipError):
    """A checkpoint is damaged or belongs to another network or run."""

    exit_code = 3


class OutputError(NeurochipError, OSError):
    """A result could not be written."""

    exit_code = 5

    # OSError builds its text from two arguments in its own way; ours must win.
    def __str__(self) -> str:
        """Return ``place: problem``."""
        return _one_line(f"{self.place}: {self.problem}" if self.place else self.problem)


class CallbackError(NeurochipError):
    """A callback raised an exception, which is the cause of this one; the training ended after that epoch.

    Attributes
    ----------
    outcome, model
        All that was computed until then, as `neurochip.simulate` and `neurochip.train` would have returned it; `None`
        from the other of the two.
    """

    exit_code = 1
    outcome: Any = None
    model: Any = None


class Interrupted(KeyboardInterrupt):
    """A run was asked to stop and did, with all that it had computed in a checkpoint.

    Parameters
    ----------
    folder
        Where the run stands; `None` when it was not to be written.
    command
        What goes on with it.
    """

    def __init__(self, folder: str | None, command: str = "simulate") -> None:
        super().__init__(folder)
        self.folder = folder
        self.command = command


class Stopped(Interrupted, Exception):
    """A run ended because the ``stop`` that it was given said so: `Interrupted`, and an `Exception` like any other."""
