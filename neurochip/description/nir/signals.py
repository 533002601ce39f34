"""What reaches each node of a graph: sums and chains of linear nodes as one map from each group of neurons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from neurochip.description.linear_maps import LinearMap, added, applied, restricted
from neurochip.description.linear_products import after
from neurochip.description.nir.maps import LINEAR, WITHOUT_WEIGHTS, Shape, broadcast, linear_map
from neurochip.description.nir.nodes import IDENTITY, Graph, Node, refusal
from neurochip.elements.connections import OneToOne
from neurochip.errors import ConfigError

__all__ = ["SaidOfWeights", "Signal", "Signals", "identity", "rank"]

Path = tuple[str, int]  # a group, and ticks of Delay nodes on the way


class SaidOfWeights(TypedDict, total=False):
    """What NIR has no field for, of what joins two groups: see docs/nir.md."""

    connectivity: str
    zeros: list[int]
    name: str
    delay: int
    plain: bool


def rank(node: Node | None) -> int:
    """Return how much a node says of what a way is: 2 with weights, 1 if it pools, 0 if it changes no number."""
    if node is None:
        return -1
    return 0 if node.kind in _CHANGES_NOTHING else 1 if node.kind in WITHOUT_WEIGHTS else 2


_CHANGES_NOTHING = ("Flatten", "Delay", IDENTITY)


@dataclass
class Signal:
    """What comes out of a node: W s + b, with s the spikes of groups.

    Attributes
    ----------
    maps
        Of each path, `None` for spikes as they are.
    constant
        f64[unit] b, `None` for 0.
    shape
        Of the node's units.
    last
        The node that the way is named after: the last with weights, or that pools, or any.
    said
        What our own export says of it.
    """

    maps: dict[Path, LinearMap | None]
    shape: Shape
    constant: NDArray[np.float64] | None = None
    last: Node | None = None
    said: SaidOfWeights = field(default_factory=SaidOfWeights)


def identity(n: int) -> LinearMap:
    """Return the map that changes nothing."""
    return LinearMap(OneToOne(n, n), np.ones(n, np.int8))


class Signals:
    """Signals of all nodes of a graph, each worked out once.

    Parameters
    ----------
    graph
        Without graphs in it.
    groups
        Signal of each node that sends spikes.
    shapes
        Of all nodes.
    dt
        Seconds of a tick; `None` where it is not known, and no Delay may stand on the way.
    said
        Of each node, what our own export says.
    """

    def __init__(
        self,
        graph: Graph,
        groups: Mapping[str, Signal],
        predecessors: Mapping[str, list[str]],
        dt: float | None,
        said: Mapping[str, SaidOfWeights],
    ) -> None:
        self._graph, self._predecessors, self._dt, self._said = graph, predecessors, dt, said
        self._known: dict[str, Signal] = dict(groups)
        self.notes: list[str] = []

    def of(self, name: str) -> Signal:
        """Return the signal that comes out of a node."""
        waiting = [name]
        while waiting:
            at = waiting[-1]
            if at in self._known:
                waiting.pop()
                continue
            node = self._graph.nodes[at]
            if node.kind not in LINEAR:
                raise refusal(node, "leads to other nodes, and sends no spikes")
            open_ones = [before for before in self._predecessors[at] if before not in self._known]
            if any(before in waiting for before in open_ones):
                raise refusal(node, "receives from itself without neurons between")
            if open_ones:
                waiting += open_ones
                continue
            self._known[at] = self._through(node, [self._known[before] for before in self._predecessors[at]])
            waiting.pop()
        return self._known[name]

    def _through(self, node: Node, arriving: list[Signal]) -> Signal:
        if not arriving:
            raise refusal(node, "receives from no node; join it to what it is to receive from, or remove it")
        before = arriving[0] if len(arriving) == 1 else self.sum(node, arriving)
        if node.kind == "Delay":
            return self._delayed(node, before)
        step, shape = linear_map(node, before.shape)
        maps, constant = before.maps, before.constant
        if step is not None:
            bare = step._replace(bias=None)
            maps = {path: bare if made is None else after(made, bare) for path, made in maps.items()}
            constant = None if constant is None else applied(bare, constant)
            if step.bias is not None:
                constant = step.bias if constant is None else constant + step.bias
        own: SaidOfWeights = self._said.get(node.name, {})
        said: SaidOfWeights = {**before.said, **own}
        if step is not None and rank(before.last) > 0:
            said.pop("connectivity", None)  # of a product neither says what it is
        return Signal(maps, shape, constant, _later(before.last, node), said)

    def sum(self, node: Node, arriving: list[Signal]) -> Signal:
        """Return the sum of signals that one node receives."""
        shape, size = arriving[0].shape, int(np.prod(arriving[0].shape))
        maps: dict[Path, LinearMap | None] = {}
        constant: NDArray[np.float64] | None = None
        for signal in arriving:
            found = int(np.prod(signal.shape))
            if found != size:
                raise ConfigError(node.name, f"must receive as many units from all, got {size} and {found}")
            if len(signal.shape) > len(shape):
                shape = signal.shape
            for path, made in signal.maps.items():
                if path in maps:
                    one = maps[path]
                    maps[path] = added(
                        identity(size) if one is None else one, identity(size) if made is None else made
                    )
                else:
                    maps[path] = made
            if signal.constant is not None:
                constant = signal.constant if constant is None else constant + signal.constant
        last = max((signal.last for signal in arriving), key=rank)
        return Signal(maps, shape, constant, last)

    def _delayed(self, node: Node, before: Signal) -> Signal:
        said: SaidOfWeights = {**before.said, **self._said.get(node.name, {})}
        last = _later(before.last, node)
        if "delay" in said:  # in ticks, and of the whole way
            return Signal(before.maps, before.shape, before.constant, last, said)
        if self._dt is None:
            raise ConfigError("dt", "is missing; the graph has delays in seconds, so say how long a tick is")
        seconds = broadcast(node, "delay", before.shape)
        if not (np.isfinite(seconds).all() and (seconds >= 0).all()):
            raise ConfigError(f"{node.name}.delay", "must be finite and not negative")
        ticks = np.rint(seconds / self._dt)
        off = np.abs(ticks * self._dt - seconds)
        if (off > 1e-3 * self._dt).any():
            k = int(np.argmax(off))
            self.notes.append(
                f"Delay '{node.name}': {seconds[k]:g} s is no whole number of ticks of {self._dt:g} s; "
                f"rounded to {ticks[k]:g}"
            )
        if before.constant is not None and np.any(before.constant) and ticks.any():
            self.notes.append(
                f"Delay '{node.name}': biases that it delays act from the first tick on here, not after "
                f"{ticks.max():g} ticks"
            )
        size = int(np.prod(before.shape))
        maps: dict[Path, LinearMap | None] = {}
        for number in np.unique(ticks).tolist():
            on = ticks == number
            for (group, already), made in before.maps.items():
                if not on.all():
                    made = restricted(identity(size) if made is None else made, on)
                path = group, already + int(number)
                known = maps.get(path)
                maps[path] = made if known is None or made is None else added(known, made)
        return Signal(maps, before.shape, before.constant, last, said)


def _later(before: Node | None, node: Node) -> Node:
    return node if before is None or rank(node) >= rank(before) else before
