"""`explore`: one workload on every chip of a grid, into a folder of results."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from neurochip.description import ChipSpec, EnergyTable
from neurochip.description.chip_changes import (
    BITS,
    PREFIX,
    changed,
    merged,
    refuse_unused,
    why_unused,
    written,
)
from neurochip.durable.dated import made, make_dated, refuse_existing
from neurochip.durable.signals import stoppable
from neurochip.errors import ConfigError, NeurochipError
from neurochip.exploration.analysis import differing, fronts_of, moves_nothing, sensitivity_of
from neurochip.exploration.points import measured
from neurochip.exploration.workload import Workload
from neurochip.keys.reading import did_you_mean
from neurochip.machine import check_repeated
from neurochip.replays.replaying import Timing, check_clock, check_timing
from neurochip.report.drawn import drawn
from neurochip.report.explorations.files import DOCUMENT, PAGE, write_exploration
from neurochip.report.explorations.metrics import METRICS
from neurochip.report.explorations.schema import FORMAT, KIND, AxisTable, ExplorationDocument, PointTable
from neurochip.runs.versions import versions
from neurochip.sweep.space import Axis, grid, grid_size, parse_axes

__all__ = ["Explored", "chip_axes", "explore", "point_on"]

MOST_POINTS = 20_000
_FIGURES = ("error", "energy_j", "seconds", "cores")  # drawn against one another where nobody says which
_FELT = ("energies.", "packet.header_bits")  # what is used of these moves some figure, whatever the rest


class Explored(NamedTuple):
    """What sweep.json holds, and its folder."""

    document: ExplorationDocument
    folder: Path


def explore(
    workload: Workload,
    chip: ChipSpec,
    vary: Sequence[str],
    *,
    name: str,
    file: str = "",
    network: str = "",
    energies: EnergyTable | None = None,
    timing: Timing = "tick",
    changes: Sequence[str] = (),
    fronts: Sequence[str] = (),
    out: Path | str | None = None,
    on_point: Callable[[int, int], None] | None = None,
) -> Explored:
    """Put a workload on every chip of a grid; what a change does not touch is not computed again.

    Spikes are computed once for each format of the weights, counted and timed once for each mesh, core, packet and
    timing, and costed once for each clock and energy.

    Parameters
    ----------
    chip
        The chip that is changed.
    vary
        ``chip.KEY=VALUES`` each, as in a sweep.
    name, file, network
        Of the folder and the report; of the input, and of the network or run.
    energies
        Of all points, in place of the chip's own; keys ``chip.energies.…`` then change these.
    timing
        As in `neurochip.replay`.
    changes
        ``KEY = VALUE`` of the chip, for all points.
    fronts
        ``FIGURE,FIGURE`` each: the fronts that the page draws; all others stand in sweep.json.
    out
        Folder to make; `None` makes ``sweeps/<name>-<time>``.
    on_point
        Told of each point: how many are done, of how many.

    Raises
    ------
    NeurochipError
        One of its family, before anything is written: a key that the workload does not use, values that no chip can
        have, a chip that cannot hold the network at any point.
    """
    began, started = time.perf_counter(), datetime.datetime.now(datetime.UTC)
    check_timing(timing)
    if out is not None:
        refuse_existing(Path(out))
    axes = chip_axes(vary, timing)
    for key in (change.partition(" ")[0] for change in changes):
        if any(axis.key == PREFIX + key for axis in axes):
            raise ConfigError(
                f"--set {PREFIX}{key}", "is varied, so that no chip has this value; leave it out"
            )
    refuse_unused(changes, timing)
    size = grid_size(axes)
    if size > MOST_POINTS:
        raise ConfigError(
            "--vary", f"makes {size} points, and at most {MOST_POINTS} are explored; name fewer"
        )
    check_repeated(size, "--vary")
    shown = _pairs(fronts)
    if energies is not None:
        chip = dataclasses.replace(chip, energies=energies)
    base = changed(chip, changes)
    check_clock(base, timing)
    points: list[PointTable] = []
    first: NeurochipError | None = None
    with stoppable("sweep"):
        for number, values in enumerate(grid(axes)):
            written_out = {axis.key: value for axis, value in zip(axes, values, strict=True)}
            try:
                figures = point_on(workload, chip, merged(changes, _changes(written_out)), timing)
                points.append({"values": written_out, "metrics": figures, "failure": None})
            except NeurochipError as error:
                first = first or error
                points.append({"values": written_out, "metrics": {}, "failure": str(error)})
            if on_point is not None:
                on_point(number + 1, size)
    if first is not None and all(point["failure"] is not None for point in points):
        raise first
    names = differing(points)
    document: ExplorationDocument = {
        "format": FORMAT,
        "kind": KIND,
        "name": name,
        "file": file,
        "network": network,
        "chip": base.name,
        "energy_table": base.energies.name,
        "timing": timing,
        "per": "inference" if workload.samples else "recording",
        "samples": workload.samples,
        "ticks": workload.ticks,
        "vary": [_axis_table(axis, points) for axis in axes],
        "metrics": [m for m in METRICS if any(m in point["metrics"] for point in points)],
        "points": points,
        "fronts": fronts_of(points, names),
        "shown": [list(pair) for pair in shown or _usual(names)],
        "sensitivity": sensitivity_of(axes, points, names),
        "work": dict(workload.work),
        "seconds": time.perf_counter() - began,
        "started": started.isoformat(timespec="seconds"),
        "versions": versions(),
    }
    folder = made(Path(out)) if out is not None else make_dated("sweeps", name, made)
    with drawn(folder / PAGE, folder / DOCUMENT):
        write_exploration(document, folder)
    return Explored(document, folder)


def chip_axes(vary: Sequence[str], timing: str) -> tuple[Axis, ...]:
    """Return the axes of several ``chip.KEY=VALUES``; refuse what is no key of a chip, or one that nothing reads."""
    axes = parse_axes(vary)
    for axis in axes:
        place = f"--vary {axis.key}"
        if not axis.key.startswith(PREFIX):
            raise ConfigError(
                place, "is a key of a run, and spikes are given here; vary keys of the chip, chip.…"
            )
        key = axis.key.removeprefix(PREFIX)
        why = why_unused(key, timing)
        if why is not None:
            raise ConfigError(place, why)
    return axes


def point_on(workload: Workload, chip: ChipSpec, changes: Sequence[str], timing: Timing) -> dict[str, float]:
    """Return the figures of a workload on a chip with values changed."""
    specification = changed(chip, changes)
    bits = [change.partition("=")[2] for change in changes if change.startswith(f"{BITS} = ")]
    asked = int(bits[-1]) if bits else None
    return measured(workload.on(specification, specification.energies, timing, asked), workload.samples)


def _changes(values: dict[str, str]) -> list[str]:
    return [written(key.removeprefix(PREFIX), value) for key, value in values.items()]


def _axis_table(axis: Axis, points: Sequence[PointTable]) -> AxisTable:
    effect = ""
    if len(axis.values) > 1 and moves_nothing(axis, points):
        key = axis.key.removeprefix(PREFIX)
        if key.startswith(_FELT):
            raise ConfigError(
                f"--vary {axis.key}", "changes nothing: it plays no part in this workload; leave it out"
            )
        effect = "no figure depends on it at these values"
    return {
        "key": axis.key,
        "values": list(axis.values),
        "logarithmic": axis.logarithmic,
        "effect": effect,
    }


def _pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    pairs = []
    for text in texts:
        names = [name.strip() for name in text.split(",")]
        for name in names:
            if name not in METRICS:
                hint = did_you_mean(name, METRICS) or f"; the figures are {', '.join(METRICS)}"
                raise ConfigError(f"--front {text}", f"there is no figure {name!r}{hint}")
        if len(names) != 2 or names[0] == names[1]:
            raise ConfigError(f"--front {text}", "must name two figures, e.g. energy_j,seconds")
        pairs.append((names[0], names[1]))
    return pairs


def _usual(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the two or three fronts that say most, among figures that differ."""
    found = [name for name in _FIGURES if name in names]
    if len(found) < 2:
        found = list(names)[:2]
    return list(itertools.combinations(found, 2))[:3]
