"""Where neurons stand that nobody placed: on as few cores as the limits allow, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.image import Demand
from neurochip.compile.partition import even, split
from neurochip.compile.route import snake
from neurochip.description.chip import ChipSpec
from neurochip.elements.connections import Connection, Dense, fan_out_by_part

__all__ = ["compiled_placement"]


def compiled_placement(
    sizes: Sequence[int],
    projections: Sequence[tuple[int, int]],
    chip: ChipSpec,
    *,
    weight_bits: int,
    state_bits: int,
    connections: Sequence[Connection] | None = None,
) -> list[NDArray[np.int64]]:
    """Return the core of each neuron, list over layers of i64[unit].

    Parameters
    ----------
    sizes, projections
        Neurons of each layer; (source, target) layers of each projection.
    weight_bits, state_bits
        Of one synapse; of one neuron that is not in layer 0.
    connections
        Of each projection; `None`: all are dense.

    Raises
    ------
    MappingError
        When the network does not fit.
    """
    names = [f"layer {k}" for k in range(len(sizes))]
    reach = _Reach(sizes, projections, connections)

    def demands(k: int, parts: list[int]) -> list[Demand]:
        axons, packets = reach.into(k, parts), reach.out_of(k, parts)
        return [
            Demand(
                neurons=last - first,
                synapse_memory=reach.memory_bits(k, first, last, weight_bits),
                input_axons=int(axons[j]),
                output_axons=int(packets[first:last].sum()),
                neuron_state_memory=(last - first) * state_bits if k else 0,
            )
            for j, (first, last) in enumerate(even(sizes[k], parts[k]))
        ]

    parts = split(names, sizes, chip, demands)
    sites = iter(snake(chip.mesh, sum(parts)))
    placement = []
    for size, n in zip(sizes, parts, strict=True):
        cores = [np.full(last - first, next(sites), dtype=np.int64) for first, last in even(size, n)]
        placement.append(np.concatenate(cores))
    return placement


class _Reach:
    """Which core of a layer gets spikes of which neuron, and what it holds, where layers are split evenly."""

    def __init__(
        self,
        sizes: Sequence[int],
        projections: Sequence[tuple[int, int]],
        connections: Sequence[Connection] | None,
    ) -> None:
        self._sizes = sizes
        ends = list(projections)
        self._linked = list(
            zip(ends, connections or [Dense(sizes[s], sizes[t]) for s, t in ends], strict=True)
        )
        self._seen: dict[tuple[int, int, int], NDArray[np.bool_]] = {}

    def _between(self, source: int, target: int, parts: int) -> NDArray[np.bool_]:
        """Return [unit, part]: whether the part has a synapse of the unit; one row where all units are alike."""
        key = source, target, parts
        if key not in self._seen:
            part_of = np.repeat(
                np.arange(parts), [last - first for first, last in even(self._sizes[target], parts)]
            )
            seen = np.zeros((self._sizes[source], parts), dtype=np.bool_)
            for ends, connection in self._linked:
                if ends == (source, target):
                    dense = connection.kind == "dense"
                    seen |= True if dense else fan_out_by_part(connection, part_of, parts) > 0
            self._seen[key] = seen
        return self._seen[key]

    def into(self, target: int, parts: Sequence[int]) -> NDArray[np.int64]:
        """Return i64[part]: neurons whose spikes each core of a layer gets."""
        sources = {s for (s, t), _ in self._linked if t == target}
        axons = np.zeros(parts[target], dtype=np.int64)
        for source in sources:
            axons += self._between(source, target, parts[target]).sum(axis=0)
        return axons

    def out_of(self, source: int, parts: Sequence[int]) -> NDArray[np.int64]:
        """Return i64[unit]: cores that each neuron of a layer sends to."""
        targets = {t for (s, t), _ in self._linked if s == source}
        packets = np.zeros(self._sizes[source], dtype=np.int64)
        for target in targets:
            packets += self._between(source, target, parts[target]).sum(axis=1)
        return packets

    def memory_bits(self, target: int, first: int, last: int, weight_bits: int) -> int:
        """Return the bits of all synapses of a range of neurons."""
        units = None if last - first == self._sizes[target] else np.arange(first, last)
        return sum(c.memory_bits(weight_bits, units) for (_, t), c in self._linked if t == target)
