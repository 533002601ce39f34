"""Networks of sinabs."""

from __future__ import annotations

from typing import Any

import torch

from tests.golden.making.written import STEPS, spikes


def _sinabs(*layers: Any, shape: tuple[int, ...] = (16,)) -> Any:
    from sinabs.nir import to_nir

    net = torch.nn.Sequential(*layers)
    with torch.no_grad():
        graph = to_nir(net, torch.zeros(1, *shape))
        for layer in layers:
            if hasattr(layer, "reset_states"):
                layer.reset_states()
        x = spikes(*shape)
        return graph, x.numpy(), stepwise_squeezed(net, x)


def stepwise_squeezed(net: Any, x: Any) -> dict[str, Any]:
    seen = {}
    hooks = []
    firing = {}
    for name, child in net.named_children():
        if type(child).__name__.endswith("Squeeze"):
            if "ExpLeak" not in type(child).__name__:
                firing[name], child.record_states = child, True
            hooks.append(
                child.register_forward_hook(
                    lambda m, i, o, name=name: seen.__setitem__(
                        ("v." if "ExpLeak" in type(m).__name__ else "s.") + name,
                        o.detach().numpy().reshape(STEPS, -1),
                    )
                )
            )
    net(x)
    for hook in hooks:
        hook.remove()
    for name, child in firing.items():
        seen[f"m.{name}"] = child.recordings["v_mem"].detach().numpy().reshape(STEPS, -1)
    return seen


def _single() -> Any:
    from sinabs.activation import SingleSpike

    return {"spike_fn": SingleSpike, "batch_size": 1, "num_timesteps": -1}


def sinabs_iaf() -> Any:
    import sinabs.layers as sl

    w = torch.nn.Linear(16, 12, bias=False)
    w.weight.data = torch.round(w.weight.data * 8) / 4  # sums that reach the threshold exactly
    return _sinabs(
        w,
        sl.IAFSqueeze(**_single()),
        torch.nn.Linear(12, 5),
        sl.IAFSqueeze(spike_threshold=torch.tensor(0.5), **_single()),
    )


def sinabs_lif() -> Any:
    import sinabs.layers as sl

    return _sinabs(
        torch.nn.Linear(16, 12),
        sl.LIFSqueeze(tau_mem=torch.full((12,), 8.0), spike_threshold=torch.full((12,), 0.1), **_single()),
        torch.nn.Linear(12, 5),
        sl.ExpLeakSqueeze(tau_mem=torch.full((5,), 15.0), batch_size=1, num_timesteps=-1),
    )


def sinabs_convolution() -> Any:
    import sinabs.layers as sl

    return _sinabs(
        torch.nn.Conv2d(2, 3, 3, padding=1),
        sl.IAFSqueeze(**_single()),
        sl.SumPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(48, 5),
        sl.IAFSqueeze(**_single()),
        shape=(2, 8, 8),
    )


def sinabs_multi_spike() -> Any:
    """Neurons as sinabs makes them by default: several spikes in a step, which one bit cannot carry."""
    import sinabs.layers as sl

    how = {"batch_size": 1, "num_timesteps": -1}
    return _sinabs(
        torch.nn.Linear(16, 12),
        sl.IAFSqueeze(spike_threshold=torch.tensor(0.1), **how),
        torch.nn.Linear(12, 5),
        sl.IAFSqueeze(spike_threshold=torch.tensor(0.1), **how),
    )


def sinabs_pooled() -> Any:
    import sinabs.layers as sl

    grouped = torch.nn.Conv2d(4, 2, 3, padding=1, groups=2)
    grouped.weight.data *= 4
    return _sinabs(
        torch.nn.Conv2d(1, 4, 3, stride=2, bias=False),
        sl.IAFSqueeze(**_single()),
        grouped,
        sl.IAFSqueeze(spike_threshold=torch.tensor(0.2), **_single()),
        sl.SumPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(8, 4),
        sl.IAFSqueeze(spike_threshold=torch.tensor(0.5), **_single()),
        shape=(1, 9, 9),
    )
