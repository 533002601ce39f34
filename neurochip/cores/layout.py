"""From a chip image to the structures of the loop over ticks, and weights in and out of them.

Neurons stand population by population, whatever their cores: where every core receives the same, what a core computes
does not depend on its neighbours, and one block holds a projection whole. Where packets can be lost, each core has a
block.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.compile.quantise import state_dtype, weight_dtype
from neurochip.cores.arrays import HELD, UPDATED, Synapses, Wiring, aligned_zeros
from neurochip.cores.blocks import Block, Received, is_fixed
from neurochip.cores.connectivity import Connectivities
from neurochip.cores.rooms import VECTOR, WORD, up
from neurochip.description.precision import integer_bits
from neurochip.errors import CapabilityError
from neurochip.kernels.random_bits import NOBODY

__all__ = ["Layout"]


class Layout:
    """Where everything sits in the structures of the loop.

    Parameters
    ----------
    image
        The compiled chip.
    only
        Hold the weights of this core and no others (for a core that runs alone); `None` holds all.
    delivers_reals
        What synapses deliver is a real number, whatever their memory holds.
    """

    def __init__(self, image: ChipImage, only: int | None = None, *, delivers_reals: bool = False) -> None:
        self.image, self._only = image, only
        self.numbers = image.numbers
        self.state_dtype: np.dtype[Any] = (
            np.dtype(np.int32) if image.numbers else state_dtype(image.precision)
        )
        self.weight_dtype = weight_dtype(image.precision)
        integer = integer_bits(image.precision) is not None and not delivers_reals
        self.sum_dtype: np.dtype[Any] = np.dtype(np.int32) if integer else self.state_dtype
        network = image.network
        self.population_slots: list[tuple[int, int]] = []
        self.slots_of: list[slice] = []  # of the neurons of each population
        slot = 0
        for size in network.sizes:
            # One slot more than neurons: a list of axons may be filled up with it.
            self.population_slots.append((slot, slot + up(size + 1, WORD)))
            self.slots_of.append(slice(slot, slot + size))
            slot = self.population_slots[-1][1]
        self.n_slots = slot
        self.core_slots = [
            (
                self.population_slots[core.population][0] + core.first,
                self.population_slots[core.population][0] + core.last,
            )
            for core in image.cores
        ]
        self.cores = list(range(len(image.cores))) if only is None else [only]
        self.blocks: list[Block] = []  # core by core
        self._synapses: dict[tuple[int, np.dtype[np.number]], Synapses] = {}
        self._matrices: dict[int, tuple[int, int, int]] = {}  # projection → start, rows with padding, stride
        self._listed: dict[int, slice] = {}  # projection whose synapses are listed → its weights
        # What a sum is multiplied by besides the scale of its weights, T[projection].
        self.factors = np.array(
            [1.0 if p.connection is None else p.connection.scale for p in network.projections],
            dtype=self.state_dtype,
        )
        if only is not None and network.is_listed:
            raise CapabilityError(
                "network.projections", "lists synapses, and a core that runs alone holds plain matrices"
            )
        start = 0
        for k, projection in enumerate(network.projections):
            held = [c for c in self.cores if image.cores[c].population == projection.target]
            if projection.connection is not None:
                n = projection.connection.memory(None if is_fixed(projection.connection) else np.zeros(
                    projection.connection.shape), self.weight_dtype).weights.size  # fmt: skip
                self._listed[k] = slice(start, start + n)
                start += up(n, VECTOR)
            elif held:
                width = network.sizes[projection.target] if only is None else image.cores[only].size
                first, last = self.population_slots[projection.source]
                self._matrices[k] = (start, last - first, up(width, VECTOR))
                start += (last - first) * up(width, VECTOR)
        self.n_weights = start
        for c in self.cores:
            core = image.cores[c]
            for k in network.into(core.population):
                rows = network.sizes[network.projections[k].source]
                if k in self._listed:
                    self.blocks.append(Block(c, k, self._listed[k].start, 0, rows, core.size))
                    continue
                at, _, stride = self._matrices[k]
                column = core.first if only is None else 0
                self.blocks.append(Block(c, k, at + column, stride, rows, core.size))

    def wiring(self, *, by_core: bool = False, kinds: tuple[int, ...] | None = None) -> Wiring:
        """Return the tables, with all weights 0.

        Parameters
        ----------
        by_core
            Every core receives for itself: its axons, and its blocks, are its own.
        kinds
            Kind of neurons of each population; by default 1 for inputs and 0 for all others.
        """
        image, network = self.image, self.image.network
        mine = {image.cores[c].population for c in self.cores}
        populations = [
            (
                first,
                last,
                int(p.clamped) if kinds is None else kinds[k],
                HELD if p.clamped and k in mine else UPDATED,
                int(p.output),
            )
            for k, (p, (first, last)) in enumerate(
                zip(network.populations, self.population_slots, strict=True)
            )
        ]
        sources = [] if by_core else self._sources()
        known = {(0, population, delay): s for s, (population, delay, *_) in enumerate(sources)}
        doors: dict[tuple[int, int], int] = {}  # of each core, for each population
        ranges: list[tuple[int, int, int, int]] = []
        blocks: list[tuple[int, ...]] = []
        edges, sums = [0], 0
        for p, cores in self._ranges(by_core):
            first, last = self.core_slots[cores[0]][0], self.core_slots[cores[-1]][1]
            whole = not by_core and self._only is None
            ranges.append((p, first, self.population_slots[p][1] if whole else last, cores[0]))
            for block in (b for b in self.blocks if b.core == cores[0]):
                projection = network.projections[block.projection]
                source, delay = projection.source, projection.delay
                received = (block.core if by_core else 0, source, delay)
                if received not in known:
                    begin = sources[-1][3] if sources else 0
                    extent = self.population_slots[source][1] - self.population_slots[source][0]
                    door = doors.setdefault((block.core, source), begin)
                    known[received] = len(sources)
                    sources.append((source, delay, begin, begin + extent, door, block.core))
                full = up(network.sizes[p], VECTOR)
                width = full if whole else last - first
                start, stride = block.start, block.stride
                if block.projection in self._listed:
                    start, stride = 0 if whole else image.cores[block.core].first, full
                at = known[received]
                blocks.append((len(ranges) - 1, at, start, width, stride, sums, block.projection, 0))
                sums += up(width, VECTOR)
            edges.append(len(blocks))
        neuron = np.full(self.n_slots, NOBODY)
        base = 0
        for slots, size in zip(self.slots_of, network.sizes, strict=True):
            neuron[slots] = base + np.arange(size, dtype=np.uint64)
            base += size
        return Wiring(
            populations=np.array(populations, dtype=np.uint64),
            sources=np.array(sources, dtype=np.uint64).reshape(-1, 6),
            ranges=np.array(ranges, dtype=np.uint64),
            range_blocks=np.array(edges, dtype=np.uint64),
            blocks=np.array(blocks, dtype=np.uint64).reshape(-1, 8),
            cores=np.array(self.core_slots, dtype=np.uint64).reshape(-1, 2),
            weights=aligned_zeros(self.n_weights, self.weight_dtype),
            borrowed=np.zeros(0, self.weight_dtype),
            scales=np.ones(len(network.projections), dtype=self.state_dtype),
            bias=aligned_zeros(self.n_slots, self.state_dtype),
            neuron=neuron,
        )

    @cached_property
    def way_of(self) -> NDArray[np.int64]:
        """i64[slot]: the way of each neuron (`compile.ways`), −1 where no neuron is."""
        found = np.full(self.n_slots, -1, dtype=np.int64)
        for slots, ways in zip(self.slots_of, self.image.sending.ways.of, strict=True):
            found[slots] = ways
        return found

    @cached_property
    def received(self) -> tuple[Received, ...]:
        """What the cores receive, where each receives for itself, in the order of their axons."""
        sources = self.wiring(by_core=True).sources.astype(np.int64).tolist()
        return tuple(
            Received(core, population, delay, first, last, door)
            for population, delay, first, last, door, core in sources
        )

    @cached_property
    def doors(self) -> tuple[Received, ...]:
        """Those of `received` whose axons packets arrive at: one for each core and each population that reaches it."""
        return tuple(received for received in self.received if received.first == received.door)

    def synapses(self, wiring: Wiring) -> Synapses:
        """Return how the blocks of a wiring are delivered."""
        key = len(wiring.blocks), wiring.weights.dtype
        if key not in self._synapses:
            packed = Connectivities(wiring.weights.dtype, self.sum_dtype)
            noted: dict[int, int] = {}  # projection → its first block
            for number, k in enumerate(wiring.blocks[:, 6].tolist()):
                connection = self.image.network.projections[k].connection
                if connection is None:
                    packed.add_dense()
                elif noted.setdefault(k, number) < number:
                    packed.again(noted[k])
                else:
                    none = None if is_fixed(connection) else np.zeros(connection.shape)
                    packed.add(connection, self._listed[k].start, none)
            self._synapses[key] = packed.tables()
        return self._synapses[key]

    def _sources(self) -> list[tuple[int, int, int, int, int, int]]:
        """Return what is received of each population: axons are its neurons, once for each delay of its projections.

        The first of a population stand where its neurons do; further delays have axons of their own behind them.
        """
        network, end = self.image.network, self.n_slots
        first: list[tuple[int, int, int, int, int, int]] = []
        more: list[tuple[int, int, int, int, int, int]] = []
        for k, (begin, last) in enumerate(self.population_slots):
            delays = list(dict.fromkeys(network.projections[p].delay for p in network.out_of(k))) or [1]
            first.append((k, delays[0], begin, last, begin, 0))
            for delay in delays[1:]:
                more.append((k, delay, end, end + last - begin, end, 0))
                end += last - begin
        return first + more

    @property
    def longest_delay(self) -> int:
        """Ticks for which spikes are remembered."""
        return max((p.delay for p in self.image.network.projections), default=1)

    def _ranges(self, by_core: bool) -> list[tuple[int, list[int]]]:
        """Return what is updated together: population and its cores."""
        each = [(self.image.cores[c].population, [c]) for c in self.cores]
        if by_core:
            return each
        together: dict[int, list[int]] = {}
        for p, cores in each:
            together.setdefault(p, []).extend(cores)
        return sorted(together.items())

    def matrix(self, weights: NDArray[Any], projection: int) -> NDArray[Any]:
        """Return a view of a projection's weights, [neuron of the source, neuron of the target]."""
        network = self.image.network
        source, target = (network.sizes[p] for p in self._ends(projection))
        return self._padded(weights, projection)[:source, :target]

    def _ends(self, projection: int) -> tuple[int, int]:
        found = self.image.network.projections[projection]
        return found.source, found.target

    def _padded(self, weights: NDArray[Any], projection: int) -> NDArray[Any]:
        start, rows, stride = self._matrices[projection]
        return weights[start : start + rows * stride].reshape(rows, stride)

    def values(self, weights: NDArray[Any], projection: int) -> NDArray[Any]:
        """Return a projection's weights as they are held, in the shape of the projection's."""
        connection = self.image.network.projections[projection].connection
        if connection is None:
            return self.matrix(weights, projection)
        return connection.values(self.listed(weights, projection))

    def listed(self, weights: NDArray[Any], projection: int) -> NDArray[Any]:
        """Return a view of the weights of a projection whose synapses are listed, as its kernels read them."""
        return weights[self._listed[projection]]

    def store(self, weights: NDArray[Any], projection: int, values: NDArray[Any]) -> None:
        """Put a projection's weights, as they are to be held, where they stand."""
        connection = self.image.network.projections[projection].connection
        if connection is None:
            self.matrix(weights, projection)[...] = values
            return
        given = None if is_fixed(connection) else values
        self.listed(weights, projection)[...] = connection.memory(given, weights.dtype).weights

    def block(self, weights: NDArray[Any], block: Block) -> NDArray[Any]:
        """Return a view of one block, [neuron of the source, neuron of the core]."""
        column = block.start - self._matrices[block.projection][0]
        return self._padded(weights, block.projection)[: block.rows, column : column + block.width]

    def copy_transpose(self, weights: NDArray[Any], block: Block, original: int) -> None:
        """Write into a block the transpose of the projection that it is tied to."""
        core = self.image.cores[block.core]
        self.block(weights, block)[...] = self.matrix(weights, original)[core.first : core.last].T

    def unit(self, projection: int) -> float:
        """Return the value of an integer of 1 in the weights of a projection, on integer cores."""
        return 1.0 if self.numbers is None else 2.0 ** -self.numbers.weight_fractions[projection]
