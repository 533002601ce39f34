"""The pages about registers and protocol are those of the tables in the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_sim.codes import CODES, Code
from firmware_sim.isa import INSTRUCTIONS
from firmware_sim.pages import PAGES, main
from firmware_sim.regmap import REGISTERS

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("name", ["registers.md", "protocol.md"])
def test_a_page_is_not_stale(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    assert page == PAGES[name](), f"stale; make it anew with `python -m firmware_sim.pages {DOCS.name}`"


def test_the_pages_hold_everything(tmp_path: Path) -> None:
    assert len(REGISTERS) > 30 and len(INSTRUCTIONS) > 20
    registers, protocol = PAGES["registers.md"](), PAGES["protocol.md"]()
    assert all(f"`{r.name}`" in registers and r.doc in registers for r in REGISTERS)
    assert all(f"`{op.name}`" in protocol and op.doc in protocol for op in INSTRUCTIONS)
    assert set(CODES) == set(Code)
    assert all(f"| {int(code)} | {code.name} |" in protocol for code in Code)
    main(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(PAGES)
