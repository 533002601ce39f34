"""The chip: which core holds what, and how full it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurochip.description.chip import MOST_CORES
from neurochip.errors import DataError
from neurochip.report.markup import Content, Markup, tag
from neurochip.report.quantities import exact, memory, percent, quantity
from neurochip.report.schema import ChipTable, CoreTable, Document
from neurochip.report.sections.frame import section
from neurochip.report.utilisation import utilisation

__all__ = ["chip"]

_TILE = 20  # side of a tile in the map's own units
_GAP = 2
_COLOURS = 8


def chip(document: Document) -> Markup | None:
    """Return map and table of the cores; `None` on a substrate that has none."""
    table = document["chip"]
    if not table["layout"]:
        return None
    names = list(dict.fromkeys(core["population"] for core in table["layout"]))
    colours = {name: position % _COLOURS for position, name in enumerate(names)}
    n_cores = table["tiles"] * table["cores_per_tile"]
    if not 0 < n_cores <= MOST_CORES or table["tiles"] != table["width"] * table["height"]:
        raise DataError(
            "chip", f"has {table['tiles']} tiles of {table['cores_per_tile']} cores, which no chip has"
        )
    limited = any(limit is not None for limit in table["limits"].values())
    lead = (
        f"{table['name']}: {len(table['layout'])} of {exact(n_cores)} cores in use, on a mesh of "
        f"{table['width']} × {table['height']} tiles. Each core has the colour of its population"
    )
    lead += " and is filled as high as its most used resource." if limited else "; this chip has no limits."
    cores = _cores(table, colours, _activity(document))
    body = tag(
        "div", tag("figure", _map(table, colours)), _legend(document, colours), class_="columns beside-map"
    )
    return section("Chip", body, cores, about=lead)


def _activity(document: Document) -> dict[int, dict[str, int]]:
    """Return spikes sent and synaptic operations of each core, over all phases."""
    sums: dict[int, dict[str, int]] = {}
    for phase in document["counters"].values():
        for site, counts in phase["cores"].items():
            into = sums.setdefault(int(site), {"spikes_sent": 0, "sops": 0})
            for counter in into:
                into[counter] += counts.get(counter, 0)
    return sums


def _map(table: ChipTable, colours: Mapping[str, int]) -> Markup:
    by_site = {core["site"]: core for core in table["layout"]}
    per_tile = table["cores_per_tile"]
    across = 1
    while across * across < per_tile:
        across += 1
    side = (_TILE - 2 * _GAP) / across
    drawn: list[Content] = []
    for tile in range(table["tiles"]):
        x, y = divmod(tile, table["height"])
        drawn.append(
            tag(
                "rect",
                x=x * _TILE + 1,
                y=y * _TILE + 1,
                width=_TILE - 2,
                height=_TILE - 2,
                rx=2,
                class_="tile",
            )
        )
        for place in range(per_tile):
            core = by_site.get(tile * per_tile + place)
            left = x * _TILE + _GAP + side * (place % across)
            top = y * _TILE + _GAP + side * (place // across)
            drawn.append(_core(core, left, top, side, table, colours))
    return tag(
        "svg",
        *drawn,
        viewBox=f"0 0 {table['width'] * _TILE} {table['height'] * _TILE}",
        class_="map",
        role="img",
        aria_label=f"{len(by_site)} cores in use on a mesh of {table['width']} by {table['height']} tiles",
    )


def _core(
    core: CoreTable | None,
    left: float,
    top: float,
    side: float,
    table: ChipTable,
    colours: Mapping[str, int],
) -> Markup:
    inset = side - 0.8
    x, y = round(left + 0.4, 2), round(top + 0.4, 2)
    if core is None:
        return tag("rect", x=x, y=y, width=round(inset, 2), height=round(inset, 2), rx=1, class_="idle")
    shares = utilisation(core, table["limits"])
    what, share = max(shares.items(), key=lambda entry: entry[1], default=("", 1.0))
    high = inset * min(1.0, share)
    words = f"core {core['site']}: {core['population']} {core['first']}–{core['last'] - 1}"
    words += f", {what} {percent(share, 0)}" if what else ""
    colour = colours[core["population"]]
    return tag(
        "g",
        tag("title", words),
        tag("rect", x=x, y=y, width=round(inset, 2), height=round(inset, 2), rx=1, class_=f"core f{colour}"),
        tag(
            "rect",
            x=x,
            y=round(y + inset - high, 2),
            width=round(inset, 2),
            height=round(high, 2),
            rx=1,
            class_=f"full f{colour}",
        ),
    )


def _legend(document: Document, colours: Mapping[str, int]) -> Markup:
    """Return what each population takes up and does."""
    table, activity = document["chip"], _activity(document)
    joules = document["energy_j"]["by_population"]

    def did(counter: str, cores: Sequence[CoreTable]) -> int:
        return sum(activity.get(core["site"], {}).get(counter, 0) for core in cores)

    rows = []
    for name, colour in colours.items():
        cores = [core for core in table["layout"] if core["population"] == name]
        rows.append(
            tag(
                "tr",
                tag("th", tag("i", class_=f"swatch b{colour}"), name),
                tag("td", len(cores)),
                tag("td", exact(sum(core["neurons"] for core in cores))),
                tag("td", memory(sum(core["synapse_bits"] for core in cores))),
                tag("td", quantity(did("spikes_sent", cores))),
                tag("td", quantity(did("sops", cores))),
                tag("td", quantity(joules.get(name, 0.0), "J")) if joules else None,
            )
        )
    names = ("population", "cores", "neurons", "synapses", "spikes sent", "SOPs", "energy")
    head = tag("tr", *(tag("th", name) for name in (names if joules else names[:-1])))
    grid = tag("table", tag("thead", head), tag("tbody", *rows), class_="figures")
    return tag("div", tag("div", grid, class_="scroll"))


def _cores(table: ChipTable, colours: Mapping[str, int], activity: Mapping[int, Mapping[str, int]]) -> Markup:
    columns = (
        ("neurons", "neurons", exact),
        ("synapse memory", "synapse_bits", memory),
        ("state memory", "state_bits", memory),
        ("axons in", "input_axons", exact),
        ("axons out", "output_axons", exact),
    )
    head = tag(
        "tr",
        *(tag("th", name) for name in ("core", "tile", "population")),
        *(tag("th", words) for words, _, _ in columns),
        *(tag("th", name) for name in ("spikes sent", "SOPs")),
    )
    rows = []
    for core in table["layout"]:
        amounts: Mapping[str, Any] = core
        shares = utilisation(amounts, table["limits"])
        did = activity.get(core["site"], {})
        rows.append(
            tag(
                "tr",
                tag("th", core["site"]),
                tag("td", f"{core['x']}, {core['y']}"),
                tag(
                    "td",
                    tag("i", class_=f"swatch b{colours[core['population']]}"),
                    core["population"],
                    " ",
                    tag("small", f"{core['first']}–{core['last'] - 1}"),
                    class_="text",
                ),
                *(_filled(words(amounts[key]), shares.get(name)) for name, key, words in columns),
                tag("td", quantity(did.get("spikes_sent", 0))),
                tag("td", quantity(did.get("sops", 0))),
            )
        )
    grid = tag("table", tag("thead", head), tag("tbody", *rows), class_="figures")
    return tag(
        "details",
        tag("summary", f"All {len(rows)} cores: what each holds and did"),
        tag("div", grid, class_="scroll"),
    )


def _filled(words: str, share: float | None) -> Markup:
    """Return a cell whose ground shows the share in use."""
    if share is None:
        return tag("td", words)
    gauge = f"--p:{min(100.0, 100 * share):.1f}%"
    return tag("td", words, " ", tag("small", percent(share, 0)), class_="gauge", style=gauge)
