"""The figures of one panel: error, yield, every die, and what else was measured."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from neurochip.report.axes import Axis
from neurochip.report.figures import Chart, Curve
from neurochip.report.figures.captioned import Captioned
from neurochip.report.figures.plot import fit
from neurochip.report.markup import Markup, tag
from neurochip.report.quantities import decimal, percent
from neurochip.report.sections.frame import section
from neurochip.report.sweeps.limit_figures import limit_charts
from neurochip.report.sweeps.schema import (
    BandTable,
    CellTable,
    CurveTable,
    PanelTable,
    PointTable,
    SweepDocument,
)
from neurochip.report.sweeps.words import COLOURS, one, points, short

__all__ = ["panel_charts", "panel_figures"]

_ROOM = 0.04  # of the width, left and right of the outermost values

# Measured beside the error: how the name begins → title of the charts.
_METRICS = {
    "cosine": "Alignment of the update with the gradient (cosine of ν and −∂J/∂W, theorem 1)",
    "alignment": "Alignment of forward and backward weights",
    "dead_classes": "Share of classes whose output is never above 0",
}

# Beyond these there is no such thing, though Student's interval does not know.
_ENDS = {"cosine": (-1.0, 1.0), "alignment": (-1.0, 1.0), "dead_classes": (0.0, 1.0), "clipped": (0.0, 1.0)}

Band = tuple[float | None, float | None, float | None]  # mean, low, high


@dataclass(frozen=True, slots=True)
class _Key:
    """The key that curves are drawn over: its values, with words where there are few or they are no numbers."""

    name: str
    xs: tuple[float, ...]
    names: tuple[tuple[float, str], ...]
    log: bool

    def chart(
        self,
        y_label: str,
        curves: list[Curve],
        y_range: tuple[float, float],
        about: str,
        *,
        unit: str = "",
        levels: Sequence[tuple[float, str]] = (),
        x_range: tuple[float, float] | None = None,
    ) -> Chart:
        """Return a chart over the key."""
        return Chart(
            self.name,
            self.name,
            y_label,
            curves,
            log_x=self.log,
            x_names=self.names,
            x_range=x_range,
            x_room=_ROOM,
            y_range=y_range,
            y_unit=unit,
            levels=levels,
            about=about,
        )


def panel_figures(document: SweepDocument, panel: PanelTable, *, brief: bool) -> Markup:
    """Return the charts of one combination of the other keys; ``brief`` leaves out the dots of each die."""
    key = _key(document)
    others = ", ".join(f"{name} = {value}" for name, value in panel["others"].items())
    reached = limit_charts(document, panel, key.log)
    figures = [_errors(document, panel, key), reached[0] if reached else _yields(document, panel, key)]
    parts = [tag("div", *(f.markup() for f in figures), class_="columns"), *(f.markup() for f in reached[1:])]
    if not brief:
        parts.append(_dies(document, panel, key).markup())
    for title, measured in _metrics(panel, key):
        parts.append(tag("h3", title, class_="below"))
        parts.append(tag("div", *(f.markup() for f in measured), class_="slices"))
    return section(others or f"Against {key.name}", *parts)


def panel_charts(document: SweepDocument, panel: PanelTable) -> list[Captioned]:
    """Return every chart of one combination of the other keys."""
    key = _key(document)
    found = [_errors(document, panel, key), *limit_charts(document, panel, key.log)]
    found += [_yields(document, panel, key), _dies(document, panel, key)]
    return found + [shown for _, measured in _metrics(panel, key) for shown in measured]


def _key(document: SweepDocument) -> _Key:
    entry = document["definition"]["vary"][0]
    cells = document["panels"][0]["curves"][0]["cells"] if document["panels"][0]["curves"] else []
    xs = tuple(cell["x"] for cell in cells) or tuple(float(k) for k in range(len(entry["values"])))
    listed = not all(_is_number(value) for value in entry["values"])
    shown = [short(value) for value in entry["values"]]
    words = tuple(zip(xs, shown, strict=True)) if listed or fit(shown) else ()
    return _Key(entry["key"], xs, words, entry["logarithmic"])


def _is_number(text: str) -> bool:
    return not math.isnan(_number(text))


def _curves(
    panel: PanelTable, key: _Key, words: Callable[[float], str], band_of: Callable[[CellTable], Band | None]
) -> list[Curve]:
    """Return a curve with its band for each mode; a cell without a band has no point, an edge of `None` is the mean."""
    curves = []
    for curve in panel["curves"]:
        known = [(cell["x"], band) for cell in _in_order(curve) if (band := band_of(cell)) is not None]
        found = [(x, mean, low, high) for x, (mean, low, high) in known if mean is not None]
        edges = [
            (mean if low is None else low, mean if high is None else high) for _, mean, low, high in found
        ]
        values = [(x, mean) for x, mean, _, _ in found]
        mode = curve["mode"]
        curves.append(Curve.through(mode, values, COLOURS[mode], x_label=key.name, words=words, band=edges))
    return curves


def _in_order(curve: CurveTable) -> list[CellTable]:
    return sorted(curve["cells"], key=lambda cell: cell["x"])


def _reach(curves: Iterable[Curve], *more: float) -> tuple[float, float]:
    """Return 0, or less where values are below it, and a little more than the largest value."""
    ys = [float(y) for curve in curves for part in (curve.y, curve.low, curve.high) for y in part]
    lowest, highest = min([0.0, *ys, *more]), max([0.0, *ys, *more])
    return lowest, lowest + 1.06 * (highest - lowest) or 1.0


def _errors(document: SweepDocument, panel: PanelTable, key: _Key) -> Captioned:
    def band(cell: CellTable) -> Band:
        low, high = cell["low"], cell["high"]
        # Student's interval knows no ends; a share has them.
        return cell["mean"], None if low is None else max(low, 0), None if high is None else min(high, 1)

    curves = _curves(panel, key, percent, band)
    ideal = document["ideal"]
    levels = [] if ideal is None else [(ideal["mean"], f"ideal {percent(ideal['mean'])}")]
    about = "Mean test error at each value, by mode, with 95 % bands"
    reach = _reach(curves, *(y for y, _ in levels))
    chart = key.chart("Test error", curves, reach, about, levels=levels, unit="%")
    words = (
        "Test samples classified wrong, of numbers the variance left unexplained: mean over "
        f"{one(document['definition'])}s with its 95 % band."
    )
    return Captioned("error", tag("h3", "Test error"), chart, words)


def _yields(document: SweepDocument, panel: PanelTable, key: _Key) -> Captioned:
    definition = document["definition"]
    curves = _curves(
        panel, key, percent, lambda cell: (cell["good_share"], cell["good_low"], cell["good_high"])
    )
    wanted = definition["wanted"]
    about = "Share of good dies at each value, by mode, with Wilson's interval"
    levels = [(wanted, f"{100 * wanted:g} %")]
    chart = key.chart("Yield", curves, (0.0, 1.05), about, levels=levels, unit="%")
    words = f"{one(definition).title()}s within {points(definition['within'])} of ideal, with Wilson's 95 % interval."
    return Captioned("yield", tag("h3", "Yield"), chart, words)


def _dies(document: SweepDocument, panel: PanelTable, key: _Key) -> Captioned:
    rest = list(panel["others"].values())
    modes = [curve["mode"] for curve in panel["curves"]]
    x_of = {cell["value"]: cell["x"] for curve in panel["curves"] for cell in curve["cells"]}
    room = 0.5 / max(len(key.xs), 1)
    # The same axis as that of the chart: a dot stands beside its value by a share of the way to the next one.
    axis = Axis.around(key.xs, log=key.log, room=room)
    places = sorted(float(axis.share(x)) for x in key.xs)
    gap = min((b - a for a, b in zip(places, places[1:], strict=False)), default=0.5)
    clouds = []
    for number, mode in enumerate(modes):
        middle = 0.62 * ((number + 0.5) / len(modes) - 0.5)
        seen: dict[str, PointTable] = {}
        for point in document["points"]:
            if point["mode"] == mode and point["values"][1:] == rest and point["error"] is not None:
                seen.setdefault(point["task"], point)
        beside = [middle + _aside(point) * 0.4 / len(modes) for point in seen.values()]
        at = [float(axis.share(x_of.get(value, _number(value)))) for value in _values_of(seen)]
        # Where dies are measured at values of their own, a dot stands there.
        moved = 0.0 if document["definition"]["adaptive"] else gap
        xs = [axis.value(a + moved * b) for a, b in zip(at, beside, strict=True)]
        clouds.append(
            Curve(mode, xs, [point["error"] or 0.0 for point in seen.values()], COLOURS[mode], "dots")
        )
    ideal, within = document["ideal"], document["definition"]["within"]
    levels = [] if ideal is None else [(ideal["mean"] + within, f"ideal + {points(within)}")]
    what = one(document["definition"])
    about = f"Test error of every {what} at each value, by mode"
    reach = _reach(clouds, *(y for y, _ in levels))
    ends = (axis.low, axis.high)
    chart = key.chart("Test error", clouds, reach, about, levels=levels, unit="%", x_range=ends)
    words = (
        f"Every dot is one training of a {what}, measured; below the dashed line it is good, but what is deployed or "
        "fine-tuned is judged by what the same weights do on the ideal chip. One that failed has no dot."
    )
    return Captioned(f"every-{what}", tag("h3", f"Every {what}"), chart, words, "tall below")


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


def _values_of(points: dict[str, PointTable]) -> list[str]:
    """Return the value of the first key of each point."""
    return [point["values"][0] for point in points.values()]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _aside(point: PointTable) -> float:
    """Spread dots evenly: a low-discrepancy sequence by number of die, so that a die keeps its place."""
    return ((point["die"] + point["seed"]) * 0.6180339887498949) % 1.0 - 0.5


def _metric(name: str, cell: CellTable) -> Band | None:
    band = cell["metrics"].get(name)
    if band is None:
        return None
    ends = next((ends for prefix, ends in _ENDS.items() if name.startswith(prefix)), (-math.inf, math.inf))
    mean, low, high = (None if edge is None else min(max(edge, ends[0]), ends[1]) for edge in _edges(band))
    return mean, low, high


def _edges(band: BandTable) -> Band:
    return band["mean"], band["low"], band["high"]


def _metrics(panel: PanelTable, key: _Key) -> list[tuple[str, list[Captioned]]]:
    """Return what was measured beside the error: the title of a group, and its charts."""
    found = []
    names = sorted({name for curve in panel["curves"] for cell in curve["cells"] for name in cell["metrics"]})
    for prefix, title in _METRICS.items():
        figures = []
        for name in (name for name in names if name.startswith(prefix)):
            curves = _curves(panel, key, decimal, partial(_metric, name))
            words = name.replace("_", " ")
            chart = key.chart(words, curves, _reach(curves, 0.1), f"{name} by mode")
            figures.append(Captioned(_file_name(name), tag("p", words, class_="lead"), chart))
        if figures:
            found.append((title, figures))
    return found
