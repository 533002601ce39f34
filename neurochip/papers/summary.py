"""Finished reproductions as a table: ``python -m neurochip.papers.summary FOLDER…`` prints Markdown for the results
page.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from neurochip.errors import DataError, NeurochipError
from neurochip.files import Foreign, read_json
from neurochip.papers.pages import FORMAT, shown

__all__ = ["main", "rows", "table"]


def _file(folder: Path) -> Foreign:
    return Foreign(folder / "result.json", "a reproduction", "name folders that `neurochip reproduce` made")


def _read(file: Foreign) -> dict[str, Any]:
    document: dict[str, Any] = read_json(file, dict[str, Any])
    if document.get("format") != FORMAT:
        raise DataError(str(file.path), f"has format {document.get('format')!r}, {FORMAT!r} needed")
    return document


def rows(document: dict[str, Any]) -> list[str]:
    """Return a row for each claim of one reproduction; its command and verdict stand in the first."""
    command = f"`neurochip reproduce {document['experiment']}"
    command += " --quick" if document["quick"] else ""
    command += f" --seed {document['seed']}" if document["seed"] != 1 else ""
    lead = f"{command}`: **{document['verdict']}**, repetitions: {document['seeds']}"
    found = []
    for number, claim in enumerate(document["claims"]):
        value, control = (
            float("nan") if claim[key] is None else claim[key] for key in ("measured", "control_measured")
        )
        tolerance = claim["tolerance"] + (f" (in part {claim['in_part']})" if claim["in_part"] else "")
        measured = f"{shown(value)}: {claim['measure']}"
        beside = f"{shown(control)}: {claim['control']}"
        cells = ("" if number else lead, claim["says"], measured, beside, tolerance, claim["verdict"])
        found.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return found


def table(folders: list[Path]) -> str:
    """Return the table of all of them.

    Raises
    ------
    DataError
        When a folder holds no reproduction, or it is damaged.
    """
    found = ["| | claim | measured | control | tolerance | verdict |", "|---|---|---|---|---|---|"]
    for folder in folders:
        file = _file(folder)
        with file.guarded():
            found += rows(_read(file))
    return "\n".join(found)


def main(arguments: list[str]) -> int:
    """Print the table; exit code 2 on bad input."""
    if not arguments:
        print("usage: python -m neurochip.papers.summary FOLDER…", file=sys.stderr)
        return 2
    try:
        print(table([Path(argument) for argument in arguments]))
    except NeurochipError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
