"""Whether the network can learn: neurons at their rails, residual, second fixed points, gain of the loop."""

from __future__ import annotations

from neurochip.report.markup import Markup, tag
from neurochip.report.quantities import percent
from neurochip.report.schema import DiagnosisTable, Document
from neurochip.report.sections.frame import section

__all__ = ["diagnosis"]


def diagnosis(document: Document) -> Markup | None:
    """Return the section; `None` where nothing was looked at."""
    looked: list[tuple[float, DiagnosisTable]] = []
    for epoch in document["result"]["epochs"]:
        table = epoch.get("diagnosis")
        if table is not None:
            looked.append((epoch["epoch"], table))
    if not looked:
        return None
    shown = looked[:1] if len(looked) == 1 else [looked[0], looked[-1]]
    populations = [rails["population"] for rails in shown[0][1]["rails"]]
    head = tag("tr", tag("th"), *(tag("th", f"epoch {epoch:g}") for epoch, _ in shown))
    rows = [
        tag(
            "tr",
            tag("th", name, " between its rails", class_="text"),
            *(tag("td", _between(table, k)) for _, table in shown),
        )
        for k, name in enumerate(populations)
    ]
    for words, key in (
        ("inputs with a second fixed point", "second"),
        ("residual after the free phase", "residual"),
        ("gain of the loop", "loop_gain"),
    ):
        cells = []
        for _, table in shown:
            value: float = table[key]  # type: ignore[literal-required]
            cells.append(tag("td", percent(value, 0) if key == "second" else f"{value:.2g}"))
        rows.append(tag("tr", tag("th", words, class_="text"), *cells))
    grid = tag("table", tag("thead", head), tag("tbody", *rows), class_="figures")
    lead = (
        f"Of the first {shown[-1][1]['samples']} training samples. A neuron at 0 or 1 passes on no error. Where the "
        "gain of the loop between the populations is above 1, the same input may have a second fixed point, and the "
        "difference of two phases is then no gradient. Every epoch stands in report.json."
    )
    return section("Can it learn?", tag("div", grid, class_="scroll"), about=lead)


def _between(table: DiagnosisTable, k: int) -> str:
    rails = table["rails"][k]
    low, high = percent(rails["low"], 0), percent(rails["high"], 0)
    between = round(1 - rails["low"] - rails["high"], 9)  # 1 − 0.9 − 0.1 is no neuron
    return f"{percent(between, 0)} ({low} at 0, {high} at 1)"
