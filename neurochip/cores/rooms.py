"""Room for the structures of the loop over ticks: for what samples remember, for a thread, for what is recorded."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.arrays import Compacted, Pull, Reception, Recorder, Scratch, State, Wiring, aligned_zeros
from neurochip.elements.neurons.neuron import ROOM

__all__ = ["VECTOR", "WORD", "axons_of", "no_records", "pulled", "reception", "scratch", "state", "up"]

S = TypeVar("S", bound=np.generic)

VECTOR, WORD = 16, 64  # slots


def up(number: int, step: int) -> int:
    """Return the least multiple of a step that is not less."""
    return -(-number // step) * step


def axons_of(wiring: Wiring) -> int:
    """Return how many axon slots there are."""
    return int(wiring.sources[-1, 3]) if len(wiring.sources) else 0


def state(wiring: Wiring, n: int, variables: int, delay: int) -> State:
    """Return the state of ``n`` samples at rest, with bits of as many ticks as the longest delay."""
    slots = len(wiring.bias)
    return State(
        words=aligned_zeros((n, variables, slots), wiring.bias.dtype),
        bits=aligned_zeros((n, delay, slots), np.uint8),
        counts=aligned_zeros((n, slots), np.uint16),
    )


def reception(
    wiring: Wiring,
    n: int,
    sum_dtype: np.dtype[np.number],
    delay: int,
    *,
    patterned: bool = False,
    traced: bool = False,
    lossy: bool = False,
    late: bool = False,
) -> Reception:
    """Return what receivers of ``n`` samples remember, at rest; what is not used is empty."""
    axons = axons_of(wiring)
    sums = max((int(first) + up(int(width), VECTOR) for first, width in wiring.blocks[:, [5, 3]]), default=0)

    def per_axon(dtype: type[S] | np.dtype[S], wanted: bool) -> NDArray[S]:
        return aligned_zeros((n, axons if wanted else 0), dtype)

    return Reception(
        reference=per_axon(np.uint8, patterned),
        window=per_axon(np.uint8, patterned),
        sums=aligned_zeros((n, sums), sum_dtype),
        trace=per_axon(wiring.bias.dtype, traced),
        arrived=aligned_zeros((n, delay if lossy else 1, axons if lossy else 0), np.uint8),
        late=per_axon(np.uint64, late),
        counts=per_axon(np.uint16, lossy),
    )


def scratch(wiring: Wiring, variables: int, sum_dtype: np.dtype[np.number]) -> Scratch:
    """Return room for one thread."""
    slots, axons, t = len(wiring.bias), axons_of(wiring), wiring.bias.dtype
    most = max(slots, axons)
    return Scratch(
        packed=aligned_zeros((2, most // 8), np.uint8),
        plus=aligned_zeros(2 * most + 8, np.uint64),
        minus=aligned_zeros(2 * most + 8, np.uint64),
        listed=aligned_zeros((max(1, most // WORD), 3), np.uint64),
        received=aligned_zeros(axons, np.uint8),
        room=aligned_zeros((ROOM, slots), t),
        total=aligned_zeros(slots, sum_dtype),
        part=aligned_zeros(slots, part_dtype(wiring.weights.dtype, sum_dtype)),
        compacted=Compacted(
            n=aligned_zeros(len(wiring.populations), np.uint64),
            axon=aligned_zeros(slots, np.uint64),
            neuron=aligned_zeros(slots, np.uint64),
            words=aligned_zeros((variables, slots), t),
            bits=aligned_zeros(slots, np.uint8),
            reference=aligned_zeros(slots, np.uint8),
            window=aligned_zeros(slots, np.uint8),
            counts=aligned_zeros(slots, np.uint16),
        ),
    )


def part_dtype(weight_dtype: np.dtype[np.number], sum_dtype: np.dtype[np.number]) -> np.dtype[np.number]:
    """Return the format of sums of a few rows: 16 bits for whole numbers of 8."""
    return np.dtype(np.int16) if weight_dtype == np.int8 and sum_dtype.kind == "i" else sum_dtype


def pulled(
    nudge: NDArray[np.number], target: NDArray[np.number], played: NDArray[np.uint8] | None = None
) -> Pull:
    """Return targets that pull, and spikes that an input plays back; inputs are shown no others."""
    if played is None:
        played = np.zeros((0, 0, 0), np.uint8)
    return Pull(nudge, target, played, np.zeros((0, 1), np.int64), np.zeros(0, np.uint64))


def no_records(wiring: Wiring, rows: int, variables: NDArray[np.int64]) -> Recorder:
    """Return a recorder of nothing, ``variables`` being the state of each population."""
    nothing = np.zeros((0, rows, len(wiring.bias)), wiring.bias.dtype)
    return Recorder(
        spikes=nothing.astype(np.uint8),
        states=nothing,
        steps=nothing,
        per_core=np.zeros((0, rows, 0), np.int32),
        row=np.arange(rows),
        variables=variables,
        idle=np.zeros(0, np.int64),
        idle_per_tick=np.zeros(0, np.int64),
    )
