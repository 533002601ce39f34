"""Faults of the digital chip, ``[faults]`` in a run: what breaks, how often, and when (docs/faults.md)."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from neurochip.errors import ConfigError
from neurochip.keys.conditions import Given
from neurochip.keys.key import Key, Seed, Share
from neurochip.keys.reading import Reader, Table, build, conform
from neurochip.keys.section import Section, described

__all__ = [
    "FAULT_READERS",
    "MOST_DELAY",
    "DeadCore",
    "Fault",
    "FaultsSpec",
    "LinkDown",
    "SpikeDelay",
    "SpikeDrop",
    "SpikeSpurious",
    "StuckNeuron",
    "WeightBitFlip",
]

MOST_DELAY = 64  # ticks: packets on the way are kept in one word per axon
_LINK = re.compile(r"(\d+),(\d+)(>|-)(\d+),(\d+)")
_NEURON = re.compile(r"([A-Za-z][A-Za-z0-9_]*):(\d+)")


_NAMED = ("cores", "links", "neurons")


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Section):
    """What all faults have in common."""

    fault: ClassVar[str]
    rate: Annotated[Share, Key("Probability of each thing that can break.", imperfect=True)]
    seed: Annotated[
        Seed | None,
        Key("Of the draws of this fault alone; left out, the run's.", live_if=Given(".rate")),
    ] = None
    when: Annotated[
        Literal["always", "test", "training"],
        Key(
            "``always``; only in presentations that measure (``test``); or only in those that are learnt from "
            "(``training``), as dropout does.",
            live_if=Given(".rate", *(f".{name}" for name in _NAMED), phrase="a rate, or something named"),
        ),
    ] = "always"

    @property
    def acts(self) -> bool:
        """Whether anything can break at all."""
        return self.rate > 0 or any(
            getattr(self, field.name) for field in dataclasses.fields(self) if field.name in _NAMED
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SpikeDrop(Fault):
    """A packet is lost at the door of its receiving core; ``rate`` per packet."""

    fault: ClassVar[str] = "spike_drop"
    place: ClassVar[str] = "faults.spike_drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpikeSpurious(Fault):
    """A neuron that does not fire sends a spike all the same; ``rate`` per silent neuron and tick."""

    fault: ClassVar[str] = "spike_spurious"
    place: ClassVar[str] = "faults.spike_spurious"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpikeDelay(Fault):
    """A packet arrives ``ticks`` later than it should; ``rate`` per packet."""

    fault: ClassVar[str] = "spike_delay"
    place: ClassVar[str] = "faults.spike_delay"
    ticks: Annotated[
        int, Meta(ge=1, le=MOST_DELAY), Key("How late it is.", unit="ticks", live_if=Given(".rate"))
    ] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightBitFlip(Fault):
    """A bit of a stored weight word is read inverted; ``rate`` per bit of synapse memory."""

    fault: ClassVar[str] = "weight_bit_flip"
    place: ClassVar[str] = "faults.weight_bit_flip"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadCore(Fault):
    """A core neither receives nor computes nor sends; ``rate`` per core, and the ``cores`` named by site."""

    fault: ClassVar[str] = "dead_core"
    place: ClassVar[str] = "faults.dead_core"
    rate: Annotated[Share, Key("Probability of each.", imperfect=True)] = 0.0
    cores: Annotated[tuple[int, ...], Key("Those that are dead, by site.")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckNeuron(Fault):
    """The output of a neuron is ``at`` 0 or 1 for ever; ``rate`` per neuron, and those named ``population:index``."""

    fault: ClassVar[str] = "stuck_neuron"
    place: ClassVar[str] = "faults.stuck_neuron"
    rate: Annotated[Share, Key("Probability of each.", imperfect=True)] = 0.0
    neurons: Annotated[tuple[str, ...], Key("Those that are stuck, ``population:index``.")] = ()
    at: Annotated[
        int,
        Meta(ge=0, le=1),
        Key("What they are stuck at.", live_if=Given(".rate", ".neurons", phrase="a rate, or neurons named")),
    ] = 0

    def check(self) -> None:
        """Check the form of names."""
        for position, name in enumerate(self.neurons):
            if not _NEURON.fullmatch(name):
                raise ConfigError(
                    f"faults.stuck_neuron.neurons[{position}]",
                    f'must have the form "population:index", e.g. "hidden:3", got "{name}"',
                )

    def named(self) -> tuple[tuple[str, int], ...]:
        """Return (population, index) of each neuron named."""
        parts = (name.split(":") for name in self.neurons)
        return tuple((population, int(index)) for population, index in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDown(Fault):
    """A link between two neighbouring tiles carries nothing; ``rate`` per link and direction, and those named.

    ``x,y>x,y`` names one direction, ``x,y-x,y`` both.
    """

    fault: ClassVar[str] = "link_down"
    place: ClassVar[str] = "faults.link_down"
    rate: Annotated[Share, Key("Probability of each.", imperfect=True)] = 0.0
    links: Annotated[
        tuple[str, ...], Key("Those that are down: ``x,y>x,y``, or ``x,y-x,y`` for both directions.")
    ] = ()

    def check(self) -> None:
        """Check the form of names."""
        for position, name in enumerate(self.links):
            if not _LINK.fullmatch(name.replace(" ", "")):
                raise ConfigError(
                    f"faults.link_down.links[{position}]",
                    f'must have the form "x,y>x,y" (or "x,y-x,y" for both directions), got "{name}"',
                )

    def named(self) -> tuple[tuple[tuple[tuple[int, int], tuple[int, int]], ...], ...]:
        """Return for each name its directed links, (from tile, to tile)."""
        found = []
        for name in self.links:
            match = _LINK.fullmatch(name.replace(" ", ""))
            if match is None:
                raise ConfigError("faults.link_down.links", f'has no link "{name}"')
            a, b = (int(match[1]), int(match[2])), (int(match[4]), int(match[5]))
            found.append(((a, b),) if match[3] == ">" else ((a, b), (b, a)))
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultsSpec:
    """The faults of a run. Each may be given as a number, its rate."""

    spike_drop: Annotated[SpikeDrop | None, Key("Packets are lost.")] = None
    spike_spurious: Annotated[SpikeSpurious | None, Key("Silent neurons send a spike.")] = None
    spike_delay: Annotated[SpikeDelay | None, Key("Packets arrive late.")] = None
    weight_bit_flip: Annotated[WeightBitFlip | None, Key("Bits of stored weights are read inverted.")] = None
    dead_core: Annotated[DeadCore | None, Key("Cores do nothing.")] = None
    stuck_neuron: Annotated[StuckNeuron | None, Key("Outputs of neurons are stuck.")] = None
    link_down: Annotated[LinkDown | None, Key("Links carry nothing.")] = None

    def __post_init__(self) -> None:
        """Take numbers for rates."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                object.__setattr__(self, field.name, _KINDS[field.name](rate=float(value)))
        conform(self, "faults")

    def given(self) -> tuple[Fault, ...]:
        """Return the faults that the run names, in the order of this section."""
        found = (getattr(self, field.name) for field in dataclasses.fields(self))
        return tuple(fault for fault in found if fault is not None)

    def acting(self, *, testing: bool) -> FaultsSpec:
        """Return only what breaks something in training or, ``testing``, in presentations that measure."""
        when = ("always", "test" if testing else "training")
        names = {f.fault: f for f in self.given() if f.acts and f.when in when}
        return FaultsSpec(**names)  # type: ignore[arg-type]

    def of_packets(self) -> tuple[str, ...]:
        """Return the names of those that act and by which a packet that was sent is lost or late."""
        losing = (SpikeDrop, SpikeDelay, DeadCore, LinkDown)
        return tuple(fault.fault for fault in self.given() if fault.acts and isinstance(fault, losing))

    def to_table(self) -> Table:
        """Return nested tables, without what is not there."""
        return {
            fault.fault: {
                key: list(value) if isinstance(value, tuple) else value
                for key, value in dataclasses.asdict(fault).items()
                if value is not None and value != ()
            }
            for fault in self.given()
        }


_KINDS: dict[str, type[Fault]] = {
    kind.fault: kind
    for kind in (SpikeDrop, SpikeSpurious, SpikeDelay, WeightBitFlip, DeadCore, StuckNeuron, LinkDown)
}


def _reader(kind: type[Fault]) -> Reader:
    def read(value: object, place: str) -> Fault:
        if isinstance(value, kind):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = {"rate": value}
        return build(kind, value, place)

    return read


# For `build`: each fault from its table or from a bare rate.
FAULT_READERS: dict[type, Reader] = {kind: _reader(kind) for kind in _KINDS.values()}
