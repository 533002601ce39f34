"""Traffic through the network: packets with the cycle in which each is due → when and how they arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.errors import ConfigError
from neurochip.noc.arrays import Counter, Fabric, Load, State
from neurochip.noc.network import build
from neurochip.noc.packets import Packets, integers
from neurochip.noc.router import DONE, STALLED, advance
from neurochip.noc.stall import stall_error

__all__ = ["MOST_CYCLES", "Traffic", "disabled_cores", "in_core_order", "run", "simulate_traffic"]

Array = NDArray[np.int64]

MOST_CYCLES = 1 << 42  # with fractions of a cycle they still fit a word
_CHUNK = 1 << 16  # cycles between two looks at the keyboard


@dataclass(frozen=True, eq=False)
class Traffic:
    """What happened to packets, cycles counted from 0.

    Attributes
    ----------
    due, let_in
        i64[packet]: cycle from which the core offers it; cycle in which it entered the network.
    arrival
        i64[delivery]: cycle, in the order of ``Packets.destination``.
    link_load
        i64[x, y, direction]: flits that left place (x, y) eastwards, westwards, northwards, southwards.
    queue_max, queue_mean
        i64, f64[x, y, port]: flits in the FIFOs of a router: those travelling east, west, north, south, then
        those from its cores.
    stalled
        i64[core]: cycles in which a packet was offered and not let in.
    cycles
        Up to and with the last arrival.
    """

    due: Array
    let_in: Array
    arrival: Array
    first: Array
    link_load: Array
    queue_max: Array
    queue_mean: NDArray[np.float64]
    stalled: Array
    cycles: int

    @property
    def latency(self) -> Array:
        """i64[delivery]: cycles from due to arrival, waiting at the source included."""
        latency: Array = self.arrival - np.repeat(self.due, np.diff(self.first))
        return latency

    @property
    def flit_hops(self) -> int:
        """Links crossed, by all flits."""
        return int(self.link_load.sum())

    def latency_percentiles(self, *percent: float) -> tuple[float, ...]:
        """Return percentiles of `latency`; of no packets they are 0."""
        if not len(self.arrival):
            return (0.0,) * len(percent)
        return tuple(float(value) for value in np.percentile(self.latency, percent))


def simulate_traffic(
    mesh: MeshSpec,
    timing: TimingSpec,
    packets: Packets,
    due: ArrayLike,
    *,
    max_cycles: int = 1 << 40,
    disabled: Sequence[int] = (),
) -> Traffic:
    """Send packets through the empty network until all have arrived (docs/network-on-chip.md).

    Parameters
    ----------
    packets
        A core sends its own in the order of their cycles; of one cycle, in the order given.
    due
        i64[packet], ≥ 0: cycle from which each is offered. Cores take what arrives at once.
    max_cycles
        A network that is not done by then raises `StallError`.
    disabled
        Cores that never take a packet. Packets to them stall the network, which raises `StallError`.
    """
    cycles = integers("due", due, length=len(packets.source))
    if len(cycles) and not cycles.min() >= 0:
        raise ConfigError("due", f"must be at least 0, got {cycles.min()}")
    packets.check(mesh)
    ordered, back = in_core_order(packets)
    fabric, load, state = build(
        mesh,
        timing,
        ordered,
        order=np.argsort(cycles, kind="stable"),
        service=np.zeros(len(packets.destination), dtype=np.int64),
        work=cycles,
        paced=0,
        disabled=disabled_cores(mesh, disabled),
    )
    run(mesh, fabric, load, state, ordered, disabled=disabled, max_cycles=max_cycles)
    return measured(mesh, fabric, state, packets, cycles, back)


def in_core_order(packets: Packets) -> tuple[Packets, Array]:
    """Return the packets with sorted destinations, and where each of the given deliveries is in them."""
    order = np.lexsort((packets.destination, packets.packet))
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return Packets(packets.source, packets.destination[order], packets.first), back


def disabled_cores(mesh: MeshSpec, disabled: Sequence[int]) -> Array:
    """Return checked core numbers."""
    cores = integers("disabled", list(disabled))
    wrong = cores[(cores < 0) | (cores >= mesh.n_cores)]
    if len(wrong):
        raise ConfigError(
            "disabled", f"core {wrong[0]} does not exist; the chip has cores 0 to {mesh.n_cores - 1}"
        )
    return cores


def run(
    mesh: MeshSpec,
    fabric: Fabric,
    load: Load,
    state: State,
    packets: Packets,
    *,
    disabled: Sequence[int],
    max_cycles: int,
) -> None:
    """Go on until all has arrived, or raise `StallError`."""
    if not 1 <= max_cycles <= MOST_CYCLES:
        raise ConfigError("max_cycles", f"must be 1 to {MOST_CYCLES}, got {max_cycles}")
    status = DONE if not len(state.arrival) else None
    while status != DONE:
        now = int(state.counters[Counter.NOW])
        if now >= max_cycles or status == STALLED:
            limit = max_cycles if status != STALLED else None
            raise stall_error(mesh, fabric, load, state, packets, disabled=disabled, max_cycles=limit)
        status = advance(fabric, load, state, min(now + _CHUNK, max_cycles))


def measured(
    mesh: MeshSpec, fabric: Fabric, state: State, packets: Packets, due: Array, back: Array
) -> Traffic:
    """Return what a finished network has counted."""
    cycles = int(state.counters[Counter.NOW])
    place = (mesh.width, mesh.height)
    return Traffic(
        due=due,
        let_in=state.let_in,
        arrival=state.arrival[back],
        first=packets.first,
        link_load=state.crossed.reshape(*place, 4),
        queue_max=state.deepest.reshape(*place, fabric.ports),
        queue_mean=state.dwelt.reshape(*place, fabric.ports) / max(cycles, 1),
        stalled=state.stalled,
        cycles=cycles,
    )
