"""Labelled samples shown to a network on ODIN or tinyODIN: answers, cycles, joules, and what the chip changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.description.spiking import SpikingNetwork
from neurochip.errors import CapabilityError, DataError
from neurochip.inference.inferring import LabelledSamples, infer
from neurochip.silicon import odin, tinyodin
from neurochip.silicon.activity import Activity
from neurochip.silicon.placing import Placed, place
from neurochip.silicon.programs import synaptic_energy

__all__ = ["Shown", "events_of_sample", "show"]

# Cycles that the host waits before a tick: what the last one set off is over by then, and the model passes over rest.
PAUSE = 1 << 22


class Shown(NamedTuple):
    """What came of it.

    Attributes
    ----------
    chip, addresses
        Its name, and how many of its 256 addresses the network needs.
    predictions, labels
        i64[sample].
    votes
        i64[sample, class]: the spikes that left of each output.
    cycles
        i64[sample] in which the chip worked, pauses left out.
    operations
        i64[sample] of synapses, weights that are 0 included.
    energy_j
        Of all of them, `None` where none was measured.
    before
        Share of right answers of the network as it was, and of samples with another answer; spikes a sample of the
        output then.
    notes
        What the chip does otherwise than the network.
    """

    chip: str
    addresses: int
    predictions: NDArray[np.int64]
    labels: NDArray[np.int64]
    votes: NDArray[np.int64]
    cycles: NDArray[np.int64]
    operations: NDArray[np.int64]
    energy_j: float | None
    before: Mapping[str, float]
    notes: tuple[str, ...]

    @property
    def accuracy(self) -> float:
        """Share of samples that are classified rightly."""
        return float(np.mean(self.predictions == self.labels))

    def table(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        n = len(self.labels)
        return {
            "chip": self.chip,
            "addresses": self.addresses,
            "samples": n,
            "accuracy": self.accuracy,
            "accuracy_error": float(np.sqrt(self.accuracy * (1 - self.accuracy) / n)),
            "before": dict(self.before),
            "output_spikes": float(self.votes.sum() / n),
            "spikes_per_class": [
                [float(v) for v in self.votes[self.labels == k].mean(axis=0)]
                if np.any(self.labels == k) else None
                for k in range(self.votes.shape[1])
            ],
            "cycles": float(self.cycles.mean()),
            "synaptic_operations": float(self.operations.mean()),
            "energy_j": None if self.energy_j is None else self.energy_j / n,
            "notes": list(self.notes),
        }  # fmt: skip


def show(
    network: SpikingNetwork,
    samples: LabelledSamples,
    chip: str,
    *,
    output: str | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Shown:
    """Show labelled samples to a network, as it is and on ``tinyodin`` or ``odin``.

    On the chip a sample begins at rest. The host sends a tick's events one after the other, a time reference first
    where neurons leak, and waits until the chip is silent. The output neuron with the most spikes answers.

    Raises
    ------
    NeurochipError
        As of `place` and `infer`; also when the output does not fire.
    """
    placed = place(network, chip)
    told("showing the samples to the network as it is")
    real = infer(network, samples, "ideal-bits", output=output)
    group = network.group(network.outputs[real.output])
    if samples.spikes.shape[2] != len(placed.inputs):
        raise DataError(
            "spikes", f"must have {len(placed.inputs)} inputs, those of the network, got {samples.spikes.shape[2]}"
        )  # fmt: skip
    told(f"showing them to {chip}")
    where = placed.neurons[group.name]
    votes = np.zeros((len(samples.labels), group.size), np.int64)
    cycles = np.zeros(len(samples.labels), np.int64)
    operations = np.zeros(len(samples.labels), np.int64)
    for k, sample in enumerate(samples.spikes):
        activity = _run(placed, chip, sample)
        if activity.lost:
            raise CapabilityError(
                "network",
                f"sends {chip} more spikes at once than its queue holds: {activity.lost} of sample {k} are lost",
            )
        fired = np.bincount(activity.spikes[1], minlength=256)
        votes[k], cycles[k] = fired[where], activity.cycles - activity.idle
        operations[k] = activity.synaptic_operations
    names = [one.name for one in network.groups]
    before = {
        "accuracy": real.accuracy,
        "answers_differ": float(np.mean(real.predictions != np.argmax(votes, axis=1))),
        "output_spikes": float(real.replay.spikes[names.index(group.name)].sum() / len(votes)),
    }
    return Shown(
        chip, placed.used, np.argmax(votes, axis=1), samples.labels, votes, cycles, operations,
        synaptic_energy(chip, int(operations.sum())), before, placed.notes,
    )  # fmt: skip


def events_of_sample(
    placed: Placed, chip: str, sample: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the addresses of the events of a sample [tick, input], and the cycles that the host waits before each."""
    link = odin if chip == "odin" else tinyodin
    reference = np.array([int(link.time_reference())] if placed.leaks else [], np.int64)
    always = link.spike_event(np.array(placed.always, np.int64))
    senders = [link.spike_event(np.array(one, np.int64)) for one in placed.inputs]
    address, gap = [], []
    for bits in sample:
        tick = np.concatenate([reference, always, *(senders[i] for i in np.flatnonzero(bits))])
        wait = np.zeros(len(tick), np.int64)
        wait[:1] = PAUSE
        address.append(tick)
        gap.append(wait)
    return np.concatenate(address), np.concatenate(gap)


def _run(placed: Placed, chip: str, sample: NDArray[np.uint8]) -> Activity:
    address, gap = events_of_sample(placed, chip, sample)
    return placed.chip.run(address, gap, patience=PAUSE)[0]
