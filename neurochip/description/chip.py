"""One chip: geometry, capacities, weight formats, packets, timing and energies, frozen and self-checking.

`neurochip.description.chip_reader` reads it from a specification.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from neurochip.description.chip_timing import TimingSpec
from neurochip.description.energy_table import EnergyTable
from neurochip.description.precision import FLOATS, Precision, integer_bits
from neurochip.errors import ConfigError
from neurochip.keys.key import Count, Key
from neurochip.keys.reading import Quantity
from neurochip.keys.section import Section, described

__all__ = [
    "ChipSpec",
    "CoreSpec",
    "MembranesSpec",
    "NeuronsSpec",
    "MeshSpec",
    "PacketSpec",
    "Provenance",
    "CellEvidence",
    "TimingSpec",
    "WeightsSpec",
]

Bits = Annotated[int, Quantity("memory"), Meta(ge=1)]
Rounding = Literal["nearest", "stochastic"]
# An energy is measured, simulated or estimated; a size may also simply be a fact of the design.
CellEvidence = Literal["architecture", "measured", "pre-silicon", "pre-silicon, synthesised", "estimated"]
_MOST_HEADER_BITS = 1 << 12  # a count of bits times links then fits its word in any run that ends


MOST_CORES = 1 << 20  # places of a mesh times the cores of each


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a value of a specification comes from and what kind of figure it is."""

    source: str
    evidence: CellEvidence


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class MeshSpec(Section):
    """Tiles on a rectangle: core c is on tile t = c // cores_per_tile, at x = t // height, y = t % height."""

    place: ClassVar[str] = "mesh"
    width: Annotated[Count, Key("Tiles east–west.")]
    height: Annotated[Count, Key("Tiles north–south.")]
    cores_per_tile: Annotated[Count, Key("Cores on each tile.")]
    tiles: Annotated[Count | None, Key("Tiles that are there; left out, all: width × height.")] = None

    def check(self) -> None:
        """Check that the tiles fit."""
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


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class CoreSpec(Section):
    """What one core can hold; `None` is no limit, which a specification must ask for with ``unlimited = true``."""

    place: ClassVar[str] = "core"
    neurons: Annotated[Count | None, Key("Most neurons.")] = None
    synapse_memory: Annotated[Bits | None, Key("Memory for weights.", unit="bits")] = None
    input_axons: Annotated[Count | None, Key("Most presynaptic neurons received.")] = None
    output_axons: Annotated[Count | None, Key("Most (neuron, receiving core) pairs sent to.")] = None
    neuron_state_memory: Annotated[Bits | None, Key("Memory for the state of neurons.", unit="bits")] = None
    delay: Annotated[
        Count | None, Key("Most ticks from a spike to its effect; left out, no limit.", unit="ticks")
    ] = None


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsSpec(Section):
    """Which weight formats the cores have."""

    place: ClassVar[str] = "weights"
    floats: Annotated[tuple[Literal["float64", "float32"], ...], Key("Floating-point formats.")] = ()
    min_bits: Annotated[Count | None, Key("Smallest width of integer weights; left out, there are none.")] = (
        None
    )
    max_bits: Annotated[Count | None, Key("Largest width of integer weights; left out, there are none.")] = (
        None
    )
    rounding: Annotated[tuple[Rounding, ...], Key("How learning may write integer weights.")] = (
        "nearest",
        "stochastic",
    )

    def check(self) -> None:
        """Check that there is a format."""
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


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronsSpec(Section):
    """Which neurons the cores compute (docs/neurons.md)."""

    place: ClassVar[str] = "neurons"
    kinds: Annotated[
        tuple[str, ...],
        Key("Kinds of neurons that a core can hold, by the names of neuron.kind; left out, any."),
    ] = ()


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class MembranesSpec(Section):
    """What holds the potentials of an imported network whose weights are integers (docs/nir.md)."""

    place: ClassVar[str] = "membranes"
    bits: Annotated[
        int,
        Meta(ge=4, le=48),
        Key("Width of potentials and filtered currents, two's complement.", unit="bits"),
    ] = 32
    fraction: Annotated[
        Annotated[int, Meta(ge=0, le=32)] | None,
        Key(
            "How many of them lie behind the point, where 1 is a step of a weight; left out, each group has as many as "
            "it can use.",
            unit="bits",
        ),
    ] = None
    overflow: Annotated[
        Literal["saturate", "wrap"],
        Key(
            "What becomes of a potential that does not fit: the nearest that does, or what is left of its bits."
        ),
    ] = "saturate"
    leak_bits: Annotated[
        int,
        Meta(ge=1, le=14),
        Key(
            "Fraction bits of what a tick leaves of a potential, and of gains; products round towards 0.",
            unit="bits",
        ),
    ] = 12

    def check(self) -> None:
        """Check that a sign and a bit before the point are left."""
        if self.fraction is not None and self.fraction > self.bits - 2:
            raise ConfigError(
                "membranes.fraction",
                f"must be at most {self.bits - 2}, which leaves a sign and a bit before the point, got "
                f"{self.fraction}",
            )

    @property
    def lowest(self) -> int:
        """The smallest integer of a membrane."""
        return -(1 << (self.bits - 1))

    @property
    def highest(self) -> int:
        """The largest."""
        return (1 << (self.bits - 1)) - 1


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class PacketSpec(Section):
    """How spikes travel."""

    place: ClassVar[str] = "packet"
    header_bits: Annotated[
        int,
        Meta(ge=0, le=_MOST_HEADER_BITS),
        Key("Bits of a packet besides the address of the neuron.", unit="bits"),
    ]
    routing: Annotated[
        Literal["unicast", "multicast"],
        Key("``unicast``: one packet for each receiving core; ``multicast``: one that forks on its way."),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipSpec:
    """One chip, as its specification describes it.

    Attributes
    ----------
    timing
        `None` on a chip that has no clock of its own (``unlimited = true``): only counts make sense there.
    provenance
        Dotted key of every value → its source and evidence; energies carry theirs themselves.
    """

    name: str
    about: str
    mesh: MeshSpec
    core: CoreSpec
    weights: WeightsSpec
    packet: PacketSpec
    timing: TimingSpec | None
    energies: EnergyTable
    neurons: NeuronsSpec = field(default_factory=NeuronsSpec)
    membranes: MembranesSpec = field(default_factory=MembranesSpec)
    provenance: Mapping[str, Provenance] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Keep a copy that nobody else holds."""
        object.__setattr__(self, "provenance", dict(self.provenance))

    def check_neurons(self, found: Iterable[tuple[str, str]]) -> None:
        """Refuse kinds of neurons, each with the place that names it, that the cores do not compute."""
        for place, kind in found:
            if self.neurons.kinds and kind not in self.neurons.kinds:
                there = " and ".join(f'"{name}"' for name in self.neurons.kinds)
                raise ConfigError(
                    place,
                    f'cores of {self.name} compute {there}, not "{kind}"; name one of these, or another chip',
                )

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
