"""The baseline row: every count of small cases worked out by hand, and what is not known is said."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import pytest

import neurochip
from neurochip.description import EnergyTable, RunSpec, read_energies, read_run
from neurochip.report.baseline import ASSUMPTIONS, baseline_table, placed
from neurochip.report.document import document, recosted
from neurochip.report.html import html
from neurochip.report.schema import BaselineRowTable, BaselineTable, ResultTable

from .fake_record import fake_record

SETTINGS = ("data.set=digits", "network.layers=[64,4,10]", "baseline.free=3", "baseline.nudged=2")
TRAINED = {
    "data.train": 6,
    "data.test": 10,
    "evaluation.train": 0,
    "learning.epochs": 1,
    "learning.minibatch": 3,
}
RESULT: ResultTable = {
    "train_error": None,
    "test_error": 0.4,  # 50 points over guessing among ten
    "test_samples": 10,
    "trained_samples": 6,
    "epochs": [],
    "confusion": [[0] * 10] * 10,
}


def run_of(*more: str) -> RunSpec:
    return read_run("mnist-small", [*SETTINGS, *(f"{k}={v}" for k, v in TRAINED.items()), *more])


@pytest.fixture(scope="module")
def record():
    """A real run of six samples in two minibatches on three cores."""
    return neurochip.simulate(run_of(), write=False, threads=1).record


def row(table: BaselineTable, key: str) -> BaselineRowTable:
    (found,) = [row for row in table["rows"] if row["key"] == key]
    return found


def counted(row: BaselineRowTable) -> dict[str, int]:
    totals: dict[str, int] = {}
    for line in row["lines"]:
        totals[line["event"]] = totals.get(line["event"], 0) + line["count"]
    return totals


def test_counts_of_a_run_by_hand(record):
    """Six samples, 3 + 2 steps, [64-4-10]: an input is sent and multiplied once, the others at each of 5 steps."""
    table = document(record)["energy_j"]["baseline"]
    counts = table["counts"]
    assert table["samples"] == 6
    assert counts["words"] == 6 * (64 + (4 + 10) * 5) == 804
    # input → hidden once; hidden → output and back five times
    assert counts["multiply_adds"] == 6 * (64 * 4 + 4 * 10 * 5 + 10 * 4 * 5) == 3936
    assert [(p["source"], p["target"], p["each_step"], p["per_sample"]) for p in table["projections"]] == [
        ("input", "hidden", 256, 256),
        ("hidden", "output", 40, 200),
        ("output", "hidden", 40, 200),
    ]
    assert counts["neuron_updates"] == 6 * 14 * 5
    assert counts["nudged_updates"] == 6 * 10 * 2
    assert counts["weight_writes"] == 2 * (64 * 4 + 2 * 4 * 10)  # minibatches; a tied weight on both cores
    assert counts["host_words_in"] == 6 * (64 + 10)


def test_words_travel_between_the_cores_of_the_run(record):
    """Packets and links from the places of the cores alone: XY distance to each core of a neighbour."""
    cores = record.layout
    assert len({core.population for core in cores}) == 3
    around = {"input": ("hidden",), "hidden": ("output",), "output": ("hidden",)}
    times = {"input": 1, "hidden": 5, "output": 5}
    packets = hops = 0
    for sender in cores:
        for receiver in cores:
            if receiver.population in around[sender.population]:
                packets += 6 * times[sender.population] * sender.neurons
                distance = abs(sender.x - receiver.x) + abs(sender.y - receiver.y)
                hops += 6 * times[sender.population] * sender.neurons * distance
    counts = document(record)["energy_j"]["baseline"]["counts"]
    assert (counts["packets"], counts["hops"]) == (packets, hops)
    assert hops > 0


def test_joules_by_hand(record):
    """Processor: v + b, (1 − ε)s + εp and two limits are 3 additions, 2 products, 2 comparisons; a nudge 2 and 1."""
    table = document(record)["energy_j"]["baseline"]
    counts, processor, chip = table["counts"], row(table, "processor"), row(table, "chip")
    products = counts["multiply_adds"] + counts["weight_accumulations"]
    add = products + counts["weight_writes"] + 3 * 420 + 2 * 120
    mul = products + 2 * 420 + 120
    compare = 2 * 420
    assert counted(processor) == {"op.add.float32": add, "op.mul.float32": mul, "op.cmp.float32": compare}
    arithmetic = add * 0.9e-12 + mul * 3.7e-12 + compare * 0.9e-12
    assert processor["joules"] == pytest.approx(arithmetic, rel=1e-12)
    assert processor["per_sample"] == pytest.approx(arithmetic / 6, rel=1e-12)

    bits = counted(chip)
    assert bits["synapse_bit_read"] == 32 * (counts["multiply_adds"] + counts["weight_writes"])
    assert bits["sram_bit_read"] == 32 * (2 * 420 + 120 + counts["weight_accumulations"])
    assert bits["sram_bit_write"] == 32 * (420 + counts["weight_accumulations"])
    assert bits["packet_out"] == bits["packet_in"] == counts["packets"]
    counters = record.counters
    around = counters.total("aer") / counters.total(
        "packets"
    )  # the same header and address on every core here
    assert bits["link_bit"] == pytest.approx(counts["hops"] * (32 + around), rel=0.2)
    assert bits["link_bit"] > 32 * counts["hops"]
    memory = (bits["sram_bit_read"] + bits["sram_bit_write"]) * 0.15625e-12
    memory += (bits["synapse_bit_read"] + bits["synapse_bit_write"]) * 0.3125e-12
    wires = 2 * counts["packets"] * 10e-12 + bits["link_bit"] * 0.15e-12 + bits["host_word_in"] * 103e-12
    assert chip["joules"] == pytest.approx(arithmetic + memory + wires, rel=1e-12)


@pytest.mark.parametrize("more", [("phases.reference=opposite",), ("phases.reference=parallel",)])
def test_a_third_phase_is_counted(record, more):
    table = table_of(record, run_of(*more))
    assert (table["free"], table["nudged"]) == (3, 4)
    assert table["counts"]["words"] == 6 * (64 + 14 * 7)


def table_of(record, run=None, energies=None, processor=None) -> BaselineTable:
    layout = [{"population": core.population, "output_axons": core.output_axons} for core in record.layout]
    return baseline_table(
        run or record.run, record.counters, 6, layout, RESULT, energies or read_energies("cmos45"),
        processor or read_energies("cmos45"),
    )  # fmt: skip


def test_a_point_of_accuracy_is_over_guessing(record):
    for entry in table_of(record)["rows"]:
        assert entry["joules"] is not None
        assert entry["per_point"] == pytest.approx(entry["joules"] / 50, rel=1e-12)
    guessing = {**RESULT, "test_error": 0.9}
    layout = [{"population": core.population, "output_axons": core.output_axons} for core in record.layout]
    specification = read_energies("cmos45")
    table = baseline_table(record.run, record.counters, 6, layout, guessing, specification, specification)  # type: ignore[arg-type]
    assert [entry["per_point"] for entry in table["rows"]] == [None, None]


def lacking(event: str) -> EnergyTable:
    whole = read_energies("cmos45")
    return replace(whole, energies={name: entry for name, entry in whole.energies.items() if name != event})


def test_a_missing_energy_is_said_and_never_nothing(record):
    table = table_of(record, energies=lacking("host_word_in"), processor=lacking("op.cmp.float32"))
    chip, processor = row(table, "chip"), row(table, "processor")
    assert (chip["joules"], chip["note"]) == (None, "not costed: cmos45 has no energy for host_word_in")
    assert (processor["joules"], processor["note"]) == (
        None,
        "not costed: cmos45 has no energy for op.cmp.float32",
    )
    loihi = row(table_of(record, energies=read_energies("loihi")), "chip")
    assert loihi["joules"] is None
    assert loihi["note"].startswith("not costed: loihi has no energy for op.mul.float32, op.add.float32")
    assert "packet_out" not in loihi["note"], (
        "the specification has one, or contains it in another that is paid"
    )


@pytest.mark.parametrize("name", ["mnist-continuous"])
def test_without_cores_only_the_processor_is_costed(name):
    table = document(fake_record(name))["energy_j"]["baseline"]
    assert row(table, "chip")["note"] == (
        "not costed: this run has no cores on which the words could be placed"
    )
    assert row(table, "processor")["joules"] is not None
    assert placed(fake_record(name).counters, ()) == {}


def test_costing_anew_changes_the_row_that_it_names():
    first = document(fake_record())
    rows = first["energy_j"]["baseline"]["rows"]
    doubled = read_energies("cmos45")
    doubled = replace(
        doubled, name="twice",
        energies={name: replace(entry, value_j=2 * entry.value_j) for name, entry in doubled.energies.items()},
    )  # fmt: skip
    other = recosted(first, processor=doubled)
    again = other["energy_j"]["baseline"]
    assert row(again, "chip") == rows[0]
    assert row(again, "processor")["joules"] == pytest.approx(2 * rows[1]["joules"], rel=1e-12)
    assert other["energy_j"]["total"] == first["energy_j"]["total"]
    both = recosted(other, doubled)["energy_j"]["baseline"]
    assert row(both, "chip")["joules"] == pytest.approx(2 * rows[0]["joules"], rel=1e-12)
    assert row(both, "processor") == row(again, "processor")


def test_a_report_stored_without_a_baseline_can_get_one():
    table = document(fake_record())
    old = {**table, "energy_j": {k: v for k, v in table["energy_j"].items() if k != "baseline"}}
    assert "With real values instead" not in html(old)  # type: ignore[arg-type]
    new = recosted(old, processor=read_energies("cmos45"))  # type: ignore[arg-type]
    assert row(new["energy_j"]["baseline"], "chip")["note"] == "not costed: no energy table"
    assert recosted(old, read_energies("cmos45"))["energy_j"] == table["energy_j"]  # type: ignore[arg-type]


def test_the_page_says_every_assumption():
    page = html(document(fake_record()))
    assert len(ASSUMPTIONS) >= 5
    for sentence in ASSUMPTIONS:
        assert escape(sentence) in page or sentence.replace("'", "&#39;") in page
    assert "32-bit words on the same chip" in page
    assert "multiply–adds alone, on a processor" in page
