"""From a chip image to the arrays of the kernels, and weights in and out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.compile.quantise import quantise, state_dtype, weight_dtype
from neurochip.cores.arrays import Few, LaneState, Scratch, Wiring, aligned_zeros
from neurochip.description.precision import integer_bits
from neurochip.kernels.random_bits import NOBODY
from neurochip.substrate import Parameters
from neurochip.substrate.fitting import projection_matrices, weights_place

__all__ = ["Block", "Layout"]

_VECTOR = 16
_WORD = 64


def _up(number: int, step: int) -> int:
    return -(-number // step) * step


@dataclass(frozen=True)
class Block:
    """Weights on one core from one population: rows are axon slots, columns the core's neurons (padded)."""

    core: int
    projection: int
    start: int
    rows: int
    width: int


class Layout:
    """Where everything sits in the kernels' arrays.

    Parameters
    ----------
    image
        The compiled chip.
    only
        Build the weights of these cores and no others (for a core that runs alone); `None` builds all.
    """

    def __init__(self, image: ChipImage, only: Sequence[int] | None = None) -> None:
        self.image = image
        self.state_dtype = state_dtype(image.precision)
        self.weight_dtype = weight_dtype(image.precision)
        integer = integer_bits(image.precision) is not None
        self.sum_dtype = np.dtype(np.int32) if integer else self.state_dtype
        narrow = integer and self.weight_dtype.itemsize == 1
        self.part_dtype = np.dtype(np.int16) if narrow else self.sum_dtype
        network = image.network
        self.core_slots: list[tuple[int, int]] = []
        self.population_slots: list[tuple[int, int]] = []
        self.slots_of: list[NDArray[np.intp]] = []  # slot of each neuron, per population
        slot = 0
        for p in range(len(network.populations)):
            begin, of = slot, []
            for c in image.cores_of(p):
                size = image.cores[c].size
                of.append(np.arange(slot, slot + size))
                self.core_slots.append((slot, slot + _up(size, _VECTOR)))
                slot += _up(size, _VECTOR)
            # One slot more than neurons: a list of axons may be filled up with it.
            used = int(of[-1][-1]) + 2 - begin
            slot = begin + _up(max(used, slot - begin), _WORD)
            self.population_slots.append((begin, slot))
            self.slots_of.append(np.concatenate(of))
        # Where a population is in one piece, its slots as a slice: to write them costs a tenth.
        self.places: list[slice | NDArray[np.intp]] = [
            slice(int(s[0]), int(s[-1]) + 1) if s[-1] - s[0] == s.size - 1 else s for s in self.slots_of
        ]
        self.n_slots = slot
        self.cores = list(range(len(image.cores))) if only is None else list(only)
        self.blocks: list[Block] = []
        start = 0
        for c in self.cores:
            for k in network.into(image.cores[c].population):
                first, last = self.population_slots[network.projections[k].source]
                width = self.core_slots[c][1] - self.core_slots[c][0]
                self.blocks.append(Block(c, k, start, last - first, width))
                start += (last - first) * width
        self.n_weights = start
        self.n_sums = sum(block.width for block in self.blocks)

    def wiring(self) -> Wiring:
        """Return the tables with all weights 0."""
        network = self.image.network
        populations = [
            (first, last, int(p.clamped))
            for p, (first, last) in zip(network.populations, self.population_slots, strict=True)
        ]
        cores = [(self.image.cores[c].population, *self.core_slots[c]) for c in self.cores]
        table, sums = [], 0
        for b in self.blocks:
            source = network.projections[b.projection].source
            table.append((self.cores.index(b.core), source, b.start, b.width, sums, b.projection))
            sums += b.width
        per_core = [sum(b.core == c for b in self.blocks) for c in self.cores]
        neuron = np.full(self.n_slots, NOBODY)
        base = 0
        for slots in self.slots_of:
            neuron[slots] = base + np.arange(slots.size)
            base += slots.size
        return Wiring(
            populations=np.array(populations, dtype=np.uint64),
            cores=np.array(cores, dtype=np.uint64).reshape(-1, 3),
            blocks=np.array(table, dtype=np.uint64).reshape(-1, 6),
            core_blocks=np.concatenate([[0], np.cumsum(per_core)]).astype(np.uint64),
            weights=aligned_zeros(self.n_weights, self.weight_dtype),
            scales=np.ones(len(network.projections), dtype=self.state_dtype),
            bias=aligned_zeros(self.n_slots, self.state_dtype),
            neuron=neuron,
        )

    def lane_state(self, n_lanes: int, *, second: bool, anneal: bool, trace: bool) -> LaneState:
        """Return lanes at rest; arrays that the elements do not use are empty."""
        slots, t = self.n_slots, self.state_dtype

        def per_slot(dtype: Any, wanted: bool = True) -> Any:
            return aligned_zeros((n_lanes, slots if wanted else 0), dtype)

        return LaneState(
            value=per_slot(t),
            decoded=per_slot(t),
            previous=per_slot(t),
            coded=per_slot(t),
            residue=per_slot(t),
            second=per_slot(t, second),
            anneal=aligned_zeros((n_lanes, 4, slots if anneal else 0), t),
            bits=per_slot(np.uint8),
            trace=per_slot(t, trace),
            frame=per_slot(np.uint8),
            window=per_slot(np.uint8),
            frame_sum=aligned_zeros((n_lanes, self.n_sums), self.sum_dtype),
            counts=per_slot(np.uint16),
        )

    def scratch(self) -> Scratch:
        """Return room for one thread."""
        slots, t = self.n_slots, self.state_dtype
        return Scratch(
            packed=aligned_zeros(slots // 8, np.uint8),
            plus=aligned_zeros(slots + 4, np.uint64),
            minus=aligned_zeros(slots + 4, np.uint64),
            listed=aligned_zeros((len(self.population_slots), 2), np.uint64),
            drive=aligned_zeros(slots, t),
            pressed=aligned_zeros(slots, t),
            sizes=aligned_zeros(slots, t),
            total=aligned_zeros(slots, self.sum_dtype),
            part=aligned_zeros(slots, self.part_dtype),
            few=Few(
                n=aligned_zeros((len(self.population_slots), 2), np.uint64),
                names=aligned_zeros((2, slots), np.uint64),
                reals=aligned_zeros((5, slots), t),
                bytes=aligned_zeros((3, slots), np.uint8),
                counts=aligned_zeros(slots, np.uint16),
            ),
        )

    def axons(self, block: Block) -> NDArray[np.intp]:
        """Return the row of each neuron of the block's source population."""
        source = self.image.network.projections[block.projection].source
        return self.slots_of[source] - self.population_slots[source][0]

    def whole(self, weights: NDArray[Any], block: Block) -> NDArray[Any]:
        """Return a view of one block with its padding, [axon slot, column]."""
        flat = weights[block.start : block.start + block.rows * block.width]
        return flat.reshape(block.rows, block.width)

    def block(self, weights: NDArray[Any], block: Block) -> NDArray[Any]:
        """Return one block without padding, [neuron of the source, neuron of the core]."""
        size = self.image.cores[block.core].size
        return self.whole(weights, block)[self.axons(block), :size]

    def write(self, wiring: Wiring, parameters: Parameters, largest: float | None) -> tuple[Wiring, int]:
        """Put parameters in place; returns the wiring with its scales, and how many weights were clipped."""
        matrices: list[NDArray[Any]] = []
        clipped = 0
        network = self.image.network
        scales = np.ones(len(network.projections), dtype=self.state_dtype)
        for k, values in enumerate(projection_matrices(network, parameters)):
            tied_to = network.projections[k].transpose_of
            if tied_to is not None:
                matrices.append(matrices[tied_to].T)
                scales[k] = scales[tied_to]
                continue
            place = weights_place(network, k)
            held = quantise(values, self.image.precision, largest=largest, place=place)
            matrices.append(held.weights)
            scales[k] = held.scale
            clipped += held.clipped
        for b in self.blocks:
            core = self.image.cores[b.core]
            columns = matrices[b.projection][:, core.first : core.last]
            self.whole(wiring.weights, b)[self.axons(b), : core.size] = columns
        for p, bias in enumerate(parameters.biases, start=1):
            wiring.bias[self.slots_of[p]] = bias
        return wiring._replace(scales=scales), clipped

    def read(self, wiring: Wiring) -> Parameters:
        """Return the values of all weights and biases, as copies."""
        network = self.image.network
        matrices = []
        for k in range(len(network.projections)):
            pieces = [self.block(wiring.weights, b) for b in self.blocks if b.projection == k]
            values = np.concatenate(pieces, axis=1)
            if integer_bits(self.image.precision) is not None:
                values = values * wiring.scales[k]
            matrices.append(np.ascontiguousarray(values))
        n = len(network.populations) - 1
        return Parameters(
            weights=tuple(matrices[:n]),
            feedback=() if network.tied else tuple(matrices[n:]),
            biases=tuple(wiring.bias[slots].copy() for slots in self.slots_of[1:]),
        )
