"""Files that once broke a command: each is taken in, or refused in one sentence that names it."""

from __future__ import annotations

import lzma
import os
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

import neurochip
from neurochip.errors import NeurochipError

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
    "given",
    [
        (),
        ("--set", 'coding.annealer={kind="osa",nu_bar=0.0346,regulariser=1e-50}'),
        ("--set", "learning.beta=1e39"),
        ("--set", "learning.rates=[1e38,1e38]"),
        ("--set", "learning.rates=[1e38,1e38]", "--set", "network.precision=int8"),
        ("--set", "chip=lk.toml", "--timing", "cycle"),
    ],
)
def test_a_run_of_an_earlier_version(run: Run, place: Workplace, given: tuple[str, ...]) -> None:
    """Its keys are of then: it is refused by them, and what it once broke is held in test_numbers, test_chip_time."""
    case("lk.toml")
    result = run("simulate", case("tiny.toml"), *given)
    right(result, "tiny.toml")
    assert result.exit_code == 2 and "unknown key" in result.stderr
    assert sorted(place.files()) == ["lk.toml", "tiny.toml"]


def test_links_of_a_billion_cycles(run: Run, place: Workplace) -> None:
    words = ("--set", "network.layers=[784, 6, 10]", "--set", "data.train=10", "--set", "learning.epochs=1")
    result = run("simulate", "mnist-small", *words, "--set", f"chip={case('lk.toml')}", "--timing", "cycle")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (6, "", 1)
    assert "chip.timing: lets a tick take up to" in result.stderr and place.files() == ["lk.toml"]


def test_the_least_integer_takes_eight_bits(place: Workplace) -> None:
    """On a chip of 2 to 8 bits that has floats as well, where it once made them of all weights."""
    spikes, chip = np.ones((5, 2), np.uint8), str(case("i8.toml"))
    found = [
        neurochip.replay([spikes, spikes], weights=[np.array([[least, 3], [1, 2]], np.int8)], chip=chip)
        for least in (-127, -128)
    ]
    assert [one.hardware.weight_format for one in found] == ["int8", "int8"]
    with pytest.raises(NeurochipError, match="weights"):
        neurochip.replay([spikes, spikes], weights=[np.array([[-129, 3], [1, 2]])], chip=chip)


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
