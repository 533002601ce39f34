"""What each core did in each tick of a presentation: stacked areas, one strip for each core."""

from __future__ import annotations

from collections.abc import Sequence

from neurochip.report.axes import Axis
from neurochip.report.figures.plot import axis_data, axis_words, fitting_ticks
from neurochip.report.markup import Content, Markup, tag
from neurochip.report.quantities import exact, percent
from neurochip.report.schema import CoreTable, TimelineTable
from neurochip.report.sections.spikes import phase_heads

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
    axis = Axis(0.5, n + 0.5, whole=True)
    nudged = timeline["n_free"] if 0 < timeline["n_free"] < n else None
    strips: list[Content] = [*phase_heads(axis, nudged), *_cycles(cycles, nudged)]
    for core, busy, stalled, _ in rows:
        if core["site"] not in chosen:
            continue
        name = tag("div", tag("span", f"core {core['site']}"), tag("small", core["population"]), class_="who")
        words = (
            f"core {core['site']}, {core['population']}: busy {percent(sum(busy) / whole, 1)}, "
            f"stalled {percent(sum(stalled) / whole, 1)} of the presentation"
        )
        taken = [a + b for a, b in zip(busy, stalled, strict=True)]
        picture = tag(
            "svg",
            tag("title", words),
            tag("path", d=_steps(taken, cycles), class_="waiting"),
            tag("path", d=_steps(busy, cycles), class_="working"),
            _boundary(nudged),
            viewBox=f"0 0 {n} {_BOX}",
            preserveAspectRatio="none",
            role="img",
            aria_label=words,
        )
        strips += [name, tag("div", picture, class_="strip")]
    marks = axis_words(axis, fitting_ticks(axis), "x")
    strips += [tag("div"), tag("div", *marks, class_="xs"), tag("div"), tag("div", "tick", class_="xname")]
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
    return tag("figure", tag("div", *strips, class_="timeline", data_x=axis_data(axis)), caption)


def _steps(values: Sequence[float], whole: Sequence[float]) -> str:
    """Return the path of a stepped area: the value of each tick as a share of ``whole``, from the bottom up."""
    path = [f"M0,{_BOX}"]
    before = _BOX
    for t, (value, most) in enumerate(zip(values, whole, strict=True)):
        level = round(_BOX * (1 - value / max(most, 1)))
        if level != before:
            path.append(f"{f'H{t}' if t else ''}V{level}")
            before = level
    return f"{''.join(path)}H{len(values)}V{_BOX}Z"


def _cycles(cycles: Sequence[int], nudged: int | None) -> tuple[Markup, Markup]:
    most, n = max(cycles, default=1), len(cycles)
    picture = tag(
        "svg",
        tag("title", f"at most {exact(most)} cycles in a tick"),
        tag("path", d=_steps(cycles, [most] * n), class_="long"),
        _boundary(nudged),
        viewBox=f"0 0 {n} {_BOX}",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"cycles of each tick, at most {most}",
    )
    name = tag("div", tag("span", "cycles"), tag("small", f"≤ {exact(most)}"), class_="who")
    return name, tag("div", picture, class_="strip tall")


def _boundary(nudged: int | None) -> Markup | None:
    return None if nudged is None else tag("line", x1=nudged, x2=nudged, y1=0, y2=_BOX, class_="boundary")
