"""What each core did in each tick of a presentation: stacked areas, one strip for each core."""

from __future__ import annotations

from collections.abc import Sequence

from neurochip.report.axes import round_ticks
from neurochip.report.markup import Content, Markup, tag
from neurochip.report.quantities import exact, percent
from neurochip.report.schema import CoreTable, TimelineTable

__all__ = ["core_timeline"]

_MOST = 24  # strips; of more cores those are drawn that were least idle
_BOX = 100


def core_timeline(timeline: TimelineTable, layout: Sequence[CoreTable]) -> Markup:
    """Return the strips, above them the cycles that each tick took, below them the ticks."""
    cycles = timeline["cycles"]
    n, whole = len(cycles), max(sum(cycles), 1)
    rows = []
    for core, busy, stalled in zip(layout, timeline["busy"], timeline["stalled"], strict=True):
        rows.append((core, busy, stalled, sum(busy) + sum(stalled)))
    shown = sorted(rows, key=lambda row: -row[3])[:_MOST]
    chosen = {row[0]["site"] for row in shown}
    strips: list[Content] = [*_cycles(cycles, timeline["n_free"])]
    for core, busy, stalled, _ in rows:
        if core["site"] not in chosen:
            continue
        name = tag("div", tag("span", f"core {core['site']}"), tag("small", core["population"]), class_="who")
        words = (
            f"core {core['site']}, {core['population']}: busy {percent(sum(busy) / whole, 1)}, "
            f"stalled {percent(sum(stalled) / whole, 1)} of the presentation"
        )
        picture = tag(
            "svg",
            tag("title", words),
            tag("polygon", points=_area(busy, [0.0] * n, cycles), class_="working"),
            tag("polygon", points=_area(stalled, busy, cycles), class_="waiting"),
            viewBox=f"0 0 {n} {_BOX}",
            preserveAspectRatio="none",
            role="img",
            aria_label=words,
        )
        strips += [name, tag("div", picture, _boundary(timeline["n_free"], n), class_="strip")]
    marks = [
        tag("span", f"{t:g}", style=f"left:{100 * (t - 0.5) / n:.2f}%") for t in round_ticks(1, n) if t >= 1
    ]
    strips += [tag("div"), tag("div", *marks, class_="ticks"), tag("div"), tag("div", "tick", class_="name")]
    more = "" if len(rows) <= _MOST else f" The {_MOST} of {len(rows)} cores that were least idle."
    caption = tag(
        "figcaption",
        *(
            tag("span", tag("i", class_=f"box {style}"), word)
            for style, word in (("working", "busy"), ("waiting", "stalled"), ("resting", "idle"))
        ),
        tag("span", f"share of each tick; barriers are idle.{more}"),
        class_="keys",
    )
    return tag("figure", tag("div", *strips, class_="timeline"), caption)


def _area(values: Sequence[float], below: Sequence[float], cycles: Sequence[int]) -> str:
    """Return the outline of a stepped area over another, as shares of each tick."""
    upper, lower = [], []
    for t, (value, base, whole) in enumerate(zip(values, below, cycles, strict=True)):
        low = _BOX * (1 - base / max(whole, 1))
        high = _BOX * (1 - (base + value) / max(whole, 1))
        upper += [f"{t},{high:.1f}", f"{t + 1},{high:.1f}"]
        lower += [f"{t},{low:.1f}", f"{t + 1},{low:.1f}"]
    return " ".join(upper + lower[::-1])


def _cycles(cycles: Sequence[int], n_free: int) -> list[Markup]:
    most, n = max(cycles, default=1), len(cycles)
    picture = tag(
        "svg",
        tag("title", f"at most {exact(most)} cycles in a tick"),
        tag("polygon", points=_area([float(c) for c in cycles], [0.0] * n, [most] * n), class_="long"),
        viewBox=f"0 0 {n} {_BOX}",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"cycles of each tick, at most {most}",
    )
    name = tag("div", tag("span", "cycles"), tag("small", f"≤ {exact(most)}"), class_="who")
    heads = [tag("span", "free", style=f"width:{100 * min(n_free, n) / max(n, 1):.2f}%")]
    if n_free < n:
        heads.append(tag("span", "nudged"))
    return [
        tag("div"),
        tag("div", *heads, class_="phases"),
        name,
        tag("div", picture, _boundary(n_free, n), class_="strip tall"),
    ]


def _boundary(n_free: int, n: int) -> Markup | None:
    return tag("s", style=f"left:{100 * n_free / n:.2f}%") if 0 < n_free < n else None
