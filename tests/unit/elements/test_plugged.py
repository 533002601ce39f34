"""Elements of other packages in kernels: nothing changes without one; what is stored of one is never stale."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurochip.cores.faulty_tick import run_faulty_ticks
from neurochip.cores.tick import run_ticks
from neurochip.elements import OSA, Predictive, SigmaDelta
from neurochip.elements.encoders.table import encode
from neurochip.elements.plugged import with_elements

PACKAGE = {
    "__init__.py": "",
    "gain.py": "GAIN = 2.0\n",
    "more.py": """
from typing import Any
from neurochip import kernel
from mine.gain import GAIN

@kernel
def more(value: Any) -> Any:
    return GAIN * value
""",
    "element.py": """
from dataclasses import dataclass
from typing import Any, ClassVar
from neurochip import HardwareCost, kernel
from mine.more import more

@kernel
def step(value: Any, first: Any, second: Any, draw: Any) -> Any:
    return False, more(value), second

@dataclass(frozen=True)
class Mine:
    kind: ClassVar[str] = "mine"
    hardware: ClassVar[HardwareCost] = HardwareCost()
    step: ClassVar[Any] = step
""",
}
# Prints what the encoder made of 3, and whether its kernel was compiled or found.
RUN = """
import numpy as np
from mine.element import Mine
from neurochip.elements.encoders.table import encode
from neurochip.elements.plugged import with_elements
encode = with_elements(encode, {"encoder": Mine()})
state, bits = np.zeros(1), np.zeros(1, np.uint8)
encode((), np.uint64(0), np.uint64(1), np.full(1, 3.0), state, np.zeros(1), np.zeros(1, np.uint64), np.uint64(1), bits)
print(state[0], sum(encode.compiled.stats.cache_hits.values()))
"""


def test_without_one_the_kernels_are_the_same() -> None:
    built_in = {"encoder": SigmaDelta(), "decoder": Predictive(), "annealer": OSA()}
    for kernel in (run_ticks, run_faulty_ticks, encode):
        assert with_elements(kernel, built_in) is kernel
    assert with_elements(run_ticks, {"encoder": None}) is run_ticks


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_a_stored_kernel_is_found_again_and_never_stale(tmp_path: Path) -> None:
    """In another process it is found; after an edit of what a called file takes from a third one, it is not."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, text in PACKAGE.items():
        (folder / name).write_text(text)

    def said() -> list[str]:
        environment = os.environ | {"PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        done = subprocess.run(
            [sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    assert said() == ["6.0", "0"]
    assert said() == ["6.0", "1"]
    (folder / "gain.py").write_text("GAIN = 5.0\n")
    assert said() == ["15.0", "0"]
    (folder / "gain.py").write_text("GAIN = 2.0\n")
    assert said() == ["6.0", "1"]
