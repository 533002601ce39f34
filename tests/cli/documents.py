"""What README and docs tell a reader to type: blocks of code, and command lines within the text."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

__all__ = ["DOCS", "PAGES", "ROOT", "Line", "blocks", "lines", "mentions", "split"]

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FOUND = (*DOCS.glob("*.md"), *DOCS.glob("results/*.md"))
PAGES = ("README.md", *sorted(path.relative_to(ROOT).as_posix() for path in _FOUND))
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Line(NamedTuple):
    """One command line: its words, and the file that its output goes to."""

    words: tuple[str, ...]
    into: str | None = None

    def __str__(self) -> str:
        return shlex.join(self.words)


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, kind: str) -> list[str]:
    """Return the blocks of one language, in order."""
    return [body for language, body in _FENCE.findall(text_of(page)) if language == kind]


def lines(page: str) -> list[Line]:
    """Return the command lines of the page's sh blocks, one after the other."""
    return [line for block in blocks(page, "sh") for line in split(block)]


def mentions(page: str) -> list[Line]:
    """Return the command lines that stand within the text."""
    text = _FENCE.sub("", text_of(page))
    return [line for found in re.findall(r"`(neurochip [^`]*)`", text) for line in split(found)]


def split(block: str) -> list[Line]:
    """Return the command lines of a piece of shell, without comments."""
    found = []
    for line in block.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="&|>;")
        lexer.whitespace_split = True
        words: list[str] = []
        into = None
        tokens = iter(lexer)
        for token in tokens:
            if token in ("&&", "&", "|", ";"):
                found.append(Line(tuple(words), into))
                words, into = [], None
            elif token == ">":
                into = next(tokens)
            else:
                words.append(token)
        if words:
            found.append(Line(tuple(words), into))
    return found
