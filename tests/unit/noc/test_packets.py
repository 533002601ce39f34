"""What packets may not say, sentence by sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.errors import CapabilityError, ConfigError
from neurochip.noc import Packets, simulate_traffic
from tests.property.listed_packets import core_pipeline

MESH = MeshSpec(width=2, height=2, cores_per_tile=2)
TIMING = TimingSpec(
    clock=1e9,
    sops_per_cycle=1,
    cycles_per_neuron_update=1,
    cycles_per_packet_in=1,
    cycles_per_packet_out=1,
    cycles_per_spike_out=0,
    router_cycles=1,
    link_cycles_ew=1,
    link_cycles_ns=1,
    fifo_depth=4,
    barrier_cycles=((1, 5),),
)


def refusal(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises((ConfigError, CapabilityError)) as caught:
        call(*args, **kwargs)
    return str(caught.value)


def test_lists_must_fit() -> None:
    assert refusal(Packets.unicast, [0, 1], [2]) == "packets.destination: must have 2 entries, got 1"
    assert refusal(Packets.multicast, [0, 1], [[2]]) == "packets.destination: must have 2 lists, got 1"
    assert refusal(Packets.multicast, [0, 1], [[2], []]) == (
        "packets.first: packet 1 goes to no core; it needs a destination"
    )
    assert refusal(Packets, [0], [1, 2], [0, 1]) == "packets.first: must end with 2 deliveries, got 1"
    assert refusal(Packets, [0], [1], [0]) == (
        "packets.first: must have one entry more than there are packets, from 0 on"
    )
    assert refusal(Packets.unicast, [0.5], [1]) == (
        "packets.source: must be a list of whole numbers, got float64[1]"
    )


def test_cores_must_exist_and_be_named_once() -> None:
    call = simulate_traffic
    assert refusal(call, MESH, TIMING, Packets.unicast([0], [8]), [0]) == (
        "packets.destination: core 8 does not exist; the chip has cores 0 to 7"
    )
    assert refusal(call, MESH, TIMING, Packets.unicast([-1], [7]), [0]) == (
        "packets.source: core -1 does not exist; the chip has cores 0 to 7"
    )
    assert refusal(call, MESH, TIMING, Packets.multicast([0, 0], [[3], [1, 2, 1]]), [0, 0]) == (
        "packets.destination: packet 1 names core 1 twice"
    )
    assert refusal(call, MESH, TIMING, Packets.unicast([0], [1]), [0], disabled=[9]) == (
        "disabled: core 9 does not exist; the chip has cores 0 to 7"
    )


def test_cycles_must_be_there() -> None:
    packets = Packets.unicast([0], [1])
    assert refusal(simulate_traffic, MESH, TIMING, packets, [-3]) == "due: must be at least 0, got -3"
    assert refusal(simulate_traffic, MESH, TIMING, packets, [0, 1]) == "due: must have 1 entries, got 2"
    for most in (0, 4398046511105):
        assert refusal(simulate_traffic, MESH, TIMING, packets, [0], max_cycles=most) == (
            f"max_cycles: must be 1 to 4398046511104, got {most}"
        )


def test_a_core_must_be_done_some_day() -> None:
    slow = replace(TIMING, sops_per_cycle=1e-9)
    tick = refusal(core_pipeline, MESH, slow, Packets.unicast([0], [1]), neurons=[0] * 8, sops=[1])
    assert tick == "timing.sops_per_cycle: lets a step of a core take 1e+09 cycles, and 1048576 are the most"
    slow = replace(TIMING, weights_per_access=4, sops_per_cycle=4.0, least_accesses=1 << 48)
    tick = refusal(core_pipeline, MESH, slow, Packets.unicast([0], [1]), neurons=[0] * 8, sops=[1])
    assert (
        tick == "timing.least_accesses: lets a packet take 2.81475e+14 cycles, and 1099511627776 are the most"
    )


def test_too_many_cores_on_a_tile_are_a_capability() -> None:
    crowded = MeshSpec(width=1, height=1, cores_per_tile=57)
    assert refusal(simulate_traffic, crowded, TIMING, Packets.unicast([0], [1]), [0]) == (
        "mesh.cores_per_tile: the network on chip has room for 56 cores on a tile, got 57"
    )


def test_no_packets_take_no_time() -> None:
    nothing = Packets.unicast([], [])
    traffic = simulate_traffic(MESH, TIMING, nothing, [])
    assert (traffic.cycles, traffic.flit_hops, traffic.latency_percentiles(50, 99)) == (0, 0, (0.0, 0.0))
    tick = core_pipeline(MESH, TIMING, nothing, neurons=np.zeros(8, dtype=int), sops=[])
    assert (tick.cycles, tick.barrier, tick.active_tiles) == (0, 0, 0)
    updated = core_pipeline(MESH, TIMING, nothing, neurons=[0, 0, 7, 0, 0, 0, 0, 0], sops=[])
    assert (updated.cycles, updated.barrier, updated.active_tiles) == (12, 5, 1)
    assert updated.busy.tolist() == [0, 0, 7, 0, 0, 0, 0, 0]
    assert updated.idle.tolist() == [12, 12, 5, 12, 12, 12, 12, 12]
