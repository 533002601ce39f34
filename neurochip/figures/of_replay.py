"""The figures of a replay: bits, energy, every tick, its spikes, and the chip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from neurochip.figures.kinds import Bars, ChartFigure, Figure, RasterFigure
from neurochip.figures.of_run import energy, mesh, populations
from neurochip.report.replay_document import ReplayDocument
from neurochip.report.replay_page import CODINGS, ticks_chart
from neurochip.report.schema import Document
from neurochip.report.sections.spikes import busiest
from neurochip.spikes import Spikes

__all__ = ["replay_figures"]

_MOST_TICKS = 600  # of the raster


def replay_figures(document: ReplayDocument, spikes: Sequence[Spikes]) -> list[Figure]:
    """Return every figure of a replay."""
    shared = cast(Document, document)  # energy and chip have the same tables in both
    chart = ticks_chart(document)
    ticks = None if chart is None else ChartFigure("ticks", chart)
    made = [
        _bits(document),
        energy(shared),
        populations(shared),
        ticks,
        mesh(shared),
        _raster(document, spikes),
    ]
    return [figure for figure in made if figure is not None]


def _bits(document: ReplayDocument) -> Bars:
    found = cast(dict[str, int], document["bits"])
    names = [f"{name} ({about})" for name, about in CODINGS]
    return Bars(
        "bits", "Bits", "Bits, all ticks", "bit", names, {"": [float(found[n]) for n, _ in CODINGS]}, log=True
    )


def _raster(document: ReplayDocument, spikes: Sequence[Spikes]) -> RasterFigure:
    shown = {}
    for k, ((name, _), layer) in enumerate(zip(document["layers"], spikes, strict=True)):
        bits = layer[: min(len(layer), _MOST_TICKS)].array()
        shown[name] = busiest(bits) if 0 < k < len(spikes) - 1 else bits
    return RasterFigure("raster", "Spikes", shown, sizes=dict(document["layers"]))
