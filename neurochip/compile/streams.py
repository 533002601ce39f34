"""Which streams of bits leave the cores of a chip in each link code, and where they go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.sending import Sending
from neurochip.description.chip import ChipSpec
from neurochip.spikes import Aer, Bitmap, LinkCode, Symbols

__all__ = ["CodeName", "Stream", "streams"]

Counts = NDArray[np.int64]

CodeName = Literal["symbols", "aer", "bitmap"]


class Stream(NamedTuple):
    """What one core sends in one link code.

    Attributes
    ----------
    row
        Who sends it: index of its piece, as of rows of the counters.
    site
        Core of the chip from which it goes.
    receivers
        Cores of the chip, where it arrives. To several of them it forks on a chip that routes multicast, and is copied
        on one that does not.
    code
        Writes it and reads it back.
    units
        Which neurons of the row it tells of, by their places among them.
    """

    row: int
    site: int
    receivers: tuple[int, ...]
    code: LinkCode
    units: Sequence[int]


class _Receiver(NamedTuple):
    """A core that receives: its site, bits that name one of its axons, and the axons of the sender's neurons."""

    site: int
    address_bits: int
    axons: Sequence[int]


def streams(sending: Sending, code: CodeName) -> list[Stream]:
    """Return all streams of a network that is laid out, in one link code.

    `symbols` leave every core once. `aer` and `bitmap` leave it once for each core that receives them, or, on a chip
    that routes multicast, once for all of them together: what nobody receives is not sent. Symbols and frames tell of
    all neurons of the sender. Packets go where their neurons have synapses: in `aer`, those that reach different cores
    send streams of their own.
    """
    chip, pieces, ways, site = sending.chip, sending.pieces, sending.ways, sending.pieces.site
    found = []
    if code != "aer":
        for piece, core in enumerate(site.tolist()):
            receivers = [_Receiver(at, 1, ()) for at in np.unique(site[sending.frames[piece] > 0]).tolist()]
            everyone = range(int(pieces.neurons[piece]))
            found += _of_sender(chip, code, (piece, core), everyone, receivers)
        return found
    axon_of, axons = _axon_numbers(sending)
    for way, (piece, row) in enumerate(zip(ways.pieces.tolist(), ways.rows.tolist(), strict=True)):
        population = int(pieces.population[piece])
        units = np.flatnonzero(ways.of[population] == way)
        among = np.flatnonzero(ways.of[population][pieces.of[population] == piece] == way)
        receivers = [
            _Receiver(
                core, max(1, (axons[core] - 1).bit_length()), tuple(axon_of[core][population][units].tolist())
            )
            for core in np.unique(site[sending.delivered[row] > 0]).tolist()
        ]
        found += _of_sender(chip, code, (piece, int(site[piece])), among.tolist(), receivers)
    return found


def _axon_numbers(sending: Sending) -> tuple[dict[int, list[Counts]], dict[int, int]]:
    """Return, by core: i64[unit] of each population, the axons of neurons that reach it; and how many it has."""
    numbers: dict[int, list[Counts]] = {}
    totals: dict[int, int] = {}
    for core in sending.cores.tolist():
        here = sending.delivered[:, sending.pieces.site == core]
        reaches = (here.sum(axis=1) > 0)[sending.ways.rows]
        numbers[core], total = [], 0
        for ways in sending.ways.of:
            numbers[core].append(total + np.cumsum(reaches[ways]) - 1)
            total += int(reaches[ways].sum())
        totals[core] = total
    return numbers, totals


def _of_sender(
    chip: ChipSpec,
    code: CodeName,
    sender: tuple[int, int],
    units: Sequence[int],
    receivers: Sequence[_Receiver],
) -> list[Stream]:
    row, site = sender
    everywhere = tuple(receiver.site for receiver in receivers)
    if code == "symbols":
        return [Stream(row, site, everywhere, Symbols(len(units)), units)]
    forks = chip.packet.routing == "multicast"
    ways = ([receivers] if receivers else []) if forks else [[receiver] for receiver in receivers]
    found: list[Stream] = []
    for way in ways:
        # A packet that forks has the longest address that any of its receivers needs.
        widest = max(way, key=lambda receiver: receiver.address_bits)
        header_bits = chip.packet.header_bits
        made = (
            Bitmap(len(units))
            if code == "bitmap"
            else Aer(widest.axons, header_bits, widest.address_bits, site & ((1 << header_bits) - 1))
        )
        found.append(Stream(row, site, tuple(receiver.site for receiver in way), made, units))
    return found
