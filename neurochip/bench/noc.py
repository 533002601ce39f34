"""The network on chip alone: links crossed per CPU-second, 8 × 8 mesh, uniform random traffic, one thread."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurochip.bench.rounds import timed
from neurochip.bench.row import Effort, Family, Figure, Row
from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.noc import Packets
from neurochip.noc.arrays import Counter
from neurochip.noc.network import build
from neurochip.noc.router import advance
from neurochip.noc.traffic import in_core_order

__all__ = ["FAMILY", "timing_of_chip", "uniform_mesh", "uniform_traffic"]

SIDE, ROUTER_CYCLES = 8, 1
LOADS = (0.05, 0.2, 0.35)
_ROWS = tuple(
    Row(
        f"noc-{load:g}",
        f"8 × 8 mesh alone, {load:g} flits offered per node and cycle",
        "10⁶ flit-hops/s",
    )
    for load in LOADS
)


def uniform_mesh(side: int) -> MeshSpec:
    """Return a square mesh with a core on each tile."""
    return MeshSpec(width=side, height=side, cores_per_tile=1)


def timing_of_chip(*, router_cycles: int = 0, link_cycles: int = 1, depth: int = 8) -> TimingSpec:
    """Return a specification's timing in which everything else takes a cycle."""
    return TimingSpec(
        clock=1e9,
        sops_per_cycle=1.0,
        cycles_per_neuron_update=1.0,
        cycles_per_packet_in=1.0,
        cycles_per_packet_out=1.0,
        cycles_per_spike_out=0.0,
        router_cycles=router_cycles,
        link_cycles_ew=link_cycles,
        link_cycles_ns=link_cycles,
        fifo_depth=depth,
        barrier_cycles=((1, 1),),
    )


def uniform_traffic(side: int, load: float, cycles: int, seed: int) -> tuple[Packets, np.ndarray]:
    """Return packets, each core drawing with probability ``load`` in a cycle one to any core, and when they are due."""
    random = np.random.default_rng(seed)
    due, source = np.nonzero(random.random((cycles, side * side)) < load)
    return Packets.unicast(source, random.integers(side * side, size=len(source))), due


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure]:
    for load in LOADS:
        if f"noc-{load:g}" not in wanted:
            continue
        packets, due = uniform_traffic(SIDE, load, effort.pick(100, 2_000, 5_000), 1)
        packets, _ = in_core_order(packets)
        speeds = []
        for _ in range(effort.times(5, 9) + 1):
            fabric, loaded, state = build(
                uniform_mesh(SIDE),
                timing_of_chip(router_cycles=ROUTER_CYCLES),
                packets,
                order=np.argsort(due, kind="stable"),
                service=np.zeros(len(due), dtype=np.int64),
                work=due.astype(np.int64),
                paced=0,
                disabled=np.zeros(0, dtype=np.int64),
            )
            seconds, _ = timed(lambda: advance(fabric, loaded, state, 1 << 40))  # noqa: B023
            speeds.append(float(state.counters[Counter.HOPS]) / seconds / 1e6)
        yield Figure(f"noc-{load:g}", tuple(speeds[1:]))  # the first also loads the kernel


FAMILY = Family("noc", "the network on chip alone", _ROWS, _measure)
