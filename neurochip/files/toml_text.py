"""TOML: runs, chip specifications, energy tables."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from neurochip.errors import ConfigError
from neurochip.files.limits import MOST_TEXT, in_bytes

__all__ = ["parse_toml"]

_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
# The parser takes time with the square of the dots of a key: so much is some tenths of a second.
_MOST_WORK = 5e7


def parse_toml(text: str, source: str) -> dict[str, Any]:
    """Return the tables of a TOML text; a syntax error names ``source``, line and column."""
    _check_size(text, source)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = str(error)
        match = _POSITION.search(problem)
        where = source
        if match is not None:
            problem = problem[: match.start()]
            line, column = match.groups()
            # "end of document" is the column after the last character.
            line = line or str(text.count("\n") + 1)
            column = column or str(len(text.rsplit("\n", 1)[-1]) + 1)
            where = f"{source}: line {line}, column {column}"
        raise ConfigError(where, f"is not valid TOML: {problem[:1].lower()}{problem[1:]}") from None
    except RecursionError:
        raise ConfigError(source, "is not valid TOML: its values are nested too deeply") from None
    except ValueError as error:  # a whole number of more digits than Python turns into one
        raise ConfigError(source, f"is not valid TOML: {str(error).partition(';')[0].lower()}") from None


def _check_size(text: str, source: str) -> None:
    if len(text) > MOST_TEXT:
        raise ConfigError(source, f"has more than the {in_bytes(MOST_TEXT)} of text that are read")
    if text.count(".") ** 2 < _MOST_WORK:
        return
    lines = text.split("\n")
    if sum(line.count(".") ** 2 for line in lines) > _MOST_WORK:
        longest = max(range(len(lines)), key=lambda at: lines[at].count("."))
        dots = lines[longest].count(".")
        raise ConfigError(
            f"{source}: line {longest + 1}", f"has {dots} dots, too many to be read; break the line"
        )
