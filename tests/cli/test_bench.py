"""`neurochip bench`: the benchmark table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run, Workplace


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    # The command sets them for its own process, which here is ours.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "1")


@pytest.mark.parametrize("words", [["list"], ["--list"]])
def test_list(run: Run, words: list[str]) -> None:
    result = run("bench", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["row", "family", "form", "unit", "ratio", "to", "about"]
    assert any(line.startswith("settle-float32") and "dense NumPy" in line for line in lines)
    assert any(line.startswith("firmware-tcp") for line in lines)


def test_a_row_in_the_terminal(run: Run, place: Workplace) -> None:
    result = run("bench", "noc-0.05", "vs-brian2", "--quick", "--rounds", "2")
    assert result.exit_code == 0, result.output
    (measured,) = [line for line in result.stdout.splitlines() if line.startswith("noc-0.05")]
    assert "10⁶ flit-hops/s" in measured
    assert "quick form" in result.stdout and "numba" in result.stdout
    assert place.files() == []  # nothing is written that nobody asked for


def test_document_and_page(run: Run, place: Workplace) -> None:
    result = run(
        "bench", "noc-0.05", "--quick", "--rounds", "2", "--json", "--out", "b.json", "--html", "b.html"
    )
    assert (result.exit_code, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    assert (document["format"], document["complete"], document["form"]) == (
        "neurochip-bench/3",
        True,
        "quick",
    )
    (row,) = document["rows"]
    assert (
        len(row["value"]["rounds"]) == 2
        and row["value"]["low"] <= row["value"]["median"] <= row["value"]["high"]
    )
    assert json.loads((place.folder / "b.json").read_text(encoding="utf-8"))["rows"] == document["rows"]
    page = (place.folder / "b.html").read_text(encoding="utf-8")
    assert "noc-0.05" in page and "src=" not in page
    assert place.files() == ["b.html", "b.json"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["setle"], "bench: there is no row 'setle'; did you mean 'settle'?"),
        (
            ["--with", "brain2=/x"],
            "--with: knows brian2, lava, nengo-loihi, sana-fe, torch; got 'brain2'; did you mean 'brian2'?",
        ),
        (["--with", "torch=/x"], "--with torch: must be the Python of an environment, and /x is no program"),
        (["--with", "torch"], "--with takes TOOL=PYTHON, e.g. brian2=/path/to/python, got 'torch'"),
        (["--rounds", "0"], "Invalid value for '--rounds': 0 is not in the range x>=1."),
    ],
)
def test_bad_input(run: Run, place: Workplace, words: list[str], said: str) -> None:
    result = run("bench", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == f"Error: {said}"
    assert place.files() == []


def test_a_tool_that_prints_rubbish(run: Run, place: Workplace) -> None:
    python = place.write("python", "#!/bin/sh\necho rubbish\n")
    (place.folder / python).chmod(0o755)
    result = run(
        "bench", "noc-0.05", "vs-lava", "--quick", "--rounds", "1", "--with", f"lava={place.folder / python}"
    )
    assert result.exit_code == 0, result.output
    assert "not measured: Lava: answers rubbish: 'rubbish'" in result.stdout
    assert any(
        line.startswith("noc-0.05") and "not measured" not in line for line in result.stdout.splitlines()
    )


def test_stopped(run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    from neurochip.bench import startup

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(startup, "run_python", stop)
    result = run("bench", "startup-help", "noc", "--quick", "--rounds", "1", "--out", "b.json")
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.splitlines()[-1] == "Stopped; go on with: neurochip bench --resume b.json"
    assert place.files() == ["b.json"]
    stopped = run("bench", "startup-help", "--quick", "--rounds", "1")
    assert (stopped.exit_code, stopped.stderr.splitlines()[-1]) == (130, "Stopped.")
    before = json.loads(Path("b.json").read_text(encoding="utf-8"))
    monkeypatch.undo()
    monkeypatch.chdir(place.folder)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "1")
    refused = run("bench", "noc", "--quick", "--resume", "b.json")
    assert refused.exit_code == 2 and "leave out NAME, --quick" in refused.stderr
    resumed = run("bench", "--resume", "b.json", "--json")
    assert resumed.exit_code == 0, resumed.stderr
    document = json.loads(resumed.stdout)
    names = [row["name"] for row in document["rows"]]
    assert document["complete"] and len(set(names)) == len(names) > len(before["rows"]) > 0
    assert [row for row in document["rows"] if row in before["rows"]] == before["rows"]
    done = run("bench", "--resume", "b.json", "--json")
    assert (
        done.stderr == "b.json is finished; nothing was left to do\n" and json.loads(done.stdout) == document
    )
    whole = Path("b.json").read_bytes()
    for at in range(0, len(whole), len(whole) // 9):
        Path("b.json").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        damaged = run("bench", "--resume", "b.json")
        assert damaged.exit_code == 3 and damaged.stderr.startswith("Error: b.json: "), at
