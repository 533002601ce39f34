"""The table as a document: what was measured, and on which machine; JSON, and written by rename."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict, cast

from neurochip.bench.row import Figure, Missing, Row, sound, spread
from neurochip.durable.atomic import replacing
from neurochip.durable.seal import checksum
from neurochip.errors import CheckpointError, NumericError
from neurochip.files import Foreign, decode_json, read_bytes

__all__ = [
    "FORMAT",
    "BenchDocument",
    "RowTable",
    "SpreadTable",
    "as_json",
    "read_document",
    "row_table",
    "write_document",
]

FORMAT = "neurochip-bench/3"


class SpreadTable(TypedDict):
    """What the rounds gave."""

    median: float
    low: float
    high: float
    rounds: list[float]


class RowTable(TypedDict):
    """One row."""

    name: str
    family: str
    about: str
    unit: str
    against: str
    value: SpreadTable | None
    ratio: SpreadTable | None
    note: str
    missing: str | None
    extra: dict[str, float | str]


class AskedFor(TypedDict):
    """What was asked for, beside the form and the tools."""

    names: list[str]
    rounds: int | None


class BenchDocument(TypedDict):
    """All of ``neurochip bench --json``; ``checksum`` is that of everything else."""

    format: str
    checksum: str
    asked_for: AskedFor
    started: str
    seconds: float
    complete: bool
    form: str
    machine: dict[str, Any]
    tools: dict[str, str]
    others_share: float | None
    warnings: list[str]
    rows: list[RowTable]


def row_table(family: str, row: Row, found: Figure | Missing) -> RowTable:
    """Return a row as it is stored.

    Raises
    ------
    NumericError
        When a figure is not a positive number: then it was not measured, and must not be shown.
    """
    table = RowTable(
        name=row.name,
        family=family,
        about=row.about,
        unit=row.unit,
        against=row.against,
        value=None,
        ratio=None,
        note="",
        missing=None,
        extra={},
    )
    if isinstance(found, Missing):
        table["missing"] = found.reason
        return table
    if not sound(found):
        raise NumericError(
            row.name, "was too short for the clock, or disturbed: a figure is not positive; measure again"
        )
    table["value"], table["note"], table["extra"] = _spread(found.values), found.note, dict(found.extra)
    table["ratio"] = _spread(found.ratios) if found.ratios else None
    return table


def _spread(values: Sequence[float]) -> SpreadTable:
    median, low, high = spread(values)
    return SpreadTable(median=median, low=low, high=high, rounds=list(values))


def as_json(document: BenchDocument) -> str:
    """Return the text of a document, with its checksum."""
    document["checksum"] = _checksum(document)
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read_document(path: Path) -> BenchDocument:
    """Return a document that may not be complete.

    Raises
    ------
    CheckpointError
        When it is missing, damaged, edited, or of another format.
    """
    file = Foreign(path, "a table of `neurochip bench --out`", "measure anew", error=CheckpointError)
    text = read_bytes(file)
    raw: object = decode_json(text, file)
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise file.fault(f"is not of the format {FORMAT}, which this version reads")
    if as_json(cast(BenchDocument, dict(raw))).encode() != text:
        raise file.fault("is damaged, or was edited: it does not have the checksum that it was written with")
    found: BenchDocument = decode_json(text, file, BenchDocument)
    return found


def _checksum(document: BenchDocument) -> str:
    content = {key: value for key, value in document.items() if key != "checksum"}
    return checksum(json.dumps(content, sort_keys=True, ensure_ascii=False).encode())


def write_document(document: BenchDocument, path: Path) -> None:
    """Put a document in a file, whole or not at all."""
    with replacing(path) as file:
        file.write(as_json(document).encode())
