"""What the same training costs with real values: counted from network, steps and placement, then put into joules.

Two rows: 32-bit words between the cores of the same chip, and multiply–adds alone on a processor.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from neurochip.description import EnergyTable, RunSpec, network_of
from neurochip.description.rule_keys import SETTLE_ONCE
from neurochip.elements import HardwareCost
from neurochip.elements.neurons.settling import NEURON_COST, NUDGE_COST
from neurochip.report.schema import (
    BaselineLineTable,
    BaselineRowTable,
    BaselineTable,
    ProjectionTable,
    ResultTable,
)
from neurochip.report.timing import TRAINING_PHASES
from neurochip.substrate.counters import Counters, Phase

__all__ = ["ASSUMPTIONS", "baseline_table", "per_point", "placed", "points_gained", "real_valued_steps"]

_WORD = 32  # bits of a real number
_UNPLACED = "not costed: this run has no cores on which the words could be placed"

# Where this run has an optimiser.
_PLAINLY = (
    "Real values take plain steps: neither the operations nor the memory of this run's optimiser are in their rows, so "
    "that the comparison is to their advantage."
)
ASSUMPTIONS = (
    "Real values settle in the steps of [baseline], learn from as many presentations, and reach the accuracy of "
    "this run: that is assumed, not measured.",
    "Weights, states and words are float32. A step of a neuron is that of the clipped neuron with a fixed step size.",
    "A clamped input is sent and multiplied once a presentation, every other neuron's value at every step, in both "
    "directions of a projection.",
    "Weights change as often as in this run, with as many multiply–adds; host words are this run's; no state is "
    "read out, as the neighbours have the words already.",
    "Same chip: cores are placed as in this run, whether or not their memory would hold float32 weights; a word "
    "takes a packet to each receiving core, with this run's mean header and address and 32 bits more.",
    "Processor: arithmetic alone, neither instructions nor memory nor wires, so less than any processor takes.",
    "Evaluation, readout, leakage and clock are not counted.",
)


class Sends(NamedTuple):
    """What one value of each neuron of a population takes: packets, links crossed, and the bits around a word."""

    packets: int  # one for each core that receives it
    leaving: int  # as they leave their core: as many, or one that forks
    links: int
    ew: float  # share of the links that run east–west
    overhead: float  # bits of header and address


class Use(NamedTuple):
    """So many of an event of the energy table, in a category."""

    category: str
    event: str
    times: int


def real_valued_steps(run: RunSpec) -> tuple[int, int]:
    """Return free steps, and all nudged ones: a reference of its own is a third phase."""
    if run.learning is not None and run.learning.rule in SETTLE_ONCE:
        return run.baseline.free, 0
    return run.baseline.free, run.baseline.nudged * (1 if run.phases.reference == "before" else 2)


def points_gained(result: ResultTable) -> float | None:
    """Return percentage points of test accuracy over guessing; `None` when there are none."""
    error, confusion = result["test_error"], result["confusion"]
    if error is None or not confusion:
        return None
    gained = 100 * ((1 - 1 / len(confusion)) - error)
    return gained if gained > 0 else None


def per_point(joules: float | None, result: ResultTable) -> float | None:
    """Return joules for each point of test accuracy gained over guessing."""
    gained = points_gained(result)
    return None if joules is None or gained is None else joules / gained


def placed(counters: Counters, layout: Sequence[Mapping[str, Any]]) -> dict[str, Sends]:
    """Return what a value of every neuron of a population takes on the cores that it sits on.

    Receivers are those of the layout; links those that a bit per neuron and tick has crossed in this run, in the
    routing of its chip.
    """
    by_phase = [counted for phase, counted in counters.phases.items() if phase in TRAINING_PHASES]
    ticks = sum(counted.ticks for counted in by_phase)
    if not layout or not ticks:
        return {}
    totals = counters.to_json()
    sends = {}
    for name in dict.fromkeys(counters.populations):
        rows = [counted["populations"][name] for counted in totals.values()]
        crossed = sum(
            counted["populations"][name]["symbols_hops"]
            for phase, counted in totals.items()
            if phase in TRAINING_PHASES
        )
        ew, ns, packets, leaving = (
            sum(row[key] for row in rows) for key in ("hops_ew", "hops_ns", "packets", "packets_sent")
        )
        received = sum(core["output_axons"] for core in layout if core["population"] == name)
        sends[name] = Sends(
            packets=received,
            # All neurons of a population have the same receivers, and a packet for each of them or one for all.
            leaving=received * leaving // packets if packets else received,
            links=round(crossed / ticks),
            ew=ew / (ew + ns) if ew + ns else 0.0,
            overhead=sum(row["aer"] for row in rows) / leaving if leaving else 0.0,
        )
    return sends


def baseline_table(
    run: RunSpec,
    counters: Counters,
    samples: int,
    layout: Sequence[Mapping[str, Any]],
    result: ResultTable,
    energies: EnergyTable | None,
    processor: EnergyTable,
) -> BaselineTable:
    """Return counts and both rows; ``samples`` presentations were learnt from, ``energies`` are the chip's.

    A row for which an energy is missing has null joules, and says which.
    """
    free, nudged = real_valued_steps(run)
    steps, network = free + nudged, network_of(run.network)
    sends = placed(counters, layout)
    populations = network.populations
    names = [population.name for population in populations]
    repeats = [
        1 if p.clamped else steps for p in populations
    ]  # an input that is held is told and weighed once
    layers = network.sizes
    projections: list[ProjectionTable] = [
        {
            "source": names[p.source],
            "target": names[p.target],
            "each_step": network.synapses(p.index),
            "per_sample": network.synapses(p.index) * repeats[p.source],
        }
        for p in network.projections
    ]
    counts = {
        "words": samples * sum(size * times for size, times in zip(layers, repeats, strict=True)),
        "packets": samples * sum(sends[n].packets * t for n, t in zip(names, repeats, strict=True) if sends),
        "hops": samples * sum(sends[n].links * t for n, t in zip(names, repeats, strict=True) if sends),
        "multiply_adds": samples * sum(p["per_sample"] for p in projections),
        "neuron_updates": samples * sum(network.sizes[k] for k in network.updated) * steps,
        "nudged_updates": samples * sum(network.sizes[k] for k in network.outputs) * nudged,
        "weight_accumulations": counters.total("weight_accumulations", Phase.UPDATE),
        "weight_writes": counters.total("weight_writes", Phase.UPDATE),
        "host_words_in": counters.total("host_words_in", *TRAINING_PHASES),
    }
    once = {name: samples * times for name, times in zip(names, repeats, strict=True)}
    rows = [
        _row(
            "processor",
            "multiply–adds alone, on a processor",
            _on_processor(counts),
            processor,
            samples,
            result,
        )
    ]
    if sends and energies is not None:
        uses = _on_chip(counts, sends, once, energies)
        rows.insert(0, _row("chip", "32-bit words on the same chip", uses, energies, samples, result))
    else:
        name, why = (
            (energies.name, _UNPLACED) if energies is not None else ("", "not costed: no energy table")
        )
        rows.insert(0, _not_costed("chip", "32-bit words on the same chip", name, why))
    return {
        "free": free,
        "nudged": nudged,
        "samples": samples,
        "counts": counts,
        "projections": projections,
        "rows": rows,
        "assumptions": [*ASSUMPTIONS, *([_PLAINLY] if counters.total("optimiser_steps") else [])],
    }


def _on_processor(counts: Mapping[str, int]) -> Iterator[Use]:
    for name, category in (("multiply_adds", "synapse"), ("weight_accumulations", "learning")):
        yield Use(category, "op.mul.float32", counts[name])
        yield Use(category, "op.add.float32", counts[name])
    yield Use("learning", "op.add.float32", counts["weight_writes"])
    yield from _operations("neuron", NEURON_COST, counts["neuron_updates"])
    yield from _operations("nudge", NUDGE_COST, counts["nudged_updates"])


def _operations(category: str, cost: HardwareCost, steps: int) -> Iterator[Use]:
    yield Use(category, "op.add.float32", cost.additions * steps)
    yield Use(category, "op.mul.float32", cost.multiplications * steps)
    yield Use(category, "op.cmp.float32", cost.comparisons * steps)


def _on_chip(
    counts: Mapping[str, int], sends: Mapping[str, Sends], times: Mapping[str, int], energies: EnergyTable
) -> Iterator[Use]:
    yield from _on_processor(counts)
    yield Use("synapse", "synapse_bit_read", _WORD * counts["multiply_adds"])
    for category, cost, steps in (
        ("neuron", NEURON_COST, counts["neuron_updates"]),
        ("nudge", NUDGE_COST, counts["nudged_updates"]),
    ):
        yield Use(category, "sram_bit_read", _WORD * cost.state_words_read * steps)
        yield Use(category, "sram_bit_write", _WORD * cost.state_words_written * steps)
    leaving = sum(sends[name].leaving * n for name, n in times.items())
    yield Use("network", "packet_out", leaving)
    yield Use("network", "packet_in", counts["packets"])
    if energies.has("link_bit"):
        bits = sum((_WORD + sends[name].overhead) * sends[name].links * n for name, n in times.items())
        yield Use("network", "link_bit", round(bits))
    else:
        east = round(sum(sends[name].ew * sends[name].links * n for name, n in times.items()))
        yield Use("network", "hop_ew", east)
        yield Use("network", "hop_ns", counts["hops"] - east)
    yield Use("learning", "sram_bit_read", _WORD * counts["weight_accumulations"])
    yield Use("learning", "sram_bit_write", _WORD * counts["weight_accumulations"])
    yield Use("learning", "synapse_bit_read", _WORD * counts["weight_writes"])
    yield Use("learning", "synapse_bit_write", _WORD * counts["weight_writes"])
    yield Use("host", "host_word_in", counts["host_words_in"])


def _row(
    key: str, name: str, uses: Iterable[Use], energies: EnergyTable, samples: int, result: ResultTable
) -> BaselineRowTable:
    totals: dict[tuple[str, str], int] = {}
    for use in uses:
        if use.times:
            totals[use.category, use.event] = totals.get((use.category, use.event), 0) + use.times
    charged = {event for _, event in totals}
    lines: list[BaselineLineTable] = []
    missing: list[str] = []
    for (category, event), count in totals.items():
        # What another event contains is free only where that other event is paid for.
        contained = energies.contained_in(event)
        if not energies.has(event) and contained not in charged:
            missing.append(event)
            continue
        unit = energies.joules(event)
        lines.append(
            {"category": category, "event": event, "count": count, "unit_j": unit, "joules": count * unit}
        )
    if missing:
        events = ", ".join(dict.fromkeys(missing))
        return _not_costed(
            key, name, energies.name, f"not costed: {energies.name} has no energy for {events}"
        )
    joules = math.fsum(line["joules"] for line in lines)
    return {
        "key": key,
        "name": name,
        "energy_table": energies.name,
        "joules": joules,
        "per_sample": joules / samples if samples else None,
        "per_point": per_point(joules, result),
        "note": "",
        "lines": lines,
    }


def _not_costed(key: str, name: str, energy_table: str, note: str) -> BaselineRowTable:
    return {
        "key": key,
        "name": name,
        "energy_table": energy_table,
        "joules": None,
        "per_sample": None,
        "per_point": None,
        "note": note,
        "lines": [],
    }
