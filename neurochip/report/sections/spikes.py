"""Spike rasters: who fired when in a few presentations, free phase and nudge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.report.axes import Axis
from neurochip.report.figures.plot import axis_data, axis_words, fitting_ticks
from neurochip.report.markup import Markup, tag
from neurochip.report.png import LEVELS, data_uri
from neurochip.report.quantities import exact
from neurochip.report.sections.frame import section
from neurochip.training.record import Raster

__all__ = ["Panel", "busiest", "name_of", "phase_heads", "raster_figure", "spikes"]

# Rows of a picture, at most; a larger population shares a row between neighbours.
_ROWS = 112
_FEW = 20  # so many neurons get a row of their own to be labelled
# Seen well on white and on black.
_COLOURS = ((66, 122, 219), (26, 153, 138), (206, 143, 40), (209, 88, 120), (137, 103, 214), (98, 156, 62))


def spikes(rasters: Sequence[Raster], *, classes: bool = True) -> Markup | None:
    """Return one figure per presentation; `None` when none was recorded.

    ``classes``: whether one class is what the network says.
    """
    if not rasters:
        return None
    lead = (
        "Each column is a tick, each dot a spike. Where a population has more neurons than there are rows, "
        "a row is a few neighbours and its shade how many of them fired. Hidden neurons are sorted by how "
        "often they fire; those that never do are left out."
    )
    return section(
        "Spikes", tag("div", *(_figure(raster, classes) for raster in rasters), class_="rasters"), about=lead
    )


def _figure(raster: Raster, classes: bool) -> Markup:
    right = raster.predicted == raster.label
    verdict = tag(
        "span",
        "recognised" if right else f"taken for a {raster.predicted}",
        class_="hit" if right else "miss",
    )
    said = (tag("strong", f"A {raster.label}"), " ", verdict, " ") if classes else ()
    title = tag("div", *said, tag("small", raster.presentation))
    rows: list[Panel] = []
    for position, (name, spikes) in enumerate(zip(raster.populations, raster.spikes, strict=True)):
        bits, last = spikes.array(), position == len(raster.populations) - 1
        about = f"{exact(bits.shape[1])} neurons"
        if 0 < position and not last:
            fired, all_of_them = int(bits.any(axis=0).sum()), bits.shape[1]
            bits, about = busiest(bits), f"{exact(fired)} of {exact(all_of_them)} fire"
        few = classes and last and bits.shape[1] <= _FEW
        rows.append(Panel(name, _classes(raster, bits.shape[1]) if few else name_of(name, about), bits))
    ticks = raster.n_free + raster.n_nudged
    return tag("figure", title, raster_figure(rows, ticks, raster.n_free if raster.n_nudged else None))


class Panel(NamedTuple):
    """One population: its name, what stands left of it, its spikes as u8[tick, unit]."""

    name: str
    left: Markup
    bits: NDArray[np.uint8]


def raster_figure(rows: Sequence[Panel], ticks: int, n_free: int | None = None) -> Markup:
    """Return populations one above the other over their common ticks, and where the nudge begins."""
    axis = Axis(0, max(1, ticks), whole=True)
    return tag(
        "div",
        *phase_heads(axis, n_free),
        *(part for k, row in enumerate(rows) for part in (row.left, _panel(row, k, n_free))),
        tag("div"),
        tag("div", *axis_words(axis, fitting_ticks(axis), "x"), class_="xs"),
        tag("div"),
        tag("div", "tick", class_="xname"),
        class_="raster",
        data_x=axis_data(axis),
    )


def phase_heads(axis: Axis, n_free: int | None) -> tuple[Markup, Markup]:
    """Return a row that names the phases; without a nudge it is one of ticks."""
    heads = [(axis.low, f"{axis.high - axis.low:g} ticks")]
    if n_free is not None:
        heads = [
            (axis.low, f"free, {n_free} ticks"),
            (axis.low + n_free, f"nudged, {axis.high - axis.low - n_free:g}"),
        ]
    return tag("div"), tag("div", *axis_words(axis, heads, "x"), class_="phases")


def busiest(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the neurons that fire at all, those that fire most first."""
    counts = bits.sum(axis=0, dtype=np.int64)
    order = np.argsort(-counts, kind="stable")
    return bits[:, order[: max(1, int((counts > 0).sum()))]]


def name_of(name: str, about: str) -> Markup:
    """Return the words left of a panel."""
    return tag("div", tag("span", name), tag("small", about), class_="who")


def _classes(raster: Raster, units: int) -> Markup:
    """Return the classes of the output, the true one set off."""
    rows = [
        tag("span", unit, class_="true" if unit == raster.label else None, style=f"height:{100 / units:.2f}%")
        for unit in range(units)
    ]
    return tag("div", *rows, class_="classes")


def _panel(row: Panel, position: int, n_free: int | None) -> Markup:
    """Return the picture of one population's spikes, with a line where the nudge begins."""
    ticks, units = row.bits.shape
    shades = _shades(row.bits)
    line = None
    if n_free is not None:
        line = tag("line", x1=n_free, x2=n_free, y1=0, y2=len(shades), class_="boundary")
    picture = tag(
        "svg",
        tag(
            "image",
            href=data_uri(shades, _COLOURS[position % len(_COLOURS)]),
            width=max(1, ticks),
            height=len(shades),
            preserveAspectRatio="none",
        ),
        line,
        viewBox=f"0 0 {max(1, ticks)} {len(shades)}",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"spikes of {row.name}: {int(row.bits.sum())} in {ticks} ticks",
    )
    return tag("div", picture, class_="panel", style=f"height:{120 if units > _FEW else 13 * units}px")


def _shades(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return u8[row, tick] shades: how many of a row's neurons fired."""
    ticks, units = bits.shape
    if ticks == 0 or units == 0:
        return np.zeros((1, 1), dtype=np.uint8)
    rows = min(units, _ROWS)
    edges = np.linspace(0, units, rows + 1).astype(np.int64)
    fired = np.add.reduceat(bits.astype(np.float64), edges[:-1], axis=1)
    share = fired / np.diff(edges)
    # One of seven neighbours must still be seen.
    shades: NDArray[np.uint8] = np.ceil((LEVELS - 1) * share**0.7).astype(np.uint8).T
    return shades
