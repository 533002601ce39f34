"""Every row of the table, in a size that proves only that it works."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware_sim.bench import FAMILY
from neurochip import data
from neurochip.bench import BenchProgress, run_bench
from neurochip.bench.document import as_json
from neurochip.bench.page import bench_page
from neurochip.bench.row import Effort, Family, Figure, Row
from neurochip.bench.table import FAMILIES, chosen, families
from neurochip.errors import ConfigError, OutputError

KNOWN = (*families(), FAMILY)
# What a machine may lack, and the table then says.
LACKING = re.compile(
    r"needs all of MNIST|needs \d+ processor cores|needs two processor cores|is not installed here|needs Dask"
)
# Compilers, or worker processes: seconds each.
SLOW = ("startup-cold", "startup-warm", "sweep-pilot", "sweep-busy", "sweep-dask")


def everyday(family: Family) -> list[str]:
    return [row.name for row in family.rows if row.name not in SLOW and family.name != "others"]


def check(names: list[str]) -> None:
    document = run_bench(names, form="tiny", more=(FAMILY,))
    assert document["complete"] and sorted(row["name"] for row in document["rows"]) == sorted(names)
    for row in document["rows"]:
        if row["missing"] is not None:
            assert LACKING.search(row["missing"]), row["missing"]
            continue
        assert row["value"] is not None, row["name"]
        assert min(row["value"]["rounds"]) > 0
        assert (row["ratio"] is not None) == bool(row["against"]), row["name"]
        assert row["ratio"] is None or min(row["ratio"]["rounds"]) > 0
    assert json.loads(as_json(document)) == document
    assert all(row["name"] in bench_page(document) for row in document["rows"])


@pytest.mark.parametrize("family", [f for f in KNOWN if everyday(f)], ids=lambda family: family.name)
def test_every_row_works(family: Family) -> None:
    check(everyday(family))


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_rows_that_take_their_time(name: str) -> None:
    check([name])


def test_the_table() -> None:
    assert len(KNOWN) == len(FAMILIES) + 1
    names = [row.name for family in KNOWN for row in family.rows]
    assert len(names) > 80 and len(set(names)) == len(names)


def test_what_is_asked_for() -> None:
    def rows(*names: str, quick: bool = False) -> list[str]:
        return [row.name for _, found in chosen(KNOWN, names, quick) for row in found]

    assert "roofline-int8-1e8" in rows() and "roofline-int8-1e8" not in rows(quick=True)
    assert "roofline-int8-1e8" in rows("roofline-int8-1e8", quick=True)
    assert "sweep-pilot" not in rows() and rows("sweep-pilot") == ["sweep-pilot"]
    assert len(rows("long")) == 4
    assert rows("noc", "stdp") == ["stdp", "noc-0.05", "noc-0.2", "noc-0.35"]
    with pytest.raises(ConfigError, match="no row 'setle'; did you mean 'settle'"):
        rows("setle")
    with pytest.raises(ConfigError, match="no row 'xyzzy'; `neurochip bench list` names them"):
        rows("xyzzy")


def counted(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure]:
    for name in ("one", "two"):
        if name in wanted:
            yield Figure(name, (1.0,))
    if "none" in wanted:
        yield Figure("none", (0.0,))


TWO = Family("pair", "two rows", tuple(Row(name, name, "s") for name in ("one", "two", "none")), counted)


def test_a_file_holds_what_was_measured_when_it_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"

    def stop(progress: BenchProgress) -> None:
        if progress.row is not None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_bench(["pair"], form="tiny", more=(TWO,), out=path, on_progress=stop)
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert (stored["complete"], [row["name"] for row in stored["rows"]]) == (False, ["one"])
    assert [file.name for file in tmp_path.iterdir()] == ["bench.json"]


def test_a_figure_that_is_none_costs_its_own_row(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    document = run_bench(["pair"], form="tiny", more=(TWO,), out=path)
    assert [row["missing"] is None for row in document["rows"]] == [True, True, False]
    assert json.loads(path.read_text(encoding="utf-8")) == document


def test_nothing_is_measured_for_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "none").write_text("a file, not a folder")
    with pytest.raises(OutputError):
        run_bench(["pair"], more=(TWO,), out=tmp_path / "none" / "bench.json")


def test_rounds() -> None:
    with pytest.raises(ConfigError, match="rounds: must be ≥ 1"):
        run_bench(["pair"], more=(TWO,), rounds=0)


def test_a_pilot_die_is_timed_where_mnist_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def small(name: str, **limits: int) -> data.Dataset:
        assert name == "mnist" and limits == {"train": 4000, "test": 1000}
        return data.load("mnist-small", train=40, test=20)

    monkeypatch.setattr("neurochip.bench.analog.data", SimpleNamespace(load=small))
    document = run_bench(["analog-pilot-die"], form="tiny", more=(FAMILY,))
    assert [row["missing"] for row in document["rows"]] == [None]
    assert min(document["rows"][0]["value"]["rounds"]) > 0
