"""Files that once broke a command: each is taken in, or refused in one sentence that names it."""

from __future__ import annotations

import lzma
import os
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from .conftest import Run, Workplace

CASES = Path(__file__).parents[1] / "cases" / "hardening"


def case(name: str) -> Path:
    """Put a case into the folder of the test."""
    path = Path(name)
    source = CASES / name
    path.write_bytes(
        source.read_bytes() if source.exists() else lzma.decompress(Path(f"{source}.xz").read_bytes())
    )
    return path


def named(pattern: str) -> list[str]:
    names = sorted(path.name.removesuffix(".xz") for path in CASES.glob(pattern))
    assert names
    return names


def right(result: Result, file: str, *, taken: bool = False) -> None:
    """Hold that the command ended well, or with one sentence about the file."""
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    if taken or result.exit_code == 0:
        assert (result.exit_code, result.stderr) == (0, "")
        return
    assert 2 <= result.exit_code <= 5 and result.stdout == ""
    assert result.stderr.startswith("Error: ") and file in result.stderr and result.stderr.count("\n") == 1


# Complex numbers in metadata are only unusual; all others say what is wrong.
TAKEN = {"nir_007.nir"}


@pytest.mark.parametrize("name", named("nir_*"))
def test_nir(run: Run, place: Workplace, name: str) -> None:
    result = run("import", case(name), "out.npz", "--dt", "0.001")
    right(result, name, taken=name in TAKEN)
    assert (Path("out.npz").exists(), result.exit_code == 0) == (name in TAKEN,) * 2
    if name in TAKEN:
        right(run("export", "out.npz", "back.nir"), "out.npz", taken=True)
        right(run("import", "back.nir", "again.npz"), "back.nir", taken=True)


@pytest.mark.parametrize("name", [*named("raster_*"), "truncated_header.npz"])
def test_replay(run: Run, place: Workplace, name: str) -> None:
    result = run("simulate", "--replay", case(name), "--chip", "cmos45", "--timing", "cycle")
    right(result, name)
    assert result.exit_code == 3 and place.files() == [name]


@pytest.mark.parametrize("name", named("net_*"))
def test_network(run: Run, place: Workplace, name: str) -> None:
    path = case(name)
    right(run("export", path, "out.nir"), name)
    np.savez("spikes.npz", **{"spikes.0": np.zeros((5, 3), np.uint8)})
    assert run("simulate", path, "--replay", "spikes.npz").exit_code in (2, 3)
    assert sorted(place.files()) == [name, "spikes.npz"]


@pytest.mark.parametrize("name", named("report_*"))
def test_report(run: Run, place: Workplace, name: str) -> None:
    for folder in ("one", "two"):
        Path(folder).mkdir()
        case(name).rename(f"{folder}/report.json")
    for args in (("report", "one"), ("compare", "one", "two")):
        right(run(*args), "one/report.json")


def test_die(run: Run, place: Workplace) -> None:
    began = time.perf_counter()
    result = run("die", "load", case("dieh.h5"))
    right(result, "dieh.h5")
    assert time.perf_counter() - began < 10  # it took for ever


@pytest.mark.parametrize(
    "args",
    [
        ("simulate", "F.toml"),
        ("simulate", "--set", "chip=F.toml"),
        ("chips", "show", "F.toml"),
        ("simulate", "--replay", "F"),
        ("simulate", "F.npz", "--replay", "F"),
        ("import", "F", "out.npz", "--dt", "1e-3"),
        ("export", "F", "out.nir"),
        ("die", "load", "F"),
        ("die", "load", "F.csv"),
        ("report", "F"),
        ("report", "folder"),
        ("compare", "folder", "folder"),
        ("firmware", "asm", "F"),
        ("firmware", "disasm", "F"),
    ],
)
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_nothing_is_read_from_a_pipe_or_a_device(
    run: Run, place: Workplace, args: tuple[str, ...], kind: str
) -> None:
    Path("folder").mkdir()
    for name in ("F", "F.toml", "F.npz", "F.csv", "folder/report.json"):
        if kind == "pipe":
            os.mkfifo(name)
        else:
            Path(name).symlink_to("/dev/zero")
    began = time.perf_counter()
    result = run(*args)
    assert result.exit_code in (2, 3) and not (
        result.exception and not isinstance(result.exception, SystemExit)
    )
    assert f"is a {kind}, and a regular file is needed" in result.stderr or "Invalid value" in result.stderr
    assert time.perf_counter() - began < 10
