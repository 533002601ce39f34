"""Numbers, words, `None`, arrays of numbers, and lists, tuples and dicts of them, as npz bytes and back; no pickle."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from neurochip.files import Foreign, decode_json, unpack_arrays

__all__ = ["packed", "through_storage", "unpacked"]

T = TypeVar("T")


def through_storage(value: T) -> T:
    """Return a value as it comes back from disk: what is computed from it does not depend on where it was."""
    same: T = unpacked(packed(value, {}))[1]
    return same


def packed(value: object, head: dict[str, object]) -> bytes:
    """Return a value and what stands at its head as the bytes of an npz file.

    Raises
    ------
    TypeError
        When something in it is none of these.
    """
    arrays: dict[str, Any] = {}
    text = json.dumps({"head": head, "value": _taken_apart(value, arrays)})
    memory = io.BytesIO()
    np.savez(memory, tree=np.frombuffer(text.encode(), dtype=np.uint8), **arrays)
    return memory.getvalue()


def unpacked(content: bytes) -> tuple[dict[str, Any], Any]:
    """Return the head and the value of such bytes.

    Raises
    ------
    DataError
        When they are damaged.
    """
    file = Foreign(Path("part"), "a part of an experiment", "compute it again")
    stored = unpack_arrays(content, file)
    with file.guarded():
        tree = decode_json(stored["tree"].tobytes(), file, dict[str, Any], nan=True)
        return tree["head"], _put_together(tree["value"], stored)


def _taken_apart(value: object, arrays: dict[str, object]) -> object:
    """Return a value for JSON; arrays go to ``arrays``, and what JSON does not tell apart gets a tag."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        name = f"array{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: _taken_apart(entry, arrays) for key, entry in value.items()}}
    if isinstance(value, tuple):
        return {"tuple": [_taken_apart(entry, arrays) for entry in value]}
    if isinstance(value, list):
        return [_taken_apart(entry, arrays) for entry in value]
    if isinstance(value, np.bool_ | np.integer | np.floating):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(
        f"a part of an experiment is made of numbers, words and arrays, not of {type(value).__name__}"
    )


def _put_together(value: object, arrays: Any) -> object:
    if isinstance(value, list):
        return [_put_together(entry, arrays) for entry in value]
    if not isinstance(value, dict):
        return value
    [(kind, inside)] = value.items()
    if kind == "array":
        return arrays[inside]
    if kind == "tuple":
        return tuple(_put_together(entry, arrays) for entry in inside)
    return {key: _put_together(entry, arrays) for key, entry in inside.items()}
