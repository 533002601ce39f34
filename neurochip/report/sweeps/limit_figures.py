"""How a verdict was reached: the limit of every die, what is fitted to them, and its band."""

from __future__ import annotations

from neurochip.report.figures import Chart, Curve
from neurochip.report.figures.captioned import Captioned
from neurochip.report.markup import tag
from neurochip.report.quantities import decimal, percent
from neurochip.report.sweeps.schema import CurveTable, LimitTable, PanelTable, SweepDocument
from neurochip.report.sweeps.words import COLOURS, one

__all__ = ["limit_charts"]

_KNOWN = 0.12  # of the range: a limit that is known no better is none, but a value that the die is good up to


def limit_charts(document: SweepDocument, panel: PanelTable, log: bool) -> list[Captioned]:
    """Return a chart for each direction; none where the key has no order."""
    directions = dict.fromkeys(limit["direction"] for curve in panel["curves"] for limit in curve["limits"])
    return [_figure(document, panel, direction, log) for direction in directions]


def _figure(document: SweepDocument, panel: PanelTable, direction: str, log: bool) -> Captioned:
    definition = document["definition"]
    key, what, wanted = definition["vary"][0]["key"], one(definition), definition["wanted"]
    curves: list[Curve] = []
    marks = []
    for curve in panel["curves"]:
        for limit in curve["limits"]:
            if limit["direction"] == direction:
                curves += [_fit(curve, limit), *_dots(curve, limit, what)]
                at = (limit["once"] or limit)["at"]
                if at["value"] is not None and not at["beyond"]:
                    marks.append((at["value"], decimal(at["value"])))
    chart = Chart(
        f"{what.title()}s that go further",
        key,
        f"{what}s that go further",
        curves,
        log_x=log,
        x_room=0.04,
        y_range=(0.0, 1.03),
        y_unit="%",
        levels=[(wanted, f"{100 * wanted:g} %")],
        marks=marks,
        about=f"Share of {what}s whose limit lies beyond each value, by mode, with a dot for the limit of each {what}",
    )
    words = (
        f"Each dot is the limit of one {what}: it is good before, bad behind. Faint ones are only known to be good so "
        f"far. Lines are the law of limits that fits best, bands its 95 % interval; where a line falls below "
        f"{100 * wanted:g} % is the verdict."
    )
    limits = [limit for curve in panel["curves"] for limit in curve["limits"]]
    if any(limit["once"] is not None for limit in limits):
        words += f" Where trainings of one {what} differ, line and band are of {what}s trained once."
    return Captioned(f"limits-{direction}", tag("h3", f"How far {what}s go"), chart, words)


def _fit(curve: CurveTable, limit: LimitTable) -> Curve:
    mode = curve["mode"]
    fit = limit["fit"]
    titles = [f"{mode}, beyond {row['x']:g}: {percent(row['share'])}" for row in fit]
    return Curve(
        mode,
        [row["x"] for row in fit],
        [row["share"] for row in fit],
        COLOURS[mode],
        low=[row["low"] for row in fit],
        high=[row["high"] for row in fit],
        titles=titles,
    )


def _dots(curve: CurveTable, limit: LimitTable, what: str) -> list[Curve]:
    """Return the limits of dies, each at the share of dies that go further."""
    mode, sign = curve["mode"], 1 if limit["direction"] == "up" else -1
    xs = [row["x"] for row in limit["fit"]]
    first, last = xs[0], xs[-1]
    room = _KNOWN * abs(last - first)

    def place(value: float | None, beyond: bool) -> float:
        return first if value is None else last if beyond else value

    rows = []
    for die in limit["dies"]:
        low, at, high = (place(die[end]["value"], die[end]["beyond"]) for end in ("low", "at", "high"))
        surely = abs(high - low) <= room and not die["high"]["beyond"]
        about = f"{what} {die['die']}, {mode}: "
        about += (
            f"limit {decimal(at)} ({decimal(low)} to {decimal(high)})"
            if surely
            else f"good {limit['direction']} to {decimal(low)} at least"
        )
        about += f", {die['trainings']} measurements"
        rows.append((sign * at, at if surely else low, surely, about))
    rows.sort()
    n = len(rows)
    curves = []
    for surely in (True, False):
        chosen = [(k, row) for k, row in enumerate(rows) if row[2] is surely]
        curves.append(
            Curve(
                "",
                [row[1] for _, row in chosen],
                [1 - (k + 0.5) / n for k, _ in chosen],
                COLOURS[mode],
                "dots",
                titles=[row[3] for _, row in chosen],
                faint=not surely,
            )
        )
    return curves
