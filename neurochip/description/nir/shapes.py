"""Shapes of all nodes of a graph: as written, or as what stands before and after says."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from neurochip.description.nir.maps import LINEAR, Shape, by_map, taken_shape, target_shape
from neurochip.description.nir.nodes import IDENTITY, Graph, Node, refusal
from neurochip.description.spiking import PARAMETERS
from neurochip.errors import ConfigError

__all__ = ["shapes_of"]


def shapes_of(graph: Graph, predecessors: Mapping[str, list[str]]) -> dict[str, Shape]:
    """Return the shape of each Input, group of neurons and linear node.

    Neurons with one number for all of them are as many as what they receive.

    Raises
    ------
    CapabilityError
        For a group whose size nothing says.
    """
    nodes = graph.nodes
    shapes: dict[str, Shape] = {}
    own = {name: _own(node) for name, node in nodes.items() if node.kind in PARAMETERS}
    for name, node in nodes.items():
        if node.kind == "Input":
            shape = own[name] or _taken(name, graph, own)
            if shape is None:
                raise refusal(
                    node, "has no shape, and nothing after it says one; export the network with one"
                )
            shapes[name] = shape
    changed = True
    while changed:
        changed = False
        for name, node in nodes.items():
            if name in shapes:
                continue
            before = next((shapes[one] for one in predecessors[name] if one in shapes), None)
            found = _shape(node, own.get(name), before, last=all(one in shapes for one in predecessors[name]))
            if found is not None:
                shapes[name] = found
                changed = True
    for name, node in nodes.items():
        if name in shapes or node.kind == "Output":
            continue
        if node.kind in LINEAR:
            continue  # it receives from itself, or from nothing: who uses it says so
        numbers = own[name]
        if numbers is None:
            raise refusal(node, "has no parameters; export the network again")
        if not any(_leads_from_elsewhere(one, name, predecessors) for one in predecessors[name]):
            shapes[name] = numbers
            continue
        raise refusal(
            node, "has one number for all its neurons, and nothing before it says how many they are"
        )
    return shapes


def _taken(start: str, graph: Graph, own: Mapping[str, Shape | None]) -> Shape | None:
    """Return the shape that the first node that says one takes of what comes into it."""
    seen, front = {start}, [start]
    while front:
        at = front.pop(0)
        for name in (b for a, b in graph.edges if a == at and b not in seen):
            seen.add(name)
            node = graph.nodes[name]
            found = own.get(name) if node.kind in PARAMETERS else taken_shape(node)
            if found is not None and math.prod(found) > 1:
                return found
            if node.kind in (IDENTITY, "Delay", "Scale"):  # of as many units as it gets
                front.append(name)
    return None


def _leads_from_elsewhere(start: str, name: str, predecessors: Mapping[str, list[str]]) -> bool:
    seen, front = {name, start}, [start]
    while front:
        for before in predecessors[front.pop()]:
            if before not in seen:
                seen.add(before)
                front.append(before)
    return len(seen) > 2


def _shape(node: Node, own: Shape | None, before: Shape | None, *, last: bool) -> Shape | None:
    if node.kind == "Output":
        return before
    if node.kind in LINEAR:
        return target_shape(node, before)
    assert own is not None
    if math.prod(own) == 1 and before is None:
        return own if last else None
    if before is None:
        return own
    if math.prod(own) == 1:
        return before
    if math.prod(own) == math.prod(before):
        return own if len(own) == len(before) or len(before) == 1 or own[0] != 1 else before
    if by_map(own, before):
        return before
    try:
        joint = np.broadcast_shapes(own, before)
    except ValueError:
        return own
    return before if joint == before else own


def _own(node: Node) -> Shape | None:
    """Return the shape that the numbers of a node have together; `None` of an input that does not say it."""
    if node.kind == "Input":
        given = node.fields.get("shape")
        if given is None:
            types = node.fields.get("input_type")
            given = next(iter(types.values())) if isinstance(types, Mapping) and types else types
        return None if given is None else _whole(given, node)
    found = [np.shape(np.asarray(node.fields[key])) for key in PARAMETERS[node.kind] if key in node.fields]
    try:
        return np.broadcast_shapes(*found)
    except ValueError:
        raise ConfigError(
            node.name, f"has parameters of different shapes, {', '.join(map(str, dict.fromkeys(found)))}"
        ) from None


def _whole(value: object, node: Node) -> Shape:
    given = np.ravel(np.asarray(value))
    if given.dtype.kind not in "iuf" or not np.array_equal(given, np.rint(given)) or (given < 1).any():
        raise ConfigError(f"{node.name}.shape", f"must be whole numbers of 1 and more, got {value!r}")
    return tuple(int(n) for n in given) or (1,)
