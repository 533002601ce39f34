"""The leaky integrate-and-fire neuron, in ticks (Gerstner & Kistler 2002, eq. 4.3, discretised as on Loihi)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, get_args

import numpy as np

from neurochip.elements.cost import HardwareCost
from neurochip.elements.neurons.neuron import DRIVE, REACHED, Dynamics, Moment, Sample
from neurochip.errors import ConfigError
from neurochip.kernels._jit import kernel, separate_kernel
from neurochip.kernels.random_bits import NOBODY
from neurochip.kernels.types import Flag, Float, Index, Real, Vector

__all__ = ["LIF", "POTENTIAL", "VARIABLES", "Law", "Reset", "integrate_and_fire"]

Reset = Literal["value", "subtract"]


class Law(NamedTuple):
    """How a neuron moves: T scalars, and two flags."""

    threshold: Real
    leak: Real
    subtracts: Flag
    reset_value: Real
    refractory: Real
    rounds: Flag
    resolution: Real


@kernel
def integrate_and_fire(
    potential: Real, drive: Real, waiting: Real, law: Law, zero: Real, one: Real
) -> tuple[Flag, Real, Real]:
    """Return (whether it fires, v, refractory ticks left) after one tick; T scalars."""
    kept = law.leak * potential
    if law.rounds:
        kept = np.trunc(kept / law.resolution) * law.resolution
    held = waiting > 0
    v = potential if held else kept + drive
    fires = (not held) and v > law.threshold
    after = v - law.threshold if law.subtracts else law.reset_value
    left = waiting - one if held else (law.refractory if fires else zero)
    return fires, after if fires else v, left


POTENTIAL, _WAITING, VARIABLES = range(3)
_THRESHOLD, _LEAK, _RESET, _RESOLUTION, _REFRACTORY, _SUBTRACTS = range(6)


@separate_kernel
def _ready(
    first: Index,
    last: Index,
    law: Law,
    drive: Vector[Float],
    potential: Vector[Float],
    bits: Vector[np.uint8],
) -> None:
    """Neurons without a refractory period never wait: nothing is read or written for it."""
    none, one = potential.dtype.type(0), potential.dtype.type(1)
    for j in range(first, last):
        bits[j], potential[j], _ = integrate_and_fire(potential[j], drive[j], none, law, none, one)


@separate_kernel
def _waiting(
    first: Index,
    last: Index,
    law: Law,
    drive: Vector[Float],
    potential: Vector[Float],
    left: Vector[Float],
    bits: Vector[np.uint8],
) -> None:
    zero, one = potential.dtype.type(0), potential.dtype.type(1)
    for j in range(first, last):
        bits[j], potential[j], left[j] = integrate_and_fire(potential[j], drive[j], left[j], law, zero, one)


@separate_kernel
def _count_idle(
    first: Index,
    last: Index,
    potential: Vector[Float],
    left: Vector[Float],
    reached: Vector[Float],
    neuron: Vector[np.uint64],
    idle: Vector[np.int64],
) -> int:
    resting = 0
    for j in range(first, last):
        still = potential[j] == 0 and left[j] == 0 and reached[j] == 0 and neuron[j] != NOBODY
        rests = 1 if still else 0
        idle[j] += rests
        resting += rests
    return resting


@kernel
def _update(first: Index, last: Index, moment: Moment, sample: Sample, c: Vector[Float]) -> int:
    """One tick of a range of neurons; a target has no hold on them."""
    potential, left, drive = sample.words[POTENTIAL], sample.words[_WAITING], sample.room[DRIVE]
    resting = 0
    if moment.quiet and sample.idle.shape[0] > 0:
        reached = sample.room[REACHED]
        resting = _count_idle(first, last, potential, left, reached, sample.neuron, sample.idle)
    law = Law(
        c[_THRESHOLD],
        c[_LEAK],
        c[_SUBTRACTS] != 0,
        c[_RESET],
        c[_REFRACTORY],
        c[_RESOLUTION] > 0,
        c[_RESOLUTION],
    )
    if c[_REFRACTORY] == 0:
        _ready(first, last, law, drive, potential, sample.bits)
    else:
        _waiting(first, last, law, drive, potential, left, sample.bits)
    return resting


@dataclass(frozen=True, slots=True)
class LIF:
    """v ← leak · v + u; q = [v > threshold]; then v is reset (Gerstner & Kistler 2002, eq. 4.3, in ticks).

    u is the sum of the weights of all spikes of the tick before. v is 0 at the beginning.

    Parameters
    ----------
    threshold
        A neuron fires when v exceeds it; positive.
    leak
        The part of v that a tick keeps, 0 … 1; 1 integrates without leak.
    reset
        What a spike does to v: ``"value"`` puts it to ``reset_value``, ``"subtract"`` takes the threshold away.
    reset_value
        Below the threshold.
    refractory
        Ticks after a spike in which v stands still and input is lost.
    resolution
        After the leak v is cut off, towards 0, to a multiple of this; SANA-FE's Loihi: 1/64. With 0 it is not, and a
        decaying v never comes to rest.

    Raises
    ------
    ConfigError
        For a neuron that could never rest or never fire, and for what is no number.
    """

    threshold: float
    leak: float = 1.0
    reset: Reset = "value"
    reset_value: float = 0.0
    refractory: int = 0
    resolution: float = 0.0
    kind: ClassVar[str] = "lif"
    # leak · v + u, one comparison, and a subtraction where it fires; v and the refractory count are state.
    hardware: ClassVar[HardwareCost] = HardwareCost(additions=2, multiplications=1, comparisons=1).keeping(2)

    def __post_init__(self) -> None:
        """Check that the neuron can rest and can fire."""
        for name in ("threshold", "leak", "reset_value", "resolution"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
                raise ConfigError(f"neuron.{name}", f"must be a number, got {value!r}")
            if not math.isfinite(value):
                raise ConfigError(f"neuron.{name}", f"must be finite, got {value}")
        if not self.threshold > 0:
            raise ConfigError("neuron.threshold", f"must be > 0, got {self.threshold:g}")
        if not 0 <= self.leak <= 1:
            raise ConfigError(
                "neuron.leak", f"must be the part of v that a tick keeps, 0 to 1, got {self.leak:g}"
            )
        if self.reset not in get_args(Reset):
            raise ConfigError("neuron.reset", f'must be "value" or "subtract", got {self.reset!r}')
        if not self.reset_value <= self.threshold:
            raise ConfigError(
                "neuron.reset_value",
                f"must not exceed the threshold, {self.threshold:g}, got {self.reset_value:g}",
            )
        whole = isinstance(self.refractory, int | np.integer) and not isinstance(self.refractory, bool)
        if not whole or not 0 <= self.refractory < 2**31:
            raise ConfigError(
                "neuron.refractory", f"must be a whole number of ticks, 0 or more, got {self.refractory!r}"
            )
        if not self.resolution >= 0:
            raise ConfigError(
                "neuron.resolution", f"must be ≥ 0 (0 does not cut off), got {self.resolution:g}"
            )

    @property
    def dynamics(self) -> Dynamics:
        """How they run: all share their constants."""
        numbers = (self.threshold, self.leak, self.reset_value, self.resolution, self.refractory)
        return Dynamics(_update, (*numbers, self.reset == "subtract"))
