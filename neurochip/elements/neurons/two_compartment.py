"""The integrate-and-fire neuron that learns from rates: synaptic filter, nudged soma, refractory period, rate filter.

Mesnard, Gerstner & Brea (2016): τ u̇ = −u + u0 + (1 − λ) Σ_j w_j s_j + λ R I, λ = R I / (R I + Σ_j w_j s_j).
The poster gives no constants. Here a *normalised* rate of 1 means one spike in ``period`` ticks; synaptic traces s_j
and rates r are scaled so that a neuron which fires at rate 1 has s = r = 1 on average, and the defaults make the f–I
curve run close to ρ(x) = x on [0, 1]: see `TwoCompartmentLIF.rate_at`. docs/lif-learning.md is normative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.elements.constants import LONGEST_PERIOD
from neurochip.elements.cost import HardwareCost
from neurochip.elements.neurons.neuron import DRIVE, Dynamics, Moment, Sample
from neurochip.errors import ConfigError
from neurochip.kernels._jit import kernel
from neurochip.kernels.random_bits import uniform
from neurochip.kernels.types import Flag, Float, Index, Real, Vector

__all__ = [
    "Start",
    "SpikeReset",
    "RATE",
    "TwoCompartmentLIF",
    "VARIABLES",
    "fire",
    "nudged_drive",
    "two_compartments",
]

# Variables; of inputs, the current stands for what they present.
CURRENT, POTENTIAL, SYNAPSE, RATE, WAITING, VARIABLES = range(6)
# Columns of the constants.
_REST, _RESET, _KEEP, _DECAY, _STEP, _REFRACTORY, _CARRIES, _SPREAD = range(8)

_STEEPEST = 80  # e to this power is a number in float32
SpikeReset = Literal["value", "carry"]
Start = Literal["rest", "spread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoCompartmentLIF:
    """Constants of the neuron. Times are in ticks, potentials in units of the drive that makes a rate of about 1.

    Parameters
    ----------
    membrane
        τ. The longer, the straighter the f–I curve.
    synapse, rate
        τ_s and τ_r, of the filters of the spike trains.
    refractory
        Δ, whole ticks after a spike in which u stands still.
    period
        Ticks from spike to spike at a rate of 1, at most 1000.
    margin
        θ − u0: the drive at which a neuron begins to fire. With it the nudging factor is of the same
        size for all targets; a bias has to supply it.
    depth
        θ − u_r; `None` chooses it so that the f–I curve passes through (margin + 1, 1).
    reset
        ``"value"`` puts u to u_r; ``"carry"`` to u_r plus what u had beyond θ, so that whole ticks do not
        round the interval between two spikes up.
    start
        u at the beginning of a presentation: u_r (``"rest"``) or drawn between u_r and θ (``"spread"``).
    """

    membrane: float = 100.0
    synapse: float = 20.0
    rate: float = 150.0
    refractory: int = 1
    period: float = 6.0
    margin: float = 1.0
    depth: float | None = None
    reset: SpikeReset = "carry"
    start: Start = "spread"
    kind: ClassVar[str] = "two-compartment"
    # D = u0 + I; u ← D + k(u − D); refractory? threshold? reset. u and the refractory count are state.
    membrane_hardware: ClassVar[HardwareCost] = HardwareCost(
        additions=4, multiplications=1, comparisons=2
    ).keeping(2)
    # I ← dI + u, s ← ds + q, r ← r + k(s − r).
    filter_hardware: ClassVar[HardwareCost] = HardwareCost(additions=4, multiplications=3).keeping(3)
    # s and r once more, for an axon on a core that receives its spikes.
    trace_hardware: ClassVar[HardwareCost] = HardwareCost(additions=3, multiplications=2).keeping(2)
    # λ = R I / (R I + V), then V + λ(R I − V); R I is one more word.
    nudge_hardware: ClassVar[HardwareCost] = HardwareCost(
        additions=3, multiplications=1, divisions=1, state_words_read=1
    )

    def __post_init__(self) -> None:
        """Check that every filter filters and that the neuron can reach a rate of 1."""
        for name in ("membrane", "synapse", "rate", "period", "margin"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
                raise ConfigError(name, f"must be a number, got {value!r}")
            if not (value >= 0 if name == "margin" else value > 0) or not math.isfinite(value):
                least = "≥ 0" if name == "margin" else "> 0"
                raise ConfigError(name, f"must be {least} and finite, got {value:g}")
        whole = isinstance(self.refractory, int | np.integer) and not isinstance(self.refractory, bool)
        if not whole or not 0 <= self.refractory < 2**31:
            raise ConfigError(
                "refractory", f"must be a whole number of ticks, 0 or more, got {self.refractory!r}"
            )
        if not self.period >= self.refractory + 1:
            raise ConfigError(
                "period",
                f"must be ≥ refractory + 1 = {self.refractory + 1} ticks, got {self.period:g}",
            )
        if not self.period <= LONGEST_PERIOD:
            raise ConfigError("period", f"must be at most {LONGEST_PERIOD} ticks, got {self.period:g}")
        if self.depth is None and self.period - self.refractory > _STEEPEST * self.membrane:
            raise ConfigError(
                "membrane",
                f"must be at least (period − refractory) / {_STEEPEST} ticks, else the fall of a spike leaves float32, "
                f"got {self.membrane:g}",
            )
        if self.depth is not None and not (self.depth > 0 and math.isfinite(self.depth)):
            raise ConfigError("depth", f"must be > 0 and finite, got {self.depth:g}")
        for name, among in (("reset", SpikeReset), ("start", Start)):
            if getattr(self, name) not in get_args(among):
                known = " or ".join(f'"{word}"' for word in get_args(among))
                raise ConfigError(name, f"must be {known}, got {getattr(self, name)!r}")

    @property
    def first_bias(self) -> float:
        """The bias of a network that has learned nothing: a neuron without input begins to fire."""
        return self.margin

    @property
    def parts(self) -> dict[str, tuple[str, HardwareCost]]:
        """Role → (name, cost per neuron and tick): the membrane, which inputs have too, the filters, the nudge."""
        return {
            "encoder": ("membrane", self.membrane_hardware),
            "neuron": (self.kind, self.filter_hardware),
            "nudge": ("soma", self.nudge_hardware),
        }

    @property
    def state_words(self) -> int:
        """Words of state that a neuron keeps."""
        return self.membrane_hardware.state_words_kept + self.filter_hardware.state_words_kept

    @property
    def trace_words(self) -> int:
        """Words of state that a core keeps for each axon which reaches it."""
        return self.trace_hardware.state_words_kept

    @property
    def fall(self) -> float:
        """θ − u_r."""
        if self.depth is not None:
            return self.depth
        return math.expm1((self.period - self.refractory) / self.membrane)

    def rate_at(self, drive: ArrayLike) -> NDArray[np.float64]:
        """Return the normalised rate under a constant drive Σ w s, in continuous time (Gerstner & Kistler 2002, 4.9).

        r = period / (Δ + τ ln(1 + (θ − u_r)/x)), x = drive − margin > 0; else 0.
        """
        x = np.asarray(drive, dtype=np.float64) - self.margin
        interval = np.full(x.shape, np.inf)
        above = x > 0
        interval[above] = self.refractory + self.membrane * np.log1p(self.fall / x[above])
        return self.period / interval

    def drive_at(self, rate: ArrayLike) -> NDArray[np.float64]:
        """Return the constant drive that makes a rate, the inverse of `rate_at`; a rate of 0 takes the margin."""
        r = np.asarray(rate, dtype=np.float64)
        x = np.zeros(r.shape)
        fires = r > 0
        # Beyond e^700 a rate is 0 in all but name, and so is the drive that it takes.
        interval = np.minimum((self.period / r[fires] - self.refractory) / self.membrane, 700.0)
        x[fires] = self.fall / np.expm1(interval)
        return self.margin + x


@kernel
def nudged_drive(drive: Real, target: Real, beta: Real, zero: Real, one: Real) -> Real:
    """Return V + λ(R I − V) with λ = β R I / (|β| R I + V); a V ≤ 0 gives in altogether, |λ| = 1. All T scalars.

    ``drive`` is V = Σ w s, ``target`` R I. β = 1 is the printed formula; a negative β pushes away.
    """
    size = beta if beta > zero else -beta
    pull = size * target
    share = pull / (pull + drive) if drive > zero else one
    signed = share if beta > zero else -share
    return drive + signed * (target - drive)


@kernel
def fire(
    potential: Real,
    drive: Real,
    waiting: Real,
    keep: Real,
    reset: Real,
    refractory: Real,
    carries: bool,
    zero: Real,
    one: Real,
) -> tuple[Flag, Real, Real]:
    """Return (whether it fires, u, refractory ticks left) after one tick; u is measured from θ.

    ``drive`` is D = u0 − θ + Σ w s, ``keep`` e^{−1/τ}, ``reset`` u_r − θ. ``carries`` is a
    boolean, all others T scalars.
    """
    held = waiting > 0
    u = potential if held else drive + keep * (potential - drive)
    fires = (not held) and u > zero
    after = reset + u if carries else reset
    left = waiting - one if held else (refractory if fires else zero)
    return fires, after if fires else u, left


@kernel
def _membranes(
    first: Index, last: Index, moment: Moment, sample: Sample, drive: Vector[Float], c: Vector[Float]
) -> None:
    """Let the somas take up their drive and fire, then let the filters take up what they fired."""
    words, bits, neuron = sample.words, sample.bits, sample.neuron
    potential, synapse, rate, waiting = words[POTENTIAL], words[SYNAPSE], words[RATE], words[WAITING]
    zero, one = potential.dtype.type(0), potential.dtype.type(1)
    keep, reset, refractory, carries = c[_KEEP], c[_RESET], c[_REFRACTORY], c[_CARRIES] != 0
    share = moment.schedule[0]
    if moment.tick == 1:
        for j in range(first, last):
            drawn = uniform(moment.start_key, neuron[j]) if c[_SPREAD] != 0 else 0.0
            potential[j] = c[_RESET] * potential.dtype.type(1.0 - drawn)
    for j in range(first, last):
        soma = c[_REST] + drive[j]
        fires, potential[j], waiting[j] = fire(
            potential[j], soma, waiting[j], keep, reset, refractory, carries, zero, one
        )
        bits[j] = fires
        synapse[j] = c[_DECAY] * synapse[j] + c[_STEP] * bits[j]
        rate[j] += share * (synapse[j] - rate[j])


@kernel
def _update(first: Index, last: Index, moment: Moment, sample: Sample, c: Vector[Float]) -> int:
    """One tick of neurons; the nudge is β."""
    current, drive, nudge = sample.words[CURRENT], sample.room[DRIVE], moment.nudge
    zero, one = current.dtype.type(0), current.dtype.type(1)
    for j in range(first, last):
        current[j] = c[_DECAY] * current[j] + drive[j]
        drive[j] = current[j]
    if nudge != zero:
        for j in range(first, last):
            drive[j] = nudged_drive(current[j], sample.target[j], nudge, zero, one)
    _membranes(first, last, moment, sample, drive, c)
    return 0


@kernel
def _clamped(first: Index, last: Index, moment: Moment, sample: Sample, c: Vector[Float]) -> int:
    """One tick of inputs, which hold a constant current."""
    _membranes(first, last, moment, sample, sample.words[CURRENT], c)
    return 0


@kernel
def _shown(first: Index, last: Index, moment: Moment, sample: Sample, c: Vector[Float]) -> int:
    """One tick of inputs that are shown spikes: they have no soma, and the filters take up what they are shown."""
    synapse, rate, bits, share = sample.words[SYNAPSE], sample.words[RATE], sample.bits, moment.schedule[0]
    for j in range(first, last):
        synapse[j] = c[_DECAY] * synapse[j] + c[_STEP] * bits[j]
        rate[j] += share * (synapse[j] - rate[j])
    return 0


def two_compartments(neuron: TwoCompartmentLIF) -> tuple[Dynamics, Dynamics, Dynamics]:
    """Return the neurons, inputs of the same kind, and inputs that are shown spikes."""
    decay = math.exp(-1.0 / neuron.synapse)
    constants = (
        -neuron.margin,
        -neuron.fall,
        math.exp(-1.0 / neuron.membrane),
        decay,
        (1.0 - decay) * neuron.period,
        float(neuron.refractory),
        float(neuron.reset == "carry"),
        float(neuron.start == "spread"),
    )
    return Dynamics(_update, constants), Dynamics(_clamped, constants), Dynamics(_shown, constants)
