"""`neurochip report`: a finished run, rendered again or costed anew."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from neurochip.description import chip_text
from neurochip.report.quantities import quantity

from .conftest import Finished, Run, Workplace


@pytest.fixture
def stored(place: Workplace, finished: Finished) -> Path:
    """The finished run, as a folder `done` beside the test."""
    shutil.copytree(finished.folder, "done")
    return Path("done")


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def test_render_again(run: Run, stored: Path, finished: Finished) -> None:
    (stored / "report.html").unlink()
    result = run("report", stored)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "done/report.html"
    assert load(stored / "report.json") == finished.report
    page = (stored / "report.html").read_text(encoding="utf-8")
    assert page == (finished.folder / "report.html").read_text(encoding="utf-8")
    # The summary of the run itself.
    assert result.stdout.splitlines()[:-2] == finished.result.stdout.splitlines()[:-3]


def test_cost_anew(run: Run, stored: Path, finished: Finished) -> None:
    result = run("report", stored, "--energies", "loihi")
    assert (result.exit_code, result.stderr) == (0, "")
    before, after = finished.report, load(stored / "report-loihi.json")
    old, new = before.pop("energy_j"), after.pop("energy_j")
    assert result.stdout.splitlines()[-2:] == [
        f"energy: {quantity(old['total'], 'J')} (cmos45) → {quantity(new['total'], 'J')} (loihi)",
        "done/report-loihi.html",
    ]
    assert new["total"] != old["total"]
    # Nothing but the energy differs, and the original is as it was.
    assert after == before
    assert (stored / "report.json").read_bytes() == (finished.folder / "report.json").read_bytes()


def test_the_baseline_costed_anew(run: Run, stored: Path, finished: Finished) -> None:
    Path("mine.toml").write_text(chip_text("cmos45").replace('"3.7 pJ"', '"37 pJ"'), encoding="utf-8")
    result = run("report", stored, "--baseline", "mine.toml")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "done/report-baseline-mine.html"
    before, after = finished.report["energy_j"], load(stored / "report-baseline-mine.json")["energy_j"]
    old, new = before.pop("baseline")["rows"], after.pop("baseline")["rows"]
    assert after == before
    assert new[0] == old[0]
    assert (new[1]["energy_table"], old[1]["energy_table"]) == ("mine", "cmos45")
    dearer = sum(9 * line["joules"] for line in old[1]["lines"] if line["event"] == "op.mul.float32")
    assert new[1]["joules"] == pytest.approx(old[1]["joules"] + dearer, rel=1e-9)


def test_a_baseline_that_there_is_not(run: Run, stored: Path, place: Workplace) -> None:
    result = run("report", stored, "--baseline", "cmos54")
    assert result.exit_code == 2
    assert "no chip 'cmos54' in the catalogue" in result.stderr
    result = run("simulate", "mnist-small", "--set", "baseline.chip=cmos54", "--out", "never")
    assert result.exit_code == 2
    assert "no chip 'cmos54' in the catalogue" in result.stderr
    assert not Path("never").exists()


def test_energies_of_its_own_chip_change_nothing(run: Run, stored: Path, finished: Finished) -> None:
    assert run("report", stored, "--energies", "cmos45").exit_code == 0
    assert load(stored / "report-cmos45.json") == finished.report


def test_without_energies_there_are_no_joules(run: Run, stored: Path) -> None:
    result = run("report", stored, "--energies", "ideal-bits")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-2].endswith("J (cmos45) → not costed (ideal-bits)")


def test_energies_from_a_file(run: Run, stored: Path, place: Workplace, finished: Finished) -> None:
    specification = place.write("dear.toml", chip_text("cmos45").replace('"103 pJ"', '"203 pJ"'))
    assert run("report", stored, "--energies", specification).exit_code == 0
    assert load(stored / "report-dear.json")["energy_j"]["total"] > finished.report["energy_j"]["total"]


def test_open(run: Run, stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def launch(url: str) -> int:
        opened.append(url)
        return len(opened) - 1

    monkeypatch.setattr("click.launch", launch)
    assert (run("report", stored, "--open").stderr, opened) == (
        "",
        [(stored / "report.html").resolve().as_uri()],
    )
    # The second time, no browser starts.
    result = run("report", stored, "--open")
    assert (result.exit_code, result.stderr) == (0, "No browser could be started; open the page yourself.\n")


def test_no_folder(run: Run, place: Workplace) -> None:
    result = run("report", "absent")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "Error: absent: no such file; name the folder of a finished run\n"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("{", "", "done/report.json: is not valid JSON: "),
        ('"format": 3', '"format": 99', "done/report.json: format: is 99, and this version reads 3"),
        ('"seed": 1', '"seed": "one"', "done/report.json: "),
    ],
)
def test_a_damaged_report(run: Run, stored: Path, old: str, new: str, sentence: str) -> None:
    path = stored / "report.json"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    page = (stored / "report.html").read_bytes()
    result = run("report", stored)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith(f"Error: {sentence}")
    assert result.stderr.count("\n") == 1
    assert (stored / "report.html").read_bytes() == page


def test_energies_that_are_none(run: Run, stored: Path, place: Workplace) -> None:
    files = place.files()
    result = run("report", stored, "--energies", "lohi")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("did you mean 'loihi'?\n")
    assert place.files() == files


def test_the_option_of_another_name(run: Run, stored: Path) -> None:
    result = run("report", stored, "--prices", "loihi")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("Error: --prices is now --energies\n")


def test_an_energy_that_is_missing(run: Run, stored: Path, place: Workplace) -> None:
    text = chip_text("cmos45")
    head, _, rest = text.partition("[energies.synapse_bit_read]")
    specification = place.write("mine.toml", head + rest[rest.index("[energies.") :])
    files = place.files()
    result = run("report", stored, "--energies", specification)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: done/report.json: mine: energies.synapse_bit_read: is missing, and the run has this event "
        "(one bit read from synapse memory); add the energy or choose another energy table\n"
    )
    assert place.files() == files
