"""Clamped neurons that can fire, side by side. Four of five pixels are black: they never fire, and need no work.

A value of 0 codes as 0 in every tick and leaves 0 behind; none of our encoders fires for that. Neurons that hold
anything else are *few*: while a lane runs they are kept in a row of their own, each population's from its first slot
on, filled up with zeros to whole words.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.kernels._jit import separate_kernel

__all__ = ["fill_up", "gather", "rename", "scatter", "show_bits"]

_FILL = np.uint64(63)


@separate_kernel
def gather(
    first: Any,
    last: Any,
    origin: Any,
    n: Any,
    all_of_them: bool,
    at_rest: bool,
    neuron: Any,
    value: Any,
    previous: Any,
    coded: Any,
    residue: Any,
    second: Any,
    bits: Any,
    frame: Any,
    window: Any,
    axon: Any,
    few_neuron: Any,
    few_value: Any,
    few_previous: Any,
    few_coded: Any,
    few_residue: Any,
    few_second: Any,
    few_bits: Any,
    few_frame: Any,
    few_window: Any,
    few_counts: Any,
) -> Any:
    """Append those of the slots ``first`` … ``last`` − 1 that can fire to the ``n`` found so far; returns how many now.

    ``origin`` is the population's first slot, from which on the row is written; ``axon`` u64[slot] gets their axons.
    With ``all_of_them`` all slots are taken, for an encoder that may fire for 0; ``at_rest`` says that nothing has run
    yet. Arrays as in `LaneState`.
    """
    one = np.uint64(1)
    at = origin + n
    for j in range(first, last):
        if (
            value[j] != 0
            or all_of_them
            or (
                not at_rest
                and (
                    residue[j] != 0
                    or coded[j] != 0
                    or previous[j] != 0
                    or bits[j] != 0
                    or frame[j] != 0
                    or window[j] != 0
                )
            )
        ):
            axon[at] = j - origin
            few_neuron[at] = neuron[j]
            few_value[at] = value[j]
            few_previous[at] = previous[j]
            few_coded[at] = coded[j]
            few_residue[at] = residue[j]
            if second.shape[0] > 0:
                few_second[at] = second[j]
            few_bits[at] = bits[j]
            few_frame[at] = frame[j]
            few_window[at] = window[j]
            few_counts[at] = 0
            at += one
    return at - origin


@separate_kernel
def fill_up(
    origin: Any,
    n: Any,
    silent: Any,
    axon: Any,
    few_neuron: Any,
    few_value: Any,
    few_previous: Any,
    few_coded: Any,
    few_residue: Any,
    few_second: Any,
    few_bits: Any,
    few_frame: Any,
    few_window: Any,
    few_counts: Any,
) -> Any:
    """Fill the row up to whole words of 64 with ``silent``, an axon that is no neuron; returns its length."""
    end = (n + _FILL) & ~_FILL
    for at in range(origin + n, origin + end):
        axon[at] = silent
        few_neuron[at] = 0
        few_value[at] = 0
        few_previous[at] = 0
        few_coded[at] = 0
        few_residue[at] = 0
        few_second[at] = 0
        few_bits[at] = 0
        few_frame[at] = 0
        few_window[at] = 0
        few_counts[at] = 0
    return end


@separate_kernel
def rename(rows: Any, origin: Any, n: Any, axon: Any) -> None:
    """Turn a list of places in the row into one of axons."""
    for k in range(origin, origin + n):
        rows[k] = axon[origin + rows[k]]


@separate_kernel
def show_bits(origin: Any, n: Any, axon: Any, few_bits: Any, bits: Any) -> None:
    """Put the bits of the few where others look for them."""
    for at in range(origin, origin + n):
        bits[origin + axon[at]] = few_bits[at]


@separate_kernel
def scatter(
    origin: Any,
    n: Any,
    axon: Any,
    few_previous: Any,
    few_coded: Any,
    few_residue: Any,
    few_second: Any,
    few_bits: Any,
    few_frame: Any,
    few_window: Any,
    few_counts: Any,
    previous: Any,
    coded: Any,
    residue: Any,
    second: Any,
    bits: Any,
    frame: Any,
    window: Any,
    counts: Any,
) -> None:
    """Put the ``n`` few of a population back at their slots."""
    for at in range(origin, origin + n):
        j = origin + axon[at]
        previous[j] = few_previous[at]
        coded[j] = few_coded[at]
        residue[j] = few_residue[at]
        if second.shape[0] > 0:
            second[j] = few_second[at]
        bits[j] = few_bits[at]
        frame[j] = few_frame[at]
        window[j] = few_window[at]
        counts[j] = few_counts[at]
