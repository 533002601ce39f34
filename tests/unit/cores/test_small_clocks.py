"""Clocks of a few cores against packets listed one by one: small enough to be run without compilation too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurochip.cores import clock as clock_module
from neurochip.cores.arrivals import Arrivals
from neurochip.cores.clock import ChipClock, everybody
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.cores.walker import MOST_SUM, Walker
from neurochip.errors import CapabilityError, ConfigError, StallError
from neurochip.noc.traffic import MOST_CYCLES
from neurochip.substrate import Phase
from neurochip.substrate.phase_time import FRACTIONS
from neurochip.testing.networks import draw_net, fast_chip, small_chip
from tests.property.test_timed_runs import CODING, check_three_models, from_counts, listed
from tests.unit.cores.small_timing import SMALL

pytestmark = pytest.mark.filterwarnings(
    "ignore:overflow encountered:RuntimeWarning"
)  # where it is not compiled
TIMING = replace(SMALL, cycles_per_clamped_update=0.3)
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "two engines": ("unicast", {}),
    "two engines, forks": ("multicast", {"fill_cycles": 8.4, "clamped_fill_cycles": 1.2}),
    "one engine": ("unicast", {"engines": 1, "fill_cycles": 2.3}),
    "one engine, forks, a list": ("multicast", {"engines": 1, "outbox": True, "fifo_depth": 2}),
    "one engine, long ways": ("unicast", {"engines": 1, "cycles_per_packet_in": 0.0, "link_cycles_ns": 70}),
    "words, a list": ("unicast", {"weights_per_access": 2, "least_accesses": 2, "outbox": True}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_three_models(kind: str) -> None:
    pieces = ((Phase.FREE, 3), (Phase.NUDGED, 2), (Phase.FREE, 1))
    check_three_models(draw_net(6, (5, 4, 2), batch=2), chip_of(kind), "float64", pieces)


def chip_of(kind: str) -> Any:
    routing, how = KINDS[kind]
    chip = small_chip(3, mesh=(3, 3, 2), routing=routing)  # type: ignore[arg-type]
    return replace(chip, timing=replace(TIMING, **how))


def presented(kind: str, ticks: int = 5) -> tuple[DigitalSubstrate, Any, Any]:
    """Return a chip, random spikes by layer [tick, sample, unit] of two samples, and as u8[tick, sample, slot]."""
    made = fast_chip(draw_net(6, (5, 4, 2), batch=2), CODING, chip=chip_of(kind))
    rng = np.random.default_rng(8)
    layers = tuple((rng.random((ticks, 2, n)) < 0.6).astype(np.uint8) for n in (5, 4, 2))
    bits = np.zeros((ticks, 2, made._layout.n_slots), dtype=np.uint8)
    for (first, _), core in zip(made._layout.core_slots, made.image.cores, strict=True):
        bits[:, :, first : first + core.size] = layers[core.population][:, :, core.first : core.last]
    return made, layers, bits


def per_core(made: DigitalSubstrate, bits: Any) -> Any:
    return np.stack([bits[:, :, a:b].sum(axis=2) for a, b in made._layout.core_slots], axis=2).astype(
        np.int32
    )


@pytest.mark.parametrize("kind", KINDS)
def test_each_tick_by_itself(kind: str) -> None:
    made, layers, bits = presented(kind)
    image, slots = made.image, made._layout.core_slots
    expected = [listed(image, layers, t, 1) for t in range(len(bits))]
    sites = [core.site for core in image.cores]
    walked, bound = ChipClock(image, slots, "cycle"), ChipClock(image, slots, "analytic")
    for first in (0, 2):
        before = bits[first - 1, 1] if first else None
        for k, (time, least) in enumerate(
            zip(*(clock.each_tick(bits[first:, 1], before) for clock in (walked, bound)), strict=True)
        ):
            tick = expected[first + k]
            assert (time.ticks, time.cycles, time.barrier) == (1, tick.cycles, tick.barrier)
            assert (time.busy / FRACTIONS).tolist() == pytest.approx(tick.busy[sites].tolist(), abs=1e-5)
            assert tick.traffic is not None
            assert time.link_load.tolist() == tick.traffic.link_load.reshape(-1, 4).tolist()
            assert time.latencies.sum() == len(tick.traffic.arrival)
            assert (least.ticks, least.barrier) == (1, tick.barrier) and least.cycles <= tick.cycles
            assert least.link_load.tolist() == time.link_load.tolist()
    parts = [
        bound.measure(np.array([1]), per_core(made, bits[t : t + 1]), bits[t : t + 1], alone, 1, bits[t - 1])
        for t in range(1, len(bits))
    ]
    assert [time.cycles for time in parts] == [time.cycles for time in bound.each_tick(bits[:, 1])[1:]]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "two engines, forks"])  # one fill for all
def test_from_counts_alone(kind: str) -> None:
    made, layers, bits = presented(kind)
    expected = from_counts(made.image, tuple(spikes[:, 1:] for spikes in layers)).tolist()
    clock = ChipClock(made.image, made._layout.core_slots, "analytic")
    assert [time.cycles for time in clock.each_tick(bits[:, 1])] == expected and len(set(expected)) > 2


def alone(work: Any) -> None:
    work(0)


@pytest.mark.parametrize("model", ["analytic", "cycle"])
@pytest.mark.parametrize("at_once", [1, 2, 3, 7])
def test_what_is_added_up_at_once_changes_nothing(
    model: Any, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _, bits = presented("one engine, forks, a list")
    image, slots = made.image, made._layout.core_slots
    counts, rows = per_core(made, bits), np.array([1, 0, 1])
    whole = ChipClock(image, slots, model)
    expected = whole.measure(rows, counts, bits, alone)
    most = everybody(whole.tables, contention=model == "cycle")
    assert MOST_SUM // most.cycles > 1000 and most.packets == 5 + 4 + 2  # a fork of each neuron
    for module in ("tick_clock", "walker"):
        monkeypatch.setattr(f"neurochip.cores.{module}.MOST_SUM", at_once * most.cycles)
    found = ChipClock(image, slots, model).measure(rows, counts, bits, alone)
    assert found.to_json() == expected.to_json()
    assert found.ticks == len(rows) * len(bits) and 0 < found.longest <= most.cycles
    again = whole.measure(rows, counts, bits, alone)  # nothing is left of the first time
    assert again.to_json() == expected.to_json()


def test_memory_of_spikes_that_are_kept() -> None:
    made, _, _ = presented("two engines")
    image, slots = made.image, made._layout.core_slots
    walked, bound = ChipClock(image, slots, "cycle"), ChipClock(image, slots, "analytic")
    room = clock_module._ROOM
    assert walked.needs_bits and not bound.needs_bits
    for ticks, width in ((7, 1000), (50, 64), (1, 1)):
        samples = walked.samples_at_once(ticks, width)
        assert samples * ticks * width <= room < (samples + 1) * ticks * width
        assert bound.samples_at_once(ticks, width) > room
    assert walked.samples_at_once(1, 2 * room) == 1  # one at least
    assert walked.samples_at_once(0, 5) == room


def test_what_no_clock_can_be() -> None:
    made, _, _ = presented("two engines")
    arguments: Any = (made.image, made._layout.core_slots, "cycle")
    most = MOST_CYCLES
    for cycles in (1, most):
        ChipClock(*arguments, max_cycles=cycles)
    for cycles in (0, most + 1):
        with pytest.raises(ConfigError, match=f"^max_cycles: must be 1 to {most}, got {cycles}$"):
            ChipClock(*arguments, max_cycles=cycles)
    with pytest.raises(ConfigError, match="^timing_every: must be at least 1, got 0$"):
        ChipClock(*arguments, every=0)
    with pytest.raises(CapabilityError, match="^timing: is not given: small has no clock, and no cycles$"):
        none = fast_chip(draw_net(6, (5, 4, 2)), CODING, chip=small_chip(3))
        Arrivals(none.image, none._layout.core_slots)


def test_arrivals_name_the_tick_in_which_the_network_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _, bits = presented("two engines", ticks=3)
    bits[0] = 0
    disabled = np.array([core.site for core in made.image.cores])

    def walker(*arguments: Any, **how: Any) -> Walker:
        return Walker(*arguments[:4], disabled, **how)

    monkeypatch.setattr("neurochip.cores.arrivals.Walker", walker)
    with pytest.raises(StallError, match=r"^tick 2, cycle \d+: the network has stalled"):
        Arrivals(made.image, made._layout.core_slots).of(bits[:, 1])


@pytest.mark.parametrize("kind", KINDS)
def test_arrivals(kind: str) -> None:
    made, layers, bits = presented(kind, ticks=3)
    image = made.image
    found = Arrivals(image, made._layout.core_slots).of(bits[:, 1])
    arrival, expected = [], []
    slot = {
        (core.population, core.first + k): first + k
        for core, (first, _) in zip(image.cores, made._layout.core_slots, strict=True)
        for k in range(core.size)
    }
    by_site = sorted(range(len(image.cores)), key=lambda c: image.cores[c].site)
    for t in range(3):
        tick = listed(image, layers, t, 1)
        assert found.cycles[t] == tick.cycles and tick.traffic is not None
        arrival += tick.traffic.arrival.tolist()
        for c in by_site:
            core = image.cores[c]
            for unit in range(core.first, core.last):
                if layers[core.population][t, 1, unit]:
                    hearing = sorted(image.receivers[c], key=lambda r: image.cores[r].site)
                    expected += [(t, slot[core.population, unit], r) for r in hearing]
    assert found.arrival.tolist() == arrival
    assert list(zip(found.tick, found.neuron, found.receiver, strict=True)) == expected
