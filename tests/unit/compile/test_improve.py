"""Placements improved: never dearer than before, dearer when drawn, and the same spikes wherever neurons stand."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip import LIF, replay
from neurochip.compile.improve import improved
from neurochip.compile.placement import place
from neurochip.compile.placement_costs import OBJECTIVES, costs
from neurochip.description.chip_changes import chip_with
from neurochip.elements.connections import Sparse
from neurochip.replays.replaying import Replay

pytest.importorskip("scipy")
SIZES = (24, 24, 24)
BITS: Any = {"weight_bits": 2, "state_bits": 0}


CHIP = chip_with("cmos45", ["mesh.width = 4", "mesh.height = 4", "core.neurons = 7"])


def banded(seed: int, width: int = 2) -> list[Any]:
    """Each neuron receives from its neighbours alone, in an order that is hidden."""
    rng = np.random.default_rng(seed)
    order = [rng.permutation(n) for n in SIZES]
    found = []
    for k, (a, b) in enumerate(itertools.pairwise(SIZES)):
        pre, post = np.nonzero(np.abs(np.arange(a)[:, None] - np.arange(b)) < width)
        lists, at = Sparse.from_pairs(a, b, order[k][pre], order[k + 1][post])
        found.append((lists, np.ones(at.size, np.int8)))
    return found


def seen(seed: int, weights: list[Any], where: Any = None) -> Replay:
    rng = np.random.default_rng(seed)
    spikes = [(rng.random((20, n)) < 0.3).astype(np.uint8) for n in SIZES]
    return replay(spikes, weights, CHIP, where)


def fired(run: Replay) -> list[Any]:
    return [bits.sum(axis=0, dtype=np.int64) for bits in run.spikes]


@settings(max_examples=8)
@given(st.integers(0, 1000), st.sampled_from(OBJECTIVES), st.booleans())
def test_never_dearer_than_before(seed: int, objective: Any, dense: bool) -> None:
    if objective == "cut":
        pytest.importorskip("pymetis")
    weights = [np.ones((24, 24), np.int8)] * 2 if dense else banded(seed)
    before = seen(seed, weights)
    found = improved(before.placed, fired(before), objective, **BITS)
    assert found.before == costs(before.placed.sending, fired(before))
    assert found.before.hops == before.counters.hops
    assert found.after.of(objective) <= found.before.of(objective)
    after = seen(seed, weights, found.cores)  # refuses a core that is too full
    assert costs(after.placed.sending, fired(after)) == found.after
    assert after.counters.hops == found.after.hops
    for one, other in zip(before.spikes, after.spikes, strict=True):
        assert np.array_equal(one, other)


def test_structure_is_found() -> None:
    """A network of neighbours: order by chance costs more, and distance and cut gain on the compiler's."""
    weights = banded(3)
    before = seen(3, weights)
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(5):
        sites = rng.permutation(np.repeat(np.arange(16), 7))[:72]
        drawn.append(costs(seen(3, weights, np.split(sites, [24, 48])).placed.sending, fired(before)))
    nearer = improved(before.placed, fired(before), "hops", **BITS).after
    assert min(one.hops for one in drawn) > nearer.hops
    assert nearer.hops < before.counters.hops
    pytest.importorskip("pymetis")
    together = improved(before.placed, fired(before), "cut", **BITS)
    assert together.after.cut < 0.75 * together.before.cut
    assert min(one.cut for one in drawn) > together.after.cut


def test_work_is_shared() -> None:
    """One layer with all the work, most of it on one core: it is shared evenly."""
    weights = [np.ones((24, 24), np.int8)]
    spikes = [np.ones((4, 24), np.uint8), np.zeros((4, 24), np.uint8)]
    on = chip_with("cmos45", ["mesh.width = 4", "mesh.height = 4", "core.neurons = 24"])
    where = [np.zeros(24, dtype=int), np.array([1] * 20 + [2] * 2 + [3] * 2)]
    before = replay(spikes, weights, on, where)
    found = improved(before.placed, fired(before), "balance", **BITS)
    assert (found.before.balance, found.after.balance) == (4 * 24 * 20, 4 * 24 * 8)
    assert found.after.cores == found.before.cores


def test_the_assignment_is_as_good_as_the_best_of_all() -> None:
    """Control of the optimiser: every way of putting four cores on four tiles is tried."""
    on = chip_with("cmos45", ["mesh.width = 2", "mesh.height = 2", "core.neurons = 24"])
    weights, rng = banded(5), np.random.default_rng(2)
    spikes = [(rng.random((20, n)) < 0.3).astype(np.uint8) for n in SIZES]
    where = [rng.integers(0, 4, 24) for _ in SIZES]
    before = replay(spikes, weights, on, where)
    every = []
    for sites in itertools.permutations(range(4)):
        placed = place(
            before.placed.sizes,
            before.placed.projections,
            [np.array(sites)[cores] for cores in where],
            on,
            connections=before.placed.connections,
            **BITS,
        )
        every.append(costs(placed.sending, fired(before)).hops)
    assert improved(before.placed, fired(before), "hops", **BITS).after.hops == min(every) < max(every)


def test_neurons_that_compute_fire_the_same_anywhere() -> None:
    rng = np.random.default_rng(1)
    spikes = [(rng.random((30, 24)) < 0.4).astype(np.uint8)]
    weights = banded(7)
    runs = [
        replay(spikes, weights, CHIP, where, neuron=LIF(threshold=1.5, leak=0.9))
        for where in (None, [rng.permutation(np.repeat(np.arange(16), 2))[:24] for _ in SIZES])
    ]
    assert runs[0].counters.hops != runs[1].counters.hops
    for one, other in zip(runs[0].spikes, runs[1].spikes, strict=True):
        assert np.array_equal(one, other)
