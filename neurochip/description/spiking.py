"""Networks of leaky integrate-and-fire neurons in continuous time, as NIR describes them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.connections import Connection as Connectivity
from neurochip.elements.connections import Dense, OneToOne
from neurochip.errors import ConfigError, DataError

__all__ = [
    "PARAMETERS",
    "Connection",
    "NeuronGroup",
    "Kind",
    "Reset",
    "SpikingNetwork",
    "real_numbers",
]

Array = NDArray[np.float64]
Kind = Literal["Input", "IF", "LIF", "CubaLIF", "I", "LI", "CubaLI", "Threshold", "Readout"]
Reset = Literal["value", "subtract", "subtract-late", "value-late", "none"]
_FiresWhen = Literal["above", "reached"]
_Start = Literal["rest", "zero"]

# What each neuron must be given, f64[unit] each; times in seconds.
PARAMETERS: dict[str, tuple[str, ...]] = {
    "Input": (),
    "IF": ("r", "v_threshold", "v_reset"),
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "CubaLIF": ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
    "I": ("r",),
    "LI": ("tau", "r", "v_leak"),
    "CubaLI": ("tau_syn", "tau_mem", "r", "v_leak", "w_in"),
    "Threshold": ("threshold",),
    "Readout": (),
}
_SILENT = {"IF": "I", "LIF": "LI", "CubaLIF": "CubaLI"}  # the same without a threshold
_TIMES = ("tau", "tau_syn", "tau_mem")
AS_GOOD_AS = 2.0**-22  # what float32 makes of a quotient of two numbers, with room for both
_LONGEST_DELAY = 1 << 16


def _apart(value: float, other: float) -> str:
    """Return a number with as many digits as tell it from another."""
    digits = next((n for n in range(6, 17) if f"{value:.{n}g}" != f"{other:.{n}g}"), 17)
    return f"{value:.{digits}g}"


# Products of three of them, and their inverses, still are numbers in float32.
_LARGEST = 1e12


def _check_magnitude(values: Array, place: str, *, is_time: bool = False) -> None:
    """Refuse numbers whose products leave float32, which chips compute in."""
    if not np.all(np.abs(values) <= _LARGEST):
        raise ConfigError(place, f"must lie within ±{_LARGEST:g}, got {values[np.argmax(np.abs(values))]:g}")
    if is_time and not np.all(values >= 1 / _LARGEST):
        raise ConfigError(place, f"must be at least {1 / _LARGEST:g} s, got {values.min():g}")


@dataclass(frozen=True, eq=False, kw_only=True)
class NeuronGroup:
    """Neurons of one kind.

    Attributes
    ----------
    name
        Unique in the network.
    kind
        ``Input`` is played back. ``IF``: v̇ = R x. ``LIF``: τ v̇ = v_leak − v + R x. ``CubaLIF``: τ_syn İ =
        −I + w_in x and τ_mem v̇ = v_leak − v + R I. They fire when v > v_threshold. ``I``, ``LI``, ``CubaLI``: the same
        without a threshold, they never fire. x is the weighted sum of the spikes plus biases. An infinite τ is no leak:
        τ_mem v̇ is then v̇. ``Threshold`` remembers nothing and fires when x > threshold; ``Readout`` is v = x.
    size
        Neurons.
    parameters
        f64[unit] each, those of `PARAMETERS`.
    reset
        What a spike does to v: ``value`` puts it to v_reset, ``subtract`` takes v_threshold away, ``subtract-late``
        does so in the tick after the spike, once v has leaked and taken up its input; with ``value-late`` v is v_reset
        in that tick, and what comes in it is lost; with ``none`` nothing, so that a neuron fires in every tick in which
        v is above its threshold.
    fires_when
        When v is ``above`` the threshold, or when it has ``reached`` it.
    refractory
        Ticks after a spike in which v stands still.
    start
        What v is at first: ``rest`` (v_leak) or ``zero``.
    begins
        Ticks that pass before the neurons live: their biases act, and they leak, from the tick after these on.
    metadata
        What came with it and plays no part.
    shape
        Of the population, (channels, height, width) of maps; empty: one dimension. Units are numbered along its last
        axis first.
    """

    name: str
    kind: Kind
    size: int
    parameters: Mapping[str, Array] = field(default_factory=dict)
    reset: Reset = "value"
    fires_when: _FiresWhen = "above"
    refractory: int = 0
    start: _Start = "rest"
    begins: int = 0
    metadata: Mapping[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check that all parameters are there, of this size and sensible."""
        object.__setattr__(self, "shape", tuple(self.shape))
        if self.shape and math.prod(self.shape) != self.size:
            raise ConfigError(f"{self.name}.shape", f"must have {self.size} units, got {self.shape}")
        if self.kind not in get_args(Kind):
            raise ConfigError(
                f"{self.name}.kind", f"must be one of {', '.join(PARAMETERS)}, got {self.kind!r}"
            )
        if not self.size >= 1:
            raise ConfigError(f"{self.name}.size", f"must be at least 1, got {self.size}")
        wanted = PARAMETERS[self.kind]
        if set(self.parameters) != set(wanted):
            raise ConfigError(
                f"{self.name}",
                f"a {self.kind} has parameters {', '.join(wanted)}; got {', '.join(self.parameters)}",
            )
        for name, values in self.parameters.items():
            place = f"{self.name}.{name}"
            if values.shape != (self.size,):
                raise ConfigError(place, f"must have shape ({self.size},), got {values.shape}")
            if name in _TIMES and np.isposinf(values).any():
                values = np.where(np.isposinf(values), 1.0, values)
            if not np.all(np.isfinite(values)):
                without = _SILENT.get(self.kind) if name == "v_threshold" else None
                never = without is not None and not np.isnan(values).any() and not np.isneginf(values).any()
                cure = f"; neurons that never fire are {without}, which has no threshold" if never else ""
                raise ConfigError(place, f"must be finite{cure}")
            if name in _TIMES and not np.all(values > 0):
                raise ConfigError(place, f"must be > 0, got {values.min():g}")
            _check_magnitude(values, place, is_time=name in _TIMES)
        for key, known in (("reset", Reset), ("fires_when", _FiresWhen), ("start", _Start)):
            if getattr(self, key) not in get_args(known):
                words = " or ".join(f'"{word}"' for word in get_args(known))
                raise ConfigError(f"{self.name}.{key}", f"must be {words}, got {getattr(self, key)!r}")
        if self.refractory and self.reset.endswith("late"):
            raise ConfigError(
                f"{self.name}.refractory",
                'must be 0 with reset = "subtract-late", which acts in the tick after a spike',
            )
        if not 0 <= self.begins < 2**24:
            raise ConfigError(f"{self.name}.begins", f"must be 0 to 2**24 - 1 ticks, got {self.begins}")
        if not 0 <= self.refractory < 2**31:
            raise ConfigError(
                f"{self.name}.refractory", f"must be 0 to 2**31 - 1 ticks, got {self.refractory}"
            )
        if self.fires and self.kind != "Threshold" and self.reset.startswith("value"):
            high = np.flatnonzero(self.parameters["v_reset"] > self.parameters["v_threshold"])
            if high.size:
                i = int(high[0])
                raise ConfigError(
                    f"{self.name}.v_reset[{i}]",
                    f"must not exceed the threshold, {self.parameters['v_threshold'][i]:g}",
                )

    @property
    def fires(self) -> bool:
        """Whether it has a threshold."""
        return self.kind in ("IF", "LIF", "CubaLIF", "Threshold")


@dataclass(frozen=True, eq=False, kw_only=True)
class Connection:
    """Synapses from one group to another, or to itself.

    Attributes
    ----------
    name
        Of the node of weights; empty where spikes go over one to one.
    source, target
        Names of groups.
    weights
        [pre, post], every entry a synapse; of another shape with a connectivity. `None`: one to one with weight 1.
    bias
        f64[post] that is added to x at every tick; `None`: none.
    metadata
        What came with it and plays no part.
    connectivity
        Which unit reaches which (`neurochip.elements.connections`), with ``weights`` of its shape, `None` where it has
        none.
    delay
        Ticks: a spike of tick t acts in tick t + delay.
    """

    name: str
    source: str
    target: str
    weights: NDArray[np.number] | None
    bias: Array | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    connectivity: Connectivity | None = None
    delay: int = 1

    def joined(self, sources: int) -> tuple[Connectivity, NDArray[np.number]]:
        """Return the connectivity from so many units, and its weights."""
        if self.connectivity is not None:
            none = np.zeros(0, dtype=np.int8)
            return self.connectivity, none if self.weights is None else self.weights
        if self.weights is None:
            return OneToOne(sources, sources), np.ones(sources, dtype=np.int8)
        return Dense(*self.weights.shape), self.weights


@dataclass(frozen=True, eq=False, kw_only=True)
class SpikingNetwork:
    """Groups of neurons and what connects them.

    Attributes
    ----------
    groups
        The input first.
    connections
        What joins them; the sums of several from one group to another add up.
    outputs
        Name of each output → the group that is read out there.
    dt
        Seconds of a tick.
    method
        How a tick stands for dt: ``euler`` or ``exact`` (docs/nir.md).
    metadata
        What came with it and plays no part.
    """

    groups: tuple[NeuronGroup, ...]
    connections: tuple[Connection, ...]
    outputs: Mapping[str, str] = field(default_factory=dict)
    dt: float = 1e-3
    method: Literal["euler", "exact"] = "euler"
    metadata: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that everything fits together."""
        if not (math.isfinite(self.dt) and self.dt > 0):
            raise ConfigError("dt", f"must be > 0 seconds, got {self.dt:g}")
        _check_magnitude(np.array([self.dt]), "dt", is_time=True)
        if self.method not in ("euler", "exact"):
            raise ConfigError("method", f'must be "euler" or "exact", got {self.method!r}')
        names = [group.name for group in self.groups]
        if len(set(names)) != len(names):
            raise ConfigError("groups", "must have different names")
        if [group.kind == "Input" for group in self.groups] != [True, *[False] * (len(names) - 1)] or len(
            names
        ) < 2:
            raise ConfigError("groups", "must be one Input, first, and at least one group of neurons")
        for c in self.connections:
            self._check(c, c.name or f"{c.source} → {c.target}", names)
        for output, name in self.outputs.items():
            if name not in names[1:]:
                raise ConfigError(f"outputs.{output}", f"{name} is no group of neurons")
        for group in self.groups:
            for name in _TIMES:
                tau = group.parameters.get(name)
                if self.method == "euler" and tau is not None and tau.min() < self.dt * (1 - AS_GOOD_AS):
                    raise ConfigError(
                        f"{group.name}.{name}",
                        f"is {_apart(tau.min(), self.dt)} s, shorter than dt = {self.dt:g} s, where Euler overshoots; "
                        'use a shorter dt or method = "exact"',
                    )

    def _check(self, c: Connection, place: str, names: list[str]) -> None:
        if isinstance(c.delay, bool) or not isinstance(c.delay, int) or not 1 <= c.delay <= _LONGEST_DELAY:
            raise ConfigError(f"{place}.delay", f"must be 1 to {_LONGEST_DELAY} ticks, got {c.delay!r}")
        for end in (c.source, c.target):
            if end not in names:
                raise ConfigError(place, f"there is no group {end}")
        if c.target == names[0]:
            raise ConfigError(place, "ends at the input, which is played back")
        shape = (self.group(c.source).size, self.group(c.target).size)
        if c.connectivity is not None:
            ends = c.connectivity.sources, c.connectivity.targets
            if ends != shape:
                kind = c.connectivity.kind
                raise ConfigError(
                    place,
                    f"must join {shape[0]} units to {shape[1]}, its {kind} joins {ends[0]} to {ends[1]}",
                )
            wanted = c.connectivity.shape
            given = (0,) if c.weights is None else c.weights.shape
            if given != wanted:
                raise ConfigError(place, f"must have weights of shape {wanted}, got {given}")
        else:
            found = (shape[0], shape[0]) if c.weights is None else c.weights.shape
            if found != shape:
                raise ConfigError(place, f"must have shape {shape}, got {found}")
        if c.weights is not None and c.weights.dtype.kind not in "iuf":
            raise ConfigError(place, f"must hold real numbers, got {c.weights.dtype}")
        if c.bias is not None and c.bias.dtype.kind not in "biuf":
            raise ConfigError(f"{place}.bias", f"must hold real numbers, got {c.bias.dtype}")
        if c.bias is not None and (c.bias.shape != shape[1:] or not np.all(np.isfinite(c.bias))):
            raise ConfigError(f"{place}.bias", f"must be {shape[1]} finite numbers")
        if c.bias is not None:
            _check_magnitude(c.bias, f"{place}.bias")

    def group(self, name: str) -> NeuronGroup:
        """Return a group by name."""
        return next(group for group in self.groups if group.name == name)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons of each group."""
        return tuple(group.size for group in self.groups)


def real_numbers(values: object, place: str) -> Array:
    """Return an array of real numbers as float64, or refuse what are none."""
    found = np.asarray(values)
    if found.dtype.kind not in "biuf":
        raise DataError(place, f"must hold real numbers, got {found.dtype}")
    return np.asarray(found, dtype=np.float64)
