"""The document of a sweep → one page that opens offline: no other file, nothing loaded."""

from __future__ import annotations

from neurochip.description import RunSpec, run_to_toml
from neurochip.report.markup import Content, Markup, tag
from neurochip.report.page import page, page_head, versions_list
from neurochip.report.quantities import decimal, duration, exact, percent
from neurochip.report.sections.frame import card, grid, row, section
from neurochip.report.sweeps.cost_sections import cost_section
from neurochip.report.sweeps.figures import panel_figures
from neurochip.report.sweeps.schema import CurveTable, PanelTable, SweepDocument
from neurochip.report.sweeps.words import command, failure_words, how_many, limit_words, one, points, short
from neurochip.report.wording import run_words

__all__ = ["sweep_page"]


def sweep_page(document: SweepDocument) -> str:
    """Return the text of ``sweep.html``."""
    many = len(document["panels"]) > 4
    return page(
        f"{document['definition']['run'].get('name', 'run')} sweep",
        _head(document),
        *(panel_figures(document, panel, brief=many) for panel in document["panels"]),
        *(_table(document, panel) for panel in document["panels"]),
        cost_section(document),
        _failures(document),
        _provenance(document),
        styles=("sweep.css",),
    )


def _head(document: SweepDocument) -> Markup:
    definition = document["definition"]
    run = definition["run"]
    spec = RunSpec.from_dict(run)
    facts: list[Content] = [
        f"[{spec.network.title}]",
        str(run["substrate"]),
        *(f"{entry['key']}: {len(entry['values'])} values" for entry in definition["vary"]),
        how_many(definition),
        f"seed {run['seed']}",
        f"neurochip {document['versions'].get('neurochip', '?')}",
    ]
    if not document["complete"]:
        facts.append(tag("span", "not finished", class_="warn"))
    verdicts = [
        tag("p", _panel_name(panel), panel["verdict"], class_="verdict")
        for panel in document["panels"]
        if panel["verdict"]
    ]
    cards = tag("div", *_cards(document), class_="cards")
    return page_head(f"{run['name']} sweep", run_words(spec), facts, cards, *verdicts)


def _panel_name(panel: PanelTable) -> Markup | None:
    if not panel["others"]:
        return None
    return tag("strong", ", ".join(f"{key} {value}" for key, value in panel["others"].items()), ": ")


def _cards(document: SweepDocument) -> list[Markup]:
    ideal = document["ideal"]
    cards = []
    if ideal is not None:
        about = "one seed" if ideal["n"] == 1 else f"mean of {ideal['n']} seeds"
        cards.append(card("Error, ideal", percent(ideal["mean"]), about, "main"))
    if len(document["panels"]) == 1:
        [panel] = document["panels"]
        for curve in panel["curves"]:
            for limit in curve["limits"]:
                value, about = limit_words(limit)
                cards.append(
                    card(
                        f"σ*, {curve['mode']}" if _is_sigma(document) else _goes(curve, limit["direction"]),
                        value,
                        about,
                    )
                )
        ratio = panel["ratio"]
        if ratio is not None:
            cards.append(card("In-loop / deploy", f"{decimal(ratio['at'], 2)}×", "how much further it goes"))
    return cards


def _is_sigma(document: SweepDocument) -> bool:
    return document["definition"]["vary"][0]["key"].endswith("sigma")


def _goes(curve: CurveTable, direction: str) -> str:
    return f"{curve['mode']}, {'up to' if direction == 'up' else 'down to'}"


def _table(document: SweepDocument, panel: PanelTable) -> Markup:
    key = document["definition"]["vary"][0]["key"]
    names = ("mode", key, "n", "mean error", "95 % band", "median", "5–95 %", "good", "95 % interval")
    rows = []
    for curve in panel["curves"]:
        for number, cell in enumerate(curve["cells"]):
            # Student's interval knows no ends; a share has them.
            low, high = cell["low"], cell["high"]
            band = "–" if low is None or high is None else f"{percent(max(low, 0))} – {percent(min(high, 1))}"
            spread = f"{percent(cell['q05'], 1)} – {percent(cell['q95'], 1)}"
            interval = f"{percent(cell['good_low'], 0)} – {percent(cell['good_high'], 0)}"
            rows.append(
                row(
                    curve["mode"] if number == 0 else "",
                    short(cell["value"]),
                    exact(cell["n"])
                    + (f", failed: {failure_words(cell['failures'])}" if cell["failed"] else ""),
                    percent(cell["mean"]),
                    band,
                    percent(cell["median"]),
                    spread if cell["n"] > 1 else "–",
                    percent(cell["good_share"], 0),
                    "alike" if cell["alike"] else interval,
                )
            )
    pairs = _pairs(panel)
    title = _panel_name(panel) or "Figures"
    return section(
        "Figures",
        tag("p", title, class_="lead") if panel["others"] else None,
        grid(names, rows),
        pairs,
    )


def _pairs(panel: PanelTable) -> Markup | None:
    if not panel["pairs"]:
        return None
    values = panel["pairs"][0]["values"]
    rows = []
    for pair in panel["pairs"]:
        cells = []
        for band in pair["differences"]:
            if band is None:
                cells.append(tag("td", "–"))
                continue
            interval = (
                "" if band["low"] is None else f"{100 * band['low']:+.1f} … {100 * (band['high'] or 0):+.1f}"
            )
            cells.append(tag("td", f"{100 * band['mean']:+.2f}", tag("br"), tag("small", interval)))
        rows.append(row(f"{pair['mode']} − {pair['against']}", *cells))
    return grid(["difference on the same chip, points", *map(short, values)], rows)


def _failures(document: SweepDocument) -> Markup | None:
    reasons: dict[str, int] = {}
    # Points of one task are one measurement.
    for point in {point["task"]: point for point in document["points"]}.values():
        failed = None if point["reason"] is None else f"{point['failure']}: {point['reason']}"
        for sentence in (failed, *point.get("warnings", ())):
            if sentence is not None:
                reasons[sentence] = reasons.get(sentence, 0) + 1
    if not reasons and not document["events"]:
        return None
    items = [tag("li", f"{count} × {reason}") for reason, count in sorted(reasons.items())]
    told = [tag("li", event) for event in document["events"]]
    return section("What went wrong", tag("ul", *items, *told))


def _provenance(document: SweepDocument) -> Markup:
    definition = document["definition"]
    run = RunSpec.from_dict(definition["run"])
    sessions = [
        tag(
            "li",
            f"{session['started'].replace('T', ' ')[:16]} UTC: {exact(session['tasks'])} tasks in "
            f"{duration(session['seconds'])} on {session['workers']} "
            f"worker{'s' * (session['workers'] != 1)} ({session['engine']})"
            + ("" if session["busy"] is None else f", {percent(session['busy'], 0)} busy"),
        )
        for session in document["sessions"]
    ]
    what = one(definition)
    nominal = ", ".join(f"{entry['key']} = {entry['nominal']}" for entry in definition["vary"])
    return section(
        "The sweep",
        tag(
            "p",
            f"A {what} is good when its error is at most {points(definition['within'])} above that of the ideal chip: "
            "with the same weights for what is deployed or fine-tuned, the mean of all references for what is trained "
            f"on the chip. The ideal chip has {nominal}. Bands are 95 % intervals of the mean over {what}s, those of "
            "yields are Wilson's. The verdict is the law of limits that is most likely, with chance between trainings "
            "told apart, and its interval that of an order statistic.",
            class_="lead",
        ),
        tag("pre", command(document)),
        tag("ul", *sessions) if sessions else None,
        versions_list(document["versions"]),
        tag(
            "details",
            tag("summary", "The resolved run.toml: every default written out"),
            tag("pre", run_to_toml(run)),
        ),
    )
