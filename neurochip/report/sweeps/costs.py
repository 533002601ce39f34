"""What one test sample costs on a chip, in words: energy, time, area, bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from neurochip.report.quantities import decimal, quantity
from neurochip.report.sweeps.schema import CellTable, SweepDocument

__all__ = ["COSTS", "Cost", "cells_of", "cost_names", "cost_range", "cost_words"]


class Cost(NamedTuple):
    """A cost: its name in files, what it is in words, and its unit."""

    name: str
    words: str
    unit: str


COSTS = {
    cost.name: cost
    for cost in (
        Cost("energy_j", "energy of a test sample", "J"),
        Cost("time_s", "time of a test sample", "s"),
        Cost("cycles", "cycles of a test sample", ""),
        Cost("energy_delay_js", "energy × delay of a test sample", "J·s"),
        Cost("ticks", "ticks of a test sample", ""),
        Cost("bits", "bits of a test sample", "bit"),
        Cost("spikes", "spikes of a test sample", ""),
        Cost("aer_bits", "bits of addresses and headers of a test sample", "bit"),
        Cost("packets", "packets of a test sample", ""),
        Cost("busiest_link", "flits of a test sample over the busiest link", ""),
        Cost("area_um2", "gates of all matched devices", "µm²"),
        Cost("cores", "cores in use", ""),
        Cost("memory_bits", "synapse memory in use", "bit"),
    )
}


def cost_names(tables: Iterable[Mapping[str, object]]) -> list[str]:
    """Return the costs that are known anywhere, in the order of `COSTS`."""
    known = {name for table in tables for name in table}
    return [name for name in COSTS if name in known]


def cells_of(document: SweepDocument) -> list[CellTable]:
    """Return every mode at every setting."""
    return [cell for panel in document["panels"] for curve in panel["curves"] for cell in curve["cells"]]


def cost_words(name: str, value: float | None) -> str:
    """Return a cost as people read it."""
    if value is None:
        return "–"
    unit = COSTS[name].unit
    if unit == "µm²":
        return f"{value:.0f} µm²" if value < 1e6 else f"{decimal(value / 1e6)} mm²"
    return quantity(value, unit) if unit in ("J", "s", "J·s", "bit") else f"{value:.4g}"


def cost_range(name: str, cells: Iterable[CellTable]) -> str:
    """Return what a cost is over several modes: one number, or from where to where."""
    found = sorted(cell["costs"][name]["mean"] for cell in cells if name in cell["costs"])
    if not found:
        return "–"
    low, high = cost_words(name, found[0]), cost_words(name, found[-1])
    return low if low == high else f"{low} – {high}"
