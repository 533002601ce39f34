"""The document and its rasters → one page that opens offline: no other file, nothing loaded."""

from __future__ import annotations

from collections.abc import Sequence

from neurochip.report.page import page
from neurochip.report.schema import Document
from neurochip.report.sections.analog import analog
from neurochip.report.sections.baseline import baseline
from neurochip.report.sections.bits import bits
from neurochip.report.sections.chip import chip
from neurochip.report.sections.control import control
from neurochip.report.sections.diagnosis import diagnosis
from neurochip.report.sections.energy import energy
from neurochip.report.sections.faults import faults
from neurochip.report.sections.headline import headline
from neurochip.report.sections.learning import convergence, learning
from neurochip.report.sections.mesh import mesh
from neurochip.report.sections.numbers import numbers
from neurochip.report.sections.provenance import provenance
from neurochip.report.sections.spikes import spikes
from neurochip.report.sections.timing import timing
from neurochip.report.wording import has_classes
from neurochip.training.record import Raster

__all__ = ["html"]


def html(document: Document, rasters: Sequence[Raster] = ()) -> str:
    """Return the text of ``report.html``."""
    return page(
        str(document["run"].get("name", "run")),
        headline(document),
        learning(document),
        diagnosis(document),
        analog(document),
        convergence(document),
        bits(document) if document["run"].get("substrate") != "analog" else None,
        energy(document),
        baseline(document),
        control(document),
        numbers(document),
        faults(document),
        timing(document),
        mesh(document.get("mesh"), document["chip"], document.get("mapping")),
        spikes(rasters, classes=has_classes(document)),
        chip(document),
        provenance(document),
    )
