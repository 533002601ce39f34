"""Networks of Rockpool."""

from __future__ import annotations

from typing import Any

import torch

from tests.golden.making.written import spikes, untyped


def _rockpool(*layers: Any) -> Any:
    from rockpool.nn.combinators import Sequential
    from rockpool.nn.modules.torch.nir import to_nir

    net = Sequential(*layers)
    with torch.no_grad():
        with untyped():
            graph = to_nir(net, torch.zeros(1, 1, 16))
        x = spikes(16)
        _, _, record = net(x[None], record=True)
    seen = {}
    for name, held in record.items():
        if isinstance(held, dict) and "spikes" in held:
            seen[f"s.{name}"] = held["spikes"][0].detach().numpy()
            seen[f"m.{name}"] = held["vmem"][0].detach().numpy()
        elif name.endswith("ExpSynTorch_output"):
            seen[f"v.{name.removesuffix('_output')}"] = held[0].detach().numpy()
    return graph, x.numpy(), seen


def _lif(n: int, tau_mem: float, threshold: float) -> Any:
    from rockpool.nn.modules import LIFTorch

    return LIFTorch(
        n,
        tau_mem=torch.full((n,), tau_mem),
        tau_syn=torch.full((n, 1), 5e-3),
        threshold=torch.full((n,), threshold),
        bias=torch.zeros(n),
        dt=1e-3,
        max_spikes_per_dt=torch.tensor(1.0),
    )


def rockpool_lif() -> Any:
    from rockpool.nn.modules import LinearTorch

    return _rockpool(
        LinearTorch((16, 12), has_bias=False),
        _lif(12, 1e-2, 0.8),
        LinearTorch((12, 5), has_bias=False),
        _lif(5, 2e-2, 0.8),
    )


def rockpool_readout() -> Any:
    from rockpool.nn.modules import ExpSynTorch, LinearTorch

    readout = ExpSynTorch(5, tau=torch.full((5,), 1e-2), dt=1e-3)
    readout.tau.requires_grad_(False)  # the exporter does not detach it
    return _rockpool(
        LinearTorch((16, 12), has_bias=False),
        _lif(12, 1e-2, 0.8),
        LinearTorch((12, 5), has_bias=False),
        readout,
    )


def rockpool_lif_neuron() -> Any:
    """Neurons without a filter, and a layer of its own for the last."""
    from rockpool.nn.modules import LIFNeuronTorch, LinearTorch

    return _rockpool(
        LinearTorch((16, 12), has_bias=False),
        LIFNeuronTorch(
            12,
            tau_mem=torch.linspace(5e-3, 3e-2, 12),
            threshold=torch.full((12,), 0.8),
            bias=torch.zeros(12),
            dt=1e-3,
            max_spikes_per_dt=torch.tensor(1.0),
        ),
        LinearTorch((12, 5), has_bias=False),
        _lif(5, 2e-2, 0.8),
    )
