"""What an analog circuit is charged for: the currents of its cells, conversions and writes of weights."""

from __future__ import annotations

from collections.abc import Iterator

from neurochip.description import EnergyTable
from neurochip.substrate.counters import CIRCUIT, Counters, PhaseCounters

__all__ = ["CIRCUIT_EVENTS", "circuit_charges", "is_circuit", "has_circuit_energies"]

# Counter → category and event.
CIRCUIT_EVENTS: dict[str, tuple[str, str]] = {
    "synapse_charge": ("synapse", "synapse_charge"),
    "neuron_charge": ("neuron", "neuron_charge"),
    "samples_held": ("converters", "sample_hold"),
    "adc_conversions": ("converters", "adc_conversion"),
    "dac_conversions": ("converters", "dac_conversion"),
}


def is_circuit(counters: Counters) -> bool:
    """Whether the counters are those of an analog circuit whose cells are known."""
    return any(any(counted.circuit) for counted in counters.phases.values())


def has_circuit_energies(energies: EnergyTable) -> bool:
    """Whether a table has an energy for anything that a circuit draws."""
    return any(energies.has(event) for _, event in CIRCUIT_EVENTS.values())


def circuit_charges(counted: PhaseCounters) -> Iterator[tuple[str, str, int]]:
    """Return (category, event, count) of a phase, over the whole die."""
    for counter, count in zip(CIRCUIT, counted.circuit, strict=True):
        yield (*CIRCUIT_EVENTS[counter], count)
    yield "learning", "weight_accumulation", counted.total("weight_accumulations")
    yield "learning", "weight_write", counted.total("weight_writes")
