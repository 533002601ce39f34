"""A timeline for ui.perfetto.dev and chrome://tracing: the JSON array of the Trace Event Format, one event per line.

A track for each core with what it did in each tick, and a counter for every other signal.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from neurochip.trace.signals import Chunk, SignalGroup

__all__ = ["PerfettoTrace"]

_PS_PER_US = 1e6
_DOING = ("busy", "stalled", "idle")


class PerfettoTrace:
    """Writes events, tick after tick.

    ``core.N.busy``, ``.stalled`` and ``.idle`` become slices on the track of core N: how long in each tick, not
    when, so they stand in this order. Everything else becomes counters; a population's ``spikes`` the number of ones.

    Parameters
    ----------
    file
        Open for writing bytes.
    groups
        The signals.
    about
        Name of the process that the tracks belong to.
    """

    def __init__(self, file: BinaryIO, groups: Sequence[SignalGroup], about: str) -> None:
        self._file = file
        self._groups = list(groups)
        self._last: list[NDArray[np.number] | None] = [None] * len(groups)
        self._doing = {
            what: g for what in _DOING for g, group in enumerate(groups) if group.name == f"core.{what}"
        }
        self._file.write(b"[\n")
        self._begun = False
        self._event({"ph": "M", "pid": 1, "name": "process_name", "args": {"name": about}})
        self._event({"ph": "M", "pid": 1, "tid": 0, "name": "thread_name", "args": {"name": "ticks"}})
        self._cores = sorted({int(n.split(".")[1]) for g in self._doing.values() for n in groups[g].signals})
        for core in self._cores:
            name = {"name": f"core {core}"}
            self._event({"ph": "M", "pid": 1, "tid": core + 1, "name": "thread_name", "args": name})

    def _event(self, event: dict[str, object]) -> None:
        self._file.write((b",\n" if self._begun else b"") + json.dumps(event, separators=(",", ":")).encode())
        self._begun = True

    def write(self, chunk: Chunk) -> None:
        """Append ticks."""
        slices = set(self._doing.values())
        series = [
            values.sum(axis=1, keepdims=True, dtype=np.int64) if group.kind == "bits" else values
            for group, values in zip(self._groups, chunk.values, strict=True)
        ]
        for t in range(chunk.ticks):
            start, length = chunk.start[t] / _PS_PER_US, chunk.length[t] / _PS_PER_US
            self._slice(0, f"tick {chunk.first + t}", start, length)
            self._core_slices(chunk, t, start, length)
            for g, (group, values) in enumerate(zip(self._groups, series, strict=True)):
                if g in slices:
                    continue
                before = values[t - 1] if t else self._last[g]
                changed = range(values.shape[1]) if before is None else np.flatnonzero(values[t] != before)
                for c in changed:
                    self._counter(group.signals[c], start, values[t, c].item())
        self._last = [values[-1].copy() for values in series] if chunk.ticks else self._last

    def _core_slices(self, chunk: Chunk, t: int, start: float, length: float) -> None:
        """Write what each core did in a tick, as parts of its length."""
        parts: dict[int, list[tuple[str, float]]] = {}
        for what, g in self._doing.items():
            for name, cycles in zip(self._groups[g].signals, chunk.values[g][t].tolist(), strict=True):
                parts.setdefault(int(name.split(".")[1]), []).append((what, cycles))
        for core, spent in parts.items():
            at = start
            whole = sum(cycles for _, cycles in spent) or 1.0
            for what, cycles in spent:
                took = length * cycles / whole
                if cycles > 0:
                    self._slice(core + 1, what, at, took, {"cycles": cycles})
                at += took

    def _slice(
        self, track: int, name: str, at: float, took: float, args: dict[str, float] | None = None
    ) -> None:
        event: dict[str, object] = {"ph": "X", "pid": 1, "tid": track, "name": name, "ts": at, "dur": took}
        self._event(event if args is None else event | {"args": args})

    def _counter(self, name: str, at: float, value: float) -> None:
        self._event({"ph": "C", "pid": 1, "name": name, "ts": at, "args": {"value": value}})

    def close(self) -> None:
        """End the array."""
        self._file.write(b"\n]\n")
