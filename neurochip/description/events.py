"""Every event that counters can be charged for; energy tables use these names and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["EVENTS", "FORMATS", "OPERATIONS", "Event"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens on a chip and costs energy.

    Attributes
    ----------
    about
        One line.
    dimension
        ``energy``, ``energy per bit``, or ``power``: watts for as long as the chip runs.
    part_of
        The event that contains this one on specifications that do not split it off; `None` when it must have an energy.
    """

    about: str
    dimension: str = "energy"
    part_of: str | None = None


OPERATIONS = ("add", "mul", "div", "cmp")
FORMATS = ("float32", "float64", "int8", "int16", "int32")

EVENTS: Mapping[str, Event] = MappingProxyType(
    {
        "synaptic_op": Event("one weight added to one neuron because one spike arrived, its read included"),
        "neuron_update_active": Event("one tick of a neuron that has input or is not at rest"),
        "neuron_update_inactive": Event("one tick of a neuron at rest"),
        "clamped_update": Event("one tick of an input neuron, which only encodes"),
        "spike_out": Event(
            "one spike fired by a neuron that is not an input, beside its update",
            part_of="neuron_update_active",
        ),
        "packet_out": Event("one packet leaving its core"),
        "packet_in": Event("one packet entering its core: axon look-up", part_of="packet_out"),
        "hop_ew": Event("one packet over one link east or west, router included"),
        "hop_ns": Event("one packet over one link north or south, router included"),
        "link_bit": Event("one bit over one link, router included", "energy per bit"),
        "weight_write": Event("one weight written by learning"),
        "optimiser_step": Event(
            "one change of a weight turned into a step by an optimiser, its state read and written"
        ),
        "weight_accumulation": Event("one multiply-add of the learning rule"),
        "trace_update": Event("one tick of the trace that a receiving core keeps of an axon"),
        "readout_word": Event("one 32-bit word read out of a core by the host or another core"),
        "host_word_in": Event("one 32-bit word written into a core by the host"),
        "synapse_charge": Event(
            "synapses of an analog circuit drawing a thousandth of a full-scale current for a time constant"
        ),
        "neuron_charge": Event(
            "leaks of an analog circuit drawing a thousandth of a full-scale current for a time constant"
        ),
        "sample_hold": Event("one voltage of an analog circuit sampled and held until the update"),
        "adc_conversion": Event("one voltage of an analog circuit converted to a number"),
        "dac_conversion": Event("one number converted to an input or a target of an analog circuit"),
        "core_static": Event("one core in use for as long as the chip runs: leakage", "power"),
        "chip_static": Event("the whole chip for as long as it runs, whatever its cores do", "power"),
        "clock_cycle": Event("one period of the clock on one core in use, busy or not"),
        "barrier": Event("one tile with a core in use at the barrier that ends a tick"),
        "bus_word": Event("one 32-bit word over the controller's bus, into or out of a queue or register"),
        "link_byte": Event(
            "one byte between host and controller, beyond the words that host_word_in and readout_word pay"
        ),
        "controller_cycle": Event("one cycle of a controller that is awake"),
        **{
            f"op.{operation}.{number}": Event(f"one {operation} of two {number} numbers")
            for operation in OPERATIONS
            for number in FORMATS
        },
        "op.random_bit": Event("one random bit"),
        "sram_bit_read": Event("one bit read from neuron state memory", "energy per bit"),
        "sram_bit_write": Event("one bit written to neuron state memory", "energy per bit"),
        "synapse_bit_read": Event("one bit read from synapse memory", "energy per bit"),
        "synapse_bit_write": Event("one bit written to synapse memory", "energy per bit"),
    }
)
