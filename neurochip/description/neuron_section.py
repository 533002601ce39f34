"""``[neuron]`` of a run: which neurons there are, and where they cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurochip.description.elements import read_element
from neurochip.elements.neurons.settling import SettlingNeuron
from neurochip.elements.neurons.table import NEURONS
from neurochip.errors import ConfigError
from neurochip.keys.reading import describe
from neurochip.network import Network

__all__ = ["read_neuron", "refuse_neuron_elsewhere", "refuse_unreachable_output"]

_SENT = {"ideal": "real numbers", "analog": "currents"}


def read_neuron(value: Any, place: str = "neuron") -> Any:
    """Return the neuron that a name, a table or an object describes.

    Raises
    ------
    ConfigError
        For whatever is none.
    """
    if isinstance(value, str | dict):
        return read_element(value, NEURONS, SettlingNeuron.kind, place, what="a neuron")
    if not NEURONS.takes(value):
        raise ConfigError(
            place, f"expected the name of a neuron or a table with its kind, got {describe(value)}"
        )
    return value


def refuse_neuron_elsewhere(neuron: Any, substrate: str, experiment: str) -> None:
    """Refuse neurons that fire on a substrate without spikes, and where nothing is learned."""
    if isinstance(neuron, SettlingNeuron):
        return
    if substrate != "digital":
        raise ConfigError(
            "neuron.kind",
            f'"{neuron.kind}" sends spikes, and neurons of the {substrate} substrate send {_SENT[substrate]}; set '
            'substrate to "digital", or leave [neuron] out',
        )
    if experiment == "convergence":
        raise ConfigError(
            "neuron.kind",
            f'"{neuron.kind}" has no real-valued fixed point to converge to; set experiment to "train", or leave '
            "[neuron] out",
        )


def refuse_unreachable_output(neuron: Any, rates: Sequence[float], network: Network) -> None:
    """Refuse to let populations learn that an output of integrators should teach, which sends nothing."""
    if getattr(neuron, "readout", "") != "integrator":
        return
    for k, rate in zip(network.forward, rates, strict=True):
        if rate and not network.populations[network.projections[k].target].output:
            raise ConfigError(
                "learning.rates",
                'must be 0 for all projections but those to the output with neuron.readout = "integrator": such an '
                "output sends nothing that others could learn from",
            )
