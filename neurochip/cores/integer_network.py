"""A `SpikingNetwork` whose weights are integers, as integer membranes: where the point stands, what fits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.raster import LayeredRaster
from neurochip.cores.spiking_network import discretised
from neurochip.description.chip import MembranesSpec
from neurochip.description.spiking import NeuronGroup, SpikingNetwork
from neurochip.elements.connections import Connection as Connectivity
from neurochip.elements.integers.membranes import integer_membranes
from neurochip.elements.neurons.filtered import CONSTANTS
from neurochip.elements.neurons.neuron import Dynamics
from neurochip.errors import ConfigError

__all__ = ["GroupMembranes", "IntegerNetwork", "integer_network"]

Array = NDArray[np.float64]
_MOST_FRACTION = 16
_ABOVE_THRESHOLD = 8  # so many thresholds a potential may reach, or fall to, before it meets its limit
_REGISTER = 62  # bits of products, sign apart
_NEVER = 2.0**60  # a threshold that no potential reaches
_FACTORS = ("current_decay", "current_gain", "decay", "gain")


class GroupMembranes(NamedTuple):
    """The membranes of a group.

    Attributes
    ----------
    name
        Of the group.
    fraction
        Bits behind the point, where 1 is a step of a weight.
    leak_error
        Largest relative error of a leak or a gain, for they are rounded too.
    rounded
        By how much the potential or bias that is off most is, in steps of weights.
    """

    name: str
    fraction: int
    leak_error: float
    rounded: float


class IntegerNetwork(NamedTuple):
    """Neurons for the loop over ticks.

    Attributes
    ----------
    dynamics
        Of all groups.
    scales
        Of each connection: what a unit of its sums is in units of its target's membranes.
    groups
        Of all but the input.
    spec
        Of the chip.
    """

    dynamics: Dynamics
    scales: list[float]
    groups: tuple[GroupMembranes, ...]
    spec: MembranesSpec

    @property
    def units(self) -> list[float]:
        """Of each group, the input included: what a unit of its potential is in steps of weights."""
        return [1.0, *(2.0**-group.fraction for group in self.groups)]


class _Into(NamedTuple):
    """What reaches a group: the largest sum of a tick, its bias, and the scales of connectivities."""

    most: float
    bias: Array
    scales: tuple[float, ...]


def integer_network(
    network: SpikingNetwork,
    raster: LayeredRaster,
    membranes: MembranesSpec,
    joined: Sequence[tuple[Connectivity, NDArray[np.number]]],
) -> IntegerNetwork:
    """Return the neurons of a network on a chip that holds potentials as `MembranesSpec` says.

    Parameters
    ----------
    joined
        Connectivity and whole weights of each connection.

    Raises
    ------
    ConfigError
        For a number that does not fit its word, and a leak or a gain that its bits cannot tell from none.
    """
    own = np.zeros((len(CONSTANTS), raster.n_slots))
    places = membranes.leak_bits
    made: list[GroupMembranes] = []
    fractions = {network.groups[0].name: 0}
    for group, (first, _, size) in zip(network.groups, raster.layers.tolist(), strict=True):
        if group.kind == "Input":
            continue
        real = _real_numbers(group, network)
        into = _into(network, group, joined)
        real["bias"] = into.bias
        fraction = _point(group, real, into, membranes)
        _check_products(group, real, into, fraction, membranes)
        own[:, first : first + size] = _whole(group, real, fraction, membranes)
        fractions[group.name] = fraction
        made.append(
            GroupMembranes(group.name, fraction, _leak_error(real, places), _rounded(group, real, fraction))
        )
    scales = []
    for c, (connection, _) in zip(network.connections, joined, strict=True):
        scales.append(float(np.rint(math.ldexp(connection.scale, fractions[c.target]))))
        if scales[-1] == 0 and connection.scale:
            raise ConfigError(
                c.name or f"{c.source} → {c.target}",
                f"has a scale of {connection.scale:.3g}, which is 0 with {fractions[c.target]} bits behind the point; "
                "use a chip with more membranes.bits or membranes.fraction",
            )
    dynamics = integer_membranes(
        own, places, membranes.lowest, membranes.highest, wraps=membranes.overflow == "wrap"
    )
    return IntegerNetwork(dynamics, scales, tuple(made), membranes)


def _real_numbers(group: NeuronGroup, network: SpikingNetwork) -> dict[str, Array]:
    """Return `CONSTANTS` by name, with the threshold as the group has it."""
    real = dict(zip(CONSTANTS, discretised(group, network.dt, network.method), strict=True))
    if group.fires:
        given = group.parameters
        rest = given.get("v_leak", np.zeros(group.size))
        real["threshold"] = given["v_threshold" if "v_threshold" in given else "threshold"] - rest
    return real


def _into(
    network: SpikingNetwork, group: NeuronGroup, joined: Sequence[tuple[Connectivity, NDArray[np.number]]]
) -> _Into:
    most, bias, scales = 0.0, np.zeros(group.size), []
    for c, (connection, weights) in zip(network.connections, joined, strict=True):
        if c.target != group.name:
            continue
        largest = int(np.abs(weights.astype(np.int64)).max()) if weights.size else 1
        most += int(connection.fan_in().max(initial=0)) * largest * abs(connection.scale)
        scales.append(connection.scale)
        if c.bias is not None:
            bias = bias + c.bias
    return _Into(most, bias, tuple(scales))


def _point(group: NeuronGroup, real: Mapping[str, Array], into: _Into, membranes: MembranesSpec) -> int:
    """Return how many bits of a potential stand behind the point.

    Where nothing leaks and every number is whole that is none. Else as many as leave room for what the group may
    reach: eight times its threshold, or what all its inputs together can drive it to where that is less.
    """
    if membranes.fraction is not None:
        return membranes.fraction
    drive = into.most + float(np.abs(into.bias).max(initial=0))
    marks = max(float(np.abs(values).max()) for _, values in _potentials(group, real))
    kept, taken = real["decay"].max(), real["gain"].max() * real["current_gain"].max()
    filtered = real["current_decay"].max()
    leaks = kept < 1 and filtered < 1
    reach = drive * taken / ((1 - kept) * (1 - filtered)) if leaks else math.inf
    if group.fires and marks > 0:
        reach = min(reach, _ABOVE_THRESHOLD * marks)
    if math.isinf(reach):
        reach = 256 * drive * max(taken, 1.0)
    reach = max(reach, marks, 1.0)
    most = max(0, min(_MOST_FRACTION, membranes.bits - 1 - math.ceil(math.log2(reach))))
    most = max(0, min(most, _REGISTER - membranes.leak_bits - _bits_of(real, drive)))
    if all(np.isin(real[key], (0.0, 1.0)).all() for key in _FACTORS):
        exact = [values for key, values in _potentials(group, real) if key != "threshold"]
        exact += [np.array(into.scales)] if into.scales else []
        for fraction in range(most):
            if all(np.array_equal(np.ldexp(v, fraction), np.rint(np.ldexp(v, fraction))) for v in exact):
                return fraction
    return most


def _bits_of(real: Mapping[str, Array], drive: float) -> int:
    """Return the bits before the point of the largest product of a factor and what comes."""
    largest = drive * max(1.0, real["current_gain"].max()) * max(1.0, real["gain"].max())
    return math.ceil(math.log2(max(largest, 1.0)))


def _check_products(
    group: NeuronGroup, real: Mapping[str, Array], into: _Into, fraction: int, membranes: MembranesSpec
) -> None:
    drive = into.most + float(np.abs(into.bias).max(initial=0))
    word = membranes.bits + math.ceil(math.log2(max(1.0, real["gain"].max())))
    if max(word, fraction + _bits_of(real, drive)) + membranes.leak_bits > _REGISTER:
        key = "r" if real["gain"].max() >= real["current_gain"].max() else "w_in"
        raise ConfigError(
            f"{group.name}.{key}",
            f"makes products of more than {_REGISTER} bits with membranes of {membranes.bits}; put the factor into "
            "the weights, or use fewer membranes.bits or membranes.leak_bits",
        )


def _potentials(group: NeuronGroup, real: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
    """Give what is a potential or is added to one, by the name of its parameter."""
    yield "v_leak", real["start"]
    yield "bias", real["bias"]
    if group.fires:
        yield "threshold", real["threshold"]
        if group.reset.startswith("subtract"):
            yield "v_threshold", real["taken"]
        elif group.reset != "none":
            yield "v_reset", real["reset_to"]


def _whole(
    group: NeuronGroup, real: Mapping[str, Array], fraction: int, membranes: MembranesSpec
) -> NDArray[np.float64]:
    """Return `CONSTANTS` as whole numbers, f64[row, unit]."""
    words = {key: np.zeros(group.size) for key in CONSTANTS}
    names = {"bias": "bias", "v_leak": "start", "v_threshold": "taken", "v_reset": "reset_to"}
    for key, values in _potentials(group, real):
        if key == "threshold":
            # v stands on whole numbers: it exceeds a number between two of them as soon as it exceeds the lower.
            scaled = np.ldexp(values, fraction)
            held = np.ceil(scaled) - 1 if group.fires_when == "reached" else np.floor(scaled)
            words["threshold"] = held
            key = "v_threshold" if "v_threshold" in group.parameters else "threshold"
        else:
            held = words[names[key]] = np.rint(np.ldexp(values, fraction))
        beyond = np.flatnonzero((held < membranes.lowest) | (held > membranes.highest))
        if beyond.size:
            _refuse(group, key, int(beyond[0]), float(values[beyond[0]]), fraction, membranes)
    if not group.fires:
        words["threshold"] += _NEVER
    for key in _FACTORS:
        words[key] = _factors(group, key, real[key], membranes)
    for key in ("refractory", "reset", "begins"):
        words[key] = real[key]
    return np.array([words[key] for key in CONSTANTS])


def _refuse(
    group: NeuronGroup, key: str, unit: int, value: float, fraction: int, membranes: MembranesSpec
) -> None:
    low, high = math.ldexp(membranes.lowest, -fraction), math.ldexp(membranes.highest, -fraction)
    rest = " above rest" if np.any(group.parameters.get("v_leak", 0)) and key != "bias" else ""
    cure = "fewer membranes.fraction" if membranes.fraction else "more membranes.bits"
    raise ConfigError(
        f"{group.name}.{key}[{unit}]",
        f"is {value:.10g}{rest}, and membranes of {membranes.bits} bits hold {low:.10g} to {high:.10g}; use a chip "
        f"with {cure}, or fewer bits for weights, which makes the steps larger",
    )


def _factors(group: NeuronGroup, key: str, values: Array, membranes: MembranesSpec) -> Array:
    """Return factors in whole numbers of 2^−K; a leak that would be none, or a gain that would be 0, is refused."""
    places = membranes.leak_bits
    held = np.rint(np.ldexp(values, places))
    if key.endswith("decay"):
        gone = np.flatnonzero((values < 1) & (held >= 1 << places))
        what, tau = "leak", "tau_syn" if key == "current_decay" else "tau"
        named = tau if tau in group.parameters else "tau_mem"
        size = 1 - values
    else:
        gone = np.flatnonzero((values != 0) & (held == 0))
        what, named, size = "gain", "w_in" if key == "current_gain" else "r", values
    if gone.size:
        unit = int(gone[0])
        raise ConfigError(
            f"{group.name}.{named}[{unit}]",
            f"makes a {what} of {size[unit]:.3g} a tick, which is none in {places} bits; use a chip with more "
            "membranes.leak_bits, or a longer dt",
        )
    return held


def _leak_error(real: Mapping[str, Array], places: int) -> float:
    worst = 0.0
    for key in _FACTORS:
        values = real[key]
        size = 1 - values if key.endswith("decay") else np.abs(values)
        off = np.abs(np.ldexp(np.rint(np.ldexp(values, places)), -places) - values)
        there = size > 0
        worst = max(worst, float((off[there] / size[there]).max(initial=0)))
    return worst


def _rounded(group: NeuronGroup, real: Mapping[str, Array], fraction: int) -> float:
    """Return the largest rounding of a potential; that of a threshold that takes nothing away plays no part."""
    off = [
        np.abs(np.ldexp(np.rint(np.ldexp(values, fraction)), -fraction) - values)
        for key, values in _potentials(group, real)
        if key != "threshold"
    ]
    return float(np.max(off))
