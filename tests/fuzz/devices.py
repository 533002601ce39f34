"""States of devices, fuzzed behind renewed checksums."""

from __future__ import annotations

import contextlib
import functools
import random
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz.mutations import damaged_bytes, damaged_json, odd_array
from tests.fuzz.written import made_in_folder

__all__ = ["damaged_state", "read_state", "state"]


def state() -> list[bytes]:
    def make(folder: Path) -> None:
        from firmware_sim.session import Session
        from firmware_sim.store import Store
        from firmware_sim.transaction import Transaction
        from tests.unit.firmware.chips import bench, send

        folder.mkdir()
        made = bench()
        send(made.device, Transaction())
        session = Session(made.device, 7)
        session.last = [np.zeros(2, "<u4")]
        Store(folder / "state").write(session)

    return made_in_folder(make, "state")


@functools.cache
def _device() -> Any:
    from tests.unit.firmware.chips import ideal_device

    return ideal_device()[0]


def read_state(path: Path) -> Any:
    from firmware_sim.store import Store

    return Store(path).read(_device())


def damaged_state(content: bytes, rng: random.Random) -> bytes:
    """Change a section of a state, or of the image in it, behind renewed checksums; or any byte."""
    from firmware_sim.codes import Refusal

    try:
        return damaged_bytes(content, rng) if rng.random() < 0.2 else _damaged_sections(b"NCST", content, rng)
    except Refusal:
        return damaged_bytes(content, rng)  # it is damaged already


def _damaged_sections(magic: bytes, content: bytes, rng: random.Random) -> bytes:
    from firmware_sim.container import read_sections, write_sections
    from firmware_sim.image import MAGIC, array_section

    sections: dict[str, Any] = {k: bytes(v) for k, v in read_sections(magic, memoryview(content)).items()}
    name = rng.choice(list(sections))
    kind = rng.randrange(5)
    if name == "IMAGE" and kind:
        sections[name] = _damaged_sections(MAGIC, sections[name], rng)
    elif name == "STATE" and kind:
        sections[name] = damaged_json(sections[name], rng)
    elif kind == 1:
        del sections[name]
    elif kind == 2:
        with contextlib.suppress(Exception):  # an array that no block holds
            sections[name] = b"".join(bytes(piece) for piece in array_section(name, odd_array(rng))[1])
    else:
        sections[name] = damaged_bytes(sections[name], rng)
    return write_sections(magic, list(sections.items()))
