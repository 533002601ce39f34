"""The pages about registers and protocol are those of the tables in the code."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from firmware_sim.assembler import assemble
from firmware_sim.codes import CODES, Code
from firmware_sim.isa import INSTRUCTIONS
from firmware_sim.pages import PAGES, main
from firmware_sim.regmap import REGISTERS
from tests.unit.firmware.chips import bench

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


def test_the_program_on_the_page_about_firmware_runs() -> None:
    page = (DOCS / "firmware.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```asm\n(.*?)```", page, re.S)
    device, chip, net = bench()
    for batch in range(10):
        chip.feed(net.x, np.arange(2 * batch, 2 * batch + 2, dtype=np.uint64), net.y)
    chip.set_nudge(0.5)
    chip.deliver(assemble(text, "page"))
    answers = chip.start_at(0)
    assert [answer.at for answer in answers] == [6] * 10 + [8]
    assert all(answer.arrays[0].shape == (2, 3) for answer in answers[:10])
    assert chip.levels() == [0, 0, 0, 0, 0]
