"""From stored results to what is told of them; the results are made up, so that every figure is known."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from neurochip.description import read_run
from neurochip.report.sweeps import SweepDocument, read_sweep, write_sweep
from neurochip.report.sweeps.terminal import print_sweep
from neurochip.sweep.definition import define, parse_modes
from neurochip.sweep.document import document
from neurochip.sweep.failure import Failure
from neurochip.sweep.plan import Task, plan
from neurochip.sweep.rows import Entry
from neurochip.sweep.space import parse_axes
from neurochip.sweep.store import Store

Measured = Callable[[Task], float | None]


def document_of(
    folder: Path, *vary: str, run: str = "analog-pilot", measured: Measured, **asked: Any
) -> SweepDocument:
    modes = asked.pop("modes", None)
    definition = define(
        read_run(run), parse_axes(vary), modes=None if modes is None else parse_modes(modes), **asked
    )
    planned = plan(definition)
    with Store.create(folder, definition, {"neurochip": "0.1.0"}) as store:
        for digest, task in planned.tasks.items():
            error = measured(task)
            if error is None:
                store.add(
                    digest, task.work, Entry(None, "it went astray", 1, 0.1, 0.1, "0.1.0", kind_of_task(task))
                )
            else:
                found = {"test_error": error, "metrics": {"cosine of all": 0.5}}
                store.add(digest, task.work, Entry(found, None, 1, 0.1, 0.1, "0.1.0"))
        return document(definition, planned, store)


def kind_of_task(task: Task) -> Failure:
    """What a task that fails does so of: the machine kills the workers of die 3."""
    return Failure.WORKER_DIED if task.die == 3 else Failure.DIVERGED


def of_sigma(task: Task) -> float:
    """Ideal 8 %; die k loses a point at σ = 0.1 + k / 1000 deployed, at twice that in the loop."""
    sigma = task.run()["analog"]["mismatch"]["sigma"]
    slope = 0.01 / (0.1 + task.die / 1000)
    return 0.08 + slope * sigma / (1.0 if task.work == "deploy" else 2.0)


def test_from_a_grid_the_answer_is_a_cell_of_it(tmp_path: Path) -> None:
    table = document_of(
        tmp_path / "s",
        "analog.mismatch.sigma=0:0.5:6",
        dies=80,
        grid=True,
        modes="deploy,in-loop",
        measured=of_sigma,
    )
    [panel] = table["panels"]
    # Of 80 dies the limits are 0.101 to 0.18, twice as much in the loop; 4 of 80 may be bad.
    assert [curve["limits"][0]["cell"] for curve in panel["curves"]] == [[0.1, 0.2], [0.2, 0.3]]
    assert [curve["limits"][0]["exact"] for curve in panel["curves"]] == [False, False]
    assert panel["ratio"] is None
    assert panel["verdict"] == (
        "95 % of dies stay within 1 point of ideal (8.00 % error) up to σ between 0.100 and 0.200 (0.100–0.200) "
        "deployed; up to σ between 0.200 and 0.300 (0.200–0.300) trained on the chip. One network is carried over "
        "to all dies; what another would do is not in the interval."
    )


@pytest.mark.parametrize("grid", ["0:0.5:3", "0:0.5:5", "0:0.5:9"])
def test_cells_of_coarse_and_fine_grids_overlap(grid: str, tmp_path: Path) -> None:
    """The limit of all is 0.105 deployed and 0.21 in the loop, whatever grid is asked."""
    table = document_of(
        tmp_path / "s",
        f"analog.mismatch.sigma={grid}",
        dies=80,
        grid=True,
        modes="deploy,in-loop",
        measured=of_sigma,
    )
    for curve, truth in zip(table["panels"][0]["curves"], (0.104, 0.208), strict=True):
        [limit] = curve["limits"]
        assert limit["cell"] is not None and limit["low"] is not None
        assert limit["cell"][0] <= truth <= limit["cell"][1]
        low, high = limit["low"]["value"], limit["high"]["value"]
        assert low is not None and high is not None and low <= truth <= high


def test_beyond_the_grid(tmp_path: Path) -> None:
    table = document_of(
        tmp_path / "s",
        "analog.mismatch.sigma=0,0.1,0.15",
        dies=80,
        grid=True,
        modes="deploy,in-loop",
        measured=of_sigma,
    )
    verdict = table["panels"][0]["verdict"]
    assert "up to σ = 0.150 at least, the end of the range trained on the chip. " in verdict


def test_nowhere_and_beyond(tmp_path: Path) -> None:
    def of(task: Task) -> float:
        sigma = float(task.run()["analog"]["mismatch"]["sigma"])
        return 0.08 + (0.0 if task.work == "deploy" else sigma)

    table = document_of(
        tmp_path / "s",
        "analog.mismatch.sigma=0.1,0.2",
        dies=30,
        grid=True,
        modes="deploy,in-loop",
        measured=of,
    )
    assert table["panels"][0]["verdict"] == (
        "95 % of dies stay within 1 point of ideal (8.00 % error) up to σ = 0.200 at least, the end of the range "
        "deployed; not even at σ = 0.100 trained on the chip. One network is carried over to all dies; what another "
        "would do is not in the interval. 30 dies cannot show 95 %, however good: 72 are the fewest that can."
    )


def test_cells(tmp_path: Path) -> None:
    table = document_of(
        tmp_path / "s", "analog.mismatch.sigma=0,0.2", dies=9, seeds=2, references=2, measured=of_sigma
    )
    [panel] = table["panels"]
    cells = {(curve["mode"], cell["value"]): cell for curve in panel["curves"] for cell in curve["cells"]}
    nominal, varied = cells["deploy", "0"], cells["deploy", "0.2"]
    assert (nominal["n"], nominal["alike"], nominal["good_low"], nominal["good_high"]) == (2, True, 1.0, 1.0)
    errors = [0.08 + 0.002 / (0.1 + k / 1000) for k in range(1, 10) for _ in range(2)]
    assert (varied["n"], varied["alike"], varied["good"]) == (18, False, 0)
    assert varied["mean"] == pytest.approx(np.mean(errors))
    assert [varied["q05"], varied["median"], varied["q95"]] == pytest.approx(
        list(np.quantile(errors, [0.05, 0.5, 0.95]))
    )
    assert varied["metrics"]["cosine of all"]["n"] == 18
    [pair, _] = panel["pairs"]
    assert (pair["mode"], pair["against"]) == ("in-loop", "deploy")
    at_nominal, difference = pair["differences"]
    assert at_nominal is not None and at_nominal["mean"] == 0
    assert difference is not None and difference["mean"] == pytest.approx(
        np.mean([-(e - 0.08) / 2 for e in errors])
    )


def of_lambda(task: Task) -> float:
    return 0.1 + 0.1 * abs(task.run()["coding"]["decoder"]["lambda"] - 0.275)


def test_a_key_with_its_nominal_value_inside(tmp_path: Path) -> None:
    vary = "coding.decoder.lambda=0.075,0.275,0.475"
    table = document_of(tmp_path / "s", vary, run="mnist-small", seeds=3, modes="in-loop", measured=of_lambda)
    up, down = table["panels"][0]["curves"][0]["limits"]
    assert (up["cell"], down["cell"]) == ([0.275, 0.475], [0.275, 0.075])
    assert table["panels"][0]["verdict"] == (
        "95 % of seeds stay within 1 point of ideal (10.00 % error) up to coding.decoder.lambda between 0.275 and "
        "0.475 (at most 0.475) trained on the chip; down to coding.decoder.lambda between 0.275 and 0.0750 (at least "
        "0.0750) trained on the chip. 3 seeds cannot show 95 %, however good: 72 are the fewest that can."
    )


def of_bits(task: Task) -> float:
    return {"int2": 0.9, "int4": 0.2, "float32": 0.1}[task.run()["network"]["precision"]]


def test_a_key_of_words(tmp_path: Path) -> None:
    vary = "network.precision=int2,int4,float32"
    table = document_of(
        tmp_path / "s", vary, run="mnist-small", seeds=2, modes="deploy,in-loop", measured=of_bits
    )
    [panel] = table["panels"]
    assert [curve["limits"] for curve in panel["curves"]] == [[], []] and panel["ratio"] is None
    assert panel["verdict"] == (
        "95 % of seeds stay within 1 point of ideal (10.00 % error): deployed with float32, not with int2, int4; "
        "trained on the chip with float32, not with int2, int4."
    )


def of_width(task: Task) -> float:
    mismatch = task.run()["analog"]["mismatch"]
    return 0.08 + (0.02 / mismatch["width_um"] if "process" in mismatch else 0.0)


def test_a_size_is_better_large(tmp_path: Path) -> None:
    """The ideal chip has no transistors at all; the way leads from the large ones down."""
    run = tmp_path / "run.toml"
    text = (Path(__file__).parents[3] / "neurochip/description/runs/analog-pilot.toml").read_text(
        encoding="utf-8"
    )
    run.write_text(text.replace("sigma = 0.0", 'process = "sky130"'), encoding="utf-8")
    vary = "analog.mismatch.width_um=0.5:8:5log"
    table = document_of(
        tmp_path / "s", vary, run=str(run), dies=80, grid=True, modes="deploy,in-loop", measured=of_width
    )
    [panel] = table["panels"]
    assert [(limit["direction"], limit["cell"]) for limit in panel["curves"][0]["limits"]] == [
        ("down", [2.0, 1.0])
    ]
    assert (
        panel["ratio"] is None
        and "down to analog.mismatch.width_um between 2.00 and 1.00" in panel["verdict"]
    )


def test_a_grid_has_a_panel_for_each_other_value(tmp_path: Path) -> None:
    table = document_of(
        tmp_path / "s",
        "analog.mismatch.sigma=0,0.2",
        "analog.noise.read=0,0.01,0.1",
        dies=4,
        grid=True,
        references=1,
        modes="ideal,deploy",
        measured=of_sigma,
    )
    assert [panel["others"] for panel in table["panels"]] == [
        {"analog.noise.read": value} for value in ("0", "0.01", "0.1")
    ]
    assert len(table["points"]) == 1 + 2 * 3 * 4
    for panel in table["panels"]:
        assert [cell["n"] for cell in panel["curves"][0]["cells"]] == [1, 4]


def of_luck(task: Task) -> float | None:
    return None if task.die == 2 or task.seed == 99 else of_sigma(task)


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> tuple[SweepDocument, Path]:
    folder = tmp_path_factory.mktemp("sweep")
    vary = ("analog.mismatch.sigma=0:0.5:6", "analog.noise.read=0,0.01")
    table = document_of(folder / "s", *vary, dies=5, grid=True, measured=of_luck)
    write_sweep(table, folder / "s")
    return table, folder / "s"


def test_failures_are_counted_and_named(some: tuple[SweepDocument, Path]) -> None:
    table, folder = some
    failed = [point for point in table["points"] if point["reason"] is not None]
    assert failed and {point["reason"] for point in failed} == {"it went astray"}
    [cell] = [c for c in table["panels"][0]["curves"][0]["cells"] if c["value"] == "0.1"]
    assert (cell["n"], cell["failed"], cell["good"], cell["q95"]) == (
        5,
        1,
        4,
        pytest.approx(0.8181, abs=1e-3),
    )
    assert cell["failures"] == {"diverged": 1} == {failed[0]["failure"]: 1}
    tasks = {point["task"] for point in failed}
    assert f"{len(tasks)} × diverged: it went astray" in (folder / "sweep.html").read_text(encoding="utf-8")
    lines = (folder / "summary.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].endswith(",failures")
    assert next(line for line in lines if line.startswith("0.1,")).endswith(",1 diverged")
    assert table["panels"][0]["verdict"].endswith(" diverged.")


def test_the_verdict_says_what_failed_and_what_the_machine_is_to_blame_for(tmp_path: Path) -> None:
    def of(task: Task) -> float | None:
        return None if task.die in (2, 3) or (task.seed == 2 and not task.die) else 0.08

    asked = {"dies": 4, "grid": True, "modes": "deploy", "references": 2}
    table = document_of(tmp_path / "s", "analog.mismatch.sigma=0.1,0.2", measured=of, **asked)
    assert table["panels"][0]["verdict"].endswith(
        " Of the ideal chip's trainings failed: 1 diverged. Failed, and counted as bad: 2 diverged, 2 worker died. "
        "What the machine failed at says nothing of a die: --resume tries it again."
    )
    quiet = document_of(tmp_path / "t", "analog.mismatch.sigma=0.1,0.2", measured=lambda _: 0.08, **asked)
    assert "ailed" not in quiet["panels"][0]["verdict"] and quiet["ideal_failures"] == {}


def test_a_die_that_fails_is_a_failed_die_in_every_figure(tmp_path: Path) -> None:
    """Yield, mean and quantiles are of all dies, not of those that survived."""

    def of(task: Task) -> float | None:
        return None if task.die > 6 else 0.08

    table = document_of(
        tmp_path / "s", "analog.mismatch.sigma=0,0.2", dies=12, grid=True, modes="deploy", measured=of
    )
    cell = table["panels"][0]["curves"][0]["cells"][1]
    assert (cell["n"], cell["failed"], cell["good"], cell["good_share"]) == (12, 6, 6, 0.5)
    assert cell["mean"] == pytest.approx((0.08 + 1) / 2) and cell["median"] == pytest.approx(0.54)
    assert table["panels"][0]["curves"][0]["limits"][0]["high"]["value"] == 0.2


def test_seeds_of_a_die_are_not_dies(tmp_path: Path) -> None:
    """Six trainings of each of four dies: bands are those of four, not of twenty-four."""

    def of(task: Task) -> float:
        return 0.08 + (0.01 * task.die + 0.0001 * task.seed if task.die else 0.0)

    table = document_of(
        tmp_path / "s",
        "analog.mismatch.sigma=0,0.2",
        dies=4,
        seeds=6,
        references=6,
        modes="deploy",
        measured=of,
    )
    cell = table["panels"][0]["curves"][0]["cells"][1]
    low, high = cell["low"], cell["high"]
    assert cell["n"] == 24 and low is not None and high is not None
    # Student's of 0.01, 0.02, 0.03, 0.04: ± 3.18 × 0.0129 / 2; of 24 points it would be ± 0.005.
    assert (high - low) / 2 == pytest.approx(0.0205, abs=0.0005)
    yields = cell["good_low"], cell["good_high"]
    assert yields[0] is not None and yields[1] is not None and yields[1] - yields[0] > 0.4


def test_what_is_written_can_be_read(some: tuple[SweepDocument, Path]) -> None:
    table, folder = some
    assert read_sweep(folder) == table == read_sweep(folder / "sweep.json")


class Balanced(HTMLParser):
    """Every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page(some: tuple[SweepDocument, Path]) -> None:
    page = (some[1] / "sweep.html").read_text(encoding="utf-8")
    parser = Balanced()
    parser.feed(page)
    assert parser.open == [] and parser.seen.count("svg") == 2 * 4  # error, yield, dies, cosine; two panels
    assert not re.search(r"\b(?:nan|inf)\b", page, re.IGNORECASE)


def test_the_terminal(some: tuple[SweepDocument, Path]) -> None:
    text = io.StringIO()
    print_sweep(some[0], Console(file=text, width=100, highlight=False))
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= 100
    assert "analog.noise.read = 0.01" in lines and any(line.startswith("Failed: ") for line in lines)
