"""The mesh with its links, each as dark as the flits that crossed it: own SVG, in the page's colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neurochip.report.markup import Content, Markup, tag
from neurochip.report.quantities import decimal, exact, percent
from neurochip.report.schema import ChipTable, CoreTimeTable, LinkTable, QueueTable

__all__ = ["flow", "link_map", "shown_places"]

_PITCH = 60  # from tile to tile, in the map's own units
_SIDE = 34  # of a tile
_ASIDE = 7  # of a link from the line between two tiles: each direction has its own
_STEP = {"east": (1, 0), "west": (-1, 0), "north": (0, -1), "south": (0, 1)}


def link_map(
    chip: ChipTable,
    links: Sequence[LinkTable],
    queues: Sequence[QueueTable],
    cores: Sequence[CoreTimeTable],
) -> Markup:
    """Return the tiles of a chip, their links shaded by load and their cores by how busy they were."""
    width, height = _shown(chip, links)
    most = max((link["load"] for link in links), default=0.0)
    there = {(link["x"], link["y"], link["direction"]): link for link in links}
    waiting = {(queue["x"], queue["y"]): queue for queue in queues}
    busy = {core["site"]: core for core in cores}
    drawn: list[Content] = []
    for x in range(width):
        for y in range(height):
            for direction, (step_x, step_y) in _STEP.items():
                if 0 <= x + step_x < width and 0 <= y + step_y < height:
                    drawn.append(_link(x, y, direction, there.get((x, y, direction)), most))
    for x in range(width):
        for y in range(height):
            if x * chip["height"] + y < chip["tiles"]:
                drawn.append(_tile(x, y, chip, busy, waiting.get((x, y))))
    picture = tag(
        "svg",
        *drawn,
        viewBox=f"0 0 {width * _PITCH} {height * _PITCH}",
        class_="links",
        style=f"max-width:{min(560, 92 * width)}px",
        role="img",
        aria_label=f"Load of {len(links)} links; at most {decimal(most)} flits per cycle",
    )
    return tag("figure", picture, _legend(most))


def _shown(chip: ChipTable, links: Sequence[LinkTable]) -> tuple[int, int]:
    places = [(core["x"], core["y"]) for core in chip["layout"]]
    return shown_places(chip, [*places, *((link["x"], link["y"]) for link in links)])


def shown_places(chip: ChipTable, places: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return how much of the mesh is drawn: the corner in use and one tile more."""
    far_x, far_y = (max((place[axis] for place in places), default=0) for axis in (0, 1))
    return min(chip["width"], max(far_x + 2, 4)), min(chip["height"], max(far_y + 2, 4))


def _link(x: int, y: int, direction: str, link: LinkTable | None, most: float) -> Markup:
    words = f"({x}, {y}) {direction}: "
    words += (
        "no flits" if link is None else f"{exact(link['flits'])} flits, {decimal(link['load'])} per cycle"
    )
    share = None if link is None else link["load"] / most if most else 0.0
    return flow((x, y), _STEP[direction], words, share)


def flow(
    at: tuple[int, int], step: tuple[int, int], words: str, share: float | None, side: int = _SIDE
) -> Markup:
    """Return the arrow of a link from a tile, as dark as its ``share`` of the largest load; `None`: none at all."""
    step_x, step_y = step
    left = (at[0] + 0.5) * _PITCH + step_x * (side / 2 + 2) - step_y * _ASIDE
    top = (at[1] + 0.5) * _PITCH + step_y * (side / 2 + 2) + step_x * _ASIDE
    length = _PITCH - side - 4
    right, bottom = left + step_x * length, top + step_y * length
    # An arrow: a shaft, and a head at the far end.
    neck_x, neck_y = right - step_x * 6, bottom - step_y * 6
    head = (
        f"{right:.1f},{bottom:.1f} {neck_x - step_y * 4.5:.1f},{neck_y + step_x * 4.5:.1f} "
        f"{neck_x + step_y * 4.5:.1f},{neck_y - step_x * 4.5:.1f}"
    )
    return tag(
        "g",
        tag("title", words),
        tag("line", x1=round(left, 1), y1=round(top, 1), x2=round(neck_x, 1), y2=round(neck_y, 1)),
        tag("polygon", points=head),
        class_="flow" if share is not None else "flow still",
        style=None if share is None else f"--a:{share:.3f}",
    )


def _tile(
    x: int, y: int, chip: ChipTable, busy: Mapping[int, CoreTimeTable], queue: QueueTable | None
) -> Markup:
    per_tile = chip["cores_per_tile"]
    across = 1
    while across * across < per_tile:
        across += 1
    left, top = (x + 0.5) * _PITCH - _SIDE / 2, (y + 0.5) * _PITCH - _SIDE / 2
    side = (_SIDE - 4) / across
    words = f"tile ({x}, {y})"
    if queue is not None:
        words += f": at most {queue['max']} flits in a queue, {decimal(queue['mean'])} in all on average"
    drawn: list[Content] = [
        tag("title", words),
        tag("rect", x=round(left, 1), y=round(top, 1), width=_SIDE, height=_SIDE, rx=4, class_="tile"),
    ]
    for place in range(per_tile):
        core = busy.get((x * chip["height"] + y) * per_tile + place)
        at_x, at_y = left + 2 + side * (place % across), top + 2 + side * (place // across)
        box = {"x": round(at_x + 0.7, 2), "width": round(side - 1.4, 2), "rx": 2}
        if core is None:
            drawn.append(
                tag("rect", y=round(at_y + 0.7, 2), height=round(side - 1.4, 2), class_="idle", **box)
            )
            continue
        full = side - 1.4
        high, waits = full * core["busy"], full * core["stalled"]
        words = f"core {core['site']}: busy {percent(core['busy'], 1)}, stalled {percent(core['stalled'], 1)}"
        bottom = at_y + 0.7 + full
        drawn.append(
            tag(
                "g",
                tag("title", f"{words}, idle {percent(core['idle'], 1)}"),
                tag("rect", y=round(at_y + 0.7, 2), height=round(full, 2), class_="resting", **box),
                tag("rect", y=round(bottom - high, 2), height=round(high, 2), class_="working", **box),
                tag(
                    "rect", y=round(bottom - high - waits, 2), height=round(waits, 2), class_="waiting", **box
                ),
            )
        )
    return tag("g", *drawn)


def _legend(most: float) -> Markup:
    scale = tag("span", "0 ", tag("i", class_="ramp"), f" {decimal(most)} flits per link and cycle")
    states = [
        tag("span", tag("i", class_=f"box {name}"), words)
        for name, words in (("working", "busy"), ("waiting", "stalled"), ("resting", "idle"))
    ]
    return tag("figcaption", scale, *states, class_="keys")
