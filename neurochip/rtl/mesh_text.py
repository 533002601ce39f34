"""The mesh of a chip in Verilog: its parameters, and traffic of the emulator's mesh as its bench repeats it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.errors import CapabilityError
from neurochip.noc import Packets, Traffic

__all__ = ["mesh_parameters", "mesh_vectors"]

Array = np.ndarray[Any, Any]


def mesh_parameters(mesh: MeshSpec, timing: TimingSpec, *, multicast: bool) -> dict[str, int]:
    """Return the parameters of mesh.v.

    Raises
    ------
    CapabilityError
        For routers that pass a flit on in the cycle in which it arrives: a queue of Verilog is read a cycle later.
    """
    if timing.router_cycles < 1:
        raise CapabilityError("timing.router_cycles", "must be at least 1 in Verilog, got 0")
    return {
        "WIDTH": mesh.width,
        "HEIGHT": mesh.height,
        "CORES": mesh.cores_per_tile,
        "DEPTH": timing.fifo_depth,
        "CYCLES": timing.router_cycles,
        "LINK_EW": timing.link_cycles_ew,
        "LINK_NS": timing.link_cycles_ns,
        "MULTICAST": int(multicast),
    }


def mesh_vectors(
    mesh: MeshSpec, packets: Packets, traffic: Traffic, *, work: Array, service: Array | None = None
) -> Iterator[str]:
    """Yield the lines of mesh.txt (mesh_bench.v says what each means).

    Parameters
    ----------
    packets, traffic
        What is sent, and what the emulator's mesh made of it.
    work
        i64[packet]: what the sender spends on each, in 2⁻²⁰ cycle, where ``service`` is given; otherwise the cycle from
        which it is offered.
    service
        i64[delivery]: what the receiver spends on each, in 2⁻²⁰ cycle.
    """
    order = np.arange(len(work)) if service is not None else np.argsort(work, kind="stable")
    order = order[np.argsort(packets.source[order], kind="stable")]
    taken = np.zeros(len(packets.destination), np.int64) if service is None else service
    yield " ".join(map(str, np.bincount(packets.source, minlength=mesh.n_cores).tolist()))
    for p in order.tolist():
        here = slice(int(packets.first[p]), int(packets.first[p + 1]))
        ends = zip(packets.destination[here], taken[here], traffic.arrival[here], strict=True)
        shown = " ".join(f"{core} {spent} {cycle}" for core, spent, cycle in ends)
        yield f"{work[p]} {traffic.let_in[p]} {here.stop - here.start} {shown}"
    yield " ".join(map(str, traffic.stalled.tolist()))
    for tile in traffic.link_load.reshape(-1, 4).tolist():
        yield " ".join(map(str, tile))
