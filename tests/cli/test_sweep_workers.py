"""Who measures a sweep: processes here or on a cluster, all with the same source, and never with other results."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from neurochip.report.sweeps import read_sweep

from .conftest import Run, Workplace
from .sweeps import ASKED, TINY, other_source, results, rows


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    from distributed import LocalCluster

    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


def test_the_number_of_workers_changes_nothing(swept: Path, run: Run, place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY)
    result = run("sweep", tiny, *ASKED, "--workers", "1", "--out", "one", "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "one\n", "")
    assert results(Path("one")) == results(swept)


def test_workers_of_another_source_are_not_used(
    run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workers have the source on disk, this process says that it has another."""
    other_source(monkeypatch)
    tiny = place.write("tiny.toml", TINY)
    result = run("sweep", tiny, *ASKED, "--workers", "1", "--out", "there", "--quiet")
    assert result.exit_code == 2
    assert re.fullmatch(
        r"Error: worker: has source of neurochip 0123456789abcdef there, \w{16} here; install the same everywhere; "
        r"nothing that was finished is lost\n",
        result.stderr,
    )
    assert rows("there") == {}


# Dask's own clean-up at the end of a cluster is not ours to judge.
@pytest.mark.filterwarnings("default")
def test_a_cluster_measures_the_same(cluster: str, swept: Path, run: Run, place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY)
    result = run("sweep", tiny, *ASKED, "--scheduler", cluster, "--out", "there", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["points"] == results(swept)
    [session] = read_sweep(Path("there"))["sessions"]
    assert (session["engine"], session["workers"], session["failed"]) == ("dask", 2, 0)


@pytest.mark.filterwarnings("default")
def test_a_cluster_of_another_source_is_not_used(
    cluster: str, run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_source(monkeypatch)
    tiny = place.write("tiny.toml", TINY)
    result = run("sweep", tiny, *ASKED, "--scheduler", cluster, "--out", "there", "--quiet")
    assert result.exit_code == 2 and not Path("there").exists()
    assert re.fullmatch(
        rf"Error: --scheduler {cluster}: its worker tcp://127\.0\.0\.1:\d+ has source of neurochip \w{{16}} there, "
        r"0123456789abcdef here; install the same everywhere\n",
        result.stderr,
    )


def test_a_scheduler_that_is_not_there(run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurochip.sweep.engine._PATIENCE_S", 0.5)
    tiny = place.write("tiny.toml", TINY)
    result = run("sweep", tiny, *ASKED, "--scheduler", "tcp://127.0.0.1:9", "--out", "there")
    assert result.exit_code == 2 and not Path("there").exists()
    assert re.fullmatch(
        r"Error: --scheduler tcp://127\.0\.0\.1:9: no scheduler answers there \(\w+\); start one with `dask "
        r"scheduler`, or measure here with --workers\n",
        result.stderr,
    )


@pytest.mark.parametrize("address", ["nonsense", "tcp://here", "https://here:1", "tcp://here:none"])
def test_an_address_that_is_none(address: str, run: Run, place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY)
    result = run("sweep", tiny, *ASKED, "--scheduler", address, "--out", "there")
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: --scheduler {address}: must be an address such as tcp://127.0.0.1:8786\n",
    )
