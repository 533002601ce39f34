"""How to get the same result again: the resolved run, the versions, the command."""

from __future__ import annotations

from neurochip.description import RunSpec, run_to_toml
from neurochip.report.markup import Content, Markup, tag
from neurochip.report.page import versions_list
from neurochip.report.quantities import quantity
from neurochip.report.schema import Document
from neurochip.report.sections.frame import grid, row, section
from neurochip.report.wording import data_words

__all__ = ["elements", "provenance"]


def provenance(document: Document) -> Markup:
    """Return command, versions, hardware elements and the resolved run file."""
    run = RunSpec.from_dict(document["run"])
    command = "neurochip simulate run.toml"
    text = tag("pre", run_to_toml(run))
    return section(
        "The run",
        tag(
            "p",
            "In the folder of this report, ",
            tag("code", command),
            f" does it again; seed {document['seed']} and these versions give the same result:",
        ),
        versions_list(document["versions"]),
        *_data(document),
        elements(document),
        tag("details", tag("summary", "The resolved run.toml: every default written out"), text),
    )


def _data(document: Document) -> list[Markup]:
    """Return which samples it was, with their digest."""
    words = data_words(document)
    if words is None:
        return []
    return [tag("p", f"{words} SHA-256 ", tag("code", document["data"]["digest"]))]


def elements(document: Document) -> Markup:
    """Return the table of what each element of a neuron does in a tick."""
    hardware = document["hardware"]
    names = (
        ("additions", "+"),
        ("multiplications", "×"),
        ("divisions", "÷"),
        ("comparisons", "<"),
        ("random_bits", "random bits"),
        ("state_words_read", "words read"),
        ("state_words_written", "words written"),
        ("state_words_kept", "words kept"),
    )
    rows = []
    for element in hardware["elements"]:
        cells: list[Content] = [
            quantity(element["cost"][key]) if element["cost"][key] else "·" for key, _ in names
        ]
        kind = " of ".join(
            [element["kind"], *([", ".join(named)] if (named := element.get("populations")) else [])]
        )
        rows.append(row(element["role"], tag("td", kind, class_="text"), *cells))
    words = (
        f"Weights {hardware['weight_format']} ({hardware['weight_bits']} bit), state {hardware['state_format']} "
        f"({hardware['state_bits']} bit): what each element of a neuron does in a tick"
    )
    return tag("details", tag("summary", words), grid(["element", "", *(words for _, words in names)], rows))
