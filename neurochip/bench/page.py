"""The table as one page that opens offline, in the look of the reports."""

from __future__ import annotations

from itertools import groupby
from string import Template

from neurochip.bench.document import BenchDocument, RowTable
from neurochip.bench.words import asked_words, machine_words, reached_words, spread_words
from neurochip.report.figures import Chart, Curve, drawn, svg
from neurochip.report.html import template
from neurochip.report.markup import Markup, tag
from neurochip.report.sections.frame import section

__all__ = ["bench_page", "roofline_chart"]


def bench_page(document: BenchDocument) -> str:
    """Return the text of the page."""
    head = tag(
        "header",
        tag("h1", "neurochip bench"),
        *(tag("p", line, class_="about") for line in machine_words(document)),
        *(tag("p", warning, class_="note") for warning in document["warnings"]),
    )
    parts = [
        section(family, tag("div", _table(list(rows)), class_="scroll"))
        for family, rows in groupby(document["rows"], key=lambda row: row["family"])
    ]
    chart = roofline_chart(document)
    if chart.curves:
        about = "bytes of weights that are read per CPU-second, against synapses"
        figure = tag("figure", svg(drawn(chart), about=about))
        parts.append(section("Delivery as networks grow", tag("div", figure, class_="charts one")))
    style = "\n".join((template("report.css"), template("figure.css")))
    body = tag("main", head, *parts)
    return Template(template("report.html")).substitute(title="neurochip bench", style=style, body=body)


def _table(rows: list[RowTable]) -> Markup:
    titles = ("row", "what", "asked", "median (min–max)", "ratio", "reached")
    cells = (tag("th", title, class_="text" if title == "what" else None) for title in titles)
    return tag(
        "table",
        tag("thead", tag("tr", *cells)),
        tag("tbody", *(_line(row) for row in rows)),
        class_="figures",
    )


def _line(row: RowTable) -> Markup:
    note = row["note"] if row["missing"] is None else f"not measured: {row['missing']}"
    beside = (tag("br"), tag("small", note)) if note else ()
    cells = (asked_words(row), *spread_words(row), reached_words(row))
    about = tag("td", row["about"], *beside, class_="text words")
    return tag("tr", tag("th", row["name"]), about, *(tag("td", cell) for cell in cells))


def roofline_chart(document: BenchDocument) -> Chart:
    """Return the speed of delivery against the number of synapses, beside what memory streams."""
    curves = []
    for colour, kind in enumerate(("int8", "float32")):
        rows = [
            row for row in document["rows"] if row["name"].startswith(f"roofline-{kind}-") and row["value"]
        ]
        if not rows:
            continue
        size = {"int8": 1, "float32": 4}[kind]
        x = [float(row["extra"]["weights_bytes"]) / size for row in rows]
        read = [row["value"]["median"] if row["value"] else 0.0 for row in rows]
        streamed = [float(row["extra"]["read_bytes_per_s"]) / 1e9 for row in rows]
        curves.append(Curve(f"{kind}, rows of weights", x, read, colour))
        curves.append(Curve(f"{kind}, plain pass", x, streamed, colour, "dashed"))
    return Chart(
        title="Delivery of spikes as networks grow, one thread",
        x_label="synapses",
        y_label="GB per CPU-second",
        curves=curves,
        log_x=True,
        log_y=True,
    )
