"""Signals by hierarchical name, in groups whose values stand in one array; and which of them are wanted."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from neurochip.errors import ConfigError

__all__ = ["Chunk", "Kind", "SignalGroup", "TraceWriter", "families", "select"]

Kind = Literal["bit", "bits", "count", "real"]

_INDEX = re.compile(r"(?<=\.)\d+(?=\.|$)")


@dataclass(frozen=True, eq=False)
class SignalGroup:
    """Signals of one kind and unit, side by side.

    Attributes
    ----------
    name
        Of the whole group, unique, e.g. ``neuron.hidden.value``.
    signals
        Full name of each, e.g. ``neuron.hidden.17.value``.
    kind
        ``bit``: 0 or 1; ``count``: a whole number; ``real``; ``bits``: one signal that is all units at once, so the
        array has as many columns as units, and unit 0 is the lowest bit.
    unit
        In words, e.g. ``packets in the tick``.
    columns
        i64[signal]: columns of the source's own array that these signals are; `None`: all, in order.
    width
        Units of a group of ``bits``.
    """

    name: str
    signals: tuple[str, ...]
    kind: Kind
    unit: str
    columns: NDArray[np.int64] | None = None
    width: int = 1

    def of(self, values: NDArray[np.number]) -> NDArray[np.number]:
        """Return [tick, signal] out of the source's [tick, column]."""
        return values if self.columns is None or self.kind == "bits" else values[:, self.columns]


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some ticks of all groups.

    Attributes
    ----------
    first
        Number of the first tick.
    start, length
        i64[tick], when each tick begins and how long it takes, in picoseconds of chip time.
    values
        For each group [tick, signal], or [tick, unit] of a group of ``bits``.
    """

    first: int
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    values: tuple[NDArray[np.number], ...]

    @property
    def ticks(self) -> int:
        """How many."""
        return len(self.start)


class TraceWriter(Protocol):
    """A format of traces."""

    def __init__(self, file: BinaryIO, groups: Sequence[SignalGroup], about: str) -> None:
        """Begin a file of these signals."""

    def write(self, chunk: Chunk) -> None:
        """Append ticks."""

    def close(self) -> None:
        """End the file."""


def families(groups: Sequence[SignalGroup]) -> list[str]:
    """Return the names with * for each number: what there is, in a few lines."""
    return list(dict.fromkeys(_INDEX.sub("*", name) for group in groups for name in group.signals))


def select(groups: Sequence[SignalGroup], patterns: Sequence[str]) -> list[SignalGroup]:
    """Return the signals that match any of the patterns (``*``, ``?``, ``[…]``); all of them without patterns.

    Raises
    ------
    ConfigError
        When a pattern matches nothing.
    """
    if not patterns:
        return list(groups)
    wanted: dict[int, NDArray[np.bool_]] = {}
    known = families(groups)
    for pattern in patterns:
        matches = re.compile(fnmatch.translate(pattern)).match
        found = False
        for g, group in enumerate(groups):
            hit = np.array([matches(name) is not None for name in group.signals])
            if hit.any():
                found = True
                wanted[g] = wanted.get(g, np.zeros(len(hit), dtype=bool)) | hit
        if not found:
            close = difflib.get_close_matches(pattern, known, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}? " if close else ""
            raise ConfigError("signals", f"{pattern} matches none; {hint}there are {', '.join(known)}")
    chosen = []
    for g in sorted(wanted):
        group, columns = groups[g], np.flatnonzero(wanted[g])
        if len(columns) == len(group.signals):
            chosen.append(group)
        else:
            chosen.append(
                replace(group, signals=tuple(group.signals[int(c)] for c in columns), columns=columns)
            )
    return chosen
