"""What is known about such networks without simulating them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.noc_latency_load import capacity, saturation, timing_of_chip, uniform_mesh
from neurochip.description import read_chip
from neurochip.description.chip import MeshSpec
from neurochip.noc import Packets, simulate_traffic
from tests.oracle.tick_counts import cycles_from_counts
from tests.property.listed_packets import CoreStages, core_pipeline


@pytest.mark.parametrize("name", ["loihi", "loihi-sanafe", "cmos45"])
def test_without_other_traffic_latency_is_the_closed_form_for_every_pair(name: str) -> None:
    chip = read_chip(name)
    mesh, timing = chip.mesh, chip.timing
    assert timing is not None
    cores = np.arange(mesh.n_cores)
    source, destination = (pair.ravel() for pair in np.meshgrid(cores, cores, indexing="ij"))
    # One packet at a time, each long after the one before.
    traffic = simulate_traffic(
        mesh, timing, Packets.unicast(source, destination), np.arange(len(source)) * 10_000
    )
    hops = np.array([mesh.hops(s, d) for s, d in zip(source, destination, strict=True)])
    expected = (
        (hops.sum(axis=1) + 1) * timing.router_cycles
        + hops[:, 0] * timing.link_cycles_ew
        + hops[:, 1] * timing.link_cycles_ns
    )
    assert (traffic.latency == expected).all()
    assert traffic.flit_hops == hops.sum()
    assert traffic.queue_max.max() == 1
    assert not traffic.stalled.any()


@pytest.mark.parametrize(("router_cycles", "depth"), [(0, 4), (1, 4), (2, 8)])
def test_one_hot_receiver_takes_one_flit_each_cycle(router_cycles: int, depth: int) -> None:
    mesh, timing = uniform_mesh(8), timing_of_chip(router_cycles=router_cycles, depth=depth)
    receiver, each = 27, 100
    source = np.repeat([core for core in range(64) if core != receiver], each)
    traffic = simulate_traffic(
        mesh, timing, Packets.unicast(source, np.full(len(source), receiver)), np.zeros(len(source), int)
    )
    arrivals = np.sort(traffic.arrival)
    assert (np.diff(arrivals) == 1).all()
    assert arrivals[0] == 2 * router_cycles + 1  # from a neighbour


@pytest.mark.interp
def test_a_credit_loop_longer_than_the_fifo_sets_the_pace() -> None:
    # A place is filled again L + R + L cycles after it was filled; D places: D flits in that time.
    mesh = MeshSpec(width=2, height=1, cores_per_tile=1)
    timing = timing_of_chip(router_cycles=3, link_cycles=5, depth=4)
    n = 400
    traffic = simulate_traffic(mesh, timing, Packets.unicast([0] * n, [1] * n), np.zeros(n, int))
    assert traffic.arrival[200] - traffic.arrival[0] == 200 / 4 * (5 + 3 + 5)


@pytest.mark.interp
def test_requests_are_served_in_turn() -> None:
    # Three cores of one tile and one from the west, all to the same core: each gets a quarter.
    mesh = MeshSpec(width=2, height=1, cores_per_tile=4)
    n = 100
    source = np.repeat([0, 5, 6, 7], n)
    traffic = simulate_traffic(
        mesh, timing_of_chip(), Packets.unicast(source, np.full(4 * n, 4)), np.zeros(4 * n, int)
    )
    arrivals = traffic.arrival.reshape(4, n)
    assert (np.diff(arrivals[:, 5:], axis=1) == 4).all()


@pytest.mark.interp
def test_a_tree_crosses_each_link_once() -> None:
    mesh = uniform_mesh(5)
    everybody = [core for core in range(25) if core != 12]
    traffic = simulate_traffic(
        mesh, timing_of_chip(router_cycles=1), Packets.multicast([12], [everybody]), [0]
    )
    assert traffic.flit_hops == 24
    assert traffic.link_load.max() == 1
    hops = np.array([sum(mesh.hops(12, core)) for core in everybody])
    assert (traffic.latency == 2 * hops + 1).all()  # with no other traffic forks wait for nothing


def test_multicast_spares_links_and_arrives_no_later_when_alone() -> None:
    chip = read_chip("loihi")
    assert chip.timing is not None
    cores = [3, 17, 42, 63, 90, 121]
    one = simulate_traffic(chip.mesh, chip.timing, Packets.multicast([0], [cores]), [0])
    six = simulate_traffic(chip.mesh, chip.timing, Packets.unicast([0] * 6, cores), [0] * 6)
    assert one.flit_hops < six.flit_hops
    assert (one.arrival <= six.arrival).all()


def test_uniform_traffic_saturates_between_head_of_line_blocking_and_capacity() -> None:
    # docs/network-on-chip.md, "Where it saturates". 58.6 %: Karol, Hluchyj & Morgan 1987.
    shares = {depth: saturation(8, depth, seed=1) / capacity(8) for depth in (1, 2, 4, 8, 16, 64)}
    assert list(shares.values()) == sorted(shares.values())  # deeper FIFOs never hurt
    assert shares[1] < 0.3  # a credit loop of 3 cycles: a link is used one cycle in three
    for depth in (8, 16, 64):
        assert 0.586 < shares[depth] < 0.85


@pytest.mark.parametrize(("depth", "booksim"), [(8, 0.371), (16, 0.405)])
def test_uniform_traffic_saturates_where_booksim_does(depth: int, booksim: float) -> None:
    # Flits per node and cycle that Booksim 2 accepts; its settings are in docs/network-on-chip.md.
    assert saturation(8, depth, seed=1) == pytest.approx(booksim, rel=0.05)


@pytest.mark.interp
def test_a_tick_worked_out_by_hand() -> None:
    # Core 0 updates 2 neurons (2 cycles each), then makes two packets (1 cycle each): made at 5 and 6. One link
    # away: 2 routers and 1 link, 3 cycles: arrival at 8 and 9. Look-up 1 cycle and 4 SOPs at 2 a cycle: 3 cycles a
    # packet: 8–11, 11–14. Barrier of two tiles: 10.
    mesh = MeshSpec(width=2, height=1, cores_per_tile=1)
    timing = replace(
        timing_of_chip(router_cycles=1),
        sops_per_cycle=2.0,
        cycles_per_neuron_update=2.0,
        barrier_cycles=((1, 5), (2, 10)),
    )
    packets = Packets.unicast([0, 0], [1, 1])
    for model in ("cycle", "analytic"):
        tick = core_pipeline(mesh, timing, packets, neurons=[2, 0], sops=[4, 4], model=model)
        assert (tick.cycles, tick.barrier) == (24, 10)
        assert tick.busy.tolist() == [6, 6]
        assert tick.stalled.tolist() == [0, 0]
        assert tick.idle.tolist() == [18, 18]
    # From counts alone the first packet may be made at 1, so that the receiver may begin at 4.
    arguments = {"neurons": [2, 0], "source": [0], "destination": [1]}
    timed = cycles_from_counts(mesh, timing, packets=[[2], [0]], sops=[[8], [0]], **arguments)
    assert timed.tolist() == [4 + 6 + 10, 4 + 5]


@pytest.mark.interp
def test_a_slow_receiver_stalls_the_senders() -> None:
    mesh = MeshSpec(width=2, height=1, cores_per_tile=1)
    timing = timing_of_chip(depth=2)
    n = 50
    tick = core_pipeline(
        mesh, timing, Packets.unicast([0] * n, [1] * n), neurons=[0, 0], sops=np.full(n, 9), max_cycles=10**6
    )
    assert tick.traffic is not None
    assert tick.busy.tolist() == [n, 10 * n]  # look-up and 9 SOPs
    # In steady state a packet goes in every 10 cycles; 6 places and the receiver take the first ones at once.
    assert tick.stalled[0] == pytest.approx(9 * n, rel=0.2)
    assert tick.cycles == pytest.approx(10 * n, abs=20)


@pytest.mark.interp
@pytest.mark.parametrize("depth", [2, 3, 5])
def test_a_full_inbox_takes_a_packet_for_each_place_that_its_core_frees(depth: int) -> None:
    # Two cores of one tile: packets come one each cycle, and take 10 cycles each (look-up and 9 SOPs), so that all
    # places of the inbox fill. A packet taken at T frees its place in T + 1, for the one that comes `depth` later.
    n = 4 * depth
    mesh = MeshSpec(width=1, height=1, cores_per_tile=2)
    packets = Packets.unicast([0] * n, [1] * n)
    tick = core_pipeline(mesh, timing_of_chip(depth=depth), packets, neurons=[0, 0], sops=np.full(n, 9))
    assert tick.traffic is not None
    found = tick.traffic.arrival.tolist()
    arrival, taken = [found[0]], [found[0]]
    for k in range(1, n):
        free = taken[k - depth] + 1 if k >= depth else 0
        arrival.append(max(arrival[-1] + 1, free))
        taken.append(max(arrival[-1], taken[-1] + 10))
    assert found == arrival
    assert (
        arrival[depth] - arrival[0] == depth and arrival[depth + 1] - arrival[0] > 10
    )  # it is full, and then waits


@pytest.mark.interp
def test_links_of_the_two_directions_have_cycles_of_their_own() -> None:
    mesh = MeshSpec(width=2, height=2, cores_per_tile=1)
    timing = replace(timing_of_chip(router_cycles=1), link_cycles_ew=2, link_cycles_ns=5)
    # Core 0 is at (0, 0); 1 is south of it, 2 east, and 3 both.
    for receiver, latency in ((1, 2 + 5), (2, 2 + 2), (3, 3 + 2 + 5)):
        for source, destination in ((0, receiver), (receiver, 0)):
            traffic = simulate_traffic(mesh, timing, Packets.unicast([source], [destination]), [0])
            assert traffic.latency.tolist() == [latency]


@pytest.mark.interp
@pytest.mark.parametrize("model", ["cycle", "analytic"])
def test_a_cycle_that_has_begun_belongs_to_the_tick(model: str) -> None:
    mesh, timing = MeshSpec(width=1, height=1, cores_per_tile=1), timing_of_chip()
    nothing = Packets.unicast([], [])
    whole = core_pipeline(mesh, timing, nothing, neurons=[4], sops=[], stages=CoreStages([0.5]), model=model)
    begun = core_pipeline(mesh, timing, nothing, neurons=[5], sops=[], stages=CoreStages([0.5]), model=model)
    assert (whole.cycles - whole.barrier, begun.cycles - begun.barrier) == (2, 3)
    assert (begun.busy[0], begun.idle[0]) == (2.5, begun.cycles - 2.5)


@pytest.mark.interp
def test_tiles_that_sleep_take_no_part_in_the_barrier() -> None:
    mesh = MeshSpec(width=4, height=1, cores_per_tile=1)
    timing = replace(timing_of_chip(), barrier_cycles=((1, 5), (2, 10), (3, 40), (4, 90)))
    for neurons, packets, sops, tiles, barrier in (
        ([3, 0, 0, 0], Packets.unicast([], []), [], 1, 5),
        ([3, 0, 0, 0], Packets.unicast([0], [2]), [1], 2, 10),
        ([3, 0, 0, 1], Packets.unicast([0], [2]), [1], 3, 40),
    ):
        tick = core_pipeline(mesh, timing, packets, neurons=neurons, sops=sops)
        assert (tick.active_tiles, tick.barrier) == (tiles, barrier)
