"""A network of snnTorch in 8, 6 and 4 bits on chips of integers: python -m benchmarks.whole_numbers DIR [BITS …].

DIR as `benchmarks/snntorch_mnist.py` leaves it. Every choice (how far to shrink a scale, and whether a layer or a
neuron has one) is made by calibration samples, which are training digits: the fewest spikes of the output that differ.
Then all test digits are shown once to each chip: ``loihi``, and a specification of our own with 16-bit membranes and
leaks of 8 bits on four cores.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from neurochip.description.chip_changes import chip_with
from neurochip.description.nir.graph import import_nir
from neurochip.description.spiking import SpikingNetwork
from neurochip.inference.inferring import Inference, LabelledSamples, infer, read_samples
from neurochip.inference.quantising import Quantisation, calibration, quantised

PART = 2500  # samples at once
OWN = ("mesh.width = 2", "mesh.height = 2", "membranes.bits = 16", "membranes.leak_bits = 8")


def shown(network: SpikingNetwork, samples: LabelledSamples, chip: Any, timing: Any) -> Iterator[Inference]:
    """Give what the samples did, part by part."""
    for k in range(0, len(samples.labels), PART):
        part = LabelledSamples(samples.spikes[k : k + PART], samples.labels[k : k + PART])
        yield infer(network, part, chip, timing=timing)


def rounded(network: SpikingNetwork, bits: int, folder: Path, chip: Any) -> tuple[str, Quantisation]:
    """Return the network in so many bits, with the scales that suit the calibration samples best."""
    spikes, ticks = calibration(folder / "calibration.npz", network)
    made = {
        name: quantised(network, bits, spikes=spikes, sample_ticks=ticks, per_channel=each, chip=chip)
        for name, each in (("layer", False), ("neuron", True))
    }
    differ = {name: one.changes[-1].spikes_differ or 0.0 for name, one in made.items()}
    best = min(differ, key=lambda name: differ[name])
    return best, made[best]


def main(folder: Path, widths: list[int]) -> None:
    """Print a row for each chip and width."""
    network, _, _ = import_nir(folder / "net.nir", source="snntorch")
    samples = read_samples(folder / "test.npz")
    real = np.concatenate([part.predictions for part in shown(network, samples, "ideal-bits", "tick")])
    right = real == samples.labels
    with np.load(folder / "theirs.npz") as stored:
        theirs = stored["counts"].argmax(axis=1)
    print(f"snnTorch {np.mean(theirs == samples.labels):.2%}, here in float32 {right.mean():.2%}; ", end="")
    print(f"{int(np.sum(theirs != real))} of {len(real)} answers differ", flush=True)
    print("| chip | bits | a scale for each | accuracy | change | spikes | energy | latency | membranes |")
    for name, changes in (("loihi", ()), ("cmos45", OWN)):
        for bits in widths:
            began = time.process_time()
            chip = chip_with(name, (*changes, f"weights.bits = {bits}"))
            scales, made = rounded(network, bits, folder, chip)
            parts = list(shown(made.network, samples, chip, "analytic"))
            found = np.concatenate([part.predictions for part in parts]) == samples.labels
            each = {key: np.concatenate([p.per_sample[key] for p in parts]) for key in parts[0].per_sample}
            change = found.astype(float) - right
            error = change.std() / np.sqrt(len(change))
            met = sum(sum(p.membranes.met.values()) for p in parts if p.membranes is not None)
            print(
                f"| {name if not changes else 'own'} | {bits} | {scales} | {found.mean():.2%} | "
                f"{100 * change.mean():+.2f} ± {100 * error:.2f} | {each['spikes'].mean():.0f} | "
                f"{each['energy_j'].mean() * 1e6:.3f} ± {each['energy_j'].std() * 1e6:.3f} µJ | "
                f"{each['seconds'].mean() * 1e6:.2f} ± {each['seconds'].std() * 1e6:.2f} µs | {met} overflows |",
                flush=True,
            )
            for one in made.changes:
                print(f"  {one.words()}")
            print(f"  {time.process_time() - began:.0f} s of CPU", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(word) for word in sys.argv[2:]] or [8, 6, 4])
