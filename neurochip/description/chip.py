"""One chip: geometry, capacities, weight formats, packets, timing and prices, frozen and self-checking.

`neurochip.description.chip_reader` reads it from a sheet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from neurochip.description.precision import FLOATS, Precision, integer_bits
from neurochip.description.prices import PriceList
from neurochip.errors import ConfigError
from neurochip.keys.reading import Quantity, conform, describe, field_types

__all__ = [
    "ChipSpec",
    "CoreSpec",
    "MeshSpec",
    "PacketSpec",
    "Provenance",
    "SheetEvidence",
    "TimingSpec",
    "WeightsSpec",
]

Bits = Annotated[int, Quantity("memory")]
Rounding = Literal["nearest", "stochastic"]
# A price is measured, simulated or guessed; a size may also simply be a fact of the design.
SheetEvidence = Literal["architecture", "measured", "pre-silicon", "estimated"]
_MOST_HEADER_BITS = 1 << 12  # a count of bits times links then fits its word in any run that ends
_MOST_CYCLES = 1 << 32  # of one stage


def _at_least(smallest: int, instance: Any, section: str, *names: str) -> None:
    for name in names:
        value = getattr(instance, name)
        if value is not None and not value >= smallest:
            raise ConfigError(f"{section}.{name}", f"must be at least {smallest}, got {value}")


def _at_most(largest: int, instance: Any, section: str, *names: str) -> None:
    for name in names:
        value = getattr(instance, name)
        if value is not None and not value <= largest:
            raise ConfigError(f"{section}.{name}", f"must be at most {largest}, got {value}")


MOST_CORES = 1 << 20  # places of a mesh times the cores of each


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a value of a sheet comes from and what kind of figure it is."""

    source: str
    evidence: SheetEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshSpec:
    """Tiles on a rectangle: core c is on tile t = c // cores_per_tile, at x = t // height, y = t % height.

    Attributes
    ----------
    width, height
        Tiles east–west and north–south.
    tiles
        Tiles that are there; `None` in a sheet stands for all, width × height.
    """

    width: int
    height: int
    cores_per_tile: int
    tiles: int | None = None

    def __post_init__(self) -> None:
        """Check that the tiles fit."""
        conform(self, "mesh")
        _at_least(1, self, "mesh", "width", "height", "cores_per_tile", "tiles")
        if self.width * self.height * self.cores_per_tile > MOST_CORES:
            raise ConfigError(
                "mesh",
                f"has {self.width} × {self.height} tiles of {self.cores_per_tile} cores, and at most {MOST_CORES} are "
                "emulated; make width, height or cores_per_tile smaller",
            )
        if self.n_tiles > self.width * self.height:
            raise ConfigError(
                "mesh.tiles",
                f"{self.n_tiles} tiles do not fit a mesh of {self.width} × {self.height}, "
                f"which has {self.width * self.height} places",
            )

    @property
    def n_tiles(self) -> int:
        """Number of tiles."""
        return self.width * self.height if self.tiles is None else self.tiles

    @property
    def n_cores(self) -> int:
        """Number of cores."""
        return self.n_tiles * self.cores_per_tile

    def position(self, core: int) -> tuple[int, int]:
        """Return x (east) and y (south) of the tile of a core."""
        return divmod(core // self.cores_per_tile, self.height)

    def hops(self, sender: int, receiver: int) -> tuple[int, int]:
        """Return links east–west and north–south on the XY route between two cores."""
        (x0, y0), (x1, y1) = self.position(sender), self.position(receiver)
        return abs(x1 - x0), abs(y1 - y0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreSpec:
    """What one core can hold; `None` is no limit, which a sheet must ask for with ``unlimited = true``.

    Attributes
    ----------
    neurons, input_axons, output_axons
        Most neurons, presynaptic neurons heard, and (neuron, receiving core) pairs sent to.
    synapse_memory, neuron_state_memory
        In bits.
    """

    neurons: int | None = None
    synapse_memory: Bits | None = None
    input_axons: int | None = None
    output_axons: int | None = None
    neuron_state_memory: Bits | None = None

    def __post_init__(self) -> None:
        """Check the limits."""
        conform(self, "core")
        _at_least(1, self, "core", *field_types(CoreSpec))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsSpec:
    """Which weight formats the cores have.

    Attributes
    ----------
    floats
        Floating-point formats.
    min_bits, max_bits
        Widths of integer weights; `None` when there are none.
    rounding
        How learning may write integer weights.
    """

    floats: tuple[Literal["float64", "float32"], ...] = ()
    min_bits: int | None = None
    max_bits: int | None = None
    rounding: tuple[Rounding, ...] = ("nearest", "stochastic")

    def __post_init__(self) -> None:
        """Check that there is a format."""
        conform(self, "weights")
        _at_least(1, self, "weights", "min_bits", "max_bits")
        if (self.min_bits is None) != (self.max_bits is None):
            missing = "min_bits" if self.min_bits is None else "max_bits"
            raise ConfigError(f"weights.{missing}", "is missing; min_bits and max_bits go together")
        if self.min_bits is not None and self.max_bits is not None and self.min_bits > self.max_bits:
            raise ConfigError(
                "weights.min_bits", f"must not exceed max_bits = {self.max_bits}, got {self.min_bits}"
            )
        if not self.floats and self.max_bits is None:
            raise ConfigError("weights", "allows no format; give floats, or min_bits and max_bits")
        if not self.rounding:
            raise ConfigError("weights.rounding", "must name at least one way of rounding")

    def allows(self, precision: Precision) -> bool:
        """Whether weights may have this format."""
        bits = integer_bits(precision)
        if bits is None:
            return precision in self.floats
        return (
            self.min_bits is not None and self.max_bits is not None and self.min_bits <= bits <= self.max_bits
        )

    def formats(self) -> str:
        """Return the formats in words, e.g. ``float32 and integers of 2 to 16 bits``."""
        words: list[str] = list(self.floats)
        if self.max_bits is not None:
            words.append(f"integers of {self.min_bits} to {self.max_bits} bits")
        return " and ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketSpec:
    """How spikes travel.

    Attributes
    ----------
    header_bits
        Bits of a packet besides the address of the neuron.
    routing
        ``unicast``: one packet for each receiving core; ``multicast``: one that forks on its way.
    """

    header_bits: int
    routing: Literal["unicast", "multicast"]

    def __post_init__(self) -> None:
        """Check the header."""
        conform(self, "packet")
        _at_least(0, self, "packet", "header_bits")
        _at_most(_MOST_HEADER_BITS, self, "packet", "header_bits")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingSpec:
    """How many cycles each stage takes.

    Attributes
    ----------
    clock
        In Hz.
    sops_per_cycle
        Synaptic operations that a core does in a cycle.
    cycles_per_neuron_update
        Of each neuron of a core, every tick.
    cycles_per_clamped_update
        The same of an input neuron, which only encodes; `None` in a sheet stands for the figure above.
    cycles_per_packet_in, cycles_per_packet_out
        Axon look-up of a packet received; making and sending one.
    cycles_per_spike_out
        Of the sender, once for each spike of a neuron that is no input and that some core hears, before its packets.
    router_cycles, link_cycles_ew, link_cycles_ns
        A flit through a router, and over a link east–west or north–south.
    fifo_depth
        Flits that an input buffer of a router holds.
    barrier_cycles
        (Active tiles, cycles) pairs of the barrier that ends a tick, ascending; a sheet may give one number.
    cycles_per_weight_accumulation, cycles_per_weight_write
        Of a core that learns: a multiply-add of a weight's change, and writing the weight. `None`: the sheet does not
        know how long learning takes.
    cycles_per_host_word
        Of the whole chip, for each 32-bit word that enters it or leaves a core other than as spikes. `None`: not known.
    """

    clock: Annotated[float, Quantity("frequency")]
    sops_per_cycle: float
    cycles_per_neuron_update: float
    cycles_per_packet_in: float
    cycles_per_packet_out: float
    cycles_per_spike_out: float
    router_cycles: int
    link_cycles_ew: int
    link_cycles_ns: int
    fifo_depth: int
    barrier_cycles: tuple[tuple[int, ...], ...]
    cycles_per_clamped_update: float | None = None
    cycles_per_weight_accumulation: float | None = None
    cycles_per_weight_write: float | None = None
    cycles_per_host_word: float | None = None

    def __post_init__(self) -> None:
        """Check that everything takes time, and that a packet can be stored."""
        conform(self, "timing")
        for name in ("clock", "sops_per_cycle"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"timing.{name}", f"must be > 0, got {getattr(self, name):g}")
        _at_least(0, self, "timing", "cycles_per_neuron_update", "cycles_per_packet_in")
        _at_least(0, self, "timing", "cycles_per_packet_out", "cycles_per_spike_out", "router_cycles")
        _at_least(0, self, "timing", "cycles_per_clamped_update", "cycles_per_host_word")
        _at_least(0, self, "timing", "cycles_per_weight_accumulation", "cycles_per_weight_write")
        _at_least(1, self, "timing", "link_cycles_ew", "link_cycles_ns", "fifo_depth")
        _at_most(_MOST_CYCLES, self, "timing", "router_cycles", "link_cycles_ew", "link_cycles_ns")
        if (self.cycles_per_weight_accumulation is None) != (self.cycles_per_weight_write is None):
            there = "write" if self.cycles_per_weight_write is not None else "accumulation"
            missing = "accumulation" if there == "write" else "write"
            raise ConfigError(
                f"timing.cycles_per_weight_{missing}",
                f"is missing; it goes together with cycles_per_weight_{there}",
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

    def barrier(self, active_tiles: int) -> int:
        """Return the cycles of the barrier: linear between entries, constant outside, rounded up."""
        points = self.barrier_cycles
        if active_tiles <= points[0][0]:
            return points[0][1]
        for (t0, c0), (t1, c1) in zip(points, points[1:], strict=False):
            if active_tiles <= t1:
                return c0 - (-(c1 - c0) * (active_tiles - t0)) // (t1 - t0)
        return points[-1][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipSpec:
    """One chip, as its sheet describes it.

    Attributes
    ----------
    timing
        `None` on a chip that has no clock of its own (``unlimited = true``): only counts make sense there.
    provenance
        Dotted key of every value → its source and evidence; prices carry theirs themselves.
    """

    name: str
    about: str
    mesh: MeshSpec
    core: CoreSpec
    weights: WeightsSpec
    packet: PacketSpec
    timing: TimingSpec | None
    prices: PriceList
    provenance: Mapping[str, Provenance] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Keep a copy that nobody else holds."""
        object.__setattr__(self, "provenance", dict(self.provenance))

    def check_weights(self, precision: Precision, rounding: Rounding = "nearest") -> None:
        """Refuse a weight format, or a rounding of integer weights, that the cores do not have."""
        if not self.weights.allows(precision):
            bits = self.weights.max_bits
            integer = f"int{bits and min(bits, 8)}"
            cure = self.weights.floats[0] if precision in FLOATS and self.weights.floats else integer
            raise ConfigError(
                "network.precision",
                f'{self.name} has {self.weights.formats()}, not "{precision}"; '
                f'set it to "{cure}", for instance',
            )
        if integer_bits(precision) is not None and rounding not in self.weights.rounding:
            raise ConfigError(
                "network.rounding",
                f'{self.name} does not round to "{rounding}"; set it to "{self.weights.rounding[0]}"',
            )
