"""`SpikeTrains`: the spikes that many samples show to the inputs of a network, as lists of ticks and units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.errors import DataError

__all__ = ["SpikeTrains"]

Array = NDArray[np.number]


@dataclass(frozen=True, slots=True, eq=False)
class SpikeTrains:
    """Spikes of samples over a window of ticks; most of a window is silence, so only those that there are stand here.

    Attributes
    ----------
    starts
        i64[sample + 1], where each sample begins and ends in ``at``.
    at
        i64[spike], tick · units + unit, rising within a sample: a unit fires once in a tick at most.
    ticks, units
        Of the window, and of the inputs.

    Raises
    ------
    DataError
        For lists that are not of this form.
    """

    starts: NDArray[np.int64] = field(repr=False)
    at: NDArray[np.int64] = field(repr=False)
    ticks: int
    units: int

    def __post_init__(self) -> None:
        """Check the lists."""
        starts, at = self.starts, self.at
        if self.ticks < 1 or self.units < 1:
            raise DataError("spikes", f"must have ticks and units, got {self.ticks} and {self.units}")
        rises = starts.ndim == 1 and len(starts) > 0 and starts[0] == 0 and not np.any(np.diff(starts) < 0)
        if not rises or starts[-1] != len(at):
            raise DataError("spikes", "must begin at 0 and end with the last spike, sample after sample")
        if len(at) and not (at.min() >= 0 and at.max() < self.ticks * self.units):
            raise DataError("spikes", f"must lie within {self.ticks} ticks and {self.units} units")
        later = np.diff(at) > 0
        later[starts[(starts > 0) & (starts < len(at))] - 1] = True
        if not later.all():
            raise DataError("spikes", "must rise within a sample, each tick and unit once")

    @classmethod
    def of(cls, sample: Array, tick: Array, unit: Array, samples: int, ticks: int, units: int) -> SpikeTrains:
        """Return events [event] as spikes, in any order; several of a unit in one tick are one spike."""
        flat = (sample.astype(np.int64) * ticks + tick) * units + unit
        flat.sort(kind="stable")  # nearly in order already; `numpy.unique` takes six times as long
        flat = flat[np.diff(flat, prepend=-1) != 0]
        starts = np.searchsorted(flat, np.arange(samples + 1, dtype=np.int64) * ticks * units)
        return cls(starts.astype(np.int64), flat % (ticks * units), ticks, units)

    @classmethod
    def from_array(cls, values: ArrayLike, place: str = "spikes") -> SpikeTrains:
        """Return the spikes of an array of 0 and 1, [sample, tick, unit].

        Raises
        ------
        DataError
            For another shape, or anything but 0 and 1.
        """
        given = np.asarray(values)
        if given.ndim != 3 or 0 in given.shape:
            raise DataError(place, f"must have shape (samples, ticks, units), got {given.shape}")
        if given.dtype.kind not in "biuf":
            raise DataError(place, f"must hold 0 and 1, got {given.dtype}")
        fired = given != 0
        wrong = np.argwhere(given != fired)
        if len(wrong):
            row, tick, unit = (int(k) for k in wrong[0])
            raise DataError(
                f"{place}: row {row + 1}, tick {tick + 1}, unit {unit + 1}",
                f"must be 0 or 1, got {given[row, tick, unit]:g}",
            )
        at = np.nonzero(fired)
        return cls.of(at[0], at[1], at[2], *given.shape)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.starts) - 1

    @property
    def shape(self) -> tuple[int, int]:
        """Samples, and units of the inputs."""
        return len(self), self.units

    @property
    def size(self) -> int:
        """How many spikes there are."""
        return len(self.at)

    def __getitem__(self, rows: Any) -> SpikeTrains:
        """Return some of the samples, by a slice or by their numbers."""
        chosen = np.arange(len(self))[rows]
        lengths = np.diff(self.starts)[chosen]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        offsets = np.repeat(self.starts[:-1][chosen] - starts[:-1], lengths)
        return SpikeTrains(starts, self.at[np.arange(starts[-1]) + offsets], self.ticks, self.units)

    def copy(self) -> SpikeTrains:
        """Return the same spikes in memory of their own."""
        return SpikeTrains(self.starts.copy(), self.at.copy(), self.ticks, self.units)

    def setflags(self, *, write: bool) -> None:
        """Let the lists be written to, or not."""
        self.starts.setflags(write=write)
        self.at.setflags(write=write)

    def bits(self) -> NDArray[np.uint8]:
        """Return the spikes as u8[sample, tick, unit]."""
        found = np.zeros((len(self), self.ticks * self.units), np.uint8)
        found[np.repeat(np.arange(len(self)), np.diff(self.starts)), self.at] = 1
        return found.reshape(len(self), self.ticks, self.units)

    def each_tick(self) -> NDArray[np.int64]:
        """Return where the spikes of each tick begin and end in ``at``, i64[sample, tick + 1]."""
        edges = np.arange(self.ticks + 1, dtype=np.int64) * self.units
        found = np.empty((len(self), self.ticks + 1), np.int64)
        for row, (first, last) in enumerate(zip(self.starts[:-1], self.starts[1:], strict=True)):
            found[row] = first + np.searchsorted(self.at[first:last], edges)
        return found
