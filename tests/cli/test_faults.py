"""Faults from the command line: said in every report, and refused in one sentence where they cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run, Workplace
from .test_bad_input import refused

TINY = (
    "data.train=40",
    "data.test=20",
    "network.layers=[784, 30, 10]",
    "learning.epochs=1",
    "phases.free=15",
    "phases.nudged=8",
    "evaluation.train=0",
    "record.presentations=1",
)
FAULTS = (
    "faults.spike_drop=0.05",
    "faults.spike_delay={ rate = 0.1, ticks = 2, when = 'test' }",
    "faults.dead_core.cores=[1]",
    "faults.stuck_neuron={ neurons = ['hidden:3'], at = 1 }",
)


def settings(*overrides: str) -> list[str]:
    return [word for override in (*TINY, *overrides) for word in ("--set", override)]


def test_every_report_says_what_was_broken(run: Run, place: Workplace) -> None:
    result = run("simulate", "mnist-small", "--out", "here", *settings(*FAULTS))
    assert result.exit_code == 0, result.output
    shown = " ".join(result.output.split())
    assert "faults spike_drop 5 % always" in shown
    assert "spike_delay 10 %, 2 ticks at test only" in shown
    assert "dead_core by name always 1 core, 1 in use" in shown
    assert "stuck_neuron by name always 1 of 824 neurons at 1; " in shown
    report = json.loads(Path("here/report.json").read_text(encoding="utf-8"))
    drop, delay, dead, stuck = report["faults"]
    counters = report["counters"]
    for phase in ("free", "nudged", "evaluation"):
        counted = counters[phase]
        assert drop["counts"][phase]["lost_to_drop"] == counted["lost_to_drop"] > 0
        assert dead["counts"][phase]["lost_to_dead_core"] == counted["lost_to_dead_core"]
        assert counted["packets"] == sum(
            counted[name] for name in ("spikes_delivered", "spikes_dropped", "spikes_in_flight")
        )
    assert delay["counts"]["free"]["packets_delayed"] == 0
    assert delay["counts"]["evaluation"]["packets_delayed"] > 0
    assert dead["found"] == {"cores": [1], "in_use": 1}
    assert stuck["found"] == {"neurons": 1, "at": 1, "of": 824}
    page = Path("here/report.html").read_text(encoding="utf-8")
    assert "<h2>Faults</h2>" in page
    assert "1 of 824 neurons at 1" in page
    assert run("report", "here").exit_code == 0
    # Also of a chip that a controller drives.
    assert (
        run("simulate", "--through", "firmware", "--out", "there", *settings(*FAULTS), "--quiet").exit_code
        == 0
    )
    driven = json.loads(Path("there/report.json").read_text(encoding="utf-8"))
    assert driven["faults"] == report["faults"]


def test_a_sound_chip_says_nothing_of_faults(run: Run, place: Workplace) -> None:
    result = run("simulate", "mnist-small", "--out", "here", *settings())
    assert result.exit_code == 0
    assert "faults" not in result.output
    assert "faults" not in json.loads(Path("here/report.json").read_text(encoding="utf-8"))
    assert "<h2>Faults</h2>" not in Path("here/report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        (
            "faults.dead_core.cores=[64]",
            "faults.dead_core.cores[0]: there is no core 64; the chip has cores 0 to 63",
        ),
        (
            "faults.dead_core={ cores = [-1], when = 'test' }",
            "faults.dead_core.cores[0]: there is no core -1; the chip has cores 0 to 63",
        ),
        (
            "faults.stuck_neuron.neurons=['hiden:3']",
            'faults.stuck_neuron.neurons[0]: there is no population "hiden"; there are input, hidden, output',
        ),
        (
            "faults.stuck_neuron.neurons=['hidden:3', 'output:10']",
            "faults.stuck_neuron.neurons[1]: there is no neuron 10 in output, which has 0 to 9",
        ),
        (
            "faults.link_down.links=['0,0>1,1']",
            "faults.link_down.links[0]: there is no link 0,0>1,1; "
            "links join neighbouring tiles of the 8 × 8 mesh",
        ),
        (
            "faults.link_down.links=['7,0>8,0']",
            "faults.link_down.links[0]: there is no link 7,0>8,0; "
            "links join neighbouring tiles of the 8 × 8 mesh",
        ),
    ],
)
def test_what_is_not_there(run: Run, place: Workplace, override: str, sentence: str) -> None:
    refused(run("simulate", "--set", override), sentence)
    assert place.files() == []
