"""A page that opens offline: one file, nothing loaded, and no script but the one that ships with it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from importlib import resources
from string import Template

from neurochip.report.markup import Content, Markup, join, tag

__all__ = ["page", "page_head", "versions_list"]

_SCRIPTS = ("zoom.js", "save.js")


def page(title: str, *contents: Content, styles: tuple[str, ...] = ()) -> str:
    """Return the text of a page; ``styles`` names templates that it needs beside ``report.css``.

    The page forbids itself everything but its own styles, pictures in it, and the script whose digest it states.
    """
    script = "\n".join(_template(name) for name in _SCRIPTS)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return Template(_template("report.html")).substitute(
        title=join([title, " – neurochip"]),
        style="\n".join(_template(name) for name in ("report.css", *styles)),
        body=tag("main", *contents),
        script=script,
        digest=f"sha256-{digest}",
    )


def page_head(title: Content, about: Content, facts: Iterable[Content], *more: Content) -> Markup:
    """Return the head of a page: title, a line about it, facts as badges, and what follows them."""
    shown = [fact if isinstance(fact, Markup) else tag("span", fact) for fact in facts]
    return tag(
        "header",
        tag("h1", title),
        tag("p", about, class_="about") if about else None,
        tag("div", *shown, class_="facts"),
        *more,
    )


def versions_list(versions: Mapping[str, Content]) -> Markup:
    """Return names and what stands for each, in a line."""
    entries = (tag("div", tag("dt", name), tag("dd", version)) for name, version in versions.items())
    return tag("dl", *entries, class_="versions")


def _template(name: str) -> str:
    return (resources.files("neurochip.report") / "templates" / name).read_text(encoding="utf-8")
