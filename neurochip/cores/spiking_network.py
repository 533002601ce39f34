"""A `SpikingNetwork` as neurons of the loop over ticks: continuous time made discrete."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurochip.cores.raster import LayeredRaster
from neurochip.description.spiking import AS_GOOD_AS, NeuronGroup, SpikingNetwork
from neurochip.elements.neurons.filtered import (
    ALIKE,
    BIAS,
    CONSTANTS,
    SUBTRACT,
    SUBTRACT_LATE,
    VALUE,
    VALUE_LATE,
    filtered,
)
from neurochip.elements.neurons.neuron import Dynamics

__all__ = ["discretised", "resting_potentials", "spiking_dynamics"]

_NEVER = 1e30  # a threshold that no potential reaches, in float32 too
_MOST_ALIKE = 1 << 24  # neurons that float32 can count
_RESETS = {
    "value": VALUE,
    "subtract": SUBTRACT,
    "subtract-late": SUBTRACT_LATE,
    "value-late": VALUE_LATE,
    "none": SUBTRACT,  # of 0
}


def discretised(
    group: NeuronGroup, dt: float, method: str, state: DTypeLike = np.float64
) -> NDArray[np.float64]:
    """Return f64[row, unit], `filtered.CONSTANTS` of a group, without the bias.

    ``euler``: 1 − dt/τ and dt/τ. ``exact``: e^(−dt/τ) and 1 − e^(−dt/τ), which is the solution when the input
    stands still within a tick; of a neuron with a filter it is each of the two equations' own, and their coupling stays
    first order. What is 0 or 1 but for the rounding of τ and R to float32 is 0 or 1.

    Parameters
    ----------
    state
        Format of potentials: a threshold that need only be reached is the last number of it before that.
    """
    constants = dict.fromkeys(CONSTANTS, np.zeros(group.size))
    given = group.parameters

    def of(tau: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what a tick keeps, and how much of what comes it takes up; without leak that is dt."""
        part = dt / tau
        kept = 1 - part if method == "euler" else np.exp(-part)
        kept = np.where(np.abs(kept) < AS_GOOD_AS, 0.0, kept)
        return kept, np.where(np.isposinf(tau), dt, 1 - kept)

    def settled(gain: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(np.abs(gain - 1) < AS_GOOD_AS, 1.0, gain)

    one = np.ones(group.size)
    if group.kind == "Input":
        return np.array(list(constants.values()))
    constants |= {"current_gain": one, "gain": one, "begins": one * group.begins}
    if "tau_syn" in given:
        kept, taken_up = of(given["tau_syn"])
        constants |= {"current_decay": kept, "current_gain": settled(taken_up * given["w_in"])}
    tau = given.get("tau_mem", given.get("tau"))
    if tau is not None:
        kept, taken_up = of(tau)
        constants |= {"decay": kept, "gain": settled(taken_up * given["r"])}
    elif "r" in given:
        constants |= {"decay": one, "gain": settled(dt * given["r"])}
    rest = given.get("v_leak", np.zeros(group.size))
    constants["start"] = -rest if group.start == "zero" else 0 * rest
    constants["threshold"] = np.full(group.size, _NEVER)
    if group.fires:
        threshold = given["v_threshold" if "v_threshold" in given else "threshold"]
        above = (threshold - rest).astype(state)
        if group.fires_when == "reached":
            above = np.nextafter(above, np.array(-np.inf, state))
        constants |= {
            "threshold": above.astype(np.float64),
            "reset_to": given["v_reset"] - rest if "v_reset" in given else 0 * rest,
            "taken": 0 * threshold if group.reset == "none" else threshold,
            "refractory": one * group.refractory,
            "reset": one * _RESETS[group.reset],
        }
    return np.array([constants[name] for name in CONSTANTS])


def spiking_dynamics(
    network: SpikingNetwork, raster: LayeredRaster, state: DTypeLike = np.float64
) -> Dynamics:
    """Return the neurons of all groups, which are layers, in order."""
    own = np.zeros((len(CONSTANTS), raster.n_slots))
    names = [group.name for group in network.groups]
    layers = raster.layers.tolist()
    for group, (first, _, size) in zip(network.groups, layers, strict=True):
        own[:, first : first + size] = discretised(group, network.dt, network.method, state)
    for c in network.connections:
        if c.bias is not None:
            first, _, size = layers[names.index(c.target)]
            own[BIAS, first : first + size] += c.bias
    for first, _, size in layers:
        same = np.delete(own[:, first : first + size], BIAS, axis=0)
        alike = np.array_equal(same, np.broadcast_to(same[:, :1], same.shape)) and size < _MOST_ALIKE
        own[ALIKE, first] = size if alike else 0
    return filtered(own)


def resting_potentials(network: SpikingNetwork) -> list[NDArray[np.float64]]:
    """Return what has to be added to w of each group to get v, list over groups of f64[unit]."""
    return [group.parameters.get("v_leak", np.zeros(group.size)) for group in network.groups]
