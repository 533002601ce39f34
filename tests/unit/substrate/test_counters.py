"""Counts of a run: written and read again, summed over cores and phases, with and without what drove the chip."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from neurochip.substrate.counters import (
    BIT_CODINGS,
    CIRCUIT,
    CONTROL,
    COUNTERS,
    Counters,
    Phase,
    PhaseCounters,
)

POPULATIONS, SITES = ("in", "hidden", "hidden", "out"), (0, 3, 4, 9)


def counted(seed: int, *, driven: bool = False, analog: bool = False) -> PhaseCounters:
    rng = np.random.default_rng(seed)
    counts = rng.integers(-3, 2**40, (len(SITES), len(COUNTERS)))
    control = tuple(int(n) for n in rng.integers(1, 99, len(CONTROL))) if driven else (0,) * len(CONTROL)
    circuit = tuple(int(n) for n in rng.integers(1, 99, len(CIRCUIT))) if analog else (0,) * len(CIRCUIT)
    return PhaseCounters(int(rng.integers(1, 99)), int(rng.integers(1, 999)), counts, None, control, circuit)


@pytest.fixture
def counters() -> Counters:
    phases = {
        Phase.FREE: counted(1),
        Phase.NUDGED: counted(2, driven=True),
        Phase.EVALUATION: counted(3, analog=True),
    }
    return Counters(POPULATIONS, SITES, phases)


def test_what_is_written_says_all_and_is_read_again(counters: Counters) -> None:
    table = json.loads(json.dumps(counters.to_json()))
    assert list(table) == ["free", "nudged", "evaluation"]
    for phase, found in counters.phases.items():
        said = table[phase.value]
        assert (said["presentations"], said["ticks"]) == (found.presentations, found.ticks)
        for k, name in enumerate(COUNTERS):
            column = [int(n) for n in found.counts[:, k]]
            assert said[name] == sum(column)
            by_population = {p: said["populations"][p][name] for p in said["populations"]}
            assert by_population == {"in": column[0], "hidden": column[1] + column[2], "out": column[3]}
            assert [said["cores"][str(site)][name] for site in SITES] == column
        assert [core["population"] for core in said["cores"].values()] == list(POPULATIONS)
        assert said["bits"] == {coding: said[counter] for coding, counter in BIT_CODINGS.items()}
    assert [set(table[name]) & {"control", "circuit"} for name in table] == [set(), {"control"}, {"circuit"}]

    again = Counters.from_json(table)
    assert (again.populations, again.sites, list(again.phases)) == (POPULATIONS, SITES, list(counters.phases))
    for phase, found in counters.phases.items():
        back = again.phases[phase]
        assert (back.presentations, back.ticks, back.time) == (found.presentations, found.ticks, None)
        np.testing.assert_array_equal(back.counts, found.counts)
        assert (back.control, back.circuit) == (found.control, found.circuit)


def test_phases_add_and_are_told_apart(counters: Counters) -> None:
    both = counters + Counters(POPULATIONS, SITES, {Phase.FREE: counted(4), Phase.UPDATE: counted(5)})
    free = counters.phases[Phase.FREE].counts + counted(4).counts
    at = COUNTERS.index("spikes_sent")
    assert both.total("spikes_sent", Phase.FREE) == free[:, at].sum()
    assert both.total("spikes_sent") == sum(found.total("spikes_sent") for found in both.phases.values())
    assert both.ticks(Phase.FREE) == counters.ticks(Phase.FREE) + counted(4).ticks
    assert both.ticks() == sum(found.ticks for found in both.phases.values())
    nudged, shown = counters.phases[Phase.NUDGED], counters.phases[Phase.EVALUATION]
    for k, name in enumerate(CONTROL):
        assert (both.control(name), both.control(name, Phase.FREE)) == (nudged.control[k], 0)
    for k, name in enumerate(CIRCUIT):
        assert (both.circuit(name), both.circuit(name, Phase.NUDGED)) == (shown.circuit[k], 0)


def test_without_what_drove_it_nothing_else_is_missing(counters: Counters) -> None:
    empty = np.zeros((len(SITES), len(COUNTERS)), np.int64)
    only_driven = PhaseCounters(0, 0, empty, None, (1,) * len(CONTROL))
    driven = Counters(POPULATIONS, SITES, {**counters.phases, Phase.LOADING: only_driven})
    bare = driven.without_control()
    assert list(bare.phases) == list(counters.phases)
    assert all(not any(found.control) for found in bare.phases.values())
    for phase, found in counters.phases.items():
        np.testing.assert_array_equal(bare.phases[phase].counts, found.counts)
        assert bare.phases[phase].circuit == found.circuit


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ticks": 2**63}, "2147483647|int|<="),
        ({"ticks": -(2**63) - 1}, "int|>="),
        ({"cores": {"0": {"packets": 1}}}, "no packets_sent"),
        ({"cores": {"-1": {}}}, "pattern|regex"),
        ({"cores": {"0": {}}}, "other cores than the phases before"),
        ({"sops": -1}, "nudged has sops that are not the sum over its cores"),
        ({"hops_ns": {}}, "hops_ns that are not the sum"),
    ],
)
def test_what_is_no_table_of_counts(counters: Counters, change: dict[str, Any], words: str) -> None:
    table = counters.to_json()
    table["nudged"] = {**table["nudged"], **change}
    with pytest.raises(ValueError, match=words):
        Counters.from_json(table)


def test_the_largest_counts_are_taken(counters: Counters) -> None:
    table = counters.to_json()
    table["free"]["ticks"], table["nudged"]["ticks"] = 2**63 - 1, -(2**63)
    again = Counters.from_json(table)
    assert (again.ticks(Phase.FREE), again.ticks(Phase.NUDGED)) == (2**63 - 1, -(2**63))
