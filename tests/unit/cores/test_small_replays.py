"""Replays of a few neurons against plain Python, event by event: small enough to be run without compilation too."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
import pytest

from neurochip import LIF
from neurochip.cores import replay_timing
from neurochip.cores.replay_input import checked_raster
from neurochip.cores.replay_timing import RasterClock, replay_time
from neurochip.elements.connections import Connection, Convolution, Dense, OneToOne, Pooling, Sparse
from neurochip.errors import CapabilityError, StallError
from neurochip.substrate.phase_time import PhaseTime
from tests.property.test_replay_equals_oracle import Case, check_counters, chip_of, draw_connectivity
from tests.property.test_replay_timing import check_three_models, run
from tests.unit.cores.small_timing import SMALL

pytestmark = pytest.mark.filterwarnings(
    "ignore:overflow encountered:RuntimeWarning"
)  # where it is not compiled
SIZES, TICKS = (24, 6, 4), 5
TIMING = replace(SMALL, fill_cycles=8.4)
KINDS: dict[str, dict[str, Any]] = {
    "two engines": {},
    "one engine": {"engines": 1},
    "words, a list": {"weights_per_access": 2, "least_accesses": 2, "outbox": True, "fifo_depth": 2},
}
CONNECTIONS: dict[str, Connection] = {
    "dense": Dense(24, 6),
    "one to one": OneToOne(24, 6),
    "sparse": Sparse.from_pairs(24, 6, np.arange(0, 24, 3), np.arange(8) % 5)[0],
    "convolution": Convolution((1, 4, 6), 1, (3, 4)),
    "pooling": Pooling((1, 4, 6), (2, 2), reduction="sum"),
}


class SmallCase(Case):
    """A network of a few neurons on a few cores, most of which spike in most ticks; ``sparse``: not all connected."""

    def __init__(self, seed: int, recurrent: bool, multicast: bool, sparse: bool = False) -> None:
        rng = np.random.default_rng(seed)
        self.routing = "multicast" if multicast else "unicast"
        self.sizes, self.ticks = list(SIZES), TICKS
        # Many sums are 0 although spikes came.
        self.weights = [rng.integers(-1, 2, shape) for shape in zip(SIZES[:-1], SIZES[1:], strict=True)]
        self.loops = [rng.integers(-1, 2, (n, n)) for n in SIZES[1:]] if recurrent else None
        self.cores = [rng.choice([0, 5, 11, 23], n) for n in SIZES]
        self.rasters = [(rng.random((TICKS, n)) < 0.8).astype(np.uint8) for n in SIZES]
        self.rasters[0][2] = 0
        self.connections = {}
        for (a, b), weights in self.links().items() if sparse else ():
            made = self.connections[a, b] = draw_connectivity(rng, *weights.shape)
            values = rng.integers(-1, 2, made.shape)
            if a != b:
                self.weights[a] = values
            elif self.loops is not None:
                self.loops[a - 1] = values


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sparse", [False, True])
def test_spikes_and_counters(seed: int, sparse: bool) -> None:
    case = SmallCase(seed, recurrent=seed % 2 == 1, multicast=seed % 3 == 0, sparse=sparse)
    neuron = LIF(1.0, leak=0.5 if seed % 2 else 1.0, reset="subtract", refractory=seed % 2)
    slow, fast = case.slow(neuron), case.fast(neuron)
    expected = slow.run([raster.tolist() for raster in case.rasters])
    assert [layer.tolist() for layer in fast.spikes] == expected
    check_counters(fast, slow)


@pytest.mark.parametrize("kind", [*sorted(CONNECTIONS), "several"])
def test_idle_neurons_behind_every_connectivity(kind: str) -> None:
    """A neuron at 0 is idle where no spike reached it, and not where spikes came whose weights add up to 0."""
    case, rng = SmallCase(2, recurrent=kind == "several", multicast=False), np.random.default_rng(4)
    case.connections = {(0, 1): CONNECTIONS["sparse" if kind == "several" else kind], (1, 2): Dense(6, 4)}
    if case.loops is not None:
        case.connections |= {
            (1, 2): OneToOne(6, 4),
            (1, 1): Convolution((1, 6, 1), 1, (3, 1), padding=(1, 0)),
        }
        case.connections[2, 2] = Pooling((1, 4, 1), (1, 1), reduction="sum")
        case.loops = [rng.integers(-1, 2, case.connections[k, k].shape) for k in (1, 2)]
    for a in (0, 1):
        case.weights[a] = rng.integers(-1, 2, case.connections[a, a + 1].shape)
    case.rasters[0][1:, ::2] = 0
    neuron = LIF(0.5, leak=0.0)
    slow, fast = case.slow(neuron), case.fast(neuron)
    assert [layer.tolist() for layer in fast.spikes] == slow.run([raster.tolist() for raster in case.rasters])
    check_counters(fast, slow)
    assert any(0 < e.idle < 10 for e in slow.events) or kind == "dense"
    assert fast.spikes[1].any()


def test_some_of_these_neurons_are_idle_and_some_sums_of_spikes_are_nothing() -> None:
    found = []
    for seed in range(5):
        case = SmallCase(seed, recurrent=False, multicast=False, sparse=True)
        made = case.connections[0, 1].edges()
        for bits in case.rasters[0]:
            came = bits[made.source] > 0
            reached = np.bincount(made.target[came], minlength=SIZES[1]) > 0
            weights = case.weights[0].reshape(-1)[made.weight] if case.weights[0].size else np.ones(len(came))
            sums = np.bincount(made.target[came], weights[came], SIZES[1])
            found += list(zip(reached.tolist(), (sums == 0).tolist(), strict=True))
    assert {(False, True), (True, True), (True, False)} <= set(found)


@pytest.mark.parametrize("computes", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_three_models_of_time(kind: str, computes: bool) -> None:
    case = SmallCase(3 + computes, recurrent=computes, multicast=kind != "two engines")
    check_three_models(case, replace(TIMING, **KINDS[kind]), computes)


@pytest.mark.parametrize("model", ["analytic", "cycle"])
@pytest.mark.parametrize("kind", KINDS)
def test_ticks_one_by_one_and_in_parts(kind: str, model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    case, timing = SmallCase(5, recurrent=False, multicast=False), replace(TIMING, **KINDS[kind])
    placed = run(case, replace(chip_of("unicast"), timing=timing), "tick", None).placed

    def clock(first: int = 0, **how: Any) -> RasterClock:
        raster = checked_raster([bits[first:] for bits in case.rasters], case.sizes, computes=False)
        return RasterClock(placed, raster, timing, model, updates=True, **how)

    cycles, time = clock().all_ticks()
    each = clock().tick_by_tick()
    assert [tick.cycles for tick in each] == cycles.tolist() and len(set(cycles.tolist())) > 2
    assert [tick.ticks for tick in each] == [1] * TICKS
    whole = replay_time(placed, clock()._raster, timing, model, updates=True)
    assert whole.cycles_per_tick is not None and whole.cycles_per_tick.tolist() == cycles.tolist()
    assert (whole.ticks, whole.cycles) == (
        TICKS,
        cycles.sum(),
    ) and whole.seconds == whole.cycles / timing.clock
    assert reduce(PhaseTime.__add__, each).to_json() == time.to_json()
    before = [bits[1] for bits in case.rasters]
    assert clock(2, before=before).all_ticks()[0].tolist() == cycles[2:].tolist()
    assert [tick.cycles for tick in clock(2, before=before).tick_by_tick()] == cycles[2:].tolist()
    silent = clock(2).all_ticks()[0].tolist()  # nothing was sent before
    assert (silent == cycles[2:].tolist()) == (timing.engines == 2) and silent[1:] == cycles[3:].tolist()
    for room in (1, 2 * (sum(SIZES) + 4 * 12)):
        monkeypatch.setattr(replay_timing, "_ROOM", room)
        few = clock().all_ticks()
        assert few[0].tolist() == cycles.tolist() and few[1].to_json() == time.to_json()


def test_the_tick_of_a_stall() -> None:
    case = SmallCase(5, recurrent=False, multicast=False)
    for bits in case.rasters:
        bits[:3] = 0
    case.rasters[0][3] = 1
    placed = run(case, replace(chip_of("unicast"), timing=TIMING), "tick", None).placed
    raster = checked_raster(case.rasters, case.sizes, computes=False)
    disabled = sorted({int(core) for core in case.cores[1]})
    for updates in (False, True):
        clock = RasterClock(placed, raster, TIMING, "cycle", updates=updates, disabled=disabled)
        for timed in (clock.all_ticks, clock.tick_by_tick):
            with pytest.raises(StallError, match=r"^tick 3, cycle \d+: the network has stalled"):
                timed()
        slow = RasterClock(placed, raster, TIMING, "cycle", updates=updates, max_cycles=20)
        with pytest.raises(
            StallError, match="^tick 3, cycle 20: the network is not done, and max_cycles = 20 is"
        ):
            slow.all_ticks()
    time = run(case, replace(chip_of("unicast"), timing=TIMING), "analytic", None).time
    with pytest.raises(CapabilityError, match="^latency: is known only with timing="):
        time.latency_percentiles(50)
