"""Inputs that can fire, side by side. Four of five pixels are black: they never fire, and need no work.

A value of 0 codes as 0 in every tick and leaves 0 behind, for every encoder that says so. Inputs that hold anything
else stand, while a sample runs, in arrays of their own, each population's from its first slot on, filled up with zeros
to whole words.
"""

from __future__ import annotations

import numpy as np

from neurochip.cores.arrays import Compacted
from neurochip.kernels._jit import kernel, separate_kernel
from neurochip.kernels.types import Index, Matrix, Number, Vector

__all__ = ["compact", "rename", "show_bits", "spread"]

_FILL = np.uint64(63)


@kernel
def compact(
    first: Index,
    last: Index,
    at_rest: bool,
    neuron: Vector[np.uint64],
    words: Matrix[Number],
    bits: Vector[np.uint8],
    reference: Vector[np.uint8],
    window: Vector[np.uint8],
    c: Compacted,
) -> Index:
    """Copy those of the slots ``first`` … ``last`` − 1 that can fire; returns how many slots they take, filled up.

    ``at_rest`` says that nothing has run yet. ``reference`` and ``window`` begin at the population's first axon slot,
    all other arrays at slot 0.
    """
    one, nothing = np.uint64(1), np.uint64(0)
    patterned = reference.shape[0] > 0
    n_words = words.shape[0]
    at = first
    for j in range(first, last):
        fires = words[0, j] != 0
        if not fires and not at_rest:
            fires = bits[j] != 0
            for v in range(1, n_words):
                fires = fires or words[v, j] != 0
            if patterned:
                fires = fires or reference[j - first] != 0 or window[j - first] != 0
        if fires:
            c.axon[at] = j - first
            c.neuron[at] = neuron[j]
            for v in range(n_words):
                c.words[v, at] = words[v, j]
            c.bits[at] = bits[j]
            if patterned:
                c.reference[at] = reference[j - first]
                c.window[at] = window[j - first]
            c.counts[at] = 0
            at += one
    end = first + ((at - first + _FILL) & ~_FILL)
    if end == first:
        end = first + _FILL + one  # a population in which nothing fires is compacted all the same
    for k in range(at, end):
        c.axon[k] = last - first - one  # no neuron
        c.neuron[k] = nothing
        for v in range(n_words):
            c.words[v, k] = 0
        c.bits[k] = 0
        c.reference[k] = 0
        c.window[k] = 0
        c.counts[k] = 0
    return end - first


@separate_kernel
def rename(rows: Vector[np.uint64], origin: Index, n: Index, axon: Vector[np.uint64], first: Index) -> None:
    """Turn a list of places among the compacted, of the population that begins at slot ``first``, into one of axons."""
    for k in range(origin, origin + n):
        rows[k] = axon[first + rows[k]]


@separate_kernel
def show_bits(
    first: Index, n: Index, axon: Vector[np.uint64], compacted: Vector[np.uint8], bits: Vector[np.uint8]
) -> None:
    """Put the bits of the compacted where others look for them."""
    for at in range(first, first + n):
        bits[first + axon[at]] = compacted[at]


@kernel
def spread(
    first: Index,
    n: Index,
    direct: bool,
    c: Compacted,
    words: Matrix[Number],
    bits: Vector[np.uint8],
    reference: Vector[np.uint8],
    window: Vector[np.uint8],
    counts: Vector[np.uint16],
) -> None:
    """Put the ``n`` compacted of a population back at their slots; arrays as in `compact`.

    Where the channel is not ``direct`` what was fired is not what they meant to, and stands there already.
    """
    patterned = reference.shape[0] > 0
    for at in range(first, first + n):
        j = first + c.axon[at]
        for v in range(1, words.shape[0]):
            words[v, j] = c.words[v, at]
        if direct:
            bits[j] = c.bits[at]
            counts[j] = c.counts[at]
        if patterned:
            reference[c.axon[at]] = c.reference[at]
            window[c.axon[at]] = c.window[at]
