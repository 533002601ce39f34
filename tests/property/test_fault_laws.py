"""Laws of faults: nothing at rate 0, everything at rate 1, binomial in between, and no trace of threads or samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import CodingSpec
from neurochip.description.faults import (
    DeadCore,
    FaultsSpec,
    LinkDown,
    SpikeDelay,
    SpikeDrop,
    SpikeSpurious,
    StuckNeuron,
    WeightBitFlip,
)
from neurochip.elements import OSA, Identity, Predictive, SigmaDelta, Stochastic
from neurochip.substrate import Observable, Phase
from neurochip.substrate.counters import COUNTERS
from neurochip.testing.networks import Net, draw_net, fast_chip, small_chip
from tests.property.faulty_networks import fault_specs
from tests.property.networks import checked, layer_sizes, seeds

NUMBERS = np.array([3, 7, 2**41], dtype=np.uint64)
RECORD = ("spikes", "states")
codings = st.builds(
    CodingSpec,
    encoder=st.sampled_from([SigmaDelta(), Stochastic(0.5)]),
    decoder=st.sampled_from([Identity(), Predictive(0.3)]),
    annealer=st.just(OSA(0.0346, 1e-9)),
)
precisions = st.sampled_from(["float64", "float32", "int8", "int5"])
SOMEWHERE = small_chip(5, mesh=(9, 9, 2))


def series(
    made: DigitalSubstrate, net: Net, phase: Phase = Phase.FREE, batch: Any = slice(None)
) -> list[Any]:
    """Return spikes and states of a presentation in three pieces."""
    made.begin(net.x[batch], NUMBERS[batch])
    settled = [made.run(phase, 7, record=RECORD), made.run(phase, 5, record=RECORD)]
    nudged = Phase.NUDGED if phase is Phase.FREE else phase
    settled.append(made.run(nudged, 6, beta=0.5, targets=net.y[batch], record=RECORD))
    return [a for s in settled for a in (*s.spikes, *s.states)]


def same(first: list[Any], second: list[Any]) -> None:
    assert len(first) == len(second) > 0
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def totals(made: DigitalSubstrate) -> dict[str, int]:
    return {name: made.counters().total(name) for name in COUNTERS}


@given(seed=seeds, sizes=layer_sizes, coding=codings, precision=precisions, tied=st.booleans())
@checked(40)
def test_faults_that_hit_nothing_change_nothing(
    seed: int, sizes: tuple[int, ...], coding: CodingSpec, precision: Any, tied: bool
) -> None:
    """The kernel of faults gives the numbers of the other one, bit for bit, in floating point too."""
    net = draw_net(seed, sizes, batch=3, tied=tied)
    sound = fast_chip(net, coding, chip=SOMEWHERE, precision=precision, traced=True, seed=seed)
    idle = FaultsSpec(
        link_down=LinkDown(links=("8,8>8,7",)),
        spike_drop=SpikeDrop(rate=0.0),
        spike_delay=SpikeDelay(rate=1e-300, ticks=3),
    )
    broken = fast_chip(net, coding, chip=SOMEWHERE, precision=precision, traced=True, seed=seed, faults=idle)
    assert broken.plans[0] is not None
    assert broken.plans[0].on_the_way
    same(series(sound, net), series(broken, net))
    assert totals(sound) == totals(broken)
    for layer in range(len(sizes)):
        own = broken.observe(Observable.TRACE, layer)
        shared = sound.observe(Observable.TRACE, layer)
        for core in range(own.shape[1]):
            np.testing.assert_array_equal(own[:, core], shared)


def test_rates_of_zero_are_no_faults() -> None:
    zero: dict[str, Any] = {"rate": 0.0}
    spec = FaultsSpec(
        spike_drop=SpikeDrop(**zero),
        spike_spurious=SpikeSpurious(**zero),
        spike_delay=SpikeDelay(**zero),
        dead_core=DeadCore(**zero),
        stuck_neuron=StuckNeuron(**zero),
        link_down=LinkDown(**zero),
        weight_bit_flip=WeightBitFlip(**zero),
    )
    made = fast_chip(draw_net(1, (9, 5, 3), batch=3), CodingSpec(), precision="int8", faults=spec)
    assert made.plans == (None, None)


@given(seed=seeds, sizes=layer_sizes, coding=codings, faults=fault_specs(), precision=precisions)
@checked(30)
def test_neither_threads_nor_samples_matter(
    seed: int, sizes: tuple[int, ...], coding: CodingSpec, faults: FaultsSpec, precision: Any
) -> None:
    net = draw_net(seed, sizes, batch=3)
    how: dict[str, Any] = {"chip": SOMEWHERE, "precision": precision, "faults": faults, "seed": seed}
    one = fast_chip(net, coding, **how)
    expected = series(one, net)
    for threads in (2, 3):
        other = fast_chip(net, coding, threads=threads, **how)
        same(expected, series(other, net))
        assert other.counters().to_json() == one.counters().to_json()
    alone = fast_chip(net, coding, **how)
    for sample in range(3):
        found = series(alone, net, batch=slice(sample, sample + 1))
        same([array[:, sample : sample + 1] for array in expected], found)
    assert alone.counters().to_json() == one.counters().to_json()


@given(seed=seeds, sizes=layer_sizes, coding=codings, faults=fault_specs(), before=st.integers(1, 12))
@checked(30)
def test_snapshot_and_restore(
    seed: int, sizes: tuple[int, ...], coding: CodingSpec, faults: FaultsSpec, before: int
) -> None:
    """Packets that are held back are part of what a sample remembers."""
    net = draw_net(seed, sizes, batch=3)
    made = fast_chip(net, coding, chip=SOMEWHERE, precision="float32", faults=faults)
    made.begin(net.x, NUMBERS)
    made.run(Phase.FREE, before)
    snapshot = made.snapshot()
    first = made.run(Phase.NUDGED, 9, beta=0.5, targets=net.y, record=RECORD)
    made.restore(snapshot)
    again = made.run(Phase.NUDGED, 9, beta=0.5, targets=net.y, record=RECORD)
    same([*first.spikes, *first.states], [*again.spikes, *again.states])
    for counted in made.counters().phases.values():
        there = sum(counted.total(k) for k in ("spikes_delivered", "spikes_dropped", "spikes_in_flight"))
        assert counted.total("packets") == there


@given(seed=seeds, sizes=layer_sizes, coding=codings)
@checked(20)
def test_when_every_packet_is_lost_nothing_arrives(
    seed: int, sizes: tuple[int, ...], coding: CodingSpec
) -> None:
    net = draw_net(seed, sizes, batch=3)
    made = fast_chip(net, coding, faults=FaultsSpec(spike_drop=SpikeDrop(rate=1.0)), traced=True)
    series(made, net)
    counts = totals(made)
    assert counts["packets"] == counts["spikes_dropped"] == counts["lost_to_drop"]
    assert counts["spikes_delivered"] == counts["sops"] == counts["spikes_in_flight"] == 0
    assert not any(made.observe(Observable.TRACE, layer).any() for layer in range(len(sizes)))


@given(seed=seeds, sizes=layer_sizes, coding=codings, ticks=st.integers(1, 5))
@checked(20)
def test_a_delay_of_all_packets_shifts_what_the_input_says(
    seed: int, sizes: tuple[int, ...], coding: CodingSpec, ticks: int
) -> None:
    """Two layers: clamped bits do not depend on what is received, so the other layer receives them later."""
    net = draw_net(seed, (sizes[0], sizes[-1]), batch=3)
    sound, late = (
        fast_chip(net, coding, faults=faults, traced=True)
        for faults in (None, FaultsSpec(spike_delay=SpikeDelay(rate=1.0, ticks=ticks)))
    )
    traces: list[list[Any]] = [[], []]
    for made, kept in zip((sound, late), traces, strict=True):
        made.begin(net.x, NUMBERS)
        for _ in range(12):
            made.run(Phase.FREE, 1)
            trace = made.observe(Observable.TRACE, 0)
            kept.append(trace if trace.ndim == 2 else trace[:, 0])
    for t in range(ticks):
        assert not traces[1][t].any()
    if isinstance(coding.decoder, Identity):
        same(traces[0][: 12 - ticks], traces[1][ticks:])
    counts = totals(late)
    assert counts["packets_delayed"] == counts["packets"]
    assert counts["spikes_dropped"] == 0


@given(
    seed=seeds, sizes=st.sampled_from([(9, 7, 4), (20, 12, 5, 3)]), coding=codings, pick=st.integers(0, 99)
)
@checked(30)
def test_a_dead_core_is_one_whose_packets_all_are_lost(
    seed: int, sizes: tuple[int, ...], coding: CodingSpec, pick: int
) -> None:
    """Seen from the others: a core whose neurons are stuck at 0; and it takes in nothing."""
    net = draw_net(seed, sizes, batch=3)
    image = fast_chip(net, coding, chip=SOMEWHERE).image
    chosen = pick % len(image.cores)
    core = image.cores[chosen]
    dead = fast_chip(net, coding, chip=SOMEWHERE, faults=FaultsSpec(dead_core=DeadCore(cores=(core.site,))))
    name = image.network.populations[core.population].name
    silent = tuple(f"{name}:{n}" for n in range(core.first, core.last))
    mute = fast_chip(net, coding, chip=SOMEWHERE, faults=FaultsSpec(stuck_neuron=StuckNeuron(neurons=silent)))
    first, second = series(dead, net), series(mute, net)
    per_piece = 2 * len(sizes)
    for k, (a, b) in enumerate(zip(first, second, strict=True)):
        keep = np.ones(a.shape[2], dtype=bool)
        if k % len(sizes) == core.population:
            keep[core.first : core.last] = False
            assert not a[:, :, core.first : core.last].any()
        np.testing.assert_array_equal(a[:, :, keep], b[:, :, keep])
    assert len(first) == 3 * per_piece
    for counted in dead.counters().phases.values():
        row = counted.counts[chosen]
        for counter in ("spikes_sent", "spikes_delivered", "sops", "neuron_updates", "symbols"):
            assert row[COUNTERS.index(counter)] == 0
    assert totals(dead)["lost_to_dead_core"] == totals(dead)["spikes_dropped"]


def busy_chip(faults: FaultsSpec, seed: int = 1) -> DigitalSubstrate:
    net = draw_net(1, (60, 40, 10), batch=3)
    made = fast_chip(net, CodingSpec(), chip=small_chip(20, mesh=(9, 9, 2)), faults=faults, seed=seed)
    made.begin(net.x, NUMBERS)
    made.run(Phase.FREE, 200)
    return made


@pytest.mark.parametrize("rate", [0.001, 0.02, 0.3, 0.9])
def test_rates_are_met(rate: float) -> None:
    """Each count lies within five standard deviations of its binomial."""
    drop = totals(busy_chip(FaultsSpec(spike_drop=SpikeDrop(rate=rate))))
    late = totals(busy_chip(FaultsSpec(spike_delay=SpikeDelay(rate=rate))))
    ghost = totals(busy_chip(FaultsSpec(spike_spurious=SpikeSpurious(rate=rate))))
    silent = ghost["symbols"] - ghost["spikes_sent"] + ghost["spikes_spurious"]
    for hits, chances in (
        (drop["lost_to_drop"], drop["packets"]),
        (late["packets_delayed"], late["packets"]),
        (ghost["spikes_spurious"], silent),
    ):
        assert chances > 5000
        assert abs(hits - rate * chances) < 5 * np.sqrt(rate * (1 - rate) * chances)


def test_each_fault_and_each_seed_draws_for_itself() -> None:
    def lost(seed: int | None, run_seed: int = 1) -> int:
        return totals(busy_chip(FaultsSpec(spike_drop=SpikeDrop(rate=0.1, seed=seed)), run_seed))["sops"]

    assert lost(None) == lost(1) != lost(2)
    assert lost(2) == lost(2, run_seed=5)
    both = FaultsSpec(spike_drop=SpikeDrop(rate=0.5, seed=3), spike_delay=SpikeDelay(rate=0.5, seed=3))
    counts = totals(busy_chip(both))
    # Of the packets that were not lost, half are late: one stream for both would delay none.
    left = counts["packets"] - counts["spikes_dropped"]
    assert abs(counts["packets_delayed"] - left / 2) < 5 * np.sqrt(left / 4)


def test_only_at_test() -> None:
    net = draw_net(4, (30, 20, 5), batch=3)
    faults = FaultsSpec(spike_drop=SpikeDrop(rate=0.3, when="test"))
    always = FaultsSpec(spike_drop=SpikeDrop(rate=0.3))
    sound, test, broken = (fast_chip(net, CodingSpec(), faults=f) for f in (None, faults, always))
    same(series(sound, net), series(test, net))
    assert totals(test) == totals(sound)
    same(series(broken, net, Phase.EVALUATION), series(test, net, Phase.EVALUATION))
    assert totals(test)["lost_to_drop"] > 0
    assert test.counters().total("lost_to_drop", Phase.FREE, Phase.NUDGED) == 0
    same(series(sound, net), series(test, net))  # and training goes on as before
