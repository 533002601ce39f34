"""One reading of one NIR graph: groups of neurons, what stands between them, the ticks that balance its paths."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, NamedTuple, TypedDict, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from neurochip.description.balanced import balanced
from neurochip.description.linear_maps import Connectivity, LinearMap, chosen
from neurochip.description.nir.doubts import doubts_of_resets, numbers_of, step_of
from neurochip.description.nir.fields import unread_fields
from neurochip.description.nir.filters import moved_filters
from neurochip.description.nir.maps import LINEAR, broadcast
from neurochip.description.nir.metadata import ours, plain
from neurochip.description.nir.nodes import IDENTITY, Graph, Node, refusal, refuse_potentials
from neurochip.description.nir.shapes import shapes_of
from neurochip.description.nir.signals import SaidOfWeights, Signal, Signals, identity
from neurochip.description.nir.sources import Source, converted_parameters, loops_as_meant, source_of
from neurochip.description.spiking import PARAMETERS, Connection, NeuronGroup, Reset, SpikingNetwork
from neurochip.elements.connections import OneToOne
from neurochip.errors import ConfigError

__all__ = ["GraphReader", "Imported"]

_LARGEST_REFRACTORY = 2**31 - 1
_INPUTS = "inputs"  # the name of several Input nodes side by side


class Imported(NamedTuple):
    """A network, the tool that it is taken to come from, and what its user should know."""

    network: SpikingNetwork
    source: Source
    notes: tuple[str, ...]

    def late(self, group: str) -> int:
        """Return the ticks by which the spikes of a group are later here than in the tool."""
        return self.network.group(group).begins - self.source.layer_takes


class SaidOfNetwork(TypedDict, total=False):
    """What NIR has no field for, of a network."""

    dt: float
    method: Literal["euler", "exact"]
    order: list[str]


class SaidOfNeurons(TypedDict, total=False):
    """What NIR has no field for, of a group of neurons."""

    reset: Reset
    refractory: Annotated[int, msgspec.Meta(ge=0, le=_LARGEST_REFRACTORY)]
    fires_when: Literal["above", "reached"]
    start: Literal["rest", "zero"]
    begins: Annotated[int, msgspec.Meta(ge=0, lt=2**24)]
    group: str
    output: str


class GraphReader:
    """One reading of one graph."""

    def __init__(
        self,
        graph: Graph,
        dt: float | None,
        method: str | None,
        connectivity: Connectivity,
        source: str | None,
        reset: Reset | Literal["value-at-once"] | None,
    ) -> None:
        self._how, self._reset = connectivity, reset
        self._source, found = source_of(source, graph.metadata)
        self._said: SaidOfNetwork = ours(graph.metadata, SaidOfNetwork, "metadata")
        self._is_ours = "order" in self._said
        graph = loops_as_meant(self._source, graph)
        self._graph = graph = graph if self._is_ours else moved_filters(self._source, graph)
        self._notes = list(graph.notes)
        if found:
            self._notes.append(f"metadata say that {self._source.name} wrote it")
        known = (*PARAMETERS, *LINEAR, "Output")
        for node in graph.nodes.values():
            if node.kind not in known:
                raise refusal(
                    node, "is not known here; there are " + ", ".join(sorted(set(known) - {"Readout"}))
                )
        self._predecessors: dict[str, list[str]] = {name: [] for name in graph.nodes}
        for a, b in graph.edges:
            self._predecessors[b].append(a)
            if graph.nodes[b].kind == "Input":
                raise refusal(
                    graph.nodes[b], f"receives from '{a}', and plays what it is given; remove the edge"
                )
        self._notes += unread_fields(graph)
        self._inputs = [name for name, node in graph.nodes.items() if node.kind == "Input"]
        if not self._inputs:
            raise ConfigError("nir", "must have an Input, got none")
        self._shapes = shapes_of(graph, self._predecessors)
        self._dt = self._step(dt)
        self._method = method or self._said.get("method") or self._source.method or "euler"

    def _step(self, dt: float | None) -> float | None:
        """Return seconds of a tick: as given, as said, as the source has it, or as its neurons betray."""
        numbers = [numbers_of(node) for node in self._graph.nodes.values() if node.kind in PARAMETERS]
        step, note = step_of(
            dt if dt is not None else self._said.get("dt", self._source.dt),
            numbers,
            tells=self._source.name in ("generic", "snntorch") and not self._is_ours,
        )
        self._notes += [note] if note else []
        return step

    def read(self) -> Imported:
        """Return the network."""
        order = self._in_order()
        groups = {name: self._group(name) for name in order}
        head = self._input()
        place = {name: head.name for name in self._inputs}
        signals = self._signals(groups, head, place)
        connections = []
        targets = [*groups, *self._readouts(groups)]
        for name in targets:
            node, called = self._graph.nodes[name], name
            if name not in groups:
                said = ours(node.metadata, SaidOfNeurons, f"{name}.metadata")
                called = said.get("group", name)
                size = math.prod(signals.sum(node, [signals.of(a) for a in self._predecessors[name]]).shape)
                groups[called] = NeuronGroup(
                    name=called, kind="Readout", size=size, begins=said.get("begins", 0),
                    metadata=plain(node.metadata),
                )  # fmt: skip
            connections += self._into(node, groups[called], signals)
        self._refuse_stray(set(groups))
        self._notes += signals.notes
        network = self._network(head, list(groups.values()), connections)
        return Imported(network, self._source, tuple(dict.fromkeys(self._notes)))

    def _in_order(self) -> list[str]:
        """Return the groups of neurons, those nearer to the input first."""
        nodes, edges = self._graph.nodes, self._graph.edges
        seen, front = sorted(self._inputs), sorted(self._inputs)
        while front:
            reached = {b for a, b in edges if a in front}
            front = sorted(reached.difference(seen))
            seen += front
        seen += [name for name in sorted(nodes) if name not in seen]
        order = [name for name in seen if nodes[name].kind in PARAMETERS and nodes[name].kind != "Input"]
        kept = [name for name in self._said.get("order", []) if name in order]
        return kept if sorted(kept) == sorted(order) else order

    def _input(self) -> NeuronGroup:
        """Return the input; several stand side by side in it, in the order of their names."""
        if len(self._inputs) == 1:
            name = self._inputs[0]
            shape = self._shapes[name]
            metadata = plain(self._graph.nodes[name].metadata)
            return NeuronGroup(
                name=name, kind="Input", size=math.prod(shape), metadata=metadata,
                shape=shape if len(shape) > 1 else (),
            )  # fmt: skip
        self._inputs.sort()
        sizes = [math.prod(self._shapes[name]) for name in self._inputs]
        name, k = _INPUTS, 2
        while name in self._graph.nodes:
            name, k = f"{_INPUTS}{k}", k + 1
        ends = np.cumsum([0, *sizes]).tolist()
        parts = [f"{one} {a} to {b - 1}" for one, a, b in zip(self._inputs, ends, ends[1:], strict=False)]
        self._notes.append(f"its inputs stand side by side in '{name}': units {', '.join(parts)}")
        return NeuronGroup(name=name, kind="Input", size=sum(sizes))

    def _group(self, name: str) -> NeuronGroup:
        node = self._graph.nodes[name]
        said: SaidOfNeurons = ours(node.metadata, SaidOfNeurons, f"{name}.metadata")
        shape, kind = self._shapes[name], node.kind
        defaults = {"v_reset": 0.0, "w_in": 1.0, "v_leak": 0.0}
        fields = {key: node.fields.get(key, defaults.get(key)) for key in PARAMETERS[kind]}
        full = Node(name, kind, {key: value for key, value in fields.items() if value is not None})
        given = {key: broadcast(full, key, shape) for key in PARAMETERS[kind]}
        if self._dt is not None and not self._is_ours:
            given = converted_parameters(self._source, kind, given, self._dt)
        fires = kind in ("IF", "LIF", "CubaLIF")
        rests = self._is_ours or not np.any(given.get("v_leak", 0.0))
        usual = self._source.filtered_reset if kind == "CubaLIF" else None
        meant = self._reset or usual or self._source.reset
        if meant == "value-at-once":
            meant = "value"
        elif (
            meant == "value"
            and self._source.name == "snntorch"
            and (kind == "CubaLIF" or self._is_looped(name))
        ):
            meant = "value-late"
        return NeuronGroup(
            name=name,
            kind=cast(Any, kind),
            size=math.prod(shape),
            parameters=given,
            reset=said.get("reset", "value" if self._is_ours or not fires else meant),
            fires_when=said.get(
                "fires_when", "above" if self._is_ours or not fires else self._source.fires_when
            ),
            refractory=said.get("refractory", 0),
            start=said.get("start", "rest" if rests else self._source.start),
            begins=said.get("begins", 0),
            metadata=plain(node.metadata),
            shape=shape if len(shape) > 1 else (),
        )

    def _is_looped(self, name: str) -> bool:
        """Whether a group receives from itself, over whatever is linear."""
        front, seen = list(self._predecessors[name]), set()
        while front:
            at = front.pop()
            if at == name:
                return True
            if at not in seen and self._graph.nodes[at].kind in LINEAR:
                seen.add(at)
                front += self._predecessors[at]
        return False

    def _signals(
        self, groups: Mapping[str, NeuronGroup], head: NeuronGroup, place: Mapping[str, str]
    ) -> Signals:
        known = {
            name: Signal({(name, 0): None}, group.shape or (group.size,)) for name, group in groups.items()
        }
        first = 0
        for name in self._inputs:
            shape = self._shapes[name]
            n = math.prod(shape)
            part = None
            if len(self._inputs) > 1:
                part = LinearMap(OneToOne(head.size, n, shift=-first), np.ones(n, np.int8))
            known[name] = Signal({(place[name], 0): part}, shape)
            first += n
        said = {
            name: ours(node.metadata, SaidOfWeights, f"{name}.metadata")
            for name, node in self._graph.nodes.items()
            if node.kind in LINEAR
        }
        return Signals(self._graph, known, self._predecessors, self._dt, said)

    def _readouts(self, groups: Mapping[str, NeuronGroup]) -> list[str]:
        """Return outputs that are sums: whatever is not the spikes or the v of one group."""
        self._outputs: dict[str, str] = {}
        found = []
        for name in sorted(n for n, node in self._graph.nodes.items() if node.kind == "Output"):
            arriving = self._predecessors[name]
            if not arriving:
                raise refusal(
                    self._graph.nodes[name], "receives from no node; join it to what is to be read out"
                )
            at = arriving[0]
            while (
                len(arriving) == 1
                and self._graph.nodes[at].kind in ("Flatten", IDENTITY)
                and self._predecessors[at]
            ):
                if len(self._predecessors[at]) > 1:
                    break
                at = self._predecessors[at][0]
            said = ours(self._graph.nodes[name].metadata, SaidOfNeurons, f"{name}.metadata")
            output = said.get("output", name)
            self._outputs[output] = at if len(arriving) == 1 and at in groups else said.get("group", name)
            if self._outputs[output] not in groups:
                found.append(name)
        return found

    def _into(self, node: Node, group: NeuronGroup, signals: Signals) -> list[Connection]:
        """Return what a group receives: one connection for each group and delay; those of our own stay apart."""
        arriving = [signals.of(before) for before in self._predecessors[node.name]]
        if not self._is_ours and len(arriving) > 1:
            arriving = [signals.sum(node, arriving)]
        made = []
        for signal in arriving:
            constant = signal.constant
            for (source, ticks), found in signal.maps.items():
                made.append(self._connection(source, ticks, group, found, constant, signal))
                constant = None
        return made

    def _connection(
        self,
        source: str,
        ticks: int,
        group: NeuronGroup,
        made: LinearMap | None,
        bias: NDArray[np.float64] | None,
        signal: Signal,
    ) -> Connection:
        size, target, said, last = group.size, group.name, signal.said, signal.last
        units = math.prod(signal.shape)
        if units != size:
            raise ConfigError(
                last.name if last is not None else target,
                f"must end in {size} units, those of {target}, got {units}",
            )
        if source in self._graph.nodes and not self._is_ours:
            refuse_potentials(self._graph.nodes[source], target)
        name = said.get("name", "" if last is None or last.kind == IDENTITY else last.name)
        metadata = {} if last is None else plain(last.metadata)
        delay = said.get("delay", ticks + 1)
        bare = made is None and self._how == "auto"
        if (bare or said.get("plain", False)) and bias is None:
            return Connection(
                name=name if said.get("plain", False) else "", source=source, target=target, weights=None,
                metadata=metadata, delay=delay,
            )  # fmt: skip
        made = identity(units) if made is None else made
        how = self._how
        if how == "auto" and "connectivity" in said:
            how = cast(Connectivity, said["connectivity"])
        made = chosen(made, how, zeros=said.get("zeros", ()))
        dense = made.connection.kind == "dense"
        return Connection(
            name=name,
            source=source,
            target=target,
            weights=None if made.weights is None or not made.weights.size else made.weights,
            bias=bias,
            metadata=metadata,
            connectivity=None if dense else made.connection,
            delay=delay,
        )

    def _refuse_stray(self, useful: set[str]) -> None:
        """Refuse linear nodes from which no group of neurons is reached: they would play no part."""
        useful |= {name for name, node in self._graph.nodes.items() if node.kind == "Output"}
        front = list(useful)
        while front:
            for before in self._predecessors.get(front.pop(), ()):
                if before not in useful:
                    useful.add(before)
                    front.append(before)
        for node in self._graph.nodes.values():
            if node.kind in LINEAR and node.kind != IDENTITY and node.name not in useful:
                raise refusal(node, "stands on no way from a group of neurons to another; remove it")

    def _network(
        self, head: NeuronGroup, groups: Sequence[NeuronGroup], connections: list[Connection]
    ) -> SpikingNetwork:
        if self._dt is None:
            raise ConfigError(
                "dt", "is missing; NIR is in continuous time, so say how long a tick is, in seconds"
            )
        kept = self._said.get("order", [])
        if sorted(kept[1:]) == sorted(group.name for group in groups):
            groups = sorted(groups, key=lambda group: kept.index(group.name))
        order = [head.name, *(group.name for group in groups)]
        if not self._is_ours:
            groups, connections = self._balanced(order, groups, connections)
            self._notes += doubts_of_resets(groups, self._source, told=self._reset is not None)
        places = {name: k for k, name in enumerate(order)}
        connections.sort(key=lambda c: (places[c.target], places[c.source]))
        return SpikingNetwork(
            groups=(head, *groups),
            connections=tuple(connections),
            outputs=dict(sorted(self._outputs.items())),
            dt=float(self._dt),
            method=cast(Any, self._method),
            metadata=plain(self._graph.metadata),
        )

    def _balanced(
        self, order: list[str], groups: Sequence[NeuronGroup], connections: list[Connection]
    ) -> tuple[list[NeuronGroup], list[Connection]]:
        """Give every connection the ticks that make results the framework's, later by the depth of the output."""
        edges = [(c.source, c.target) for c in connections]
        if self._source.layer_takes:  # a step a layer, as on the chip
            return [replace(group, begins=1) for group in groups], connections
        found = balanced(order, edges)
        for (a, b), ticks in found.late.items():
            self._notes.append(
                f"the connection from '{a}' back to '{b}' closes a loop of several groups: a chip takes {ticks} ticks "
                "more for a round than a framework, and its spikes differ"
            )
        deepest = max(found.depth.values())
        if any(delay != 1 for edge, delay in found.delay.items()):
            self._notes.append(
                f"paths of different length are balanced by delays; the last group is {deepest} ticks behind the input"
            )
        return (
            [replace(group, begins=found.depth[group.name]) for group in groups],
            [replace(c, delay=found.delay[c.source, c.target] + c.delay - 1) for c in connections],
        )
