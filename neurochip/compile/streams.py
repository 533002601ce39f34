"""Which streams of bits leave the cores of a chip in each link code, and where they go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.image import ChipImage
from neurochip.compile.placement import PlacedNetwork
from neurochip.description.chip import ChipSpec
from neurochip.spikes import Aer, Bitmap, LinkCode, Symbols

__all__ = ["CodeName", "Stream", "placed_streams", "streams"]

Counts = NDArray[np.int64]

CodeName = Literal["symbols", "aer", "bitmap"]


class Stream(NamedTuple):
    """What one core sends in one link code.

    Attributes
    ----------
    row
        Who sends it: index of a core of an image, or of a piece of a placed network, as of rows of the counters.
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


def streams(image: ChipImage, code: CodeName) -> list[Stream]:
    """Return all streams of a compiled chip in one link code.

    `symbols` leave every core once. `aer` and `bitmap` leave it once for each core that receives them, or, on a chip
    that routes multicast, once for all of them together: what nobody receives is not sent.
    """
    found = []
    for c, core in enumerate(image.cores):
        receivers = [
            _Receiver(image.cores[r].site, image.address_bits[r], _axons(image, c, r))
            for r in image.receivers[c]
        ]
        found += _of_sender(image.chip, code, (c, core.site), range(core.size), receivers)
    return found


def _axons(image: ChipImage, sender: int, receiver: int) -> range:
    """Return the axons of a core's neurons on a core that receives them: populations come there in their order."""
    network, core = image.network, image.cores[sender]
    origins = {network.projections[k].source for k in network.into(image.cores[receiver].population)}
    first = sum(network.sizes[p] for p in origins if p < core.population)
    return range(first + core.first, first + core.last)


def placed_streams(placed: PlacedNetwork, code: CodeName) -> list[Stream]:
    """Return all streams of a network laid out by hand, as `streams` of a compiled chip.

    Symbols and frames tell of all neurons of the sender. Packets go where their neurons have synapses: in `aer`, those
    that reach different cores send streams of their own.
    """
    found = []
    if code != "aer":
        for row, site in enumerate(placed.sites.tolist()):
            receivers = [
                _Receiver(at, 1, ()) for at in np.unique(placed.sites[placed.frames[row] > 0]).tolist()
            ]
            everyone = range(int(placed.neurons[row]))
            found += _of_sender(placed.chip, code, (row, site), everyone, receivers)
        return found
    axon_of, axons = _axon_numbers(placed)
    for way, (row, table) in enumerate(
        zip(placed.way_pieces.tolist(), placed.way_rows.tolist(), strict=True)
    ):
        layer = int(placed.layers[row])
        units = np.flatnonzero(placed.way_of[layer] == way)
        among = np.flatnonzero(placed.way_of[layer][placed.piece_of[layer] == row] == way)
        receivers = [
            _Receiver(
                site, max(1, (axons[site] - 1).bit_length()), tuple(axon_of[site][layer][units].tolist())
            )
            for site in np.unique(placed.sites[placed.delivered[table] > 0]).tolist()
        ]
        found += _of_sender(placed.chip, code, (row, int(placed.sites[row])), among.tolist(), receivers)
    return found


def _axon_numbers(placed: PlacedNetwork) -> tuple[dict[int, list[Counts]], dict[int, int]]:
    """Return, by core: i64[unit] of each layer, the axons of the neurons that reach it; and how many it has."""
    numbers: dict[int, list[Counts]] = {}
    totals: dict[int, int] = {}
    for site in placed.cores.tolist():
        reaches = (placed.delivered[:, placed.sites == site].sum(axis=1) > 0)[placed.way_rows]
        numbers[site], total = [], 0
        for ways in placed.way_of:
            here = reaches[ways]
            numbers[site].append(total + np.cumsum(here) - 1)
            total += int(here.sum())
        totals[site] = total
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
