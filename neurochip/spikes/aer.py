"""The link code `aer` (address–event representation): for each spike a packet, a header and the address of an axon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from bitarray import bitarray
from bitarray.util import int2ba
from numpy.typing import NDArray

from neurochip.errors import DataError
from neurochip.spikes.raster import Spikes
from neurochip.spikes.symbols import check_units

__all__ = ["Aer"]


@dataclass(frozen=True, slots=True)
class Aer:
    """A packet per spike. Which tick it is of, the barrier says and not the packet.

    Attributes
    ----------
    axons
        Address of each neuron of the sending core: its axon where the packet arrives.
    header_bits, address_bits
        Widths of the two parts of a packet, the header first.
    header
        What every header says.

    Raises
    ------
    DataError
        When an address or the header needs more bits than it has, or two neurons have one address.
    """

    axons: Sequence[int]
    header_bits: int
    address_bits: int
    header: int = 0

    def __post_init__(self) -> None:
        """Check that every packet can be written and read."""
        last = max(self.axons, default=0)
        if min(self.axons, default=0) < 0 or last.bit_length() > self.address_bits:
            raise DataError("aer.address_bits", f"must name axon {last}, got {self.address_bits} bits")
        if len(set(self.axons)) != len(self.axons):
            raise DataError("aer.axons", "must differ, got the same for two neurons")
        if self.header < 0 or self.header.bit_length() > self.header_bits:
            raise DataError("aer.header_bits", f"must hold header {self.header}, got {self.header_bits} bits")
        if self.packet_bits < 1:
            raise DataError("aer", "must have at least one bit in a packet, got none")

    @property
    def units(self) -> int:
        """Neurons of the sending core."""
        return len(self.axons)

    @property
    def packet_bits(self) -> int:
        """Bits of one packet."""
        return self.header_bits + self.address_bits

    def encode(self, spikes: Spikes) -> list[bitarray]:
        """Return what is sent in each tick, for spikes [tick, unit] of the core: packets, neuron by neuron."""
        check_units(spikes, self.units)
        places = np.arange(self.address_bits - 1, -1, -1)
        packets = np.empty((self.units, self.packet_bits), dtype=np.uint8)
        packets[:, : self.header_bits] = self._written_header()
        packets[:, self.header_bits :] = (np.asarray(self.axons)[:, None] >> places) & 1
        sent = []
        for fired in spikes.array():
            bits = packets[fired == 1]
            part = bitarray(endian="big")
            part.frombytes(np.packbits(bits).tobytes())
            sent.append(part[: bits.size])
        return sent

    def decode(self, sent: Sequence[bitarray]) -> Spikes:
        """Return the spikes of a stream, a part for each tick, whatever the order of its packets.

        Raises
        ------
        DataError
            For a part that is no whole number of packets, another header, the address of an axon that is not the
            sender's, or one that comes twice in a tick.
        """
        unit_of = {axon: unit for unit, axon in enumerate(self.axons)}
        fired = np.zeros((len(sent), self.units), dtype=np.bool_)
        for tick, part in enumerate(sent):
            place = f"stream[{tick}]"
            if len(part) % self.packet_bits:
                raise DataError(place, f"must be packets of {self.packet_bits} bits, got {len(part)} bits")
            packets = np.frombuffer(part.unpack(), np.uint8).reshape(-1, self.packet_bits)
            if (packets[:, : self.header_bits] != self._written_header()).any():
                raise DataError(place, f"has a packet whose header is not {self.header}")
            for axon in _numbers(packets[:, self.header_bits :]).tolist():
                if axon not in unit_of:
                    raise DataError(place, f"has a packet to axon {axon}, which is none of the sender's")
                if fired[tick, unit_of[axon]]:
                    raise DataError(place, f"has two packets to axon {axon}")
                fired[tick, unit_of[axon]] = True
        return Spikes.from_array(fired)

    def _written_header(self) -> NDArray[np.uint8]:
        bits = int2ba(self.header, self.header_bits, endian="big") if self.header_bits else bitarray()
        return np.frombuffer(bits.unpack(), np.uint8)


def _numbers(bits: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the numbers that rows of bits write, the highest bit first."""
    weights = np.left_shift(np.int64(1), np.arange(bits.shape[1] - 1, -1, -1, dtype=np.int64))
    numbers: NDArray[np.int64] = bits.astype(np.int64) @ weights
    return numbers
