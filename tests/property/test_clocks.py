"""Clocks by themselves: which presentations they time, what stalls them, which links and pairs they know."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.compile.route import route
from neurochip.cores.clock import ChipClock, Timed
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.cores.traffic_tables import link_routes, traffic_tables
from neurochip.errors import ConfigError, StallError
from neurochip.substrate import Phase
from neurochip.testing.networks import draw_net, fast_chip
from tests.property.test_timed_runs import CODING, NET, NUMBERS, TIMING, from_counts, listed, specification


def clock_of(made: DigitalSubstrate, **how: Any) -> tuple[ChipClock, Any]:
    slots = made._layout.core_slots
    return ChipClock(made.image, slots, "cycle", **how), np.zeros(
        (4, 1, made._layout.n_slots), dtype=np.uint8
    )


@pytest.mark.interp
@pytest.mark.filterwarnings("ignore:overflow encountered")  # words wrap round where lists are made
@pytest.mark.parametrize("every", [1, 2, 3, 5])
def test_every_so_many_presentations_of_a_phase_are_timed_whatever_the_minibatches(every: int) -> None:
    clock, _ = clock_of(fast_chip(NET, CODING, chip=specification(TIMING)), every=every)
    timed, begun = [], 0
    for batch in (1, 3, 4, 2, 7, 1, 1):
        count = clock.begin(Phase.FREE, batch)
        assert count == len(clock.timed(Phase.FREE))
        timed += [begun + sample for sample in clock.timed(Phase.FREE)]
        begun += batch
        clock.begin(Phase.NUDGED, 1)  # phases do not count each other's
    assert timed == list(range(0, begun, every))


def alone(work: Any) -> None:
    work(0)


def test_a_core_that_takes_nothing_stalls_the_tick_and_says_so() -> None:
    made = fast_chip(NET, CODING, chip=specification(TIMING, neurons=20))
    sites = [core.site for core in made.image.cores]
    clock, spikes = clock_of(made, disabled=[sites[1]])
    spikes[2, 0, :9] = 1
    with pytest.raises(StallError) as stalled:
        clock.measure(np.array([0]), np.zeros((0, 1, 3), np.int32), spikes, alone, first_tick=11)
    assert str(stalled.value) == (
        "tick 13, cycle 17: the network has stalled with 9 of 9 deliveries missing: packet 0 from core 0 to core 1, "
        "packet 1 from core 0 to core 1, packet 2 from core 0 to core 1, packet 3 from core 0 to core 1, "
        "packet 4 from core 0 to core 1, and 4 more; 7 packets wait in their cores; full queues (of 2): from core 0; "
        "cores that take no packets: 1"
    )
    clock, _ = clock_of(made, max_cycles=12)
    with pytest.raises(StallError) as slow:
        clock.measure(np.array([0]), np.zeros((0, 1, 3), np.int32), spikes, alone)
    assert str(slow.value).startswith(
        "tick 3, cycle 12: the network is not done, and max_cycles = 12 is reached with 8 of 9 deliveries missing"
    )


def test_pairs_between_which_nothing_travels() -> None:
    """Packets over a link that is down, or to a core that is dead, are neither made nor walked."""
    made = fast_chip(NET, CODING, chip=specification(TIMING, neurons=20))
    n = len(made.image.cores)
    unreachable = np.zeros((n, n), dtype=bool)
    unreachable[0, 1] = True
    clock, spikes = clock_of(made, unreachable=unreachable, disabled=[made.image.cores[1].site])
    spikes[2, 0, :9] = 1
    time = clock.measure(np.array([0]), np.zeros((0, 1, n), np.int32), spikes, alone)
    assert time.ticks == 4 and not time.link_load.any() and not time.latencies.size
    with pytest.raises(ConfigError) as wrong:
        clock_of(made, unreachable=unreachable[:1])
    assert str(wrong.value) == f"unreachable: must have shape ({n}, {n}), got (1, {n})"


@pytest.mark.interp
@pytest.mark.filterwarnings("ignore:overflow encountered")  # words wrap round where lists are made
def test_the_walk_in_plain_python() -> None:
    net = draw_net(8, (5, 4, 2), batch=1)
    made = fast_chip(net, CODING, chip=specification(TIMING, "multicast"), timing=Timed("cycle"))
    bound = fast_chip(net, CODING, chip=specification(TIMING, "multicast"), timing=Timed("analytic"))
    for chip in (made, bound):
        chip.begin(net.x, NUMBERS[:1])
    spikes = made.run(Phase.FREE, 6, record=("spikes",)).spikes
    bound.run(Phase.FREE, 6)
    expected = [listed(made.image, spikes, t, 0).cycles for t in range(6)]
    time, least = made.counters().phases[Phase.FREE].time, bound.counters().phases[Phase.FREE].time
    assert time is not None and (time.cycles, time.longest) == (sum(expected), max(expected))
    assert least is not None and least.cycles == from_counts(made.image, spikes).sum()


@pytest.mark.interp
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_flits_of_a_spike_are_where_its_routes_are() -> None:
    made = fast_chip(NET, CODING, chip=specification(TIMING, neurons=2))
    image, mesh = made.image, made.image.chip.mesh
    found = link_routes(image, traffic_tables(image, TIMING, np.array(made._layout.core_slots)))
    links = mesh.width * mesh.height * 4
    routes = np.array([found.load(spike, links) for spike in np.eye(len(image.cores), dtype=np.int64)])
    expected = np.zeros_like(routes)
    for c, receivers in enumerate(image.receivers):
        for r in receivers:
            for (x, y), (to_x, to_y) in route(mesh, image.cores[c].site, image.cores[r].site):
                direction = {(1, 0): 0, (-1, 0): 1, (0, -1): 2, (0, 1): 3}[to_x - x, to_y - y]
                expected[c, (x * mesh.height + y) * 4 + direction] += 1
    assert image.chip.packet.routing == "unicast"
    assert len({mesh.position(core.site)[0] for core in image.cores}) > 1
    assert (expected.reshape(-1, 4).sum(axis=0) > 0).sum() >= 3  # east, and both ways along a column
    np.testing.assert_array_equal(routes, expected)
