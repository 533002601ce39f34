"""The kinds of neurons of a network, as the loop over ticks takes them."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from neurochip.cores.arrays import Function, Neurons, aligned_zeros
from neurochip.elements.constants import TAKE, no_constants
from neurochip.elements.element import constants_of
from neurochip.elements.neurons.neuron import Dynamics, Moment, Sample
from neurochip.elements.neurons.settling import DECODER_LAMBDA, TRACED
from neurochip.elements.stages import Parts, decode, specialised, stage_of
from neurochip.kernels._jit import Kernel, kernel
from neurochip.kernels.types import Float, Index, Number, Vector

__all__ = ["decoders_trace", "neurons_of"]


_decoder_constants = kernel(no_constants)


@kernel
def _trace(
    first: Index,
    last: Index,
    bits: Vector[np.uint8],
    schedule: Vector[Float],
    c: Vector[Float],
    trace: Vector[Float],
) -> None:
    """Advance what a receiver makes of the bits of its axons."""
    decode(first, last, bits, schedule[DECODER_LAMBDA], _decoder_constants(c, TRACED), trace)


@kernel
def _no_trace(
    first: Index,
    last: Index,
    bits: Vector[np.uint8],
    schedule: Vector[Number],
    c: Vector[Number],
    trace: Vector[Number],
) -> None:
    """Stand where nobody keeps a trace."""


@functools.cache
def _update_value(update: Kernel[..., object], dtype: np.dtype[np.number]) -> Vector[Function]:
    row, plane = np.zeros(0, dtype), np.zeros((0, 0), dtype)
    words, slot = np.zeros(0, np.uint64), np.uint64(0)
    nudge = np.int64(0) if dtype.kind == "i" else dtype.type(0)
    moment = Moment(1, slot, slot, row, nudge, False)
    sample = Sample(plane, np.zeros(0, np.uint8), row, row, words, plane, plane, np.zeros(0, np.int64))
    value: Vector[Function] = update.value(slot, slot, moment, sample, row)
    return value


@functools.cache
def _trace_value(trace: Kernel[..., object], dtype: np.dtype[np.number]) -> Vector[Function]:
    row, slot = np.zeros(0, dtype), np.uint64(0)
    value: Vector[Function] = trace.value(slot, slot, np.zeros(0, np.uint8), row, row, row)
    return value


def decoders_trace(decoder: object) -> Kernel[..., object]:
    """Return what makes a trace of bits as a decoder does; neurons that settle hold its constants."""
    parts: Parts = {
        decode: stage_of("decoder", decoder),
        _decoder_constants: TAKE[len(constants_of(decoder))],
    }
    return specialised(_trace, parts)


def neurons_of(
    kinds: Sequence[Dynamics],
    dtype: np.dtype[np.number],
    slots: int,
    *,
    trace: Kernel[..., object] | None = None,
    patterned: bool = False,
    columns: Sequence[int] | None = None,
    bias_columns: Sequence[int] | None = None,
) -> Neurons:
    """Return kinds of neurons, ready to be run.

    Parameters
    ----------
    kinds
        In the order in which populations name them.
    dtype, slots
        Format of the state, and slots of the network.
    trace
        What makes traces of bits, with the constants of kind 0; `None`: receivers keep none.
    patterned
        Whether sums are kept for reference patterns: worth it for neurons that fire often and regularly.
    columns
        Where the columns of the schedule of each kind begin; `None`: at 0.
    bias_columns
        Column of the schedule that says how much of its bias a neuron of each kind gets with the spikes; −1, and
        `None`: its update adds it.
    """
    constants = aligned_zeros((len(kinds), max(len(kind.constants) for kind in kinds)), dtype)
    for k, kind in enumerate(kinds):
        constants[k, : len(kind.constants)] = kind.constants
    own = next((kind.own for kind in kinds if kind.own is not None), np.zeros((0, slots)))
    return Neurons(
        np.array([_update_value(kind.update, dtype) for kind in kinds]),
        constants,
        np.ascontiguousarray(own, dtype=dtype),
        _trace_value(_no_trace if trace is None else trace, dtype),
        int(trace is not None),
        int(patterned),
        np.array([0] * len(kinds) if columns is None else columns, np.int64),
        np.array([-1] * len(kinds) if bias_columns is None else bias_columns, np.int64),
        np.array([kind.silent_at_zero for kind in kinds], np.uint8),
    )
