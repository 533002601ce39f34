"""The structures that the loop over ticks works on.

*Slots* number the neurons of a network, population after population; a population takes a multiple of 64, so that
loops run over whole vectors and bits over whole words. Its last slot is never a neuron; such padding has no weights and
never fires. *Axon slots* number what receivers get, in the same way, source after source.
T is float32 or float64; W is T, int8 or int16; S (sums of weights) is T or int32; P is i16 where W is int8, else S.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurochip.kernels.types import Cube, Index, Matrix, Vector

__all__ = [
    "HELD",
    "PLAYED",
    "SHOWN",
    "UPDATED",
    "Channel",
    "Chip",
    "Compacted",
    "Function",
    "Neurons",
    "Pull",
    "Reception",
    "Recorder",
    "Samples",
    "Scratch",
    "Span",
    "State",
    "Synapses",
    "Wiring",
    "aligned_zeros",
]

Array = np.ndarray[Any, Any]  # of a format that the run chooses: T, W, S or P
S = TypeVar("S", bound=np.generic)
Function: TypeAlias = np.uint64 | np.object_  # where kernels run as Python, the function itself

# Role of a population: neurons that are updated from what they receive; inputs that hold a value; inputs whose
# spikes are played back; inputs that are shown spikes, over and over, and keep a value of them.
UPDATED, HELD, PLAYED, SHOWN = 0, 1, 2, 3


class Wiring(NamedTuple):
    """What sits where: constant during a run, but for the weights that learning writes."""

    populations: Matrix[np.uint64]  # [population, 5]
    # first slot, slot after the last, kind, role, whether targets pull
    sources: Matrix[np.uint64]  # [source, 6]
    # population, delay in ticks, first axon slot, axon slot after the last, door, core
    # (where each core receives for itself, packets of a population arrive at its *door*, the axon slots of its first
    # source there; sources of other delays look back at what has arrived)
    ranges: Matrix[np.uint64]  # [range, 4]
    # what is updated together: population, first slot, slot after the last, core
    range_blocks: Vector[np.uint64]  # [range + 1]
    # the blocks of range r are range_blocks[r] … range_blocks[r + 1] − 1
    blocks: Matrix[np.uint64]  # [block, 8]
    # range, source, first weight, columns, stride, reference sum, projection, borrowed
    # (first weight, stride and reference sum are those of dense blocks; of others, instead of first weight and stride,
    # the first of the target's neurons and how many there are on all cores, see `Synapses`)
    cores: Matrix[np.uint64]  # [core, 2]  first slot, slot after the last
    weights: Array  # W[weight]  block after block: dense ones [axon slot of the source, neuron], others as they like
    borrowed: Array  # W[weight | 0]  a block as the caller has it, [neuron of the source, neuron]
    scales: Array  # T[projection]  value of one unit of W
    bias: Array  # T[slot]
    neuron: Vector[np.uint64]  # [slot]
    # number of the neuron in the network, whatever the mapping; NOBODY in padding


class Synapses(NamedTuple):
    """How the spikes of each block become sums (`connectivity`). Weights stand in those of the wiring.

    A block of connectivity 0 is dense: a matrix, whose rows are added where they stand. Any other is delivered by the
    function of its number, which is handed a `Memory` of its own: slices of the weights, ``near``, ``far`` and
    ``table``. ``reach`` are the same functions for weights of 1 in one place: they say what spikes reach.
    """

    connectivity: Vector[np.uint64]  # [block]
    spans: Matrix[np.uint64]  # [block, 8]
    # first and last + 1 in weights, near, far, table; of a dense block nothing
    near: Vector[np.uint16]  # […]
    far: Vector[np.uint32]  # […]
    table: Vector[np.int64]  # […]
    ones: Array  # W[weights of the largest memory], all in one place
    deliver: Matrix[Function]  # [connectivity, 2]  functions, that of connectivity 1 first
    reach: Matrix[Function]  # [connectivity, 2]


class State(NamedTuple):
    """What the neurons of each sample remember. All of it is 0 at the beginning, but for what inputs present."""

    words: Array  # T[batch, variable, slot]
    bits: Cube[np.uint8]  # [batch, longest delay, slot]
    # spikes of the last ticks; tick t stands at t modulo the length
    counts: Matrix[np.uint16]  # [batch, slot]  spikes since the beginning of the phase


class Reception(NamedTuple):
    """What receivers remember of what came. Where nothing can be lost, all receive the same: axons are sources."""

    reference: Matrix[np.uint8]  # [batch, axon slot | 0]  reference pattern (kernels/spike_lists)
    window: Matrix[np.uint8]  # [batch, axon slot | 0]  spikes since the last one was taken
    sums: Array  # S[batch, reference sum]  weighted sum of the pattern's rows, block after block; 0 without patterns
    trace: Array  # T[batch, axon slot | 0]  what a receiving core makes of the bits of each axon
    arrived: Cube[np.uint8]  # [batch, longest delay, axon slot | 0]
    # with faults: packets taken in at the last ticks and to be
    # taken in at the next one, 0 to 2; those of tick t stand at t modulo the length
    late: Matrix[np.uint64]  # [batch, axon slot | 0]
    # with late packets: bit k arrives k ticks later than the next one
    counts: Matrix[np.uint16]  # [batch, axon slot | 0]
    # with faults: packets that got through since the beginning of the phase


class Compacted(NamedTuple):
    """The inputs of one sample that can fire, side by side, each population's from its first slot on (compaction)."""

    n: Vector[np.uint64]  # [population]
    # how many, filled up to whole words; 0: the population is not compacted
    axon: Vector[np.uint64]  # [slot]
    neuron: Vector[np.uint64]  # [slot]
    words: Array  # T[variable, slot]
    bits: Vector[np.uint8]  # [slot]
    reference: Vector[np.uint8]  # [slot]
    window: Vector[np.uint8]  # [slot]
    counts: Vector[np.uint16]  # [slot]


class Scratch(NamedTuple):
    """Room for one sample's tick, one per thread."""

    packed: Matrix[np.uint8]  # [2, slot / 8]  one bit per slot
    plus: Vector[np.uint64]  # [2 · axon slot + 8]
    # lists of axons, each source's from twice its first axon slot on
    minus: Vector[np.uint64]  # [2 · axon slot + 8]
    listed: Matrix[np.uint64]  # [source, 3]  lengths of plus and minus, filled up, and spikes
    received: Vector[np.uint8]  # [axon slot | 0]  with faults: 1 where any packet arrived
    room: Array  # T[row, slot]  what updates are handed (elements/neurons/neuron)
    total: Array  # S[slot]
    part: Array  # P[slot]
    compacted: Compacted


class Neurons(NamedTuple):
    """The kinds of neurons of a network (`population`)."""

    updates: Matrix[Function]  # [kind, 2]  functions
    constants: Array  # T[kind, column]
    own: Array  # T[row | 0, slot]  constants of each neuron
    trace: Vector[Function]  # [2]  function: makes a trace of bits
    traced: int  # 1 when receivers keep a trace per axon
    patterned: int  # 1 when sums are kept for reference patterns
    columns: Vector[np.int64]  # [kind]  where its columns of the schedule begin
    bias_columns: Vector[np.int64]  # [kind]
    # of the schedule: share of its bias before any spike; −1: it sees to it
    compacts: Vector[np.uint8]  # [kind]  1 when inputs that present 0 can be left out


class Channel(NamedTuple):
    """What happens between a spike that was fired and the axons that receive it."""

    direct: int  # 1: every axon gets every spike
    send: Vector[Function]  # [2]  function, called after each tick where it is not direct
    faults: Any  # its own structures
    dead: Vector[np.uint8]  # [core | 0]


class Chip(NamedTuple):
    """All that a run does not change, but for the tallies of a channel."""

    wiring: Wiring
    synapses: Synapses
    neurons: Neurons
    channel: Channel
    patterns: Vector[Function]  # [2]  function: takes reference patterns, where there are any


class Samples(NamedTuple):
    """All that is remembered of samples."""

    state: State
    reception: Reception


class Span(NamedTuple):
    """Which ticks of which presentations."""

    presentation: Vector[np.uint64]  # [batch]  names what each sample presents, for random bits
    seed: Index  # u64
    first_tick: int  # from 1
    schedule: Array  # T[tick, column]  numbers of each tick


class Pull(NamedTuple):
    """What comes from outside while it runs."""

    nudge: Array  # T[population]  factor of the pull, mostly 2β
    target: Array  # T[batch, slot]
    played: Cube[np.uint8]  # [batch | 0, tick, unit]  spikes of an input that plays them back
    shown_from: Matrix[np.int64]  # [batch | 0, tick + 1]
    # where the spikes that inputs are shown in a tick begin
    shown: Vector[np.uint64]  # [spike]  their slots


class Recorder(NamedTuple):
    """Where to write what is recorded; an array with no ticks records nothing."""

    spikes: Cube[np.uint8]  # [tick | 0, row, slot]
    states: Array  # T[tick | 0, row, slot]
    steps: Array  # T[tick | 0, row, slot]  ε
    per_core: Cube[np.int32]  # [tick | 0, row, core]  spikes of each core
    row: Vector[np.int64]  # [batch]  where each sample is recorded
    variables: Vector[np.int64]  # [population]  which variable is the state
    idle: Vector[np.int64]  # [slot | 0]  updates of neurons at rest that no spike reached
    idle_per_tick: Vector[np.int64]  # [tick | 0]


def aligned_zeros(shape: int | tuple[int, ...], dtype: type[S] | np.dtype[S]) -> NDArray[S]:
    """Return zeros that begin on a 64-byte boundary: vectors that straddle cache lines cost half the speed."""
    kind = np.dtype(dtype)
    size = math.prod((shape,) if isinstance(shape, int) else shape)
    raw = np.zeros(size * kind.itemsize + 64, dtype=np.uint8)
    offset = -raw.ctypes.data % 64
    aligned: NDArray[S] = raw[offset : offset + size * kind.itemsize].view(kind).reshape(shape)
    return aligned
