"""The page of a replay: what its traffic costs, and when; opens offline, loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from neurochip.report.bars import Bar, log_bars
from neurochip.report.figures import Chart, Curve, plot
from neurochip.report.markup import Markup, join, tag
from neurochip.report.page import page, page_head, versions_list
from neurochip.report.quantities import decimal, duration, exact, percent, quantity
from neurochip.report.replay_document import ReplayDocument
from neurochip.report.replay_numbers import membranes_line, quantisation_lines
from neurochip.report.schema import Document
from neurochip.report.sections.chip import chip
from neurochip.report.sections.energy import energy
from neurochip.report.sections.frame import card, section
from neurochip.report.sections.inference import accuracy_card, inference, neurobench
from neurochip.report.sections.mesh import mesh
from neurochip.report.sections.provenance import elements
from neurochip.report.sections.spikes import Panel, busiest, name_of, raster_figure
from neurochip.spikes import Spikes

__all__ = ["CODINGS", "replay_page", "ticks_chart"]

CODINGS = (
    ("symbols", "1 bit per neuron and tick"),
    ("spikes", "the ones among them"),
    ("aer", "address + header"),
    ("bitmap", "frame per tick"),
)
_MOST_POINTS = 500  # of a curve; more ticks are averaged
_MOST_TICKS = 600  # of the raster that is drawn


def replay_page(document: ReplayDocument, spikes: Sequence[Spikes]) -> str:
    """Return the text of the page."""
    # The sections on energy and on the chip read only what both kinds of document have.
    shared = cast(Document, document)
    return page(
        document["name"],
        _headline(document),
        inference(document.get("inference")),
        _bits(document),
        energy(shared),
        _per_tick(document),
        mesh(document.get("mesh"), document["chip"], document.get("mapping")),
        _raster(document, spikes),
        chip(shared),
        _provenance(document),
    )


def _headline(document: ReplayDocument) -> Markup:
    totals, time, joules = document["totals"], document["time"], document["energy_j"]
    sizes = "-".join(str(size) for _, size in document["layers"])
    facts = [
        f"[{sizes}]",
        document["hardware"]["weight_format"],
        f"on {document['chip']['name']}",
        time["started"].replace("T", " ")[:16] + " UTC",
        f"neurochip {document['versions'].get('neurochip', '?')}",
    ]
    ticks = time["ticks"]
    firing = document["bits"]["spikes"] / max(1, document["bits"]["symbols"])
    shown = document.get("inference")
    cards = [
        *([] if shown is None else [accuracy_card(shown)]),
        card(
            "Packets",
            quantity(totals["packets"]),
            f"in {exact(ticks)} ticks",
            "main" if shown is None else "",
        ),
        card(
            "Spikes", quantity(totals["spikes_sent"]), f"a neuron fires on {percent(firing, 1)} of its ticks"
        ),
        card("Hops", quantity(totals["hops"]), "links crossed, over all packets"),
        card("SOPs", quantity(totals["sops"]), f"{quantity(totals['sops'] / ticks)} per tick"),
    ]
    if joules["total"] is not None:
        per_tick = quantity(joules["total"] / ticks, "J")
        cards.append(
            card(
                "Energy",
                quantity(joules["total"], "J"),
                f"{per_tick} per tick; energies of {joules['energy_table']}",
            )
        )
    if time["seconds"] is not None and time["cycles"] is not None:
        about = f"{quantity(time['cycles'])} cycles, timing = {time['model']}"
        cards.append(card("Time", quantity(time["seconds"], "s"), about))
    cards.append(card("Emulation", duration(time["emulation_seconds"]), "of this computer"))
    about = f"Traffic of {document['file']}"
    if document["network"] is not None:
        about += f" on the network of {document['network']}"
    return page_head(document["name"], about, facts, tag("div", *cards, class_="cards"))


def _bits(document: ReplayDocument) -> Markup:
    bits = cast(dict[str, int], document["bits"])
    drawn = [
        Bar(
            label=join([tag("strong", name), " ", tag("small", about)]),
            value=bits[name],
            shown=quantity(bits[name], "bit"),
            aside=f"{quantity(bits[f'{name}_hops'], 'bit')} × links"
            + (f", {quantity(received, 'bit')} received" if received is not None else ""),
            style="b0",
        )
        for name, about in CODINGS
        for received in (bits.get(f"{name}_received"),)
    ]
    lead = (
        "The same spikes in every coding, as sent; logarithmic scale. Right: times the links that each bit crossed, "
        "and what all cores received."
    )
    return section("Bits", log_bars(drawn, unit="bit"), about=lead)


def ticks_chart(document: ReplayDocument) -> Chart | None:
    """Return the counts of each tick; `None` where nothing was sent."""
    series = document["per_tick"]
    shown = [name for name in ("packets", "hops", "sops", "cycles") if any(series.get(name, ()))]
    curves = [
        Curve("SOPs" if name == "sops" else name, *_averaged(series[name]), colour)
        for colour, name in enumerate(shown)
    ]
    if not curves:
        return None
    about = "packets, hops, synaptic operations and cycles of each tick"
    return Chart("Tick by tick", "tick", "counts of a tick", curves, log_y=True, about=about)


def _per_tick(document: ReplayDocument) -> Markup:
    chart = ticks_chart(document)
    if chart is None:
        return section("Tick by tick", tag("p", "No spike was sent.", class_="note"))
    details = _time_lines(document)
    return section(
        "Tick by tick", plot(chart), details, about="Counts of each tick; logarithmic scale, 0 at the floor."
    )


def _averaged(values: Sequence[int]) -> tuple[list[int], list[float]]:
    """Return ticks and values, each of so many ticks that a curve has few enough points."""
    width = -(-len(values) // _MOST_POINTS)
    ticks = list(range(0, len(values), width))
    return ticks, [float(np.mean(values[at : at + width])) for at in ticks]


def _time_lines(document: ReplayDocument) -> Markup | None:
    time = document["time"]
    latency = time["latency"]
    if latency is None or time["cycles"] is None:
        return None
    busy, stalled = percent(time["busy_share"], 1), percent(time["stalled_share"], 1)
    words = (
        f"{decimal(time['cycles'] / time['ticks'])} cycles per tick. Latency of a delivery: {latency['p50']:.0f} "
        f"cycles at the median, {latency['p95']:.0f} at 95 %, {latency['p99']:.0f} at 99 %, {latency['max']:.0f} at "
        f"most. The fullest queue held {time['queue_max']} flits, the busiest link carried "
        f"{quantity(time['link_max'] or 0)}. Cores in use were busy for {busy} of the cycles and waited for the "
        f"network for {stalled}."
    )
    return tag("p", words, class_="note")


def _raster(document: ReplayDocument, spikes: Sequence[Spikes]) -> Markup:
    shown = min(len(spikes[0]), _MOST_TICKS)
    rows: list[Panel] = []
    for position, ((name, size), layer) in enumerate(zip(document["layers"], spikes, strict=True)):
        bits, about = layer[:shown].array(), f"{exact(size)} neurons"
        if 0 < position < len(spikes) - 1:
            bits, about = busiest(bits), f"{exact(int(bits.any(axis=0).sum()))} of {exact(size)} fire"
        rows.append(Panel(name, name_of(name, about), bits))
    figure = tag("figure", raster_figure(rows, shown))
    lead = "Each column is a tick, each dot a spike; a row may stand for a few neighbours. "
    if shown < len(spikes[0]):
        lead += f"The first {shown} of {exact(len(spikes[0]))} ticks. "
    lead += "Hidden neurons are sorted by how often they fire; those that never do are left out."
    return section("Spikes", tag("div", figure, class_="rasters one"), about=lead)


def _provenance(document: ReplayDocument) -> Markup:
    neuron = document["neuron"]
    words = (
        "The spikes were taken as recorded: no neuron was updated, so no energy of neurons was counted."
        if neuron is None
        else f"The input was taken as recorded; all other spikes were computed ({neuron})."
    )
    words += f" Weights are stored as {document['weights']}."
    line = membranes_line(document)
    words += "" if line is None else f" They drive {line}."
    table: Any = document
    rounded = [tag("li", line) for line in quantisation_lines(document)]
    more = [tag("ul", *rounded)] if rounded else []
    more.append(neurobench(document.get("neurobench")) or Markup(""))
    return section("The replay", tag("p", words), *more, versions_list(document["versions"]), elements(table))
