"""The three models of time: the same spikes and counts, and the cycles of packets listed spike by spike."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip import LIF, replay
from neurochip.cores.replay_input import checked_raster
from neurochip.cores.replay_timing import replay_time
from neurochip.description import ChipSpec
from neurochip.description.chip import TimingSpec
from neurochip.errors import StallError
from neurochip.noc import Packets
from neurochip.replays.replaying import Replay, Timing
from tests.property.listed_packets import TickTiming, core_pipeline
from tests.property.networks import checked
from tests.property.test_replay_equals_oracle import MESH, Case, chip_of

TIMES = st.sampled_from([0.0, 0.3, 1.0, 5.1, 30.0])
CORES = st.fixed_dictionaries(
    {"engines": st.sampled_from([1, 2]), "fill_cycles": TIMES, "outbox": st.booleans()},
    optional={"weights_per_access": st.sampled_from([1, 2, 3]), "clamped_fill_cycles": TIMES},
)
TIMINGS = st.builds(
    lambda cores, least, **stages: TimingSpec(
        **stages, **cores, least_accesses=least if "weights_per_access" in cores else 1
    ),
    cores=CORES,
    least=st.integers(1, 2),
    clock=st.sampled_from([1e6, 1e9]),
    sops_per_cycle=st.sampled_from([0.2857, 1.0, 2.0]),
    cycles_per_neuron_update=TIMES,
    cycles_per_packet_in=TIMES,
    cycles_per_packet_out=TIMES,
    cycles_per_spike_out=TIMES,
    router_cycles=st.integers(0, 2),
    link_cycles_ew=st.integers(1, 3),
    link_cycles_ns=st.integers(1, 3),
    fifo_depth=st.integers(1, 4),
    barrier_cycles=st.just(((1, 3), (4, 10))),
)


def run(case: Case, chip: ChipSpec, timing: Timing, neuron: LIF | None) -> Replay:
    return replay(
        case.rasters if neuron is None else case.rasters[:1],
        case.weights,
        chip,
        case.cores,
        timing=timing,
        neuron=neuron,
        recurrent=case.loops,
    )


def adding(timing: TimingSpec, synapses: int) -> int:
    """Return what adding up one packet takes, in 2⁻²⁰ cycle."""
    each, one = timing.weights_per_access, 1 << 20
    reads = synapses if each is None else max(math.ceil(synapses / each), timing.least_accesses)
    return round(timing.cycles_per_packet_in * one) + reads * round((each or 1) / timing.sops_per_cycle * one)


def plain_tick(case: Case, chip: ChipSpec, spikes: list[Any], tick: int, updates: bool) -> TickTiming:
    """Time one tick, its packets listed spike by spike."""
    assert chip.timing is not None
    arrived = None
    if chip.timing.engines == 1:
        arrived = [0] * MESH.n_cores
        for k, on in enumerate(case.cores):
            for unit in range(len(on)):
                for core in range(MESH.n_cores) if tick and spikes[k][tick - 1][unit] else ():
                    heard = sum(int(np.sum(case.cores[b] == core)) for a, b in case.links() if a == k)
                    arrived[core] += adding(chip.timing, heard) if heard else 0
    source, destinations, sops, after, extra = [], [], [], [], []
    updated = [0] * MESH.n_cores
    for k, on in enumerate(case.cores):
        targets = [b for a, b in case.links() if a == k]
        for unit, core in enumerate(int(c) for c in on):
            updated[core] += updates and k > 0
            if not spikes[k][tick][unit]:
                continue
            received = {c: sum(int(np.sum(case.cores[b] == c)) for b in targets) for c in range(MESH.n_cores)}
            hearing = [c for c, n in received.items() if n]
            forks = [hearing] if chip.packet.routing == "multicast" else [[c] for c in hearing]
            for i, cores in enumerate(fork for fork in forks if fork):
                source.append(core)
                destinations.append(cores)
                sops += [received[c] for c in cores]
                after.append(updated[core])
                extra.append(chip.timing.cycles_per_spike_out if k and i == 0 else 0.0)
    packets = Packets.multicast(source, destinations)
    return core_pipeline(
        MESH, chip.timing, packets, neurons=updated, sops=sops, after=after, extra=extra, arrived=arrived
    )


@checked(40)
@given(
    seed=st.integers(0, 2**32),
    recurrent=st.booleans(),
    multicast=st.booleans(),
    computes=st.booleans(),
    timing=TIMINGS,
)
def test_three_models(
    seed: int, recurrent: bool, multicast: bool, computes: bool, timing: TimingSpec
) -> None:
    check_three_models(Case(seed, recurrent, multicast), timing, computes)


def check_three_models(case: Case, timing: TimingSpec, computes: bool) -> None:
    chip = replace(chip_of(case.routing), timing=timing)
    neuron = LIF(3.5, 0.5) if computes else None
    tick, analytic, cycle = (run(case, chip, model, neuron) for model in ("tick", "analytic", "cycle"))
    for other in (analytic, cycle):
        assert all(np.array_equal(a, b) for a, b in zip(tick.spikes, other.spikes, strict=True))
        assert other.counters.to_json() == tick.counters.to_json()
        assert other.time.ticks == tick.time.ticks == case.ticks
        assert other.time.cycles == other.time.cycles_per_tick.sum()
        assert other.time.seconds == other.time.cycles / timing.clock
    assert tick.time.cycles is None and analytic.time.busy is None

    time, expected = (
        cycle.time,
        [plain_tick(case, chip, tick.spikes, t, computes) for t in range(case.ticks)],
    )
    assert time.cycles_per_tick.tolist() == [e.cycles for e in expected]
    for name in ("busy", "stalled", "idle"):
        assert getattr(time, name) == pytest.approx(sum(getattr(e, name) for e in expected), abs=1e-6)
    assert np.all(analytic.time.cycles_per_tick <= time.cycles_per_tick)
    assert time.busy + time.stalled + time.idle == pytest.approx(np.full(MESH.n_cores, time.cycles))

    assert time.link_load[..., :2].sum() == tick.counters.hops_ew
    assert time.link_load[..., 2:].sum() == tick.counters.hops_ns
    assert time.latencies.sum() == tick.counters.packets
    traffic = [e.traffic for e in expected]
    assert np.array_equal(time.link_load, sum(t.link_load for t in traffic))
    assert np.array_equal(time.queue_max, np.max([t.queue_max for t in traffic], axis=0))
    latency = np.concatenate([t.latency for t in traffic])
    percent = (0, 12.5, 50, 99, 100)
    wanted = np.percentile(latency, percent) if latency.size else np.zeros(5)
    assert time.latency_percentiles(*percent) == pytest.approx(wanted)


def test_a_spike_costs_its_sender_once() -> None:
    timing = TimingSpec(
        clock=1e9,
        sops_per_cycle=1,
        cycles_per_neuron_update=0,
        cycles_per_packet_in=0,
        cycles_per_packet_out=0,
        cycles_per_spike_out=0,
        router_cycles=1,
        link_cycles_ew=1,
        link_cycles_ns=1,
        fifo_depth=4,
        barrier_cycles=((1, 0),),
    )
    one, none = np.ones((1, 1)), np.zeros((1, 1))
    chip, slow = (
        replace(chip_of("unicast"), timing=replace(timing, cycles_per_spike_out=cost)) for cost in (0, 100)
    )
    weights, cores = [np.ones((1, 1)), np.ones((1, 3))], [[0], [0], [0, 6, 12]]

    def cycles(specification: ChipSpec, spikes: list[Any]) -> int | None:
        return replay([*spikes, np.zeros((1, 3))], weights, specification, cores, timing="cycle").time.cycles

    assert cycles(slow, [one, none]) == cycles(chip, [one, none])
    hidden = cycles(chip, [none, one])
    assert hidden is not None
    assert cycles(slow, [none, one]) == hidden + 100


def test_a_stall_names_its_tick() -> None:
    case = Case(4, recurrent=False, multicast=False)
    case.rasters[0][:2], case.rasters[0][2:] = 0, 1
    case.rasters[1:] = [np.zeros_like(raster) for raster in case.rasters[1:]]
    timing = TimingSpec(
        clock=1e9,
        sops_per_cycle=1,
        cycles_per_neuron_update=1,
        cycles_per_packet_in=1,
        cycles_per_packet_out=1,
        cycles_per_spike_out=1,
        router_cycles=1,
        link_cycles_ew=1,
        link_cycles_ns=1,
        fifo_depth=1,
        barrier_cycles=((1, 3),),
    )
    chip = replace(chip_of("unicast"), timing=timing)
    placed = run(case, chip, "tick", None).placed
    raster = checked_raster(case.rasters, case.sizes, computes=False)
    disabled = [int(case.cores[1][0])]
    with pytest.raises(StallError) as stalled:
        replay_time(placed, raster, timing, "cycle", updates=False, disabled=disabled)
    assert str(stalled.value).startswith("tick 2, cycle ")
    assert f"cores that take no packets: {disabled[0]}" in str(stalled.value)
    with pytest.raises(StallError, match=r"^tick 2, cycle 2: the network is not done, and max_cycles = 2"):
        replay_time(placed, raster, timing, "cycle", updates=False, max_cycles=2)
