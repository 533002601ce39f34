"""Blocks → the snapshot or change of weights that they describe, or a refusal."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_sim.codes import Code, Refusal
from firmware_sim.phases import State
from neurochip.network import Network
from neurochip.substrate import Snapshot, WeightUpdate

__all__ = ["check_snapshot", "snapshot_from", "update_from"]

Array = NDArray[Any]
# Takes the next block of a queue, which must have one of so many dimensions.
Take = Callable[[Sequence[int]], Array]

_MOST_TICKS = 1 << 40


def snapshot_from(take: Take) -> tuple[Snapshot, State]:
    """Return a snapshot of samples, and the phase that it was taken in: numbers, names, then its arrays."""
    numbers, names = take((1,)), take((1,))
    if numbers.shape != (3,) or numbers.dtype != np.int64 or names.dtype != np.uint8:
        raise Refusal(
            Code.BAD_BLOCK, "a snapshot begins with tick, ran and state, then the names of its arrays"
        )
    if names.size > 4096:
        raise Refusal(Code.BAD_BLOCK, "a snapshot has no such many names")
    listed = names.tobytes().decode("ascii", "replace").split("\n") if names.size else []
    tick, ran, number = (int(n) for n in numbers)
    legal = (State.BEGUN, State.FREE, State.NUDGED, State.NUDGED_NEGATIVE, State.EVALUATION)
    if not (0 <= tick < _MOST_TICKS and 0 <= ran <= 0xFFFF and number in [int(s) for s in legal]):
        raise Refusal(Code.BAD_BLOCK, f"no snapshot has tick {tick}, ran {ran}, state {number}")
    arrays = {name: take(range(8)) for name in listed}
    return Snapshot(tick, ran, arrays), State(number)


def check_snapshot(snapshot: Snapshot, own: Mapping[str, Array]) -> None:
    """Refuse arrays that are not those of these samples on this substrate, which has its ``own``."""
    # What has a point in its name exists only while it is needed; the chip itself knows when.
    if {name for name in {*own} ^ {*snapshot.arrays} if "." not in name}:
        raise Refusal(Code.BAD_BLOCK, "the snapshot is of another kind of chip")
    for name, given in snapshot.arrays.items():
        array = own.get(name, given)
        if given.shape != array.shape or given.dtype != array.dtype:
            raise Refusal(
                Code.BAD_BLOCK,
                f"{name} of the snapshot has shape {given.shape} of {given.dtype}, "
                f"these samples have {array.shape} of {array.dtype}",
            )
        if given.dtype.kind == "f" and not np.all(np.isfinite(given)):
            raise Refusal(Code.BAD_BLOCK, f"{name} of the snapshot must be finite")


def update_from(row: list[float], take: Take, network: Network) -> WeightUpdate:
    """Return a change of weights: projection, rate, words, number of terms, samples summed (−1: each row of a term is
    one); then both ends of each term.
    """
    if not all(math.isfinite(n) for n in row):
        raise Refusal(Code.BAD_VALUE, f"an update must be finite, got {row}")
    projection, rate, words, n_terms, summed = row
    n = len(network.projections)
    if not (0 <= projection < n and 0 <= words <= 64 and 1 <= n_terms <= 64 and summed >= -1):
        raise Refusal(Code.BAD_VALUE, f"no update has projection, rate, words, terms, summed {row}")
    found = network.projections[int(projection)]
    sizes = (network.sizes[found.source], network.sizes[found.target])
    terms = []
    for _ in range(int(n_terms)):
        pre, post = take((2,)), take((2,))
        fits = pre.shape[0] == post.shape[0] and (pre.shape[1], post.shape[1]) == sizes
        if not fits or pre.dtype.kind != "f" or post.dtype.kind != "f":
            raise Refusal(
                Code.BAD_BLOCK,
                f"a term of shapes {pre.shape} and {post.shape} does not fit layers {sizes}",
            )
        terms.append((pre, post))
    return WeightUpdate(int(projection), tuple(terms), rate, int(words), None if summed < 0 else int(summed))
