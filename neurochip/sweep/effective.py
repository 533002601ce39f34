"""What of a run takes part in what it measures: the same for two runs means the same result, whatever they say.

A run written out has no key without effect (`neurochip.keys`); left out here is what changes no measurement besides.
"""

from __future__ import annotations

from typing import Any

from neurochip.analog.cell_spread import die_spreads
from neurochip.description import RunSpec
from neurochip.description.die.circuit import AnalogSpec
from neurochip.keys.live import without_keys
from neurochip.keys.reading import Table
from neurochip.keys.tree import field_types

__all__ = ["die_matters", "effective"]


def die_matters(analog: AnalogSpec) -> bool:
    """Whether two dies of these settings can differ: not when nothing is drawn for them."""
    if not _is_drawn(analog):
        return False
    drawn = [spread.sigma for spread in die_spreads(analog)]
    drawn += [getattr(analog.defects, name) for name in field_types(type(analog.defects))]
    return any([*drawn, analog.learning_path.phase_offset, analog.location.lot, analog.location.wafer])


def effective(run: RunSpec) -> Table:
    """Return the values of a run that decide what a point of a sweep measures, but for its seed and die."""
    table = without_keys(RunSpec, run.to_dict(), lambda known: known.key.irrelevant)
    del table["seed"]
    # A point is measured on test samples, once, after the last epoch; evaluations before it may say which that is.
    for name in ("train",) if run.learning is not None and run.learning.patience else ("train", "every"):
        table.get("evaluation", {}).pop(name, None)
    if run.substrate != "digital":
        table.pop("chip", None)  # it only lends its energies
        table.pop("chip_changes", None)
    if run.analog is not None:
        table["analog"] = _of_the_die(run.analog, table["analog"])
    return table


def _of_the_die(analog: AnalogSpec, section: Any) -> Table:
    section.pop("die", None)  # told beside
    if analog.settle.until == "steps":
        section["settle"].pop("residual")
    for name in ("mismatch", "location"):
        section.pop(name, None)
    if analog.supply_lines.sheet_mohm:
        transistors, location = analog.mismatch.transistors, analog.location
        section["fed"] = [transistors and transistors.slope_factor, location.pitch_um, location.floorplan]
    if _is_drawn(analog):
        section["drawn"] = _drawn(analog)
    else:
        section.pop("defects", None)
        section["learning_path"].pop("phase_offset", None)
    return dict(section)


def _is_drawn(analog: AnalogSpec) -> bool:
    """Whether anything comes from the seed of a die; a twin circuit does, even where the first one is from a file."""
    return analog.die_file is None or analog.learning_path.circuits == "twin"


def _drawn(analog: AnalogSpec) -> list[object]:
    """Return every σ with its law, wherever it comes from: a size of transistors that is not used is not in it."""
    mismatch = analog.mismatch
    found: list[object] = [[s.kind, s.sigma, s.law] for s in die_spreads(analog) if s.sigma]
    if found and mismatch.tails != "normal":
        found += [mismatch.tails, mismatch.freedom]
    location = analog.location
    if found and location.is_placed:
        found += [
            "placed",
            location.gradient,
            location.correlated,
            location.correlation_um,
            location.pitch_um,
        ]
        found += [analog.cells if location.pitch_um is None else None, location.floorplan]
    if location.lot or location.wafer:
        found += ["shifted", location.lot, location.wafer, location.dies_per_wafer, location.wafers_per_lot]
    return found
