"""`neurochip data`."""

from __future__ import annotations

from pathlib import Path

import pytest
from neurochip._cli import download

from neurochip.data.mnist import FILES

from .conftest import Run, Workplace


def test_list_says_what_is_there_and_where(run: Run, place: Workplace) -> None:
    result = run("data", "list")
    folder = place.folder.parent / "data"
    assert result.exit_code == 0
    assert result.stdout == (
        "data set       inputs  outputs       train   test\n"
        "mnist-small       784       10        2000   1000  embedded\n"
        f"mnist             784       10       60000  10000  not usable: {folder}/mnist: train-images-idx3-ubyte.gz "
        "(or "
        "train-images-idx3-ubyte) needed, not there; get it with `neurochip data fetch mnist`\n"
        "digits             64       10        1300    497  embedded\n"
        "stripes            16        2         400    400  embedded\n"
        "crossed-bars       64       10        2000   1000  embedded\n"
        "two-orders         96        2        2000   1000  embedded\n"
        "iris                4        3  150, split         embedded\n"
        "wine               13        3  178, split         embedded\n"
        "breast-cancer      30        2  569, split         embedded\n"
        "two-joint-arm       2        2        2000   2000  embedded\n"
        "moving-bars       288        4         800    400  embedded\n"
        "\n"
        f"Fetched sets are kept in {folder}\n"
        "NEUROCHIP_DATA names another folder.\n"
    )


def test_an_unknown_set(run: Run) -> None:
    result = run("data", "fetch", "mnst")
    assert (result.exit_code, result.stdout) == (3, "")
    assert (
        result.stderr
        == "Error: data set: 'mnst' cannot be fetched; known: mnist; a folder of your own is named by data.file\n"
    )


def test_a_folder_without_the_files(run: Run, place: Workplace) -> None:
    result = run("data", "fetch", "mnist", "--from", ".", "--to", "there/mnist")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == (
        "Error: .: train-images-idx3-ubyte.gz (or train-images-idx3-ubyte) needed, not there\n"
    )
    assert not (place.folder / "there").exists()


def test_a_damaged_file(run: Run, place: Workplace) -> None:
    name = FILES["train_images"].name
    place.write(name, "no images")
    result = run("data", "fetch", "mnist", "--from", ".", "--to", "mnist")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith(f"Error: {name}: ")
    assert result.stderr.count("\n") == 1
    assert place.files() == [name]
    assert not (place.folder / "mnist").exists()


def test_where_it_went_and_where_runs_look(
    run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def fetch(name: str, *, source_folder: Path, folder: Path | None, progress: object) -> Path:
        calls.append((name, source_folder, folder, progress))
        return folder or place.folder.parent / "data" / "mnist"

    monkeypatch.setattr("neurochip.data.fetch", fetch)
    result = run("data", "fetch", "mnist", "--from", "here", "--to", "there")
    assert (result.exit_code, result.stdout) == (0, "there\n")
    home = place.folder.parent / "data" / "mnist"
    assert result.stderr == f"Runs look for it in {home}; see `neurochip data list`.\n"
    assert (run("data", "fetch", "mnist").stdout, run("data", "fetch", "mnist").stderr) == (f"{home}\n", "")
    assert calls[:2] == [("mnist", Path("here"), Path("there"), None), ("mnist", None, None, None)]


def test_a_bar_for_each_file_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with download.download_bars() as tell:
        assert tell is not None
        tell("a.gz", 50, 100)
        tell("a.gz", 100, 100)
        tell("b.gz", 7, 70)
    out, err = capsys.readouterr()
    assert out == ""
    assert "100/100 bytes" in err
    assert "7/70 bytes" in err
