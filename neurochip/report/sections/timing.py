"""Time on the chip: cycles by phase, what cores and links did, how long packets were under way."""

from __future__ import annotations

from neurochip.report.bars import bars
from neurochip.report.markup import Content, Markup, tag
from neurochip.report.mesh_plot import link_map
from neurochip.report.quantities import decimal, exact, percent, quantity
from neurochip.report.schema import CoreTimeTable, Document, TimingTable
from neurochip.report.sections.frame import section
from neurochip.report.timeline_plot import core_timeline
from neurochip.report.wording import phase_words, timing_words
from neurochip.substrate.phase_time import MOST_LATENCY

__all__ = ["timing"]


def timing(document: Document) -> Markup | None:
    """Return the section; `None` where cycles were not counted."""
    table = document.get("timing")
    if table is None:
        return None
    lead = timing_words(table)
    notes: list[Content] = []
    if table["not_modelled"]:
        notes.append(
            tag(
                "p",
                f"Not in this specification, so not in the times: {' and '.join(table['not_modelled'])}.",
                class_="note",
            )
        )
    timeline = table["timeline"]
    history = None
    if timeline is not None:
        history = tag(
            "div",
            tag("h3", f"Cores over the ticks of one presentation ({timeline['presentation']})"),
            core_timeline(timeline, document["chip"]["layout"]),
        )
    figures = tag(
        "div",
        tag(
            "div",
            tag("h3", "Links"),
            link_map(document["chip"], table["links"], table["queues"], table["cores"]),
        ),
        tag("div", tag("h3", "Cores, all ticks"), _cores(document, table), _facts(document, table)),
        class_="columns",
    )
    return section(
        "Time on the chip", tag("div", _phases(table), class_="scroll"), figures, history, *notes, about=lead
    )


def _phases(table: TimingTable) -> Markup:
    names = ("phase", "ticks timed", "cycles", "per tick", "longest tick", "a presentation", "host", "time")
    rows = []
    for phase, row in table["by_phase"].items():
        each, host = row["cycles_per_presentation"], row["host_cycles"]
        rows.append(
            tag(
                "tr",
                tag("th", phase_words(phase)),
                tag("td", exact(row["ticks"]) if row["ticks"] else "–"),
                tag("td", quantity(row["cycles"]) if row["cycles"] else "–"),
                tag("td", _count(row["cycles_per_tick"])),
                tag("td", exact(row["longest_tick"]) if row["ticks"] else "–"),
                tag("td", _count(each)),
                tag("td", "–" if host is None else quantity(host)),
                tag("td", quantity(row["seconds"], "s") if row["seconds"] else "–"),
            )
        )
    head = tag("tr", *(tag("th", name) for name in names))
    foot = None
    if table["cycles"] is not None and table["seconds"] is not None:
        foot = tag(
            "tfoot",
            tag(
                "tr",
                tag("th", "all"),
                tag("td", ""),
                tag("td", quantity(table["cycles"])),
                *(tag("td", "") for _ in range(4)),
                tag("td", quantity(table["seconds"], "s")),
            ),
        )
    return tag("table", tag("thead", head), tag("tbody", *rows), foot, class_="figures")


def _count(value: float | None) -> str:
    return "–" if value is None else exact(round(value)) if value >= 100 else decimal(value)


def _cores(document: Document, table: TimingTable) -> Markup:
    """Return a bar for each core, or for each population where there are many."""
    layout = document["chip"]["layout"]
    groups: dict[str, list[CoreTimeTable]] = {}
    for place, core in zip(layout, table["cores"], strict=True):
        few = len(layout) <= 16
        name = f"core {core['site']} {place['population']}" if few else place["population"]
        groups.setdefault(name, []).append(core)
    rows: list[tuple[Content, Markup, Content, Content]] = []
    for name, cores in groups.items():
        busy, stalled = (sum(core[key] for core in cores) / len(cores) for key in ("busy", "stalled"))
        words = f"busy {percent(busy, 1)}, stalled {percent(stalled, 1)}"
        bar = tag(
            "div",
            tag("b", class_="working", style=f"width:{100 * busy:.2f}%", title=words),
            tag("b", class_="waiting", style=f"width:{100 * stalled:.2f}%", title=words),
            class_="stack",
        )
        label = name if len(cores) == 1 else f"{name} ({len(cores)} cores)"
        aside = f"stalled {percent(stalled, 0)}" if stalled >= 0.005 else ""
        rows.append((label, bar, percent(busy, 0), aside))
    return bars(rows)


def _facts(document: Document, table: TimingTable) -> Markup:
    """Return latencies, queues and what energy and time come to."""
    clock = table["clock_hz"]
    rows: list[tuple[str, str, str]] = []

    def cycles(name: str, value: float, least: str = "") -> None:
        rows.append(
            (
                name,
                f"{least}{decimal(value) if value < 100 else exact(round(value))} cycles",
                quantity(value / clock, "s"),
            )
        )

    for name, sample in (
        ("training sample", table["training_sample"]),
        ("evaluation sample", table["evaluation_sample"]),
    ):
        if sample is not None:
            cycles(name, sample["cycles"])
    latency = table["latency"]
    if latency is not None:
        for name, value in (
            ("latency of a packet, p50", latency["p50"]),
            ("p90", latency["p90"]),
            ("p99", latency["p99"]),
            ("longest", float(latency["max"])),
        ):
            cycles(name, value, "≥ " if value >= MOST_LATENCY else "")
    if table["queues"]:
        deepest = max(table["queues"], key=lambda queue: queue["max"])
        fullest = max(table["queues"], key=lambda queue: queue["mean"])
        rows.append(("deepest queue", f"{deepest['max']} flits", f"router ({deepest['x']}, {deepest['y']})"))
        rows.append(
            (
                "fullest router",
                f"{decimal(fullest['mean'])} flits",
                f"on average, ({fullest['x']}, {fullest['y']})",
            )
        )
    for name, product in document["energy_j"].get("delay_js", {}).items():
        rows.append((f"energy × delay, {name} sample", quantity(product, "J·s"), ""))
    static = document["energy_j"].get("static", "")
    rows.append(("static power", static, ""))
    body = [tag("tr", tag("th", name), tag("td", value), tag("td", more)) for name, value, more in rows]
    return tag("table", tag("tbody", *body), class_="figures facts-table")
