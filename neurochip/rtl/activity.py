"""What a core of cells uses: its netlist carries out recorded ticks in Icarus, and every change of a net is counted."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.errors import ConfigError, DataError
from neurochip.files import Foreign, briefly, opened, read_json, read_text
from neurochip.rtl.liberty import LibertyFile
from neurochip.rtl.manifest import Exported, exported_file
from neurochip.rtl.room import call, fill
from neurochip.rtl.templates import with_parameter

__all__ = ["WINDOWS", "Activity", "energy_of", "run_gates"]

WINDOWS = ("rest", "adding", "updating", "learning")
_ADDING, _UPDATING = (1,), (2, 3, 4)
_DECLARED = re.compile(r"\$var \w+ (\d+) (\S+) \\?(\S+) ?(?:\[(\d+)(?::(\d+))?\])? ?\$end")
_SOURCES = (
    "bench.v",
    "core.v",
    "neuron.v",
    "learning.v",
    "encoder.v",
    "spike_list.v",
    "outbox.v",
    "mesh.v",
    "router.v",
    "compare.vh",
)
_LIMIT_S = 1800.0
_MOST_VECTORS = 1 << 30  # bytes

_BENCH = """`timescale 1ns / 1ns
module activity;
  reg clk = 1'b0;
  wire finished;
  integer i;
  bench of_chip (.clk(clk), .finished(finished));
  always #1 clk = ~clk;
  always @(posedge finished) #2 $finish;
  // Memories are empty when the first tick begins, whatever gates that begin with anything wrote before the reset.
  initial begin
    @(posedge of_chip.go);
    for (i = 0; i < {words}; i = i + 1) of_chip.dut.core{number}.sums[i] = 0;
    for (i = 0; i < {neurons}; i = i + 1) of_chip.dut.core{number}.states[i] = 0;
    $dumpfile("{dump}");
    $dumpvars(1, of_chip.dut.core{number});
  end
endmodule
"""


class Activity(NamedTuple):
    """Cycles of each window, and how often each net changed in it: i64[window], net → i64[window]."""

    cycles: NDArray[np.int64]
    changes: dict[int, NDArray[np.int64]]
    comparisons: int
    mismatches: int


def run_gates(
    folder: Path, manifest: Exported, number: int, room: Path, *, ticks: int, rows: int
) -> Activity:
    """Let the netlist of a core stand in for its Verilog in the bench of an exported chip.

    Parameters
    ----------
    folder, manifest
        The exported chip.
    number
        Of the core whose netlist is ``gates.v`` in ``room``, with models of its cells in ``cells.v``.
    ticks
        How many recorded ticks are carried out.
    rows
        Rows of weights that are changed behind them.

    Raises
    ------
    ConfigError
        When Icarus is not installed.
    DataError
        When the netlist does something else than the emulator, or the chip has no such core.
    """
    if not 0 <= number < len(manifest["cores"]):
        raise DataError(
            str(folder), f"has no core {number}; it has {len(manifest['cores'])}, numbered from 0"
        )
    if shutil.which("iverilog") is None:
        raise ConfigError(
            "iverilog", "is not installed, and activity is counted in it (apt-get install iverilog)"
        )
    chip = read_text(exported_file(folder / "chip.v"))
    chip = re.sub(rf"core #\(.*\) core{number} \(", f"core_gates core{number} (", chip)
    (room / "chip.v").write_text(chip, encoding="utf-8")
    recording = exported_file(folder / "vectors.txt")
    recorded = read_text(recording, most=_MOST_VECTORS)
    with recording.guarded():
        vectors = list(_cut(recorded, number, ticks, rows))
    (room / "vectors.txt").write_text("\n".join([*vectors, "E", ""]), encoding="utf-8")
    core = manifest["cores"][number]
    words = -(-core["neurons"] // manifest["lanes"])
    (room / "activity.v").write_text(
        _BENCH.format(number=number, words=words, neurons=core["neurons"], dump="activity.vcd"),
        encoding="utf-8",
    )
    fill(room, folder, _SOURCES)
    # As long as the core can take for a tick, or for the rows, with room to spare.
    patience = 1000 + (core["axons"] + 10 * rows) * (core["neurons"] + 2)
    bench, cells = (read_text(_made(room / name)) for name in ("bench.v", "cells.v"))
    for name in ("PATIENCE", "LEARNING"):
        bench = with_parameter(bench, name, patience)
    (room / "bench.v").write_text(bench, encoding="utf-8")
    # Flip-flops begin with anything: unknown values would stay where a netlist has both x and not x.
    begun = re.sub(r"^  reg (\w+);$", r"\g<0> initial \1 = $random;", cells, flags=re.MULTILINE)
    (room / "cells.v").write_text(begun, encoding="utf-8")
    built = ["iverilog", "-g2005", "-I.", "-s", "activity", "-o", "activity.vvp", "activity.v", "chip.v", "gates.v",
             "cells.v", *(name for name in _SOURCES if name.endswith(".v"))]  # fmt: skip
    said = ""
    for command in (built, ["vvp", "-n", "activity.vvp"]):
        made = call(command, room, of=folder, limit_s=_LIMIT_S)
        said = made.stdout + made.stderr
        if made.returncode:
            first = next((line for line in said.splitlines() if line.strip()), "no reason given")
            raise DataError(str(folder), f"gates cannot be simulated: {briefly(first, 200)}")
    done = re.search(r"DONE comparisons (\d+) mismatches (\d+)", said)
    if done is None or int(done[2]):
        first = next(
            (line for line in said.splitlines() if line.startswith("MISMATCH")),
            said.strip() or "nothing was said",
        )
        raise DataError(str(folder), f"its gates differ from the emulator: {briefly(first, 200)}")
    cycles, changes = _counted(room / "activity.vcd", room / "gates.json")
    return Activity(cycles, changes, int(done[1]), int(done[2]))


def _made(path: Path) -> Foreign:
    return Foreign(path, "what yosys or Icarus wrote", "synthesise again")


def _cut(text: str, number: int, ticks: int, rows: int) -> Iterator[str]:
    """Yield the first ticks of the recording, and a change of some rows behind them."""
    lines = text.splitlines()
    cores = len(lines[0].split())
    yield lines[0]
    at, seen = 1, 0
    while seen < ticks and at < len(lines):
        line = lines[at]
        if line[0] == "T":
            yield from lines[at : at + 2 + cores]
            at += 2 + cores
            seen += 1
            if seen == (ticks + 1) // 2:
                yield "F 0"  # what moved is what moved between these ticks
            continue
        if line[0] not in "FM":
            yield line
        at += 1
    yield "M 0"
    learns = next((line for line in lines if line.startswith(f"L {number} 0 ")), None)
    if learns is None:
        return
    _, _, what, first, axons, *rest = learns.split()
    low, high = int(first), int(first) + int(axons)
    live = []
    for line in lines:
        words = line.split()
        if words[0] in ("I", "A", "B") and words[1] == str(number):
            if words[0] == "I" and low <= int(words[2]) < high and words[3] != "0":
                live.append(int(words[2]))
            if words[0] == "I" or words[3] == "0":
                yield line
        elif words[0] == "N" and words[1] == str(number) and words[3] == "0":
            yield line
    begin = min(live[len(live) // 2], high - rows) if live else low
    yield " ".join(["L", str(number), what, str(begin), str(min(rows, int(axons))), *rest])


def _counted(dump: Path, netlist: Path) -> tuple[NDArray[np.int64], dict[int, NDArray[np.int64]]]:
    """Return cycles, and changes of each net, by window."""
    names = read_json(_made(netlist))["modules"]["core_gates"]["netnames"]
    bits_of: dict[str, list[tuple[int, int]]] = {}  # code of the dump → its bits as (place, net)
    width: dict[str, int] = {}
    taken: set[int] = set()
    special: dict[str, str] = {}
    changes: dict[int, NDArray[np.int64]] = {}
    cycles = np.zeros(len(WINDOWS), np.int64)
    state: dict[str, str] = {}
    phase, learning, window = 0, 0, 0
    with opened(_made(dump)) as file:
        lines = (raw.decode() for raw in file)
        for line in lines:
            if line.startswith("$enddefinitions"):
                break
            found = _DECLARED.search(line)
            if found is None or found[3] not in names:
                continue
            code, nets = found[2], names[found[3]]["bits"]
            width[code] = int(found[1])
            if found[3] in ("phase", "engine.phase", "clk"):
                special[code] = found[3]
            own = [(k, net) for k, net in enumerate(nets) if isinstance(net, int) and net not in taken]
            if int(found[1]) == len(nets) and own and code not in bits_of:
                bits_of[code] = own
                taken.update(net for _, net in own)
        for net in taken:
            changes[net] = np.zeros(len(WINDOWS), np.int64)
        pending: list[tuple[str, str]] = []
        for line in lines:
            head = line[0]
            if head == "#":
                for (
                    code,
                    value,
                ) in pending:  # what a step of time changes belongs to the window that it began in
                    before = state.get(code)
                    if before is not None:
                        for k, net in bits_of.get(code, ()):
                            if value[-1 - k] != before[-1 - k]:
                                changes[net][window] += 1
                    state[code] = value
                    kind = special.get(code)
                    if kind == "clk" and value == "1":
                        cycles[window] += 1
                    elif kind == "phase":
                        phase = int(value, 2) if set(value) <= {"0", "1"} else 0
                    elif kind == "engine.phase":
                        learning = int(value, 2) if set(value) <= {"0", "1"} else 0
                pending.clear()
                window = 3 if learning else 1 if phase in _ADDING else 2 if phase in _UPDATING else 0
            elif head == "b":
                value, code = line[1:].split()
                filled = "0" if value[0] in "01" else value[0]
                pending.append((code, value.rjust(width.get(code, len(value)), filled)))
            elif head in "01xz":
                pending.append((line[1:].strip(), head))
    return cycles, changes


def energy_of(activity: Activity, library: LibertyFile, netlist: Path) -> tuple[NDArray[np.float64], float]:
    """Return joules of each window, f64[window], and watts of leakage.

    A change of a net costs ½ C V² of the pins that it leads to, and what the liberty file says that cells use inside
    when their pins change. There are no wires and no clock tree, and nothing glitches.
    """
    module = read_json(_made(netlist))["modules"]["core_gates"]
    joules, watts = np.zeros(len(WINDOWS)), 0.0
    half = 0.5 * library.voltage_v**2
    for cell in module["cells"].values():
        known = library.cells.get(cell["type"])
        if known is None:
            continue
        watts += known.leakage_w
        for pin, nets in cell["connections"].items():
            changes = activity.changes.get(nets[0]) if nets else None
            if changes is not None:
                each = known.capacitance_f.get(pin, 0.0) * half + known.inside_j.get(pin, 0.0)
                joules += changes * each
    return joules, watts
