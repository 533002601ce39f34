"""HTML that cannot be broken by what a user wrote: every string is escaped unless it is `Markup` already."""

from __future__ import annotations

import html
from collections.abc import Iterable

__all__ = ["Content", "Markup", "join", "tag"]

_VOID = frozenset({"br", "col", "image", "img", "line", "path", "polyline", "polygon", "rect"})


class Markup(str):
    """A string that is HTML, as opposed to text."""

    __slots__ = ()


# What may stand inside an element; `None` is nothing.
Content = str | int | None


def _escaped(content: Content) -> str:
    if content is None:
        return ""
    return content if isinstance(content, Markup) else html.escape(str(content), quote=True)


def join(contents: Iterable[Content]) -> Markup:
    """Return contents one after the other."""
    return Markup("".join(_escaped(content) for content in contents))


def tag(name: str, *contents: Content, **attributes: str | int | float | None) -> Markup:
    """Return an element. ``class_`` is class, ``_`` in a name is ``-``; an attribute of `None` is left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID and not contents:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{join(contents)}</{name}>")
