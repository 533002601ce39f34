"""What cores of two-compartment integrate-and-fire neurons are built from."""

from __future__ import annotations

from neurochip.description.precision import Precision
from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF
from neurochip.energy.hardware import ElementUse, HardwareUse

__all__ = ["hardware_of_lif"]


def hardware_of_lif(neuron: TwoCompartmentLIF, precision: Precision, *, sends_bits_only: bool) -> HardwareUse:
    """Return the formats and elements of such cores.

    The membrane stands in the place of an encoder: input neurons have one too, and no synapses. A rule that is told
    values of other cores does not send bits only.
    """
    parts = neuron.parts | {"trace": ("rate filter", neuron.trace_hardware)}
    elements = (ElementUse(role, kind, cost) for role, (kind, cost) in parts.items())  # type: ignore[arg-type]
    return HardwareUse.at(precision, elements, sends_bits_only=sends_bits_only)
