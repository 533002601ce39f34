"""What each point of an exploration has a value of: names, words and units."""

from __future__ import annotations

from typing import NamedTuple

from neurochip.report.quantities import memory, percent, quantity

__all__ = ["METRICS", "Metric", "metric_words", "value_words"]


class Metric(NamedTuple):
    """A figure of a point: its name in files, what it is in words, its unit, and whether it follows the workload."""

    name: str
    words: str
    unit: str
    of_chip: bool = False


METRICS = {
    metric.name: metric
    for metric in (
        Metric("error", "error", "%"),
        Metric("energy_j", "energy", "J"),
        Metric("cycles", "cycles", ""),
        Metric("seconds", "time", "s"),
        Metric("energy_delay_js", "energy × delay", "J·s"),
        Metric("cores", "cores in use", "", True),
        Metric("memory_bits", "synapse memory in use", "bit", True),
        Metric("bits", "bits, one per neuron and tick", "bit"),
        Metric("aer_bits", "bits of addresses and headers", "bit"),
        Metric("packets", "packets", ""),
        Metric("hops", "links crossed", ""),
        Metric("sops", "synaptic operations", ""),
        Metric("busiest_link", "flits over the busiest link", ""),
        Metric("busiest_core", "synaptic operations of the busiest core", ""),
    )
}


def metric_words(name: str, value: float | None) -> str:
    """Return a figure as people read it."""
    if value is None:
        return "–"
    unit = METRICS[name].unit
    if unit == "%":
        return percent(value)
    if name == "memory_bits":
        return memory(round(value))
    return quantity(value, unit)


def value_words(key: str, value: str) -> str:
    """Return a value of a key of a chip as people read it: plain numbers with the unit that the key has."""
    if key.endswith("timing.clock"):
        unit = "Hz"
    elif ".energies." in key:
        unit = "W" if key.endswith("_static") else "J"
    else:
        return value
    try:
        return quantity(float(value), unit)
    except ValueError:  # written with its unit
        return value
