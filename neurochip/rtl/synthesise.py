"""``neurochip chips synthesise OUT``: a core of an exported chip in cells, and what these use."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from neurochip.errors import ConfigError
from neurochip.rtl.activity import WINDOWS, energy_of, run_gates
from neurochip.rtl.chip_time import PER_SAMPLE, PER_WEIGHT
from neurochip.rtl.core_text import FILL
from neurochip.rtl.liberty import read_liberty
from neurochip.rtl.manifest import read_manifest
from neurochip.rtl.yosys import Cells, Placed, generic_cells, instance, mapped, placed

__all__ = ["Energies", "Synthesis", "Target", "in_words", "synthesise"]

Target = Literal["generic", "ice40", "liberty"]
_TICKS, _ROWS = 4, 2


class Energies(NamedTuple):
    """Joules of the logic of a core, from the changes of its nets, without memories, wires and clock tree.

    Attributes
    ----------
    cycles, per_cycle_j
        Of each window: at rest, adding, updating, learning.
    synaptic_op_j, neuron_update_j, accumulation_j, weight_write_j
        Logic of one each.
    leakage_w
        Of all cells.
    voltage_v, library
        Supply, and name of the liberty file's library.
    comparisons
        Spikes, values and cycles of the gates that were compared with the emulator's; none differed.
    """

    cycles: dict[str, int]
    per_cycle_j: dict[str, float]
    synaptic_op_j: float
    neuron_update_j: float
    accumulation_j: float
    weight_write_j: float
    leakage_w: float
    voltage_v: float
    library: str
    comparisons: int


class Synthesis(NamedTuple):
    """A core in cells."""

    target: Target
    core: int
    parameters: dict[str, int]
    cells: Cells | None
    placed: Placed | None
    energies: Energies | None


def synthesise(
    folder: Path | str,
    *,
    target: Target = "generic",
    liberty: Path | str | None = None,
    core: int | None = None,
    frequency_mhz: float = 0.0,
    told: Callable[[str], None] = lambda _: None,
) -> Synthesis:
    """Synthesise one core of an exported chip with yosys.

    Parameters
    ----------
    folder
        Of `write_rtl`; nothing in it is changed.
    target
        ``generic``: gates of two inputs; ``ice40``: board.v placed and routed in a UP5K; ``liberty``: cells of a file,
        simulated to count what they use.
    liberty
        The file, for the target of that name.
    core
        Its number in chip.v; the largest if none is given. An iCE40 always takes the largest.
    frequency_mhz
        Clock that is aimed at; 500 for a liberty file and 20 for an iCE40 if it is 0.
    told
        Called with what is done next.

    Raises
    ------
    ConfigError
        When yosys, nextpnr or Icarus is not installed, or the liberty file is missing.
    DataError
        When the folder is no exported chip, or its core cannot be synthesised.
    """
    path = Path(folder)
    manifest = read_manifest(path)
    sizes = [one["neurons"] * one["axons"] for one in manifest["cores"]]
    number = int(np.argmax(sizes)) if core is None else core
    given = {**instance(path, number), "SAMPLES": 1}
    if target == "liberty" and liberty is None:
        raise ConfigError("liberty", "is missing; name a liberty file with --liberty")
    with tempfile.TemporaryDirectory(prefix="neurochip-synthesis-") as name:
        room = Path(name)
        if target == "ice40":
            told("placing the largest core in an iCE40 UP5K")
            found = placed(path, room, frequency_mhz=frequency_mhz or 20.0, limit_s=3600.0)
            return Synthesis(target, number, given, None, found, None)
        told("synthesising")
        if liberty is None:
            return Synthesis("generic", number, given, generic_cells(path, given, room), None, None)
        library = read_liberty(liberty)
        cells = mapped(path, given, liberty, room, clock_s=1e-6 / (frequency_mhz or 500.0))
        told("simulating the gates")
        activity = run_gates(path, manifest, number, room, ticks=_TICKS, rows=_ROWS)
        joules, watts = energy_of(activity, library, room / "gates.json")
    each = np.divide(joules, activity.cycles, out=np.zeros_like(joules), where=activity.cycles > 0)
    neurons, beats = given["NEURONS"], max(-(-given["NEURONS"] // given["LANES"]), 2)
    # A spike takes so many cycles to be added to all neurons; an update of them all that many and the pipeline.
    energies = Energies(
        dict(zip(WINDOWS, map(int, activity.cycles), strict=True)),
        dict(zip(WINDOWS, map(float, each), strict=True)),
        float(each[1]) * beats / neurons,
        float(each[2]) * (neurons + FILL) / neurons,
        float(each[3]) * PER_SAMPLE,
        float(each[3]) * PER_WEIGHT,
        watts,
        library.voltage_v,
        library.name,
        activity.comparisons,
    )
    return Synthesis("liberty", number, given, cells, None, energies)


def in_words(made: Synthesis) -> list[tuple[str, str]]:
    """Return what a synthesis found as pairs of a name and a value with its unit."""
    given = made.parameters
    size = f"{given['NEURONS']} neurons, {given['AXONS']} axons, {given['LANES']} lanes"
    found: list[tuple[str, object]] = [("core", f"{made.core}: {size}")]
    if made.cells is not None:
        cells = made.cells
        flops = sum(n for kind, n in cells.cells.items() if "DFF" in kind.upper())
        found += [("cells", f"{sum(cells.cells.values())}, {flops} of them flip-flops")]
        found += [
            (
                "memory",
                ", ".join(f"{name} {words} x {bits}" for name, (words, bits) in cells.memory_bits.items()),
            )
        ]
        if cells.area_um2 is not None:
            found += [("area", f"{cells.area_um2:.0f} um2, without memories and wires")]
        if cells.delay_s is not None:
            found += [("clock", f"{1e-6 / cells.delay_s:.0f} MHz, without wires")]
    if made.placed is not None:
        used = ", ".join(f"{name} {n} of {most}" for name, (n, most) in made.placed.used.items())
        found += [("used", used), ("clock", f"{made.placed.clock_hz * 1e-6:.2f} MHz, placed and routed")]
    if made.energies is not None:
        e = made.energies
        found += [
            ("library", f"{e.library} at {e.voltage_v:g} V"),
            ("gates compared", f"{e.comparisons} spikes, values and cycles, 0 mismatches"),
            *(
                (f"{name}", f"{e.per_cycle_j[name] * 1e12:.3g} pJ a cycle over {e.cycles[name]} cycles")
                for name in WINDOWS
            ),
            ("synaptic operation", f"{e.synaptic_op_j * 1e12:.3g} pJ of logic"),
            ("neuron update", f"{e.neuron_update_j * 1e12:.3g} pJ of logic"),
            ("leakage", f"{e.leakage_w * 1e6:.3g} uW"),
        ]
    source = made.cells or made.placed
    commands = () if source is None else source.commands
    return [(name, str(value)) for name, value in found] + [("made by", command) for command in commands]
