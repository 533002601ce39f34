"""What a point costs: energy, time, area and bits, and which settings nothing dominates."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from neurochip.description import read_run
from neurochip.report.document import document as run_document
from neurochip.report.sweeps import SweepDocument, read_sweep, write_sweep
from neurochip.report.sweeps.costs import cost_words
from neurochip.runs.simulation import simulate
from neurochip.studies.measuring import measure
from neurochip.sweep.definition import define, parse_modes
from neurochip.sweep.document import document
from neurochip.sweep.identity import environment
from neurochip.sweep.plan import Task, plan
from neurochip.sweep.rows import Entry
from neurochip.sweep.space import parse_axes
from neurochip.sweep.store import Store

TINY = ["network.layers=[784, 15, 10]", "phases.free=20", "phases.nudged=8", "data.train=20", "data.test=30"]
TINY += ["learning.epochs=1", "evaluation.train=0"]


def costs_of(run: Any) -> dict[str, float]:
    """What a worker measures."""
    done = measure(
        {
            "work": "train",
            "run": run.to_dict(),
            "epochs": 0,
            "weights": None,
            "keep": False,
            "environment": environment(),
            "files": {},
        }
    )
    assert done["measured"] is not None, done["reason"]
    costs: dict[str, float] = done["measured"]["costs"]
    return costs


@pytest.mark.parametrize("timing", ["tick", "analytic"])
def test_cores_cost_what_the_report_of_the_run_says(timing: str) -> None:
    run = read_run("mnist-small", [*TINY, f"timing={timing}"])
    costs = costs_of(run)
    table = run_document(simulate(run, write=False, threads=1).record)
    counters = table["counters"]["evaluation"]
    n = counters["presentations"]
    assert n == 30
    assert costs["energy_j"] == pytest.approx(table["energy_j"]["by_phase"]["evaluation"] / n, rel=1e-12)
    assert costs["bits"] == table["bits"]["evaluation"]["symbols"] / n
    assert costs["spikes"] == table["bits"]["evaluation"]["spikes"] / n
    assert costs["ticks"] == 20
    layout: Any = table["chip"]["layout"]
    assert costs["cores"] == len(layout)
    assert costs["memory_bits"] == sum(core["synapse_bits"] for core in layout)
    sample = None if table["timing"] is None else table["timing"]["evaluation_sample"]
    assert costs.get("time_s") == (None if sample is None else pytest.approx(sample["seconds"], rel=1e-12))


def test_a_circuit_costs_area_and_time_and_nobody_knows_its_energy() -> None:
    sized = [
        "analog.mismatch.sigma=0",
        "analog.mismatch.process=sky130",
        "analog.mismatch.width_um=2",
        "analog.mismatch.length_um=3",
        "analog.tau_us=4",
        "analog.diagnosed=0",
    ]
    devices = 784 * 15 + 2 * 15 * 10 + 15 + 10  # synapses of both directions, and neurons
    costs = costs_of(read_run("analog-mnist-small", [*TINY, *sized]))
    assert costs == {"time_s": pytest.approx(20 * 0.5 * 4e-6), "area_um2": devices * 6.0}
    pair = costs_of(read_run("analog-mnist-small", [*TINY, *sized, "analog.mismatch.convention=pair"]))
    assert pair["area_um2"] == 2 * costs["area_um2"]
    plain = costs_of(read_run("analog-mnist-small", [*TINY, "analog.diagnosed=0"]))  # of devices of no size
    assert plain.keys() == {"time_s"}


def test_a_circuit_of_known_cells_has_energy_and_area() -> None:
    cells = ["analog.cells=sky130-subthreshold", "analog.diagnosed=0"]
    costs = costs_of(read_run("analog-mnist-small", [*TINY, *cells]))
    assert costs.keys() == {"time_s", "energy_j", "area_um2"}
    # Leaks alone take V_DD C V₀ for each neuron and time constant.
    assert costs["energy_j"] > 1.8 * 100e-15 * 75.5e-3 * 25 * 20 * 0.5
    assert costs["area_um2"] > (784 * 15 + 2 * 15 * 10) * 5


def test_real_numbers_cost_words() -> None:
    overrides = ["data.set=mnist-small", *TINY]
    costs = costs_of(read_run("mnist-continuous", overrides))
    assert costs["bits"] % 32 == 0 and costs["bits"] > 0 and "energy_j" not in costs


# Width → error: wider is better up to 2 µm, and nothing is gained behind it.
ERRORS = {"0.5": 0.3, "1": 0.2, "2": 0.1, "4": 0.1, "8": 0.12}


def swept(folder: Path, *, differ: bool = True) -> SweepDocument:
    run = read_run("analog-pilot", ["analog.mismatch.process=sky130"])
    vary = parse_axes(["analog.mismatch.width_um=" + ",".join(ERRORS)])
    definition = define(run, vary, modes=parse_modes("deploy"), dies=3, grid=True, references=1)
    planned = plan(definition)

    def found(task: Task) -> dict[str, Any]:
        width = task.setting.values[0] if task.source else "2"
        error = ERRORS[width] + task.die / 1000
        costs = {"time_s": 1e-5, "area_um2": 1000 * float(width) if differ else 5.0}
        return {"test_error": error, "metrics": {}, "costs": costs}

    with Store.create(folder, definition, {"neurochip": "0.1.0"}) as store:
        for digest, task in planned.tasks.items():
            store.add(digest, task.work, Entry(found(task), None, 1, 0.1, 0.1, "0.1.0"))
        return document(definition, planned, store)


def test_the_front_of_error_and_area(tmp_path: Path) -> None:
    table = swept(tmp_path / "s")
    assert table["front_costs"] == ["area_um2"]
    assert [entry["values"] for entry in table["front"]] == [["2"], ["1"], ["0.5"]]
    assert table["front"][0]["costs"] == {"area_um2": 2000.0}
    # Of single measurements, that of the best die at each of these widths.
    best = {(point["values"][0], point["die"]) for point in table["points"] if point.get("on_front")}
    assert best == {("2", 1), ("1", 1), ("0.5", 1)}
    write_sweep(table, tmp_path / "s")
    assert read_sweep(tmp_path / "s") == table
    rows = list(csv.DictReader((tmp_path / "s" / "points.csv").read_text(encoding="utf-8").splitlines()))
    assert {(row["area_um2"], row["time_s"]) for row in rows} >= {("500.0", "1e-05"), ("8000.0", "1e-05")}
    assert sum(row["on_front"] == "true" for row in rows) == 3
    summary = (tmp_path / "s" / "summary.csv").read_text(encoding="utf-8").splitlines()
    assert summary[0].endswith(",time_s,area_um2,failures")
    page = (tmp_path / "s" / "sweep.html").read_text(encoding="utf-8")
    assert "What it costs" in page and page.count("<td>●</td>") == 3 and "Energy is not known" in page


def test_where_nothing_costs_more_there_is_no_front(tmp_path: Path) -> None:
    table = swept(tmp_path / "s", differ=False)
    assert table["front_costs"] == [] == table["front"]
    write_sweep(table, tmp_path / "s")
    assert "on_front" not in (tmp_path / "s" / "points.csv").read_text(encoding="utf-8")
    assert "●" not in (tmp_path / "s" / "sweep.html").read_text(encoding="utf-8")


def test_words() -> None:
    assert cost_words("area_um2", 8055.0) == "8055 µm²" and cost_words("area_um2", 3.2e6) == "3.20 mm²"
    assert cost_words("time_s", 1e-5) == "10.0 µs" and cost_words("cores", 3.0) == "3"
    assert cost_words("energy_j", None) == "–"
