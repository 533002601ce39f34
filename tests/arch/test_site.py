"""The site leads to every page, and its reference names everything that is public."""

from __future__ import annotations

import re
from pathlib import Path

import neurochip

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def test_a_menu_leads_to_every_page() -> None:
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    led_to = re.findall(r": (\S+\.md)$", menu, re.MULTILINE)
    assert len(led_to) == len(set(led_to))
    assert set(led_to) == {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}


def test_the_reference_has_every_public_name() -> None:
    named = re.findall(r"^::: \S+\.(\w+)$", (DOCS / "api.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(named) == len(set(named))
    assert set(named) == set(neurochip.__all__) - {"__version__"}


def test_the_glossary_is_in_order() -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^\| ([^|]+?) \| [^|]+ \|$", text, re.MULTILINE)[1:]
    assert "SOP" in terms and len(terms) == len(set(terms))
    assert terms == sorted(terms, key=str.lower)


def test_its_search_loads_nothing_from_elsewhere() -> None:
    # The plugin adds an address on the internet unless a script of this name is named.
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    own = re.findall(r"^  polyfills: \[(\S*iframe-worker\S*)\]", settings, re.MULTILINE)
    assert own == ["assets/iframe-worker.js"]
    assert all((DOCS / name).is_file() for name in own)
