"""Laws of running: in pieces or at once, on one thread or three, alone or side by side, on any mapping."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.description import CodingSpec
from neurochip.elements import (
    OSA,
    Constant,
    Identity,
    Kesten,
    PowerLaw,
    Predictive,
    SecondOrderSigmaDelta,
    SigmaDelta,
    Stochastic,
)
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.network import layered
from neurochip.substrate import Phase, Settled, Substrate
from neurochip.testing.networks import Net, draw_net, fast_chip, small_chip
from tests.property.networks import checked, layer_sizes, seeds

codings = st.builds(
    CodingSpec,
    encoder=st.sampled_from([SigmaDelta(), SecondOrderSigmaDelta(None), Stochastic(0.5)]),
    decoder=st.sampled_from([Identity(), Predictive(0.275), Predictive(PowerLaw(0.67, 0.578))]),
    annealer=st.sampled_from([OSA(), Kesten(), PowerLaw(0.775, 0.313), Constant(0.5)]),
)
precisions = st.sampled_from(["float64", "float32", "int8", "int4"])
RECORD = ("spikes", "states", "step_sizes")
NUMBERS = np.array([7, 2**48 + 3, 11], dtype=np.uint64)


def ideal(net: Net) -> IdealSubstrate:
    made = IdealSubstrate(layered(net.sizes, tied=net.tied), PowerLaw(0.8, 0.3), dtype=np.float32)
    made.load(net.parameters)
    return made


def series(phases: Iterable[Settled]) -> list[Any]:
    """Everything recorded, layer after layer, phases joined."""
    phases = list(phases)
    return [
        np.concatenate(parts)
        for name in RECORD
        for parts in zip(*(getattr(p, name) for p in phases), strict=True)
    ]


def run(
    substrate: Substrate, net: Net, pieces: Iterable[tuple[Phase, int]], batch: slice = slice(None)
) -> list[Settled]:
    """Present the samples and run piece after piece."""
    record = RECORD if substrate.capabilities.sends_bits_only else RECORD[1:]
    substrate.begin(net.x[batch], NUMBERS[: len(net.x)][batch])
    return [substrate.run(phase, n, record=record, **nudge(phase, net, batch)) for phase, n in pieces]


def nudge(phase: Phase, net: Net, batch: slice = slice(None)) -> dict[str, Any]:
    return {"beta": 0.5, "targets": net.y[batch]} if phase is Phase.NUDGED else {}


def same(first: list[Any], second: list[Any]) -> None:
    """Bit for bit."""
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def remembered(substrate: Substrate) -> list[Any]:
    """All that samples remember but for spike counts, which begin anew with every call of `run`."""
    snapshot = substrate.snapshot()
    return [array for name, array in snapshot.arrays.items() if name != "counts"] + [np.array(snapshot.tick)]


WHOLE = [(Phase.FREE, 14), (Phase.NUDGED, 9)]


@given(
    seed=seeds,
    sizes=layer_sizes,
    coding=st.none() | codings,
    precision=precisions,
    free=st.integers(1, 13),
    nudged=st.integers(1, 8),
)
@checked(60)
def test_in_pieces_or_at_once(
    seed: int, sizes: tuple[int, ...], coding: CodingSpec | None, precision: Any, free: int, nudged: int
) -> None:
    net = draw_net(seed, sizes, batch=3)
    pieces = [
        (Phase.FREE, free),
        (Phase.FREE, 14 - free),
        (Phase.NUDGED, nudged),
        (Phase.NUDGED, 9 - nudged),
    ]
    made = [ideal(net) if coding is None else fast_chip(net, coding, precision=precision) for _ in range(2)]
    same(series(run(made[0], net, WHOLE)), series(run(made[1], net, pieces)))
    same(remembered(made[0]), remembered(made[1]))
    assert made[0].counters().to_json() == made[1].counters().to_json()


@given(seed=seeds, sizes=layer_sizes, coding=st.none() | codings, before=st.integers(1, 12))
@checked(40)
def test_snapshot_and_restore(
    seed: int, sizes: tuple[int, ...], coding: CodingSpec | None, before: int
) -> None:
    net = draw_net(seed, sizes, batch=3)
    made = ideal(net) if coding is None else fast_chip(net, coding, precision="float32")
    run(made, net, [(Phase.FREE, before)])
    snapshot, there = made.snapshot(), remembered(made)
    record = RECORD if coding is not None else RECORD[1:]
    first = made.run(Phase.NUDGED, 9, record=record, **nudge(Phase.NUDGED, net))
    after = remembered(made)
    made.restore(snapshot)
    same(remembered(made), there)
    again = made.run(Phase.NUDGED, 9, record=record, **nudge(Phase.NUDGED, net))
    same(series([first]), series([again]))
    same(remembered(made), after)
    # Into another machine, which has just presented something else.
    other = ideal(net) if coding is None else fast_chip(net, coding, precision="float32", threads=2)
    other.begin(net.x[::-1], NUMBERS)
    other.restore(snapshot)
    if coding is None or coding.encoder != Stochastic(0.5):  # a snapshot does not name presentations
        elsewhere = other.run(Phase.NUDGED, 9, record=record, **nudge(Phase.NUDGED, net))
        same(series([first]), series([elsewhere]))


@given(seed=seeds, sizes=layer_sizes, coding=codings, routing=st.sampled_from(["unicast", "multicast"]))
@checked(40)
def test_every_packet_is_accounted_for(
    seed: int, sizes: tuple[int, ...], coding: CodingSpec, routing: Any
) -> None:
    """In every phase, whatever was restored in between: packets = delivered + dropped + in flight."""
    net = draw_net(seed, sizes, batch=3)
    made = fast_chip(net, coding, chip=small_chip(5, mesh=(9, 9, 2), routing=routing), precision="float32")
    for _ in range(2):
        run(made, net, [(Phase.FREE, 7)])
        snapshot = made.snapshot()
        made.run(Phase.NUDGED, 4, **nudge(Phase.NUDGED, net))
        made.restore(snapshot)
        made.run(Phase.NUDGED_NEGATIVE, 4, beta=-0.5, targets=net.y)
        made.run(Phase.EVALUATION, 3)
        made.run(Phase.FREE, 2)
    made.begin(net.x, NUMBERS)
    made.restore(snapshot)  # persistent states: what was under way then arrives now
    made.run(Phase.FREE, 5)
    by_phase = made.counters().phases
    assert len(by_phase) == 4
    for counted in by_phase.values():
        there = sum(counted.total(k) for k in ("spikes_delivered", "spikes_dropped", "spikes_in_flight"))
        assert counted.total("packets") == there


@given(seed=seeds, sizes=layer_sizes, coding=codings, precision=precisions)
@checked(30)
def test_threads_do_not_matter(seed: int, sizes: tuple[int, ...], coding: CodingSpec, precision: Any) -> None:
    net = draw_net(seed, sizes, batch=3)
    one, *others = (fast_chip(net, coding, precision=precision, threads=n) for n in (1, 2, 3))
    expected = series(run(one, net, WHOLE))
    for other in others:
        same(expected, series(run(other, net, WHOLE)))
        same(remembered(one), remembered(other))
        assert other.counters().to_json() == one.counters().to_json()


@given(seed=seeds, sizes=layer_sizes, coding=st.none() | codings, precision=precisions)
@checked(40)
def test_samples_do_not_influence_one_another(
    seed: int, sizes: tuple[int, ...], coding: CodingSpec | None, precision: Any
) -> None:
    net = draw_net(seed, sizes, batch=3)
    made = ideal(net) if coding is None else fast_chip(net, coding, precision=precision)
    together = series(run(made, net, WHOLE))
    all_counters = made.counters()
    made = ideal(net) if coding is None else fast_chip(net, coding, precision=precision)
    for sample in range(3):
        alone = series(run(made, net, WHOLE, slice(sample, sample + 1)))
        if coding is None:
            # A matrix product may add in another order for another number of rows.
            for a, b in zip(together, alone, strict=True):
                np.testing.assert_allclose(a[:, sample : sample + 1], b, rtol=0, atol=1e-6)
        else:
            same([array[:, sample : sample + 1] for array in together], alone)
    assert made.counters().to_json() == all_counters.to_json()


@given(
    seed=seeds,
    sizes=layer_sizes,
    coding=codings,
    precision=precisions,
    neurons=st.integers(2, 9),
    tied=st.booleans(),
)
@checked(60)
def test_the_mapping_does_not_matter(
    seed: int, sizes: tuple[int, ...], coding: CodingSpec, precision: Any, neurons: int, tied: bool
) -> None:
    """Even in float32: a core adds up its axons in the order of the network, wherever these sit."""
    net = draw_net(seed, sizes, batch=3, tied=tied)
    chips = [
        small_chip(),
        small_chip(neurons, mesh=(12, 12, 1), routing="multicast"),
        small_chip(max(1, neurons // 2), mesh=(5, 20, 2)),
    ]
    first, *others = (fast_chip(net, coding, chip=chip, precision=precision, traced=True) for chip in chips)
    assert len(first.capabilities.observables) >= 4
    expected = series(run(first, net, WHOLE))
    for other in others:
        same(expected, series(run(other, net, WHOLE)))
        for what in sorted(first.capabilities.observables):
            for layer in range(len(sizes)):
                same([first.observe(what, layer)], [other.observe(what, layer)])
        for counter in ("spikes_sent", "neuron_updates", "sops", "symbols"):
            assert other.counters().total(counter) == first.counters().total(counter)


@given(seed=seeds, sizes=layer_sizes, coding=codings)
@checked(10)
def test_the_same_seed_twice(seed: int, sizes: tuple[int, ...], coding: CodingSpec) -> None:
    net = draw_net(seed, sizes, batch=3)
    made = [fast_chip(net, coding, precision="float32", seed=seed) for _ in range(2)]
    first = series(run(made[0], net, WHOLE))
    same(first, series(run(made[0], net, WHOLE)))
    same(first, series(run(made[1], net, WHOLE)))


@pytest.mark.parametrize("change", ["seed", "presentation"])
def test_random_bits_depend_on_seed_and_presentation(change: str) -> None:
    net = draw_net(1, (9, 8, 4), batch=3)
    coding = CodingSpec(encoder=Stochastic())
    one = fast_chip(net, coding, precision="float32", seed=1)
    one.begin(net.x, NUMBERS)
    first = one.run(Phase.FREE, 20, record=("spikes",)).spikes[0]
    two = fast_chip(net, coding, precision="float32", seed=1 + (change == "seed"))
    two.begin(net.x, NUMBERS + np.uint64(change == "presentation"))
    assert np.any(two.run(Phase.FREE, 20, record=("spikes",)).spikes[0] != first)
