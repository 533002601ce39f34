"""How a network and its run are kept.

Each is a NAME.nir.xz, as the exporter of the tool wrote it, and a NAME.npz: ``x`` packed bits of the input
[step, unit], ``steps``, and for each layer that fires ``s.NODE`` packed bits [step, unit], or ``counts.NODE``
u8[step, unit] where neurons fired several times in a step; of one that is read out ``v.NODE`` f32[step, unit]. Of
layers that fire ``m.NODE`` is the membrane as the tool keeps it after a step, f32[step, unit], of every third step and
of a dozen units (`seen_units`). NODE is the name of the node in the graph. ``versions`` are those of the packages.
"""

from __future__ import annotations

import importlib.metadata
import io
import lzma
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nir
import numpy as np

STEPS = 120
BESIDE = ("torch", "jax", "flax", "nir", "nirtorch")
EVERY = 3  # steps of which membranes are kept
_UNITS = 12


def write(folder: Path, name: str, make: Callable[[], Any]) -> None:
    """Write what a tool made under a name; one that cannot write what it runs is told of."""
    np.random.seed(0)
    try:
        import torch
    except ImportError:  # not all tools stand on it
        pass
    else:
        torch.manual_seed(len(name))
    with tempfile.TemporaryDirectory() as place:
        try:
            graph, x, seen = make()
            nir.write(f"{place}/x.nir", graph, compression=None)
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}")
            return
        content = Path(place, "x.nir").read_bytes()
    (folder / f"{name}.nir.xz").write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    held: dict[str, Any] = {
        "x": np.packbits(x.reshape(STEPS, -1) > 0, axis=1),
        "steps": STEPS,
        "versions": np.array(list(_versions(name.partition("_")[0]))),
    }
    for node, values in seen.items():
        values = np.asarray(values).reshape(STEPS, -1)
        if node.startswith("m."):
            held[node] = values[::EVERY, seen_units(values.shape[1])].astype(np.float32)
            continue
        if node.startswith("s."):
            assert np.array_equal(values, values.astype(np.uint8)), (name, node, np.unique(values))
            if values.max() > 1:
                held[f"counts.{node[2:]}"] = values.astype(np.uint8)
                continue
            held[node] = np.packbits(values > 0, axis=1)
            held["n" + node] = values.shape[1]
        else:
            held[node] = values.astype(np.float32)
    memory = io.BytesIO()
    np.savez_compressed(memory, **held)
    (folder / f"{name}.npz").write_bytes(memory.getvalue())
    print(name, len(content), [(k, int(np.asarray(v).sum())) for k, v in seen.items()])


def seen_units(n: int) -> slice:
    """Return the units of a layer whose membranes are kept."""
    return slice(None, None, -(-n // _UNITS))


def _versions(tool: str) -> Iterator[str]:
    for name in (tool, *BESIDE):
        try:
            yield f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            continue


def drawn(*shape: int, rate: float = 0.3) -> Any:
    """Return spikes to show, f32[step, …]."""
    return (np.random.default_rng(7).random((STEPS, *shape)) < rate).astype(np.float32)


def spikes(*shape: int, rate: float = 0.3) -> Any:
    """Return spikes to show, as a tensor of torch."""
    import torch

    return torch.from_numpy(drawn(*shape, rate=rate))


def stepwise(net: Any, x: Any, states: bool, read_out: tuple[str, ...] = ()) -> dict[str, Any]:
    """Run a torch module step by step; return what its numbered children with neurons gave, [step, unit].

    The membrane of one that fires is its attribute ``mem`` after the step, or the ``v`` of the state that it returns.

    Parameters
    ----------
    states
        Whether the module takes its state and hands it on.
    read_out
        Kinds of children that do not fire.
    """
    seen: dict[str, list[Any]] = {}
    hooks = []
    for name, child in net.named_children():
        if type(child).__module__.split(".")[0] == "torch":
            continue
        fires = type(child).__name__ not in read_out
        seen[f"{'s' if fires else 'v'}.{name}"] = []
        if fires:
            seen[f"m.{name}"] = []

        def keep(m: Any, i: Any, o: Any, name: str = name, fires: bool = fires) -> None:
            given = o[0] if isinstance(o, tuple) else o
            seen[f"{'s' if fires else 'v'}.{name}"].append(np.array(given.detach()[0]).ravel())
            if fires:
                membrane = o[1].v if isinstance(o, tuple) else m.mem
                seen[f"m.{name}"].append(np.array(membrane.detach()[0]).ravel())

        hooks.append(child.register_forward_hook(keep))
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
