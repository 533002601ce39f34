"""Random, cut off, repeated and reordered frames: a short run of benchmarks/firmware_fuzz.py, and hypothesis."""

from __future__ import annotations

import importlib.util
import io
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.codes import Code
from firmware_sim.container import bytes_of
from firmware_sim.frames import FrameError, FrameReader, Kind, frame_parts
from firmware_sim.session import Session
from tests.property.networks import checked
from tests.unit.firmware.chips import ideal_device

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "firmware_fuzz.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("firmware_fuzz", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["firmware_fuzz"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("seed", "chip"), [(101, "ideal"), (102, "digital")])
def test_a_few_thousand_frames_do_no_harm(script: ModuleType, seed: int, chip: str) -> None:
    fuzz = script.Fuzz(seed, chip)
    assert fuzz.device.operations.machine.capabilities.name == chip
    with np.errstate(all="ignore"):
        for _ in range(2500):
            fuzz.send(fuzz.frame(), 30.0)
    assert fuzz.outcomes["carried out"] > 200
    for code in (Code.BAD_CRC, Code.OUT_OF_SEQUENCE, Code.SEQUENCE_REUSED, Code.NOT_WRITABLE, Code.BAD_MAGIC):
        assert fuzz.outcomes[code.name] > 5, f"{code.name} never happened: the frames are too tame"
    assert len(fuzz.programs) > 6


def test_a_wrong_write_would_be_seen(script: ModuleType) -> None:
    fuzz = script.Fuzz(1)
    fuzz.device.registers.put(script.by_name("RECORD"), 5)
    with pytest.raises(SystemExit, match=r"RECORD\[0\] holds 0x5 after"):
        fuzz.send(b"".join(bytes_of(p) for p in frame_parts(Kind.TRANSACT, 1)), 30.0)


@given(st.lists(st.binary(max_size=60), max_size=4), st.integers(0, 2**64 - 1), st.sampled_from(list(Kind)))
@checked(300)
def test_any_payload_has_an_answer(parts: list[bytes], sequence: int, kind: Kind) -> None:
    device, _ = ideal_device(depth=1 << 12)
    session = Session(device, 1)
    data = b"".join(bytes_of(part) for part in frame_parts(kind, sequence, parts))
    answer = b"".join(bytes_of(p) for p in session.answer(FrameReader(io.BytesIO(data).readinto).read()))
    frame = FrameReader(io.BytesIO(answer).readinto).read()
    assert frame.kind in (Kind.ANSWER, Kind.REFUSED)
    code = frame.code if frame.kind == Kind.REFUSED else int(np.frombuffer(frame.payload, "<u4")[0])
    assert Code(code) is not Code.INTERNAL


@given(st.binary(max_size=200))
@checked(300)
def test_any_bytes_are_a_frame_or_refused(data: bytes) -> None:
    try:
        FrameReader(io.BytesIO(data).readinto).read()
    except (FrameError, EOFError) as error:
        assert isinstance(error, EOFError) or error.code in Code
