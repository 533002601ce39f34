"""What a neuron is to the emulator: constants, variables, and a kernel that updates a range of neurons for one tick.

The loop over ticks (`cores/tick`) knows no neuron. It adds up what the spikes of earlier ticks bring, hands the sum to
the ``update`` of the population's neurons, and takes the bits that this leaves.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.kernels._jit import Kernel
from neurochip.kernels.types import Flag, Index, Vector

__all__ = ["DRIVE", "NET", "REACHED", "ROOM", "STEP", "Dynamics", "Sample", "Moment"]

Array = NDArray[Any]  # T is floats or whole numbers

# Rows of the room that an update is handed, T[row, slot]. `DRIVE` holds the weighted sum of the spikes that arrive in
# this tick; `NET` and `STEP` are its own to use, and `STEP` can be recorded. Where idle updates are counted, and the
# tick is ``quiet``, `REACHED` is 0 where no spike arrived, of all neurons whose first variable is 0.
DRIVE, NET, STEP, REACHED = range(4)
ROOM = 4


class Moment(NamedTuple):
    """One tick of one sample."""

    tick: Index  # i64, from 1
    key: Index  # u64: hash of (seed, presentation, tick), for random bits
    start_key: Index  # u64: hash of (seed, presentation, 0)
    schedule: Array  # T[column]  numbers of this tick, the same for all neurons
    nudge: Any  # T: how strongly targets pull, mostly 2β; 0 where none does
    quiet: Flag  # whether no spike arrived; where idle updates are counted, whether some neuron got none


class Sample(NamedTuple):
    """What belongs to the neurons of one sample; slots number the neurons of a network, population after population."""

    words: Array  # T[variable, slot]  state; of an input population, variable 0 is what it presents, and never changes
    bits: Vector[np.uint8]  # [slot]  the bits of this tick, to be written
    target: Array  # T[slot]
    bias: Array  # T[slot]
    neuron: Vector[np.uint64]  # [slot]  its number in the network; NOBODY in slots that fill up a population
    own: Array  # T[row | 0, slot]  constants of each neuron
    room: Array  # T[row, slot]  see `ROOM`
    idle: Vector[np.int64]  # [slot | 0]  updates at rest that no spike reached, counted if there is room


class Dynamics(NamedTuple):
    """How one kind of neurons runs.

    ``update(first, last, moment, sample, constants)`` advances the slots ``first`` … ``last`` − 1 by one tick and
    returns how many idle updates that were; ``constants`` T[column] are shared.
    """

    update: Kernel[..., int]
    constants: tuple[float, ...]
    own: NDArray[np.float64] | None = None  # f64[row, unit]
    silent_at_zero: bool = False  # of inputs: one that presents 0 never fires and keeps nothing but zeros
