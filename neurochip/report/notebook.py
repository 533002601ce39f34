"""The first figures of a run as a piece of HTML, for notebooks."""

from __future__ import annotations

from neurochip.description import RunSpec
from neurochip.report.markup import Markup, tag
from neurochip.report.schema import Document
from neurochip.report.sections.headline import cards
from neurochip.report.wording import network_words, run_words

__all__ = ["cards_html"]

# The style sheet of the page does not reach into a notebook; this one reaches nothing else there.
_STYLE = Markup(
    ".neurochip .cards{display:flex;flex-wrap:wrap;gap:8px;margin:6px 0}"
    ".neurochip .card{border:1px solid #8884;border-radius:6px;padding:6px 10px;min-width:9em}"
    ".neurochip .what,.neurochip .more{opacity:.75;font-size:85%}"
    ".neurochip .number{font-size:135%;font-weight:600}"
)


def cards_html(document: Document) -> str:
    """Return name, network and the headline numbers of a run."""
    run = RunSpec.from_dict(document["run"])
    words = f"{network_words(run, document['chip']['name'])}, seed {document['seed']}"
    return str(
        tag(
            "div",
            tag("style", _STYLE),
            tag("strong", run.name),
            " ",
            tag("span", run_words(run), "; ", words),
            tag("div", *cards(document, run), class_="cards"),
            class_="neurochip",
        )
    )
