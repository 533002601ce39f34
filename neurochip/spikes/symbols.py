"""The link code `symbols`: every neuron sends its bit in every tick, whatever it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bitarray import bitarray

from neurochip.errors import DataError
from neurochip.spikes.raster import Spikes

__all__ = ["Symbols"]


@dataclass(frozen=True, slots=True)
class Symbols:
    """One bit per neuron and tick.

    Attributes
    ----------
    units
        Neurons of the sending core.
    """

    units: int

    def encode(self, spikes: Spikes) -> list[bitarray]:
        """Return what is sent in each tick, for spikes [tick, unit] of the core."""
        check_units(spikes, self.units)
        return [spikes.bits[at : at + self.units] for at in range(0, spikes.ticks * self.units, self.units)]

    def decode(self, sent: Sequence[bitarray]) -> Spikes:
        """Return the spikes of a stream, a part for each tick.

        Raises
        ------
        DataError
            When a tick has another number of bits than the core has neurons.
        """
        bits = bitarray(endian="big")
        for tick, part in enumerate(sent):
            if len(part) != self.units:
                raise DataError(
                    f"stream[{tick}]", f"must be {self.units} bits, one a neuron, got {len(part)}"
                )
            bits += part
        return Spikes(bits, len(sent), self.units)


def check_units(spikes: Spikes, units: int) -> None:
    """Refuse spikes of other neurons, or of a batch: on the chip its samples follow one another."""
    if spikes.batch is not None or spikes.units != units:
        raise DataError("spikes", f"must have shape (ticks, {units}), got {spikes.shape}")
