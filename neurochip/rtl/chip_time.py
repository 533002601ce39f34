"""How long the ticks of an exported chip take, as the emulator times a chip of such cores; its specification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.clock import ChipClock
from neurochip.cores.tick_clock import TimeModel
from neurochip.description.chip import ChipSpec, TimingSpec
from neurochip.errors import CapabilityError
from neurochip.rtl.core_text import FILL, INPUT_FILL, LEAST_ACCESSES

__all__ = [
    "PER_SAMPLE",
    "PER_WEIGHT",
    "bits_of",
    "exported_timing",
    "longest_row",
    "tick_clock",
    "ticks_of",
    "timed_image",
]

# Cycles of the engine that learns, of each sample and of each weight (learning.v).
PER_SAMPLE, PER_WEIGHT = 3, 7


def longest_row(neurons: int, samples: int) -> int:
    """Return the cycles in which a core changes the weights of one axon: all samples, then each weight."""
    return 2 * samples + 1 + neurons * (PER_SAMPLE * samples + PER_WEIGHT)


def exported_timing(chip: ChipSpec, lanes: int) -> TimingSpec:
    """Return the timing of a chip whose cores are exported ones; mesh and clock are those of ``chip``.

    Raises
    ------
    CapabilityError
        For a chip without a clock.
    """
    if chip.timing is None:
        raise CapabilityError("chip.timing", "is not given: a chip without a clock has no cycles")
    return replace(
        chip.timing,
        engines=1,
        weights_per_access=lanes,
        least_accesses=LEAST_ACCESSES,
        sops_per_cycle=lanes,
        cycles_per_neuron_update=1,
        cycles_per_clamped_update=1,
        fill_cycles=FILL,
        clamped_fill_cycles=INPUT_FILL,
        outbox=True,
        cycles_per_packet_in=0,
        cycles_per_packet_out=0,
        cycles_per_spike_out=0,
        barrier_cycles=((1, 0),),
        cycles_per_weight_accumulation=PER_SAMPLE,
        cycles_per_weight_write=PER_WEIGHT,
    )


def timed_image(image: ChipImage, lanes: int) -> tuple[ChipImage, list[slice]]:
    """Return an image with the timing of exported cores, and where the neurons of each core stand in what it times."""
    ends = np.cumsum([core.size for core in image.cores]).tolist()
    slots = [slice(end - core.size, end) for end, core in zip(ends, image.cores, strict=True)]
    return replace(image, chip=replace(image.chip, timing=exported_timing(image.chip, lanes))), slots


def tick_clock(image: ChipImage, lanes: int, model: TimeModel = "cycle") -> tuple[ChipClock, list[slice]]:
    """Return the clock of an exported chip, and where the neurons of each core stand in what it times."""
    timed, slots = timed_image(image, lanes)
    return ChipClock(timed, [(slot.start, slot.stop) for slot in slots], model), slots


def bits_of(
    image: ChipImage, slots: Sequence[slice], spikes: Sequence[NDArray[np.uint8]]
) -> NDArray[np.uint8]:
    """Return u8[tick, slot] of the spikes of one presentation, by population [tick, unit]."""
    bits = np.zeros((len(spikes[0]), slots[-1].stop), np.uint8)
    for core, slot in zip(image.cores, slots, strict=True):
        bits[:, slot] = spikes[core.population][:, core.first : core.last]
    return bits


def ticks_of(
    image: ChipImage, spikes: Sequence[NDArray[np.uint8]], lanes: int, model: TimeModel = "cycle"
) -> list[int]:
    """Return the cycles of each tick of one presentation from its spikes, by population [tick, unit]."""
    clock, slots = tick_clock(image, lanes, model)
    return [time.cycles for time in clock.each_tick(bits_of(image, slots, spikes))]
