"""The figures of a run that learns: its learning, bits, energy, spikes, and where its time went."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from neurochip.energy.charges import CATEGORIES
from neurochip.figures.kinds import Bars, ChartFigure, Figure, Heat, Mesh, RasterFigure
from neurochip.report.baseline_rows import baseline_rows
from neurochip.report.bit_rows import bit_rows
from neurochip.report.figures import Chart, Curve
from neurochip.report.schema import Document, JoulesTable
from neurochip.report.sections.analog import alignment_chart
from neurochip.report.sections.learning import answer_charts, convergence_chart, file_word, learning_chart
from neurochip.report.sections.spikes import busiest
from neurochip.report.wording import has_classes, phase_words
from neurochip.training.record import Raster

__all__ = [
    "FIGURES",
    "bits",
    "confusion",
    "energy",
    "head_figures",
    "learning",
    "mesh",
    "raster",
    "run_figures",
]

_MOST_CORES = 24  # that have a bar of their own


def run_figures(document: Document, rasters: Sequence[Raster]) -> list[Figure]:
    """Return every figure that the results of a run have the numbers for."""
    made = [make(document) for make in FIGURES.values()]
    found: list[Figure] = [figure for figure in made if figure is not None]
    found += head_figures(document)
    found += [ChartFigure(shown.name, shown.chart) for shown in answer_charts(document)]
    classes = has_classes(document)
    return found + [raster(rasters, number, classes=classes) for number in range(len(rasters))]


def learning(document: Document) -> ChartFigure | None:
    """Return the errors after every epoch."""
    chart = learning_chart(document)
    return None if chart is None else ChartFigure("learning", chart)


def convergence(document: Document) -> ChartFigure | None:
    """Return the distance to the fixed point at every tick."""
    chart = convergence_chart(document)
    return None if chart is None else ChartFigure("convergence", chart)


def alignment(document: Document) -> ChartFigure | None:
    """Return how well an analog die's signal follows the gradient."""
    table = document.get("analog")
    chart = None if table is None else alignment_chart(table)
    return None if chart is None else ChartFigure("alignment", chart)


def confusion(document: Document) -> Heat | None:
    """Return what the test samples were and what the network said."""
    matrix = document["result"]["confusion"]
    if matrix is None:
        return None
    names = class_names(document, len(matrix))
    return Heat("confusion", "Confusion matrix", "True class", "Answer", names, names, np.array(matrix))


def head_figures(document: Document) -> list[Heat | Bars]:
    """Return the confusion matrix of each head of classes, and how well labels are told, where there are such heads."""
    found: list[Heat | Bars] = []
    for head in document["heads"]["each"] if "heads" in document else ():
        word, names = file_word(head["name"]), head["names"]
        if "confusion" in head:
            title = f"Confusion matrix: {head['name']}"
            matrix = np.array(head["confusion"])
            found.append(Heat(f"confusion-{word}", title, "True class", "Answer", names, names, matrix))
        elif "labels" in head:
            rows = head["labels"]
            parts = {"F1": [row["f1"] for row in rows], "wrong": [row["error"] for row in rows]}
            found.append(Bars(f"labels-{word}", f"Labels: {head['name']}", "Share", "", names, parts))
    return found


def class_names(document: Document, classes: int) -> list[str]:
    """Return what the classes are called: as their data set says, else their numbers."""
    named = (document.get("data") or {}).get("classes")
    return [str(name) for name in named] if named else [str(k) for k in range(classes)]


def bits(document: Document) -> Bars | None:
    """Return the bits of a sample in each coding, beside real-valued neurons."""
    rows = [row for row in bit_rows(document) if row.per_sample]
    if document["run"]["substrate"] == "analog" or not rows:
        return None
    reference = next((row.per_sample for row in rows if row.is_reference), None)
    line = None if reference is None else (reference, "32-bit words")
    return Bars(
        "bits",
        "Bits per sample",
        "Bits per training sample",
        "bit",
        [f"{row.name} ({row.about})" for row in rows],
        {"": [row.per_sample or 0.0 for row in rows]},
        log=True,
        reference=line,
    )


def energy(document: Document) -> Bars | None:
    """Return the energy of each phase by what it was spent on."""
    table = document["energy_j"]
    if table["total"] is None:
        return None
    phases = [phase for phase, joules in table["by_phase"].items() if joules]
    parts = {
        category: values
        for category in CATEGORIES
        if any(values := [_joules(table, category, phase) for phase in phases])
    }
    return Bars("energy", "Energy by phase", "Energy", "J", [phase_words(p) for p in phases], parts)


def _joules(table: JoulesTable, category: str, phase: str) -> float:
    return sum(
        line["joules"] for line in table["lines"] if (line["category"], line["phase"]) == (category, phase)
    )


def populations(document: Document) -> Bars | None:
    """Return the energy of each population."""
    table = document["energy_j"]["by_population"]
    if not any(table.values()):
        return None
    return Bars(
        "energy-populations", "Energy by population", "Energy", "J", list(table), {"": list(table.values())}
    )


def baseline(document: Document) -> Bars | None:
    """Return the energy of a sample beside that of real-valued neurons."""
    rows = [row for row in baseline_rows(document) if row.per_sample]
    if len(rows) < 2:
        return None
    return Bars(
        "energy-baseline",
        "Energy beside real values",
        "Energy per training sample",
        "J",
        [row.name for row in rows],
        {"": [row.per_sample or 0.0 for row in rows]},
        log=True,
    )


def time(document: Document) -> Bars | None:
    """Return the share of the ticks in which each core worked, waited for the network, or was idle."""
    table = document.get("timing")
    if table is None or not table["cores"]:
        return None
    layout = document["chip"]["layout"]
    groups: dict[str, list[tuple[float, float, float]]] = {}
    for place, core in zip(layout, table["cores"], strict=True):
        few = len(layout) <= _MOST_CORES
        name = f"core {core['site']}, {place['population']}" if few else place["population"]
        groups.setdefault(name, []).append((core["busy"], core["stalled"], core["idle"]))
    means = [np.mean(found, axis=0) for found in groups.values()]
    parts = {name: [float(mean[k]) for mean in means] for k, name in enumerate(("busy", "stalled", "idle"))}
    return Bars("time-cores", "Cores over all ticks", "Share of the cycles", "%", list(groups), parts)


def cycles(document: Document) -> ChartFigure | None:
    """Return the cycles of every tick of one presentation."""
    table = document.get("timing")
    timeline = None if table is None else table["timeline"]
    if timeline is None:
        return None
    ticks = list(range(len(timeline["cycles"])))
    marks = [(timeline["n_free"], "nudge")] if 0 < timeline["n_free"] < len(ticks) else []
    curve = Curve("cycles", ticks, timeline["cycles"], style="steps")
    low_high = (0.0, 1.05 * max([1, *timeline["cycles"]]))
    return ChartFigure(
        "time-ticks", Chart("Cycles of a tick", "tick", "cycles", [curve], y_range=low_high, marks=marks)
    )


def mesh(document: Document) -> Mesh | None:
    """Return the chip: what each core did, and what each link carried where that was counted."""
    chip, timing = document["chip"], document.get("timing")
    if not chip["layout"]:
        return None
    sent: dict[int, float] = {}
    for phase in document["counters"].values():
        for site, counts in phase["cores"].items():
            sent[int(site)] = sent.get(int(site), 0) + counts.get("sops", 0)
    cores = [(c["site"], c["x"], c["y"], c["population"], sent.get(c["site"], 0.0)) for c in chip["layout"]]
    links = [] if timing is None else timing["links"]
    ends = [(link["x"], link["y"], link["direction"], link["flits"], link["load"]) for link in links]
    size = chip["width"], chip["height"]
    return Mesh("chip", "The chip", *size, cores, "synaptic operations", ends)


def raster(rasters: Sequence[Raster], number: int = 0, *, classes: bool = True) -> RasterFigure:
    """Return the spikes of a recorded presentation; hidden neurons that fire, those that fire most first.

    ``classes``: whether one class is what the network says.
    """
    found = rasters[number]
    shown = {}
    for k, (name, spikes) in enumerate(zip(found.populations, found.spikes, strict=True)):
        bits = spikes.array()
        shown[name] = busiest(bits) if 0 < k < len(found.spikes) - 1 else bits
    said = f": a {found.label}, answered {found.predicted}" if classes else ""
    title = f"{found.presentation}{said}"
    sizes = {name: spikes.units for name, spikes in zip(found.populations, found.spikes, strict=True)}
    return RasterFigure(f"raster-{number}", title, shown, found.n_free if found.n_nudged else None, sizes)


FIGURES: dict[str, Callable[[Document], Figure | None]] = {
    "learning": learning,
    "convergence": convergence,
    "confusion": confusion,
    "alignment": alignment,
    "bits": bits,
    "energy": energy,
    "energy-populations": populations,
    "energy-baseline": baseline,
    "time-cores": time,
    "time-ticks": cycles,
    "chip": mesh,
}
