"""Train [784-256-10] in snnTorch on MNIST, for `benchmarks.whole_numbers`: python benchmarks/snntorch_mnist.py DIR.

Needs a Python with torch, snntorch and nir, and the four files of MNIST in ``$NEUROCHIP_DATA/mnist``. Leaky neurons
with the defaults of the tool (reset by subtraction, a step late), β = 0.9, 25 steps, pixels as Bernoulli bits, Adam, as
many epochs as asked for (3) on all 60 000 digits. DIR gets ``net.nir`` as the tool's exporter wrote it,
``calibration.npz`` (256 training digits), ``test.npz`` (all test digits) with the bits that the tool was shown, and
``theirs.npz``, what it answered. Nothing is chosen by the test digits.
"""

from __future__ import annotations

import gzip
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

STEPS, BETA, BATCH, SIZES = 25, 0.9, 128, (784, 256, 10)
CALIBRATED = 256


def idx(name: str) -> Any:
    """Return an array of the data set."""
    content = gzip.decompress((Path(os.environ["NEUROCHIP_DATA"]) / "mnist" / name).read_bytes())
    dims = content[3]
    shape = [int.from_bytes(content[4 + 4 * k : 8 + 4 * k], "big") for k in range(dims)]
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dims).reshape(shape)


def bits(images: Any, seed: int) -> Any:
    """Return Bernoulli bits u8[sample, step, pixel]."""
    rng = np.random.default_rng(seed)
    shown = images.reshape(len(images), 1, -1)
    return (rng.random((len(images), STEPS, shown.shape[2]), np.float32) * 255 < shown).astype(np.uint8)


def run(layers: Any, x: Any) -> Any:
    """Return the spikes of the output, [step, sample, unit], for bits [sample, step, pixel]."""
    first, hidden, second, out = layers
    for leaky in (hidden, out):
        leaky.reset_mem()
    drive = first(x.transpose(0, 1).float())
    return torch.stack([out(second(hidden(drive[t]))) for t in range(STEPS)])


def main(folder: Path, epochs: int) -> None:
    """Train, export, and write what was shown and answered."""
    import nir
    import snntorch as snn
    from snntorch.export_nir import export_to_nir

    # The tool writes one number for all neurons of a layer, which NIR 1.0.8 only takes where it checks no shapes.
    nir.NIRGraph.infer_types = nir.NIRGraph.check_types = lambda self: None
    torch.manual_seed(1)
    torch.set_num_threads(1)
    folder.mkdir(exist_ok=True, parents=True)
    images, labels = idx("train-images-idx3-ubyte.gz"), idx("train-labels-idx1-ubyte.gz").astype(np.int64)
    layers = (
        torch.nn.Linear(SIZES[0], SIZES[1]),
        snn.Leaky(BETA, init_hidden=True),
        torch.nn.Linear(SIZES[1], SIZES[2]),
        snn.Leaky(BETA, init_hidden=True),
    )
    net = torch.nn.Sequential(*layers)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    began = time.process_time()
    for epoch in range(epochs):
        order, total = np.random.default_rng(epoch).permutation(len(images)), 0.0
        for k in range(0, len(order), BATCH):
            some = order[k : k + BATCH]
            counts = run(layers, torch.from_numpy(bits(images[some], epoch * 10**6 + k))).sum(0)
            loss = torch.nn.functional.cross_entropy(counts, torch.from_numpy(labels[some]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(some)
        print(
            f"epoch {epoch}: loss {total / len(order):.4f}, {time.process_time() - began:.0f} s of CPU",
            flush=True,
        )
    for leaky in (layers[1], layers[3]):
        leaky.reset_mem()
    with torch.no_grad():
        graph = export_to_nir(net, torch.zeros(1, SIZES[0]), ignore_dims=[0])
    nir.write(str(folder / "net.nir"), graph, compression=None)  # it compresses no single numbers
    chosen = np.random.default_rng(99).permutation(len(images))[:CALIBRATED]
    shown = bits(images[chosen], 98)
    np.savez_compressed(folder / "calibration.npz", spikes=shown, labels=labels[chosen])
    tests, answers = idx("t10k-images-idx3-ubyte.gz"), idx("t10k-labels-idx1-ubyte.gz").astype(np.int64)
    shown = bits(tests, 97)
    with torch.no_grad():
        votes = [
            run(layers, torch.from_numpy(shown[k : k + 500])).sum(0).numpy()
            for k in range(0, len(shown), 500)
        ]
    counts = np.concatenate(votes).astype(np.int64)
    print(f"accuracy in snnTorch {np.mean(counts.argmax(1) == answers):.4f}")
    np.savez_compressed(folder / "test.npz", spikes=shown, labels=answers)
    np.savez_compressed(folder / "theirs.npz", counts=counts)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3)
