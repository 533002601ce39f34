"""Neurons of ODIN as they are loaded: one class for each of its two models, 256 numbers a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from neurochip.silicon.odin_words import (
    IZHIKEVICH_PARAMETERS,
    IZHIKEVICH_STATE,
    LIF_PARAMETERS,
    LIF_STATE,
    fields_of,
    packed,
    unpacked,
)

__all__ = ["OdinIzhikevich", "OdinLif"]

Numbers = NDArray[np.int64] | int


class _Loaded:
    """Fields that stand in words of the neuron memory: each is 256 numbers, or one for all."""

    parameters: ClassVar[Mapping[str, tuple[int, int]]]
    states: ClassVar[Mapping[str, tuple[int, int]]]

    def __post_init__(self) -> None:
        for name, values in fields_of(self, {**self.parameters, **self.states}).items():
            object.__setattr__(self, name, values)

    def words(self) -> list[int]:
        """Return the bits of the 256 words that hold the fields."""
        return packed(self, {**self.parameters, **self.states})

    def columns(self) -> NDArray[np.int64]:
        """Return [neuron, parameter], in the order of the words."""
        return np.stack([getattr(self, name) for name in self.parameters], axis=1)

    @classmethod
    def of_words(cls, words: list[int]) -> Self:
        """Return the neurons that stand in words."""
        return cls(**unpacked(words, {**cls.parameters, **cls.states}))

    def after(self, words: list[int]) -> Self:
        """Return the same neurons with the state that stands in words."""
        changed: Any = unpacked(words, self.states)
        made: Self = replace(self, **changed)  # type: ignore[type-var]
        return made


@dataclass(frozen=True)
class OdinLif(_Loaded):
    """ODIN's leaky integrate-and-fire neuron of 8 bits (C. Frenkel et al., IEEE TBioCAS 13(1), 2019).

    Attributes
    ----------
    threshold
        A neuron whose membrane reaches it fires and returns to 0; 0 to 255.
    leak, leak_enabled
        What a time reference takes off the membrane, 0 to 127, not below 0.
    learns
        Whether calcium is kept and weights to this neuron change (SDSP).
    theta_membrane, theta_1, theta_2, theta_3
        A sender's spike lets a weight rise where the membrane is at least ``theta_membrane`` and calcium at least
        ``theta_1`` and below ``theta_3``; fall where the membrane is below and calcium at least ``theta_1`` and below
        ``theta_2``.
    calcium_leak
        Time references after which calcium loses 1; 0 for never.
    membrane, calcium, calcium_count
        State: 0 to 255, 0 to 7, 0 to 31.
    """

    parameters: ClassVar[Mapping[str, tuple[int, int]]] = LIF_PARAMETERS
    states: ClassVar[Mapping[str, tuple[int, int]]] = LIF_STATE

    threshold: Numbers = 255
    leak: Numbers = 0
    leak_enabled: Numbers = 0
    learns: Numbers = 0
    theta_membrane: Numbers = 0
    theta_1: Numbers = 0
    theta_2: Numbers = 0
    theta_3: Numbers = 0
    calcium_leak: Numbers = 0
    membrane: Numbers = 0
    calcium: Numbers = 0
    calcium_count: Numbers = 0


@dataclass(frozen=True)
class OdinIzhikevich(_Loaded):
    """ODIN's phenomenological Izhikevich neuron, with the parameters and states of its memory word.

    The membrane has 4 bits in two's complement; an event moves it by one where the accumulator ``input`` toggles bit
    ``fan_in`` + 3. Which behaviours it has say the fields of one bit, named after Izhikevich's 20; the documentation of
    ODIN (revision 0.1) does not describe them, so they follow its Verilog.

    Attributes
    ----------
    threshold, refractory, delay, stimulation_threshold
        0 to 7: of the membrane; the level to which a spike resets it; of latency and afterpotentials; of strong
        stimulation.
    leak, leak_enabled, fan_in
        Of the accumulator: 0 to 127, 0 or 1, 0 to 7.
    burst_spikes, burst_interval, burst_increment
        Of bursts, which count in thresholds and calcium and are not emulated otherwise.
    sharp_resonance, sharp_time, spike_latency, depolarising, phasic, mixed, class_2, negative, rebound
        Behaviours.
    inhibition_induced, bistable, resonant, variable_threshold, adapts_to_spikes, threshold_leak, accommodating
        More of them.
    learns, theta_membrane, theta_1, theta_2, theta_3, calcium_leak
        As in `OdinLif`; ``theta_membrane`` from 0 to 7.
    membrane, input, calcium, calcium_count, refractory_now, delay_count, stimulation, stimulation_now
        State.
    phasic_lock, mixed_lock, spike_sent, stimulated_before, signs_before, bistable_lock, inhibition_lock
        More of it.
    resonance_sign, threshold_change, threshold_count, burst_lock
        And the rest.
    """

    parameters: ClassVar[Mapping[str, tuple[int, int]]] = IZHIKEVICH_PARAMETERS
    states: ClassVar[Mapping[str, tuple[int, int]]] = IZHIKEVICH_STATE

    threshold: Numbers = 7
    refractory: Numbers = 0
    delay: Numbers = 0
    stimulation_threshold: Numbers = 0
    leak: Numbers = 0
    leak_enabled: Numbers = 0
    fan_in: Numbers = 0
    burst_spikes: Numbers = 0
    burst_interval: Numbers = 0
    burst_increment: Numbers = 0
    sharp_resonance: Numbers = 0
    sharp_time: Numbers = 0
    spike_latency: Numbers = 0
    depolarising: Numbers = 0
    phasic: Numbers = 0
    mixed: Numbers = 0
    class_2: Numbers = 0
    negative: Numbers = 0
    rebound: Numbers = 0
    inhibition_induced: Numbers = 0
    bistable: Numbers = 0
    resonant: Numbers = 0
    variable_threshold: Numbers = 0
    adapts_to_spikes: Numbers = 0
    threshold_leak: Numbers = 0
    accommodating: Numbers = 0
    learns: Numbers = 0
    theta_membrane: Numbers = 0
    theta_1: Numbers = 0
    theta_2: Numbers = 0
    theta_3: Numbers = 0
    calcium_leak: Numbers = 0
    membrane: Numbers = 0
    input: Numbers = 0
    calcium: Numbers = 0
    calcium_count: Numbers = 0
    refractory_now: Numbers = 0
    delay_count: Numbers = 0
    stimulation: Numbers = 0
    stimulation_now: Numbers = 0
    phasic_lock: Numbers = 0
    mixed_lock: Numbers = 0
    spike_sent: Numbers = 0
    stimulated_before: Numbers = 0
    signs_before: Numbers = 0
    bistable_lock: Numbers = 0
    inhibition_lock: Numbers = 0
    resonance_sign: Numbers = 0
    threshold_change: Numbers = 0
    threshold_count: Numbers = 0
    burst_lock: Numbers = 0
