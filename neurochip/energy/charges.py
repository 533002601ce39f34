"""Counters of a phase → events of the energy table: which count is charged for what, and in which category."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.description import EnergyTable
from neurochip.energy.hardware import ElementUse, HardwareUse, integer_format
from neurochip.errors import ConfigError
from neurochip.substrate.counters import COUNTERS, Phase, PhaseCounters

__all__ = ["CATEGORIES", "Charge", "charges", "control_charges"]

CATEGORIES = (
    "synapse",
    "encoder",
    "decoder",
    "annealer",
    "neuron",
    "nudge",
    "trace",
    "network",
    "learning",
    "optimiser",
    "converters",
    "host",
    "static",
    "clock",
    "control",
)
_INDEX = {name: position for position, name in enumerate(COUNTERS)}

Counts = NDArray[np.int64]


class Charge(NamedTuple):
    """So many events on each core, i64[core], to be paid under this category."""

    category: str
    event: str
    counts: Counts


def charges(
    counted: PhaseCounters, hardware: HardwareUse, energies: EnergyTable, populations: Sequence[str] = ()
) -> Iterator[Charge]:
    """Return what one phase is charged for; which events depends on what the table has energies for.

    ``populations`` names that of each core, for elements that only some have. ``weight_reads`` is not charged by
    itself: a synaptic operation contains its read, a write its own.
    """
    charges = _PhaseCharges(counted, hardware, energies, np.array(populations))
    yield from charges.synapses()
    yield from charges.neurons()
    yield from charges.traces()
    yield from charges.network()
    yield from charges.learning()
    yield from charges.host()


def control_charges(phase: Phase, counted: PhaseCounters) -> Iterator[tuple[str, int]]:
    """Return (event, count) of what driving the chip took in a phase: no core's doing, but the controller's.

    The host's words have paid for leaving the chip; the link is charged for the bytes beyond them.
    """
    words, size, cycles = counted.control
    outside = counted.total("host_words_in") + (
        counted.total("readout_words") if phase is Phase.READOUT else 0
    )
    yield "bus_word", words
    yield "link_byte", max(0, size - 4 * outside)
    yield "controller_cycle", cycles


class _PhaseCharges:
    """One phase, seen with one energy table."""

    def __init__(
        self,
        counted: PhaseCounters,
        hardware: HardwareUse,
        energies: EnergyTable,
        populations: NDArray[np.str_],
    ) -> None:
        self.counted, self.populations = counted, populations
        self.hardware = hardware
        self.energies = energies
        self.by_operations = energies.neuron_energy == "operations"

    def count(self, counter: str) -> Counts:
        return self.counted.counts[:, _INDEX[counter]]

    def is_built(self, event: str) -> bool:
        """Whether an event is paid operation by operation rather than with a figure of its own."""
        figure = self.energies.has(event) or self.energies.contained_in(event) is not None
        return self.by_operations and not figure

    def synapses(self) -> Iterator[Charge]:
        sops = self.count("sops")
        if not self.is_built("synaptic_op"):
            yield Charge("synapse", "synaptic_op", sops)
            return
        yield Charge("synapse", f"op.add.{self.hardware.accumulator_format}", sops)
        yield Charge("synapse", "synapse_bit_read", sops * self.hardware.weight_bits)

    def neurons(self) -> Iterator[Charge]:
        updates, clamped = self.count("neuron_updates"), self.count("clamped_updates")
        if not self.by_operations:
            idle = self.count("idle_updates")
            yield Charge("neuron", "neuron_update_active", updates - idle)
            yield Charge("neuron", "neuron_update_inactive", idle)
            yield Charge("encoder", "clamped_update", clamped)
            # Cores of input neurons update nothing; their spikes are part of the clamped update.
            spikes = np.where(updates > 0, self.count("spikes_sent"), 0)
            yield Charge("neuron", "spike_out", spikes)
            return
        yield from self.steps(("encoder",), updates + clamped)
        yield from self.steps(("decoder",), updates, optional=True)
        yield from self.steps(("annealer",), updates, optional=True)
        yield from self.steps(("neuron",), updates)
        yield from self.steps(("nudge",), self.count("nudged_updates"))

    def traces(self) -> Iterator[Charge]:
        updates = self.count("trace_updates")
        if self.is_built("trace_update"):
            yield from self.steps(("trace",), updates)
        else:
            yield Charge("trace", "trace_update", updates)

    def steps(self, roles: Iterable[str], steps: Counts, *, optional: bool = False) -> Iterator[Charge]:
        """Charge what the elements of these roles declare for each step."""
        elements = tuple(self.hardware.in_role(*roles))
        if not elements and not optional and steps.any():
            raise ConfigError(
                "hardware.elements", f"has no {' or '.join(roles)}, and the run has steps of one to be costed"
            )
        for element in elements:
            here = np.isin(self.populations, element.populations) if element.populations else True
            yield from self.operations(element, np.where(here, steps, 0))

    def operations(self, element: ElementUse, steps: Counts) -> Iterator[Charge]:
        cost = element.cost
        number = element.number if element.bits else self.hardware.state_format
        bits = element.bits or self.hardware.state_bits
        for event, each in (
            (f"op.add.{number}", cost.additions),
            (f"op.mul.{number}", cost.multiplications),
            (f"op.div.{number}", cost.divisions),
            (f"op.cmp.{number}", cost.comparisons),
            ("op.random_bit", cost.random_bits),
            ("sram_bit_read", cost.state_words_read * bits),
            ("sram_bit_write", cost.state_words_written * bits),
        ):
            yield Charge(element.role, event, steps * each)

    def network(self) -> Iterator[Charge]:
        yield Charge("network", "packet_out", self.count("packets_sent"))
        yield Charge("network", "packet_in", self.count("spikes_delivered"))
        if self.energies.has("link_bit"):
            yield Charge("network", "link_bit", self.count("aer_hops"))
        else:
            yield Charge("network", "hop_ew", self.count("hops_ew"))
            yield Charge("network", "hop_ns", self.count("hops_ns"))

    def learning(self) -> Iterator[Charge]:
        number, bits = self.hardware.state_format, self.hardware.state_bits
        products, writes = self.count("weight_accumulations"), self.count("weight_writes")
        integers = self.hardware.learning
        if integers is not None and self.is_built("weight_accumulation"):
            yield Charge("learning", f"op.mul.{integer_format(integers.factor_bits)}", products)
            yield Charge("learning", f"op.add.{integer_format(integers.sum_bits)}", products)
            yield Charge("learning", "sram_bit_read", products * integers.factor_bits)
            yield Charge("learning", "op.random_bit", writes * integers.random_bits)
        elif self.is_built("weight_accumulation"):
            yield Charge("learning", f"op.mul.{number}", products)
            yield Charge("learning", f"op.add.{number}", products)
            yield Charge("learning", "sram_bit_read", products * bits)
            yield Charge("learning", "sram_bit_write", products * bits)
        else:
            yield Charge("learning", "weight_accumulation", products)
        if self.is_built("weight_write"):
            yield Charge("learning", f"op.add.{self.hardware.accumulator_format}", writes)
            yield Charge("learning", "synapse_bit_read", writes * self.hardware.weight_bits)
            yield Charge("learning", "synapse_bit_write", writes * self.hardware.weight_bits)
        else:
            yield Charge("learning", "weight_write", writes)

        steps = self.count("optimiser_steps")
        if self.is_built("optimiser_step"):
            yield from self.steps(("optimiser",), steps)
        else:
            yield Charge("optimiser", "optimiser_step", steps)

    def host(self) -> Iterator[Charge]:
        yield Charge("host", "readout_word", self.count("readout_words"))
        yield Charge("host", "host_word_in", self.count("host_words_in"))
