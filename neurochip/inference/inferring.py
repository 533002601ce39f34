"""Labelled samples shown to a network, one after the other from rest: accuracy, and what an inference costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.cores.raster_file import load_arrays
from neurochip.data.array_names import only_inputs
from neurochip.data.target_arrays import is_one_hot, whole_labels
from neurochip.description import ChipSpec, EnergyTable
from neurochip.description.spiking import SpikingNetwork
from neurochip.errors import ConfigError, DataError
from neurochip.inference.input_files import GRADED
from neurochip.replays.replaying import Replay, Timing
from neurochip.replays.spiking import MembraneUse, run_spiking

__all__ = [
    "Inference",
    "LabelledSamples",
    "infer",
    "judged",
    "per_sample",
    "ticks_of_sample",
    "read_samples",
]

_SPIKES, _LABELS = ("spikes", "x"), ("labels", "y")


class LabelledSamples(NamedTuple):
    """Samples u8[sample, tick, unit], the class of each, i64[sample], and the output that is to say it, of several."""

    spikes: NDArray[np.uint8]
    labels: NDArray[np.int64]
    output: str | None = None


class Inference(NamedTuple):
    """What samples did.

    Attributes
    ----------
    replay
        All of them, one after the other.
    predictions, labels
        i64[sample].
    per_sample
        f64[sample] each: ``spikes``, ``sops``, ``packets``, and ``energy_j``, ``seconds``, ``energy_delay_js`` where
        they are known.
    ticks
        Of a sample, the ticks included in which its last spikes reach the output.
    output
        The output that classifies.
    membranes
        As of `run_spiking`.
    """

    replay: Replay
    predictions: NDArray[np.int64]
    labels: NDArray[np.int64]
    per_sample: Mapping[str, NDArray[np.float64]]
    ticks: int
    output: str
    membranes: MembraneUse | None = None

    @property
    def accuracy(self) -> float:
        """Share of samples that are classified rightly."""
        return float(np.mean(self.predictions == self.labels))

    def table(self) -> dict[str, object]:
        """Return everything as JSON has it: means, and standard deviations over samples."""
        n = len(self.labels)
        spread = {
            name: {"mean": float(values.mean()), "deviation": float(values.std(ddof=1)) if n > 1 else 0.0}
            for name, values in self.per_sample.items()
        }
        return {
            "samples": n,
            "ticks": self.ticks,
            "output": self.output,
            "accuracy": self.accuracy,
            "accuracy_error": float(np.sqrt(self.accuracy * (1 - self.accuracy) / n)),
            "per_inference": spread,
        }


def read_samples(path: Path | str) -> LabelledSamples:
    """Return the samples of an .npz: ``spikes`` or ``x`` [sample, tick, unit], 0 and 1, ``labels`` or ``y`` [sample].

    Labels are whole numbers of any type, those of the neurons that are right, or one-hot [sample, neuron].
    Where no array is called so, the spikes are the only one that can be (`only_inputs`).

    Raises
    ------
    DataError
        For arrays that are missing or do not fit one another.
    """
    arrays = load_arrays(path)
    found = [next((arrays[name] for name in names if name in arrays), None) for names in (_SPIKES, _LABELS)]
    spikes, labels = found
    if spikes is None and labels is not None and (name := only_inputs(arrays)) is not None:
        spikes = arrays[name]
    if spikes is None or labels is None:
        raise DataError(
            str(path),
            f"must have spikes [sample, tick, unit] and labels [sample], has {', '.join(arrays) or 'nothing'}",
        )
    if spikes.ndim != 3 or 0 in spikes.shape or spikes.dtype.kind not in "biuf":
        raise DataError(
            f"{path}: spikes", f"must be numbers [sample, tick, unit], got {spikes.dtype} {spikes.shape}"
        )
    bits = spikes != 0
    if not np.array_equal(bits, spikes):
        at = tuple(int(i) for i in np.argwhere(bits != spikes)[0])
        raise DataError(f"{path}: spikes{list(at)}", f"must be 0 or 1, got {spikes[at]:g}; {GRADED}")
    if is_one_hot(labels):
        labels = labels.argmax(axis=1)
    if labels.shape not in (spikes.shape[:1], (len(spikes), 1)) or labels.dtype.kind not in "biuf":
        raise DataError(
            f"{path}: labels",
            f"must be {len(spikes)} whole numbers, those of the neurons that are right, got {labels.dtype} "
            f"{labels.shape}",
        )
    labels = labels.reshape(-1)
    if labels.dtype.kind == "f":
        whole = np.isfinite(labels) & (labels == np.rint(labels)) & (np.abs(labels) < 2**53)
        if not whole.all():
            row = int(np.argmin(whole))
            raise DataError(f"{path}: labels: row {row + 1}", f"must be a whole number, got {labels[row]:g}")
        labels = labels.astype(np.int64)
    return LabelledSamples(bits.astype(np.uint8), whole_labels(labels, f"{path}: labels"))


def infer(
    network: SpikingNetwork,
    samples: LabelledSamples,
    chip: ChipSpec | str,
    *,
    energies: EnergyTable | str | None = None,
    timing: Timing = "tick",
    output: str | None = None,
    placement: Sequence[ArrayLike] | None = None,
    threads: int = 1,
) -> Inference:
    """Show all samples to a network on a chip; it is placed once.

    Each begins from rest, and ends when the spikes of its last tick have reached the output. What classifies is the
    neuron with the most spikes, or the largest sum of v over the ticks where the output does not fire; of several the
    first. Threads share the samples, and change no result.

    Raises
    ------
    NeurochipError
        As of `run_spiking`; also for labels that the output has no neuron for.
    """
    name = _output(network, output or samples.output)
    whole = ticks_of_sample(network, samples, name)
    seen = run_spiking(
        network,
        samples.spikes,
        chip,
        placement,
        energies=energies,
        timing=timing,
        sample_ticks=whole,
        threads=threads,
    )
    return Inference(
        replay=seen.replay,
        predictions=judged(network, samples, name, seen.replay.spikes, seen.readout),
        labels=samples.labels,
        per_sample=per_sample(seen.replay, len(samples.labels)),
        ticks=whole,
        output=name,
        membranes=seen.membranes,
    )


def ticks_of_sample(network: SpikingNetwork, samples: LabelledSamples, output: str | None = None) -> int:
    """Return the ticks of a sample: its own, and those until its last spikes have reached the output.

    Raises `DataError` for labels that the output has no neuron for.
    """
    name = _output(network, output or samples.output)
    group = network.group(network.outputs[name])
    least, most = int(samples.labels.min()), int(samples.labels.max())
    if least < 0 or most >= group.size:
        raise DataError(
            "labels", f"must be 0 to {group.size - 1}, the neurons of output {name}, got {least} to {most}"
        )
    return int(samples.spikes.shape[1]) + group.begins


def judged(
    network: SpikingNetwork,
    samples: LabelledSamples,
    output: str | None,
    spikes: Sequence[NDArray[np.uint8]],
    readout: Mapping[str, NDArray[np.number]],
) -> NDArray[np.int64]:
    """Return the class of each of the samples that were shown, from the spikes of all groups."""
    name = _output(network, output or samples.output)
    group = network.group(network.outputs[name])
    n, whole = len(samples.labels), samples.spikes.shape[1] + group.begins
    k = [g.name for g in network.groups].index(group.name)
    values = spikes[k] if group.fires else readout[name]
    votes = values.reshape(n, whole, group.size)[:, group.begins :].sum(axis=1, dtype=np.float64)
    classes: NDArray[np.int64] = np.argmax(votes, axis=1).astype(np.int64)
    return classes


def _output(network: SpikingNetwork, output: str | None) -> str:
    if output is None and len(network.outputs) == 1:
        return next(iter(network.outputs))
    if output not in network.outputs:
        if not network.outputs:
            raise ConfigError("output", "the network has none; join what classifies to an Output")
        there = f"must name one of them: the network has outputs {', '.join(network.outputs)}"
        raise ConfigError("output", there if output is None else f"{there}, got {output!r}")
    return str(output)


def per_sample(replay: Replay, n: int) -> dict[str, NDArray[np.float64]]:
    """Return what each of n samples of one length did, f64[sample] by name."""

    def summed(values: NDArray[np.number]) -> NDArray[np.float64]:
        total: NDArray[np.float64] = values.reshape(n, -1).sum(axis=1).astype(np.float64)
        return total

    found = {
        name: summed(np.asarray(replay.counters.per_tick[key]))
        for name, key in (("spikes", "spikes_sent"), ("sops", "sops"), ("packets", "packets"))
        if key in replay.counters.per_tick
    }
    if replay.energy_per_tick_j:
        found["energy_j"] = summed(replay.energy_per_tick_j["total"])
    if replay.time.cycles_per_tick is not None and replay.time.seconds is not None and replay.time.cycles:
        found["seconds"] = summed(replay.time.cycles_per_tick) * (replay.time.seconds / replay.time.cycles)
        if "energy_j" in found:
            found["energy_delay_js"] = found["energy_j"] * found["seconds"]
    return found
