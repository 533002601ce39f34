"""The figures of one panel: error, yield, every die, and what else was measured."""

from __future__ import annotations

from dataclasses import replace

from neurochip.report.markup import Markup, tag
from neurochip.report.quantities import percent
from neurochip.report.sections.frame import section
from neurochip.report.sweeps.plots import Cloud, Curve, Places, chart
from neurochip.report.sweeps.schema import CurveTable, PanelTable, PointTable, SweepDocument
from neurochip.report.sweeps.words import COLOURS, one, points

__all__ = ["panel_figures"]

# Measured beside the error: how the name begins → title of the charts.
_METRICS = {
    "cosine": "Alignment of the update with the gradient (cosine of ν and −∂J/∂W, theorem 1)",
    "alignment": "Alignment of forward and backward weights",
    "dead_classes": "Share of classes whose output is never above 0",
}


def panel_figures(document: SweepDocument, panel: PanelTable, *, brief: bool) -> Markup:
    """Return the charts of one combination of the other keys; ``brief`` leaves out the dots of each die."""
    places = _places(document)
    others = ", ".join(f"{key} = {value}" for key, value in panel["others"].items())
    figures = [_errors(document, panel, places), _yields(document, panel, places)]
    parts = [tag("div", *figures, class_="columns")]
    if not brief:
        parts.append(_dies(document, panel, places))
    parts += _metrics(panel, places)
    return section(others or f"Against {places.name}", *parts)


def _places(document: SweepDocument) -> Places:
    entry = document["definition"]["vary"][0]
    cells = document["panels"][0]["curves"][0]["cells"] if document["panels"][0]["curves"] else []
    xs = tuple(cell["x"] for cell in cells) or tuple(float(k) for k in range(len(entry["values"])))
    listed = not all(_is_number(value) for value in entry["values"])
    return Places(xs, tuple(entry["values"]), entry["key"], entry["logarithmic"], listed)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _errors(document: SweepDocument, panel: PanelTable, places: Places) -> Markup:
    curves = [
        Curve(
            curve["mode"],
            COLOURS[curve["mode"]],
            [(cell["x"], cell["mean"]) for cell in _in_order(curve) if cell["mean"] is not None],
            [
                (
                    cell["x"],
                    cell["mean"] if cell["low"] is None else cell["low"],
                    cell["mean"] if cell["high"] is None else min(cell["high"], 1),
                )
                for cell in _in_order(curve)
                if cell["mean"] is not None
            ],
        )
        for curve in panel["curves"]
    ]
    ideal = document["ideal"]
    levels = [] if ideal is None else [(ideal["mean"], f"ideal {percent(ideal['mean'])}")]
    plot = chart(
        curves, places, levels=levels, about="Mean test error at each value, by mode, with 95 % bands"
    )
    return tag(
        "figure",
        tag("h3", "Test error"),
        plot,
        tag(
            "figcaption",
            f"Test samples classified wrong: mean over {one(document['definition'])}s with its 95 % band.",
        ),
    )


def _yields(document: SweepDocument, panel: PanelTable, places: Places) -> Markup:
    curves = [
        Curve(
            curve["mode"],
            COLOURS[curve["mode"]],
            [(cell["x"], cell["good_share"]) for cell in _in_order(curve) if cell["good_share"] is not None],
            [
                (cell["x"], cell["good_low"], cell["good_high"])
                for cell in _in_order(curve)
                if cell["good_low"] is not None and cell["good_high"] is not None
            ],
        )
        for curve in panel["curves"]
    ]
    definition = document["definition"]
    wanted = definition["wanted"]
    plot = chart(
        curves,
        places,
        levels=[(wanted, f"{100 * wanted:g} %")],
        highest=1.05,
        about="Share of good dies at each value, by mode, with Wilson's interval",
    )
    words = f"{one(definition).title()}s within {points(definition['within'])} of ideal, with Wilson's 95 % interval."
    return tag("figure", tag("h3", "Yield"), plot, tag("figcaption", words))


def _dies(document: SweepDocument, panel: PanelTable, places: Places) -> Markup:
    rest = list(panel["others"].values())
    modes = [curve["mode"] for curve in panel["curves"]]
    x_of = {cell["value"]: cell["x"] for curve in panel["curves"] for cell in curve["cells"]}
    clouds = []
    for number, mode in enumerate(modes):
        middle = 0.62 * ((number + 0.5) / len(modes) - 0.5)
        seen: dict[str, PointTable] = {}
        for point in document["points"]:
            if point["mode"] == mode and point["values"][1:] == rest:
                seen.setdefault(point["task"], point)
        dots = [
            (x_of[point["values"][0]], middle + _aside(point) * 0.4 / len(modes), point["error"])
            for point in seen.values()
            if point["error"] is not None
        ]
        clouds.append(Cloud(mode, COLOURS[mode], dots))
    ideal, within = document["ideal"], document["definition"]["within"]
    levels = [] if ideal is None else [(ideal["mean"] + within, f"ideal + {points(within)}")]
    what = one(document["definition"])
    places = replace(places, margin=0.5 / max(len(places.xs), 1))
    about = f"Test error of every {what} at each value, by mode"
    plot = chart([], places, clouds=clouds, levels=levels, about=about)
    words = f"Every dot is one {what}, measured; below the dashed line it is good"
    several = document["definition"]["seeds"] > 1
    words += ", but each is judged by the ideal chip of its own seed." if several else "."
    return tag("figure", tag("h3", f"Every {what}"), plot, tag("figcaption", words), class_="tall below")


def _aside(point: PointTable) -> float:
    """Spread dots evenly: a low-discrepancy sequence by number of die, so that a die keeps its place."""
    return ((point["die"] + point["seed"]) * 0.6180339887498949) % 1.0 - 0.5


def _metrics(panel: PanelTable, places: Places) -> list[Markup]:
    found = []
    names = sorted({name for curve in panel["curves"] for cell in curve["cells"] for name in cell["metrics"]})
    for prefix, title in _METRICS.items():
        chosen = [name for name in names if name.startswith(prefix)]
        figures = []
        for name in chosen:
            curves = []
            for curve in panel["curves"]:
                bands = [
                    (cell["x"], cell["metrics"][name]) for cell in _in_order(curve) if name in cell["metrics"]
                ]
                curves.append(
                    Curve(
                        curve["mode"],
                        COLOURS[curve["mode"]],
                        [(x, band["mean"]) for x, band in bands],
                        [
                            (
                                x,
                                band["mean"] if band["low"] is None else band["low"],
                                band["mean"] if band["high"] is None else band["high"],
                            )
                            for x, band in bands
                        ],
                    )
                )
            edges = [edge for curve in curves for _, *band in curve.band for edge in band]
            lowest, highest = min([0.0, *edges]), max([0.1, *edges])
            plot = chart(
                curves, places, lowest=lowest, highest=1.05 * highest, percent=False, about=f"{name} by mode"
            )
            figures.append(tag("figure", tag("p", name.replace("_", " "), class_="lead"), plot))
        if figures:
            found.append(tag("h3", title, class_="below"))
            found.append(tag("div", *figures, class_="columns"))
    return found


def _in_order(curve: CurveTable) -> list:  # type: ignore[type-arg]
    return sorted(curve["cells"], key=lambda cell: cell["x"])
