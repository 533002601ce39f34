"""Networks written and run by the tools themselves: snnTorch, Norse, sinabs, Rockpool → tests/golden/tools.

    python -m venv tools && tools/bin/pip install torch snntorch norse sinabs rockpool nir nirtorch
    tools/bin/python tests/golden/make_tools.py tests/golden/tools

Each network is a NAME.nir.xz, as the exporter of the tool wrote it, and a NAME.npz: ``x`` packed bits of the input
[step, unit], ``steps``, and for each layer that fires ``s.NODE`` packed bits [step, unit]; of one that is read out
``v.NODE`` f32[step, unit]. NODE is the name of the node in the graph. ``versions`` are those of all packages.
"""

from __future__ import annotations

import importlib.metadata
import io
import lzma
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import nir
import numpy as np
import torch

STEPS = 120
PACKAGES = ("torch", "snntorch", "norse", "sinabs", "rockpool", "nir", "nirtorch")


def main(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    versions = np.array([f"{name} {importlib.metadata.version(name)}" for name in PACKAGES])
    for make in MADE:
        torch.manual_seed(len(make.__name__))
        np.random.seed(0)
        try:
            name, graph, x, seen = make.__name__, *make()
        except Exception as error:  # a tool that cannot write what it runs is told of
            print(f"{make.__name__}: {type(error).__name__}: {error}")
            continue
        with tempfile.TemporaryDirectory() as place:
            nir.write(f"{place}/x.nir", graph, compression=None)
            content = Path(place, "x.nir").read_bytes()
        (folder / f"{name}.nir.xz").write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
        held: dict[str, Any] = {
            "x": np.packbits(x.reshape(STEPS, -1) > 0, axis=1),
            "steps": STEPS,
            "versions": versions,
        }
        for node, values in seen.items():
            values = np.asarray(values).reshape(STEPS, -1)
            if node.startswith("s."):
                assert set(np.unique(values)) <= {0.0, 1.0}, (name, node, np.unique(values))
                held[node] = np.packbits(values > 0, axis=1)
                held["n" + node] = values.shape[1]
            else:
                held[node] = values.astype(np.float32)
        memory = io.BytesIO()
        np.savez_compressed(memory, **held)
        (folder / f"{name}.npz").write_bytes(memory.getvalue())
        print(name, len(content), [(k, int(np.asarray(v).sum())) for k, v in seen.items()])


def spikes(*shape: int, rate: float = 0.3) -> Any:
    return torch.from_numpy((np.random.default_rng(7).random((STEPS, *shape)) < rate).astype(np.float32))


def stepwise(net: Any, x: Any, states: bool) -> dict[str, Any]:
    """Run a torch module step by step; return what its numbered children that spike gave, [step, unit]."""
    seen: dict[str, list[Any]] = {}
    hooks = []
    for name, child in net.named_children():
        kind = type(child).__name__
        if kind in (
            "Leaky",
            "Synaptic",
            "RLeaky",
            "RSynaptic",
            "LIFBoxCell",
            "LIFCell",
            "IAFCell",
            "IAF",
            "LIF",
            "LIBoxCell",
        ):
            key = ("v." if kind == "LIBoxCell" else "s.") + name
            seen[key] = []
            hooks.append(
                child.register_forward_hook(
                    lambda m, i, o, key=key: seen[key].append(
                        np.array((o[0] if isinstance(o, tuple) else o).detach()[0]).ravel()
                    )
                )
            )
    state = None
    for t in range(STEPS):
        out = net(x[t : t + 1], state) if states else net(x[t : t + 1])
        if states:
            _, state = out
    for hook in hooks:
        hook.remove()
    return {key: np.array(rows) for key, rows in seen.items()}


@contextmanager
def untyped() -> Iterator[None]:
    """Let exporters write shapes with the dimensions of a batch, as they do beside a NIR that does not check them."""
    kept = nir.NIRGraph.infer_types, nir.NIRGraph.check_types
    nir.NIRGraph.infer_types = nir.NIRGraph.check_types = lambda self: None
    yield
    nir.NIRGraph.infer_types, nir.NIRGraph.check_types = kept


# snnTorch


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


# Norse


def _norse(*layers: Any, shape: tuple[int, ...] = (16,)) -> Any:
    import norse.torch as norse
    from norse.torch.utils.export_nir import to_nir

    net = norse.SequentialState(*layers)
    with torch.no_grad():
        with untyped():
            graph = to_nir(net, torch.zeros(1, *shape))
        x = spikes(*shape)
        return graph, x.numpy(), stepwise(net, x, True)


def norse_lif_box() -> Any:
    import norse.torch as norse

    p = norse.LIFBoxParameters(
        tau_mem_inv=torch.full((12,), 100.0),
        v_leak=torch.linspace(-0.1, 0.1, 12),
        v_th=torch.full((12,), 0.15),
        v_reset=torch.zeros(12),
    )
    return _norse(torch.nn.Linear(16, 12), norse.LIFBoxCell(p), torch.nn.Linear(12, 3), norse.LIBoxCell())


def norse_lif() -> Any:
    import norse.torch as norse

    p = norse.LIFParameters(
        tau_mem_inv=torch.full((12,), 100.0),
        tau_syn_inv=torch.full((12,), 200.0),
        v_leak=torch.zeros(12),
        v_th=torch.full((12,), 0.3),
        v_reset=torch.zeros(12),
    )
    q = norse.LIFParameters(v_th=torch.tensor(0.2))
    return _norse(torch.nn.Linear(16, 12), norse.LIFCell(p), torch.nn.Linear(12, 5), norse.LIFCell(q))


def norse_iaf() -> Any:
    import norse.torch as norse

    return _norse(
        torch.nn.Linear(16, 12),
        norse.IAFCell(norse.IAFParameters(v_th=torch.full((12,), 0.7))),
        torch.nn.Linear(12, 5),
        norse.IAFCell(norse.IAFParameters(v_th=torch.full((5,), 0.5))),
    )


# sinabs


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
    for name, child in net.named_children():
        if type(child).__name__.endswith("Squeeze"):
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


# Rockpool


def rockpool_lif() -> Any:
    from rockpool.nn.combinators import Sequential
    from rockpool.nn.modules import LIFTorch, LinearTorch
    from rockpool.nn.modules.torch.nir import to_nir

    dt = 1e-3
    how = {"dt": dt, "max_spikes_per_dt": torch.tensor(1.0)}
    net = Sequential(
        LinearTorch((16, 12), has_bias=False),
        LIFTorch(
            12,
            tau_mem=torch.full((12,), 1e-2),
            tau_syn=torch.full((12, 1), 5e-3),
            threshold=torch.full((12,), 0.8),
            bias=torch.zeros(12),
            **how,
        ),
        LinearTorch((12, 5), has_bias=False),
        LIFTorch(
            5,
            tau_mem=torch.full((5,), 2e-2),
            tau_syn=torch.full((5, 1), 5e-3),
            threshold=torch.full((5,), 0.8),
            bias=torch.zeros(5),
            **how,
        ),
    )
    with torch.no_grad():
        with untyped():
            graph = to_nir(net, torch.zeros(1, 1, 16))
        x = spikes(16)
        _, _, record = net(x[None], record=True)
    seen = {
        f"s.{k}": v["spikes"][0].numpy() for k, v in record.items() if isinstance(v, dict) and "spikes" in v
    }
    return graph, x.numpy(), seen


MADE: list[Callable[[], Any]] = [
    snntorch_leaky_zero,
    snntorch_leaky_subtract,
    snntorch_scalars,
    snntorch_beta_0_and_1,
    snntorch_synaptic_zero,
    snntorch_synaptic_subtract,
    snntorch_rleaky_subtract,
    snntorch_rleaky_zero,
    snntorch_rsynaptic_subtract,
    snntorch_convolution,
    norse_lif_box,
    norse_lif,
    norse_iaf,
    sinabs_iaf,
    sinabs_lif,
    sinabs_convolution,
    rockpool_lif,
]

if __name__ == "__main__":
    main(Path(sys.argv[1]))
