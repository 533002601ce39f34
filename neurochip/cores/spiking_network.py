"""A `SpikingNetwork` as neurons of the loop over ticks: continuous time made discrete."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.raster import LayeredRaster
from neurochip.description.spiking import NeuronGroup, SpikingNetwork
from neurochip.elements.neurons.filtered import CONSTANTS, filtered
from neurochip.elements.neurons.neuron import Dynamics

__all__ = ["discretised", "resting_potentials", "spiking_dynamics"]

_NEVER = 1e30  # a threshold that no potential reaches, in float32 too


def discretised(group: NeuronGroup, dt: float, method: str) -> NDArray[np.float64]:
    """Return f64[row, unit], `filtered.CONSTANTS` of a group, without the bias.

    ``euler``: 1 − dt/τ and dt/τ. ``exact``: e^(−dt/τ) and 1 − e^(−dt/τ), which is the solution when the input
    stands still
    within a tick; of a neuron with a filter it is each of the two equations' own, and their coupling stays first order.
    """
    constants = np.zeros((len(CONSTANTS), group.size))
    given = group.parameters
    if group.kind == "Input":
        return constants

    def decay(tau: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1 - dt / tau if method == "euler" else np.exp(-dt / tau)

    filtered = "tau_syn" in given
    constants[1] = 1.0
    if filtered:
        constants[0] = decay(given["tau_syn"])
        constants[1] = (1 - constants[0]) * given["w_in"]
    tau = given.get("tau_mem", given.get("tau"))
    if tau is None:
        constants[2], constants[3] = 1.0, dt * given["r"]
    else:
        constants[2] = decay(tau)
        constants[3] = (1 - constants[2]) * given["r"]
    rest = given.get("v_leak", np.zeros(group.size))
    constants[4] = given["v_threshold"] - rest if group.fires else _NEVER
    constants[5] = given["v_reset"] - rest if group.fires else 0.0
    constants[6] = given["v_threshold"] if group.fires else 0.0
    constants[8], constants[9] = group.refractory, group.reset == "subtract"
    return constants


def spiking_dynamics(network: SpikingNetwork, raster: LayeredRaster) -> Dynamics:
    """Return the neurons of all groups, which are layers, in order."""
    own = np.zeros((len(CONSTANTS), raster.n_slots))
    names = [group.name for group in network.groups]
    layers = raster.layers.tolist()
    for group, (first, _, size) in zip(network.groups, layers, strict=True):
        own[:, first : first + size] = discretised(group, network.dt, network.method)
    for c in network.connections:
        if c.bias is not None:
            first, _, size = layers[names.index(c.target)]
            own[CONSTANTS.index("bias"), first : first + size] += c.bias
    return filtered(own)


def resting_potentials(network: SpikingNetwork) -> list[NDArray[np.float64]]:
    """Return what has to be added to w of each group to get v, list over groups of f64[unit]."""
    return [group.parameters.get("v_leak", np.zeros(group.size)) for group in network.groups]
