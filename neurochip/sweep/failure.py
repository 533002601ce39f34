"""Kinds of failure: what a task that measured nothing died of."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from neurochip.errors import NeurochipError, NumericError, StallError

__all__ = ["OF_THE_MACHINE", "Failure", "kind_of", "to_be_tried_again"]


class Failure(enum.StrEnum):
    """Why a task measured nothing."""

    DIVERGED = "diverged"  # voltages or weights left the range of numbers
    NOT_A_NUMBER = "not a number"  # an error was measured, and is none
    STALLED = "stalled"  # the network on chip stopped with packets under way
    REFUSED = "refused"  # the chip, the data or the run cannot be had
    FAULT = "fault"  # an error of ours, or of a plug-in
    OUT_OF_MEMORY = "out of memory"
    WORKER_DIED = "worker died"
    NO_WEIGHTS = "no weights"  # the training failed whose weights it takes over


# These say nothing of the die.
OF_THE_MACHINE = frozenset({Failure.OUT_OF_MEMORY, Failure.WORKER_DIED})


def to_be_tried_again(kinds: Iterable[str | None]) -> frozenset[str]:
    """Return the kinds, of those that there are, which a sweep that goes on tries again, with what waited for them."""
    found = OF_THE_MACHINE & set(kinds)
    return frozenset({*found, Failure.NO_WEIGHTS} if found else ())


def kind_of(error: BaseException) -> Failure:
    """Return the kind of failure that an error is, where a worker lived to tell of it."""
    if isinstance(error, NumericError | FloatingPointError):
        return Failure.DIVERGED
    if isinstance(error, StallError):
        return Failure.STALLED
    if isinstance(error, NeurochipError):
        return Failure.REFUSED
    return Failure.OUT_OF_MEMORY if isinstance(error, MemoryError) else Failure.FAULT
