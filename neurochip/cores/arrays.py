"""The arrays that the digital kernels work on. *Slots* number the neurons of a chip, core after core.

A core's neurons take a multiple of 16 slots and a population a multiple of 64, so that loops run over whole
vectors and bits over whole words. The last slot of a population is never a neuron; such padding has no
weights and never fires.
T is float32 or float64; W is T, int8 or int16; S (sums of weights) is T or int32.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Coder", "Few", "LaneState", "Recorder", "Schedules", "Scratch", "Wiring", "aligned_zeros"]

Array = np.ndarray[Any, Any]


class Wiring(NamedTuple):
    """What sits where: constant during a run, but for the weights that learning writes."""

    populations: Array  # u64[population, 3]  first slot, slot after the last, clamped (0 or 1)
    cores: Array  # u64[core, 3]  population, first slot, slot after the last
    blocks: Array  # u64[block, 6]  core, source population, first weight, width, first frame sum, projection
    core_blocks: Array  # u64[core + 1]  the blocks of core c are core_blocks[c] … core_blocks[c + 1] − 1
    weights: Array  # W[weight]  blocks [axon slot of the source, neuron of the core], one after the other
    scales: Array  # T[projection]  value of one unit of W
    bias: Array  # T[slot]
    neuron: Array  # u64[slot]  number of the neuron in the network, whatever the mapping; NOBODY in padding


class LaneState(NamedTuple):
    """Everything a presentation remembers, per lane. All of it is 0 at the beginning."""

    value: Array  # T[lane, slot]  s, the membrane; of clamped neurons the input x
    decoded: Array  # T[lane, slot]  v
    previous: Array  # T[lane, slot]  clamped neurons: the value of the last tick, for the predictive front
    coded: Array  # T[lane, slot]  a, the last value handed to the encoder
    residue: Array  # T[lane, slot]  φ
    second: Array  # T[lane, slot | 0]  φ₂ of the second-order encoder
    anneal: Array  # T[lane, 4, slot | 0]  state of the annealer
    bits: Array  # u8[lane, slot]  spikes of the last tick
    trace: Array  # T[lane, slot | 0]  what a receiving core makes of the bits of each axon
    frame: Array  # u8[lane, slot]  reference frame (kernels/spike_lists)
    window: Array  # u8[lane, slot]  spikes since the last frame
    frame_sum: Array  # S[lane, frame slot]  weighted sum of the frame's rows, block after block
    counts: Array  # u16[lane, slot]  spikes since the beginning of the phase


class Few(NamedTuple):
    """The clamped neurons of one lane that can fire, each population's from its first slot on (digital/few)."""

    n: Array  # u64[population, 2]  how many; filled up to whole words. 0: none of its cores are here
    names: Array  # u64[2, slot]  axon, and number in the network
    reals: Array  # T[5, slot]  value, previous, coded, residue, second: as in `LaneState`
    bytes: Array  # u8[3, slot]  bits, frame, window: likewise
    counts: Array  # u16[slot]


class Scratch(NamedTuple):
    """Room for one lane's tick, one per thread."""

    packed: Array  # u8[slot / 8]  one bit per slot
    plus: Array  # u64[slot + 4]  lists of axons, each population's from its first slot on
    minus: Array  # u64[slot + 4]
    listed: Array  # u64[population, 2]  lengths of plus and minus
    drive: Array  # T[slot]  u
    pressed: Array  # T[slot]  p
    sizes: Array  # T[slot]  ε
    total: Array  # S[slot]
    part: Array  # P[slot]  sum of at most 252 rows: i16 for int8 weights, otherwise as S
    few: Few


class Coder(NamedTuple):
    """Which elements run, as opcodes, with their constants; of another package's element, its constants (T, …)."""

    encoder: Any  # int or (T, …)
    decoder: Any  # int or (T, …)
    annealer: Any  # int or (T, …)
    front: int  # 1 when the encoder is predictive
    front_steady: int  # 1 when its λ is the same at every tick
    silent_at_zero: int  # 1 when a clamped neuron that holds 0 never fires (known of our own encoders only)
    traced: int  # 1 when receiving cores keep a trace per axon
    a: Any  # T  first constant of the annealer
    b: Any  # T  second constant of the annealer
    seed: Any  # u64


class Schedules(NamedTuple):
    """Numbers per tick of this phase."""

    encoder_lambda: Array  # T[tick]
    decoder_lambda: Array  # T[tick]
    rate: Array  # T[tick]  ε_t of a schedule, ν_t of OSA


class Recorder(NamedTuple):
    """Where to write what is recorded; an array with no ticks records nothing."""

    spikes: Array  # u8[tick | 0, row, slot]
    states: Array  # T[tick | 0, row, slot]
    sizes: Array  # T[tick | 0, row, slot]  ε
    per_core: Array  # i32[tick | 0, row, core]  spikes of each core
    row: Array  # i64[lane]  where each lane is recorded


def aligned_zeros(shape: int | tuple[int, ...], dtype: Any) -> Array:
    """Return zeros that begin on a 64-byte boundary: vectors that straddle cache lines cost half the speed."""
    kind = np.dtype(dtype)
    size = int(np.prod(shape))
    raw = np.zeros(size * kind.itemsize + 64, dtype=np.uint8)
    offset = -raw.ctypes.data % 64
    aligned: Array = raw[offset : offset + size * kind.itemsize].view(kind).reshape(shape)
    return aligned
