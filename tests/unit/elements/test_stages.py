"""Elements in kernels: built-in and foreign ones go one way; what is stored of a foreign one is never stale."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from neurochip import settle
from neurochip.elements import OSA, HardwareCost, Predictive, SigmaDelta
from neurochip.elements.stages import check_compiles, stage_of
from neurochip.errors import ConfigError
from neurochip.kernels._jit import kernel

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
from neurochip.elements.stages import stage_of
encode = stage_of("encoder", Mine())
state, bits = np.zeros(1), np.zeros(1, np.uint8)
encode(np.uint64(0), np.uint64(1), np.full(1, 3.0), state, np.zeros(1), np.zeros(1, np.uint64), np.uint64(1), (), bits)
print(state[0], sum(encode.compiled.stats.cache_hits.values()))
"""


def test_equal_elements_share_a_kernel() -> None:
    """What differs in numbers alone is not compiled anew."""
    assert stage_of("encoder", SigmaDelta()) is stage_of("encoder", SigmaDelta(None))
    assert stage_of("decoder", Predictive()) is stage_of("decoder", Predictive(0.5))
    assert stage_of("annealer", OSA()) is stage_of("annealer", OSA(0.1, 1.0))


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


@kernel
def _wide(value: Any, first: Any, second: Any, draw: Any, *constants: Any) -> Any:
    return value > constants[0], first, second


@dataclass(frozen=True)
class Wide:
    a: float = 0.5
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 0.0
    f: float = 0.0
    g: float = 0.0
    h: float = 0.0
    kind: ClassVar[str] = "wide"
    hardware: ClassVar[HardwareCost] = HardwareCost(comparisons=1)
    step: ClassVar[Any] = _wide


@dataclass(frozen=True)
class TooWide(Wide):
    i: float = 0.0


def test_an_element_may_have_eight_constants() -> None:
    dtype = np.dtype(np.float32)
    check_compiles("encoder", Wide(), dtype, "coding.encoder")
    with pytest.raises(ConfigError) as caught:
        check_compiles("encoder", TooWide(), dtype, "coding.encoder")
    assert str(caught.value).startswith("coding.encoder: TooWide has 9 constants, and 8 are the most")
    x, y = np.random.default_rng(1).random((2, 4)), np.zeros((2, 2))
    weights = [np.full((4, 3), 0.5), np.full((3, 2), 0.5)]
    biases = [np.zeros(3), np.zeros(2)]
    found = settle(weights, biases, x, y, encoder=Wide(), decoder="identity", n_free=3)
    np.testing.assert_array_equal(found.spikes[0][0], x.astype(np.float32) > 0.5)
    with pytest.raises(ConfigError, match="TooWide has 9 constants"):
        settle(weights, biases, x, y, encoder=TooWide(), decoder="identity", n_free=3)
