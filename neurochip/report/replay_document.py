"""A replay → the document that is its ``report.json``: exact counts, bits in every coding, joules, time."""

from __future__ import annotations

import dataclasses
from typing import Any, NotRequired, TypedDict, cast

import numpy as np

from neurochip.compile.placement import PlacedNetwork
from neurochip.cores.replay_timing import ReplayTime
from neurochip.cores.traffic import TrafficCounters
from neurochip.description import EnergyTable
from neurochip.energy import Clocked, HardwareUse
from neurochip.report.document import chip_table, joules_table
from neurochip.report.mesh_schema import Meshed
from neurochip.report.mesh_table import mesh_table
from neurochip.report.schema import FORMAT, ChipTable, JoulesTable
from neurochip.substrate.counters import BIT_CODINGS, Counters, Phase, PhaseCounters
from neurochip.substrate.phase_time import PhaseTime
from neurochip.training.record import CoreUse

__all__ = [
    "ReplayBits",
    "ReplayDocument",
    "ReplayTimeTable",
    "ReplayedAs",
    "replay_document",
    "recosted_replay",
]


class ReplayBits(TypedDict):
    """Bits in each coding: sent, times the links they crossed, and received by all cores."""

    symbols: int
    spikes: int
    aer: int
    bitmap: int
    symbols_hops: int
    spikes_hops: int
    aer_hops: int
    bitmap_hops: int
    symbols_received: int
    spikes_received: int
    aer_received: int
    bitmap_received: int


class ReplayTimeTable(TypedDict):
    """Time of the chip, as far as ``model`` knows it, and of the emulation.

    ``latency`` holds cycles that 50, 95 and 99 % of the deliveries do not exceed, and the longest; ``queue_max`` the
    most flits in the FIFOs of one port; ``link_max`` the flits of the busiest link. Shares are of all cycles of the
    cores in use.
    """

    model: str
    ticks: int
    cycles: int | None
    seconds: float | None
    latency: dict[str, float] | None
    queue_max: int | None
    link_max: int | None
    busy_share: float | None
    stalled_share: float | None
    emulation_seconds: float
    started: str


class ReplayDocument(Meshed):
    """All of the ``report.json`` of a replay; ``layers`` is name and neurons of each."""

    format: int
    kind: str
    name: str
    file: str
    network: str | None
    layers: list[tuple[str, int]]
    neuron: str | None
    versions: dict[str, str]
    totals: dict[str, int]
    per_tick: dict[str, list[int]]
    bits: ReplayBits
    energy_j: JoulesTable
    time: ReplayTimeTable
    hardware: dict[str, Any]
    weights: str
    chip: ChipTable
    counters: dict[str, dict[str, Any]]
    neurobench: NotRequired[dict[str, float]]
    inference: NotRequired[dict[str, Any]]
    membranes: NotRequired[dict[str, Any]]
    quantisation: NotRequired[dict[str, Any]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReplayedAs:
    """What a replay was of, and when.

    Attributes
    ----------
    name, file, network, neuron
        Of the report, of the file of spikes, of the run or network file, and of the model of neurons; `None` where
        there is none.
    layers
        Their names.
    weights
        What was given and what is stored, in words.
    timing
        The model of time that was asked for.
    seconds, started
        Wall time of the emulation, and when it began (ISO 8601, UTC).
    versions
        Of what computed it.
    """

    name: str
    file: str
    network: str | None
    neuron: str | None
    layers: tuple[str, ...]
    weights: str
    timing: str
    seconds: float
    started: str
    versions: dict[str, str]


def replay_document(
    what: ReplayedAs,
    *,
    counters: TrafficCounters,
    placed: PlacedNetwork,
    hardware: HardwareUse,
    replay_time: ReplayTime,
    energies: EnergyTable,
) -> ReplayDocument:
    """Return the document of a replay."""
    by_core = _by_core(counters.counted)
    series = {key: values.tolist() for key, values in counters.per_tick.items()}
    if replay_time.cycles_per_tick is not None:
        series["cycles"] = replay_time.cycles_per_tick.tolist()
    layout = [dataclasses.asdict(core) for core in _core_uses(placed, what.layers, hardware, by_core)]
    return {
        "format": FORMAT,
        "kind": "replay",
        "name": what.name,
        "file": what.file,
        "network": what.network,
        "layers": list(zip(what.layers, placed.sizes, strict=True)),
        "neuron": what.neuron,
        "versions": what.versions,
        "totals": dict(counters.totals),
        "per_tick": series,
        "bits": cast(ReplayBits, {coding: by_core.total(key) for coding, key in BIT_CODINGS.items()}),
        "energy_j": joules_table(
            by_core,
            hardware,
            energies,
            clocked=_clocked(by_core, cast(ChipTable, chip_table(placed.chip))),
        ),
        "time": _time(replay_time, what, placed),
        "hardware": hardware.to_json(),
        "weights": what.weights,
        "chip": cast(ChipTable, chip_table(placed.chip) | {"layout": layout}),
        "counters": by_core.to_json(),
        "mesh": mesh_table(
            placed.chip.mesh, counters.link_load, by_core, replay_time.ticks, replay_time.cycles
        ),
    }


def recosted_replay(document: ReplayDocument, energies: EnergyTable) -> ReplayDocument:
    """Return the same document with its stored counts costed anew; nothing but ``energy_j`` differs."""
    counters = Counters.from_json(document["counters"])
    hardware = HardwareUse.from_json(document["hardware"])
    clocked = _clocked(counters, document["chip"])
    return {**document, "energy_j": joules_table(counters, hardware, energies, clocked=clocked)}


def _clocked(counters: Counters, chip: ChipTable) -> Clocked | None:
    """Return what turns counted cycles into seconds; a replay moves no words of the host."""
    if chip["clock_hz"] is None:
        return None
    tiles = {site // chip["cores_per_tile"] for site in counters.sites}
    return Clocked(chip["clock_hz"], None, len(tiles))


def _by_core(counted: Counters) -> Counters:
    """Return one row for each core: what it holds of several layers together."""
    sites = np.array(counted.sites)
    used, core = np.unique(sites, return_inverse=True)
    names = [
        " + ".join(
            dict.fromkeys(p for p, s in zip(counted.populations, counted.sites, strict=True) if s == site)
        )
        for site in used
    ]
    phases: dict[Phase, PhaseCounters] = {}
    for phase, rows in counted.phases.items():
        counts = np.zeros((used.size, rows.counts.shape[1]), dtype=np.int64)
        np.add.at(counts, core, rows.counts)
        time = rows.time
        if time is not None:
            still = PhaseTime.nothing(used.size)
            time = dataclasses.replace(time, busy=still.busy, stalled=still.stalled)
        phases[phase] = PhaseCounters(rows.presentations, rows.ticks, counts, time)
    return Counters(tuple(names), tuple(int(site) for site in used), phases)


def _core_uses(
    placed: PlacedNetwork, names: tuple[str, ...], hardware: HardwareUse, by_core: Counters
) -> list[CoreUse]:
    kept = sum(element.cost.state_words_kept for element in hardware.in_role("neuron"))
    uses = []
    for c, (site, name) in enumerate(zip(by_core.sites, by_core.populations, strict=True)):
        needs = {what: int(values[c]) for what, values in placed.needs.items()}
        pieces = [p for p in range(placed.pieces.neurons.size) if placed.pieces.site[p] == site]
        layers = [int(placed.pieces.population[p]) for p in pieces]
        sizes = [int(placed.pieces.neurons[p]) for p in pieces]
        units = [
            int(u)
            for p in pieces
            for u in np.flatnonzero(placed.pieces.of[int(placed.pieces.population[p])] == p)
        ]
        x, y = placed.chip.mesh.position(site)
        alone = len(pieces) == 1
        uses.append(
            CoreUse(
                site=site,
                x=x,
                y=y,
                population=name,
                first=min(units) if alone else 0,
                last=max(units) + 1 if alone else sum(sizes),
                neurons=sum(sizes),
                synapse_bits=needs["synapse_memory"],
                input_axons=needs["input_axons"],
                output_axons=needs["output_axons"],
                state_bits=hardware.state_bits
                * kept
                * sum(n for n, k in zip(sizes, layers, strict=True) if k),
            )
        )
    return uses


def _time(time: ReplayTime, what: ReplayedAs, placed: PlacedNetwork) -> ReplayTimeTable:
    used = placed.cores
    whole = (time.cycles or 0) * used.size
    walked = time.busy is not None and time.stalled is not None and whole
    latency = None
    if time.latencies is not None:
        names = ("p50", "p95", "p99", "max")
        latency = dict(zip(names, time.latency_percentiles(50, 95, 99, 100), strict=True))
    return {
        "model": what.timing,
        "ticks": time.ticks,
        "cycles": time.cycles,
        "seconds": time.seconds,
        "latency": latency,
        "queue_max": None if time.queue_max is None else int(time.queue_max.max()),
        "link_max": None if time.link_load is None else int(time.link_load.max()),
        "busy_share": float(time.busy[used].sum()) / whole if walked and time.busy is not None else None,
        "stalled_share": float(time.stalled[used].sum()) / whole
        if walked and time.stalled is not None
        else None,
        "emulation_seconds": what.seconds,
        "started": what.started,
    }
