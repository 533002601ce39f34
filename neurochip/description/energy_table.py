"""Energy tables: joules per event, and how far each figure can be trusted.

An entry says where its figure comes from (``source``), what kind of figure it is (``evidence``), what it includes
(``scope``), and the technology it holds for (``node``, ``voltage``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from neurochip.description.events import EVENTS
from neurochip.errors import ConfigError
from neurochip.keys.reading import Table, convert, describe, did_you_mean, refuse_unknown
from neurochip.keys.units import parse_quantity

__all__ = [
    "Evidence",
    "NeuronEnergy",
    "RENAMED_KEYS",
    "EventEnergy",
    "EnergyTable",
    "energies_of_table",
]

Evidence = Literal["measured", "pre-silicon", "pre-silicon, synthesised", "estimated"]
Scope = Literal["per-event", "all-in"]
NeuronEnergy = Literal["operations", "published", "none"]
NOT_STATED = "not stated"  # a voltage that the source does not give

# Keys of a specification that had another name, and what each is now.
RENAMED_KEYS = {"prices": "`energies`", "neuron_pricing": "`neuron_energy`"}


_FIGURES = ("neuron_update_active", "neuron_update_inactive", "clamped_update", "spike_out")
_NETWORK = ("packet_out", "packet_in", "hop_ew", "hop_ns", "link_bit")
_LEAKAGE = ("core_static", "chip_static")
_STATIC = (*_LEAKAGE, "clock_cycle", "barrier")
# What an all-in figure per synaptic operation was divided from: everything but the host and learning.
_ALL_IN_SYNAPTIC_OP = (*_FIGURES, *_NETWORK, *_STATIC, "sram_bit_read", "sram_bit_write", "synapse_bit_read")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEnergy:
    """What one event costs.

    Attributes
    ----------
    value_j
        Joules per event; joules per bit or watts where the event says so.
    source
        Publication and table, or how the figure was derived.
    evidence
        ``measured``, ``pre-silicon``, ``pre-silicon, synthesised`` or ``estimated``.
    scope
        ``per-event``, or ``all-in``: the figure already contains the events in ``includes``.
    node_m
        Feature size of the process in metres.
    voltage_v
        Supply in volts; `None` when the source does not state it.
    """

    event: str
    value_j: float
    source: str
    evidence: Evidence
    scope: Scope
    node_m: float
    voltage_v: float | None
    includes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyTable:
    """The energy per event of one chip.

    Attributes
    ----------
    neuron_energy
        ``operations``: the energy of a neuron update is that of the operations and state bits of its elements;
        ``published``: as one figure; ``none``: no event has an energy, only bits are counted.
    note
        What a reader of the figures must know; published figures always have one.
    energies
        Event → entry.
    """

    name: str
    neuron_energy: NeuronEnergy
    note: str = ""
    energies: Mapping[str, EventEnergy] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse figures that would be charged twice."""
        object.__setattr__(self, "energies", dict(self.energies))
        if self.neuron_energy == "none" and self.energies:
            raise ConfigError(
                "neuron_energy", 'is "none" but there are energies; set it to "operations" or "published"'
            )
        if self.neuron_energy != "none" and not self.energies:
            raise ConfigError(
                "energies", f'is missing; neuron_energy = "{self.neuron_energy}" needs energies'
            )
        if self.neuron_energy == "published" and not self.note:
            raise ConfigError(
                "note",
                "is missing; say what the published figures were published for, as the dynamics may differ",
            )
        self._refuse_double_neurons()
        self._refuse_double_links()
        self._refuse_parts_of_all_in()

    def _refuse_double_neurons(self) -> None:
        if self.neuron_energy == "operations":
            for event in _FIGURES:
                if event in self.energies:
                    raise ConfigError(
                        f"energies.{event}",
                        'is built from operations when neuron_energy = "operations"; remove it',
                    )

    def _refuse_double_links(self) -> None:
        if "link_bit" in self.energies:
            for event in ("hop_ew", "hop_ns"):
                if event in self.energies:
                    raise ConfigError(
                        f"energies.{event}",
                        "charges the same wires as energies.link_bit; remove one of the two",
                    )

    def _refuse_parts_of_all_in(self) -> None:
        for entry in self.energies.values():
            for part in entry.includes:
                if part in self.energies:
                    raise ConfigError(
                        f"energies.{part}",
                        f"is already contained in the all-in energy of {entry.event}; remove one of the two",
                    )
            # Cores leak as parts of their chip: a total with the one in it was measured with the other.
            inside = [part for part in entry.includes if part in _LEAKAGE]
            for event in _LEAKAGE:
                if inside and event in self.energies and event != entry.event:
                    raise ConfigError(
                        f"energies.{event}",
                        f"is static power, and so is {inside[0]} in the all-in energy of {entry.event}; "
                        "remove one of the two",
                    )

    def has(self, event: str) -> bool:
        """Whether the table has an entry of its own for an event."""
        return event in self.energies

    def entry(self, event: str) -> EventEnergy:
        """Return the entry of an event: energy and provenance; a missing one is an error, never 0."""
        if event not in EVENTS:
            raise ConfigError(f"{self.name}: energies.{event}", f"unknown event{did_you_mean(event, EVENTS)}")
        if event not in self.energies:
            raise ConfigError(
                f"{self.name}: energies.{event}",
                f"is missing, and the run has this event ({EVENTS[event].about}); "
                "add the energy or choose another energy table",
            )
        return self.energies[event]

    def contained_in(self, event: str) -> str | None:
        """Return the event whose energy already contains that of this one: an all-in energy, or the whole of a part."""
        if event in self.energies:
            return None
        for entry in self.energies.values():
            if event in entry.includes:
                return entry.event
        whole = EVENTS[event].part_of if event in EVENTS else None
        return whole if whole is not None and (whole in self.energies or self.contained_in(whole)) else None

    def joules(self, event: str) -> float:
        """Return joules per event (or bit), 0 only for what another entry of the table contains.

        Raises
        ------
        ConfigError
            Names table and event where there is no entry.
        """
        if self.contained_in(event) is not None:
            return 0.0
        return self.entry(event).value_j


def energies_of_table(table: object, place: str) -> dict[str, EventEnergy]:
    """Return event → entry of an ``[energies]`` table; its tables nest as in ``op.add.float32``."""
    energies: dict[str, EventEnergy] = {}
    _collect(table, place, (), energies)
    return energies


def _collect(table: object, place: str, path: tuple[str, ...], energies: dict[str, EventEnergy]) -> None:
    if not isinstance(table, dict):
        raise ConfigError(place, f"expected a table, got {describe(table)}")
    for key, value in table.items():
        event = ".".join((*path, key))
        where = f"{place}.{key}"
        if event in EVENTS:
            energies[event] = _read_energy(event, value, where)
        elif any(known.startswith(f"{event}.") for known in EVENTS):
            _collect(value, where, (*path, key), energies)
        else:
            raise ConfigError(where, f"unknown event{did_you_mean(event, EVENTS) or _listed(path)}")


def _listed(path: tuple[str, ...]) -> str:
    inside = ".".join((*path, ""))
    return "; the events are " + ", ".join(event for event in EVENTS if event.startswith(inside))


_KEYS = ("value", "source", "evidence", "scope", "node", "voltage")


def _read_energy(event: str, table: object, place: str) -> EventEnergy:
    if not isinstance(table, dict):
        raise ConfigError(place, f"expected a table with {', '.join(_KEYS)}, got {describe(table)}")
    refuse_unknown(table, (*_KEYS, "includes"), place)
    for key in _KEYS:
        if key not in table:
            raise ConfigError(f"{place}.{key}", "is missing")
    value = parse_quantity(table["value"], EVENTS[event].dimension, f"{place}.value")
    if not value >= 0:
        raise ConfigError(f"{place}.value", f"must not be negative, got {describe(table['value'])}")
    source = convert(table["source"], str, f"{place}.source")
    if not source.strip():
        raise ConfigError(f"{place}.source", "must say where the energy comes from, got an empty string")
    scope: Scope = convert(table["scope"], Scope, f"{place}.scope")
    voltage = table["voltage"]
    return EventEnergy(
        event=event,
        value_j=value,
        source=source,
        evidence=convert(table["evidence"], Evidence, f"{place}.evidence"),
        scope=scope,
        node_m=_positive(table["node"], "length", f"{place}.node"),
        voltage_v=None if voltage == NOT_STATED else _positive(voltage, "voltage", f"{place}.voltage"),
        includes=_read_includes(event, table, scope, f"{place}.includes"),
    )


def _positive(value: object, dimension: str, place: str) -> float:
    number = parse_quantity(value, dimension, place)
    if not number > 0:
        raise ConfigError(place, f"must be positive, got {describe(value)}")
    return number


def _read_includes(event: str, table: Table, scope: Scope, place: str) -> tuple[str, ...]:
    if scope == "per-event":
        if "includes" in table:
            raise ConfigError(place, 'belongs to scope = "all-in"; remove it or change the scope')
        return ()
    if "includes" not in table:
        if event == "synaptic_op":
            return _ALL_IN_SYNAPTIC_OP
        raise ConfigError(place, "is missing; an all-in energy lists the events that it contains")
    includes: tuple[str, ...] = convert(table["includes"], tuple[str, ...], place)
    for position, part in enumerate(includes):
        if part not in EVENTS:
            raise ConfigError(f"{place}[{position}]", f"unknown event{did_you_mean(part, EVENTS)}")
        if part == event:
            raise ConfigError(f"{place}[{position}]", "an energy cannot contain itself")
    return includes
