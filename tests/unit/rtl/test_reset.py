"""No memory of the exported Verilog is written while reset is high, whatever registers hold before it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from neurochip.rtl.templates import template

BENCH = Path(__file__).with_name("reset_bench.v")
SOURCES = ("core.v", "neuron.v", "learning.v", "spike_list.v", "outbox.v", "router.v", "encoder.v")
GATE = re.compile(r" && !reset|!reset && |\{add0, add1\} <= 2'd0;")

pytestmark = pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not installed")


def changed(folder: Path, texts: dict[str, str]) -> int:
    """Return how many words of memories changed."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    built = ["iverilog", "-g2012", "-o", str(folder / "bench"), str(BENCH)]
    subprocess.run([*built, *(str(folder / name) for name in texts)], check=True)
    said = subprocess.run(
        ["vvp", "-n", str(folder / "bench")], check=True, capture_output=True, text=True
    ).stdout
    return int(said.split()[-1])


def test_no_memory_is_written_while_reset_is_high(tmp_path: Path) -> None:
    texts = {name: template(name) for name in SOURCES}
    assert changed(tmp_path, texts) == 0
    gates = [len(GATE.findall(text)) for text in texts.values()]
    assert sum(gates) == 14  # the control: without them each memory is
    assert changed(tmp_path, {name: GATE.sub("", text) for name, text in texts.items()}) >= 12
