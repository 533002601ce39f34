"""What is explored: a network and its input, or recorded spikes. Spikes are computed once, and crossed many chips."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from neurochip.cores.raster_file import RecordedTraffic
from neurochip.description import ChipSpec, EnergyTable
from neurochip.description.spiking import SpikingNetwork
from neurochip.inference.inferring import LabelledSamples, judged, ticks_of_sample
from neurochip.inference.whole_numbers import AskedNumbers, on_integers
from neurochip.replays.replaying import Replay, Timing, counted, recosted, replay
from neurochip.replays.spiking import PlacedSpiking, advanced, laid_out

__all__ = ["Crossed", "NetworkWorkload", "TrafficWorkload", "Workload"]


class Crossed(NamedTuple):
    """What a workload did on a chip: counts, time and energy, and the share of wrong answers where there are labels."""

    replay: Replay
    error: float | None


class Workload(Protocol):
    """Something that crosses chips.

    Attributes
    ----------
    samples
        How many inferences it is; 0 where nothing is classified.
    ticks
        Of an inference, or of all of it.
    work
        How often each stage was done: ``spikes`` computed, ``counted`` and timed, ``costed``.
    """

    samples: int
    ticks: int
    work: dict[str, int]

    def on(self, chip: ChipSpec, energies: EnergyTable, timing: Timing, bits: int | None) -> Crossed:
        """Return what it does on a chip; ``bits`` asks for whole numbers of so many."""


def _structure(chip: ChipSpec, timing: Timing) -> tuple[object, ...]:
    """Return all of a chip that counts or cycles depend on."""
    cycles = None
    if timing != "tick" and chip.timing is not None:
        cycles = dataclasses.replace(chip.timing, clock=1.0)
    return *_without(chip, "timing"), cycles


def _formats(chip: ChipSpec) -> tuple[object, ...]:
    """Return all of a chip that spikes depend on."""
    return _without(chip, "mesh", "core", "packet", "timing")


def _without(chip: ChipSpec, *sections: str) -> tuple[object, ...]:
    left = ("name", "about", "energies", "provenance", *sections)
    return tuple(getattr(chip, f.name) for f in dataclasses.fields(chip) if f.name not in left)


class NetworkWorkload:
    """A network of spiking neurons and its input, samples with labels or one recording.

    Parameters
    ----------
    given
        Samples with labels, or spikes [tick, unit].
    placement
        As in `neurochip.replay`.
    """

    def __init__(
        self,
        network: SpikingNetwork,
        given: LabelledSamples | ArrayLike,
        placement: Sequence[ArrayLike] | None = None,
    ) -> None:
        self._network, self._placement = network, placement
        self._samples = given if isinstance(given, LabelledSamples) else None
        self._spikes: ArrayLike = () if isinstance(given, LabelledSamples) else given
        self._each: int | None = None
        if isinstance(given, LabelledSamples):
            self._spikes, self._each = given.spikes, ticks_of_sample(network, given)
        self.samples = 0 if self._samples is None else len(self._samples.labels)
        self.ticks = self._each or len(np.asarray(self._spikes))
        self.work = {"spikes": 0, "counted": 0, "costed": 0}
        self._ran: dict[Hashable, _Ran] = {}
        self._counted: dict[Hashable, Replay] = {}

    def on(self, chip: ChipSpec, energies: EnergyTable, timing: Timing, bits: int | None) -> Crossed:
        """Return what it does on a chip."""
        formats = _formats(chip), bits
        if formats not in self._ran:
            self._ran[formats] = self._run(chip)
            self.work["spikes"] += 1
        ran, key = self._ran[formats], (_structure(chip, timing), bits)
        if key not in self._counted:
            made = ran.made
            placed = made.elsewhere(chip, self._placement)
            names = tuple(group.name for group in ran.network.groups)
            idle = made.engine.idle(placed)
            self._counted[key] = counted(
                placed, names, made.raster, idle, made.hardware, energies, timing, weights=made.stored
            )
            self.work["counted"] += 1
        self.work["costed"] += 1
        return Crossed(recosted(self._counted[key], chip, energies), ran.error)

    def _run(self, chip: ChipSpec) -> _Ran:
        """Compute all spikes, of a network that is rounded where the chip has integers only."""
        rounded = on_integers(self._network, chip, AskedNumbers())
        network = self._network if rounded is None else rounded.network
        made = laid_out(network, self._spikes, chip, self._placement, self._each)
        readout, *_ = advanced(network, made, self._each)
        error = None
        if self._samples is not None:
            spikes = [made.raster.layer(k) for k in range(len(network.groups))]
            found = judged(network, self._samples, None, spikes, readout)
            error = 1.0 - float(np.mean(found == self._samples.labels))
        return _Ran(network, made, error)


class _Ran(NamedTuple):
    """A network whose spikes are computed."""

    network: SpikingNetwork
    made: PlacedSpiking
    error: float | None


class TrafficWorkload:
    """Recorded spikes of all layers; ``layout`` returns network and placement on a chip, as `replay` takes them."""

    def __init__(self, traffic: RecordedTraffic, layout: Callable[[ChipSpec], Mapping[str, Any]]) -> None:
        self._traffic, self._layout = traffic, layout
        self.samples, self.ticks = 0, traffic.spikes[0].ticks
        self.work = {"spikes": 1, "counted": 0, "costed": 0}
        self._counted: dict[Hashable, Replay] = {}

    def on(self, chip: ChipSpec, energies: EnergyTable, timing: Timing, bits: int | None) -> Crossed:
        """Return what it does on a chip."""
        key = _structure(chip, timing)
        if key not in self._counted:
            self._counted[key] = replay(
                self._traffic.spikes, chip=chip, energies=energies, timing=timing, **self._layout(chip)
            )
            self.work["counted"] += 1
        self.work["costed"] += 1
        return Crossed(recosted(self._counted[key], chip, energies), None)
