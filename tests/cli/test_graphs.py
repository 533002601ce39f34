"""Networks as graphs, through every command that takes a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from .conftest import Run, Workplace

TINY = """
[data]
set = "digits"
train = 40
test = 20

[phases]
free = 14
nudged = 8

[learning]
rates = [{rates}]
epochs = {epochs}

[evaluation]
train = 20
"""

GRAPH = """
[[network.populations]]
name = "top"
shape = [8, 4]
role = "input"

[[network.populations]]
name = "bottom"
shape = [32]
role = "input"

[[network.populations]]
name = "left"
shape = [9]

[[network.populations]]
name = "right"
shape = [7]

[[network.populations]]
name = "first"
shape = [10]
role = "output"

[[network.populations]]
name = "second"
shape = [10]
role = "output"

[[network.projections]]
from = "top"
to = "left"

[[network.projections]]
from = "bottom"
to = "right"
delay = 2

[[network.projections]]
from = "left"
to = "right"
delay = 3
gain = 0.5

[[network.projections]]
from = "right"
to = "right"
feedback = "none"

[[network.projections]]
from = "left"
to = "first"
feedback = "own"

[[network.projections]]
from = "right"
to = "second"
"""
RATES = ", ".join(["0.05"] * 6)


def chain(place: Workplace) -> None:
    place.write("chain.toml", "[network]\nlayers = [64, 9, 10]\n" + TINY.format(rates="0.1, 0.05", epochs=2))
    graph = "".join(
        f'[[network.populations]]\nname = "{name}"\nshape = [{size}]\nrole = "{name}"\n'
        for name, size in (("input", 64), ("hidden", 9), ("output", 10))
    ) + "".join(
        f'[[network.projections]]\nfrom = "{a}"\nto = "{b}"\n'
        for a, b in (("input", "hidden"), ("hidden", "output"))
    )
    place.write("same.toml", graph + TINY.format(rates="0.1, 0.05", epochs=2))


def weights(folder: Path) -> dict[str, Any]:
    found = {}
    with h5py.File(folder / "checkpoint.h5", "r") as file:
        file.visititems(
            lambda name, item: (
                found.update({name: np.array(item)}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return {name: array for name, array in found.items() if array.dtype.kind == "f"}


def test_a_chain_written_as_a_graph_is_the_chain(run: Run, place: Workplace) -> None:
    chain(place)
    for name in ("chain", "same"):
        result = run("simulate", f"{name}.toml", "--out", name)
        assert result.exit_code == 0, result.output
    one, other = (weights(place.folder / name) for name in ("chain", "same"))
    assert any("weights" in name for name in one)
    assert one.keys() == other.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)
    reports = [
        json.loads((place.folder / name / "report.json").read_text("utf-8")) for name in ("chain", "same")
    ]
    assert reports[0]["counters"] == reports[1]["counters"] and reports[0]["bits"] == reports[1]["bits"]


@pytest.fixture
def graph(place: Workplace) -> Workplace:
    place.write("graph.toml", GRAPH + TINY.format(rates=RATES, epochs=2))
    return place


@pytest.mark.parametrize("substrate", ["digital", "ideal"])
def test_a_graph_is_simulated_and_goes_on(run: Run, graph: Workplace, substrate: str) -> None:
    words = ["--set", f"substrate={substrate}"]
    words += ["--set", "coding.annealer=constant"] if substrate == "ideal" else []
    whole = run("simulate", "graph.toml", *words, "--out", "whole")
    assert whole.exit_code == 0, whole.output
    assert run("simulate", "graph.toml", *words, "--set", "learning.epochs=1", "--out", "half").exit_code == 0
    report = json.loads((graph.folder / "whole" / "report.json").read_text("utf-8"))
    named = [p["name"] for p in report["run"]["network"]["populations"]]
    assert named == ["top", "bottom", "left", "right", "first", "second"]
    before = weights(graph.folder / "half")
    moved = [
        n for n, a in weights(graph.folder / "whole").items() if "weights" in n and np.any(a != before[n])
    ]
    assert moved, "nothing was learnt in the second epoch"
    assert (graph.folder / "whole" / "report.html").stat().st_size > 10_000


def test_a_graph_is_driven_by_firmware_as_directly(run: Run, graph: Workplace) -> None:
    assert run("simulate", "graph.toml", "--out", "direct").exit_code == 0
    result = run("simulate", "graph.toml", "--through", "firmware", "--out", "driven")
    assert result.exit_code == 0, result.output
    one, other = (weights(graph.folder / name) for name in ("direct", "driven"))
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)


@pytest.mark.parametrize("timing", ["analytic", "cycle"])
def test_a_graph_is_timed_and_traced(run: Run, graph: Workplace, timing: str) -> None:
    result = run("simulate", "graph.toml", "--set", f"timing={timing}", "--out", "timed")
    assert result.exit_code == 0, result.output
    report = json.loads((graph.folder / "timed" / "report.json").read_text("utf-8"))
    assert report["time"]
    traced = run("trace", "timed", "--out", "trace.vcd")
    assert traced.exit_code == 0, traced.output


LISTED = GRAPH.replace(
    'to = "right"\nfeedback = "none"', 'to = "right"\nconnectivity = { kind = "sparse", density = 0.4 }'
)
assert LISTED != GRAPH


@pytest.mark.parametrize("timing", ["analytic", "cycle"])
def test_a_graph_breaks_and_is_timed(run: Run, place: Workplace, timing: str) -> None:
    """Time changes no result, whatever is lost; and what is lost changes it."""
    place.write("listed.toml", LISTED + TINY.format(rates=RATES, epochs=1))
    broken = [
        f"--set=faults.{fault}" for fault in ("spike_drop=0.1", "spike_delay=0.1", "spike_spurious=0.01")
    ]
    ends = {}
    for name, words in {"sound": [], "broken": broken, "timed": [*broken, f"--set=timing={timing}"]}.items():
        result = run("simulate", "listed.toml", *words, "--out", name)
        assert result.exit_code == 0, result.output
        ends[name] = weights(place.folder / name)
    for name, array in ends["broken"].items():
        np.testing.assert_array_equal(array, ends["timed"][name], err_msg=name)
    assert any(np.any(array != ends["sound"][name]) for name, array in ends["broken"].items())
    report = json.loads((place.folder / "timed" / "report.json").read_text("utf-8"))
    assert report["time"] and report["faults"]


REFUSED = [
    (["--set", "substrate=analog"], "has no memory of what was sent"),
    (["--set", "learning.pre=trace"], "must be false"),
]


@pytest.mark.parametrize(("words", "problem"), REFUSED)
def test_what_a_graph_cannot_have_is_one_sentence(
    run: Run, graph: Workplace, words: list[str], problem: str
) -> None:
    result = run("simulate", "graph.toml", *words, "--out", "refused")
    assert result.exit_code == 2
    assert problem in " ".join(result.stderr.split()), result.stderr
    assert not (graph.folder / "refused").exists()


def test_integers_learn_over_any_connectivity(run: Run, place: Workplace) -> None:
    place.write("listed.toml", LISTED + TINY.format(rates=RATES, epochs=1))
    result = run("simulate", "listed.toml", "--set", "network.precision=int8", "--out", "listed")
    assert result.exit_code == 0, result.output


def test_one_projection_is_swept_and_its_page_drawn(run: Run, graph: Workplace) -> None:
    asked = [
        "--vary",
        "network.projections.left-right.delay=1,3",
        "--set",
        "network.projections.left-right.gain=0.2",
    ]
    result = run("sweep", "graph.toml", *asked, "--modes", "deploy", "--seeds", "2", "--out", "sweep")
    assert result.exit_code == 0, result.output
    assert "32-32-9-7-10-10" in (graph.folder / "sweep" / "sweep.html").read_text(encoding="utf-8")
    definition = json.loads((graph.folder / "sweep" / "sweep.json").read_text(encoding="utf-8"))["definition"]
    assert definition["run"]["network"]["projections"][2]["gain"] == 0.2
    assert definition["vary"][0]["nominal"] == "3"
