"""Populations → cores: as few as the limits allow, of nearly equal size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.image import Demand
from neurochip.description.chip import ChipSpec, CoreSpec
from neurochip.elements.connections import Connection, fan_out_by_part
from neurochip.errors import MappingError

__all__ = ["Linked", "Needs", "even", "excess", "partition"]

Piece = tuple[int, int]  # first neuron, neuron after the last
Reached = NDArray[np.bool_]

_NOUN = {
    "neurons": "neurons",
    "synapse_memory": "synapse memory",
    "input_axons": "input axons",
    "output_axons": "output axons",
    "neuron_state_memory": "neuron state memory",
}
_IN_BITS = ("synapse_memory", "neuron_state_memory")


class Linked(NamedTuple):
    """Synapses between two populations, with the bits that one of them takes; connectivity `None` is dense."""

    source: int
    target: int
    connection: Connection | None
    bits: int
    delay: int = 1

    @property
    def is_dense(self) -> bool:
        """Whether every pair of neurons has a synapse."""
        return self.connection is None or self.connection.kind == "dense"


@dataclass(frozen=True)
class Needs:
    """What populations need of cores among which they are parted.

    Attributes
    ----------
    names, sizes
        Of the populations.
    linked
        The synapses between them.
    state_bits
        List over populations: what one neuron keeps.
    trace_bits
        That a core keeps for each axon which reaches it; a spike that is to act later than in the next tick takes a bit
        more for each tick that it waits.
    """

    names: Sequence[str]
    sizes: Sequence[int]
    linked: Sequence[Linked]
    state_bits: Sequence[int]
    trace_bits: int = 0
    _met: dict[tuple[int, int], tuple[int, Reached | None]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def reached(self, source: int, target: int, parts: int) -> Reached | None:
        """Return bool[unit, part]: whether a neuron has a synapse on a part of another population; `None`: all have."""
        known = self._met.get((source, target))
        if known is not None and known[0] == parts:
            return known[1]
        found: Reached | None = np.zeros((self.sizes[source], parts), dtype=np.bool_)
        lengths = [last - first for first, last in even(self.sizes[target], parts)]
        part_of = np.repeat(np.arange(parts), lengths)
        for link in self.linked:
            if (link.source, link.target) == (source, target) and found is not None:
                if link.connection is None or link.is_dense:
                    found = None
                else:
                    found |= fan_out_by_part(link.connection, part_of, parts) > 0
        self._met[source, target] = parts, found  # others are not asked for again
        return found

    def of_part(self, population: int, part: int, piece: Piece, parts: Sequence[int]) -> Demand:
        """Return what a core needs with neurons of one part, where populations are parted into so many.

        Axons, and packets to them, are there for neurons that have a synapse on the core, whatever the number of
        projections; a kernel that positions share stands on it once.
        """
        first, last = piece
        whole = last - first == self.sizes[population]
        into = [link for link in self.linked if link.target == population]
        axons = waiting = memory = packets = 0
        for source in {link.source for link in into}:
            met = self.reached(source, population, parts[population])
            reached = self.sizes[source] if met is None else int(met[:, part].sum())
            axons += reached
            waiting += reached * (max(link.delay for link in into if link.source == source) - 1)
        for link in into:
            if link.connection is None:
                memory += self.sizes[link.source] * (last - first) * link.bits
            else:
                memory += link.connection.memory_bits(link.bits, None if whole else np.arange(first, last))
        for target in {link.target for link in self.linked if link.source == population}:
            met = self.reached(population, target, parts[target])
            packets += (last - first) * parts[target] if met is None else int(met[first:last].sum())
        return Demand(
            neurons=last - first,
            synapse_memory=memory,
            input_axons=axons,
            output_axons=packets,
            neuron_state_memory=(last - first) * self.state_bits[population]
            + axons * self.trace_bits
            + waiting,
        )

    def short(self, population: int, parts: Sequence[int], limits: CoreSpec) -> str | None:
        """Return what any of the cores of a population is short of, in words."""
        pieces = even(self.sizes[population], parts[population])
        if all(link.is_dense for link in self.linked if population in (link.source, link.target)):
            pieces = [max(pieces, key=lambda piece: piece[1] - piece[0])]  # others need no more
        demands = (self.of_part(population, j, piece, parts) for j, piece in enumerate(pieces))
        return next((words for words in (excess(need, limits) for need in demands) if words), None)


def excess(need: Demand, limits: CoreSpec) -> str | None:
    """Return the first resource that is short, in words."""
    for resource in fields(Demand):
        there = getattr(limits, resource.name)
        needed = getattr(need, resource.name)
        if there is not None and needed > there:
            unit = " bits" if resource.name in _IN_BITS else ""
            return f"{_NOUN[resource.name]}: {_grouped(needed)}{unit} needed, {_grouped(there)} present"
    return None


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def partition(needs: Needs, chip: ChipSpec) -> list[list[tuple[int, int, Demand]]]:
    """Split each population into ranges of neurons that fit a core, on as few cores as the limits allow.

    Returns, for each population, (first neuron, neuron after the last, what the core needs). More cores that listen
    mean more output axons for those who send, so cores are added until nothing changes.

    Raises
    ------
    MappingError
        When one neuron alone does not fit a core, or the chip has too few cores.
    """
    most, sizes, names = chip.core.neurons, needs.sizes, needs.names
    parts = [1 if most is None else -(-size // most) for size in sizes]
    before: list[int] = []
    while parts != before:
        before = list(parts)
        for p, size in enumerate(sizes):
            while short := needs.short(p, parts, chip.core):
                if parts[p] >= size:
                    raise MappingError(
                        f"core {sum(parts[:p])}",
                        f"{short} (one neuron of population {names[p]} on {chip.name}); "
                        "use narrower weights, a smaller network or a larger core",
                    )
                parts[p] += 1
    if sum(parts) > chip.mesh.n_cores:
        taken = ", ".join(f"{name} {k}" for name, k in zip(names, parts, strict=True))
        raise MappingError(
            "cores",
            f"{sum(parts)} needed ({taken}), {chip.mesh.n_cores} present on {chip.name}; "
            "use narrower weights, a smaller network or a larger chip",
        )
    return [
        [(*piece, needs.of_part(p, part, piece, parts)) for part, piece in enumerate(even(size, parts[p]))]
        for p, size in enumerate(sizes)
    ]


def even(size: int, parts: int) -> list[Piece]:
    """Return ranges of nearly equal size, (first, last + 1)."""
    edges = [size * k // parts for k in range(parts + 1)]
    return list(zip(edges, edges[1:], strict=False))
