"""Networks of snnTorch."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch

from tests.golden.making.written import spikes, stepwise, untyped


def _snn(*layers: Any, shape: tuple[int, ...] = (16,)) -> Any:
    from snntorch import utils
    from snntorch.export_nir import export_to_nir

    net = torch.nn.Sequential(*layers)
    with torch.no_grad():
        with untyped() if len(shape) == 1 else nullcontext():
            graph = export_to_nir(net, torch.zeros(1, *shape), ignore_dims=[0])
        utils.reset(net)
        for layer in layers:
            for name in ("mem", "syn", "spk"):
                if hasattr(layer, name):
                    setattr(layer, name, torch.zeros_like(getattr(layer, name)))
        x = spikes(*shape)
        return graph, x.numpy(), stepwise(net, x, False)


def _beta(n: int) -> Any:
    return torch.linspace(0.6, 0.97, n)


def snntorch_leaky_zero() -> Any:
    import snntorch as snn

    how = {"init_hidden": True, "reset_mechanism": "zero"}
    return _snn(
        torch.nn.Linear(16, 12),
        snn.Leaky(_beta(12), threshold=torch.linspace(0.3, 1.2, 12), **how),
        torch.nn.Linear(12, 5),
        snn.Leaky(_beta(5), threshold=torch.full((5,), 0.4), **how),
    )


def snntorch_leaky_subtract() -> Any:
    import snntorch as snn

    how = {"init_hidden": True}
    return _snn(
        torch.nn.Linear(16, 12),
        snn.Leaky(_beta(12), threshold=torch.linspace(0.3, 1.2, 12), **how),
        torch.nn.Linear(12, 5),
        snn.Leaky(_beta(5), threshold=torch.full((5,), 0.4), **how),
    )


def snntorch_leaky_none() -> Any:
    """Neurons that fire in every step in which v is above the threshold."""
    import snntorch as snn

    how = {"init_hidden": True, "reset_mechanism": "none"}
    return _snn(
        torch.nn.Linear(16, 12),
        snn.Leaky(_beta(12), threshold=torch.linspace(0.3, 1.2, 12), **how),
        torch.nn.Linear(12, 5),
        snn.Leaky(_beta(5), threshold=torch.full((5,), 0.4), **how),
    )


def snntorch_scalars() -> Any:
    import snntorch as snn

    how = {"init_hidden": True}
    return _snn(
        torch.nn.Linear(16, 12, bias=False),
        snn.Leaky(0.9, threshold=0.4, **how),
        torch.nn.Linear(12, 5),
        snn.Leaky(0.8, threshold=0.3, **how),
    )


def snntorch_beta_0_and_1() -> Any:
    import snntorch as snn

    how = {"init_hidden": True}
    ends = torch.tensor([0.0, 1.0] * 6)
    return _snn(torch.nn.Linear(16, 12), snn.Leaky(ends, threshold=torch.full((12,), 0.5), **how))


def snntorch_synaptic_zero() -> Any:
    import snntorch as snn

    how = {"init_hidden": True, "reset_mechanism": "zero"}
    return _snn(
        torch.nn.Linear(16, 12),
        snn.Synaptic(_beta(12), _beta(12).flip(0), threshold=torch.full((12,), 1.0), **how),
        torch.nn.Linear(12, 5),
        snn.Synaptic(_beta(5), _beta(5), threshold=torch.full((5,), 1.0), **how),
    )


def snntorch_synaptic_subtract() -> Any:
    import snntorch as snn

    how = {"init_hidden": True}
    return _snn(
        torch.nn.Linear(16, 12),
        snn.Synaptic(_beta(12), _beta(12).flip(0), threshold=torch.full((12,), 1.0), **how),
        torch.nn.Linear(12, 5),
        snn.Synaptic(_beta(5), _beta(5), threshold=torch.full((5,), 1.0), **how),
    )


def snntorch_rleaky_subtract() -> Any:
    import snntorch as snn

    how = {"init_hidden": True, "linear_features": 12}
    return _snn(
        torch.nn.Linear(16, 12),
        snn.RLeaky(_beta(12), threshold=torch.full((12,), 0.5), **how),
        torch.nn.Linear(12, 5),
        snn.Leaky(_beta(5), threshold=torch.full((5,), 0.4), init_hidden=True),
    )


def snntorch_rleaky_zero() -> Any:
    import snntorch as snn

    how = {"init_hidden": True, "linear_features": 12, "reset_mechanism": "zero"}
    return _snn(
        torch.nn.Linear(16, 12),
        snn.RLeaky(_beta(12), threshold=torch.full((12,), 0.5), **how),
        torch.nn.Linear(12, 5),
        snn.Leaky(_beta(5), threshold=torch.full((5,), 0.4), init_hidden=True, reset_mechanism="zero"),
    )


def snntorch_rsynaptic_subtract() -> Any:
    import snntorch as snn

    how = {"init_hidden": True, "linear_features": 12}
    return _snn(
        torch.nn.Linear(16, 12),
        snn.RSynaptic(_beta(12), _beta(12), threshold=torch.full((12,), 1.0), **how),
        torch.nn.Linear(12, 5),
        snn.Leaky(_beta(5), threshold=torch.full((5,), 0.4), init_hidden=True),
    )


def snntorch_convolution() -> Any:
    import snntorch as snn

    how = {"init_hidden": True}
    return _snn(
        torch.nn.Conv2d(2, 3, 3, padding=1),
        snn.Leaky(torch.full((3, 8, 8), 0.9), threshold=torch.full((3, 8, 8), 0.4), **how),
        torch.nn.AvgPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(48, 5),
        snn.Leaky(_beta(5), threshold=torch.full((5,), 0.2), **how),
        shape=(2, 8, 8),
    )


def snntorch_leaky_zero_undelayed() -> Any:
    import snntorch as snn

    how = {"init_hidden": True, "reset_mechanism": "zero", "reset_delay": False}
    return _snn(
        torch.nn.Linear(16, 12),
        snn.Leaky(_beta(12), threshold=torch.linspace(0.3, 1.2, 12), **how),
        torch.nn.Linear(12, 5),
        snn.Leaky(_beta(5), threshold=torch.full((5,), 0.4), **how),
    )


def snntorch_leaky_subtract_undelayed() -> Any:
    """No potential is beyond its threshold once that is taken away: snnTorch 1.0.0 gives it back there (#364)."""
    import snntorch as snn

    how = {"init_hidden": True, "reset_delay": False}
    return _snn(
        torch.nn.Linear(16, 12),
        snn.Leaky(_beta(12), threshold=torch.linspace(1.0, 2.0, 12), **how),
        torch.nn.Linear(12, 5),
        snn.Leaky(_beta(5), threshold=torch.full((5,), 0.8), **how),
    )


def snntorch_rleaky_one_to_one() -> Any:
    import snntorch as snn

    how = {"init_hidden": True, "all_to_all": False, "V": torch.linspace(-0.4, 0.4, 12)}
    return _snn(
        torch.nn.Linear(16, 12),
        snn.RLeaky(_beta(12), threshold=torch.full((12,), 0.5), **how),
        torch.nn.Linear(12, 5),
        snn.Leaky(_beta(5), threshold=torch.full((5,), 0.4), init_hidden=True),
    )


def snntorch_rleaky_subtract_undelayed() -> Any:
    import snntorch as snn

    how = {"init_hidden": True, "linear_features": 12, "reset_delay": False}
    return _snn(
        torch.nn.Linear(16, 12),
        snn.RLeaky(_beta(12), threshold=torch.full((12,), 1.5), **how),
        torch.nn.Linear(12, 5),
        snn.Leaky(_beta(5), threshold=torch.full((5,), 0.8), init_hidden=True, reset_delay=False),
    )


def snntorch_rsynaptic_zero() -> Any:
    import snntorch as snn

    how = {"init_hidden": True, "linear_features": 12, "reset_mechanism": "zero"}
    return _snn(
        torch.nn.Linear(16, 12),
        snn.RSynaptic(_beta(12), _beta(12), threshold=torch.full((12,), 1.0), **how),
        torch.nn.Linear(12, 5),
        snn.Leaky(_beta(5), threshold=torch.full((5,), 0.4), init_hidden=True, reset_mechanism="zero"),
    )


def snntorch_synaptic_zero_undelayed() -> Any:
    import snntorch as snn

    how = {"init_hidden": True, "reset_mechanism": "zero", "reset_delay": False}
    return _snn(
        torch.nn.Linear(16, 12),
        snn.Synaptic(_beta(12), _beta(12).flip(0), threshold=torch.full((12,), 1.0), **how),
        torch.nn.Linear(12, 5),
        snn.Synaptic(_beta(5), _beta(5), threshold=torch.full((5,), 1.0), **how),
    )
