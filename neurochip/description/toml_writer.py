"""Tables → TOML text that `neurochip.files.parse_toml` turns into the very same tables."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

__all__ = ["inline", "write_toml"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def _string(text: str) -> str:
    # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def inline(value: object) -> str:
    """Return a value as it stands behind its key, tables too."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(inline(item) for item in value)}]"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {inline(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    raise TypeError(f"TOML has no {type(value).__name__}")


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, Mapping) for entry in value)


def write_toml(table: Mapping[str, object]) -> str:
    """Return a table as text: plain values first, then a section per table; lists of tables follow it, and
    deeper tables stand inline.
    """
    top = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    blocks = ["\n".join(f"{_key(key)} = {inline(value)}" for key, value in top.items())] if top else []
    for key, section in table.items():
        if isinstance(section, Mapping):
            lines = [f"[{_key(key)}]"]
            lists = {name: value for name, value in section.items() if _is_tables(value)}
            lines += [
                f"{_key(name)} = {inline(value)}" for name, value in section.items() if name not in lists
            ]
            blocks.append("\n".join(lines))
            for name, tables in lists.items():
                for entry in tables:
                    lines = [f"[[{_key(key)}.{_key(name)}]]"]
                    lines += [f"{_key(inner)} = {inline(value)}" for inner, value in entry.items()]
                    blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"
