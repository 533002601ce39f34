"""Finished reproductions as pages: ``python -m neurochip.papers.gallery DIR FOLDER…`` writes the gallery of the site.

``DIR`` gets a page of Markdown and the figure of each, and an index with all verdicts. The folders are those that
`neurochip reproduce` made; one that holds such folders stands for them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from neurochip.durable.atomic import replacing
from neurochip.errors import DataError, NeurochipError
from neurochip.files import Foreign, opened, read_json
from neurochip.papers.pages import FORMAT, shown

__all__ = ["index_of", "main", "page_of", "read_reproduction", "write_gallery"]

_RESULT, _FIGURE = "result.json", "figure.svg"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")  # it becomes a file
_CURE = "name folders that `neurochip reproduce` made"
_INDEX = """# Experiments

Each page is one experiment of a paper as `neurochip reproduce` ran it: what was claimed, what came out, the control
that must fail, and the figure. All are the quick forms, at most two minutes each; what their full forms found, and
what the controls taught, stands in [experiments of the papers](../results/papers.md). Where real numbers are multiplied
by matrices, on dies and on `ideal`, the processor decides how they are rounded: a few samples may be told otherwise on
another one. Made by
`neurochip reproduce --all --quick --out gallery`, then `python -m neurochip.papers.gallery docs/experiments gallery`.

| | experiment | verdict |
|---|---|---|
"""


def _command(document: dict[str, object]) -> str:
    """Return the command that makes a reproduction."""
    command = f"neurochip reproduce {document['experiment']}"
    command += " --quick" if document["quick"] else ""
    return command + (f" --seed {document['seed']}" if document["seed"] != 1 else "")


def _claims(document: dict[str, Any]) -> list[str]:
    """Return a row of Markdown for each claim of a reproduction."""
    found = []
    for claim in document["claims"]:
        value, control = (
            float("nan") if claim[key] is None else claim[key] for key in ("measured", "control_measured")
        )
        tolerance = claim["tolerance"] + (f" (in part {claim['in_part']})" if claim["in_part"] else "")
        measured = f"**{shown(value)}**: {claim['measure']}"
        beside = f"**{shown(control)}**: {claim['control']}"
        found.append(_row(claim["says"], measured, beside, tolerance, claim["verdict"]))
    return found


def page_of(document: dict[str, Any], figure: str) -> str:
    """Return the page of a reproduction, as Markdown; ``figure`` is the file of its drawing."""
    times = document["seeds"]
    parts = [
        f"# {document['experiment']}",
        f"{_sentence(document['about'])} {document['paper']}, {document['figure']}.",
        f"**{_sentence(document['verdict'])}** `{_command(document)}`, {times} repetition{'s' * (times != 1)}.",
        f"![{document['about'].replace('|', ' ')}]({figure})",
        "\n".join(
            [
                "| claim | measured | control | tolerance | verdict |",
                "|---|---|---|---|---|",
                *_claims(document),
            ]
        ),
    ]
    notes = [
        *document["notes"],
        *(f"*{claim['says']}* {claim['note']}" for claim in document["claims"] if claim["note"]),
    ]
    if notes:
        parts.append("\n".join(["## In words", "", *(f"- {note}" for note in notes)]))
    if document["settings"]:
        words = [_row(name, f"`{value}`") for name, value in document["settings"].items()]
        parts.append("\n".join(["## What was run", "", "| | run and words |", "|---|---|", *words]))
    return "\n\n".join(parts) + "\n"


def index_of(documents: Sequence[dict[str, Any]]) -> str:
    """Return the page that leads to all of them."""
    lines = []
    for document in documents:
        name = document["experiment"]
        about = f"[{name}]({name}.md): {document['about']}. {document['paper']}, {document['figure']}"
        picture = f'[![{name}]({name}.svg){{ width="240" }}]({name}.md)'
        lines.append(_row(picture, about, document["verdict"]))
    return _INDEX + "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _folders(given: Sequence[Path]) -> Iterator[Path]:
    for folder in given:
        inside = sorted(path.parent for path in folder.glob(f"*/{_RESULT}"))
        yield from inside if inside and not (folder / _RESULT).exists() else [folder]


def read_reproduction(folder: Path) -> dict[str, object]:
    """Return the document of a reproduction, of which a page can be made.

    Raises
    ------
    DataError
        When the folder holds none, or it is damaged.
    """
    file = Foreign(folder / _RESULT, "a reproduction", _CURE)
    with file.guarded():
        document = read_json(file, dict[str, Any])
        if document.get("format") != FORMAT:
            raise DataError(str(file.path), f"has format {document.get('format')!r}, {FORMAT!r} needed")
        if not _NAME.fullmatch(str(document["experiment"])):
            raise file.fault("names an experiment by what no page can be called by", "experiment")
        page_of(document, "")
    return document


def _figure(folder: Path) -> bytes:
    with opened(Foreign(folder / _FIGURE, "the figure of a reproduction", _CURE)) as drawing:
        return drawing.read()


def write_gallery(out: Path, given: Sequence[Path]) -> int:
    """Write the pages, figures and the index of reproductions into a folder; return how many there are.

    Raises
    ------
    DataError
        When a folder holds no reproduction, or it is damaged.
    """
    read = [(read_reproduction(folder), _figure(folder)) for folder in _folders(given)]
    found = sorted(read, key=lambda one: str(one[0]["experiment"]))
    out.mkdir(parents=True, exist_ok=True)
    for document, figure in found:
        name = document["experiment"]
        _write(out / f"{name}.svg", figure)
        _write(out / f"{name}.md", page_of(document, f"{name}.svg").encode())
    _write(out / "index.md", index_of([document for document, _ in found]).encode())
    return len(found)


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as file:
        file.write(content)


def main(arguments: list[str]) -> int:
    """Write the gallery; exit code 2 on bad input."""
    if len(arguments) < 2:
        print("usage: python -m neurochip.papers.gallery DIR FOLDER…", file=sys.stderr)
        return 2
    try:
        out, *folders = map(Path, arguments)
        print(f"{write_gallery(out, folders)} experiments in {out}")
    except NeurochipError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
