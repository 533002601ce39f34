"""Which streams of bits leave the cores of a chip in each link code, and where they go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from neurochip.compile.image import ChipImage
from neurochip.compile.placement import PlacedNetwork
from neurochip.description.chip import ChipSpec
from neurochip.spikes import Aer, Bitmap, LinkCode, Symbols

__all__ = ["CodeName", "Stream", "placed_streams", "streams"]

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
    """

    row: int
    site: int
    receivers: tuple[int, ...]
    code: LinkCode


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
        found += _of_sender(image.chip, code, c, core.site, core.size, receivers)
    return found


def _axons(image: ChipImage, sender: int, receiver: int) -> range:
    """Return the axons of a core's neurons on a core that receives them: populations come there in their order."""
    network, core = image.network, image.cores[sender]
    heard = {network.projections[k].source for k in network.into(image.cores[receiver].population)}
    first = sum(network.sizes[p] for p in heard if p < core.population)
    return range(first + core.first, first + core.last)


def placed_streams(placed: PlacedNetwork, code: CodeName) -> list[Stream]:
    """Return all streams of a network laid out by hand, as `streams` of a compiled chip."""
    found = []
    heard_by: dict[int, set[int]] = {}  # site → layers of which spikes reach it
    for source, target in placed.projections:
        for site in placed.sites[placed.layers == target].tolist():
            heard_by.setdefault(site, set()).add(source)
    for row, (layer, site) in enumerate(zip(placed.layers.tolist(), placed.sites.tolist(), strict=True)):
        units = np.flatnonzero(placed.piece_of[layer] == row)
        receivers = []
        for at, heard in sorted(heard_by.items()):
            if layer in heard:
                first = sum(placed.sizes[k] for k in heard if k < layer)
                bits = max(1, (sum(placed.sizes[k] for k in heard) - 1).bit_length())
                receivers.append(_Receiver(at, bits, tuple((first + units).tolist())))
        found += _of_sender(placed.chip, code, row, site, units.size, receivers)
    return found


def _of_sender(
    chip: ChipSpec, code: CodeName, row: int, site: int, units: int, receivers: Sequence[_Receiver]
) -> list[Stream]:
    everywhere = tuple(receiver.site for receiver in receivers)
    if code == "symbols":
        return [Stream(row, site, everywhere, Symbols(units))]
    forks = chip.packet.routing == "multicast"
    ways = ([receivers] if receivers else []) if forks else [[receiver] for receiver in receivers]
    found: list[Stream] = []
    for way in ways:
        # A packet that forks has the longest address that any of its receivers needs.
        widest = max(way, key=lambda receiver: receiver.address_bits)
        header_bits = chip.packet.header_bits
        made = (
            Bitmap(units)
            if code == "bitmap"
            else Aer(widest.axons, header_bits, widest.address_bits, site & ((1 << header_bits) - 1))
        )
        found.append(Stream(row, site, tuple(receiver.site for receiver in way), made))
    return found
