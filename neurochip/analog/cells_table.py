"""What a report says of the cells of a die: how many, their area, their currents, and the time of a sample."""

from __future__ import annotations

import math

from neurochip.analog.draw import synapse_currents
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.cell_library import Cell, CellLibrary
from neurochip.description.die.circuit import AnalogSpec
from neurochip.network import Network
from neurochip.substrate import Phase

__all__ = ["cell_counts", "cells_area", "cells_table"]

_LEARNING = (Phase.FREE, Phase.NUDGED, Phase.NUDGED_NEGATIVE)


def cell_counts(network: Network, spec: AnalogSpec) -> dict[str, int]:
    """Return how many of each cell a die has: a store for each weight, a DAC for each input, one ADC."""
    neurons = sum(network.sizes[1:])
    circuits = 2 if spec.learning_path.circuits == "twin" else 1
    synapses = circuits * sum(network.synapses(k) for k in range(len(network.projections)))
    return {
        "synapse": synapses,
        "store": synapses,
        "leak": circuits * neurons,
        "capacitor": circuits * neurons,
        "hold": neurons,
        "dac": network.sizes[0],
        "adc": 1 if spec.converters.adc_bits is not None else 0,
    }


def cells_area(network: Network, spec: AnalogSpec, cells: CellLibrary) -> float:
    """Return the area of all cells, without wires, m²."""
    counts = cell_counts(network, spec)
    return math.fsum(counts[name] * cell.whole_area for name, cell in cells.cells.items())


def cells_table(substrate: AnalogSubstrate, cells: CellLibrary) -> dict[str, object]:
    """Return what stands in the report under ``analog.cells``; SI units."""
    tau, counts = substrate.spec.tau_s, cell_counts(substrate.network, substrate.spec)
    full, leak = cells.full_scale_current(tau), substrate.spec.leak.tail
    tails = {"synapse": full, "leak": leak * full}
    rows: list[dict[str, object]] = [
        {
            "name": name,
            "kind": cell.kind,
            "count": counts[name],
            "gate_m": [cell.width, cell.length] if cell.transistors else None,
            "current_a": cell.branches * tails[name] if name in tails else None,
            "inversion": _inversion(substrate.spec, cell, tails[name]) if name in tails else None,
            "area_m2": counts[name] * cell.whole_area,
            "source": cell.source,
            "evidence": cell.evidence,
        }
        for name, cell in cells.cells.items()
    ]
    most = math.nan
    if substrate.circuit.weights:
        bias, inputs, neurons = synapse_currents(substrate.circuit)
        most = bias + float(inputs.sum()) + float(neurons.sum())
    leaks = leak * substrate.circuit.leaks * cells.cells["leak"].branches
    return {
        "name": cells.name,
        "supply_v": cells.supply,
        "full_scale_v": cells.full_scale,
        "full_scale_current_a": full,
        "largest_power_w": cells.supply * full * (most * cells.cells["synapse"].branches + float(leaks)),
        "area_m2": cells_area(substrate.network, substrate.spec, cells),
        "cells": rows,
        "seconds": _seconds(substrate, tau),
    }


def _inversion(spec: AnalogSpec, cell: Cell, current: float) -> float | None:
    """Return the inversion coefficient of a cell's gate at a full-scale current; `None` where I_spec is not known."""
    process = spec.mismatch.transistors
    if process is None or process.i_spec is None or not cell.width * cell.length:
        return None
    return current / (1e-9 * process.i_spec * cell.width / cell.length)


def _seconds(substrate: AnalogSubstrate, tau: float) -> dict[str, float]:
    """Return how long the circuit settles for a sample that it learns from, and for one that it classifies."""
    by_phase, tick = substrate.counters().phases, tau * substrate.spec.settle.step
    found = {}
    trained = next((by_phase[p].presentations for p in (Phase.NUDGED, Phase.FREE) if p in by_phase), 0)
    if trained:
        found["training"] = tick * sum(by_phase[p].ticks for p in _LEARNING if p in by_phase) / trained
    if Phase.EVALUATION in by_phase and by_phase[Phase.EVALUATION].presentations:
        found["evaluation"] = (
            tick * by_phase[Phase.EVALUATION].ticks / by_phase[Phase.EVALUATION].presentations
        )
    return found
