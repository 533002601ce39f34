"""What the cores are built from: number formats and elements, as far as they decide what a count costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from neurochip.description import RunSpec, network_of, word_bits
from neurochip.description.fixed_point import LFSR_BITS
from neurochip.description.neuron import parts_by_population, trace_cost
from neurochip.description.precision import Precision
from neurochip.elements import HardwareCost
from neurochip.elements.integers.cost import integer_parts, trace_part
from neurochip.elements.integers.formats import FixedPoint
from neurochip.errors import DataError

__all__ = ["ROLES", "ElementUse", "HardwareUse", "IntegerProducts", "hardware_of", "integer_format"]

Role = Literal["encoder", "decoder", "annealer", "neuron", "nudge", "trace", "optimiser"]
ROLES: tuple[Role, ...] = ("encoder", "decoder", "annealer", "neuron", "nudge", "trace", "optimiser")


@dataclass(frozen=True, slots=True)
class ElementUse:
    """One element of a neuron: its role, what stands in that role, and what a step of it costs."""

    role: Role
    kind: str
    cost: HardwareCost
    bits: int = 0  # of the numbers that it works on, where they are integers; 0: those of the state
    populations: tuple[str, ...] = ()  # whose neurons have it; none named: all have

    @property
    def number(self) -> str:
        """The narrowest integer format with an energy that holds its numbers."""
        return integer_format(self.bits)


@dataclass(frozen=True, slots=True)
class IntegerProducts:
    """What integer cores multiply and add up to learn.

    Attributes
    ----------
    factor_bits
        Of a factor: a sum is formed in a register, so that for each product one factor is read.
    sum_bits
        Of the sum of products.
    random_bits
        Drawn for each weight that is written.
    """

    factor_bits: int
    sum_bits: int
    random_bits: int


def integer_format(bits: int) -> str:
    """Return the narrowest integer format of the energy tables that holds so many bits."""
    return "int8" if bits <= 8 else "int16" if bits <= 16 else "int32"


@dataclass(frozen=True, slots=True)
class HardwareUse:
    """Formats and elements of a run's cores.

    Attributes
    ----------
    weight_format, weight_bits
        E.g. ``int8``, and the bits that one weight takes in synapse memory.
    state_format, state_bits
        Format of neuron state and of the learning arithmetic, and the bits of one word of it.
    elements
        What a neuron is made of; more than one may share a role.
    sends_bits_only
        Whether nothing but bits ever crosses between cores, during learning as well.
    learning
        Widths of the arithmetic that learns on integer cores; `None` where it has the format of the state.
    """

    weight_format: str
    weight_bits: int
    state_format: str
    state_bits: int
    elements: tuple[ElementUse, ...]
    sends_bits_only: bool
    learning: IntegerProducts | None = None

    @classmethod
    def at(
        cls, precision: Precision, elements: Iterable[ElementUse], *, sends_bits_only: bool
    ) -> HardwareUse:
        """Return the formats of a precision with these elements: neuron state is float64 only where weights are."""
        double = precision == "float64"
        return cls(
            weight_format=precision,
            weight_bits=word_bits(precision),
            state_format="float64" if double else "float32",
            state_bits=64 if double else 32,
            elements=tuple(elements),
            sends_bits_only=sends_bits_only,
        )

    @property
    def accumulator_format(self) -> str:
        """Format in which a core sums weights."""
        return "int32" if self.weight_format.startswith("int") else self.state_format

    @property
    def is_spiking(self) -> bool:
        """Whether neurons encode at all; real-valued ones do not."""
        return any(element.role == "encoder" for element in self.elements)

    def in_role(self, *roles: str) -> Iterator[ElementUse]:
        """Return the elements that have one of these roles."""
        return (element for element in self.elements if element.role in roles)

    def to_json(self) -> dict[str, object]:
        """Return JSON values; `from_json` is the inverse."""
        return {
            "weight_format": self.weight_format,
            "weight_bits": self.weight_bits,
            "state_format": self.state_format,
            "state_bits": self.state_bits,
            "sends_bits_only": self.sends_bits_only,
            "elements": [
                {
                    "role": e.role,
                    "kind": e.kind,
                    "cost": e.cost.to_json(),
                    **({"bits": e.bits} if e.bits else {}),
                    **({"populations": list(e.populations)} if e.populations else {}),
                }
                for e in self.elements
            ],
            **({} if self.learning is None else {"learning": asdict(self.learning)}),
        }

    @classmethod
    def from_json(cls, table: Mapping[str, Any], place: str = "hardware") -> HardwareUse:
        """Read what `to_json` wrote."""
        known = {field.name for field in fields(HardwareCost)}
        try:
            elements = []
            for position, entry in enumerate(table["elements"]):
                if entry["role"] not in ROLES or set(entry["cost"]) != known:
                    raise DataError(
                        f"{place}.elements[{position}]",
                        "is not an element that this version knows; use the one that wrote it",
                    )
                cost = HardwareCost(**entry["cost"])
                named = tuple(entry.get("populations", ()))
                elements.append(ElementUse(entry["role"], entry["kind"], cost, entry.get("bits", 0), named))
            return cls(
                weight_format=table["weight_format"],
                weight_bits=table["weight_bits"],
                state_format=table["state_format"],
                state_bits=table["state_bits"],
                elements=tuple(elements),
                sends_bits_only=table["sends_bits_only"],
                learning=IntegerProducts(**table["learning"]) if "learning" in table else None,
            )
        except (KeyError, TypeError) as error:
            raise DataError(
                place, f"is damaged: {type(error).__name__} at {error}; carry out the run again"
            ) from None


def hardware_of(run: RunSpec) -> HardwareUse:
    """Return what the cores of a run are built from."""
    learning, numbers = run.learning, run.fixed_point
    if numbers is not None:
        return _integer_hardware(run, numbers)
    elements = _neurons(run)
    if learning is not None and learning.pre == "trace":
        elements.append(ElementUse("trace", learning.trace, trace_cost(run)))
    if learning is not None and learning.method is not None:
        elements.append(ElementUse("optimiser", learning.optimiser, learning.optimiser_cost))
    bits_only = run.substrate == "digital" and (learning is None or learning.pre == "trace")
    return HardwareUse.at(run.network.precision, elements, sends_bits_only=bits_only)


def _neurons(run: RunSpec) -> list[ElementUse]:
    """Return what the neurons of a run are made of; where they differ, whose they are."""
    each = parts_by_population(run)
    if all(parts == each[0] for parts in each):
        return [ElementUse(role, kind, cost) for role, (kind, cost) in each[0].items()]  # type: ignore[arg-type]
    names = [population.name for population in network_of(run.network).populations]
    different: list[dict[str, tuple[str, HardwareCost]]] = []
    for parts in each:
        if parts not in different:
            different.append(parts)
    return [
        ElementUse(
            role,  # type: ignore[arg-type]
            kind,
            cost,
            populations=tuple(name for name, own in zip(names, each, strict=True) if own == parts),
        )
        for parts in different
        for role, (kind, cost) in parts.items()
    ]


def _integer_hardware(run: RunSpec, numbers: FixedPoint) -> HardwareUse:
    """Return what integer cores are built from."""
    learning, precision = run.learning, run.network.precision
    traced = learning is not None and learning.pre == "trace"
    parts = [*integer_parts(numbers), *((trace_part(numbers),) if traced else ())]
    activity = numbers.trace.bits if traced else numbers.state.fraction + 1
    moved = numbers.state.fraction + 2  # a difference of two values
    samples = 1 if learning is None else 2 * learning.minibatch
    return HardwareUse(
        weight_format=precision,
        weight_bits=word_bits(precision),
        state_format=integer_format(numbers.state.bits),
        state_bits=numbers.state.bits,
        elements=tuple(ElementUse(p.role, p.kind, p.cost, p.bits) for p in parts),
        sends_bits_only=run.substrate == "digital" and (learning is None or traced),
        learning=IntegerProducts(
            factor_bits=max(activity, moved),
            sum_bits=activity + moved + samples.bit_length(),
            random_bits=LFSR_BITS if run.network.rounding == "stochastic" else 0,
        ),
    )
