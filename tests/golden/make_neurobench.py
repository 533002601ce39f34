"""Makes `neurobench.npz`: what the package NeuroBench computes of a network of snnTorch.

    python tests/golden/make_neurobench.py       # pip install neurobench==2.3.0 torch snntorch; writes beside itself

A network [16-12-5] without biases, a quarter of its weights 0, shown 6 samples of 120 steps.
"""

from __future__ import annotations

import importlib.metadata
import tempfile
from pathlib import Path
from typing import Any

import nir
import numpy as np
import snntorch
import torch
from neurobench.benchmarks import Benchmark
from neurobench.metrics.static import ConnectionSparsity
from neurobench.metrics.workload import ActivationSparsity, SynapticOperations
from neurobench.models import SNNTorchModel
from snntorch.export_nir import export_to_nir

SAMPLES, STEPS = 6, 120


def main() -> None:
    torch.manual_seed(1)
    how = {"init_hidden": True}
    net = torch.nn.Sequential(
        torch.nn.Linear(16, 12, bias=False),
        snntorch.Leaky(torch.linspace(0.6, 0.97, 12), threshold=torch.linspace(0.3, 1.2, 12), **how),
        torch.nn.Linear(12, 5, bias=False),
        snntorch.Leaky(torch.linspace(0.6, 0.97, 5), threshold=torch.full((5,), 0.2), output=True, **how),
    )
    for k in (0, 2):
        net[k].weight.data[torch.rand_like(net[k].weight) < 0.25] = 0
    x = (np.random.default_rng(7).random((SAMPLES, STEPS, 16)) < 0.3).astype(np.float32)
    labels = torch.zeros(SAMPLES, dtype=torch.long)
    shown = torch.utils.data.TensorDataset(torch.from_numpy(x), labels)
    batch = torch.utils.data.DataLoader(shown, batch_size=SAMPLES)
    choose: list[Any] = [lambda spikes: spikes.sum(1).argmax(1)]
    metrics = [[ConnectionSparsity], [ActivationSparsity, SynapticOperations]]
    with torch.no_grad():
        found = Benchmark(SNNTorchModel(net), batch, [], choose, metrics).run(quiet=True)
    print(found)
    net[3].output = False
    nir.NIRGraph.infer_types = nir.NIRGraph.check_types = lambda self: None
    graph = export_to_nir(net, torch.zeros(1, 16), ignore_dims=[0])
    with tempfile.TemporaryDirectory() as place:
        nir.write(f"{place}/x.nir", graph, compression=None)
        content = Path(place, "x.nir").read_bytes()
    np.savez_compressed(
        Path(__file__).parent / "neurobench.npz",
        x=np.packbits(x > 0, axis=-1),
        nir=np.frombuffer(content, np.uint8),
        version=importlib.metadata.version("neurobench"),
        connection_sparsity=found["ConnectionSparsity"],
        activation_sparsity=found["ActivationSparsity"],
        effective_acs=found["SynapticOperations"]["Effective_ACs"],
        effective_macs=found["SynapticOperations"]["Effective_MACs"],
        dense=found["SynapticOperations"]["Dense"],
    )


if __name__ == "__main__":
    main()
