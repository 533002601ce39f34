"""Writers of event files, from the public descriptions of their formats: what the readers of the package must read."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

# As tonic declares them.
DTYPE = np.dtype([("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "|b1")])


def some_events(n: int, *, seed: int = 1, width: int = 34, height: int = 34, span: int = 1000) -> Any:
    """Return so many events of tonic's form, in the order of time."""
    rng = np.random.default_rng(seed)
    events = np.zeros(n, DTYPE)
    events["x"], events["y"] = rng.integers(0, width, n), rng.integers(0, height, n)
    events["t"], events["p"] = np.sort(rng.integers(0, span, n)), rng.integers(0, 2, n)
    return events


def nmnist(events: Any) -> bytes:
    """Return 40 bits an event: x, y, polarity and 23 bits of time; y = 240 says that the clock ran over by 2¹³."""
    out = bytearray()
    over = 0
    for x, y, t, p in events.tolist():
        while t - over >= 1 << 23:
            over += 1 << 13
            out += bytes([0, 240, 0, 0, 0])
        late = t - over
        out += bytes([x, y, int(p) << 7 | late >> 16, late >> 8 & 255, late & 255])
    return bytes(out)


def aedat_2(events: Any, *, chip: str | None = "DVS128", others: Iterable[int] = ()) -> bytes:
    """Return big-endian pairs of 32-bit address and time; before the ``others`` stands a record of no pixel."""
    lines = ["#!AER-DAT2.0", "# This is a raw AE data file - do not edit"]
    lines += [] if chip is None else [f"# AEChip: ch.unizh.ini.jaer.chip.retina.{chip}"]
    out = bytearray("".join(f"{line}\r\n" for line in lines).encode())
    others = set(others)
    for k, (x, y, t, p) in enumerate(events.tolist()):
        if k in others:
            out += struct.pack(">II", 0x8000, t % 2**32)
        dvs = x << 1 | y << 8 | int(p)
        davis = y << 22 | x << 12 | int(p) << 11
        out += struct.pack(">II", davis if chip and "DAVIS" in chip.upper() else dvs, t % 2**32)
    return bytes(out)


def aedat_3(
    events: Any,
    *,
    source: str = "DVS128",
    packet: int = 16,
    invalid: Sequence[int] = (),
    other: bool = True,
) -> bytes:
    """Return little-endian packets of polarity events, after one of special events where ``other``."""
    lines = ["#!AER-DAT3.1", "#Format: RAW", f"#Source 1: {source}",
             "#Start-Time: 2016-08-09 14:00:00 (TZ+0200)", "#!END-HEADER"]  # fmt: skip
    out = bytearray("".join(f"{line}\r\n" for line in lines).encode())
    if other:
        out += struct.pack("<hhiiiiii", 0, 1, 8, 4, 0, 1, 1, 1) + struct.pack("<II", 1, 0)
    rows = list(events.tolist())
    for first in range(0, len(rows), packet):
        some = rows[first : first + packet]
        over = some[0][2] >> 31
        some = [row for row in some if row[2] >> 31 == over]
        out += struct.pack("<hhiiiiii", 1, 1, 8, 4, over, len(some), len(some), len(some))
        for k, (x, y, t, p) in enumerate(some):
            valid = int(first + k not in invalid)
            out += struct.pack("<II", x << 17 | y << 2 | int(p) << 1 | valid, t & 0x7FFF_FFFF)
    return bytes(out)
