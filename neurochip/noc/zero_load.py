"""What a packet meets when nothing else is on its way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.errors import ConfigError
from neurochip.noc.arrays import FRACTION_BITS

__all__ = [
    "ONE",
    "access_work",
    "accesses",
    "in_fractions",
    "service_work",
    "zero_load_latency",
]

Array = NDArray[np.int64]

ONE = 1 << FRACTION_BITS
_MOST = 1 << 20  # cycles of one step
_MOST_PACKET = 1 << 40  # of all that is added up for one packet


def in_fractions(cycles: float, key: str = "") -> int:
    """Return cycles of the specification, of a key of its timing, in 2⁻²⁰ cycle, rounded once."""
    if not cycles <= _MOST:
        place = f"timing.{key}" if key else "timing"
        raise ConfigError(place, f"lets a step of a core take {cycles:g} cycles, and {_MOST} are the most")
    return round(cycles * ONE)


def accesses(timing: TimingSpec, sops: Array) -> Array:
    """Return what is read for the synaptic operations of each packet: words of memory, or weights one by one."""
    if timing.weights_per_access is None:
        return sops
    words: Array = -(-sops // timing.weights_per_access)
    return np.where(words > 0, np.maximum(words, timing.least_accesses), 0)


def access_work(timing: TimingSpec) -> int:
    """Return the time of one of these, in 2⁻²⁰ cycle."""
    return in_fractions((timing.weights_per_access or 1) / timing.sops_per_cycle, "sops_per_cycle")


def service_work(timing: TimingSpec, sops: Array) -> Array:
    """Return i64[delivery], what adding up each packet takes, look-up included, in 2⁻²⁰ cycle."""
    reads, each = accesses(timing, sops), access_work(timing)
    most = int(reads.max(initial=0)) * each
    if most > _MOST_PACKET * ONE:
        key = "sops_per_cycle" if timing.least_accesses == 1 else "least_accesses"
        raise ConfigError(
            f"timing.{key}", f"lets a packet take {most / ONE:g} cycles, and {_MOST_PACKET} are the most"
        )
    work: Array = in_fractions(timing.cycles_per_packet_in, "cycles_per_packet_in") + reads * each
    return work


def zero_load_latency(mesh: MeshSpec, timing: TimingSpec, source: Array, destination: Array) -> Array:
    """Return the cycles from injection to arrival for pairs of cores: (hops + 1) routers, and the links."""
    from_x, from_y = np.divmod(source // mesh.cores_per_tile, mesh.height)
    to_x, to_y = np.divmod(destination // mesh.cores_per_tile, mesh.height)
    hops_x, hops_y = np.abs(to_x - from_x), np.abs(to_y - from_y)
    links = hops_x * timing.link_cycles_ew + hops_y * timing.link_cycles_ns
    latency: Array = (hops_x + hops_y + 1) * timing.router_cycles + links
    return latency
