"""``neurochip verify OUT``: run an exported chip in a Verilog simulator, and say where it first differs."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from neurochip.errors import ConfigError, DataError
from neurochip.files import briefly, opened
from neurochip.rtl.export import SOURCES
from neurochip.rtl.manifest import MANIFEST, exported_file, read_manifest
from neurochip.rtl.room import call, fill

__all__ = [
    "SIMULATORS",
    "Mismatch",
    "Simulator",
    "Verdict",
    "build_bench",
    "check_verilator",
    "simulator_of",
    "verify",
]

Simulator = Literal["verilator", "icarus"]
# Simulator → the program that builds a chip for it.
SIMULATORS: dict[Simulator, str] = {"verilator": "verilator", "icarus": "iverilog"}
_OLDEST_VERILATOR = 5
_BUILD_LIMIT_S = 3600.0
_MISMATCH = re.compile(
    r"MISMATCH presentation (\d+) tick (\d+) core (\d+) neuron (\d+) (.+): expected (-?\d+), found (-?[\dxXzZ]+)"
)
_PRESENTING = re.compile(r"PRESENTING ([\d.]+)")
_DONE = re.compile(
    r"DONE comparisons (\d+) mismatches (\d+) cycles (\d+) ticks (\d+) synaptic (\d+) ticking (\d+)"
)


class Mismatch(NamedTuple):
    """Where a chip differs from the emulator; behind the last tick for weights and biases."""

    presentation: int
    tick: int
    core: int
    population: str
    neuron: int
    signal: str
    expected: str
    found: str

    def in_words(self) -> str:
        """Return it as a sentence."""
        where = f"presentation {self.presentation}, tick {self.tick}, core {self.core} ({self.population})"
        return f"{where}, neuron {self.neuron}, {self.signal}: expected {self.expected}, found {self.found}"


class Verdict(NamedTuple):
    """What came of it; ``mismatches`` may be more than ``shown``, ``tick_cycles`` are those of ticks alone.

    ``seconds`` is CPU time, ``presenting`` the part of it that presentations took, which only Verilator says.
    """

    simulator: Simulator
    comparisons: int
    mismatches: int
    cycles: int
    ticks: int
    tick_cycles: int
    operations: int
    seconds: float
    presenting: float | None
    shown: tuple[Mismatch, ...]


def simulator_of(wanted: str = "") -> Simulator:
    """Return the simulator to use: the one that is wanted, or the first that is installed.

    Raises
    ------
    ConfigError
        When it, or none, is installed.
    """
    if wanted and wanted not in SIMULATORS:
        raise ConfigError("simulator", f"must be one of {', '.join(SIMULATORS)}, got {wanted}")
    for name, program in SIMULATORS.items():
        if wanted in ("", name) and shutil.which(program):
            return name
    program = SIMULATORS[wanted] if wanted in SIMULATORS else "verilator or iverilog"
    raise ConfigError(
        "simulator",
        f"{program} is not installed (Debian: apt-get install iverilog verilator); or run the bench elsewhere",
    )


def check_verilator(room: Path, folder: Path) -> None:
    """Refuse a Verilator that is not there, or too old, on behalf of a folder.

    Raises
    ------
    ConfigError
        Then.
    """
    simulator_of("verilator")
    found = call(["verilator", "--version"], room, of=folder, limit_s=60.0).stdout
    version = re.search(r"(\d+)\.(\d+)", found)
    if version is None or int(version[1]) < _OLDEST_VERILATOR:
        raise ConfigError(
            "simulator",
            f"{found.strip() or 'this Verilator'} is too old; {_OLDEST_VERILATOR}.0 or newer is needed",
        )


def verify(
    folder: Path | str,
    *,
    simulator: str = "",
    limit_s: float = 3600.0,
    told: Callable[[str], None] = lambda _: None,
) -> Verdict:
    """Build the bench of an exported chip, run it, and compare every spike, value, weight, bias and cycle.

    Parameters
    ----------
    folder
        Of `write_rtl`; nothing in it is changed.
    simulator
        ``verilator`` or ``icarus``; the first that is installed if none is named.
    limit_s
        Seconds after which the simulation is stopped.
    told
        Called with what is done next.

    Raises
    ------
    ConfigError
        When there is no simulator, or it is too old.
    DataError
        When the folder is no exported chip, its Verilog cannot be built, or the bench does not come to its end.
    """
    path = Path(folder)
    manifest = read_manifest(path)
    populations = [briefly(core["population"]) for core in manifest["cores"]]
    name = simulator_of(simulator)
    _check_recording(path, manifest["recorded"])
    with tempfile.TemporaryDirectory(prefix="neurochip-rtl-") as made:
        room = Path(made)
        told(f"building with {SIMULATORS[name]}")
        command = build_bench(name, path, room)
        told("running the bench")
        output, seconds = _run(command, room, path, limit_s)
    found = _verdict(name, output, seconds, populations, path)
    if found.ticks != manifest["ticks"]:
        raise DataError(
            str(path),
            f"vectors.txt has {found.ticks} ticks, and {MANIFEST} {manifest['ticks']}; export it again",
        )
    return found


def _check_recording(folder: Path, lines: int) -> None:
    """Refuse a recording of which lines are missing: what is not compared cannot differ."""
    file = exported_file(folder / "vectors.txt")
    with opened(file) as recording:
        found = sum(1 for _ in recording)
    if found != lines:
        raise file.fault(f"has {found} lines, and {MANIFEST} says {lines}")


def build_bench(name: Simulator, folder: Path, room: Path, *, on_bus: bool = False) -> list[str]:
    """Return the command that runs the bench in a room, or ``on_bus`` the one that a host talks to."""
    clock = "bench_icarus.v" if name == "icarus" else "bench_verilator.cpp"
    bench = ["bus_bench.v", "bus.v"] if on_bus else ["bench.v"]
    sources = [clock, *bench, *SOURCES]
    if on_bus:
        fill(room, folder, sources, links=("images",))
    else:
        fill(room, folder, [*sources, "compare.vh"], links=("images", "vectors.txt"))
    if name == "icarus":
        _make(["iverilog", "-g2005", "-I.", "-o", "bench.vvp", *sources], room, folder)
        return ["vvp", "-n", "bench.vvp"]
    check_verilator(room, folder)
    options = [
        "--cc",
        "--exe",
        "--build",
        "-O3",
        "-MAKEFLAGS",
        "OPT_FAST=-O2",
        "--top-module",
        "bench",
        "-I.",
    ]
    _make(["verilator", *options, "--Mdir", "made", *sources], room, folder)
    return [str(room / "made" / "Vbench")]


def _make(command: Sequence[str], room: Path, folder: Path) -> None:
    made = call(command, room, of=folder, limit_s=_BUILD_LIMIT_S)
    if made.returncode:
        lines = [line.strip() for line in (made.stderr + made.stdout).splitlines() if line.strip()]
        telling = next(
            (line for line in lines if "error" in line.lower()), lines[0] if lines else "no reason given"
        )
        raise DataError(str(folder), f"cannot be built by {command[0]}: {briefly(telling, 300)}")


def _run(command: Sequence[str], room: Path, folder: Path, limit_s: float) -> tuple[str, float]:
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    made = call(command, room, of=folder, limit_s=limit_s)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return made.stdout + made.stderr, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _verdict(name: Simulator, output: str, seconds: float, populations: Sequence[str], path: Path) -> Verdict:
    done = _DONE.search(output)
    if done is None:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        said = next(
            (line for line in lines if line.startswith(("HANG", "ABSENT", "CUT"))),
            lines[-1] if lines else "nothing",
        )
        raise DataError(str(path), f'the bench did not come to its end; it said: "{briefly(said, 200)}"')
    shown = []
    for found in _MISMATCH.finditer(output):
        presentation, tick, core, neuron = (int(found[k]) for k in range(1, 5))
        population = populations[core] if core < len(populations) else ""
        shown.append(
            Mismatch(presentation, tick, core, population, neuron, found[5].strip(), found[6], found[7])
        )
    comparisons, mismatches, cycles, ticks, operations, ticking = (int(done[k]) for k in range(1, 7))
    presenting = _PRESENTING.search(output)
    return Verdict(
        name, comparisons, mismatches, cycles, ticks, ticking, operations, seconds,
        None if presenting is None else float(presenting[1]), tuple(shown),
    )  # fmt: skip
