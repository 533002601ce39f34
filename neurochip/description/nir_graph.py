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

from neurochip.description.linear_maps import (
    Connectivity,
    LinearMap,
    after,
    chosen,
    unrolled,
)
from neurochip.description.nir_maps import LINEAR, WITHOUT_WEIGHTS, linear_map, maps_node
from neurochip.description.spiking import PARAMETERS, Connection, NeuronGroup, SpikingNetwork, real_numbers
from neurochip.elements.connections import OneToOne
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


class _SaidOfWeights(TypedDict, total=False):
    """What NIR has no field for, of a matrix: which of its entries are synapses."""

    connectivity: Literal["dense", "sparse", "one-to-one"]


_SAID: dict[str, Connectivity] = {"dense": "dense", "sparse": "sparse"}
_REASONS = {
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


def read_nir(
    path: Path | str,
    *,
    dt: float | None = None,
    method: str | None = None,
    connectivity: Connectivity = "auto",
) -> SpikingNetwork:
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
        graph = package.dict2NIRNode({**table, "type_check": True})
        return from_nir(graph, dt=dt, method=method, connectivity=connectivity)


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


def from_nir(
    graph: Any,
    *,
    dt: float | None = None,
    method: str | None = None,
    connectivity: Connectivity = "auto",
) -> SpikingNetwork:
    """Return the network that a ``nir.NIRGraph`` describes.

    Parameters
    ----------
    dt
        Seconds of a tick; NIR has no such thing, so it must be given unless the graph came from here.
    method
        ``euler`` or ``exact``; `None` takes what the graph says if it came from here, else ``euler``.
    connectivity
        ``auto``: convolutions and pooling as they are described, matrices as `linear_maps.as_described` has it.
        ``sparse``: all as lists of synapses, of a matrix those that are not 0. ``dense``: all as matrices, in which
        every entry is a synapse.
    """
    kinds = {name: type(node).__name__ for name, node in graph.nodes.items()}
    for name, kind in kinds.items():
        if kind not in (*PARAMETERS, *LINEAR, "Output"):
            raise _refusal(kind, name, _REASONS.get(kind, "is not known here"))
    edges = [(str(a), str(b)) for a, b in graph.edges]
    inputs = [name for name, kind in kinds.items() if kind == "Input"]
    if len(inputs) != 1:
        raise ConfigError("nir", f"must have one Input, got {len(inputs)} ({', '.join(inputs) or 'none'})")
    ours: _SaidOfNetwork = _ours(graph.metadata, _SaidOfNetwork, "metadata")
    order, kept = _in_order(inputs[0], kinds, edges), ours.get("order", [])
    if sorted(kept) == sorted(order) and kept[0] == inputs[0]:
        order = kept
    groups = {name: _group(name, kinds[name], graph.nodes[name]) for name in order}
    connections = _connections(graph.nodes, kinds, edges, groups, connectivity)
    outputs = {}
    for name in (name for name, kind in kinds.items() if kind == "Output"):
        heard = [a for a, b in edges if b == name]
        if len(heard) != 1 or kinds[heard[0]] not in PARAMETERS or kinds[heard[0]] == "Input":
            raise _refusal("Output", name, "must hear one group of neurons; after weights put an LI")
        outputs[name] = heard[0]
    _refuse_stray(kinds, edges, groups)
    seconds = dt if dt is not None else ours.get("dt")
    if seconds is None:
        raise ConfigError(
            "dt", "is missing; NIR is in continuous time, so say how long a tick is, in seconds"
        )
    places = {name: k for k, name in enumerate(groups)}
    connections.sort(key=lambda c: (places[c.target], places[c.source]))
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
            nodes[group.name] = nir.Input(input_type={"input": np.array(group.shape or (group.size,))})
            nodes[group.name].metadata = extra
        else:
            shape = group.shape or (group.size,)
            shaped = {name: values.reshape(shape) for name, values in group.parameters.items()}
            nodes[group.name] = getattr(nir, group.kind)(**shaped, metadata=extra)
    for c in network.connections:
        if c.weights is None and c.bias is None and c.connectivity is None:
            edges.append((c.source, c.target))
            continue
        name = c.name or f"{c.source}_to_{c.target}"
        if name in nodes:
            raise ConfigError(name, "is the name of two nodes; rename one")
        source, target = network.group(c.source), network.group(c.target)
        made = LinearMap(*c.joined(source.size), c.bias)
        node, before = maps_node(nir, made, source.shape, target.shape), c.source
        extra = _held(c.metadata)
        if node is None:
            matrix = unrolled(made, "dense").weights
            assert matrix is not None
            weight = np.ascontiguousarray(matrix.T)
            kind = made.connection.kind
            extra[_OURS] = json.dumps({"connectivity": kind if kind in ("dense", "one-to-one") else "sparse"})
            node = nir.Linear(weight) if c.bias is None else nir.Affine(weight, c.bias)
            if len(source.shape) > 1:
                before = f"{name}_flatten"
                nodes[before] = nir.Flatten({"input": np.array(source.shape)}, 0, -1)
                edges.append((c.source, before))
        node.metadata = extra
        nodes[name] = node
        last = name
        if type(node).__name__ not in ("Linear", "Affine") and len(target.shape) < 2:
            last = f"{name}_flatten"
            nodes[last] = nir.Flatten({"input": np.array(made.connection.target)}, 0, -1)  # type: ignore[attr-defined]
        edges += [(before, name), (name, c.target)] if last == name else [
            (before, name), (name, last), (last, c.target)
        ]  # fmt: skip
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
        shape = tuple(int(n) for n in next(iter(node.input_type.values())))
        return NeuronGroup(
            name=name,
            kind="Input",
            size=math.prod(shape),
            metadata=_plain(node.metadata),
            shape=shape if len(shape) > 1 else (),
        )
    given = {key: real_numbers(getattr(node, key), f"{name}.{key}") for key in PARAMETERS[kind]}
    shape = given["r"].shape
    if not shape:
        raise _refusal(
            kind, name, "has neurons without a shape; give its parameters one value for each neuron"
        )
    given = {key: values.reshape(-1) for key, values in given.items()}
    return NeuronGroup(
        name=name,
        kind=cast(Any, kind),
        size=math.prod(shape),
        parameters=given,
        reset=ours.get("reset", "value"),
        refractory=ours.get("refractory", 0),
        metadata=_plain(node.metadata),
        shape=shape if len(shape) > 1 else (),
    )


def _connections(
    nodes: Mapping[str, Any],
    kinds: Mapping[str, str],
    edges: list[tuple[str, str]],
    groups: Mapping[str, NeuronGroup],
    how: Connectivity,
) -> list[Connection]:
    """Return what joins the groups: each chain of linear nodes between two of them becomes one connection."""
    hears: dict[str, list[str]] = {name: [] for name in kinds}
    heard_by: dict[str, list[str]] = {name: [] for name in kinds}
    for a, b in edges:
        hears[b].append(a)
        heard_by[a].append(b)
    for name, kind in kinds.items():
        if kind not in LINEAR:
            continue
        if len(hears[name]) != 1:
            raise _refusal(
                kind, name, f"hears {len(hears[name])} nodes; one is what a matrix of this chip joins"
            )
        if len(heard_by[name]) != 1 and not (heard_by[name] and kind in WITHOUT_WEIGHTS):
            raise _refusal(
                kind,
                name,
                f"is heard by {len(heard_by[name])} nodes; one is what a matrix of this chip joins",
            )
    found = []
    for target in groups:
        for last in hears[target]:
            chain: list[str] = []
            at = last
            while kinds[at] in LINEAR:
                if at in chain:
                    raise _refusal(kinds[at], at, "hears itself without neurons between")
                chain.insert(0, at)
                at = hears[at][0]
            if at not in groups:
                raise _refusal(
                    kinds[at], at, f"is heard by {kinds[last]} (node '{last}'), and sends no spikes"
                )
            found.append(_connection(at, chain, target, nodes, kinds, groups, how))
    return found


def _refuse_stray(
    kinds: Mapping[str, str], edges: list[tuple[str, str]], groups: Mapping[str, NeuronGroup]
) -> None:
    """Refuse linear nodes from which no group of neurons is reached: they would play no part."""
    useful, before = set(groups), set[str]()
    while useful != before:
        before = set(useful)
        useful |= {a for a, b in edges if b in before}
    for name, kind in kinds.items():
        if kind in LINEAR and name not in useful:
            raise _refusal(kind, name, "stands on no way from a group of neurons to another; remove it")


def _connection(
    source: str,
    chain: list[str],
    target: str,
    nodes: Mapping[str, Any],
    kinds: Mapping[str, str],
    groups: Mapping[str, NeuronGroup],
    how: Connectivity,
) -> Connection:
    shape = groups[source].shape or (groups[source].size,)
    made: LinearMap | None = None
    said: Connectivity = how
    for name in chain:
        step, shape = linear_map(kinds[name], name, nodes[name], shape)
        if step is None:
            continue
        ours: _SaidOfWeights = _ours(nodes[name].metadata, _SaidOfWeights, f"{name}.metadata")
        said = _SAID.get(ours.get("connectivity", ""), how) if how == "auto" and made is None else how
        made = step if made is None else after(made, step)
    if made is not None and made.connection.targets != groups[target].size:
        size = groups[target].size
        raise ConfigError(
            chain[-1], f"must end in {size} units, those of {target}, got {made.connection.targets}"
        )
    named = [name for name in chain if kinds[name] not in WITHOUT_WEIGHTS] or chain
    metadata = _plain(nodes[named[-1]].metadata) if named else {}
    if made is None:
        if how == "auto":
            return Connection(
                name="", source=source, target=target, weights=None, metadata=metadata if chain else {}
            )
        n = groups[source].size
        made = LinearMap(OneToOne(n, n), np.ones(n, dtype=np.float32))
    made = chosen(made, said)
    dense = made.connection.kind == "dense"
    return Connection(
        name=named[-1] if named else "",
        source=source,
        target=target,
        weights=None if made.weights is None or not made.weights.size else made.weights,
        bias=made.bias,
        metadata=metadata,
        connectivity=None if dense else made.connection,
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
