"""From the coding of a run to what the kernels take: opcodes, constants, and numbers per tick."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.coding import ANNEALERS, DECODERS, ENCODERS, OSA, Constant, Kesten, as_schedule
from neurochip.description.neuron import front_schedule
from neurochip.description.run_sections import CodingSpec
from neurochip.digital.arrays import Coder, Schedules
from neurochip.errors import ConfigError
from neurochip.kernels.random_bits import mix

__all__ = ["coder_of", "schedules_of"]

_SPIKE_STREAM = np.uint64(1)  # random numbers by purpose: one seed never serves two


def coder_of(coding: CodingSpec, dtype: np.dtype[Any], *, seed: int, traced: bool) -> Coder:
    """Return the opcodes and constants of a coding, in the format of the state."""
    if coding.encoder is None or coding.decoder is None:
        raise ConfigError("coding", "the digital substrate needs an encoder and a decoder")
    front, annealer = front_schedule(coding), coding.annealer
    a = b = 0.0
    if isinstance(annealer, OSA):
        a = annealer.regulariser
    elif isinstance(annealer, Kesten):
        a, b = annealer.a, annealer.b
    return Coder(
        encoder=list(ENCODERS).index(coding.encoder.kind),
        decoder=list(DECODERS).index(coding.decoder.kind),
        annealer=list(ANNEALERS).index(annealer.kind),
        front=int(front is not None),
        front_steady=int(isinstance(front, Constant)),
        traced=int(traced),
        a=dtype.type(a),
        b=dtype.type(b),
        seed=np.uint64(mix(np.uint64(seed), _SPIKE_STREAM)),
    )


def schedules_of(coding: CodingSpec, first: int, ticks: int, dtype: np.dtype[Any]) -> Schedules:
    """Return λ of both ends and the rate of the annealer for ``ticks`` ticks from ``first`` (from 1) on."""
    annealer, front = coding.annealer, front_schedule(coding)
    if isinstance(annealer, OSA):
        rate = annealer.rates(first, ticks)
    elif isinstance(annealer, Kesten):
        rate = np.zeros(ticks)  # its steps follow from its state
    else:
        rate = annealer.at(first, ticks)
    ahead = np.ones(ticks) if front is None else front.at(first, ticks)
    behind = as_schedule(getattr(coding.decoder, "lam", 1.0), "coding.decoder.lambda").at(first, ticks)
    return Schedules(ahead.astype(dtype), behind.astype(dtype), rate.astype(dtype))
