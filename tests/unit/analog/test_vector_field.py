"""Vector fields from files: run only where that is allowed, and refused in a sentence when they do not work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.analog.substrate import AnalogSubstrate
from neurochip.analog.vector_field import load_vector_field
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.errors import CapabilityError, ConfigError, NeurochipError, NumericError
from neurochip.network import layered
from neurochip.substrate import Phase
from neurochip.training.streams import glorot

NETWORK = layered((6, 5, 3), tied=False)
TANH = """
import math

def activity(voltage):
    return math.tanh(voltage)

def flow(voltage, drive):
    return drive - voltage
"""


def made(folder: Path, text: str, *, method: str = "euler") -> AnalogSubstrate:
    path = folder / "field.py"
    path.write_text(text)
    field = load_vector_field(str(path), allow_code=True)
    spec = AnalogSpec(
        characteristic="file",
        vector_field=str(path),
        settle=SettleSpec(method=method, step=0.3),  # type: ignore[arg-type]
        mismatch=MismatchSpec(sigma=0.2),
    )
    substrate = AnalogSubstrate(NETWORK, spec, dtype=np.float64, flow=field, activity=field.activity)
    substrate.load(glorot(NETWORK, 1))
    substrate.begin(np.random.default_rng(1).random((2, 6)), np.arange(2, dtype=np.uint64))
    return substrate


@pytest.mark.interp
@pytest.mark.parametrize("method", ["euler", "heun"])
def test_the_built_in_pair_written_as_a_file_is_the_built_in_pair(method: str, tmp_path: Path) -> None:
    own = made(tmp_path, TANH, method=method)
    built_in = AnalogSubstrate(
        NETWORK,
        AnalogSpec(
            characteristic="tanh",
            settle=SettleSpec(method=method, step=0.3),  # type: ignore[arg-type]
            mismatch=MismatchSpec(sigma=0.2),
        ),
        dtype=np.float64,
    )
    built_in.load(glorot(NETWORK, 1))
    built_in.begin(np.random.default_rng(1).random((2, 6)), np.arange(2, dtype=np.uint64))
    y = np.eye(3)[:2]
    for phase, beta in ((Phase.FREE, 0.0), (Phase.NUDGED, 0.3)):
        for substrate in (own, built_in):
            substrate.run(phase, 30, beta=beta, targets=y)
        np.testing.assert_allclose(own.voltages(), built_in.voltages(), atol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        TANH.replace("drive - voltage", "drive + 9.0 * voltage * voltage + 1.0"),
        TANH.replace("math.tanh(voltage)", "voltage").replace(
            "drive - voltage", "drive + 100.0 * voltage + 1.0"
        ),
        TANH.replace("drive - voltage", "drive - voltage if drive < 0.7 else math.nan * drive") + "\n",
    ],
)
def test_a_field_that_diverges_or_gives_nan(text: str, tmp_path: Path) -> None:
    substrate = made(tmp_path, text)
    with pytest.raises(NumericError) as refused:
        substrate.run(Phase.FREE, 400)
    assert str(refused.value) == (
        "analog.vector_field: left the range of numbers (NaN or infinity); take a smaller analog.settle.step or "
        "weights"
    )


def test_a_file_works_in_one_process_after_another(tmp_path: Path) -> None:
    """What numba stores of a function from a file cannot be read by another process."""
    path = tmp_path / "field.py"
    path.write_text(TANH)
    load = (
        f"from neurochip.analog.vector_field import load_vector_field as f; f({str(path)!r}, allow_code=True)"
    )
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def sentence(error: type[NeurochipError], path: Path | str, text: str | None = None, **how: Any) -> str:
    if text is not None:
        Path(path).write_text(text)
    with pytest.raises(error) as refused:
        load_vector_field(str(path), **{"allow_code": True, **how})
    return str(refused.value)


def test_refused(tmp_path: Path) -> None:
    path = tmp_path / "field.py"
    assert sentence(CapabilityError, path, "raise SystemExit", allow_code=False) == (
        f"analog.vector_field: would run the code in {path}; read it, and say --allow-code if you trust it"
    )
    absent = tmp_path / "absent.py"
    assert sentence(ConfigError, absent) == f"analog.vector_field: names {absent}, which does not exist"
    assert sentence(ConfigError, path, "activity = abs") == (
        f"analog.vector_field: {path} must define flow(voltage, drive), and does not"
    )
    assert sentence(ConfigError, path, "1 / 0") == (
        f"analog.vector_field: {path} cannot be run: ZeroDivisionError: division by zero"
    )
    nan = TANH.replace("drive - voltage", "math.sqrt(-1.0 - voltage * voltage)")
    assert sentence(NumericError, path, nan) == (
        "analog.vector_field: flow(0.5, 0.5) must be a finite number, got nan"
    )
    words = TANH.replace("drive - voltage", "undefined_name + voltage")
    assert sentence(ConfigError, path, words).startswith(
        "analog.vector_field: flow(0.5, 0.5) does not work: "
    )
