"""The die of an analog run: its spread, how it settled, and how good its learning signal was."""

from __future__ import annotations

from functools import partial
from typing import Any

from neurochip.analog.location_table import location_words
from neurochip.analog.supply_table import drop_words
from neurochip.report.figures import COLOURS, Chart, Curve, plot
from neurochip.report.markup import Content, Markup, tag
from neurochip.report.quantities import decimal, percent, quantity
from neurochip.report.schema import Document
from neurochip.report.sections.frame import grid, row, section

__all__ = ["alignment_chart", "analog"]


def analog(document: Document) -> Markup | None:
    """Return what is known of the die; `None` on other substrates."""
    table = document.get("analog")
    if table is None:
        return None
    die = table["die"]
    lead = (
        f"Die {die['digest']} ({die['origin']}). One step is {decimal(table['step'])} time constants of "
        f"{decimal(table['tau_us'])} µs; voltages and residuals are in full scales.{_rails(table)}"
    )
    return section(
        "Die",
        *(tag("p", sentence, class_="note") for sentence in table["warnings"]),
        tag("div", _mismatch(table), _curves(table), class_="columns wide-left"),
        _cells(table),
        _epochs(table),
        about=lead,
    )


def _rails(table: dict[str, Any]) -> str:
    """Return how far voltages went, beside how far they may, in words."""
    rails = table.get("rails")
    if rails is None:
        return ""
    seen = table["epochs"][-1].get("rails", {}) if table["epochs"] else {}
    went = ""
    if seen:
        volts = max(phase["furthest"] for phase in seen.values()) * rails["full_scale_v"]
        share = max(phase["beyond"] for phase in seen.values())
        went = (
            f" In the last epoch they went up to {quantity(volts, 'V')} from rest; {percent(share, 1)} of the "
            "voltages of a phase, at most, lay beyond the rails."
        )
    return (
        f" One full scale is {quantity(rails['full_scale_v'], 'V')}, and a supply of {decimal(rails['supply_v'])} V "
        f"leaves {decimal(rails['headroom'])} of them to each side of rest.{went}"
    )


def _mismatch(table: dict[str, Any]) -> Markup:
    rows = [
        row(
            spread["kind"].replace("_", " "),
            spread["law"],
            "–" if spread["asked"] is None else decimal(spread["asked"]),
            decimal(spread["drawn"]),
            spread["origin"],
        )
        for spread in table["mismatch"]
    ]
    caption: list[Content] = [
        "Drawn once for this die. σ of a log-normal law is that of the logarithm; offsets of neurons are in full "
        "scales, of synapses in standard deviations of Glorot's weights."
    ]
    if table.get("location") is not None:
        caption.append(f" {location_words(table['location'])}")
    if table.get("supply_lines") is not None:
        caption.append(f" {drop_words(table['supply_lines'])}")
    process = table["process"]
    if process is not None:
        devices = "one transistor" if process["convention"] == "single" else "a difference of two"
        caption.append(
            f" {process['name']} ({process['evidence']}): {process['coefficients']} of one transistor; published as "
            f"{process['as_published']}; {process['source']}. σ is that of {devices}."
        )
    names = ("device", "law", "σ asked", "σ drawn", "from")
    return tag("figure", grid(names, rows), tag("figcaption", *caption))


def _cells(table: dict[str, Any]) -> Markup | None:
    cells = table.get("cells")
    if cells is None:
        return None
    rows = [
        row(
            cell["name"],
            cell["kind"],
            decimal(cell["count"]),
            "–"
            if cell["gate_m"] is None
            else " × ".join(decimal(1e6 * side) for side in cell["gate_m"]) + " µm",
            "–" if cell["current_a"] is None else quantity(cell["current_a"], "A"),
            "–" if cell["inversion"] is None else decimal(cell["inversion"]),
            f"{decimal(1e12 * cell['area_m2'])} µm²",
            f"{cell['source']} ({cell['evidence']})",
        )
        for cell in cells["cells"]
    ]
    times = [
        f"{quantity(seconds, 's')} to {'learn from' if what == 'training' else 'classify'} a sample"
        for what, seconds in cells["seconds"].items()
    ]
    last, tau = table["epochs"][-1] if table["epochs"] else {}, 1e-6 * table["tau_us"]
    for key, where in (("settle_time", "from rest"), ("nudged_settle_time", "nudged")):
        rest = last.get(key)
        if rest is not None:
            times.append(
                f"after the last epoch the circuit itself takes {quantity(rest['median'] * tau, 's')} (median "
                f"of the samples looked at) and {quantity(rest['largest'] * tau, 's')} (longest) {where} until it "
                "stays within 1 % of full scale of its end, whatever the step of the run"
            )
    caption = (
        f"Cells of {cells['name']}: {decimal(1e6 * cells['area_m2'])} mm² without wires; a full-scale current is "
        f"{quantity(cells['full_scale_current_a'], 'A')}, and all tails together take at most "
        f"{quantity(cells['largest_power_w'], 'W')} from {decimal(cells['supply_v'])} V. {'; '.join(times)}."
    )
    names = ("cell", "kind", "count", "gate", "full-scale current", "inversion", "area", "from")
    return tag("figure", grid(names, rows), tag("figcaption", caption))


def alignment_chart(table: dict[str, Any]) -> Chart | None:
    """Return cosine and alignment after every epoch; `None` where they were not measured."""
    epochs = [epoch for epoch in table["epochs"] if "alignment" in epoch]
    if not epochs:
        return None
    curve = partial(Curve.through, x_label="epoch", words=decimal)
    curves = []
    if any(epoch.get("cosine_all") is not None for epoch in epochs):
        points = [(e["epoch"], e["cosine_all"]) for e in epochs if e.get("cosine_all") is not None]
        curves.append(curve("cos(ν, −∂J/∂W), all weights", points, 0))
    for colour, pair in enumerate(epochs[0]["alignment"], start=1):
        points = [(e["epoch"], e["alignment"][pair]) for e in epochs if e["alignment"].get(pair) is not None]
        curves.append(curve(f"alignment {pair}", points, colour % COLOURS))
    about = "Cosine of learning signal and gradient, and alignment of weights"
    return Chart("Alignment", "epoch", "", curves, levels=[(0.0, "")], about=about)


def _curves(table: dict[str, Any]) -> Markup | None:
    chart = alignment_chart(table)
    if chart is None:
        return None
    caption = (
        "Cosine of what the rule follows and the gradient, by exact solves at the fixed points of some training "
        "samples; alignment tr(W W′)/(‖W‖‖W′‖) of each pair of opposite weights."
    )
    return tag("figure", plot(chart), tag("figcaption", caption))


def _epochs(table: dict[str, Any]) -> Markup | None:
    if not table["epochs"]:
        return None
    pairs = list(table["epochs"][0].get("cosine", {}))
    names = ["epoch", "free unsettled", "mean residual", "largest", "dead classes", "clipped hidden"]
    names += [f"cos {pair}" for pair in pairs]
    names += ["‖J−Jᵀ‖/‖J+Jᵀ‖", "abscissa × τ"] if pairs else []
    rows = []
    for epoch in table["epochs"]:
        free = epoch["settling"].get("free")
        cells = [
            f"{epoch['epoch']}",
            "–" if free is None else percent(free["unsettled"], 1),
            "–" if free is None else decimal(free["mean_residual"]),
            "–" if free is None else decimal(free["largest_residual"]),
            ", ".join(map(str, epoch["dead"])) or "none" if "dead" in epoch else "–",
            percent(epoch["clipped"], 0) if "clipped" in epoch else "–",
            *(_number(epoch.get("cosine", {}).get(pair)) for pair in pairs),
        ]
        if pairs:
            cells += [_number(epoch.get("asymmetry")), _number(epoch.get("spectral_abscissa"))]
        rows.append(tag("tr", *(tag("td", cell) for cell in cells)))
    return tag("details", tag("summary", "After each epoch"), grid(names, rows))


def _number(value: float | None) -> str:
    return "–" if value is None else decimal(value)
