"""Populations → cores: as few as the limits allow, of nearly equal size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from neurochip.compile.image import Demand, Moments
from neurochip.compile.reach import Piece, reached_by, reaches
from neurochip.description.chip import ChipSpec, CoreSpec
from neurochip.errors import MappingError
from neurochip.network import Network

__all__ = ["demand", "even", "excess", "listed_demand", "partition", "split"]

_NOUN = {
    "neurons": "neurons",
    "synapse_memory": "synapse memory",
    "input_axons": "input axons",
    "output_axons": "output axons",
    "neuron_state_memory": "neuron state memory",
}
_NO_MOMENTS = Moments()
_IN_BITS = ("synapse_memory", "neuron_state_memory")


def demand(
    network: Network,
    population: int,
    neurons: int,
    *,
    weight_bits: int,
    state_bits: int,
    trace_bits: int,
    parts: list[int],
    moments: Moments = _NO_MOMENTS,
) -> Demand:
    """Return what a core with so many neurons of a population needs.

    Parameters
    ----------
    weight_bits
        Of one synapse.
    state_bits
        That one neuron keeps.
    trace_bits
        That a core keeps for each axon which reaches it; a spike that is to act later than in the next tick takes a bit
        more for each tick that it waits.
    parts
        Cores of each population: a neuron needs one output axon for each core that receives its spikes.
    moments
        What an optimiser keeps.
    """
    into = [network.projections[k] for k in network.into(population)]
    state_bits += moments.bias.get(population, 0)
    # Projections from one population share its axons, and so do those to one population.
    axons = sum(network.sizes[source] for source in {p.source for p in into})
    received_by = sum(
        parts[target] for target in {network.projections[k].target for k in network.out_of(population)}
    )
    waiting = sum(
        network.sizes[source] * (max(p.delay for p in into if p.source == source) - 1)
        for source in {p.source for p in into}
    )
    return Demand(
        neurons=neurons,
        synapse_memory=neurons
        * sum(network.sizes[p.source] * (weight_bits + moments.weight.get(p.index, 0)) for p in into),
        input_axons=axons,
        output_axons=neurons * received_by,
        neuron_state_memory=neurons * state_bits + axons * trace_bits + waiting,
    )


def listed_demand(
    network: Network,
    population: int,
    piece: Piece,
    *,
    weight_bits: int,
    state_bits: int,
    trace_bits: int,
    parts: list[int],
    moments: Moments = _NO_MOMENTS,
) -> Demand:
    """Return what a core with a piece of a population needs where not every pair of neurons has a synapse.

    Axons, and packets to them, are there for neurons that have a synapse on the core; a kernel that positions share
    stands on it once.
    """
    first, last = piece
    axons = waiting = memory = 0
    state_bits += moments.bias.get(population, 0)
    into = [network.projections[k] for k in network.into(population)]
    for source in {p.source for p in into}:
        reached = int(reached_by(network, source, population, piece).sum())
        axons += reached
        waiting += reached * (max(p.delay for p in into if p.source == source) - 1)
    for p in into:
        bits = weight_bits + moments.weight.get(p.index, 0)
        if p.connection is None:
            memory += network.sizes[p.source] * (last - first) * bits
        else:
            memory += p.connection.memory_bits(bits, np.arange(first, last))
    pieces = [
        (target, there)
        for target in {network.projections[k].target for k in network.out_of(population)}
        for there in even(network.sizes[target], parts[target])
    ]
    return Demand(
        neurons=last - first,
        synapse_memory=memory,
        input_axons=axons,
        output_axons=int(reaches(network, population, pieces)[first:last].sum()),
        neuron_state_memory=(last - first) * state_bits + axons * trace_bits + waiting,
    )


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


def partition(
    network: Network,
    chip: ChipSpec,
    *,
    weight_bits: int,
    state_bits: Sequence[int],
    trace_bits: int,
    moments: Moments = _NO_MOMENTS,
) -> list[list[tuple[int, int, Demand]]]:
    """Split each population into ranges of neurons that fit a core; ``state_bits`` are those of each population.

    Returns, for each population, (first neuron, neuron after the last, what the core needs).

    Raises
    ------
    MappingError
        When one neuron alone does not fit a core, or the chip has too few cores.
    """
    shared: Any = {"weight_bits": weight_bits, "trace_bits": trace_bits, "moments": moments}
    needs = [{**shared, "state_bits": bits} for bits in state_bits]
    sizes = [population.size for population in network.populations]

    def needed(p: int, parts: list[int]) -> list[tuple[int, int, Demand]]:
        return [
            (
                first,
                last,
                listed_demand(network, p, (first, last), **needs[p], parts=parts)
                if is_listed[p]
                else demand(network, p, last - first, **needs[p], parts=parts),
            )
            for first, last in even(sizes[p], parts[p])
        ]

    def largest(p: int, parts: list[int]) -> list[Demand]:
        if is_listed[p]:
            return [need for *_, need in needed(p, parts)]
        # What a core needs then depends on how many neurons it has, and not on which.
        return [demand(network, p, -(-sizes[p] // parts[p]), **needs[p], parts=parts)]

    is_listed = [
        any(network.projections[k].connection is not None for k in (*network.into(p), *network.out_of(p)))
        for p in range(len(sizes))
    ]
    parts = split([population.name for population in network.populations], sizes, chip, largest)
    return [needed(p, parts) for p in range(len(sizes))]


def split(
    names: Sequence[str],
    sizes: Sequence[int],
    chip: ChipSpec,
    demands: Callable[[int, list[int]], list[Demand]],
) -> list[int]:
    """Return how many cores each population takes: as few as the limits allow.

    ``demands(p, parts)`` are what cores of population p need when each population takes ``parts`` cores. More cores
    that listen mean more output axons for those who send, so this is repeated until it no longer changes.

    Raises
    ------
    MappingError
        When one neuron alone does not fit a core, or the chip has too few cores.
    """
    most = chip.core.neurons
    parts = [1 if most is None else -(-size // most) for size in sizes]
    before: list[int] = []
    while parts != before:
        before = list(parts)
        for p, size in enumerate(sizes):
            while short := next((s for s in (excess(n, chip.core) for n in demands(p, parts)) if s), None):
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
    return parts


def even(size: int, parts: int) -> list[Piece]:
    """Return ranges of nearly equal size, (first, last + 1)."""
    edges = [size * k // parts for k in range(parts + 1)]
    return list(zip(edges, edges[1:], strict=False))
