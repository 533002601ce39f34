"""Metadata of NIR: what others wrote there and is kept, and what neurochip writes that NIR has no field for."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neurochip.files import Foreign, decode_json

__all__ = ["OURS", "held", "ours", "plain"]

OURS = "neurochip"  # key of what NIR has no field for, as JSON


def ours(metadata: object, type: object, place: str) -> Any:
    """Return what stands under our key, an empty table where nothing does."""
    text = metadata.get(OURS) if isinstance(metadata, Mapping) else None
    if text is None:
        return {}
    where = Foreign(Path(f"{place}.{OURS}"), "what neurochip writes there", "export the network again")
    if not isinstance(text, str | bytes):
        raise where.damaged("is no text")
    return decode_json(text, where, type)


def plain(metadata: object) -> dict[str, object]:
    """Return metadata as JSON values, ours left out; what JSON does not have becomes text."""

    def value_of(value: object) -> object:
        if isinstance(value, Mapping):
            return {_text(key): value_of(entry) for key, entry in value.items()}
        if isinstance(value, np.ndarray | np.generic):
            return value_of(value.tolist())
        if isinstance(value, list | tuple):
            return [value_of(entry) for entry in value]
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        return value if isinstance(value, int | float | bool | None) else _text(value)

    if not isinstance(metadata, Mapping):
        return {}
    return {_text(key): value_of(value) for key, value in metadata.items() if key != OURS}


def _text(value: object) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.encode(
        "utf-8", "replace"
    ).decode()  # half a pair of surrogates is no text that a file can hold


def held(metadata: Mapping[str, object]) -> dict[str, object]:
    """Return metadata as HDF5 holds them: what is neither a number nor a text, nor a list of numbers, as JSON."""
    return {str(key): _held_value(value) for key, value in metadata.items()}


def _held_value(value: object) -> object:
    if isinstance(value, Mapping):
        return held(value)
    if isinstance(value, str):
        return value.replace("\0", " ")  # which HDF5 takes for the end
    if isinstance(value, bool | float) or (isinstance(value, int) and -(2**63) <= value < 2**63):
        return value
    if isinstance(value, list) and value and {type(entry) for entry in value} in ({int}, {float}):
        if all(-(2**63) <= entry < 2**63 for entry in value):
            return np.array(value)
    return json.dumps(value)
