"""Counts → joules: every figure of the result is a sum of lines, every line a count times an energy per event."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from neurochip.description import EnergyTable
from neurochip.energy.charges import CATEGORIES, charges, control_charges
from neurochip.energy.circuit import circuit_charges, has_circuit_energies, is_circuit
from neurochip.energy.hardware import HardwareUse
from neurochip.energy.static import CHIP, Clocked, static_charges, static_words
from neurochip.substrate.counters import Counters, Phase

__all__ = ["EnergyLine", "EnergyReport", "energy_report"]


@dataclass(frozen=True, slots=True)
class EnergyLine:
    """One event in one phase and category: ``count × unit_j = joules``.

    Attributes
    ----------
    count
        Events, or bits where the energy is per bit.
    evidence, source
        Of the energy per event, as the energy table states them.
    contained_in
        The event whose energy already includes this one, which is then free; `None` for all others.
    by_population
        The same count by population.
    """

    phase: str
    category: str
    event: str
    count: int
    unit_j: float
    joules: float
    evidence: str
    source: str
    contained_in: str | None = None
    by_population: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EnergyReport:
    """Joules of a run.

    Attributes
    ----------
    total_j
        Of all phases; `None` where the table has no energies, which is not the same as 0.
    by_category, by_phase, by_population
        Joules; each of the three adds up to the total.
    lines
        What they are the sums of.
    energy_table
        Name of the energy table.
    note
        What a reader of the figures must know.
    static
        Whether static power is in the sum: ``counted``, or why it is not.
    """

    total_j: float | None
    by_category: dict[str, float]
    by_phase: dict[str, float]
    by_population: dict[str, float]
    lines: tuple[EnergyLine, ...]
    energy_table: str
    note: str
    static: str = "not counted"


DIE = "die"  # stands in the place of a population for what a circuit draws as a whole
CONTROLLER = "controller"  # stands among the populations for what no core does
_NO_ENERGIES = "the table has no energies: only bits are counted"
_REAL_VALUED = (
    "not costed: the real-valued substrate has no cores and no links, so neither its multiply-adds nor its "
    "wires are counted; its 32-bit words are"
)


def energy_report(
    counters: Counters, hardware: HardwareUse, energies: EnergyTable, clocked: Clocked | None = None
) -> EnergyReport:
    """Return what all counts cost, and what its time costs if it was timed.

    Static power for which the table has no energy is left out of the sum, and the report says so.

    Raises
    ------
    ConfigError
        When an event occurred that the table has no energy for. An event that did not occur needs none.
    """
    if is_circuit(counters) and has_circuit_energies(energies):
        return _report(
            counters,
            _circuit_lines(counters, energies),
            energies,
            "not counted: leakage is not in these energies",
        )
    if energies.neuron_energy == "none" or not hardware.is_spiking:
        why = _NO_ENERGIES if hardware.is_spiking else _REAL_VALUED
        return EnergyReport(None, {}, {}, {}, (), energies.name, energies.note or why)
    lines = tuple(
        line
        for phase in Phase
        for line in (
            *_lines(phase, counters, hardware, energies),
            *_static_lines(phase, counters, energies, clocked),
        )
    )
    return _report(counters, lines, energies, static_words(counters, energies, clocked))


def _report(
    counters: Counters, lines: tuple[EnergyLine, ...], energies: EnergyTable, static: str
) -> EnergyReport:
    populations = dict.fromkeys(
        (*counters.populations, *(name for line in lines for name in line.by_population))
    )
    return EnergyReport(
        total_j=math.fsum(line.joules for line in lines),
        by_category=_sums(lines, CATEGORIES, lambda line: line.category),
        by_phase=_sums(lines, (phase.value for phase in Phase), lambda line: line.phase),
        by_population={
            name: math.fsum(line.by_population.get(name, 0) * line.unit_j for line in lines)
            for name in populations
        },
        lines=lines,
        energy_table=energies.name,
        note=energies.note,
        static=static,
    )


def _circuit_lines(counters: Counters, energies: EnergyTable) -> tuple[EnergyLine, ...]:
    return tuple(
        _line(phase, category, event, {DIE: count}, energies)
        for phase in Phase
        if phase in counters.phases
        for category, event, count in circuit_charges(counters.phases[phase])
        if count
    )


def _static_lines(
    phase: Phase, counters: Counters, energies: EnergyTable, clocked: Clocked | None
) -> list[EnergyLine]:
    if phase not in counters.phases:
        return []
    lines = []
    for charge, unit in static_charges(phase, counters, energies, clocked):
        names = (CHIP,) if charge.event in ("chip_static", "barrier") else counters.populations
        share: dict[str, int] = {}
        for name, count in zip(names, charge.counts.tolist(), strict=True):
            if count:
                share[name] = share.get(name, 0) + count
        count, entry = sum(share.values()), energies.entry(charge.event)
        if count:
            lines.append(
                EnergyLine(
                    phase=phase.value,
                    category=charge.category,
                    event=charge.event,
                    count=count,
                    unit_j=unit,
                    joules=count * unit,
                    evidence=entry.evidence,
                    source=entry.source,
                    by_population=share,
                )
            )
    return lines


def _lines(
    phase: Phase, counters: Counters, hardware: HardwareUse, energies: EnergyTable
) -> list[EnergyLine]:
    if phase not in counters.phases:
        return []
    # The same event may be charged more than once in a category, e.g. by two elements of one role.
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for charge in charges(counters.phases[phase], hardware, energies, counters.populations):
        share = counts.setdefault((charge.category, charge.event), {})
        for name, count in zip(counters.populations, charge.counts.tolist(), strict=True):
            if count:
                share[name] = share.get(name, 0) + count
    for event, count in control_charges(phase, counters.phases[phase]):
        if count:
            counts[("control", event)] = {CONTROLLER: count}
    return [
        _line(phase, category, event, share, energies) for (category, event), share in counts.items() if share
    ]


def _line(
    phase: Phase, category: str, event: str, share: dict[str, int], energies: EnergyTable
) -> EnergyLine:
    count = sum(share.values())
    whole = energies.contained_in(event)
    paid = event
    if whole is not None:
        paid = whole if energies.has(whole) else energies.contained_in(whole) or whole
    entry = energies.entry(paid)
    unit = energies.joules(event)
    source = entry.source if whole is None else f"contained in {paid}"
    return EnergyLine(
        phase=phase.value,
        category=category,
        event=event,
        count=count,
        unit_j=unit,
        joules=count * unit,
        evidence=entry.evidence,
        source=source,
        contained_in=None if whole is None else paid,
        by_population=share,
    )


def _sums(
    lines: tuple[EnergyLine, ...], order: Iterable[str], key: Callable[[EnergyLine], str]
) -> dict[str, float]:
    found = {key(line) for line in lines}
    return {
        name: math.fsum(line.joules for line in lines if key(line) == name) for name in order if name in found
    }
