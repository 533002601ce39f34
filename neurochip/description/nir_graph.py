"""Graphs of the Neuromorphic Intermediate Representation → `SpikingNetwork`, and back (docs/nir.md).

Pedersen et al. 2024, "Neuromorphic intermediate representation", Nature Communications 15, 8122.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from neurochip.description.spiking import PARAMETERS, Connection, NeuronGroup, SpikingNetwork, real_numbers
from neurochip.errors import CapabilityError, ConfigError, DataError
from neurochip.files import Foreign, Hdf5Group, decode_json, read_hdf5

__all__ = ["from_nir", "read_nir", "to_nir", "nir_bytes"]

_OURS = "neurochip"  # key of what NIR has no field for, as JSON
_LARGEST_REFRACTORY = 2**31 - 1


class _SaidOfNetwork(TypedDict, total=False):
    """What NIR has no field for, of a network."""

    dt: float
    method: Literal["euler", "exact"]
    order: list[str]


class _SaidOfNeurons(TypedDict, total=False):
    """What NIR has no field for, of a group of neurons."""

    reset: Literal["value", "subtract"]
    refractory: Annotated[int, msgspec.Meta(ge=0, le=_LARGEST_REFRACTORY)]


_WEIGHTS = ("Affine", "Linear")
_REASONS = {
    "Conv1d": "convolutions are not laid out on cores; unroll it to a Linear",
    "Conv2d": "convolutions are not laid out on cores; unroll it to a Linear",
    "AvgPool2d": "pooling is not laid out on cores; unroll it to a Linear",
    "SumPool2d": "pooling is not laid out on cores; unroll it to a Linear",
    "Delay": "every connection of this chip takes one tick, and no other delay is there",
    "NIRGraph": "a graph within a graph is not taken apart; flatten it before",
    "Scale": "scaling is not a connection of its own here; multiply it into the weights",
    "Threshold": "a threshold without a membrane is no neuron of this chip; use an IF",
}


def _nir() -> Any:
    try:
        import nir
    except ImportError:
        raise CapabilityError(
            "nir", 'needs the package nir; install it with: pip install "neurochip[nir]"'
        ) from None
    return nir


def read_nir(path: Path | str, *, dt: float | None = None, method: str | None = None) -> SpikingNetwork:
    """Return the network of a .nir file; see `from_nir`.

    Raises
    ------
    DataError
        When it is missing or no NIR.
    CapabilityError
        When it holds what this chip cannot run; the node is named.
    """
    package = _nir()
    file = Foreign(Path(path), "a NIR graph", "export it again", absent="name a .nir")
    tree = read_hdf5(file)
    with file.guarded():
        table = _table(tree.groups["node"])
        if "type_check" in table:
            raise file.damaged("type_check is no field of a graph", "node")
        return from_nir(package.dict2NIRNode({**table, "type_check": True}), dt=dt, method=method)


def _table(group: Hdf5Group) -> dict[str, Any]:
    """Return a group as the package takes it: tables within tables, arrays, numbers and texts."""
    return {name: _table(inner) for name, inner in group.groups.items()} | dict(group.arrays)


def nir_bytes(network: SpikingNetwork) -> bytes:
    """Return a network as the content of a .nir."""
    memory, package, graph = io.BytesIO(), _nir(), to_nir(network)
    try:
        package.write(memory, graph)
    except (TypeError, ValueError, OSError, OverflowError) as error:
        raise DataError("nir", f"cannot hold this network ({type(error).__name__}: {error})") from error
    return memory.getvalue()


def from_nir(graph: Any, *, dt: float | None = None, method: str | None = None) -> SpikingNetwork:
    """Return the network that a ``nir.NIRGraph`` describes.

    Parameters
    ----------
    dt
        Seconds of a tick; NIR has no such thing, so it must be given unless the graph came from here.
    method
        ``euler`` or ``exact``; `None` takes what the graph says if it came from here, else ``euler``.
    """
    kinds = {name: type(node).__name__ for name, node in graph.nodes.items()}
    for name, kind in kinds.items():
        if kind not in (*PARAMETERS, *_WEIGHTS, "Output", "Flatten"):
            raise _refusal(kind, name, _REASONS.get(kind, "is not known here"))
    edges = [(str(a), str(b)) for a, b in graph.edges]
    edges = _without_flatten(kinds, edges)
    inputs = [name for name, kind in kinds.items() if kind == "Input"]
    if len(inputs) != 1:
        raise ConfigError("nir", f"must have one Input, got {len(inputs)} ({', '.join(inputs) or 'none'})")
    ours: _SaidOfNetwork = _ours(graph.metadata, _SaidOfNetwork, "metadata")
    order, kept = _in_order(inputs[0], kinds, edges), ours.get("order", [])
    if sorted(kept) == sorted(order) and kept[0] == inputs[0]:
        order = kept
    groups = {name: _group(name, kinds[name], graph.nodes[name]) for name in order}
    connections = []
    for name, kind in kinds.items():
        if kind in _WEIGHTS:
            connections.append(_weights(name, kind, graph.nodes[name], kinds, edges))
    for a, b in edges:
        if a in groups and b in groups:
            connections.append(Connection(name="", source=a, target=b, weights=None))
    outputs = {}
    for name in (name for name, kind in kinds.items() if kind == "Output"):
        heard = [a for a, b in edges if b == name]
        if len(heard) != 1 or kinds[heard[0]] not in PARAMETERS or kinds[heard[0]] == "Input":
            raise _refusal("Output", name, "must hear one group of neurons; after weights put an LI")
        outputs[name] = heard[0]
    seconds = dt if dt is not None else ours.get("dt")
    if seconds is None:
        raise ConfigError(
            "dt", "is missing; NIR is in continuous time, so say how long a tick is, in seconds"
        )
    connections.sort(key=lambda c: (list(groups).index(c.target), list(groups).index(c.source)))
    return SpikingNetwork(
        groups=tuple(groups.values()),
        connections=tuple(connections),
        outputs=dict(sorted(outputs.items())),
        dt=float(seconds),
        method=cast(Any, method or ours.get("method", "euler")),
        metadata=_plain(graph.metadata),
    )


def to_nir(network: SpikingNetwork) -> Any:
    """Return the ``nir.NIRGraph`` of a network; what NIR cannot say stands in metadata."""
    nir = _nir()
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    for group in network.groups:
        extra = _held(group.metadata)
        if group.reset != "value" or group.refractory:
            extra[_OURS] = json.dumps({"reset": group.reset, "refractory": group.refractory})
        if group.kind == "Input":
            nodes[group.name] = nir.Input(input_type={"input": np.array([group.size])})
            nodes[group.name].metadata = extra
        else:
            nodes[group.name] = getattr(nir, group.kind)(**dict(group.parameters), metadata=extra)
    for c in network.connections:
        if c.weights is None and c.bias is None:
            edges.append((c.source, c.target))
            continue
        name = c.name or f"{c.source}_to_{c.target}"
        if name in nodes:
            raise ConfigError(name, "is the name of two nodes; rename one")
        weights = np.eye(network.group(c.target).size) if c.weights is None else c.weights
        matrix = np.ascontiguousarray(weights.T)
        extra = _held(c.metadata)
        if c.bias is None:
            nodes[name] = nir.Linear(weight=matrix, metadata=extra)
        else:
            nodes[name] = nir.Affine(weight=matrix, bias=c.bias, metadata=extra)
        edges += [(c.source, name), (name, c.target)]
    for output, name in network.outputs.items():
        if output in nodes:
            raise ConfigError(f"outputs.{output}", "is the name of a node as well; rename one")
        nodes[output] = nir.Output(output_type={"output": np.array([network.group(name).size])})
        edges.append((name, output))
    said = {"dt": network.dt, "method": network.method, "order": [group.name for group in network.groups]}
    kept = _held(network.metadata) | {_OURS: json.dumps(said)}
    return nir.NIRGraph(nodes, edges, metadata=kept, type_check=False)


def _refusal(kind: str, name: str, why: str) -> CapabilityError:
    return CapabilityError(f"{kind} (node '{name}')", why)


def _without_flatten(kinds: Mapping[str, str], edges: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return edges past each Flatten, which only changes the shape of what an Input sends."""
    for name in (name for name, kind in kinds.items() if kind == "Flatten"):
        before = [a for a, b in edges if b == name]
        if [kinds[a] for a in before] != ["Input"]:
            raise _refusal("Flatten", name, "is understood right after the Input only")
        after = [b for a, b in edges if a == name]
        edges = [edge for edge in edges if name not in edge] + [(before[0], b) for b in after]
    return edges


def _in_order(first: str, kinds: Mapping[str, str], edges: list[tuple[str, str]]) -> list[str]:
    """Return the groups of neurons, those nearer to the input first."""
    seen, front = [first], [first]
    while front:
        front = sorted({b for a, b in edges if a in front and b not in seen})
        seen += front
    seen += [name for name in sorted(kinds) if name not in seen]
    return [name for name in seen if kinds[name] in PARAMETERS]


def _group(name: str, kind: str, node: Any) -> NeuronGroup:
    ours: _SaidOfNeurons = _ours(node.metadata, _SaidOfNeurons, f"{name}.metadata")
    if kind == "Input":
        size = int(np.prod([int(n) for n in next(iter(node.input_type.values()))]))
        return NeuronGroup(name=name, kind="Input", size=size, metadata=_plain(node.metadata))
    given = {key: real_numbers(getattr(node, key), f"{name}.{key}") for key in PARAMETERS[kind]}
    shape = given["r"].shape
    if len(shape) != 1:
        raise _refusal(kind, name, f"has neurons in shape {shape}; layers of this chip have one dimension")
    return NeuronGroup(
        name=name,
        kind=cast(Any, kind),
        size=shape[0],
        parameters=given,
        reset=ours.get("reset", "value"),
        refractory=ours.get("refractory", 0),
        metadata=_plain(node.metadata),
    )


def _weights(
    name: str, kind: str, node: Any, kinds: Mapping[str, str], edges: list[tuple[str, str]]
) -> Connection:
    before, after = [a for a, b in edges if b == name], [b for a, b in edges if a == name]
    for what, ends in (("hears", before), ("is heard by", after)):
        if len(ends) != 1:
            raise _refusal(kind, name, f"{what} {len(ends)} nodes; one is what a matrix of this chip joins")
        if kinds[ends[0]] not in PARAMETERS:
            raise _refusal(
                kind, name, f"{what} {kinds[ends[0]]} (node '{ends[0]}'); weights join groups of neurons here"
            )
    weight: NDArray[Any] = np.asarray(node.weight)
    if weight.ndim != 2:
        raise _refusal(kind, name, f"has weights in shape {weight.shape}; they must be [out, in]")
    return Connection(
        name=name,
        source=before[0],
        target=after[0],
        weights=np.ascontiguousarray(weight.T),
        bias=real_numbers(node.bias, f"{name}.bias") if kind == "Affine" else None,
        metadata=_plain(node.metadata),
    )


def _ours(metadata: Any, type: Any, place: str) -> Any:
    """Return what stands under our key, an empty table where nothing does."""
    text = metadata.get(_OURS) if isinstance(metadata, Mapping) else None
    if text is None:
        return {}
    where = Foreign(Path(f"{place}.{_OURS}"), "what neurochip writes there", "export the network again")
    if not isinstance(text, str | bytes):
        raise where.damaged("is no text")
    return decode_json(text, where, type)


def _plain(metadata: Any) -> dict[str, Any]:
    """Return metadata as JSON values, ours left out; what JSON does not have becomes text."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {_text(key): plain(entry) for key, entry in value.items()}
        if isinstance(value, np.ndarray | np.generic):
            return plain(value.tolist())
        if isinstance(value, list | tuple):
            return [plain(entry) for entry in value]
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        return value if isinstance(value, int | float | bool | None) else _text(value)

    if not isinstance(metadata, Mapping):
        return {}
    return {_text(key): plain(value) for key, value in metadata.items() if key != _OURS}


def _text(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.encode(
        "utf-8", "replace"
    ).decode()  # half a pair of surrogates is no text that a file can hold


def _held(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata as HDF5 holds them: what is neither a number nor a text, nor a list of numbers, as JSON."""
    return {str(key): _held_value(value) for key, value in metadata.items()}


def _held_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _held(value)
    if isinstance(value, str):
        return value.replace("\0", " ")  # which HDF5 takes for the end
    if isinstance(value, bool | float) or (isinstance(value, int) and -(2**63) <= value < 2**63):
        return value
    if isinstance(value, list) and value and {type(entry) for entry in value} in ({int}, {float}):
        if all(-(2**63) <= entry < 2**63 for entry in value):
            return np.array(value)
    return json.dumps(value)
