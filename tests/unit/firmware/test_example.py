"""The driver in examples/ knows the documents and nothing of the code; the chip tells it what it tells us."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from firmware_sim.through import first_image
from neurochip.description import read_run
from neurochip.runs.building import build
from neurochip.substrate import Observable, Phase
from neurochip.training.streams import glorot
from tests.unit.firmware.networked import TINY, served

EXAMPLE = Path(__file__).parents[3] / "examples" / "driver.py"


def test_it_imports_nothing_of_ours() -> None:
    tree = ast.parse(EXAMPLE.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names == {"__future__", "json", "socket", "struct", "sys", "zlib"}


def test_it_reads_what_the_chip_does(tmp_path: Path) -> None:
    spec = read_run("mnist-small", TINY)
    built = build(spec)
    image = tmp_path / "chip.bin"
    image.write_bytes(first_image(spec, built))
    token = tmp_path / "token"
    with served() as server:
        token.write_text(server.token + "\n", encoding="ascii")
        done = subprocess.run(
            [sys.executable, str(EXAMPLE), str(server.port), str(image), str(token)],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    chip, sizes = built.substrate, built.network.sizes
    chip.load(glorot(built.network, spec.seed))
    pixels = [[(k * 37 + sample * 11) % 101 / 100 for k in range(sizes[0])] for sample in range(2)]
    chip.begin(np.array(pixels, dtype=np.float32), np.arange(2, dtype=np.uint64))
    chip.run(Phase.FREE, 20)
    settled = chip.observe(Observable.VALUE, 2)
    chip.run(Phase.NUDGED, 10, beta=0.5, targets=np.eye(10)[[3, 7]])
    np.testing.assert_array_equal(told["settled"], settled.ravel())
    np.testing.assert_array_equal(told["pulled"], chip.observe(Observable.VALUE, 2).ravel())
    assert told["settled"] != told["pulled"]
    assert (
        told["spikes_sent"]
        == sum(counted.total("spikes_sent") for counted in chip.counters().phases.values())
        > 0
    )
