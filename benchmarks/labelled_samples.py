"""Labelled samples in one call, beside one call a sample: python -m benchmarks.labelled_samples [SAMPLES].

[784-500-10] leaky neurons with random weights, 25 ticks, 13 % input, one thread, on cmos45.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.inference.inferring import LabelledSamples, infer

SIZES, TICKS = (784, 500, 10), 25


def network() -> SpikingNetwork:
    """Return the network."""
    rng = np.random.default_rng(0)
    groups = [NeuronGroup(name="in", kind="Input", size=SIZES[0])]
    connections = []
    for k, (a, b) in enumerate(zip(SIZES, SIZES[1:], strict=False), start=1):
        ones = np.ones(b)
        numbers = {
            "tau": ones * 1e-2,
            "r": ones * 10,
            "v_leak": 0 * ones,
            "v_threshold": ones,
            "v_reset": 0 * ones,
        }
        groups.append(NeuronGroup(name=f"n{k}", kind="LIF", size=b, parameters=numbers, begins=k))
        weights = rng.normal(0.01, 0.1, (a, b)).astype(np.float32)
        connections.append(Connection(name=f"w{k}", source=groups[-2].name, target=f"n{k}", weights=weights))
    return SpikingNetwork(groups=tuple(groups), connections=tuple(connections), outputs={"out": "n2"})


def main(n: int) -> None:
    """Print both times."""
    made, rng = network(), np.random.default_rng(1)
    spikes = (rng.random((n, TICKS, SIZES[0])) < 0.13).astype(np.uint8)
    labels = rng.integers(0, 10, n)
    infer(made, LabelledSamples(spikes[:2], labels[:2]), "cmos45")  # compiled
    began = time.process_time()
    whole = infer(made, LabelledSamples(spikes, labels), "cmos45")
    together = (time.process_time() - began) / n
    few = min(n, 40)
    began = time.process_time()
    alone = [infer(made, LabelledSamples(spikes[k : k + 1], labels[k : k + 1]), "cmos45") for k in range(few)]
    each = (time.process_time() - began) / few
    assert [int(one.predictions[0]) for one in alone] == whole.predictions[:few].tolist()
    print(f"{n} samples in one call: {together * 1e3:.3f} ms of CPU a sample")
    print(f"one call each: {each * 1e3:.3f} ms; {each / together:.1f} ×")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
