"""Balanced paths: delays with which a chip, where a spike takes a tick a connection, computes what a framework does.

Frameworks let a spike pass all feed-forward layers within a step. A chip gives the same spikes, each group's later by
as many ticks as the longest way to it has connections, if shorter ways are delayed until they are as long, and if a
group begins only then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

__all__ = ["Balanced", "balanced"]

Edge = tuple[str, str]


class Balanced(NamedTuple):
    """What `balanced` found.

    Attributes
    ----------
    depth
        Ticks by which each group is later than in a framework.
    delay
        Ticks of a connection from one group to another that takes no time in a framework, or a step where it closes a
        loop.
    late
        Connections that close a loop of several groups: they should take a step and take as many ticks, all other
        connections of the loop together being what is too much.
    """

    depth: Mapping[str, int]
    delay: Mapping[Edge, int]
    late: Mapping[Edge, int]


def balanced(groups: Sequence[str], edges: Iterable[Edge]) -> Balanced:
    """Return the delays of a network, whose groups are ordered from the input on.

    An edge closes a loop where its target leads back to its source, and stands no later in the order.
    """
    joined = sorted(set(edges))
    after: dict[str, set[str]] = {name: set() for name in groups}
    for a, b in joined:
        after[a].add(b)
    place = {name: k for k, name in enumerate(groups)}
    reached = {name: _reached(name, after) for name in groups}
    back = {(a, b) for a, b in joined if a in reached[b] and place[b] <= place[a]}
    ahead: dict[str, list[str]] = {name: [] for name in groups}
    for a, b in joined:
        if (a, b) not in back:
            ahead[b].append(a)
    depth: dict[str, int] = {}
    for name in groups:
        stack = [name]
        while stack:
            at = stack[-1]
            waits = [a for a in ahead[at] if a not in depth]
            if waits:
                stack += waits
                continue
            depth[at] = max((depth[a] + 1 for a in ahead[at]), default=0)
            stack.pop()
    delay, late = {}, {}
    for a, b in joined:
        meant = depth[b] - depth[a] + ((a, b) in back)
        delay[a, b] = max(1, meant)
        if meant < 1:
            late[a, b] = 1 - meant
    return Balanced(depth, delay, late)


def _reached(start: str, after: Mapping[str, set[str]]) -> set[str]:
    """Return what a group leads to; itself, if there is a way back."""
    seen: set[str] = set()
    front = [start]
    while front:
        for name in after[front.pop()]:
            if name not in seen:
                seen.add(name)
                front.append(name)
    return seen
