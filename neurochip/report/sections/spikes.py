"""Spike rasters: who fired when in a few presentations, free phase and nudge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.report.markup import Content, Markup, tag
from neurochip.report.png import LEVELS, data_uri
from neurochip.report.quantities import exact
from neurochip.report.sections.frame import section
from neurochip.training.record import Raster

__all__ = ["busiest", "name_of", "panel", "spikes"]

# Rows of a picture, at most; a larger population shares a row between neighbours.
_ROWS = 112
_FEW = 20  # so many neurons get a row of their own to be labelled
# Seen well on white and on black.
_COLOURS = ((66, 122, 219), (26, 153, 138), (206, 143, 40), (209, 88, 120), (137, 103, 214), (98, 156, 62))


def spikes(rasters: Sequence[Raster]) -> Markup | None:
    """Return one figure per presentation; `None` when none was recorded."""
    if not rasters:
        return None
    lead = (
        "Each column is a tick, each dot a spike. Where a population has more neurons than there are rows, "
        "a row is a few neighbours and its shade how many of them fired. Hidden neurons are sorted by how "
        "often they fire; those that never do are left out."
    )
    return section(
        "Spikes", tag("div", *(_figure(raster) for raster in rasters), class_="rasters"), about=lead
    )


def _figure(raster: Raster) -> Markup:
    right = raster.predicted == raster.label
    verdict = tag(
        "span",
        "recognised" if right else f"taken for a {raster.predicted}",
        class_="hit" if right else "miss",
    )
    title = tag(
        "div", tag("strong", f"A {raster.label}"), " ", verdict, " ", tag("small", raster.presentation)
    )
    ticks = max(1, raster.n_free + raster.n_nudged)
    boundary = 100 * raster.n_free / ticks
    head: list[Content] = [tag("span", f"free, {raster.n_free} ticks", style=f"width:{boundary:.2f}%")]
    if raster.n_nudged:
        head.append(tag("span", f"nudged, {raster.n_nudged}", style=f"width:{100 - boundary:.2f}%"))
    panels: list[Content] = []
    for position, (name, bits) in enumerate(zip(raster.populations, raster.spikes, strict=True)):
        last = position == len(raster.populations) - 1
        inner = 0 < position and not last
        about = f"{exact(bits.shape[1])} neurons"
        if inner:
            bits, about = (
                busiest(bits),
                f"{exact(int(bits.any(axis=0).sum()))} of {exact(bits.shape[1])} fire",
            )
        labels = _classes(raster, bits.shape[1]) if last and bits.shape[1] <= _FEW else name_of(name, about)
        panels += [labels, panel(name, bits, position, boundary if raster.n_nudged else None)]
    return tag(
        "figure",
        title,
        tag("div", tag("div"), tag("div", *head, class_="phases"), *panels, class_="raster"),
    )


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


def panel(name: str, bits: NDArray[np.uint8], position: int, boundary: float | None) -> Markup:
    """Return the picture of one population's spikes, with a line at ``boundary`` per cent."""
    units = bits.shape[1]
    picture = tag(
        "img",
        src=data_uri(_shades(bits), _COLOURS[position % len(_COLOURS)]),
        alt=f"spikes of {name}: {int(bits.sum())} in {bits.shape[0]} ticks",
        style=f"height:{120 if units > _FEW else 13 * units}px",
    )
    line = None if boundary is None else tag("s", style=f"left:{boundary:.2f}%")
    return tag("div", picture, line, class_="panel")


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
