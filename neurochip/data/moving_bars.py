"""Bars that move right, left, down or up before a camera of 12 × 12 pixels that sends events where light changes.

A bar is 2 or 3 pixels wide and 5 to 9 long, and moves by 4 to 8 pixels from a random place within the field. Its front
edge sends events of polarity 1, its back edge of polarity 0, and a few events are noise. Both edges pass over the same
pixels whichever way the bar goes, but for the ends: which polarity came where tells the direction.

The events are made by a hash, the same in every version of everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from neurochip.data.events import Events, joined

__all__ = ["DIRECTIONS", "PROVENANCE", "SIDE", "bars", "events_of"]

PROVENANCE = "made by neurochip: bars moving before an event camera, in noise"
DIRECTIONS = ("right", "left", "down", "up")
SIDE = 12
WINDOW = 1000  # of time
_NOISE = 6  # events of a sample


def _drawn(name: str) -> Iterator[int]:
    """Yield numbers 0 to 65535 without end."""
    for block in range(1 << 30):
        digest = hashlib.sha256(f"bars:{name}:{block}".encode()).digest()
        yield from np.frombuffer(digest, dtype=">u2").tolist()


def events_of(row: int) -> tuple[NDArray[np.int64], int]:
    """Return the events i64[event, (x, y, t, p)] of a sample, in the order of time, and its direction."""
    draw = _drawn(str(row))
    direction = next(draw) % len(DIRECTIONS)
    width, length, travel = 2 + next(draw) % 2, 5 + next(draw) % 5, 4 + next(draw) % 5
    start = next(draw) % (SIDE - width - travel + 1)
    beside = next(draw) % (SIDE - length + 1)
    found = []
    for step in range(1, travel + 1):
        time = step * WINDOW // (travel + 1)
        for along in range(beside, beside + length):
            found.append((start + step + width - 1, along, time, 1))
            found.append((start + step - 1, along, time, 0))
    found += [
        (next(draw) % SIDE, next(draw) % SIDE, next(draw) % WINDOW, next(draw) % 2) for _ in range(_NOISE)
    ]
    events = np.array(sorted(found, key=lambda event: event[2]), dtype=np.int64)
    if direction in (1, 3):
        events[:, 0] = SIDE - 1 - events[:, 0]
    if direction in (2, 3):
        events[:, [0, 1]] = events[:, [1, 0]]
    return events, direction


def bars(first: int, count: int) -> tuple[Events, NDArray[np.int64]]:
    """Return the events of ``count`` samples from the ``first`` on, and their directions."""
    made = [events_of(row) for row in range(first, first + count)]
    x, y, t, p, edges = joined([tuple(events.T) for events, _ in made])
    events = Events(
        x, y, t, p, edges, (SIDE, SIDE), "moving-bars",
        where=lambda sample, event: f"moving-bars: sample {sample + 1}, event {event + 1}",
        sample=lambda sample: f"moving-bars: sample {sample + 1}",
    )  # fmt: skip
    return events, np.array([direction for _, direction in made], dtype=np.int64)
