"""What time costs: cycles times energies by hand, and what is said when it cannot be told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurochip.description import EnergyTable, EventEnergy, read_energies
from neurochip.description.energy_table import energies_of_table
from neurochip.energy import Clocked, energy_report
from neurochip.energy.static import host_cycles
from neurochip.errors import ConfigError
from neurochip.substrate.counters import Counters, Phase
from neurochip.substrate.phase_time import PhaseTime
from tests.unit.energy.test_costing import FLOAT32, PJ, counters, published

CLOCK = Clocked(hz=1e6, host_word=2.0, tiles=2)


def with_static(**values: float) -> EnergyTable:
    energies = dict(published(synaptic_op=1, neuron_update_active=1, readout_word=3).energies)
    for event, value in values.items():
        energies[event] = EventEnergy(
            event=event,
            value_j=value,
            source=f"source of {event}",
            evidence="estimated",
            scope="per-event",
            node_m=45e-9,
            voltage_v=None,
        )
    return EnergyTable(name="mine", neuron_energy="published", note="made up", energies=energies)


def timed(cycles: int, ticks: int = 1) -> Counters:
    """Two cores of which one does ten operations; two words are read out besides."""
    counted = counters({"free": [{}, {"sops": 10}], "readout": [{"readout_words": 2}, {}]})
    took = replace(PhaseTime.nothing(2), ticks=ticks, cycles=cycles)
    phases = dict(counted.phases)
    phases[Phase.FREE] = replace(phases[Phase.FREE], ticks=1, time=took)
    phases[Phase.READOUT] = replace(phases[Phase.READOUT], ticks=0)
    return replace(counted, phases=phases)


def test_static_energy_by_hand() -> None:
    energies = with_static(core_static=2e-3, chip_static=0.5, clock_cycle=7 * PJ, barrier=11 * PJ)
    report = energy_report(timed(1000), FLOAT32, energies, CLOCK)
    assert report.static == "counted"
    free = {line.event: line for line in report.lines if line.phase == "free"}
    assert (free["core_static"].count, free["chip_static"].count) == (
        2000,
        1000,
    )  # cycles of cores, of the chip
    assert free["core_static"].joules == pytest.approx(2 * 2e-3 * 1000 / 1e6)
    assert free["chip_static"].joules == pytest.approx(0.5 * 1000 / 1e6)
    assert (free["clock_cycle"].count, free["barrier"].count) == (2000, 2)  # one tick, two tiles
    assert free["barrier"].joules == pytest.approx(2 * 11 * PJ)
    readout = {line.event: line.count for line in report.lines if line.phase == "readout"}
    assert readout == {"readout_word": 2, "core_static": 8, "chip_static": 4, "clock_cycle": 8}
    assert report.by_population["whole chip"] == pytest.approx(0.5 * 1004 / 1e6 + 22 * PJ)
    for split in (report.by_category, report.by_phase, report.by_population):
        assert sum(split.values()) == pytest.approx(report.total_j)
    assert set(report.by_category) == {"synapse", "host", "static", "clock"}


def test_a_core_that_holds_two_layers_leaks_once() -> None:
    counted = replace(timed(1000), sites=(4, 4))
    lines = energy_report(counted, FLOAT32, with_static(core_static=1e-3), CLOCK).lines
    assert {line.phase: line.count for line in lines if line.event == "core_static"} == {
        "free": 1000,
        "readout": 4,
    }


@pytest.mark.parametrize(
    ("counted", "energies", "clocked", "sentence"),
    [
        (timed(9), with_static(), CLOCK, "not in this specification"),
        (timed(9), with_static(clock_cycle=PJ), CLOCK, "not in this specification"),
        (timed(9), with_static(core_static=1.0), None, 'not counted: timing = "tick" knows no time'),
        (
            counters({"free": [{}, {"sops": 1}]}),
            with_static(core_static=1.0),
            CLOCK,
            'not counted: timing = "tick" knows no time',
        ),
        (
            timed(9, ticks=0),
            with_static(core_static=1.0),
            CLOCK,
            "not counted: 0 of 1 ticks of a phase were timed, and no more",
        ),
    ],
)
def test_what_is_not_known_is_said_and_not_zero(
    counted: Counters, energies: EnergyTable, clocked: Clocked | None, sentence: str
) -> None:
    report = energy_report(counted, FLOAT32, energies, clocked)
    assert report.static == sentence
    assert "static" not in report.by_category
    dynamic = energy_report(counted, FLOAT32, with_static()).total_j
    assert dynamic is not None and report.total_j == pytest.approx(
        dynamic + report.by_category.get("clock", 0.0)
    )


def test_an_all_in_energy_that_holds_static_power_refuses_it_apart() -> None:
    table = {
        "synaptic_op": {
            "value": "26 pJ",
            "source": "72 mW over all events",
            "evidence": "measured",
            "scope": "all-in",
            "node": "28 nm",
            "voltage": "0.775 V",
        }
    }
    leak = {**table["synaptic_op"], "value": "1 mW", "scope": "per-event"}
    energies = energies_of_table(table, "energies")
    everything = EnergyTable(name="all", neuron_energy="published", note="n", energies=energies)
    assert energy_report(timed(9), FLOAT32, with_static(), CLOCK).static == "not in this specification"
    counted = replace(
        timed(9), phases={Phase.FREE: timed(9).phases[Phase.FREE]}
    )  # words of the host are no part of it
    assert (
        energy_report(counted, FLOAT32, everything, CLOCK).static == "contained in the energy of synaptic_op"
    )
    for event in ("core_static", "chip_static"):
        with pytest.raises(ConfigError) as refused:
            EnergyTable(
                name="twice",
                neuron_energy="published",
                note="n",
                energies=energies_of_table({**table, event: leak}, "energies"),
            )
        assert str(refused.value) == (
            f"energies.{event}: is already contained in the all-in energy of synaptic_op; remove one of the two"
        )


@pytest.mark.parametrize(
    ("inside", "beside"), [("core_static", "chip_static"), ("chip_static", "core_static")]
)
def test_leakage_of_cores_and_of_their_chip_is_one(inside: str, beside: str) -> None:
    """A figure that was divided from a total with the one has the other in it, named or not."""
    figure = {"source": "s", "evidence": "measured", "node": "28 nm", "voltage": "0.775 V"}
    table = {
        "synaptic_op": {**figure, "value": "26 pJ", "scope": "all-in", "includes": [inside]},
        beside: {**figure, "value": "1 mW", "scope": "per-event"},
    }
    with pytest.raises(ConfigError) as refused:
        EnergyTable(
            name="twice", neuron_energy="published", note="n", energies=energies_of_table(table, "energies")
        )
    assert str(refused.value) == (
        f"energies.{beside}: is static power, and so is {inside} in the all-in energy of synaptic_op; "
        "remove one of the two"
    )


def test_the_loihi_specification_leaks_as_a_whole() -> None:
    loihi = read_energies("loihi")
    assert loihi.entry("chip_static").value_j == pytest.approx(29.7e-3)
    assert loihi.entry("chip_static").evidence == "measured"
    assert loihi.contained_in("core_static") == "chip_static"
    report = energy_report(timed(1000), FLOAT32, loihi, Clocked(1e9, None, 1))
    assert report.by_category["static"] == pytest.approx(29.7e-3 * 1e-6)
    assert report.static == "counted"
    assert np.isclose(sum(line.joules for line in report.lines), report.total_j or 0.0)


def test_a_cycle_that_a_host_word_has_begun_is_counted() -> None:
    counted = timed(1000).phases[Phase.READOUT]
    assert counted.total("readout_words") == 2
    for each, cycles in ((0.5, 1), (0.75, 2), (1.0, 2), (1.25, 3)):
        assert host_cycles(counted, replace(CLOCK, host_word=each)) == cycles


@pytest.mark.parametrize("ticks", [1, 300, 1 << 40])
def test_static_power_is_counted_where_every_tick_was_timed(ticks: int) -> None:
    counted = timed(9, ticks=ticks)
    free = replace(counted.phases[Phase.FREE], ticks=int(str(ticks)))  # as many, and another object
    report = energy_report(
        replace(counted, phases={**counted.phases, Phase.FREE: free}),
        FLOAT32,
        with_static(core_static=1.0),
        CLOCK,
    )
    assert report.static == "counted"


def test_one_tick_that_was_not_timed_is_one_too_many() -> None:
    counted = timed(9, ticks=6)
    phases = {**counted.phases, Phase.FREE: replace(counted.phases[Phase.FREE], ticks=7)}
    report = energy_report(replace(counted, phases=phases), FLOAT32, with_static(core_static=1.0), CLOCK)
    assert report.static == "not counted: 6 of 7 ticks of a phase were timed, and no more"


def test_time_of_two_counters_adds_and_the_longest_tick_is_the_longer() -> None:
    def took(cycles: int, longest: int) -> PhaseTime:
        return replace(PhaseTime.nothing(2), ticks=2, cycles=cycles, longest=longest)

    both = took(10, 7) + took(20, 11)
    assert (both.ticks, both.cycles, both.longest) == (4, 30, 11)
    counted = timed(1).phases[Phase.FREE]
    counted = replace(counted, time=took(10, 7)) + replace(counted, time=took(20, 11))
    assert counted.time is not None and counted.time.cycles == 30
    half = replace(counted, time=None) + replace(counted, time=took(20, 11))
    assert half.time is not None and half.time.cycles == 20
