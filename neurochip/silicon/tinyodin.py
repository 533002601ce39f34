"""tinyODIN: 256 integrate-and-fire neurons of 12 bits and a crossbar of 4-bit weights, driven by events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.silicon import tinyodin_steps as steps
from neurochip.silicon.activity import Activity, carried_out, events_of, whole
from neurochip.silicon.controller import Machine
from neurochip.silicon.spi import N_NEURONS, load, neuron_transfers, synapse_transfers

__all__ = ["TinyOdin", "spike_event", "time_reference", "virtual_event"]

_WORD_BYTES = 4
QUEUE = 128
ADDRESS_BITS = 10


def spike_event(sender: ArrayLike) -> NDArray[np.int64]:
    """Return the address of a neuron's spike event: all neurons receive the sender's weights."""
    return whole(sender, np.shape(sender), 0, 255, "sender")


def time_reference(neuron: ArrayLike = 255) -> NDArray[np.int64]:
    """Return the address of a time reference: one neuron leaks, or all of them with 255."""
    return whole(neuron, np.shape(neuron), 0, 255, "neuron") | 0x100


def virtual_event(neuron: ArrayLike, weight: ArrayLike) -> NDArray[np.int64]:
    """Return the address of a virtual event: one of the neurons 0 to 15 receives a weight that stands in no memory.

    The weight 0 is taken for a spike event of the sender 0 to 15, as the chip's controller does.
    """
    shape = np.broadcast_shapes(np.shape(neuron), np.shape(weight))
    target = whole(neuron, shape, 0, 15, "neuron")
    return 0x200 | (whole(weight, shape, -8, 7, "weight") & 0xF) << 4 | target


@dataclass(frozen=True)
class TinyOdin:
    """What tinyODIN is loaded with (C. Frenkel, tinyODIN, documentation revision 1.0, 2022).

    Attributes
    ----------
    weight
        [sending, receiving], 256 × 256, -8 to 7.
    threshold
        A neuron whose membrane is not negative and reaches it fires and returns to 0. 0 to 4095; beyond 2047 it never
        fires.
    leak
        What a time reference takes off a membrane, towards 0; 0 to 127.
    membrane
        To begin with, -2048 to 2047; sums saturate there.
    disabled
        Neurons that integrate and are reset, and send nothing.
    last
        SPI_MAX_NEUR, the last neuron that is updated.
    open_loop
        SPI_OPEN_LOOP: spikes of the chip's own neurons stay out of its scheduler.
    by_controller
        SPI_AER_SRC_CTRL_nNEUR: not neurons that fire, but spike events that are carried out appear on the output link.
    """

    weight: NDArray[np.int64]
    threshold: NDArray[np.int64]
    leak: NDArray[np.int64] = field(default_factory=lambda: np.zeros(N_NEURONS, np.int64))
    membrane: NDArray[np.int64] = field(default_factory=lambda: np.zeros(N_NEURONS, np.int64))
    disabled: NDArray[np.int64] = field(default_factory=lambda: np.zeros(N_NEURONS, np.int64))
    last: int = N_NEURONS - 1
    open_loop: bool = False
    by_controller: bool = False

    def __post_init__(self) -> None:
        one = (N_NEURONS,)
        for name, shape, lowest, highest in (
            ("weight", (N_NEURONS, N_NEURONS), -8, 7),
            ("threshold", one, 0, 4095),
            ("leak", one, 0, 127),
            ("membrane", one, -2048, 2047),
            ("disabled", one, 0, 1),
        ):
            object.__setattr__(self, name, whole(getattr(self, name), shape, lowest, highest, name))
        object.__setattr__(self, "last", int(whole(self.last, (), 0, N_NEURONS - 1, "last")))

    def run(
        self, address: ArrayLike, gap: ArrayLike = 0, *, hold: int = 0, patience: int = 100_000
    ) -> tuple[Activity, TinyOdin]:
        """Carry out events, and return what happened and the chip as it is then.

        Parameters
        ----------
        address
            Of the input link, in their order: `spike_event`, `time_reference`, `virtual_event`.
        gap
            Cycles that the host waits before it asks for each, from the fall of the acknowledge before.
        hold
            Cycles in which the receiver of spikes does not acknowledge them yet.
        patience
            Cycles after the last request, or after one that is not acknowledged, until the host stops listening to a
            chip that keeps itself going. The state is then that behind the operation under way.

        Raises
        ------
        ConfigError
            When a number is out of its range.
        """
        events = events_of(address, gap, hold, patience, bits=ADDRESS_BITS)
        chip = steps.Chip(
            self.membrane.copy(),
            self.threshold,
            self.leak,
            self.disabled,
            self.weight.astype(np.int8),
            self.last,
            bool(self.open_loop),
            bool(self.by_controller),
        )

        def run(machine: Machine) -> int:
            return steps.run(chip, events, machine)

        activity = carried_out(run, events, steps.OPERATIONS, QUEUE, self.last + 1)
        return activity, replace(self, membrane=chip.membrane)

    def neuron_words(self) -> NDArray[np.int64]:
        """Return the 256 words of the neuron memory, 32 bits each."""
        return self.disabled << 31 | self.leak << 24 | self.threshold << 12 | (self.membrane & 0xFFF)

    def transfers(self) -> list[tuple[int, int]]:
        """Return what the host sends over SPI to load the chip: pairs of address and data, 20 bits each.

        The loop is open meanwhile: a neuron that is written while its word passes its threshold sends a spike to the
        scheduler even though the network is gated.
        """
        registers = [(0, 1), (1, 1), (2, int(self.by_controller)), (3, self.last)]
        neurons = neuron_transfers(self.neuron_words().tolist(), _WORD_BYTES)
        synapses = synapse_transfers(self.weight & 0xF)
        return [*registers, *neurons, *synapses, (1, int(self.open_loop)), (0, 0)]

    def reads(self) -> list[tuple[int, int]]:
        """Return the SPI addresses by which the neuron memory is read back, and the bytes that stand there."""
        return neuron_transfers(self.neuron_words().tolist(), _WORD_BYTES, read=True)

    @classmethod
    def loaded(cls, transfers: Iterable[tuple[int, int]]) -> TinyOdin:
        """Return the chip that SPI transfers load, pairs of address and data of 20 bits each; memories are 0 before.

        Raises
        ------
        ConfigError
            When a transfer is none.
        """
        image = load(transfers, _WORD_BYTES)
        word = (image.neurons << 8 * np.arange(_WORD_BYTES)).sum(axis=1)
        membrane = word & 0xFFF
        registers = image.registers
        return cls(
            weight=image.synapses - 16 * (image.synapses > 7),
            threshold=word >> 12 & 0xFFF,
            leak=word >> 24 & 0x7F,
            membrane=membrane - 4096 * (membrane > 2047),
            disabled=word >> 31,
            last=registers.get(3, 0) & 0xFF,
            open_loop=bool(registers.get(1, 0) & 1),
            by_controller=bool(registers.get(2, 0) & 1),
        )

    def altered(self) -> dict[str, TinyOdin]:
        """Return chips with one parameter altered, by what it is: a check that finds them equal checks nothing."""
        weight = self.weight.copy()
        weight[:, 0] ^= 1
        return {
            "lowest bit of the weights of neuron 0": replace(self, weight=weight),
            "thresholds + 1": replace(self, threshold=np.minimum(self.threshold + 1, 4095)),
            "no leak": replace(self, leak=np.zeros(N_NEURONS, np.int64)),
        }
