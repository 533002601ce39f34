"""Hot spots: the mesh with the load of its links and cores, and the busiest of both as numbers."""

from __future__ import annotations

from neurochip.report.markup import Content, Markup, join, tag
from neurochip.report.mesh_plot import flow, shown_places
from neurochip.report.mesh_schema import MappingTable, MeshCore, MeshTable
from neurochip.report.quantities import decimal, exact, percent, quantity, ratio
from neurochip.report.schema import ChipTable
from neurochip.report.sections.frame import grid, row, section

__all__ = ["mesh", "mesh_map"]

_PITCH, _SIDE = 60, 38  # from tile to tile, and the side of one, in the map's own units
_MOST = 8  # links and cores that are listed
_STEP = {"east": (1, 0), "west": (-1, 0), "north": (0, -1), "south": (0, 1)}


def mesh(table: MeshTable | None, chip: ChipTable, mapping: MappingTable | None = None) -> Markup | None:
    """Return map and tables; `None` where the links' load is not known, or nothing was sent."""
    if table is None or not table["cores"]:
        return None
    per = table["per"]
    links = sorted(table["links"], key=lambda link: -link["flits"])
    rows = [
        row(
            f"({link['x']}, {link['y']}) {link['direction']}",
            exact(link["flits"]),
            f"{decimal(link['load'])}",
        )
        for link in links[:_MOST]
    ]
    cores = sorted(table["cores"], key=lambda core: -core["sops"])
    busy = [
        row(
            f"{core['site']}",
            f"{core['x']}, {core['y']}",
            percent(core["share"], 1),
            quantity(core["sops"]),
            quantity(core["packets_received"]),
            quantity(core["packets_sent"]),
        )
        for core in cores[:_MOST]
    ]
    total = sum(link["flits"] for link in links)
    lead = (
        f"{exact(total)} flits over {len(links)} links"
        + (f", {percent(links[0]['flits'] / total, 1)} of them over the busiest" if total else "")
        + f"; the busiest of {len(cores)} cores does {percent(cores[0]['share'], 1)} of the synaptic operations. "
        "Arrows are as dark as their load, cores as their share of the operations; numbers are those of cores."
    )
    figures = tag(
        "div",
        tag("figure", mesh_map(table, chip)),
        tag(
            "div",
            tag("h3", "Busiest links"),
            grid(("link", "flits", f"flits a {per}"), rows) if rows else tag("p", "No link was crossed."),
            tag("h3", "Busiest cores"),
            grid(("core", "tile", "share", "SOPs", "packets in", "packets out"), busy),
        ),
        class_="columns",
    )
    return section("Hot spots", figures, None if mapping is None else _mapping(mapping), about=lead)


_COSTS = {
    "hops": "links crossed",
    "balance": "SOPs of the busiest core",
    "cut": "packets to other cores",
    "busiest_link": "flits over the busiest link",
    "cores": "cores in use",
}


def _mapping(table: MappingTable) -> Markup:
    """Return what a placement costs, beside the one before."""
    before, after = table.get("before", {}), table.get("after", {})
    rows = []
    for name, words in _COSTS.items():
        if name not in after:
            continue
        cells: list[Content] = [exact(before[name])] if name in before else []
        cells.append(exact(after[name]))
        if name in before:
            cells.append(ratio(after[name], before[name]) if before[name] else "–")
        made_small = join([words, " ", tag("small", "made small")])
        rows.append(row(made_small if name == table["objective"] else words, *cells))
    heads = ("", "before", "after", "") if before else ("", "here")
    how = f"Placed to make {table['objective']} small: {table['method']}."
    if table["file"]:
        how = f"Placed by {table['file']}."
    where = "Where each neuron stands is in placement.csv."
    if "samples" in table:
        where = (
            f"What crosses is that of {table['samples']} training samples, shown to the first weights before "
            "anything was learnt. Where each core stands is in run.toml, under placement."
        )
    about = tag("p", f"{how} {where}", class_="lead")
    return tag("div", tag("h3", "Placement"), about, grid(heads, rows))


def mesh_map(table: MeshTable, chip: ChipTable) -> Markup:
    """Return the tiles of a chip, their links shaded by flits and their cores by synaptic operations."""
    places = [(core["x"], core["y"]) for core in table["cores"]]
    places += [(link["x"], link["y"]) for link in table["links"]]
    width, height = shown_places(chip, places)
    most = max((link["flits"] for link in table["links"]), default=0)
    there = {(link["x"], link["y"], link["direction"]): link for link in table["links"]}
    cores = {core["site"]: core for core in table["cores"]}
    full = max((core["sops"] for core in table["cores"]), default=0)
    drawn: list[Content] = []
    for x in range(width):
        for y in range(height):
            for direction, (step_x, step_y) in _STEP.items():
                if not (0 <= x + step_x < width and 0 <= y + step_y < height):
                    continue
                link = there.get((x, y, direction))
                words = f"({x}, {y}) {direction}: " + (
                    "no flits"
                    if link is None
                    else f"{exact(link['flits'])} flits, {decimal(link['load'])} a {table['per']}"
                )
                share = None if link is None else link["flits"] / most
                drawn.append(flow((x, y), (step_x, step_y), words, share, side=_SIDE))
    for x in range(width):
        for y in range(height):
            if x * chip["height"] + y < chip["tiles"]:
                drawn.append(_tile(x, y, chip, cores, full))
    legend = tag(
        "figcaption",
        tag("span", "0 ", tag("i", class_="ramp"), f" {exact(most)} flits over a link"),
        tag("span", "0 ", tag("i", class_="ramp cores"), f" {quantity(full)} SOPs on a core"),
        class_="keys",
    )
    picture = tag(
        "svg",
        *drawn,
        viewBox=f"0 0 {width * _PITCH} {height * _PITCH}",
        class_="links",
        style=f"max-width:{min(640, 100 * width)}px",
        role="img",
        aria_label=f"Flits over {len(table['links'])} links, at most {exact(most)}; load of {len(cores)} cores",
    )
    return Markup(picture + legend)


def _tile(x: int, y: int, chip: ChipTable, cores: dict[int, MeshCore], full: int) -> Markup:
    per_tile = chip["cores_per_tile"]
    across = 1
    while across * across < per_tile:
        across += 1
    left, top = (x + 0.5) * _PITCH - _SIDE / 2, (y + 0.5) * _PITCH - _SIDE / 2
    side = (_SIDE - 4) / across
    drawn: list[Content] = [
        tag("rect", x=round(left, 1), y=round(top, 1), width=_SIDE, height=_SIDE, rx=4, class_="tile")
    ]
    for place in range(per_tile):
        site = (x * chip["height"] + y) * per_tile + place
        core = cores.get(site)
        at_x, at_y = left + 2 + side * (place % across), top + 2 + side * (place // across)
        box = {
            "x": round(at_x + 0.7, 2),
            "y": round(at_y + 0.7, 2),
            "width": round(side - 1.4, 2),
            "height": round(side - 1.4, 2),
            "rx": 2,
        }
        number = tag(
            "text",
            site,
            x=round(at_x + side / 2, 2),
            y=round(at_y + side / 2, 2),
            font_size=round(min(11, side * 0.42), 1),
            class_="of-core" if core is not None else "of-core unused",
        )
        if core is None:
            drawn += [tag("rect", class_="idle", **box), number]
            continue
        words = (
            f"core {site}: {percent(core['share'], 1)} of the operations, {exact(core['sops'])} SOPs, "
            f"{exact(core['packets_received'])} packets in, {exact(core['packets_sent'])} out"
        )
        shade = f"--a:{core['sops'] / full if full else 0:.3f}"
        drawn.append(tag("g", tag("title", words), tag("rect", class_="hot", style=shade, **box), number))
    return tag("g", *drawn)
