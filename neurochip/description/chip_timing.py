"""How many cycles each stage of a chip takes, and how many engines a core has (docs/network-on-chip.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from msgspec import Meta

from neurochip.errors import ConfigError
from neurochip.keys.key import Count, Key, Nonnegative, Positive
from neurochip.keys.reading import Quantity, describe
from neurochip.keys.section import Section, described

__all__ = ["TimingSpec"]

_MOST_CYCLES = 1 << 32  # of one stage
Cycles = Annotated[int, Meta(ge=1, le=_MOST_CYCLES)]


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class TimingSpec(Section):
    """How many cycles each stage takes."""

    place: ClassVar[str] = "timing"
    clock: Annotated[Positive, Quantity("frequency"), Key("Of all cores.")]
    sops_per_cycle: Annotated[Positive, Key("Synaptic operations that a core does in a cycle.")]
    cycles_per_neuron_update: Annotated[
        Nonnegative, Key("Of each neuron of a core, every tick.", unit="cycles")
    ]
    cycles_per_packet_in: Annotated[Nonnegative, Key("Axon look-up of a packet received.", unit="cycles")]
    cycles_per_packet_out: Annotated[Nonnegative, Key("Making and sending a packet.", unit="cycles")]
    cycles_per_spike_out: Annotated[
        Nonnegative,
        Key(
            "Of the sender, once for each spike of a neuron that is no input and that some core receives, before its "
            "packets.",
            unit="cycles",
        ),
    ]
    router_cycles: Annotated[int, Meta(ge=0, le=_MOST_CYCLES), Key("A flit through a router.", unit="cycles")]
    link_cycles_ew: Annotated[Cycles, Key("A flit over a link east–west.", unit="cycles")]
    link_cycles_ns: Annotated[Cycles, Key("A flit over a link north–south.", unit="cycles")]
    fifo_depth: Annotated[Count, Key("Flits that an input buffer of a router holds.")]
    barrier_cycles: Annotated[
        tuple[tuple[int, ...], ...],
        Key(
            "(Active tiles, cycles) pairs of the barrier that ends a tick, ascending; a file may give one number.",
            unit="cycles",
        ),
    ]
    cycles_per_clamped_update: Annotated[
        Nonnegative | None,
        Key("Each tick of an input neuron, which only encodes; left out, that of any neuron.", unit="cycles"),
    ] = None
    cycles_per_weight_accumulation: Annotated[
        Nonnegative | None,
        Key(
            "Of a core that learns: a multiply–add of a weight's change; left out, not known.", unit="cycles"
        ),
    ] = None
    cycles_per_weight_write: Annotated[
        Nonnegative | None,
        Key("Of a core that learns: writing a weight; left out, not known.", unit="cycles"),
    ] = None
    cycles_per_host_word: Annotated[
        Nonnegative | None,
        Key(
            "Of the whole chip, for each 32-bit word that enters it or leaves a core other than as spikes; left out, "
            "not known.",
            unit="cycles",
        ),
    ] = None
    engines: Annotated[
        int,
        Meta(ge=1, le=2),
        Key(
            "Engines of a core. 2: one adds up what arrives while the other updates the neurons; 1: it adds up what "
            "arrived in the tick before, then it updates the neurons."
        ),
    ] = 2
    weights_per_access: Annotated[
        Count | None,
        Key(
            "Weights in a word of memory: a packet takes whole words, each of them weights_per_access / sops_per_cycle "
            "cycles; left out, each weight by itself."
        ),
    ] = None
    least_accesses: Annotated[
        Count,
        Key("Fewest words that a packet takes: 2 where a sum is written before it can be read again."),
    ] = 1
    outbox: Annotated[
        bool,
        Key(
            "Whether packets wait for the network in a list of their core, which goes on meanwhile; otherwise the core "
            "waits."
        ),
    ] = False
    fill_cycles: Annotated[
        Nonnegative,
        Key(
            "Of a core that updates neurons, once a tick: the fill of its pipeline, before the first update.",
            unit="cycles",
        ),
    ] = 0
    clamped_fill_cycles: Annotated[
        Nonnegative | None,
        Key("The same of a core of inputs; left out, that of any core.", unit="cycles"),
    ] = None

    def check(self) -> None:
        """Check that what goes together is there."""
        if (self.cycles_per_weight_accumulation is None) != (self.cycles_per_weight_write is None):
            there = "write" if self.cycles_per_weight_write is not None else "accumulation"
            missing = "accumulation" if there == "write" else "write"
            raise ConfigError(
                f"timing.cycles_per_weight_{missing}",
                f"is missing; it goes together with cycles_per_weight_{there}",
            )
        if self.weights_per_access is None and self.least_accesses != 1:
            raise ConfigError(
                "timing.least_accesses",
                "counts words of memory, and how many weights stand in one is not known; give weights_per_access too",
            )
        self._check_barrier()

    def _check_barrier(self) -> None:
        place = "timing.barrier_cycles"
        if not self.barrier_cycles:
            raise ConfigError(place, "must have at least one entry")
        before = 0
        for entry in self.barrier_cycles:
            if len(entry) != 2:
                raise ConfigError(place, f"expected (active tiles, cycles) pairs, got {describe(entry)}")
            tiles, cycles = entry
            if tiles <= before:
                raise ConfigError(place, f"active tiles must ascend from 1, got {tiles} after {before}")
            if cycles < 0:
                raise ConfigError(place, f"must be at least 0, got {cycles}")
            if cycles > _MOST_CYCLES:
                raise ConfigError(place, f"must be at most {_MOST_CYCLES}, got {cycles}")
            before = tiles

    @property
    def clamped_update(self) -> float:
        """Cycles of one tick of an input neuron."""
        each = self.cycles_per_clamped_update
        return self.cycles_per_neuron_update if each is None else each

    @property
    def clamped_fill(self) -> float:
        """Cycles before the first update of a core of inputs."""
        return self.fill_cycles if self.clamped_fill_cycles is None else self.clamped_fill_cycles

    def barrier(self, active_tiles: int) -> int:
        """Return the cycles of the barrier: linear between entries, constant outside, rounded up."""
        points = self.barrier_cycles
        if active_tiles <= points[0][0]:
            return points[0][1]
        for (t0, c0), (t1, c1) in zip(points, points[1:], strict=False):
            if active_tiles <= t1:
                return c0 - (-(c1 - c0) * (active_tiles - t0)) // (t1 - t0)
        return points[-1][1]
