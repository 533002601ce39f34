"""`SpikingNetwork` → a graph of the Neuromorphic Intermediate Representation; the rest stands in metadata."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from neurochip.description.balanced import balanced
from neurochip.description.linear_maps import LinearMap, unrolled
from neurochip.description.nir.maps import maps_node
from neurochip.description.nir.metadata import OURS, held
from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.errors import DataError
from neurochip.extras import needed

__all__ = ["nir_bytes", "to_nir"]


def nir_bytes(network: SpikingNetwork) -> bytes:
    """Return a network as the content of a .nir."""
    memory, package, graph = io.BytesIO(), _nir(), to_nir(network)
    try:
        package.write(memory, graph)
    except (TypeError, ValueError, OSError, OverflowError) as error:
        raise DataError("nir", f"cannot hold this network ({type(error).__name__}: {error})") from error
    return memory.getvalue()


def _nir() -> Any:
    return needed("nir", "nir", "NIR")


def to_nir(network: SpikingNetwork) -> Any:
    """Return the ``nir.NIRGraph`` of a network.

    A delay that balances paths (`balanced`) is one that other tools do not have; what is longer is a ``Delay``.
    """
    nir = _nir()
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    taken = _names(network)
    for group in network.groups:
        if group.kind != "Readout":
            nodes[group.name] = _neurons(nir, group)
    ends: dict[str, list[str]] = {group.name: [group.name] for group in network.groups}
    outputs: dict[str, Any] = {}
    for output, name in _outputs(network):
        free = _free(output, taken)
        outputs[free] = nir.Output(output_type={"output": np.array([network.group(name).size])})
        said: dict[str, object] = {"output": output} if free != output else {}
        if network.group(name).kind == "Readout":
            ends[name] = [free, *(end for end in ends[name] if end != name)]
            said |= {"group": name} | _said_of(network.group(name))
            outputs[free].metadata = held(network.group(name).metadata)
        else:
            edges.append((name, free))
        if said:
            outputs[free].metadata = outputs[free].metadata | {OURS: json.dumps(said)}
    meant = balanced(
        [g.name for g in network.groups], [(c.source, c.target) for c in network.connections]
    ).delay
    plain: set[tuple[str, str]] = set()
    for c in network.connections:
        pair = c.source, c.target
        bare = c.weights is None and c.bias is None and c.connectivity is None
        if bare and not c.name and not c.metadata and c.delay == 1 and pair not in plain:
            plain.add(pair)
            edges += [(c.source, end) for end in ends[c.target]]
            continue
        chain = _chain(nir, network, c, taken, longer=c.delay - meant[pair])
        nodes |= dict(chain)
        names = [c.source, *(name for name, _ in chain)]
        edges += list(zip(names, names[1:], strict=False))
        edges += [(names[-1], end) for end in ends[c.target]]
    said = {"dt": network.dt, "method": network.method, "order": [group.name for group in network.groups]}
    kept = held(network.metadata) | {OURS: json.dumps(said)}
    return nir.NIRGraph(nodes | outputs, edges, metadata=kept, type_check=False)


def _names(network: SpikingNetwork) -> set[str]:
    return {group.name for group in network.groups if group.kind != "Readout"}


def _outputs(network: SpikingNetwork) -> Iterable[tuple[str, str]]:
    """Return outputs and their groups; a sum that nobody reads is read under its own name."""
    yield from network.outputs.items()
    for group in network.groups:
        if group.kind == "Readout" and group.name not in network.outputs.values():
            yield group.name, group.name


def _free(name: str, taken: set[str]) -> str:
    """Return a name that no node has, and take it."""
    free, k = name, 2
    while free in taken or not free:
        free, k = f"{name}_{k}", k + 1
    taken.add(free)
    return free


def _neurons(nir: Any, group: NeuronGroup) -> Any:
    extra = held(group.metadata)
    shape = group.shape or (group.size,)
    if group.kind == "Input":
        node = nir.Input(input_type={"input": np.array(shape)})
        node.metadata = extra
        return node
    said = _said_of(group)
    if said:
        extra[OURS] = json.dumps(said)
    shaped = {name: values.reshape(shape) for name, values in group.parameters.items()}
    return getattr(nir, group.kind)(**shaped, metadata=extra)


def _said_of(group: NeuronGroup) -> dict[str, object]:
    """Return what NIR has no field for, of a group: only what is not as it is by default."""
    defaults = {"reset": "value", "refractory": 0, "fires_when": "above", "start": "rest", "begins": 0}
    said = {key: getattr(group, key) for key in defaults}
    return {key: value for key, value in said.items() if value != defaults[key]}


def _chain(
    nir: Any, network: SpikingNetwork, c: Connection, taken: set[str], longer: int
) -> list[tuple[str, object]]:
    """Return the nodes that stand for one connection, in order: Delay, Flatten, weights, Flatten."""
    source, target = network.group(c.source), network.group(c.target)
    made = LinearMap(*c.joined(source.size), c.bias)
    name = _free(c.name or f"{c.source}_to_{c.target}", taken)
    extra = held(c.metadata)
    said: dict[str, object] = {} if name == c.name else {"name": c.name}
    if c.delay != 1:
        said["delay"] = c.delay
    before: list[tuple[str, Any]] = []
    after: list[tuple[str, object]] = []

    def flat(shape: Any) -> tuple[str, object]:
        return _free(f"{name}_flatten", taken), nir.Flatten({"input": np.array(shape)}, 0, -1)

    if longer > 0:
        node = nir.Delay(np.full(source.shape or (source.size,), longer * network.dt))
        node.metadata = {OURS: json.dumps({"delay": c.delay})}
        before.append((_free(f"{name}_delay", taken), node))
    node = maps_node(nir, made, source.shape, target.shape)
    if node is None:
        matrix = unrolled(made, "dense").weights
        assert matrix is not None
        kind = made.connection.kind
        said["connectivity"] = kind if kind in ("dense", "one-to-one") else "sparse"
        zeros = _zeros(made) if said["connectivity"] == "sparse" else []
        if zeros:
            said["zeros"] = zeros
        weight = np.ascontiguousarray(matrix.T)
        node = nir.Linear(weight) if c.bias is None else nir.Affine(weight, c.bias)
        if len(source.shape) > 1:
            before.append(flat(source.shape))
    elif len(target.shape) < 2:
        after.append(flat(made.connection.target))  # type: ignore[attr-defined]
    if c.weights is None and c.bias is None and c.connectivity is None:
        said["plain"] = True
    if said:
        extra[OURS] = json.dumps(said)
    node.metadata = extra
    return [*before, (name, node), *after]


def _zeros(made: LinearMap) -> list[int]:
    """Return where synapses of weight 0 stand in the matrix [source, target], row by row."""
    edges = made.connection.edges()
    if made.weights is None or not made.weights.size:
        return []
    off = made.weights.reshape(-1)[edges.weight] == 0
    found: list[int] = (edges.source[off] * made.connection.targets + edges.target[off]).tolist()
    return found
