"""A network that cannot go on says so, at once."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from benchmarks.noc_latency_load import timing_of_chip
from neurochip.description.chip import MeshSpec
from neurochip.errors import NeurochipError, StallError
from neurochip.noc import Packets, simulate_traffic
from neurochip.noc.network import build
from neurochip.noc.router import STALLED, advance
from tests.property.listed_packets import core_pipeline

pytestmark = pytest.mark.interp

MESH = MeshSpec(width=3, height=1, cores_per_tile=1)


def test_a_deaf_core_stalls_the_network_with_the_cycle_the_packets_and_the_queues() -> None:
    packets = Packets.unicast([0] * 12 + [1], [2] * 12 + [0])
    with pytest.raises(StallError) as caught:
        simulate_traffic(MESH, timing_of_chip(depth=2), packets, np.zeros(13, int), disabled=[2])
    assert isinstance(caught.value, NeurochipError)
    assert str(caught.value) == (
        "cycle 6: the network has stalled with 12 of 13 deliveries missing: packet 0 from core 0 to core 2, "
        "packet 1 from core 0 to core 2, packet 2 from core 0 to core 2, packet 3 from core 0 to core 2, "
        "packet 4 from core 0 to core 2, and 7 more; 6 packets wait in their cores; full queues (of 2): "
        "from core 0, eastward at (1, 0), eastward at (2, 0); cores that take no packets: 2"
    )
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_nobody_waits_for_max_cycles_once_nothing_can_move() -> None:
    with pytest.raises(StallError, match="^cycle 3: the network has stalled with 1 of 1 deliveries missing"):
        simulate_traffic(
            MESH,
            timing_of_chip(router_cycles=1),
            Packets.unicast([0], [1]),
            [0],
            max_cycles=1 << 42,
            disabled=[1],
        )


def test_what_arrives_in_the_first_cycle_is_not_missing() -> None:
    tile = MeshSpec(width=1, height=1, cores_per_tile=3)
    with pytest.raises(
        StallError, match="with 1 of 2 deliveries missing: packet 1 from core 0 to core 2; 0 packets"
    ):
        simulate_traffic(tile, timing_of_chip(), Packets.unicast([0, 0], [1, 2]), [0, 0], disabled=[2])


def test_packets_not_due_yet_are_no_stall() -> None:
    traffic = simulate_traffic(MESH, timing_of_chip(), Packets.unicast([0, 1], [1, 2]), [0, 10**9])
    assert traffic.arrival.tolist() == [1, 10**9 + 1]


def test_time_may_run_out() -> None:
    with pytest.raises(StallError) as caught:
        simulate_traffic(MESH, timing_of_chip(), Packets.unicast([0, 0], [2, 2]), [0, 500], max_cycles=100)
    assert str(caught.value) == (
        "cycle 100: the network is not done, and max_cycles = 100 is reached with 1 of 2 deliveries missing: "
        "packet 1 from core 0 to core 2; 1 packets wait in their cores; full queues (of 8): none"
    )
    done = simulate_traffic(MESH, timing_of_chip(), Packets.unicast([0], [2]), [0], max_cycles=3)
    assert done.cycles == 3
    with pytest.raises(StallError, match="max_cycles = 2 is reached"):
        simulate_traffic(MESH, timing_of_chip(), Packets.unicast([0], [2]), [0], max_cycles=2)


def test_a_tick_stalls_like_traffic() -> None:
    with pytest.raises(StallError, match="stalled .*; cores that take no packets: 1$"):
        core_pipeline(
            MESH, timing_of_chip(), Packets.unicast([0], [1]), neurons=[1, 1, 1], sops=[3], disabled=[1]
        )


def test_who_loses_to_a_fork_that_stays_asks_again_in_the_next_cycle() -> None:
    # Core 0's packet leaves (1, 0) eastwards in cycle 1 + 5 + 1 = 7 and then stays for core 3, which is disabled.
    # Core 2's lost that turn; it goes east in 8, and through the router of core 5 in 8 + 5 + 1.
    mesh = MeshSpec(width=3, height=1, cores_per_tile=2)
    packets = Packets.multicast([0, 2], [[3, 4], [5]])
    fabric, load, state = build(
        mesh,
        timing_of_chip(router_cycles=1, link_cycles=5),
        packets,
        order=np.arange(2),
        service=np.zeros(3, dtype=np.int64),
        work=np.array([0, 6]),
        paced=0,
        disabled=np.array([3]),
    )
    assert advance(fabric, load, state, 1000) == STALLED
    assert state.arrival.tolist() == [-1, 13, 14]
