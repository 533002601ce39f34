"""Time in the reports: a run that was timed, in full and in part, in the document, on the page and in the terminal."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from neurochip.description import read_energies
from neurochip.report.html import html
from neurochip.report.reading import read_document
from neurochip.report.terminal import summary
from neurochip.report.timing import timing_table
from neurochip.report.write import render_again
from neurochip.runs.simulation import Outcome, simulate
from tests.unit.report.fake_record import fake_record

TINY = (
    "chip=loihi",
    "network.precision=int8",
    "network.layers=[784, 30, 10]",
    "data.train=20",
    "data.test=10",
    "evaluation.train=0",
    "learning.epochs=1",
    "phases.free=6",
    "phases.nudged=3",
    "record.presentations=1",
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    folder = tmp_path_factory.mktemp("timed")
    wanted = {"tick": (), "analytic": (), "cycle": (), "some": ("timing_every=5",)}
    return {
        name: simulate(
            "mnist-small",
            overrides=[*TINY, *more],
            timing="cycle" if name == "some" else name,  # type: ignore[arg-type]
            out=folder / name,
            threads=1,
        )
        for name, more in wanted.items()
    }


def table_of(outcome: Outcome) -> Any:
    assert outcome.folder is not None
    return read_document(outcome.folder)


def text_of(document: Any) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(summary(document))
    return console.export_text()


def test_timing_changes_no_count(runs: dict[str, Outcome]) -> None:
    def counted(outcome: Outcome) -> Any:
        return {
            phase: {key: value for key, value in counted.items() if key != "time"}
            for phase, counted in table_of(outcome)["counters"].items()
        }

    def joules(outcome: Outcome) -> Any:
        energy = table_of(outcome)["energy_j"]
        return {name: value for name, value in energy["by_category"].items() if name != "static"}

    first = runs["tick"]
    for other in list(runs.values())[1:]:
        assert counted(other) == counted(first)
        assert joules(other) == joules(first)
        assert table_of(other)["result"]["confusion"] == table_of(first)["result"]["confusion"]
        assert table_of(other)["bits"] == table_of(first)["bits"]


def test_the_table_adds_up(runs: dict[str, Outcome]) -> None:
    for model in ("analytic", "cycle"):
        document = table_of(runs[model])
        table = document["timing"]
        phases = table["by_phase"]
        assert list(phases) == ["free", "nudged", "update", "readout", "evaluation"]
        assert table["cycles"] == sum(row["cycles"] for row in phases.values()) > 0
        assert table["seconds"] == table["cycles"] / 1e9
        assert phases["free"]["ticks"] == 20 * 6 and phases["nudged"]["ticks"] == 20 * 3
        assert phases["free"]["cycles_per_tick"] == phases["free"]["cycles"] / 120
        learnt = phases["free"]["cycles"] + phases["nudged"]["cycles"] + phases["update"]["cycles"]
        assert table["training_sample"]["cycles"] == pytest.approx(learnt / 20)
        assert table["evaluation_sample"]["cycles"] == pytest.approx(phases["evaluation"]["cycles"] / 10)
        for core in table["cores"]:
            assert core["busy"] + core["stalled"] + core["idle"] == pytest.approx(1)
        timeline = table["timeline"]
        assert len(timeline["cycles"]) == 9 and len(timeline["busy"]) == len(table["cores"])
        energy = document["energy_j"]
        assert energy["static"] == "counted"
        assert energy["by_category"]["static"] == pytest.approx(29.7e-3 * table["seconds"])
        wanted = energy["per_sample"] * table["training_sample"]["seconds"]
        assert energy["delay_js"]["training"] == pytest.approx(wanted)
        assert energy["delay_js"]["evaluation"] == pytest.approx(
            energy["by_phase"]["evaluation"] / 10 * table["evaluation_sample"]["seconds"]
        )
    analytic, cycle = (table_of(runs[model])["timing"] for model in ("analytic", "cycle"))
    assert analytic["cycles"] <= cycle["cycles"]
    assert [link["flits"] for link in analytic["links"]] == [link["flits"] for link in cycle["links"]]
    assert analytic["latency"] is None and analytic["queues"] == []
    latency = cycle["latency"]
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["max"]


def test_a_latency_beyond_those_that_are_counted_is_said_to_be_the_least(runs: dict[str, Outcome]) -> None:
    document = table_of(runs["cycle"])
    assert "≥" not in text_of(document)
    document["timing"]["latency"].update(p99=1048575.0, max=1048575)
    assert "p99 ≥ 1048575, max ≥ 1048575 cycles" in text_of(document)
    assert html(document).count("≥ 1\N{NARROW NO-BREAK SPACE}048\N{NARROW NO-BREAK SPACE}575 cycles") == 2


def test_a_part_is_not_taken_for_the_whole(runs: dict[str, Outcome]) -> None:
    document = table_of(runs["some"])
    table, whole = document["timing"], table_of(runs["cycle"])["timing"]
    assert (table["cycles"], table["seconds"]) == (None, None)
    assert table["by_phase"]["free"]["timed_presentations"] == 4
    assert table["by_phase"]["evaluation"]["timed_presentations"] == 2
    assert document["energy_j"]["static"] == "not counted: 24 of 120 ticks of a phase were timed, and no more"
    assert "static" not in document["energy_j"]["by_category"]
    each = table["by_phase"]["free"]["cycles_per_tick"]
    assert each == pytest.approx(whole["by_phase"]["free"]["cycles_per_tick"], rel=0.2)
    assert "Timed were 10 of 50 presentations, one in 5 of each phase" in html(document)
    assert "one presentation in 5 was timed, the others were not" in text_of(document)


def test_what_the_page_and_the_terminal_say(runs: dict[str, Outcome]) -> None:
    document = table_of(runs["cycle"])
    page, words = html(document), text_of(document)
    for shown in ("Time on the chip", "Cores over the ticks of one presentation (test 0)", "core 0"):
        assert shown in page
    assert page.count('class="strip"') == len(document["timing"]["cores"])
    assert page.count('class="flow"') == len(document["timing"]["links"])
    assert "words of the host and real-valued states moved for learning" in page
    assert "time, cycle" in words and "packets: p50 " in words and "static power: counted" in words
    untimed = table_of(runs["tick"])
    assert untimed["timing"] is None and untimed["energy_j"]["delay_js"] == {}
    assert untimed["energy_j"]["static"] == 'not counted: timing = "tick" knows no time'
    assert "Time on the chip" not in html(untimed) and "static power" not in text_of(untimed)


def test_costing_anew_changes_no_count_and_no_cycle(runs: dict[str, Outcome]) -> None:
    outcome = runs["cycle"]
    assert outcome.folder is not None
    before = table_of(outcome)
    after, _ = render_again(outcome.folder, read_energies("cmos45"))
    assert after["energy_j"]["static"] == "not in this specification"
    assert {**after, "energy_j": None} == {**before, "energy_j": None}
    again, _ = render_again(outcome.folder, read_energies("loihi"))
    assert again["energy_j"] == before["energy_j"]


def test_a_report_of_an_earlier_version_is_still_read(runs: dict[str, Outcome], tmp_path: Path) -> None:
    """It has neither a table of time nor words about static power."""
    old = json.loads(json.dumps(table_of(runs["tick"])))
    del old["timing"], old["energy_j"]["static"], old["energy_j"]["delay_js"]
    del old["run"]["timing"]
    (tmp_path / "report.json").write_text(json.dumps(old), encoding="utf-8")
    document = read_document(tmp_path)
    assert "Time on the chip" not in html(document)
    assert timing_table(fake_record(), 1) is None
