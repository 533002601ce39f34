"""The table as one page that opens offline, in the look of the reports."""

from __future__ import annotations

from itertools import groupby

from neurochip.bench.document import BenchDocument, RowTable
from neurochip.bench.words import machine_words, spread_words
from neurochip.report.figures import Chart, Curve, plot
from neurochip.report.markup import Markup, tag
from neurochip.report.page import page, page_head
from neurochip.report.sections.frame import section

__all__ = ["bench_page", "roofline_chart"]


def bench_page(document: BenchDocument) -> str:
    """Return the text of the page."""
    warnings = (tag("p", warning, class_="note") for warning in document["warnings"])
    head = page_head("neurochip bench", None, machine_words(document), *warnings)
    parts = [
        section(family, tag("div", _table(list(rows)), class_="scroll"))
        for family, rows in groupby(document["rows"], key=lambda row: row["family"])
    ]
    chart = roofline_chart(document)
    if chart.curves:
        figure = tag("figure", plot(chart))
        parts.append(section("Delivery as networks grow", tag("div", figure, class_="charts one")))
    return page("neurochip bench", head, *parts, styles=("figure.css",))


def _table(rows: list[RowTable]) -> Markup:
    titles = ("row", "what", "median (min–max)", "ratio")
    cells = (tag("th", title, class_="text" if title == "what" else None) for title in titles)
    return tag(
        "table",
        tag("thead", tag("tr", *cells)),
        tag("tbody", *(_line(row) for row in rows)),
        class_="figures rows",
    )


def _line(row: RowTable) -> Markup:
    note = row["note"] if row["missing"] is None else f"not measured: {row['missing']}"
    beside = (tag("br"), tag("small", note)) if note else ()
    about = tag("td", row["about"], *beside, class_="text words")
    return tag("tr", tag("th", row["name"]), about, *(tag("td", cell) for cell in spread_words(row)))


def roofline_chart(document: BenchDocument) -> Chart:
    """Return bytes of weights read per second against the number of synapses, beside what memory streams."""
    rows = {row["name"]: row for row in document["rows"] if row["value"]}
    curves = []
    for colour, (kind, size) in enumerate((("int8", 1), ("float32", 4))):
        for what, words in (
            ("streaming", "whole calls"),
            ("roofline", "delivery kernel"),
        ):
            these = [row for name, row in rows.items() if name.startswith(f"{what}-{kind}-")]
            if not these:
                continue
            x = [float(row["extra"]["weights_bytes"]) / size for row in these]
            read = [row["value"]["median"] if row["value"] else 0.0 for row in these]
            curves.append(
                Curve(f"{kind}, {words}", x, read, colour, "line" if what == "streaming" else "dots")
            )
            if what == "streaming":
                streamed = [float(row["extra"]["read_bytes_per_s"]) / 1e9 for row in these]
                curves.append(Curve(f"{kind}, plain pass", x, streamed, colour, "dashed"))
    return Chart(
        title="Delivery of spikes as networks grow, one thread",
        x_label="synapses",
        y_label="GB per CPU-second",
        curves=curves,
        log_x=True,
        log_y=True,
    )
