"""Energies times counts: worked examples, what is charged for what, and the laws that hold for any counters."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurochip.description import EnergyTable, EventEnergy, read_energies
from neurochip.elements import HardwareCost
from neurochip.elements.optimisers import Adam
from neurochip.energy import ElementUse, HardwareUse, energy_report
from neurochip.energy.charges import control_charges
from neurochip.errors import ConfigError
from neurochip.substrate.counters import COUNTERS, Counters, Phase, PhaseCounters

FLOAT32 = HardwareUse(
    weight_format="float32",
    weight_bits=32,
    state_format="float32",
    state_bits=32,
    elements=(
        ElementUse("encoder", "sigma-delta", HardwareCost(additions=2, comparisons=1, state_words_read=1)),
        ElementUse("decoder", "predictive", HardwareCost(multiplications=2, state_words_written=1)),
        ElementUse("annealer", "osa", HardwareCost(additions=11, divisions=2)),
        ElementUse("neuron", "clipped", HardwareCost(additions=3)),
        ElementUse("nudge", "squared error", HardwareCost(multiplications=1)),
        ElementUse("trace", "decoder", HardwareCost(additions=1, multiplications=2)),
        ElementUse("optimiser", "adam", Adam().hardware),
    ),
    sends_bits_only=True,
)
INT8 = replace(FLOAT32, weight_format="int8", weight_bits=8)
CMOS, LOIHI, BITS = read_energies("cmos45"), read_energies("loihi"), read_energies("ideal-bits")
PJ = 1e-12


def counters(phases, populations=("input", "hidden")):
    """Return counters of {phase: [counts of each core by name]}."""
    by_phase = {}
    for phase, cores in phases.items():
        counts = np.zeros((len(populations), len(COUNTERS)), dtype=np.int64)
        for row, entries in enumerate(cores):
            for name, count in entries.items():
                counts[row, COUNTERS.index(name)] = count
        by_phase[Phase(phase)] = PhaseCounters(1, 1, counts)
    return Counters(populations, tuple(range(len(populations))), by_phase)


def one(counter, count=1, core=1):
    return counters({"free": [{counter: count} if row == core else {} for row in range(2)]})


def events(report):
    return {(line.category, line.event): line.count for line in report.lines}


def published(**values):
    """Return a table of published energies in picojoules."""
    energies = {
        event: EventEnergy(
            event=event,
            value_j=value * PJ,
            source=f"source of {event}",
            evidence="measured",
            scope="per-event",
            node_m=14e-9,
            voltage_v=None,
        )
        for event, value in values.items()
    }
    return EnergyTable(name="mine", neuron_energy="published", note="made up", energies=energies)


def test_operations_by_hand():
    """Ten ticks of four hidden neurons and three inputs on `cmos45`, worked out on paper."""
    counted = counters(
        {
            "free": [
                {
                    "clamped_updates": 30,
                    "spikes_sent": 5,
                    "packets_sent": 5,
                    "aer_hops": 100,
                    "host_words_in": 3,
                },
                {"neuron_updates": 40, "sops": 20, "spikes_delivered": 5},
            ],
            "update": [{}, {"weight_accumulations": 12, "weight_writes": 6, "readout_words": 4}],
        }
    )
    report = energy_report(counted, FLOAT32, CMOS)
    add = mul = 0.0
    add, mul, div, cmp = 0.9, 3.7, 26.3, 0.9
    state, synapse = 10 / 64, 20 / 64
    expected = {
        "synapse": 20 * (add + 32 * synapse),
        "encoder": 70 * (2 * add + cmp + 32 * state),
        "decoder": 40 * (2 * mul + 32 * state),
        "annealer": 40 * (11 * add + 2 * div),
        "neuron": 40 * 3 * add,
        "network": 5 * 10 + 5 * 10 + 100 * 0.15,
        "learning": 12 * (mul + add + 2 * 32 * state) + 6 * (add + 2 * 32 * synapse),
        "host": (3 + 4) * 103,
    }
    assert list(report.by_category) == list(expected)
    assert report.by_category == pytest.approx({name: pj * PJ for name, pj in expected.items()}, rel=1e-12)
    update = expected["learning"] + 4 * 103
    assert report.by_phase["update"] == pytest.approx(update * PJ, rel=1e-12)
    encoding = 30 * (2 * add + cmp + 32 * state)
    assert report.by_population["input"] == pytest.approx((encoding + 50 + 15 + 309) * PJ, rel=1e-12)
    assert report.total_j == pytest.approx(sum(expected.values()) * PJ, rel=1e-12)


def test_published_figures_by_hand():
    counted = counters(
        {
            "nudged": [
                {"clamped_updates": 30, "spikes_sent": 5, "packets_sent": 5, "hops_ew": 7, "hops_ns": 3},
                {
                    "neuron_updates": 40,
                    "nudged_updates": 40,
                    "sops": 20,
                    "spikes_sent": 9,
                    "trace_updates": 2,
                },
            ],
            "update": [{}, {"weight_accumulations": 12, "weight_writes": 6}],
        }
    )
    report = energy_report(counted, INT8, LOIHI)
    expected = {
        "synapse": 20 * 23.6,
        "encoder": 30 * 52,
        "neuron": 40 * 81,
        "trace": 2 * 52,
        "network": 5 * 1.7 + 7 * 3 + 3 * 4,
        "learning": 12 * 120,
    }
    assert report.by_category == pytest.approx({name: pj * PJ for name, pj in expected.items()}, rel=1e-12)
    assert report.note == LOIHI.note


def test_what_another_energy_contains_is_free_and_says_so():
    report = energy_report(one("spikes_sent") + one("neuron_updates"), INT8, LOIHI)
    line = next(line for line in report.lines if line.event == "spike_out")
    assert (line.count, line.joules, line.contained_in) == (1, 0.0, "neuron_update_active")
    assert line.source == "contained in neuron_update_active"


def test_spikes_of_inputs_are_part_of_their_update():
    counted = one("spikes_sent", core=0) + one("clamped_updates", core=0)
    assert ("neuron", "spike_out") not in events(energy_report(counted, INT8, LOIHI))


def test_a_spike_costed_by_itself_is_charged():
    energies = published(neuron_update_active=81, spike_out=5)
    report = energy_report(one("spikes_sent", 3) + one("neuron_updates", 10), INT8, energies)
    assert report.total_j == pytest.approx((15 + 810) * PJ, rel=1e-12)


def test_integer_weights_are_summed_in_int32_and_read_at_their_width():
    found = events(energy_report(one("sops", 10), INT8, CMOS))
    assert found == {("synapse", "op.add.int32"): 10, ("synapse", "synapse_bit_read"): 80}
    double = replace(FLOAT32, weight_format="float64", weight_bits=64, state_format="float64", state_bits=64)
    assert ("synapse", "op.add.float64") in events(energy_report(one("sops"), double, CMOS))


def test_integer_weights_are_written_by_integer_adders():
    found = events(energy_report(one("weight_writes", 5), INT8, CMOS))
    assert found == {
        ("learning", "op.add.int32"): 5,
        ("learning", "synapse_bit_read"): 40,
        ("learning", "synapse_bit_write"): 40,
    }


def test_an_idle_update_is_not_paid_as_an_active_one_too():
    counted = one("neuron_updates", 10) + one("idle_updates", 4)
    assert events(
        energy_report(counted, INT8, published(neuron_update_active=3, neuron_update_inactive=1))
    ) == {
        ("neuron", "neuron_update_active"): 6,
        ("neuron", "neuron_update_inactive"): 4,
    }


def test_every_role_is_its_own_category():
    counted = one("nudged_updates", 2) + one("trace_updates", 3)
    assert events(energy_report(counted, FLOAT32, CMOS)) == {
        ("nudge", "op.mul.float32"): 2,
        ("trace", "op.add.float32"): 3,
        ("trace", "op.mul.float32"): 6,
    }


def test_weight_reads_are_part_of_what_reads():
    assert energy_report(one("weight_reads", 99), FLOAT32, CMOS).lines == ()


def test_links_are_charged_by_the_bit_or_by_the_hop():
    counted = one("aer_hops", 100) + one("hops_ew", 7) + one("hops_ns", 3)
    assert events(energy_report(counted, FLOAT32, CMOS)) == {("network", "link_bit"): 100}
    assert events(energy_report(counted, INT8, LOIHI)) == {("network", "hop_ew"): 7, ("network", "hop_ns"): 3}


def test_an_all_in_energy_swallows_its_parts():
    all_in = published(synaptic_op=26).energies["synaptic_op"]
    parts = ("hop_ew", "hop_ns", "packet_out", "packet_in", "neuron_update_active", "spike_out")
    energies = EnergyTable(
        name="truenorth",
        neuron_energy="published",
        note="all in",
        energies={"synaptic_op": replace(all_in, scope="all-in", includes=parts)},
    )
    counted = one("sops", 2) + one("hops_ew", 5) + one("packets_sent", 3) + one("neuron_updates", 4)
    report = energy_report(counted, INT8, energies)
    assert report.total_j == pytest.approx(52 * PJ, rel=1e-12)
    assert {line.contained_in for line in report.lines} == {None, "synaptic_op"}


def test_a_missing_energy_is_an_error_only_when_the_event_occurs():
    energies = published(synaptic_op=1)
    assert energy_report(one("sops"), INT8, energies).total_j == PJ
    with pytest.raises(ConfigError) as caught:
        energy_report(one("hops_ew"), INT8, energies)
    assert str(caught.value) == (
        "mine: energies.hop_ew: is missing, and the run has this event (one packet over one link east or west, "
        "router included); add the energy or choose another energy table"
    )


def test_an_element_that_is_not_declared_is_an_error():
    bare = replace(FLOAT32, elements=tuple(FLOAT32.in_role("encoder")))
    with pytest.raises(ConfigError) as caught:
        energy_report(one("trace_updates"), bare, CMOS)
    assert str(caught.value) == ("hardware.elements: has no trace, and the run has steps of one to be costed")


def test_no_energies_is_not_nothing():
    report = energy_report(one("sops", 10), FLOAT32, BITS)
    assert report.total_j is None
    assert (report.by_category, report.lines) == ({}, ())
    assert report.note == "the table has no energies: only bits are counted"


def test_real_values_are_not_costed():
    real = replace(FLOAT32, elements=tuple(FLOAT32.in_role("annealer", "neuron", "nudge")))
    report = energy_report(one("neuron_updates", 10) + one("real_valued_words", 10), real, CMOS)
    assert report.total_j is None
    assert report.note.startswith("not costed: the real-valued substrate has no cores and no links")


def test_every_line_is_traceable():
    report = energy_report(one("sops", 10), FLOAT32, CMOS)
    for line in report.lines:
        entry = CMOS.entry(line.event)
        assert (line.source, line.evidence, line.unit_j) == (entry.source, entry.evidence, entry.value_j)
        assert line.joules == line.count * line.unit_j


COUNTS = hnp.arrays(np.int64, (3, len(COUNTERS)), elements=st.integers(0, 10**12))
COUNTED = st.builds(PhaseCounters, st.integers(0, 9), st.integers(0, 9), COUNTS)
COUNTERS_OF = st.dictionaries(st.sampled_from(Phase), COUNTED, min_size=1).map(
    lambda phases: Counters(("input", "hidden", "hidden"), (0, 1, 2), phases)
)
# Nobody published what an optimiser takes on Loihi: without an energy of one's own such a run is refused.
STEPPING = replace(LOIHI, energies={**LOIHI.energies, **published(optimiser_step=90).energies})
SETTINGS = st.sampled_from([(FLOAT32, CMOS), (INT8, CMOS), (INT8, STEPPING)])


@given(COUNTERS_OF, SETTINGS)
def test_categories_phases_and_populations_each_add_up_to_the_total(counted, setting):
    report = energy_report(counted, *setting)
    for parts in (report.by_category, report.by_phase, report.by_population):
        assert math.fsum(parts.values()) == pytest.approx(report.total_j, rel=1e-12)
    for line in report.lines:
        assert sum(line.by_population.values()) == line.count


@given(COUNTERS_OF, SETTINGS, st.integers(1, 50))
def test_costing_is_linear_in_counts(counted, setting, times):
    many = Counters(
        counted.populations,
        counted.sites,
        {phase: replace(b, counts=b.counts * times) for phase, b in counted.phases.items()},
    )
    once, often = energy_report(counted, *setting), energy_report(many, *setting)
    assert often.total_j == pytest.approx(times * once.total_j, rel=1e-12)
    assert [line.count for line in often.lines] == [times * line.count for line in once.lines]


@given(COUNTERS_OF, COUNTERS_OF, SETTINGS)
def test_costing_is_additive(one_phase, other, setting):
    joint = energy_report(one_phase + other, *setting).total_j
    assert joint == pytest.approx(
        energy_report(one_phase, *setting).total_j + energy_report(other, *setting).total_j, rel=1e-12
    )


@given(COUNTERS_OF)
def test_costing_changes_no_count(counted):
    before = counted.to_json()
    energy_report(counted, INT8, CMOS)
    energy_report(counted, INT8, STEPPING)
    assert counted.to_json() == before


def test_a_part_of_what_another_energy_contains_is_paid_there() -> None:
    """Taking a packet in is part of the packet, and the packet is in the energy of the operation."""
    all_in = published(synaptic_op=26).energies["synaptic_op"]
    within = replace(all_in, scope="all-in", includes=("packet_out",))
    energies = EnergyTable(
        name="mine", neuron_energy="published", note="all in", energies={"synaptic_op": within}
    )
    report = energy_report(one("packets_sent", 4) + one("spikes_delivered", 3), INT8, energies)
    found = {line.event: (line.count, line.contained_in, line.joules) for line in report.lines}
    assert found == {"packet_out": (4, "synaptic_op", 0.0), "packet_in": (3, "synaptic_op", 0.0)}


@pytest.mark.parametrize(("phase", "outside"), [(Phase.READOUT, 3 + 2), (Phase.FREE, 3)])
def test_the_link_is_charged_for_what_the_host_words_have_not_paid(phase: Phase, outside: int) -> None:
    counted = counters({phase.value: [{"host_words_in": 3}, {"readout_words": 2}]}).phases[phase]
    assert dict(control_charges(phase, replace(counted, control=(7, 100, 9)))) == {
        "bus_word": 7,
        "link_byte": 100 - 4 * outside,
        "controller_cycle": 9,
    }
    assert dict(control_charges(phase, replace(counted, control=(7, 4, 9))))["link_byte"] == 0


def test_control_adds_up_phase_by_phase() -> None:
    first = replace(one("sops").phases[Phase.FREE], control=(1, 20, 300))
    second = replace(one("sops").phases[Phase.FREE], control=(4, 50, 600))
    assert (first + second).control == (5, 70, 900)


def test_a_step_of_an_optimiser_is_costed_by_its_operations_or_as_one() -> None:
    assert events(energy_report(one("optimiser_steps", 10), INT8, CMOS)) == {
        ("optimiser", "op.add.float32"): 50,
        ("optimiser", "op.mul.float32"): 40,
        ("optimiser", "op.div.float32"): 20,
        ("optimiser", "sram_bit_read"): 640,
        ("optimiser", "sram_bit_write"): 640,
    }
    assert events(energy_report(one("optimiser_steps", 10), INT8, STEPPING)) == {
        ("optimiser", "optimiser_step"): 10
    }
    with pytest.raises(ConfigError, match="energies.optimiser_step: is missing"):
        energy_report(one("optimiser_steps"), INT8, LOIHI)
