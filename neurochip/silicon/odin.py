"""ODIN: 256 neurons of two models, a crossbar of 3-bit weights that learn by SDSP, driven by events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.errors import ConfigError
from neurochip.silicon import odin_steps as steps
from neurochip.silicon.activity import Activity, carried_out, events_of, whole
from neurochip.silicon.controller import Machine
from neurochip.silicon.odin_neurons import OdinIzhikevich, OdinLif
from neurochip.silicon.odin_words import STATE_BIT, STATE_BITS, WORD_BYTES
from neurochip.silicon.spi import N_NEURONS, load, neuron_transfers, synapse_transfers

__all__ = [
    "Odin",
    "OdinIzhikevich",
    "OdinLif",
    "bistability_event",
    "spike_event",
    "synapse_event",
    "time_reference",
    "virtual_event",
]

QUEUE = 32
ADDRESS_BITS = 17
_STATE = (1 << STATE_BITS) - 1
# Registers of one bit, by their address over SPI.
_SWITCHES = {
    1: "open_loop",
    19: "by_controller",
    23: "update_unmapped",
    24: "propagate_unmapped",
    25: "learn_on_synapse",
}
_SIGNS, _BURST_TIME, _MONITOR, _MONITORED = 2, 18, 20, 21


def spike_event(sender: ArrayLike) -> NDArray[np.int64]:
    """Return the address of a neuron's spike event: all neurons receive the sender's weights, which learn."""
    return whole(sender, np.shape(sender), 0, 255, "sender") << 8 | 7


def synapse_event(sender: ArrayLike, neuron: ArrayLike) -> NDArray[np.int64]:
    """Return the address of an event of a single synapse."""
    shape = np.broadcast_shapes(np.shape(sender), np.shape(neuron))
    return 1 << 16 | whole(sender, shape, 0, 255, "sender") << 8 | whole(neuron, shape, 0, 255, "neuron")


def time_reference(neuron: ArrayLike | None = None) -> NDArray[np.int64]:
    """Return the address of a time reference, of one neuron or of all."""
    if neuron is None:
        return np.array(0x7F, np.int64)
    return whole(neuron, np.shape(neuron), 0, 255, "neuron") << 8 | 0xFF


def bistability_event(sender: ArrayLike | None = None) -> NDArray[np.int64]:
    """Return the address of a bistability event, of the weights of one sender or of all."""
    if sender is None:
        return np.array(0, np.int64)
    return whole(sender, np.shape(sender), 0, 255, "sender") << 8 | 0x80


def virtual_event(neuron: ArrayLike, weight: ArrayLike, *, leak: bool = False) -> NDArray[np.int64]:
    """Return the address of a virtual event: a neuron receives a weight of -7 to 7 that stands in no memory, or leaks.

    The weight 0 without a leak is taken for a spike event of that neuron, as the chip's controller does.
    """
    shape = np.broadcast_shapes(np.shape(neuron), np.shape(weight))
    target, given = whole(neuron, shape, 0, 255, "neuron"), whole(weight, shape, -7, 7, "weight")
    return target << 8 | abs(given) << 5 | (given < 0) << 4 | int(leak) << 3 | 1


@dataclass(frozen=True)
class Odin:
    """What ODIN is loaded with (C. Frenkel et al., IEEE Trans. Biomed. Circuits Syst. 13(1), 2019; its Verilog).

    Attributes
    ----------
    weight, mapped
        [sending, receiving], 256 × 256: 0 to 7, and the mapping bit.
    neurons
        Of the integrate-and-fire model.
    izhikevich, is_izhikevich
        Of the other model, and which neurons have it.
    inhibitory
        SPI_SYN_SIGN: senders whose weights are taken off.
    disabled
        Neurons that integrate and are reset, and send nothing.
    monitored
        SPI_MONITOR_NEUR_ADDR: with ``by_controller`` a spike event leaves when this neuron is updated.
    open_loop, by_controller
        SPI_OPEN_LOOP: spikes of the chip's own neurons stay out of its scheduler. SPI_AER_SRC_CTRL_nNEUR: not neurons
        that fire, but spike events that are carried out appear on the output link.
    update_unmapped, propagate_unmapped, learn_on_synapse
        SPI_UPDATE_UNMAPPED_SYN, SPI_PROPAGATE_UNMAPPED_SYN, SPI_SDSP_ON_SYN_STIM.
    """

    weight: NDArray[np.int64]
    neurons: OdinLif = field(default_factory=OdinLif)
    mapped: NDArray[np.int64] | int = 1
    izhikevich: OdinIzhikevich = field(default_factory=OdinIzhikevich)
    is_izhikevich: NDArray[np.int64] | int = 0
    inhibitory: NDArray[np.int64] | int = 0
    disabled: NDArray[np.int64] | int = 0
    monitored: int = N_NEURONS - 1
    open_loop: bool = False
    by_controller: bool = False
    update_unmapped: bool = False
    propagate_unmapped: bool = False
    learn_on_synapse: bool = False

    def __post_init__(self) -> None:
        one, both = (N_NEURONS,), (N_NEURONS, N_NEURONS)
        for name, shape, highest in (
            ("weight", both, 7),
            ("mapped", both, 1),
            ("is_izhikevich", one, 1),
            ("inhibitory", one, 1),
            ("disabled", one, 1),
        ):
            object.__setattr__(self, name, whole(getattr(self, name), shape, 0, highest, name))
        object.__setattr__(self, "monitored", int(whole(self.monitored, (), 0, N_NEURONS - 1, "monitored")))

    def run(
        self, address: ArrayLike, gap: ArrayLike = 0, *, hold: int = 0, patience: int = 100_000
    ) -> tuple[Activity, Odin]:
        """Carry out events, and return what happened and the chip as it is then, weights included.

        Parameters
        ----------
        address
            Of the input link, in their order: `spike_event`, `synapse_event`, `time_reference`, `bistability_event`,
            `virtual_event`.
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
        words = self.neuron_words()
        synapses = self.weight | self._whole("mapped") << 3
        chip = steps.Chip(
            state=np.array([word >> STATE_BIT & _STATE for word in words], np.int64),
            disabled=self._whole("disabled"),
            izhikevich=self._whole("is_izhikevich"),
            lif=self.neurons.columns(),
            parameters=self.izhikevich.columns(),
            up=np.zeros(N_NEURONS, np.int64),
            down=np.zeros(N_NEURONS, np.int64),
            words=(synapses.reshape(-1, 8) << 4 * np.arange(8)).sum(axis=1),
            inhibitory=self._whole("inhibitory"),
            monitored=self.monitored,
            open_loop=bool(self.open_loop),
            by_controller=bool(self.by_controller),
            update_unmapped=bool(self.update_unmapped),
            propagate_unmapped=bool(self.propagate_unmapped),
            learn_on_synapse=bool(self.learn_on_synapse),
        )
        steps.flags_before(chip)

        def run(machine: Machine) -> int:
            return steps.run(chip, events, machine)

        activity = carried_out(run, events, steps.OPERATIONS, QUEUE, N_NEURONS)
        learnt = (chip.words[:, None] >> 4 * np.arange(8) & 7).reshape(N_NEURONS, N_NEURONS)
        after = [
            word & ~(_STATE << STATE_BIT) | int(state) << STATE_BIT
            for word, state in zip(words, chip.state, strict=True)
        ]
        return activity, self._with(after, learnt)

    def _whole(self, name: str) -> NDArray[np.int64]:
        return np.asarray(getattr(self, name), np.int64)

    def _with(self, words: list[int], weight: NDArray[np.int64]) -> Odin:
        """Return the chip with other states and weights; of each neuron the state of its own model changes."""
        own = [self.neurons.words(), self.izhikevich.words()]
        mine = self._whole("is_izhikevich").tolist()
        state = [
            [new if one == model else old for old, new, one in zip(own[model], words, mine, strict=True)]
            for model in (0, 1)
        ]
        return replace(
            self,
            weight=weight,
            neurons=self.neurons.after(state[0]),
            izhikevich=self.izhikevich.after(state[1]),
        )

    def neuron_words(self) -> list[int]:
        """Return the 256 words of the neuron memory, 128 bits each."""
        models = zip(self.neurons.words(), self.izhikevich.words(), strict=True)
        switches = zip(self._whole("is_izhikevich").tolist(), self._whole("disabled").tolist(), strict=True)
        return [
            (izhikevich if other else lif | 1) | disabled << 127
            for (lif, izhikevich), (other, disabled) in zip(models, switches, strict=True)
        ]

    def transfers(self) -> list[tuple[int, int]]:
        """Return what the host sends over SPI to load the chip: pairs of address and data, 20 bits each.

        The loop is open meanwhile, as a neuron that is written may fire into the scheduler. Bursts and the monitor are
        off.
        """
        signs = self._whole("inhibitory").reshape(16, 16)
        registers = [
            (0, 1),
            (1, 1),
            *((_SIGNS + i, int((row << np.arange(16)).sum())) for i, row in enumerate(signs)),
            (_BURST_TIME, 0),
            (_MONITOR, 0),
            (_MONITORED, self.monitored),
            (22, 0),
            *((where, int(getattr(self, name))) for where, name in _SWITCHES.items() if where > 1),
        ]
        synapses = synapse_transfers(self.weight | self._whole("mapped") << 3)
        neurons = neuron_transfers(self.neuron_words(), WORD_BYTES)
        return [*registers, *neurons, *synapses, (1, int(self.open_loop)), (0, 0)]

    def reads(self) -> list[tuple[int, int]]:
        """Return the SPI addresses by which both memories are read back, and the bytes that stand there."""
        neurons = neuron_transfers(self.neuron_words(), WORD_BYTES, read=True)
        return neurons + synapse_transfers(self.weight | self._whole("mapped") << 3, read=True)

    @classmethod
    def loaded(cls, transfers: Iterable[tuple[int, int]]) -> Odin:
        """Return the chip that SPI transfers load, pairs of address and data of 20 bits each; memories are 0 before.

        Raises
        ------
        ConfigError
            When a transfer is none, or asks for bursts or the monitor, which are not emulated.
        """
        image = load(transfers, WORD_BYTES)
        registers = image.registers
        for where, name in ((_BURST_TIME, "SPI_BURST_TIMEREF"), (_MONITOR, "SPI_OUT_AER_MONITOR_EN")):
            if registers.get(where, 0):
                raise ConfigError(
                    name, f"must be 0, got {registers[where]}; what it turns on is not emulated"
                )
        words = [sum(int(byte) << 8 * i for i, byte in enumerate(row)) for row in image.neurons]
        signs = [registers.get(_SIGNS + neuron // 16, 0) >> neuron % 16 & 1 for neuron in range(N_NEURONS)]
        return cls(
            weight=image.synapses & 7,
            mapped=image.synapses >> 3,
            neurons=OdinLif.of_words(words),
            izhikevich=OdinIzhikevich.of_words(words),
            is_izhikevich=np.array([1 - (word & 1) for word in words]),
            inhibitory=np.array(signs),
            disabled=np.array([word >> 127 for word in words]),
            monitored=registers.get(_MONITORED, 0) & 0xFF,
            **{name: bool(registers.get(where, 0) & 1) for where, name in _SWITCHES.items()},
        )

    def altered(self) -> dict[str, Odin]:
        """Return chips with one parameter altered, by what it is: a check that finds them equal checks nothing."""
        weight = self.weight.copy()
        weight[:, 0] ^= 1
        lif = self.neurons
        return {
            "lowest bit of the weights of neuron 0": replace(self, weight=weight),
            "thresholds + 1": replace(
                self, neurons=replace(lif, threshold=np.minimum(np.asarray(lif.threshold) + 1, 255))
            ),
            "no leak": replace(self, neurons=replace(lif, leak_enabled=0)),
            "theta_1 ^ 1": replace(self, neurons=replace(lif, theta_1=np.asarray(lif.theta_1) ^ 1)),
            "refractory ^ 1": replace(
                self,
                izhikevich=replace(self.izhikevich, refractory=np.asarray(self.izhikevich.refractory) ^ 1),
            ),
        }
