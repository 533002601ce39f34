"""Makes `nir_paper/TASK-TOOL.npz`: tasks 2 and 3 of the NIR paper on back ends that PyPI has, by their own importers.

    python tests/golden/make_nir_paper_networks.py NIR/paper TOOL    # snntorch, norse, sinabs, rockpool or spyx

with the packages that `making/__main__.py` names for each, and the files of the networks beside them. The samples of
N-MNIST and Braille that the paper showed are not in its repository: shown is what `shown` draws, in the shape of the
input. Of each layer that fires ``s.NODE`` bits[step, unit] and ``n.NODE`` units; ``versions`` of packages. What a back
end is told stands in its function, as the notebooks of the paper have it, but for this:

- snnTorch knows no SumPool2d, and its RSynaptic (0.8.0 to 1.0.0) cannot reset without delay: it resets later
- sinabs and Rockpool fire once in a step at most, sinabs without a floor for v
"""

from __future__ import annotations

import importlib.metadata
import lzma
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

HERE = Path(__file__).parent / "nir_paper"
DT = 1e-4  # of the graphs of task 3, as the paper says
Seen = dict[str, Any]


class Task(NamedTuple):
    """A network of the paper, and what is shown to it."""

    file: str
    shape: tuple[int, ...]
    steps: int
    share: float  # of ones
    subtracts: bool = False
    tools: tuple[str, ...] = ("snntorch", "norse", "rockpool", "spyx")


TASKS = {
    "cnn": Task(
        "02_cnn/cnn_sinabs.nir", (2, 34, 34), 30, 0.08, tools=("snntorch", "norse", "sinabs", "spyx")
    ),
    "braille_zero": Task("03_rnn/braille_noDelay_bias_zero.nir", (12,), 256, 0.1),
    "braille_subtract": Task("03_rnn/braille_noDelay_noBias_subtract.nir", (12,), 256, 0.1, subtracts=True),
}


def shown(task: Task) -> Any:
    """Return what is shown, u8[step, …]."""
    return (np.random.default_rng(0).random((task.steps, *task.shape)) < task.share).astype(np.uint8)


def _hooked(modules: dict[str, Any], run: Callable[[], None]) -> Seen:
    """Return what torch modules give while something runs, a list of steps each."""
    seen: Seen = {name: [] for name in modules}

    def keep(name: str) -> Any:
        def hook(module: Any, given: Any, out: Any) -> None:
            seen[name].append((out[0] if isinstance(out, tuple) else out).detach().numpy().copy())

        return hook

    hooks = [module.register_forward_hook(keep(name)) for name, module in modules.items()]
    run()
    for hook in hooks:
        hook.remove()
    return seen


def _in_turn(graph: Any, made: Callable[[Any], Any]) -> dict[str, Any]:
    """Return what a tool makes of the nodes of a chain, in their order."""
    import nir

    after = dict(graph.edges)
    name, modules = after["input"], {}
    while name != "output":
        node = graph.nodes[name]
        if isinstance(node, nir.Conv2d):
            node.groups = int(node.groups)
        modules[name] = made(node)
        name = after[name]
    return modules


def snntorch(task: Task, graph: Any, x: Any) -> Seen:
    import nir
    import snntorch as snn
    import torch
    from snntorch import import_nir

    def made(node: Any) -> Any:
        if isinstance(node, nir.SumPool2d):
            return torch.nn.AvgPool2d(tuple(int(k) for k in node.kernel_size), divisor_override=1)
        if isinstance(node, nir.Flatten):  # whose dimensions are those without the batch
            return torch.nn.Flatten()
        return import_nir._nir_to_snntorch_module(node, init_hidden=True)

    modules = _in_turn(import_nir._replace_rnn_subgraph_with_nirgraph(graph), made)
    neurons = {name: m for name, m in modules.items() if isinstance(m, snn.SpikingNeuron)}
    for m in neurons.values():
        m.init_hidden = m.reset_delay = True
        if not isinstance(m, snn.Leaky):  # IF becomes Leaky with β = 0.9, which takes its threshold away
            m.reset_mechanism = "subtract" if task.subtracts else "zero"
            m.state_function = m._base_sub if task.subtracts else m._base_zero

    def run() -> None:
        for step in torch.from_numpy(x).float():
            flow = step[None]
            for m in modules.values():
                flow = m(flow)

    return _hooked(neurons, run)


def norse(task: Task, graph: Any, x: Any) -> Seen:
    import norse.torch as norse
    import torch
    from norse.torch.functional import reset
    from norse.torch.utils.import_nir import CubaLIF

    how = reset.reset_subtract if task.subtracts else reset.reset_value
    net = norse.from_nir(graph, dt=DT, reset_method=how)

    def run() -> None:
        state = None
        for step in torch.from_numpy(x).float():
            _, state = net(step[None], state)

    return _hooked({n: m for n, m in net.named_modules() if isinstance(m, CubaLIF | norse.IAFCell)}, run)


def sinabs(task: Task, graph: Any, x: Any) -> Seen:
    import nir
    import sinabs.layers as sl
    import torch
    from sinabs.activation import SingleSpike
    from sinabs.nir import _import_sinabs_module

    for node in graph.nodes.values():
        if isinstance(node, nir.IF):
            node.v_threshold = torch.tensor(node.v_threshold).float()
    modules = _in_turn(graph, lambda node: _import_sinabs_module(node, 1, -1))
    neurons = {name: m for name, m in modules.items() if isinstance(m, sl.IAFSqueeze)}
    for m in neurons.values():
        m.spike_fn, m.min_v_mem = SingleSpike, None

    def run() -> None:
        flow = torch.from_numpy(x).float()
        for m in modules.values():
            flow = m(flow)

    return {name: values[0] for name, values in _hooked(neurons, run).items()}


def rockpool(task: Task, graph: Any, x: Any) -> Seen:
    import torch
    from rockpool.nn.modules import LIFTorch
    from rockpool.nn.modules.torch.nir import _convert_nir_to_rockpool_torch
    from snntorch.import_nir import _replace_rnn_subgraph_with_nirgraph  # the form of its loops

    modules = _in_turn(_replace_rnn_subgraph_with_nirgraph(graph), _convert_nir_to_rockpool_torch)
    neurons = {name: m for name, m in modules.items() if isinstance(m, LIFTorch)}
    for m in neurons.values():
        m.dt, m.max_spikes_per_dt = DT, torch.tensor(1.0)

    def run() -> None:
        flow = torch.from_numpy(x).float()[None]
        for m in modules.values():
            out = m(flow)
            flow = out[0] if isinstance(out, tuple) else out

    return {name: values[0][0] for name, values in _hooked(neurons, run).items()}


def spyx(task: Task, graph: Any, x: Any) -> Seen:
    import jax.numpy as jnp
    from flax import nnx
    from spyx.nir import _build_model

    net = _build_model(graph, DT, nnx.Rngs(0))
    state = net.initial_state(1)
    names = [name for name in graph.nodes if "lif" in name or type(graph.nodes[name]).__name__ == "IF"]
    names = sorted({name.partition(".")[0] for name in names}, key=lambda n: (len(n), n))
    seen: Seen = {name: [] for name in names}
    for step in x.astype(np.float32):
        flow = jnp.asarray(step[None])
        if flow.ndim == 4:
            flow = flow.transpose(0, 2, 3, 1)  # channels last
        after, left = [], iter(names)
        for layer, held in zip(net.layers, state, strict=True):
            if hasattr(layer, "initial_state"):
                flow, kept = layer(flow, held)
                fired = np.asarray(flow)[0]
                seen[next(left)].append(fired.transpose(2, 0, 1) if fired.ndim == 3 else fired)
            else:
                flow, kept = layer(flow), held
            after.append(kept)
        state = after
    return seen


def main(paper: Path, tool: str) -> None:
    import nir

    for name, task in TASKS.items():
        if tool not in task.tools:
            continue
        kept = HERE / f"{Path(task.file).name}.xz"
        kept.write_bytes(lzma.compress((paper / task.file).read_bytes(), preset=9 | lzma.PRESET_EXTREME))
        seen = globals()[tool](task, nir.read(paper / task.file), shown(task))
        held: dict[str, Any] = {
            "versions": np.array([f"{p} {importlib.metadata.version(p)}" for p in (tool, "nir")])
        }
        for layer, values in seen.items():
            spikes = np.asarray(values).reshape(task.steps, -1)
            assert np.isin(spikes, (0, 1)).all(), (name, layer)
            called = layer.replace("lif1_lif", "lif1")
            held |= {f"s.{called}": np.packbits(spikes > 0, axis=1), f"n.{called}": spikes.shape[1]}
        np.savez_compressed(HERE / f"{name}-{tool}.npz", **held)
        print(name, tool, {k: int(np.sum(v)) for k, v in seen.items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
