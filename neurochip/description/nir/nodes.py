"""Graphs of the Neuromorphic Intermediate Representation as they are written: nodes, edges, graphs within graphs.

A file is read by what it says, and not by what a package makes of it: exporters leave out shapes, write one number for
many neurons, or name a node of a subgraph by the name that it had before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurochip.errors import CapabilityError, ConfigError
from neurochip.files import Foreign, Hdf5Group

__all__ = ["IDENTITY", "Graph", "Node", "as_graph", "flattened", "graph_of", "refusal", "refuse_potentials"]

IDENTITY = "Identity"  # the Input or Output of a graph within a graph
_MOST_DEPTH = 32
_OF_GRAPHS = ("nodes", "edges", "metadata", "type", "version")


@dataclass(frozen=True, eq=False)
class Node:
    """One node: its kind, its fields as they stand in the file, its metadata, and the graph that it may be."""

    name: str
    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    graph: Graph | None = None

    def __getattr__(self, name: str) -> Any:
        """Return a field, refused by its place where it is missing."""
        try:
            return self.fields[name]
        except KeyError:
            if name.startswith("__"):
                raise AttributeError(name) from None
            raise ConfigError(
                f"{self.name}.{name}", f"is missing; a {self.kind} needs it: export the network again"
            ) from None


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes by name and what is joined, each pair once; ``notes`` say what was not as it should be."""

    nodes: Mapping[str, Node]
    edges: tuple[tuple[str, str], ...]
    metadata: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def refusal(node: Node, why: str) -> CapabilityError:
    """Return what says that a node cannot run here."""
    return CapabilityError(f"{node.kind} (node '{node.name}')", why)


def refuse_potentials(node: Node, reader: str) -> None:
    """Refuse what never fires as a source: it gives its potential to who reads it, and a chip sends bits alone."""
    if node.kind in ("I", "LI", "CubaLI"):
        raise refusal(
            node,
            f"gives its potential to '{reader}', and a chip sends spikes alone; join it to an Output of its own, with "
            "weights before it, or, where it filters what neurons receive, write both as one CubaLIF",
        )


def graph_of(group: Hdf5Group, file: Foreign, name: str = "", depth: int = 0) -> Graph:
    """Return the graph that stands in a group of a file.

    Raises
    ------
    DataError
        Where there are no nodes or edges.
    """
    if depth > _MOST_DEPTH:
        raise file.damaged("has graphs within graphs without end", name or "node")
    if "nodes" not in group.groups:
        raise file.damaged("has no nodes", name or "node")
    nodes = {}
    for key, inner in group.groups["nodes"].groups.items():
        kind = _text(inner.arrays.get("type", ""))
        metadata = _table(inner.groups.get("metadata", Hdf5Group()))
        if kind == "NIRGraph" or "nodes" in inner.groups:
            nodes[key] = Node(key, "NIRGraph", {}, metadata, graph_of(inner, file, key, depth + 1))
            continue
        if not kind:
            raise file.damaged("has no type", f"node '{key}'")
        fields = {k: v for k, v in inner.arrays.items() if k != "type"}
        fields |= {
            k: dict(held.arrays) for k, held in inner.groups.items() if k in ("input_type", "output_type")
        }
        nodes[key] = Node(key, kind, fields, metadata)
    pairs = np.asarray(group.arrays.get("edges", np.zeros((0, 2), "U1")))
    if pairs.size and (pairs.ndim != 2 or pairs.shape[1] != 2):
        raise file.damaged("edges are no pairs", name or "node")
    edges = [(_text(a), _text(b)) for a, b in pairs.reshape(-1, 2)]
    return _checked(name, nodes, edges, _table(group.groups.get("metadata", Hdf5Group())))


def _table(group: Hdf5Group) -> dict[str, object]:
    return {name: _table(inner) for name, inner in group.groups.items()} | dict(group.arrays)


def as_graph(graph: Any, name: str = "", depth: int = 0) -> Graph:
    """Return a ``nir.NIRGraph`` as a graph."""
    if depth > _MOST_DEPTH:
        raise ConfigError(name or "nir", "has graphs within graphs without end")
    nodes = {}
    for key, node in graph.nodes.items():
        key, kind = str(key), type(node).__name__
        metadata = getattr(node, "metadata", None)
        held = metadata if isinstance(metadata, Mapping) else {}
        if kind == "NIRGraph":
            nodes[key] = Node(key, kind, {}, held, as_graph(node, key, depth + 1))
        else:
            nodes[key] = Node(key, kind, {k: v for k, v in vars(node).items() if v is not None}, held)
    edges = [(str(a), str(b)) for a, b in graph.edges]
    metadata = graph.metadata if isinstance(graph.metadata, Mapping) else {}
    return _checked(name, nodes, edges, metadata)


def _checked(
    name: str, nodes: dict[str, Node], edges: list[tuple[str, str]], metadata: Mapping[str, object]
) -> Graph:
    """Return a graph whose edges name nodes; NIR's edges are a set, so one that stands twice counts once."""
    notes = []
    where = f"graph '{name}'" if name else "graph"
    met = {end for edge in edges for end in edge}
    missing = sorted(end for end in met if end not in nodes and not _within(end, nodes))
    alone = [key for key in nodes if key not in met and not any(end.startswith(f"{key}.") for end in met)]
    if len(missing) == len(alone) == 1:
        edges = [tuple(alone[0] if end == missing[0] else end for end in edge) for edge in edges]  # type: ignore[misc]
        notes.append(
            f"{where}: edges name '{missing[0]}', and '{alone[0]}' stands in none: taken to be the same node"
        )
    elif missing:
        raise ConfigError(
            name or "edges",
            f"has an edge with '{missing[0]}', and there is no such node; there are {', '.join(nodes)}",
        )
    once = tuple(dict.fromkeys(edges))
    if len(once) != len(edges):
        twice = next(edge for edge in once if edges.count(edge) > 1)
        notes.append(
            f"{where}: an edge from '{twice[0]}' to '{twice[1]}' stands there more than once and counts once"
        )
    return Graph(nodes, once, metadata, tuple(notes))


def _within(end: str, nodes: Mapping[str, Node]) -> bool:
    """Whether a name is that of a node in one of the graphs, with the name of the graph before it."""
    graph, _, inner = end.partition(".")
    held = nodes[graph].graph if graph in nodes else None
    return held is not None and inner in held.nodes


def flattened(graph: Graph) -> Graph:
    """Return a graph without graphs in it: their nodes have the name of the graph before their own.

    Raises
    ------
    CapabilityError
        For an edge to a graph that has several inputs, or none, without saying which is meant.
    """
    nodes: dict[str, Node] = {}
    edges: list[tuple[str, str]] = []
    notes = list(graph.notes)
    for name, node in graph.nodes.items():
        if node.graph is None:
            nodes[name] = node
            continue
        inner = flattened(node.graph)
        notes += inner.notes
        for key, held in inner.nodes.items():
            full = f"{name}.{key}"
            kind = IDENTITY if held.kind in ("Input", "Output") else held.kind
            nodes[full] = Node(full, kind, held.fields, held.metadata)
        edges += [(f"{name}.{a}", f"{name}.{b}") for a, b in inner.edges]

    def end(name: str, kind: str) -> str:
        node = graph.nodes.get(name)
        if node is None or node.graph is None:
            return name
        found = [key for key, held in node.graph.nodes.items() if held.kind == kind]
        if len(found) != 1:
            raise refusal(
                node,
                f"has {len(found)} {kind} nodes, and an edge does not say which it means; join '{name}.NODE' itself",
            )
        return f"{name}.{found[0]}"

    edges += [(end(a, "Output"), end(b, "Input")) for a, b in graph.edges]
    return Graph(nodes, tuple(dict.fromkeys(edges)), graph.metadata, tuple(notes))


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
