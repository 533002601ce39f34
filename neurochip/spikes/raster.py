"""`Spikes`: which neurons of a population fired in which tick, one bit each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from bitarray import bitarray, frozenbitarray
from numpy.typing import ArrayLike, NDArray

from neurochip.errors import DataError

__all__ = ["Spikes"]

_Axis = Literal["tick", "sample", "unit"]


@dataclass(frozen=True, slots=True)
class Spikes:
    """Spikes of a population over ticks, one bit for each unit, tick and, where there is a batch, sample.

    They equal one another when all their bits and their shape do. ``numpy.asarray(spikes)`` is u8[tick, unit], or
    u8[tick, sample, unit] of a batch. An index stands for the same axes: ``spikes[10:20]`` are ten ticks,
    ``spikes[:, 3:5]`` two units, ``spikes[:, 0]`` is one sample of a batch, whose axis goes. A single tick or unit
    stays an axis of length 1.

    Attributes
    ----------
    bits
        Tick by tick, within a tick sample by sample, within a sample unit by unit.
    ticks, units
        How many.
    batch
        Samples side by side; `None` where there is no such axis.

    Raises
    ------
    DataError
        When there are not ticks · batch · units bits.
    """

    bits: bitarray
    ticks: int
    units: int
    batch: int | None = None

    def __post_init__(self) -> None:
        """Check the shape and freeze the bits."""
        for name in ("ticks", "units", "batch"):
            value = getattr(self, name)
            if value is None and name == "batch":
                continue
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
                raise DataError(f"spikes.{name}", f"must be a whole number, 0 or more, got {value!r}")
            object.__setattr__(self, name, int(value))
        if not isinstance(self.bits, bitarray):
            raise DataError("spikes.bits", f"must be a bitarray, got {type(self.bits).__name__}")
        if len(self.bits) != self._size:
            shape = " × ".join(map(str, self.shape))
            raise DataError("spikes.bits", f"must be {shape} = {self._size} bits, got {len(self.bits)}")
        if not isinstance(self.bits, frozenbitarray) or self.bits.endian != "big":
            object.__setattr__(self, "bits", frozenbitarray(bitarray(self.bits, endian="big")))

    @classmethod
    def from_array(cls, values: ArrayLike, place: str = "spikes") -> Spikes:
        """Return the spikes of an array of 0 and 1.

        Parameters
        ----------
        values
            [tick, unit] or [tick, sample, unit], of any type of numbers.
        place
            Names the array in errors.

        Raises
        ------
        DataError
            For another shape, or anything but 0 and 1.
        """
        try:
            given = np.asarray(values)
        except ValueError:
            raise DataError(place, "must be an array, got rows of different lengths") from None
        if given.ndim not in (2, 3):
            raise DataError(
                place, f"must have shape (ticks, units) or (ticks, samples, units), got {given.shape}"
            )
        if given.dtype.kind not in "biuf":
            raise DataError(place, f"must hold 0 and 1, got {given.dtype}")
        fired = given if given.dtype == np.bool_ else given != 0
        wrong = np.zeros(0) if given.dtype == np.bool_ else np.argwhere(given != fired)
        if wrong.size:
            at = ", ".join(str(int(i)) for i in wrong[0])
            raise DataError(f"{place}[{at}]", f"must be 0 or 1, got {given[tuple(wrong[0])]}")
        ticks, *samples, units = given.shape
        return cls(_packed(fired), ticks, units, *samples)

    @classmethod
    def from_bytes(cls, data: bytes, *, ticks: int, units: int, batch: int | None = None) -> Spikes:
        """Return what `to_bytes` sent, to a receiver that knows the shape.

        Raises
        ------
        DataError
            When there are more or fewer bytes than the bits need, or one of the bits that fill up the last byte is set.
        """
        wanted = ticks * units * (1 if batch is None else batch)
        if len(data) != -(-wanted // 8):
            raise DataError("spikes", f"must be {-(-wanted // 8)} bytes for {wanted} bits, got {len(data)}")
        bits = bitarray(endian="big")
        bits.frombytes(data)
        if bits[wanted:].any():
            raise DataError("spikes", f"have a bit after the last, bit {bits.index(1, wanted)} of {wanted}")
        return cls(bits[:wanted], ticks, units, batch)

    @classmethod
    def joined(cls, parts: Sequence[Spikes]) -> Spikes:
        """Return ticks that follow one another.

        Parameters
        ----------
        parts
            At least one, all of the same units and batch.

        Raises
        ------
        DataError
            When one has another shape than the first.
        """
        if not parts:
            raise DataError("spikes", "must be at least one part, got none")
        first, bits = parts[0], bitarray(endian="big")
        for k, part in enumerate(parts):
            if (part.units, part.batch) != (first.units, first.batch):
                raise DataError(
                    f"spikes[{k}]", f"must have shape {first.shape} but for its ticks, got {part.shape}"
                )
            bits += part.bits
        return cls(bits, sum(part.ticks for part in parts), first.units, first.batch)

    @property
    def shape(self) -> tuple[int, ...]:
        """(ticks, units), or (ticks, samples, units)."""
        return (self.ticks, self.units) if self.batch is None else (self.ticks, self.batch, self.units)

    @property
    def _size(self) -> int:
        return self.ticks * self.units * (1 if self.batch is None else self.batch)

    def array(self) -> NDArray[np.uint8]:
        """Return u8[tick, unit] or u8[tick, sample, unit], a copy."""
        return np.unpackbits(np.frombuffer(self.bits.tobytes(), np.uint8), count=self._size).reshape(
            self.shape
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("spikes are packed; an array of them is a copy")
        return self.array() if dtype is None else self.array().astype(dtype)

    def __len__(self) -> int:
        return self.ticks

    def __getitem__(self, index: Any) -> Spikes:
        at = index if isinstance(index, tuple) else (index,)
        if len(at) > len(self.shape):
            raise IndexError(f"spikes have {len(self.shape)} axes, got {len(at)} indices")
        at += (slice(None),) * (len(self.shape) - len(at))
        kept: list[Any] = []
        for axis, (part, size) in enumerate(zip(at, self.shape, strict=True)):
            whole = isinstance(part, int | np.integer) and not isinstance(part, bool | np.bool_)
            if not whole and not isinstance(part, slice):
                raise TypeError(f"spikes are indexed by whole numbers and slices, got {part!r}")
            if whole and not -size <= part < size:
                raise IndexError(f"index {part} is out of range for {size} on axis {axis} of spikes")
            one = whole and not (axis == 1 and self.batch is not None)  # a sample is taken out, not cut out
            kept.append(slice(part % size, part % size + 1) if one else part)
        of_batch = 1 if self.batch is None else self.batch
        ticks = range(self.ticks)[kept[0]]
        if ticks.step == 1 and all(part == slice(None) for part in kept[1:]):
            row = self.units * of_batch
            return Spikes(self.bits[ticks.start * row : ticks.stop * row], len(ticks), self.units, self.batch)
        return Spikes.from_array(self.array()[tuple(kept)].astype(np.bool_))

    def count(self) -> int:
        """Return how many spikes there are."""
        return self.bits.count()

    def counts(self, axis: _Axis = "unit") -> NDArray[np.int64]:
        """Return the spikes of each unit, of each tick, or of each sample: i64[unit], i64[tick] or i64[sample].

        Raises
        ------
        DataError
            For samples where there is no batch, or another axis.
        """
        axes = ["tick", "unit"] if self.batch is None else ["tick", "sample", "unit"]
        if axis not in axes:
            raise DataError("axis", f"must be one of {', '.join(axes)}, got {axis!r}")
        others = tuple(k for k, name in enumerate(axes) if name != axis)
        counts: NDArray[np.int64] = self.array().sum(axis=others, dtype=np.int64)
        return counts

    def rates(self) -> NDArray[np.float64]:
        """Return spikes per tick, f64[unit], or f64[sample, unit] of a batch; 0 where there is no tick."""
        rates: NDArray[np.float64] = self.array().sum(axis=0, dtype=np.int64) / max(1, self.ticks)
        return rates

    def to_bytes(self) -> bytes:
        """Return the bits, eight to a byte from its highest bit on, the last byte filled up with 0: the wire form."""
        return self.bits.tobytes()

    def __repr__(self) -> str:
        samples = "" if self.batch is None else f", batch={self.batch}"
        return f"Spikes({self.count()} in ticks={self.ticks}, units={self.units}{samples})"


def _packed(fired: NDArray[np.bool_]) -> bitarray:
    bits = bitarray(endian="big")
    bits.frombytes(np.packbits(fired.reshape(-1)).tobytes())
    del bits[fired.size :]
    return bits
