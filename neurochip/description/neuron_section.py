"""``[neuron]`` of a run: which neurons there are, and where they cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurochip.description.elements import read_element
from neurochip.elements.neurons.settling import SettlingNeuron
from neurochip.elements.neurons.table import NEURONS, Neuron
from neurochip.errors import ConfigError
from neurochip.keys.reading import describe
from neurochip.network import Network

__all__ = [
    "ROLES",
    "check_neurons",
    "neurons_by_population",
    "read_neuron",
    "refuse_unreachable",
]

# In this order populations stand in a network.
ROLES = ("input", "hidden", "output")
_SENT = {"ideal": "real numbers", "analog": "currents"}


def read_neuron(value: object, place: str = "neuron") -> Any:
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


def neurons_by_population(network: Any, default: Neuron) -> tuple[tuple[str, Neuron], ...]:
    """Return (place of what says it, neuron) of each population of a network section, inputs first and outputs last.

    ``default`` is what stands in ``[neuron]``.
    """
    if network.layers is not None:
        return (("neuron", default),) * len(network.layers)
    told = sorted(enumerate(network.populations), key=lambda entry: ROLES.index(entry[1].role))
    return tuple(
        ("neuron", default) if p.neuron is None else (f"network.populations[{k}].neuron", p.neuron)
        for k, p in told
    )


def check_neurons(
    found: Sequence[tuple[str, Neuron]], default: object, substrate: str, experiment: str
) -> None:
    """Refuse neurons that fire on a substrate without spikes, and where nothing is learned, and ``[neuron]`` of nobody.

    ``found`` is what `neurons_by_population` returns.
    """
    if all(place != "neuron" for place, _ in found) and not isinstance(default, SettlingNeuron):
        raise ConfigError(
            "neuron", "has no effect, as every population has a neuron of its own; leave it out"
        )
    for place, neuron in found:
        if isinstance(neuron, SettlingNeuron):
            continue
        cure = "leave [neuron] out" if place == "neuron" else f"leave {place} out"
        place = "neuron.kind" if place == "neuron" else place
        if substrate != "digital":
            raise ConfigError(
                place,
                f'"{neuron.kind}" sends spikes, and neurons of the {substrate} substrate send {_SENT[substrate]}; set '
                f'substrate to "digital", or {cure}',
            )
        if experiment == "convergence":
            raise ConfigError(
                place,
                f'"{neuron.kind}" has no real-valued fixed point to converge to; set experiment to "train", or '
                f"{cure}",
            )


def refuse_unreachable(found: Sequence[tuple[str, Neuron]], rates: Sequence[float], network: Network) -> None:
    """Refuse to let populations learn that outputs of integrators alone should teach, which send nothing.

    ``found`` is what `neurons_by_population` returns, ``rates`` those of the forward projections. A read-out that
    integrates belongs to outputs.
    """
    silent = [getattr(neuron, "readout", "") == "integrator" for _, neuron in found]
    for population, (place, _), integrates in zip(network.populations, found, silent, strict=True):
        if integrates and not population.output and place != "neuron":
            raise ConfigError(
                f"{place}.readout",
                f'"integrator" is for outputs, and {population.name} is none; set it to "spikes"',
            )
    if not all(silent[k] for k in network.outputs):
        return
    place = found[network.outputs[0]][0]
    for k, rate in zip(network.forward, rates, strict=True):
        if rate and not network.populations[network.projections[k].target].output:
            raise ConfigError(
                "learning.rates",
                f'must be 0 for all projections but those to the output with {place}.readout = "integrator": such an '
                "output sends nothing that others could learn from",
            )
