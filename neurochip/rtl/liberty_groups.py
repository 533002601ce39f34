"""The text of a Liberty file as a tree of groups: a scanner that looks at each character once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from typing import NamedTuple

from neurochip.files import Foreign, briefly

__all__ = ["MOST_DEPTH", "MOST_WORDS", "Group", "parse_groups"]

MOST_DEPTH = 16
MOST_WORDS = 2_000_000  # that are kept; each takes up to some 500 bytes
# Possessive, so that no text is looked at twice: a string, a mark, blanks, a word.
_TOKEN = re.compile(r'"[^"]*+"|[{}();:,\n]|(?:[^\S\n]|\\)++|(?:[^\s{}();:,"\\/]|/(?!\*))++')


class Group(NamedTuple):
    """``kind (names) { … }``: what stands in it, its inner groups apart.

    Attributes
    ----------
    kind, names
        Its head; quotes are taken off.
    simple
        Key → value, of ``key : value ;``.
    lists
        Key → values, of ``key (value, …) ;``.
    inner
        Groups in it, in their order.
    """

    kind: str
    names: tuple[str, ...]
    simple: dict[str, str]
    lists: dict[str, tuple[str, ...]]
    inner: list[Group]

    @property
    def name(self) -> str:
        """The first of its names, ready to be shown."""
        return briefly(self.names[0]) if self.names else ""

    def of(self, *kinds: str) -> Iterator[Group]:
        """Return its inner groups of these kinds."""
        return (group for group in self.inner if group.kind in kinds)


def parse_groups(text: str, file: Foreign, *, skipped: Set[str]) -> Group:
    """Return the first group of a text, without inner groups of the kinds that are ``skipped``.

    Raises
    ------
    NeurochipError
        Of the file's kind: for what is no such text, with the line, for groups in more than 15 others, or for more
        than two million words.
    """
    return _Scanner(text, file).group(skipped)


class _Scanner:
    """Tokens of a text, and where they are."""

    def __init__(self, text: str, file: Foreign) -> None:
        self._text, self._file, self._at = text, file, 0
        self._kept = 0

    def group(self, skipped: Set[str]) -> Group:
        open_groups: list[Group] = []
        hidden = 0  # how many of the open groups are not kept
        while True:
            word = self._next()
            if word == "":
                raise self._fault("ends within a group" if open_groups else "has no group")
            if word == ";":
                continue
            if word == "}":
                if not open_groups:
                    raise self._fault("has a } that closes nothing")
                closed = open_groups.pop()
                if not open_groups:
                    return closed
                if hidden:
                    hidden -= 1
                else:
                    open_groups[-1].inner.append(closed)
                continue
            if word in ("{", "(", ")", ":", ","):
                raise self._fault(f"has {word} where a name should stand")
            self._keep(1 - bool(hidden))
            mark = self._next()
            if mark == ":" and open_groups:
                open_groups[-1].simple[word] = self._value()
            elif mark == "(":
                names = self._list()
                self._keep(0 if hidden else len(names))
                begins = self._peek() == "{"
                if begins:
                    self._next()
                    if len(open_groups) == MOST_DEPTH:
                        raise self._fault(f"has groups that are nested more than {MOST_DEPTH} deep")
                    if hidden or word in skipped:
                        hidden += 1
                    open_groups.append(Group(_bare(word), names, {}, {}, []))
                elif open_groups:
                    open_groups[-1].lists[word] = names
                else:
                    raise self._fault("does not begin with a group")
            else:
                raise self._fault(f"has {briefly(word, 40)} without : or ( behind it")

    def _keep(self, words: int) -> None:
        self._kept += words
        if self._kept > MOST_WORDS:
            raise self._file.fault(f"has more than the {MOST_WORDS} words that are read", cure="")

    def _fault(self, problem: str) -> Exception:
        line = self._text.count("\n", 0, self._at) + 1
        return self._file.damaged(problem, f"line {line}")

    def _token(self) -> str:
        """Return the next token, ends of lines included; nothing at the end of the text."""
        while self._at < len(self._text):
            if self._text.startswith("/*", self._at):
                end = self._text.find("*/", self._at + 2)
                if end < 0:
                    raise self._fault("has a comment without an end")
                self._at = end + 2
                continue
            found = _TOKEN.match(self._text, self._at)
            if found is None:
                raise self._fault('has a " without another')
            self._at = found.end()
            if found[0][0].isspace() and found[0] != "\n" or found[0][0] == "\\":
                # Behind a backslash the line goes on.
                if found[0].rstrip(" \t\r").endswith("\\") and self._text.startswith("\n", self._at):
                    self._at += 1
                continue
            return found[0]
        return ""

    def _next(self) -> str:
        while (word := self._token()) == "\n":
            pass
        return word

    def _peek(self) -> str:
        at = self._at
        word = self._next()
        self._at = at
        return word

    def _value(self) -> str:
        """Return what stands behind a colon, up to a semicolon, the end of the line or that of the group."""
        words: list[str] = []
        while True:
            at = self._at
            word = self._token() if words else self._next()
            if word in ("", "\n", ";"):
                return " ".join(words)
            if word in ("}", "{"):
                self._at = at
                return " ".join(words)
            words.append(_bare(word))

    def _list(self) -> tuple[str, ...]:
        words: list[str] = []
        while (word := self._next()) != ")":
            if word in ("", "(", "{", "}", ";"):
                raise self._fault("has a ( without a )")
            if word not in (",", ":"):
                words.append(_bare(word))
        return tuple(words)


def _bare(word: str) -> str:
    return word.strip('"').strip()
