"""The exact event counters of the slow chip: integers, counted one event at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable


class PhaseEvents:
    """What happened in one phase, summed over samples and ticks.

    ``spikes_sent`` is by neuron (layer, unit); ``updates``, ``clamped_updates`` and ``sops`` are by layer,
    and ``core_...`` the same by core; ``packets`` and ``frames`` are by pair (source core, destination
    core), a pair of a core with itself included. A spike is delivered on the tick after the one on which it
    was sent, and counted in the phase of that tick; ``in_flight`` spikes had been sent and not delivered
    when the phase ended.
    """

    def __init__(self) -> None:
        self.ticks = 0
        self.presentations = 0
        self.updates: Counter[int] = Counter()
        self.clamped_updates: Counter[int] = Counter()
        self.core_updates: Counter[int] = Counter()
        self.spikes_sent: Counter[tuple[int, int]] = Counter()
        self.core_spikes_sent: Counter[int] = Counter()
        self.spikes_delivered = 0
        self.in_flight = 0
        self.sops: Counter[int] = Counter()
        self.core_sops: Counter[int] = Counter()
        self.packets: Counter[tuple[int, int]] = Counter()
        self.packets_delivered: Counter[tuple[int, int]] = Counter()
        self.packets_in_flight: Counter[tuple[int, int]] = Counter()
        self.symbols_routed: Counter[tuple[int, int]] = Counter()
        self.frames: Counter[tuple[int, int]] = Counter()

    def total_sent(self) -> int:
        """Return the spikes sent by all neurons."""
        return sum(self.spikes_sent.values())

    def layer_sent(self, layer: int) -> int:
        """Return the spikes sent by one layer."""
        return sum(n for (k, _), n in self.spikes_sent.items() if k == layer)


class Mesh:
    """Where each core stands; a packet first goes along x (east or west), then along y (north or south)."""

    def __init__(self, positions: dict[int, tuple[int, int]]) -> None:
        self.positions = positions

    def hops(self, source: int, destination: int) -> tuple[int, int]:
        """Return the hops east-west and north-south between two cores."""
        (x0, y0), (x1, y1) = self.positions[source], self.positions[destination]
        return abs(x1 - x0), abs(y1 - y0)

    def total_hops(self, traffic: Counter[tuple[int, int]]) -> tuple[int, int]:
        """Return the hops east-west and north-south of all that went between pairs of cores."""
        ew = sum(n * self.hops(*pair)[0] for pair, n in traffic.items())
        ns = sum(n * self.hops(*pair)[1] for pair, n in traffic.items())
        return ew, ns


def count_bits(
    events: PhaseEvents,
    mesh: Mesh,
    *,
    address_bits: Callable[[int], int],
    header_bits: int = 0,
    frame_header_bits: int = 0,
) -> dict[str, int]:
    """Return the bits of one phase in each coding, plain and times the hops that they travel.

    symbols
        One bit per neuron and tick, whatever it says; with hops: for every destination core.
    spikes
        The ones among them; with hops: one bit per packet and hop.
    aer
        ``address_bits(source core) + header_bits`` per packet.
    bitmap
        Per pair of cores and tick a frame with one bit for each sending neuron, plus ``frame_header_bits``.
    """

    def on_the_way(traffic: Counter[tuple[int, int]]) -> int:
        return sum(mesh.total_hops(traffic))

    def word(pair: tuple[int, int]) -> int:
        return address_bits(pair[0]) + header_bits

    aer: Counter[tuple[int, int]] = Counter({pair: n * word(pair) for pair, n in events.packets.items()})
    bitmap: Counter[tuple[int, int]] = Counter(
        {pair: events.symbols_routed[pair] + n * frame_header_bits for pair, n in events.frames.items()}
    )
    return {
        "symbols": sum(events.updates.values()) + sum(events.clamped_updates.values()),
        "spikes": events.total_sent(),
        "aer": sum(aer.values()),
        "bitmap": sum(bitmap.values()),
        "symbols_hops": on_the_way(events.symbols_routed),
        "spikes_hops": on_the_way(events.packets),
        "aer_hops": on_the_way(aer),
        "bitmap_hops": on_the_way(bitmap),
    }
