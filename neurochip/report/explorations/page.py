"""Chips explored → one page that opens offline: fronts, figures against each key, sensitivities, all points."""

from __future__ import annotations

from collections.abc import Sequence

from neurochip.report.explorations.metrics import METRICS, metric_words, value_words
from neurochip.report.explorations.schema import ExplorationDocument, PointTable, SensitivityTable
from neurochip.report.figures import Chart, Curve, plot
from neurochip.report.markup import Markup, tag
from neurochip.report.page import page, page_head, versions_list
from neurochip.report.quantities import decimal, duration, exact
from neurochip.report.sections.frame import card, grid, row, section

__all__ = ["exploration_page", "front_chart", "key_charts"]

_MOST_ROWS = 400  # of the table of points
_SLICED = ("error", "energy_j", "seconds")  # drawn against each key
_COLOURS = 8


def exploration_page(document: ExplorationDocument) -> str:
    """Return the text of ``sweep.html``."""
    return page(
        f"{document['name']} chips",
        _head(document),
        _fronts(document),
        _slices(document),
        _sensitivity(document),
        _points(document),
        _provenance(document),
        styles=("sweep.css",),
    )


def _head(document: ExplorationDocument) -> Markup:
    points = document["points"]
    good = [point for point in points if point["failure"] is None]
    per = f"an inference, the mean over {document['samples']}" if document["samples"] else "the recording"
    facts = [
        document["chip"],
        f"timing = {document['timing']}",
        *(f"{axis['key']}: {len(axis['values'])} values" for axis in document["vary"]),
        f"figures of {per}",
        f"neurochip {document['versions'].get('neurochip', '?')}",
    ]
    cards = [card("Chips", exact(len(points)), _how_many(points), "main")]
    for name in ("error", "energy_j", "seconds", "energy_delay_js", "cores"):
        known = [point for point in good if name in point["metrics"]]
        if known:
            best = min(known, key=lambda p: p["metrics"][name])
            cards.append(
                card(
                    f"Least {METRICS[name].words}",
                    metric_words(name, best["metrics"][name]),
                    "on all chips"
                    if all(p["metrics"][name] == best["metrics"][name] for p in known)
                    else _values(best),
                )
            )
    still = [
        tag("p", f"{axis['key']}: {axis['effect']}.", class_="verdict")
        for axis in document["vary"]
        if axis["effect"]
    ]
    about = f"{document['network'] or document['file']} on {len(points)} chips"
    return page_head(f"{document['name']}: chips", about, facts, tag("div", *cards, class_="cards"), *still)


def _how_many(points: Sequence[PointTable]) -> str:
    failed = sum(point["failure"] is not None for point in points)
    return f"{failed} of them cannot be" if failed else "all of them hold the network"


def _values(point: PointTable) -> str:
    return ", ".join(f"{_short(key)} {value_words(key, value)}" for key, value in point["values"].items())


def _short(key: str) -> str:
    return key.removeprefix("chip.")


def _fronts(document: ExplorationDocument) -> Markup | None:
    charts = [
        chart for pair in document["shown"] if (chart := front_chart(document, pair[0], pair[1])) is not None
    ]
    if not charts:
        return None
    return section(
        "Fronts",
        tag("div", *(tag("figure", tag("h3", c.title), plot(c)) for c in charts), class_="columns"),
        about="Each dot is a chip; on the line are those that no other one matches in both figures. The fronts of all "
        "other pairs stand in sweep.json.",
    )


def front_chart(document: ExplorationDocument, one: str, other: str) -> Chart | None:
    """Return one figure against another over all chips, with their front; `None` where they are not known."""
    points = document["points"]
    known = [k for k, p in enumerate(points) if one in p["metrics"] and other in p["metrics"]]
    front = next((f["points"] for f in document["fronts"] if set(f["metrics"]) == {one, other}), None)
    if not known or front is None:
        return None
    across, along = (other, one) if one == "error" else (one, other)

    def curve(name: str, which: Sequence[int], colour: int, *, faint: bool = False) -> Curve:
        titles = [
            f"{_values(points[k])}: {metric_words(across, points[k]['metrics'][across])}, "
            f"{metric_words(along, points[k]['metrics'][along])}"
            for k in which
        ]
        xs, ys = ([points[k]["metrics"][name] for k in which] for name in (across, along))
        return Curve(name, xs, ys, colour, "dots", titles=titles, faint=faint)

    best = sorted(front, key=lambda k: points[k]["metrics"][across])
    xs, ys = ([points[k]["metrics"][name] for k in best] for name in (across, along))
    line = Curve("", xs, ys, 0, "steps")
    curves = [
        curve("others", [k for k in known if k not in set(front)], 9, faint=True),
        line,
        curve("not beaten", best, 0),
    ]
    return Chart(
        f"{_capital(METRICS[along].words)} and {METRICS[across].words}",
        METRICS[across].words,
        METRICS[along].words,
        curves,
        log_x=_wide(document, across),
        log_y=_wide(document, along),
        x_unit=METRICS[across].unit,
        y_unit=METRICS[along].unit,
        x_room=0.04,
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _wide(document: ExplorationDocument, name: str) -> bool:
    """Whether a figure spans so much that a logarithmic axis shows it better."""
    values = [p["metrics"][name] for p in document["points"] if name in p["metrics"]]
    return min(values) > 0 and max(values) / min(values) > 8


def _slices(document: ExplorationDocument) -> Markup | None:
    charts = key_charts(document)
    if not charts:
        return None
    about = (
        "Dots are chips; the line is the mean over the values of the other keys."
        if len(document["vary"]) > 1
        else "Figures against the key that varies."
    )
    return section(
        "Key by key",
        tag("div", *(tag("figure", tag("h3", c.title), plot(c)) for c in charts), class_="columns"),
        about=about,
    )


def key_charts(document: ExplorationDocument) -> list[Chart]:
    """Return error, energy and time against each key that moves them."""
    moved = {
        (entry["key"], entry["metric"])
        for entry in document["sensitivity"]
        if entry["ratio"] is not None and entry["ratio"] > 1 + 1e-9
    }
    return [
        _key_chart(document, number, name)
        for number, axis in enumerate(document["vary"])
        for name in _SLICED
        if (axis["key"], name) in moved or (name == "error" and _error_moves(document, axis["key"]))
    ]


def _error_moves(document: ExplorationDocument, key: str) -> bool:
    """Whether the error depends on a key; an error of 0 has no ratio."""
    by_others: dict[tuple[str, ...], set[float]] = {}
    for point in document["points"]:
        if "error" in point["metrics"]:
            others = tuple(v for k, v in point["values"].items() if k != key)
            by_others.setdefault(others, set()).add(point["metrics"]["error"])
    return any(len(errors) > 1 for errors in by_others.values())


def _key_chart(document: ExplorationDocument, number: int, name: str) -> Chart:
    axis = document["vary"][number]
    numbers = _numbers(axis["values"])
    at = dict(zip(axis["values"], numbers or range(len(axis["values"])), strict=True))
    points = [p for p in document["points"] if name in p["metrics"]]
    means = []
    for value in axis["values"]:
        here = [p["metrics"][name] for p in points if p["values"][axis["key"]] == value]
        if here:
            means.append((float(at[value]), sum(here) / len(here)))
    means.sort()
    titles = [f"{_values(p)}: {metric_words(name, p['metrics'][name])}" for p in points]
    dots = Curve(
        "",
        [float(at[p["values"][axis["key"]]]) for p in points],
        [p["metrics"][name] for p in points],
        9,
        "dots",
        titles=titles,
        faint=len(document["vary"]) > 1,
    )
    line = Curve("", [x for x, _ in means], [y for _, y in means], number % _COLOURS, dots=True)
    return Chart(
        f"{_capital(METRICS[name].words)} and {_short(axis['key'])}",
        axis["key"],
        METRICS[name].words,
        [dots, line],
        log_x=axis["logarithmic"] and numbers is not None and min(numbers) > 0,
        log_y=_wide(document, name),
        y_unit=METRICS[name].unit,
        x_names=() if numbers is not None else [(float(k), v) for k, v in enumerate(axis["values"])],
        x_room=0.04,
    )


def _numbers(values: Sequence[str]) -> list[float] | None:
    try:
        return [float(value) for value in values]
    except ValueError:
        return None


def _sensitivity(document: ExplorationDocument) -> Markup | None:
    entries = {(e["key"], e["metric"]): e for e in document["sensitivity"]}
    names = [name for name in METRICS if any(metric == name for _, metric in entries)]
    if not names:
        return None
    rows = [
        row(
            _short(axis["key"]),
            *(tag("td", _how_much(entries.get((axis["key"], name)))) for name in names),
        )
        for axis in document["vary"]
    ]
    return section(
        "Sensitivity",
        grid(["key", *(METRICS[name].words for name in names)], rows),
        about="How much a figure moves over the values of a key, all else held: the largest over the smallest, and in "
        "brackets the slope of its logarithm over that of the key (1: proportional; 0: no effect).",
    )


def _how_much(entry: SensitivityTable | None) -> str:
    if entry is None or entry["ratio"] is None:
        return "–"
    if entry["ratio"] <= 1 + 1e-9:
        return "1"
    slope = "" if entry["slope"] is None else f" ({entry['slope']:+.2f})"
    return f"× {decimal(entry['ratio'])}{slope}"


def _points(document: ExplorationDocument) -> Markup:
    keys = [axis["key"] for axis in document["vary"]]
    fronts = {tuple(front["metrics"]): front["points"] for front in document["fronts"]}
    shown = {k for pair in document["shown"] for k in fronts.get(tuple(pair), ())}
    chosen = list(enumerate(document["points"]))
    left = len(chosen) - _MOST_ROWS
    if left > 0:  # those of the fronts stay
        chosen = sorted([*((k, p) for k, p in chosen if k in shown)] or chosen[:_MOST_ROWS])
    rows = []
    for k, point in chosen:
        cells = (
            [tag("td", point["failure"], colspan=len(document["metrics"]), class_="words")]
            if point["failure"] is not None
            else [tag("td", metric_words(name, point["metrics"].get(name))) for name in document["metrics"]]
        )
        first, *others = (value_words(key, point["values"][key]) for key in keys)
        rows.append(row(first, *(tag("td", value) for value in others), *cells, "●" if k in shown else ""))
    heads = [*map(_short, keys), *(METRICS[name].words for name in document["metrics"]), "not beaten"]
    about = "All of them stand in points.csv."
    if left > 0:
        about = f"Those on the fronts; all {exact(len(document['points']))} stand in points.csv."
    return section("Points", grid(heads, rows), about=about)


def _provenance(document: ExplorationDocument) -> Markup:
    work = document["work"]
    done = (
        f"Spikes computed {_times(work.get('spikes', 0))}, counted and timed {_times(work.get('counted', 0))}, "
        f"costed {_times(work.get('costed', 0))}, in {duration(document['seconds'])} from "
        f"{document['started'].replace('T', ' ')[:16]} UTC. Energies of {document['energy_table']}."
    )
    return section("How it was found", tag("p", done, class_="lead"), versions_list(document["versions"]))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{exact(count)} times"
