"""How long the ticks of a phase took on the chip, and what its cores, links and queues did meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.substrate import exact

__all__ = ["FRACTIONS", "MOST_LATENCY", "PhaseTime", "percentiles"]

FRACTIONS = 1 << 20  # times within cores are whole multiples of 2⁻²⁰ cycle, so that their sums are exact

Counts = NDArray[np.int64]
_SUMS = ("presentations", "ticks", "cycles", "barrier", "busy", "stalled", "link_load", "queue_dwelt")
# Arrays → their dimensions.
MOST_LATENCY = (1 << 20) - 1  # cycles; deliveries that take longer are counted among those that take so long
_DIMENSIONS = {"busy": 1, "stalled": 1, "link_load": 2, "queue_max": 2, "queue_dwelt": 2, "latencies": 1}
_LARGEST = ("longest", "queue_max")


def _nothing() -> Counts:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False, kw_only=True)
class PhaseTime:
    """Time of one phase; all integers, of any size. What a model of time does not know is empty.

    Attributes
    ----------
    presentations, ticks
        That were timed: all of the phase, or one in so many.
    cycles, barrier
        Of those ticks in all (of the update phase: of all changes of weights), and the part spent in barriers.
    longest
        Cycles of the longest tick.
    busy, stalled
        i64[core of the image], 2⁻²⁰ cycle: an engine works; none does and the sender waits for the network. Cores are
        idle for the rest. From counts alone, busy is the time of the busier engine.
    link_load
        i64[x · height + y, direction]: flits that left a place eastwards, westwards, northwards, southwards.
    queue_max, queue_dwelt
        i64[x · height + y, port]: most flits in the FIFOs of a router, and flits × cycles; ports are the four
        directions of travel, then the cores of the tile.
    latencies
        i64[cycle]: deliveries that took so many cycles from being made to their arrival.
    """

    presentations: int = 0
    ticks: int = 0
    cycles: int = 0
    barrier: int = 0
    longest: int = 0
    busy: Counts
    stalled: Counts
    link_load: Counts
    queue_max: Counts
    queue_dwelt: Counts
    latencies: Counts

    @classmethod
    def nothing(cls, n_cores: int) -> PhaseTime:
        """Return no time at all."""
        still = np.zeros(n_cores, dtype=np.int64)
        none = _nothing()
        return cls(
            busy=still, stalled=still, link_load=none, queue_max=none, queue_dwelt=none, latencies=none
        )

    def __add__(self, other: PhaseTime) -> PhaseTime:
        """Return the time of both."""
        sums: dict[str, Any] = {name: _plus(getattr(self, name), getattr(other, name)) for name in _SUMS}
        for name in _LARGEST:
            sums[name] = _larger(getattr(self, name), getattr(other, name))
        few, many = sorted((self.latencies, other.latencies), key=len)
        latencies = many.copy()
        latencies[: len(few)] += few
        return PhaseTime(**sums, latencies=latencies)

    @property
    def idle(self) -> Counts:
        """i64[core], 2⁻²⁰ cycle."""
        cycles = exact.integers([self.cycles * FRACTIONS] * len(self.busy))
        return exact.plus(cycles, -exact.plus(self.busy, self.stalled))

    def to_json(self) -> dict[str, object]:
        """Return plain integers and lists; `from_json` is the inverse."""
        found = {}
        for field in fields(self):
            value = getattr(self, field.name)
            found[field.name] = value.tolist() if isinstance(value, np.ndarray) else int(value)
        return found

    @classmethod
    def from_json(cls, table: Mapping[str, Any], n_cores: int) -> PhaseTime:
        """Read what `to_json` wrote of a chip with so many cores in use.

        Raises
        ------
        ValueError
            When the table is no such thing.
        """
        values: dict[str, Any] = {}
        for field in fields(cls):
            value = table.get(field.name)
            if field.name in _DIMENSIONS:
                values[field.name] = _counts(value, _DIMENSIONS[field.name], field.name)
            elif type(value) is int and value >= 0:
                values[field.name] = value
            else:
                raise ValueError(f"{field.name} is no count")
        for name in ("busy", "stalled"):
            if values[name].shape != (n_cores,):
                raise ValueError(f"{name} is not of {n_cores} cores")
        return cls(**values)


def _counts(value: Any, dimensions: int, name: str) -> Counts:
    """Return rows of counts, of which there may be none."""
    rows = value if isinstance(value, list) else None
    if rows == []:
        return _nothing()
    found = None if rows is None else np.array(rows)  # a ValueError where rows differ in length
    if found is not None and found.dtype != np.int64:  # beyond 64 bits, or no counts
        found = np.array(rows, dtype=object)
        found = found if all(type(n) is int for n in found.flat) else None
    if found is None or found.ndim != dimensions or found.min(initial=0) < 0:
        raise ValueError(f"{name} is no table of counts")
    return found


def _plus(first: Any, second: Any) -> Any:
    if isinstance(first, np.ndarray) and first.size == 0:
        return second
    if isinstance(second, np.ndarray) and second.size == 0:
        return first
    return exact.plus(first, second) if isinstance(first, np.ndarray) else first + second


def _larger(first: Any, second: Any) -> Any:
    if not isinstance(first, np.ndarray):
        return max(first, second)
    if first.size == 0 or second.size == 0:
        return second if first.size == 0 else first
    return np.maximum(first, second)


def percentiles(latencies: Counts, *percent: float) -> tuple[float, ...]:
    """Return cycles that so many of a hundred deliveries do not exceed; of no deliveries they are 0."""
    total = int(latencies.sum())
    if not total:
        return (0.0,) * len(percent)
    below = np.cumsum(latencies)
    # As numpy.percentile: linear between the two deliveries that are nearest in rank.
    rank = np.asarray(percent, dtype=np.float64) / 100 * (total - 1)
    low = np.searchsorted(below, np.floor(rank), side="right")
    high = np.searchsorted(below, np.ceil(rank), side="right")
    return tuple(float(cycles) for cycles in low + (rank - np.floor(rank)) * (high - low))
