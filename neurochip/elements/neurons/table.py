"""Neurons by name."""

from __future__ import annotations

from neurochip.elements.element import Family
from neurochip.elements.neurons.current_based import CubaLIF
from neurochip.elements.neurons.leaky import LeakyIF
from neurochip.elements.neurons.perfect import IF
from neurochip.elements.neurons.settling import SettlingNeuron
from neurochip.elements.neurons.spiking import SpikingNeuron, neuron_fault
from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF

__all__ = ["NEURONS", "Neuron"]

Neuron = SettlingNeuron | SpikingNeuron | TwoCompartmentLIF

# The neurons that a run can name, built in or of other packages.
NEURONS = Family(
    "neurons",
    {
        "settling": SettlingNeuron,
        "if": IF,
        "lif": LeakyIF,
        "cuba-lif": CubaLIF,
        "two-compartment": TwoCompartmentLIF,
    },
    fault=neuron_fault,
)
