"""What a reproduction leaves: its numbers as JSON, its figure as SVG, and both on a page with the verdict."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from neurochip.papers.charts import chart_table
from neurochip.papers.experiment import Claim, Finding, Verdict
from neurochip.papers.reproducing import Reproduction
from neurochip.report.figures import drawn, plot, svg
from neurochip.report.markup import Content, Markup, tag
from neurochip.report.page import page, page_head, versions_list
from neurochip.report.sections.frame import grid, section

__all__ = ["FORMAT", "document_of", "numbers_of", "page_of", "pictures_of", "shown"]

FORMAT = "neurochip-reproduction/2"
_CLASS: dict[Verdict, str] = {
    "holds": "yes",
    "holds in part": "half",
    "does not hold here": "no",
    "not shown (its control passes)": "no",
}


def numbers_of(done: Reproduction) -> bytes:
    """Return the content of ``result.json``."""
    text = json.dumps(document_of(done), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode()


def pictures_of(done: Reproduction) -> dict[str, bytes]:
    """Return what is drawn of the numbers, by the name of its file."""
    drawings = [drawn(chart) for chart in done.outcome.charts]
    return {
        "figure.svg": f"{svg(drawings, about=done.experiment.about, columns=done.outcome.columns)}\n".encode(),
        "report.html": page_of(done).encode(),
    }


def document_of(done: Reproduction) -> dict[str, object]:
    """Return the document that is ``result.json``; numbers that are not finite become null."""
    experiment, quick = done.experiment, done.settings.quick
    document = {
        "format": FORMAT,
        "experiment": experiment.name,
        "paper": experiment.paper,
        "figure": experiment.figure,
        "about": experiment.about,
        "quick": quick,
        "seed": done.settings.seed,
        "seeds": done.outcome.seeds,
        "verdict": done.verdict,
        "claims": [_claim(claim, finding, verdict, quick) for claim, finding, verdict in done.rows],
        "settings": dict(done.outcome.settings),
        "notes": list(done.outcome.notes),
        "series": dict(done.outcome.series),
        "charts": [chart_table(chart) for chart in done.outcome.charts],
        "seconds": done.seconds,
        "started": done.started,
        "versions": done.versions,
    }
    plain: dict[str, object] = _plain(document)
    return plain


def _claim(claim: Claim, finding: Finding, verdict: Verdict, quick: bool) -> dict[str, object]:
    tolerance, in_part = claim.bounds(quick=quick)
    return {
        "key": claim.key,
        "says": claim.says,
        "measure": claim.measure,
        "measured": finding.value,
        "control": claim.control,
        "control_measured": finding.control,
        "tolerance": str(tolerance),
        "in_part": None if in_part is None else str(in_part),
        "verdict": verdict,
        "note": finding.note,
    }


def _plain(value: object) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.7g}") if math.isfinite(value) else None
    return value


def page_of(done: Reproduction) -> str:
    """Return the page: verdict, claims, figure, what was chosen."""
    experiment, outcome = done.experiment, done.outcome
    facts: list[Content] = [
        f"seed {done.settings.seed}",
        f"{outcome.seeds} repetition" + ("s" if outcome.seeds != 1 else ""),
        "quick form" if done.settings.quick else "full form",
        f"{done.seconds:.1f} s",
    ]
    charts = [
        tag(
            "figure",
            tag("h3", chart.title),
            plot(chart),
            tag("figcaption", chart.caption) if chart.caption else None,
        )
        for chart in outcome.charts
    ]
    about = f"{experiment.about} – {experiment.paper}, {experiment.figure}"
    return page(
        experiment.name,
        page_head(experiment.name, about, [_verdict(done.verdict), *facts]),
        section("Claims", _claims(done)),
        section("Figure", tag("div", *charts, class_="charts" if outcome.columns > 1 else "charts one")),
        _notes(done),
        styles=("figure.css",),
    )


def _verdict(verdict: Verdict) -> Markup:
    return tag("span", verdict, class_=f"verdict {_CLASS[verdict]}")


def _claims(done: Reproduction) -> Markup:
    rows = []
    for claim, finding, verdict in done.rows:
        measured = [tag("strong", shown(finding.value)), tag("small", claim.measure)]
        if finding.note:
            measured.append(tag("small", finding.note))
        bound, in_part = claim.bounds(quick=done.settings.quick)
        tolerance = [tag("span", str(bound))]
        if in_part is not None:
            tolerance.append(tag("small", f"in part: {in_part}"))
        rows.append(
            tag(
                "tr",
                tag("td", claim.says),
                tag("td", *measured),
                tag("td", tag("strong", shown(finding.control)), tag("small", claim.control)),
                tag("td", *tolerance),
                tag("td", _verdict(verdict)),
            )
        )
    return grid(("claim", "measured", "control", "tolerance", "verdict"), rows, class_="claims")


def _notes(done: Reproduction) -> Markup:
    outcome = done.outcome
    settings = {key: _written(value) for key, value in outcome.settings.items()}
    command = f"neurochip reproduce {done.experiment.name} --seed {done.settings.seed}"
    return section(
        "How",
        *(tag("p", note) for note in outcome.notes),
        tag("h3", "Settings") if settings else None,
        versions_list(settings) if settings else None,
        tag("h3", "Made by"),
        tag("pre", command + (" --quick" if done.settings.quick else "")),
        tag("p"),
        versions_list(done.versions),
    )


def _written(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(_written(entry) for entry in value)
    return str(value)


def shown(value: float) -> str:
    """Return a measured number in four digits, or more where it is next to 1."""
    if 0 < abs(value - 1) < 1e-3:
        return f"{value:.9f}".rstrip("0").rstrip(".")
    return f"{value:.4g}" if math.isfinite(value) else "none"
