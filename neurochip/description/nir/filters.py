"""Leaky integrators as filters of what neurons receive: LI, weights, LIF of NIR is one CubaLIF.

A chip sends spikes, and no potentials. Where one time constant filters all that reaches a neuron, it is the same to
filter the sum that arrives there: the filter moves behind the weights, and into the neuron.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np

from neurochip.description.nir.maps import LINEAR
from neurochip.description.nir.nodes import IDENTITY, Graph, Node
from neurochip.description.nir.sources import Source

__all__ = ["moved_filters"]

_WITH_FILTER = {"LIF": "CubaLIF", "LI": "CubaLI"}
_CHANGES_NOTHING = ("Flatten", IDENTITY)
# Of others, LI and CubaLIF do not mean the same equations.
_AS_WRITTEN = ("generic", "lava-dl")


def moved_filters(source: Source, graph: Graph) -> Graph:
    """Return a graph in which neurons hold the filters that stood before their weights; others stay as they are."""
    filters = _Filters(graph) if source.name in _AS_WRITTEN else None
    return graph if filters is None or not filters.moved else filters.graph()


class _Filters:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._after: dict[str, list[str]] = {name: [] for name in graph.nodes}
        self._before: dict[str, list[str]] = {name: [] for name in graph.nodes}
        for a, b in graph.edges:
            self._after[a].append(b)
            self._before[b].append(a)
        found = {name: _time_constant(node) for name, node in graph.nodes.items() if node.kind == "LI"}
        taus = {name: tau for name, tau in found.items() if tau is not None}
        self._ends = {name: set(self._reached(name, self._after[name])) for name in taus}
        # Who is read as it is alone, and needs not move.
        moved = {name for name in taus if self._ends[name]}
        while wrong := {name for name in moved if not self._may_move(name, moved, taus)}:
            moved -= wrong
        self.moved = moved
        self._taus = taus

    def _reached(self, start: str, readers: Collection[str]) -> Iterator[str]:
        """Yield what reads sums of a node over some of its readers: neurons, and outputs that are behind weights."""
        seen = {start} if self._graph.nodes[start].kind in LINEAR else set()
        front = [(name, True) for name in readers]
        while front:
            name, bare = front.pop()
            node = self._graph.nodes[name]
            if node.kind not in LINEAR:
                if not (bare and node.kind == "Output" and len(self._before[name]) == 1):
                    yield name
            elif name not in seen:
                seen.add(name)
                bare = bare and node.kind in _CHANGES_NOTHING and len(self._before[name]) == 1
                front += [(other, bare) for other in self._after[name]]

    def _leaves(self, end: str) -> set[str]:
        """Return all that sends to a node, over whatever is linear; its own name where a bias does."""
        found, seen, front = set(), set(), list(self._before[end])
        while front:
            name = front.pop()
            node = self._graph.nodes[name]
            if node.kind not in LINEAR:
                found.add(name)
            elif name not in seen:
                seen.add(name)
                front += self._before[name]
                if np.any(node.fields.get("bias", 0)):
                    found.add(end)
        return found

    def _may_move(self, name: str, moved: Collection[str], taus: Mapping[str, float]) -> bool:
        for end in self._ends[name]:
            if self._graph.nodes[end].kind not in (*_WITH_FILTER, "Output") or end in moved:
                return False
            leaves = self._leaves(end)
            if not leaves.issubset(moved) or len({taus[leaf] for leaf in leaves}) > 1:
                return False
        return True

    def graph(self) -> Graph:
        """Return the graph with filters moved."""
        nodes, edges = dict(self._graph.nodes), list(self._graph.edges)
        notes = list(self._graph.notes)
        tau_of = {end: self._taus[name] for name in sorted(self.moved) for end in self._ends[name]}
        for name in sorted(self.moved):
            node = nodes[name]
            straight = [b for b in self._after[name] if not any(self._reached(name, [b]))]
            scale = Node(name, "Scale", {"scale": node.fields["r"]}, node.metadata)
            if not straight:
                nodes[name] = scale
                continue
            beside = _free(f"{name}.scale", nodes)  # it is read out besides, and stays
            nodes[beside] = replace(scale, name=beside)
            edges = [(beside if a == name and b not in straight else a, b) for a, b in edges]
            edges += [(a, beside) for a in self._before[name]]
        for end, tau in sorted(tau_of.items()):
            node = nodes[end]
            if node.kind == "Output":
                kept = _free(f"{end}.filter", nodes)
                one = np.ones(1)
                fields = {"tau": np.full(1, tau), "r": one, "v_leak": 0 * one}
                nodes[kept] = Node(kept, "LI", fields)
                edges = [(a, kept) if b == end else (a, b) for a, b in edges] + [(kept, end)]
                continue
            fields = {"tau_mem" if key == "tau" else key: value for key, value in node.fields.items()}
            nodes[end] = Node(
                end, _WITH_FILTER[node.kind], {**fields, "tau_syn": np.float64(tau)}, node.metadata
            )
        filters, readers = (
            ", ".join(f"'{name}'" for name in sorted(names)) for names in (self.moved, tau_of)
        )
        notes.append(
            f"what {readers} receives is filtered by LI {filters}: the filter is moved there, behind the weights, "
            "where it does the same"
        )
        return Graph(nodes, tuple(edges), self._graph.metadata, tuple(notes))


def _free(name: str, nodes: Mapping[str, Node]) -> str:
    while name in nodes:
        name += "_"
    return name


def _time_constant(node: Node) -> float | None:
    """Return the time constant that all units of a leaky integrator share, where it rests at 0."""
    values = np.asarray(node.fields.get("tau", np.zeros(0)))
    if values.dtype.kind not in "iuf" or not values.size or not (values == values.flat[0]).all():
        return None
    if "r" not in node.fields or np.any(node.fields.get("v_leak", 0)) or node.fields.keys() & {"v_threshold"}:
        return None
    return float(values.flat[0])
