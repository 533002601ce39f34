"""From the coding of a run to what the kernels take: opcodes, constants, and numbers per tick."""

from __future__ import annotations

from typing import Any, ParamSpec, TypeVar

import numpy as np

from neurochip.cores.arrays import Coder, Schedules
from neurochip.description.neuron import front_schedule
from neurochip.description.run_sections import CodingSpec
from neurochip.elements import OSA, Constant, Kesten, PowerLaw, as_schedule
from neurochip.elements.plugged import check_compiles, element_argument, is_plugged, with_elements
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel
from neurochip.kernels.random_bits import mix

__all__ = ["coder_of", "for_coding", "rooms_of", "schedules_of"]

P = ParamSpec("P")
R = TypeVar("R")

_SPIKE_STREAM = np.uint64(1)  # random numbers by purpose: one seed never serves two


def coder_of(coding: CodingSpec, dtype: np.dtype[Any], *, seed: int, traced: bool) -> Coder:
    """Return the opcodes and constants of a coding, in the format of the state."""
    if coding.encoder is None or coding.decoder is None:
        raise ConfigError("coding", "the digital substrate needs an encoder and a decoder")
    front, annealer = front_schedule(coding), coding.annealer
    for role, spec in _elements(coding).items():
        check_compiles(role, spec, dtype, f"coding.{role}")
    a = b = 0.0
    if isinstance(annealer, OSA):
        a = annealer.regulariser
    elif isinstance(annealer, Kesten):
        a, b = annealer.a, annealer.b
    return Coder(
        encoder=element_argument("encoder", coding.encoder, dtype),
        decoder=element_argument("decoder", coding.decoder, dtype),
        annealer=element_argument("annealer", annealer, dtype),
        front=int(front is not None),
        front_steady=int(isinstance(front, Constant)),
        silent_at_zero=int(not is_plugged("encoder", coding.encoder)),
        traced=int(traced),
        a=dtype.type(a),
        b=dtype.type(b),
        seed=np.uint64(mix(np.uint64(seed), _SPIKE_STREAM)),
    )


def _elements(coding: CodingSpec) -> dict[str, Any]:
    return {"encoder": coding.encoder, "decoder": coding.decoder, "annealer": coding.annealer}


def for_coding(start: Kernel[P, R], coding: CodingSpec) -> Kernel[P, R]:
    """Return a kernel with the elements of other packages that a coding names in it."""
    return with_elements(start, _elements(coding))


def rooms_of(coding: CodingSpec) -> dict[str, bool]:
    """Return which state the elements keep, as `Layout.lane_state` asks; those of other packages get all there is."""
    encoder, annealer = coding.encoder, coding.annealer
    return {
        "second": encoder is not None
        and (encoder.kind == "second-order-sigma-delta" or is_plugged("encoder", encoder)),
        "anneal": annealer.kind in ("osa", "kesten") or is_plugged("annealer", annealer),
    }


def schedules_of(coding: CodingSpec, first: int, ticks: int, dtype: np.dtype[Any]) -> Schedules:
    """Return λ of both ends and the rate of the annealer for ``ticks`` ticks from ``first`` (from 1) on."""
    annealer, front = coding.annealer, front_schedule(coding)
    if hasattr(annealer, "rates"):
        rate = annealer.rates(first, ticks)
    elif isinstance(annealer, Constant | PowerLaw):
        rate = annealer.at(first, ticks)
    else:
        rate = np.zeros(ticks)  # its steps follow from its state
    ahead = np.ones(ticks) if front is None else front.at(first, ticks)
    behind = as_schedule(getattr(coding.decoder, "lam", 1.0), "coding.decoder.lambda").at(first, ticks)
    return Schedules(ahead.astype(dtype), behind.astype(dtype), rate.astype(dtype))
