"""Signals of cores and links are the counters and the time of a replay, tick by tick."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurochip import replay
from neurochip.description import ChipSpec, read_chip
from neurochip.trace.traffic import CoreTraffic

SIZES, TICKS = (20, 12, 5), 25


def chip_of(engines: int) -> ChipSpec:
    chip = read_chip("loihi")
    assert chip.timing is not None
    return replace(chip, timing=replace(chip.timing, engines=engines))


def seen(timing: Any, engines: int = 2) -> Any:
    rng = np.random.default_rng(7)
    spikes = [(rng.random((TICKS, size)) < 0.3).astype(np.uint8) for size in SIZES]
    weights = [rng.integers(-3, 4, shape) for shape in zip(SIZES, SIZES[1:], strict=False)]
    placement = [rng.choice([0, 1, 9, 40, 41, 77], size) for size in SIZES]
    feedback = [np.ones((5, 12), int)]
    return replay(spikes, weights, chip_of(engines), placement, feedback=feedback, timing=timing)


def values(run: Any, model: Any, sizes: tuple[int, ...]) -> dict[str, Any]:
    traffic = CoreTraffic(
        run.placed, None if model == "tick" else run.placed.chip.timing, model, updates=False
    )
    names = {group.name for group in traffic.groups()}
    parts, lengths, at = [], [], 0
    for size in sizes:
        before = [bits[at - 1] for bits in run.spikes] if at else None
        part, length = traffic.values([bits[at : at + size] for bits in run.spikes], names, before)
        parts.append(part)
        lengths.append(length)
        at += size
    found = {name: np.concatenate([part[name] for part in parts]) for name in names}
    widths = {group.name: len(group.signals) for group in traffic.groups()}
    assert {name: found[name].shape for name in found} == {name: (TICKS, widths[name]) for name in names}
    return found | {"length": np.concatenate(lengths)}


@pytest.mark.parametrize("sizes", [(25,), (1, 7, 7, 10)])
def test_packets_and_operations(sizes: tuple[int, ...]) -> None:
    run = seen("tick")
    found = values(run, "tick", sizes)
    for name, counter in (("packets_out", "packets"), ("packets_in", "packets"), ("sops", "sops")):
        assert np.array_equal(found[f"core.{name}"].sum(axis=1), run.counters.per_tick[counter])
    counted = run.counters.counted.phases["free"]
    for name, counter in (("packets_out", "packets"), ("packets_in", "spikes_delivered"), ("sops", "sops")):
        by_core: dict[int, int] = {}
        names = list(run.counters.counted.to_json()["free"]["bits"])
        assert names
        from neurochip.substrate.counters import COUNTERS

        for site, row in zip(run.counters.counted.sites, counted.counts, strict=True):
            by_core[site] = by_core.get(site, 0) + int(row[COUNTERS.index(counter)])
        assert found[f"core.{name}"].sum(axis=0).tolist() == [by_core[s] for s in sorted(by_core)]
    assert set(found["length"].tolist()) == {1_000_000}


@pytest.mark.parametrize("engines", [1, 2])  # one engine adds up what arrived in the tick before
def test_analytic_time(engines: int) -> None:
    run = seen("analytic", engines)
    found = values(run, "analytic", (10, 15))
    assert np.array_equal(found["chip.cycles"][:, 0], run.time.cycles_per_tick)
    assert found["length"].sum() == pytest.approx(run.time.seconds * 1e12, rel=1e-6)


@pytest.mark.parametrize("engines", [1, 2])
def test_cycle_by_cycle(engines: int) -> None:
    run = seen("cycle", engines)
    found = values(run, "cycle", (10, 15))
    cores = run.placed.cores
    assert np.array_equal(found["chip.cycles"][:, 0], run.time.cycles_per_tick)
    for what in ("busy", "stalled", "idle"):
        assert found[f"core.{what}"].sum(axis=0) == pytest.approx(getattr(run.time, what)[cores])
    together = found["core.busy"] + found["core.stalled"] + found["core.idle"]
    assert together == pytest.approx(np.broadcast_to(found["chip.cycles"], together.shape))
    assert np.array_equal(found["link.flits"].sum(axis=1), run.counters.per_tick["hops"])
    assert np.array_equal(found["link.flits"].sum(axis=0), run.time.link_load.reshape(-1))
    assert np.array_equal(found["router.queue_max"].max(axis=0), run.time.queue_max.reshape(-1))
    assert found["chip.latency_max"].max() == len(run.time.latencies) - 1
