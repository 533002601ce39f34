"""The clock of a chip that learns: the same spikes, weights and counts, and the cycles of packets listed one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.compile import ChipImage
from neurochip.cores import clock as clock_module
from neurochip.cores.clock import Timed
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import ChipSpec, CodingSpec
from neurochip.description.chip import TimingSpec
from neurochip.elements import Constant
from neurochip.errors import CapabilityError, ConfigError
from neurochip.noc import Packets
from neurochip.noc.zero_load import accesses
from neurochip.substrate import Counters, Phase, WeightUpdate
from neurochip.substrate.phase_time import FRACTIONS, PhaseTime, percentiles
from neurochip.testing.networks import Net, draw_net, fast_chip, small_chip
from tests.oracle.tick_counts import cycles_from_counts
from tests.property.listed_packets import CoreStages, TickTiming, core_pipeline
from tests.property.networks import checked, layer_sizes, seeds
from tests.property.test_replay_timing import TIMES, TIMINGS, adding

CODING = CodingSpec(annealer=Constant(0.5))
NUMBERS = np.arange(3, dtype=np.uint64)
PIECES = ((Phase.FREE, 7), (Phase.NUDGED, 4), (Phase.FREE, 3))
timings = st.builds(
    lambda timing, clamped: replace(timing, cycles_per_clamped_update=clamped),
    TIMINGS,
    st.one_of(st.none(), TIMES),
)


def specification(timing: TimingSpec | None, routing: Any = "unicast", neurons: int = 3) -> ChipSpec:
    return replace(small_chip(neurons, routing=routing), timing=timing)


def run(
    net: Net, chip: ChipSpec, pieces: tuple[tuple[Phase, int], ...] = PIECES, **how: Any
) -> tuple[DigitalSubstrate, list[Any]]:
    """Present all samples, two phases of which the first goes on; return the chip and its spikes."""
    made = fast_chip(net, CODING, chip=chip, **how)
    made.begin(net.x, NUMBERS[: len(net.x)])
    settled = [
        made.run(
            phase,
            ticks,
            beta=0.5 if phase is Phase.NUDGED else 0.0,
            targets=net.y if phase is Phase.NUDGED else None,
            record=("spikes",),
        )
        for phase, ticks in pieces
    ]
    return made, [piece.spikes for piece in settled]


def counts(counters: Counters) -> dict[str, Any]:
    """The counters without times."""
    return replace(
        counters, phases={phase: replace(counted, time=None) for phase, counted in counters.phases.items()}
    ).to_json()


def times(made: DigitalSubstrate) -> dict[str, Any]:
    return {
        phase.value: counted.time.to_json()
        for phase, counted in made.counters().phases.items()
        if counted.time
    }


def listed(
    image: ChipImage, spikes: tuple[Any, ...], tick: int, sample: int, before: tuple[Any, ...] | None = None
) -> TickTiming:
    """Time one tick of one sample, its packets listed spike by spike; ``before`` are the ticks before the first."""
    timing, mesh = image.chip.timing, image.chip.mesh
    assert timing is not None
    source, destinations, sops, after, extra = [], [], [], [], []
    neurons, update = [0] * mesh.n_cores, [0.0] * mesh.n_cores
    fill, arrived = [0.0] * mesh.n_cores, None
    if timing.engines == 1:
        arrived = [0] * mesh.n_cores
        earlier = spikes if tick else before
        for c, core in enumerate(image.cores if earlier is not None else ()):
            fired = int(earlier[core.population][tick - 1, sample, core.first : core.last].sum())
            for r in image.receivers[c]:
                arrived[image.cores[r].site] += fired * adding(timing, image.cores[r].size)
    for core, received in sorted(
        zip(image.cores, image.receivers, strict=True), key=lambda pair: pair[0].site
    ):
        clamped = core.population == 0
        neurons[core.site] = core.size
        each = timing.cycles_per_clamped_update if clamped else None
        update[core.site] = timing.cycles_per_neuron_update if each is None else each
        own = timing.clamped_fill_cycles if clamped else None
        fill[core.site] = timing.fill_cycles if own is None else own
        hearing = sorted((image.cores[r] for r in received), key=lambda c: c.site)
        forks = [hearing] if image.chip.packet.routing == "multicast" else [[c] for c in hearing]
        for j in range(core.size):
            if spikes[core.population][tick, sample, core.first + j]:
                for i, cores in enumerate(fork for fork in forks if fork):
                    source.append(core.site)
                    destinations.append([c.site for c in cores])
                    sops += [c.size for c in cores]
                    after.append(j + 1)
                    extra.append(timing.cycles_per_spike_out if i == 0 and not clamped else 0.0)
    return core_pipeline(
        mesh,
        timing,
        Packets.multicast(source, destinations),
        neurons=neurons,
        sops=sops,
        after=after,
        extra=extra,
        stages=CoreStages(update, fill),
        arrived=arrived,
    )


def from_counts(image: ChipImage, spikes: tuple[Any, ...]) -> Any:
    """i64[tick · sample], by the function that a replay uses."""
    timing, mesh = image.chip.timing, image.chip.mesh
    assert timing is not None
    sent = np.stack(
        [spikes[c.population][:, :, c.first : c.last].sum(axis=2, dtype=np.int64) for c in image.cores],
        axis=2,
    ).reshape(-1, len(image.cores))
    flows = [(s, r) for s, received in enumerate(image.receivers) for r in received]
    neurons = np.zeros(mesh.n_cores, dtype=np.int64)
    update = np.full(mesh.n_cores, timing.cycles_per_neuron_update)
    made = np.zeros((len(sent), mesh.n_cores), dtype=np.int64)
    extra = np.zeros((len(sent), mesh.n_cores))
    for c, core in enumerate(image.cores):
        neurons[core.site] = core.size
        if core.population == 0:
            update[core.site] = timing.clamped_update
        elif image.receivers[c]:
            extra[:, core.site] = sent[:, c] * round(timing.cycles_per_spike_out * FRACTIONS) / FRACTIONS
        made[:, core.site] = sent[:, c] * (1 if image.receivers[c] else 0)
    packets = np.array([sent[:, s] for s, _ in flows]).T.reshape(len(sent), len(flows))
    return cycles_from_counts(
        mesh,
        timing,
        neurons=neurons,
        source=[image.cores[s].site for s, _ in flows],
        destination=[image.cores[r].site for _, r in flows],
        packets=packets,
        sops=packets * accesses(timing, np.array([image.cores[r].size for _, r in flows], dtype=np.int64)),
        made=made if image.chip.packet.routing == "multicast" else None,
        extra=extra,
        update_cycles=update,
        apart=update if timing.engines == 1 else None,
    )


@checked(30)
@given(
    seed=seeds,
    sizes=layer_sizes,
    timing=timings,
    routing=st.sampled_from(["unicast", "multicast"]),
    neurons=st.integers(3, 30),
    precision=st.sampled_from(["float64", "float32", "int8"]),
)
def test_three_models(
    seed: int, sizes: tuple[int, ...], timing: TimingSpec, routing: str, neurons: int, precision: str
) -> None:
    check_three_models(draw_net(seed, sizes, batch=3), specification(timing, routing, neurons), precision)


def check_three_models(
    net: Net, chip: ChipSpec, precision: Any, pieces: tuple[tuple[Phase, int], ...] = PIECES
) -> None:
    """Time three pieces of two phases with all models."""
    timing, samples = chip.timing, len(net.x)
    assert timing is not None
    (tick, spikes), (analytic, other), (cycle, third) = (
        run(net, chip, pieces, precision=precision, timing=Timed(model))
        for model in ("tick", "analytic", "cycle")
    )
    assert times(tick) == {}
    for made, seen in ((analytic, other), (cycle, third)):
        assert counts(made.counters()) == counts(tick.counters())
        for one, two in zip(spikes, seen, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    image, parts = tick.image, {Phase.FREE: (0, 2), Phase.NUDGED: (1,)}
    n_cores = len(image.cores)
    for phase, own in parts.items():
        all_ticks = [
            listed(image, spikes[p], t, sample, spikes[p - 1] if p else None)
            for p in own
            for t in range(pieces[p][1])
            for sample in range(samples)
        ]
        time, bound = cycle.counters().phases[phase].time, analytic.counters().phases[phase].time
        assert time is not None and bound is not None
        assert (
            time.ticks == bound.ticks == len(all_ticks)
            and time.presentations == bound.presentations == samples
        )
        assert time.cycles == sum(t.cycles for t in all_ticks)
        assert time.longest == max(t.cycles for t in all_ticks)
        assert time.barrier == bound.barrier == sum(t.barrier for t in all_ticks)
        sites = [core.site for core in image.cores]
        for name in ("busy", "stalled", "idle"):
            expected = sum(getattr(t, name)[sites] for t in all_ticks)
            assert getattr(time, name) / FRACTIONS == pytest.approx(expected, abs=1e-5)
        assert (time.busy + time.stalled + time.idle).tolist() == [time.cycles * FRACTIONS] * n_cores

        traffic = [t.traffic for t in all_ticks if t.traffic is not None]
        load = sum(t.link_load for t in traffic).reshape(-1, 4)
        assert np.array_equal(time.link_load, load) and np.array_equal(bound.link_load, load)
        counted = tick.counters().phases[phase]
        assert load[:, :2].sum() == counted.total("hops_ew") and load[:, 2:].sum() == counted.total("hops_ns")
        deepest = np.max([t.queue_max for t in traffic], axis=0).reshape(len(load), -1)
        assert np.array_equal(time.queue_max, deepest)
        dwelt = sum(t.queue_mean * max(t.cycles, 1) for t in traffic).reshape(len(load), -1)
        assert time.queue_dwelt == pytest.approx(dwelt)
        latency = np.concatenate([t.latency for t in traffic])
        assert time.latencies.sum() == latency.size == counted.total("packets")
        wanted = np.percentile(latency, (0, 50, 99, 100)) if latency.size else np.zeros(4)
        assert percentiles(time.latencies, 0, 50, 99, 100) == pytest.approx(wanted)

        if timing.engines == 2 and timing.clamped_fill == timing.fill_cycles:
            least = np.concatenate([from_counts(image, spikes[p]) for p in own])
            assert bound.cycles == least.sum() and bound.longest == least.max()
        assert bound.cycles <= time.cycles
        if timing.engines == 1:  # without waiting for the network
            assert bound.busy.tolist() == time.busy.tolist()
        assert not bound.stalled.any() and np.all(bound.idle >= 0)


TIMING = TimingSpec(
    clock=1e9,
    sops_per_cycle=0.5,
    cycles_per_neuron_update=4.5,
    cycles_per_packet_in=1,
    cycles_per_packet_out=1,
    cycles_per_spike_out=2,
    router_cycles=1,
    link_cycles_ew=1,
    link_cycles_ns=2,
    fifo_depth=2,
    barrier_cycles=((1, 3), (4, 10)),
)
NET = draw_net(3, (20, 9, 4), batch=3)


@pytest.mark.parametrize("model", ["analytic", "cycle"])
@pytest.mark.parametrize("every", [1, 2])
def test_neither_threads_nor_room_nor_what_is_recorded_changes_the_time(
    model: str, every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = run(NET, specification(TIMING), timing=Timed(model, every))
    expected = times(first)
    assert expected["free"]["cycles"] > 0
    many, _ = run(NET, specification(TIMING), timing=Timed(model, every), threads=3)
    assert times(many) == expected
    monkeypatch.setattr(clock_module, "_ROOM", 1)
    made = fast_chip(NET, CODING, chip=specification(TIMING), timing=Timed(model, every), threads=2)
    made.begin(NET.x, NUMBERS)
    for phase, ticks in PIECES:
        nudge: Any = {"beta": 0.5, "targets": NET.y} if phase is Phase.NUDGED else {}
        made.run(phase, ticks, **nudge)
    assert times(made) == expected


def test_one_presentation_in_so_many_is_timed_and_a_checkpoint_goes_on_counting() -> None:
    def present(made: DigitalSubstrate, batch: slice) -> None:
        made.begin(NET.x[batch], NUMBERS[batch])
        made.run(Phase.FREE, 5)
        made.run(Phase.FREE, 2)

    whole = fast_chip(NET, CODING, chip=specification(TIMING), timing=Timed("cycle", 2))
    present(whole, slice(0, 3))
    present(whole, slice(0, 3))
    present(whole, slice(1, 3))
    time = whole.counters().phases[Phase.FREE].time
    # Presentations 0 … 7: of them 0, 2, 4 and 6, which are samples 0, 2 | 1 | 1.
    assert time is not None and (time.presentations, time.ticks) == (4, 28)
    alone = fast_chip(NET, CODING, chip=specification(TIMING), timing=Timed("cycle"))
    for sample in (0, 2, 1, 1):
        present(alone, slice(sample, sample + 1))
    assert times(alone)["free"] == time.to_json()

    half = fast_chip(NET, CODING, chip=specification(TIMING), timing=Timed("cycle", 2))
    present(half, slice(0, 3))
    stored = Counters.from_json(half.counters().to_json())
    resumed = fast_chip(NET, CODING, chip=specification(TIMING), timing=Timed("cycle", 2))
    resumed.restore_counters(stored, 0)
    present(resumed, slice(0, 3))
    present(resumed, slice(1, 3))
    assert times(resumed)["free"] == time.to_json()


def test_learning_takes_the_time_of_the_core_that_has_most_to_do() -> None:
    update = WeightUpdate(0, ((np.ones((2, 20)), np.ones((2, 9))),), 0.1, 0)

    def took(timing: TimingSpec) -> tuple[PhaseTime | None, Any]:
        made = fast_chip(NET, CODING, chip=specification(timing, neurons=5), timing=Timed("analytic"))
        made.write_weights([update], [None, None])
        made.write_weights([update], [None, None])
        return made.counters().phases[Phase.UPDATE].time, made.image.cores

    unknown, _ = took(TIMING)
    assert unknown is not None and unknown.cycles == 0
    known, cores = took(replace(TIMING, cycles_per_weight_accumulation=0.5, cycles_per_weight_write=2.0))
    # 9 hidden neurons on two cores: 5 with 20 weights each, and two samples. Each update is rounded up by itself.
    assert [core.size for core in cores if core.population == 1] == [4, 5]
    assert known is not None and known.cycles == 2 * (5 * 20 * 2 * 0.5 + 5 * 20 * 2)
    assert known.busy.max() == known.cycles * FRACTIONS


def test_a_chip_without_a_clock_cannot_be_timed() -> None:
    with pytest.raises(CapabilityError) as caught:
        fast_chip(NET, CODING, chip=specification(None), timing=Timed("cycle"))
    assert (
        str(caught.value) == 'timing: "cycle" needs a clock, and small has none; use "tick" or another chip'
    )
    with pytest.raises(ConfigError) as wrong:
        fast_chip(NET, CODING, chip=specification(TIMING), timing=Timed("cycle", 0))
    assert str(wrong.value) == "timing_every: must be at least 1, got 0"
