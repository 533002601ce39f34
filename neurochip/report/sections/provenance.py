"""How to get the same result again: the resolved run, the versions, the command."""

from __future__ import annotations

from neurochip.description import RunSpec, run_to_toml
from neurochip.report.markup import Content, Markup, tag
from neurochip.report.quantities import quantity
from neurochip.report.schema import Document
from neurochip.report.sections.frame import section

__all__ = ["elements", "provenance"]


def provenance(document: Document) -> Markup:
    """Return command, versions, hardware elements and the resolved run file."""
    run = RunSpec.from_dict(document["run"])
    command = "neurochip simulate run.toml"
    versions = [
        tag("div", tag("dt", name), tag("dd", version)) for name, version in document["versions"].items()
    ]
    text = tag("pre", run_to_toml(run))
    return section(
        "The run",
        tag(
            "p",
            "In the folder of this report, ",
            tag("code", command),
            f" does it again; seed {document['seed']} and these versions give the same result:",
        ),
        tag("dl", *versions, class_="versions"),
        elements(document),
        tag("details", tag("summary", "The resolved run.toml: every default written out"), text),
    )


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
    head = tag("tr", tag("th", "element"), tag("th", ""), *(tag("th", words) for _, words in names))
    rows = []
    for element in hardware["elements"]:
        cells: list[Content] = [
            tag("td", quantity(element["cost"][key]) if element["cost"][key] else "·") for key, _ in names
        ]
        rows.append(tag("tr", tag("th", element["role"]), tag("td", element["kind"], class_="text"), *cells))
    grid = tag("table", tag("thead", head), tag("tbody", *rows), class_="figures")
    words = (
        f"Weights {hardware['weight_format']} ({hardware['weight_bits']} bit), state {hardware['state_format']} "
        f"({hardware['state_bits']} bit): what each element of a neuron does in a tick"
    )
    return tag("details", tag("summary", words), tag("div", grid, class_="scroll"))
