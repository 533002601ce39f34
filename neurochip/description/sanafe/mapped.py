"""A mapped network of SANA-FE as it is described: neurons with attributes, edges, and the core of each neuron."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from neurochip.description.sanafe.attributes import Attributes, number
from neurochip.errors import DataError
from neurochip.files import briefly

__all__ = ["Edges", "MappedNetwork"]

_MOST_NEURONS = 1 << 20
_MOST_EDGES = 1 << 24


@dataclass
class Edges:
    """Synapses from one group to another: units at both ends, weights, ticks that they take more, and their unit."""

    pre: list[int] = field(default_factory=list)
    post: list[int] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)
    delay: list[int] = field(default_factory=list)


@dataclass
class MappedNetwork:
    """Groups of neurons by name, what joins them, and (tile, core) of each neuron."""

    groups: dict[str, list[Attributes]] = field(default_factory=dict)
    edges: dict[tuple[str, str], Edges] = field(default_factory=dict)
    cores: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)

    def add_group(self, name: str, size: int, attributes: Attributes, place: str) -> None:
        """Add a group whose neurons all have these attributes."""
        if name in self.groups:
            raise DataError(place, f"there is a second group '{briefly(name, 40)}'")
        if not 1 <= size <= _MOST_NEURONS - sum(len(group) for group in self.groups.values()):
            raise DataError(place, f"must have 1 to {_MOST_NEURONS} neurons, all groups together, got {size}")
        self.groups[name] = [dict(attributes) for _ in range(size)]

    def group(self, name: str, place: str) -> list[Attributes]:
        """Return the neurons of a group."""
        if name not in self.groups:
            raise DataError(
                place,
                f"there is no group '{briefly(name, 40)}'; there are {briefly(', '.join(self.groups)) or 'none'}",
            )
        return self.groups[name]

    def neurons(self, name: str, units: Iterable[int], place: str) -> list[int]:
        """Return numbers of neurons of a group, checked."""
        size, found = len(self.group(name, place)), list(units)
        if found and not found[-1] < size:
            raise DataError(place, f"has {size} neurons, and {found[-1]} is none of them")
        return found

    def joined(self, source: str, target: str, place: str) -> Edges:
        """Return the synapses from one group to another, to add to."""
        self.group(source, place)
        self.group(target, place)
        return self.edges.setdefault((source, target), Edges())

    def join(self, ends: tuple[str, int, str, int], given: Attributes, place: str) -> None:
        """Add a synapse."""
        source, pre, target, post = ends
        self.neurons(source, [pre], place)
        self.neurons(target, [post], place)
        edges = self.joined(source, target, place)
        self.check_room(1, place)
        edges.pre.append(pre)
        edges.post.append(post)
        edges.weight.append(number(given, "weight", number(given, "w", 0.0, place), place))
        edges.delay.append(self.ticks(given.get("delay", given.get("d")), place))
        self.unknown |= set(given) - {"weight", "w", "delay", "d", "type"}

    def join_groups(
        self,
        ends: tuple[str, str],
        pairs: Sequence[tuple[int, int, int]],
        lists: Mapping[str, list[str]],
        place: str,
    ) -> None:
        """Add synapses (source, target, which of the values of each list is its own)."""
        weights = self._numbers(lists, ("weight", "w"), place)
        if weights is None:
            raise DataError(f"{place}.weight", "is missing; give a value for each synapse")
        delays = self._numbers(lists, ("delay", "d"), place)
        for key, values in lists.items():
            last = max((k for _, _, k in pairs), default=-1)
            if last >= len(values):
                raise DataError(f"{place}.{key}", f"must have {last + 1} values or more, got {len(values)}")
        edges = self.joined(*ends, place)
        self.check_room(len(pairs), place)
        for end, at in zip(ends, (0, 1), strict=True):
            self.neurons(end, [max((pair[at] for pair in pairs), default=0)], place)
        edges.pre += [i for i, _, _ in pairs]
        edges.post += [j for _, j, _ in pairs]
        edges.weight += [weights[k] for _, _, k in pairs]
        ticks = [0] * len(weights) if delays is None else [self.ticks(delay, place) for delay in delays]
        edges.delay += [ticks[k] for _, _, k in pairs]
        self.unknown |= set(lists) - {"weight", "w", "delay", "d"}

    def _numbers(
        self, lists: Mapping[str, list[str]], keys: tuple[str, str], place: str
    ) -> list[float] | None:
        key = next((key for key in keys if key in lists), None)
        return None if key is None else [number({key: one}, key, 0.0, place) for one in lists[key]]

    def check_room(self, more: int, place: str) -> None:
        """Refuse more synapses than are read."""
        if more + sum(len(edges.pre) for edges in self.edges.values()) > _MOST_EDGES:
            raise DataError(place, f"makes more than {_MOST_EDGES} synapses")

    def ticks(self, value: object, place: str) -> int:
        """Return the ticks that a synapse takes more than the one of all."""
        found = number({} if value is None else {"delay": value}, "delay", 0.0, place)
        if found != int(found) or not 0 <= found < 1 << 16:
            raise DataError(f"{place}.delay", f"must be whole time-steps, got {briefly(repr(value), 40)}")
        return int(found)
