"""The neuron of equilibrium propagation: a leaky integrator clipped to [0, 1] (O'Connor 2019, eqs 3 and 6).

It is made of a decoder, an annealer and an encoder. Each does its part for a range of neurons in a loop of its own:
short loops become vectors, one long loop does not (docs/decisions/0004).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neurochip.elements.constants import MOST_CONSTANTS, TAKE, no_constants
from neurochip.elements.cost import HardwareCost
from neurochip.elements.element import constants_of
from neurochip.elements.encoders.predictive import predict
from neurochip.elements.neurons.neuron import DRIVE, NET, STEP, Dynamics, Moment, Sample
from neurochip.elements.stages import Parts, anneal, decode, encode, specialised, stage_of
from neurochip.kernels._jit import Kernel, kernel, separate_kernel
from neurochip.kernels.types import Float, Index, Real, Vector

__all__ = [
    "DECODER_LAMBDA",
    "ENCODER_LAMBDA",
    "NEURON_COST",
    "NUDGE_COST",
    "RATE",
    "SettlingNeuron",
    "TRACED",
    "VALUE",
    "clamped",
    "free_net",
    "net_input",
    "relax",
    "settling",
    "variables",
]

# Variables. `PREVIOUS`, of inputs, stands where `DECODED` does: no neuron has both.
VALUE, DECODED, CODED, RESIDUE, SECOND, ANNEALER = range(6)
PREVIOUS = DECODED
_ANNEALER_WORDS = 4
# Columns of the schedule.
DECODER_LAMBDA, ENCODER_LAMBDA, RATE = range(3)
# Columns of the constants.
_FRONT, _STEADY, _OF_ENCODER = range(3)
_OF_DECODER = _OF_ENCODER + MOST_CONSTANTS
_OF_ANNEALER = _OF_DECODER + MOST_CONSTANTS
TRACED = _OF_DECODER  # where the constants of the decoder begin

# v + b, then (1−ε)s + εp and two limits.
NEURON_COST = HardwareCost(
    additions=3,
    multiplications=2,
    comparisons=2,
    state_words_read=2,
    state_words_written=1,
    state_words_kept=2,
)
# 2β(y − s), for output neurons in a nudged phase.
NUDGE_COST = HardwareCost(additions=2, multiplications=1, state_words_read=1, state_words_kept=1)


@dataclass(frozen=True, slots=True)
class SettlingNeuron:
    """s ← clip((1 − ε) s + ε p, 0, 1), sent as bits: what it is made of stands in ``[coding]``."""

    kind: ClassVar[str] = "settling"
    first_bias: ClassVar[float] = 0.0


@kernel
def net_input(value: Real, bias: Real, state: Real, nudge: Real, target: Real) -> Real:
    """Return p = ρ′(s)(v + b) + 2β(y − s); ``nudge`` is 2β, 0 in a free phase. All T scalars.

    ρ′(s) is left out: s never leaves [0, 1], where ρ′ = 1 (closed interval).
    """
    return value + bias + nudge * (target - state)


@kernel
def free_net(value: Real, bias: Real) -> Real:
    """Return p where nothing nudges. T scalars."""
    return value + bias


@kernel
def relax(net: Real, step: Real, state: Real, zero: Real, one: Real) -> Real:
    """Return clip((1−ε)s + εp, 0, 1). All T scalars."""
    return min(max((one - step) * state + step * net, zero), one)


@separate_kernel
def _net(
    first: Index,
    last: Index,
    decoded: Vector[Float],
    bias: Vector[Float],
    value: Vector[Float],
    nudge: Real,
    target: Vector[Float],
    net: Vector[Float],
) -> None:
    if nudge != 0:
        for j in range(first, last):
            net[j] = net_input(decoded[j], bias[j], value[j], nudge, target[j])
    else:
        for j in range(first, last):
            net[j] = free_net(decoded[j], bias[j])


@separate_kernel
def _move(
    first: Index,
    last: Index,
    front: bool,
    lam: Real,
    net: Vector[Float],
    step: Vector[Float],
    value: Vector[Float],
    coded: Vector[Float],
) -> None:
    one, zero = value.dtype.type(1), value.dtype.type(0)
    if front:
        keep = one - lam
        for j in range(first, last):
            before = value[j]
            after = relax(net[j], step[j], before, zero, one)
            coded[j] = predict(after, before, lam, keep)
            value[j] = after
    else:
        for j in range(first, last):
            value[j] = relax(net[j], step[j], value[j], zero, one)
            coded[j] = value[j]


@separate_kernel
def _present(
    first: Index,
    last: Index,
    front: bool,
    lam: Real,
    value: Vector[Float],
    previous: Vector[Float],
    coded: Vector[Float],
) -> None:
    if front:
        keep = value.dtype.type(1) - lam
        for j in range(first, last):
            coded[j] = predict(value[j], previous[j], lam, keep)
            previous[j] = value[j]
    else:
        for j in range(first, last):
            coded[j] = value[j]


_encoder_constants, _decoder_constants, _annealer_constants = (kernel(no_constants) for _ in range(3))


@kernel
def _send(first: Index, last: Index, moment: Moment, sample: Sample, c: Vector[Float]) -> None:
    """Encode what is coded."""
    words, constants = sample.words, _encoder_constants(c, _OF_ENCODER)
    coded, residue, second = words[CODED], words[RESIDUE], words[SECOND]
    encode(first, last, coded, residue, second, sample.neuron, moment.key, constants, sample.bits)


@kernel
def _update(first: Index, last: Index, moment: Moment, sample: Sample, c: Vector[Float]) -> int:
    """One tick of neurons that settle."""
    words, schedule = sample.words, moment.schedule
    drive, net, step = sample.room[DRIVE], sample.room[NET], sample.room[STEP]
    decode(first, last, drive, schedule[DECODER_LAMBDA], _decoder_constants(c, _OF_DECODER), words[DECODED])
    _net(first, last, words[DECODED], sample.bias, words[VALUE], moment.nudge, sample.target, net)
    constants = _annealer_constants(c, _OF_ANNEALER)
    anneal(first, last, net, moment.tick, schedule[RATE], words[ANNEALER:], constants, step)
    lam = schedule[ENCODER_LAMBDA]
    _move(first, last, c[_FRONT] != 0, lam, net, step, words[VALUE], words[CODED])
    _send(first, last, moment, sample, c)
    return 0


@kernel
def _clamped(first: Index, last: Index, moment: Moment, sample: Sample, c: Vector[Float]) -> int:
    """One tick of inputs, which hold their value: with a steady λ its code is the same from tick 2 on."""
    words, front = sample.words, c[_FRONT] != 0
    if moment.tick <= 2 or (front and c[_STEADY] == 0):
        lam = moment.schedule[ENCODER_LAMBDA]
        _present(first, last, front, lam, words[VALUE], words[PREVIOUS], words[CODED])
    _send(first, last, moment, sample, c)
    return 0


def variables(annealer: Any) -> int:
    """Return how many variables a neuron with this annealer has room for."""
    stateless = annealer.hardware.state_words_kept == 0
    return ANNEALER + (0 if stateless else _ANNEALER_WORDS)


def settling(encoder: object, decoder: object, annealer: object, front: bool, steady: bool) -> Dynamics:
    """Return neurons that settle.

    Parameters
    ----------
    encoder, decoder, annealer
        Specs, built-in or foreign.
    front
        Whether the encoder is predictive.
    steady
        Whether its λ is the same at every tick.
    """
    parts: Parts = {encode: stage_of("encoder", encoder), decode: stage_of("decoder", decoder)}
    parts |= {anneal: stage_of("annealer", annealer)}
    takes: dict[Kernel[..., object], object] = {
        _encoder_constants: encoder,
        _decoder_constants: decoder,
        _annealer_constants: annealer,
    }
    parts |= {written: TAKE[len(constants_of(spec))] for written, spec in takes.items()}
    constants = _columns(encoder, decoder, annealer, front, steady)
    return Dynamics(specialised(_update, parts), constants)


def clamped(encoder: object, front: bool, steady: bool) -> Dynamics:
    """Return inputs that hold a value and send its code; see `settling`."""
    parts: Parts = {encode: stage_of("encoder", encoder)}
    parts[_encoder_constants] = TAKE[len(constants_of(encoder))]
    silent = getattr(encoder, "silent_at_zero", False)
    constants = _columns(encoder, None, None, front, steady)
    return Dynamics(specialised(_clamped, parts), constants, silent_at_zero=silent)


def _columns(
    encoder: object, decoder: object, annealer: object, front: bool, steady: bool
) -> tuple[float, ...]:
    columns = [float(front), float(steady)]
    for spec in (encoder, decoder, annealer):
        given = () if spec is None else constants_of(spec)
        columns += [*given, *[0.0] * (MOST_CONSTANTS - len(given))]
    return tuple(columns)
