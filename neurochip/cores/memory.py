"""The synapse memories of a chip: load, read, and change by learning."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.arrays import Wiring
from neurochip.cores.blocks import Block
from neurochip.cores.integer_learning import IntegerLearning, core_key, rounding_key
from neurochip.cores.layout import Layout
from neurochip.cores.listed_learning import ListedLearning
from neurochip.cores.loading import read_parameters, write_parameters
from neurochip.cores.plasticity import Rounding, add_integers, change_floats, change_integers
from neurochip.cores.steps import not_finite, values_of, write_step
from neurochip.cores.synapse_mismatch import SynapseMismatch, synapse_factors
from neurochip.cores.weight_flips import WeightFlips
from neurochip.description.fixed_point import exponent_of
from neurochip.description.precision import integer_bits, integer_range
from neurochip.errors import CapabilityError, NumericError
from neurochip.network import turned
from neurochip.substrate import Parameters, WeightUpdate
from neurochip.substrate.fitting import weights_place
from neurochip.substrate.optimising import Optimising

__all__ = ["SynapseMemories", "Written"]

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Written:
    """What a change of weights took, per core: multiply–adds, writes, writes that met the limit, words moved."""

    accumulations: Counts
    writes: Counts
    saturations: Counts
    words: Counts


class SynapseMemories:
    """Weights and biases on their cores.

    Parameters
    ----------
    layout
        Where everything sits.
    seed, stochastic
        Of rounding, where weights are integers.
    weight_range
        Largest magnitude of an integer weight; `None`: 8 × the Glorot bound of each projection.
    threads, each_thread
        Work is shared by calling ``each_thread(work)``, which calls ``work(k)`` for every k < ``threads``.
    gains, kinds
        What a weight of 1 brings when a spike arrives, f64[projection], 1 if left out; the kind of each population.
    mismatch
        Of the synapses; `None`: every synapse delivers what its memory holds.
    traced
        What rules take for the activity before synapses are traces (of integer cores: in their format).
    optimiser
        Stands between changes and weights; `None`: a change is added as it is. Not for integer cores.
    """

    def __init__(
        self,
        layout: Layout,
        *,
        seed: int,
        stochastic: bool,
        weight_range: float | None,
        threads: int,
        each_thread: Callable[[Callable[[int], None]], None],
        gains: NDArray[np.float64] | None = None,
        kinds: tuple[int, ...] | None = None,
        mismatch: SynapseMismatch | None = None,
        traced: bool = False,
        optimiser: Optimising | None = None,
    ) -> None:
        self._layout, self._kinds, self._optimiser = layout, kinds, optimiser
        numbers, precision = layout.numbers, layout.image.precision
        self._integers = None
        if numbers is not None:
            self._integers = IntegerLearning(numbers, precision, traced=traced, stochastic=stochastic)
        self._seed = np.uint64(seed)
        self._stochastic = stochastic
        self._weight_range = weight_range
        self._threads = threads
        self._each_thread = each_thread
        self.wiring = layout.wiring(kinds=kinds)
        self._by_core: Wiring | None = None
        none = np.ones(len(layout.image.network.projections))
        self._gains = (none if gains is None else gains).astype(layout.state_dtype)
        self._factors = None if mismatch is None else synapse_factors(layout, mismatch)
        self._delivered = self.wiring
        network = layout.image.network
        self._listed = {
            p.index: ListedLearning(layout.image, p, p.connection, layout.state_dtype)
            for p in network.projections
            if p.connection is not None
        }
        if mismatch is not None and self._listed:
            raise CapabilityError(
                "network.projections",
                "lists synapses, and the mismatch of synapses is drawn for plain matrices",
            )
        self.updates = 0  # changes made so far: part of the key of stochastic rounding
        self._misread: WeightFlips | None = None

    @property
    def delivered(self) -> Wiring:
        """What the synapses deliver for a spike."""
        return self._delivered

    def _deliver(self) -> None:
        """Work out what the synapses deliver; without mismatch that is what is held."""
        held = self.wiring
        self._delivered = held._replace(scales=self._gains * self._layout.factors * held.scales)
        if self._factors is not None:
            weights, biases = self._factors
            self._delivered = self._delivered._replace(
                weights=(held.weights * weights).astype(self._layout.state_dtype),
                borrowed=np.zeros(0, self._layout.state_dtype),
                bias=(held.bias * biases).astype(self._layout.state_dtype),
            )

    def by_core(self) -> Wiring:
        """Return what is delivered, as a chip sees it on which every core receives for itself."""
        if self._by_core is None:
            self._by_core = self._layout.wiring(by_core=True, kinds=self._kinds)
        held = self.delivered
        self._by_core = self._by_core._replace(weights=held.weights, scales=held.scales, bias=held.bias)
        return self._by_core

    def misread(self, flips: WeightFlips | None) -> None:
        """Let the cores read some bits inverted from now on, or all of them right; what is stored stays right."""
        for one in (self._misread, flips):
            if one is not None and self._misread is not flips:
                one.turn(self.wiring.weights)
        if self._misread is not flips:
            self._misread = flips
            self._deliver()

    @contextmanager
    def _stored(self) -> Iterator[None]:
        """Look at the weights as they are stored."""
        flips = self._misread
        self.misread(None)
        try:
            yield
        finally:
            self.misread(flips)

    def load(self, parameters: Parameters) -> None:
        """Write all weights and biases, rounding to nearest where weights are integers."""
        with self._stored():
            self.wiring, _ = write_parameters(self._layout, self.wiring, parameters, self._weight_range)
        self._deliver()

    def parameters(self) -> Parameters:
        """Return the values of all weights and biases, as copies."""
        with self._stored():
            return read_parameters(self._layout, self.wiring)

    def change(self, updates: Sequence[WeightUpdate], biases: Sequence[NDArray[Any] | None]) -> Written:
        """Change weights and biases; a tied copy follows its original."""
        with self._stored():
            written = self._change(updates, biases)
        self._deliver()
        return written

    def _change(self, updates: Sequence[WeightUpdate], biases: Sequence[NDArray[Any] | None]) -> Written:
        layout, image = self._layout, self._layout.image
        network = image.network
        written = Written(*(np.zeros(len(image.cores), dtype=np.int64) for _ in range(4)))
        for update in updates:
            k = update.projection
            if k in self._listed:
                self._change_listed(update, written)
                continue
            pre, post = (np.concatenate(side) for side in zip(*update.terms, strict=True))
            if self._integers is None:
                pre, post = pre.astype(layout.state_dtype), post.astype(layout.state_dtype)
            own = [block for block in layout.blocks if block.projection == k]
            # With an optimiser the changes of all cores are summed first, and then become steps.
            summed = (
                None if self._optimiser is None else np.zeros(network.weights_shape(k), layout.state_dtype)
            )
            for block in own:
                core = image.cores[block.core]
                receiver = image.receiving(network.projections[k].source).index(block.core)
                known = pre if pre.ndim == 2 else np.ascontiguousarray(pre[:, receiver])
                part = post[:, core.first : core.last]
                active, met = self._change_block(block, known, part, update.rate, summed)
                written.accumulations[block.core] += active * core.size * (update.summed or 1)
                written.writes[block.core] += pre.shape[-1] * core.size
                written.saturations[block.core] += met
            if self._optimiser is not None and summed is not None:
                ended = self._take_step(self._optimiser, k, summed)
                for block in own:
                    core = image.cores[block.core]
                    written.saturations[block.core] += int(ended[:, core.first : core.last].sum())
            for block in layout.blocks:
                if network.projections[block.projection].transpose_of == k:
                    # On the chip this core does the same sums as the original's; here they are copied.
                    layout.copy_transpose(self.wiring.weights, block, k)
                    size = image.cores[block.core].size
                    written.accumulations[block.core] += (
                        int(np.count_nonzero(post)) * size * (update.summed or 1)
                    )
                    written.writes[block.core] += post.shape[1] * size
            told = update.words_per_axon * update.samples
            ends = network.projections[k].source, network.projections[k].target
            for here, there in (ends, ends[::-1])[: 1 + bool(network.tied_to(k))]:
                for c in image.cores_of(here):
                    written.words[c] += told * image.cores[c].size * len(image.cores_of(there))
        for population, change in zip(network.updated, biases, strict=True):
            if change is not None and self._integers is not None:
                self._change_biases(self._integers, population, change, updates)
            elif change is not None:
                moved = change.astype(layout.state_dtype)
                if self._optimiser is not None:
                    moved = self._optimiser.biases(population, moved, self.updates + 1)
                self.wiring.bias[layout.slots_of[population]] += moved
        self.updates += 1
        return written

    def _change_biases(
        self,
        integers: IntegerLearning,
        population: int,
        change: NDArray[Any],
        updates: Sequence[WeightUpdate],
    ) -> None:
        """Add a change to the biases of a population of integer cores: its rate is that of their first weights."""
        image, network = self._layout.image, self._layout.image.network
        forward = [k for k in network.into(population) if k in network.forward]
        into = [u for k in forward for u in updates if u.projection == k]
        exponent = exponent_of(abs(into[0].rate)) if into else None
        if exponent is None:
            return  # without a rate there is no change
        for c in image.cores_of(population):
            core = image.cores[c]
            first, last = self._layout.core_slots[c]
            key = core_key(self._key(len(network.projections) + population), c)
            moved = np.asarray(change, np.float64)[core.first : core.last]
            integers.bias(self.wiring.bias[first:last], moved, exponent, key)

    def _take_step(self, optimiser: Optimising, projection: int, change: NDArray[Any]) -> NDArray[np.bool_]:
        """Let the optimiser turn a change of a projection's weights into a step, and take it: which met their limit."""
        values = values_of(self._layout, self.wiring, projection)
        step = optimiser.weights(projection, change, values, self.updates + 1)
        key = self._key(projection)
        return write_step(self._layout, self.wiring, projection, step, stochastic=self._stochastic, key=key)

    def _change_block(
        self,
        block: Block,
        pre: NDArray[Any],
        post: NDArray[Any],
        rate: float,
        summed: NDArray[Any] | None = None,
    ) -> tuple[int, int]:
        """Add one update to one block; returns the non-zero ``pre`` and the weights that met the limit.

        With ``summed``, in the shape of the projection's weights, it is added there, and the weights stay.
        """
        layout, t = self._layout, self._layout.state_dtype
        edges = np.array([block.rows * k // self._threads for k in range(self._threads + 1)], dtype=np.uint64)
        if self._integers is not None:
            return self._change_integers(self._integers, block, pre, post, rate, edges)
        columns = np.ascontiguousarray(post)
        scratch = np.zeros((self._threads, block.width), dtype=t)
        out = np.zeros((self._threads, 3), dtype=np.int64)
        weights, start, stride = self.wiring.weights, np.uint64(block.start), np.uint64(block.stride)
        bits = integer_bits(layout.image.precision)
        key = self._key(block.projection)
        first_column = np.uint64(layout.image.cores[block.core].first)
        if summed is not None:
            weights, start, stride = summed.reshape(-1), first_column, np.uint64(summed.shape[1])
            bits, step = None, rate
        else:
            step = self._step(block.projection, rate)
        ends = (0, 0) if bits is None else integer_range(bits)
        rounding = Rounding(*ends, int(self._stochastic), key)

        def share(k: int) -> None:
            rows, room = edges[k : k + 2], scratch[k]
            value = t.type(step)
            if bits is None:
                change_floats(weights, start, stride, rows, pre, columns, value, room, out[k])
            else:
                change_integers(
                    weights, start, stride, rows, pre, columns, value, room, rounding, first_column, out[k]
                )

        self._each_thread(share)
        if out[:, 2].any():
            raise not_finite(layout.image.network, block.projection)
        return int(out[:, 0].sum()), int(out[:, 1].sum())

    def _change_integers(
        self,
        integers: IntegerLearning,
        block: Block,
        pre: NDArray[Any],
        post: NDArray[Any],
        rate: float,
        edges: NDArray[np.uint64],
    ) -> tuple[int, int]:
        """Do the same on integer cores."""
        place = weights_place(self._layout.image.network, block.projection)
        change = integers.change(block.projection, pre, post, rate, place)
        columns, key = np.ascontiguousarray(change.post), core_key(self._key(block.projection), block.core)
        at = np.uint64(block.start), np.uint64(block.stride)
        out = np.zeros((self._threads, 3), dtype=np.int64)

        def share(k: int) -> None:
            integers.add(self.wiring.weights, at, edges[k : k + 2], change, columns, key, out[k])

        self._each_thread(share)
        return int(out[:, 0].sum()), int(out[:, 1].sum())

    def _step(self, projection: int, rate: float) -> float:
        """Return a rate in steps of a weight, checked."""
        layout, t = self._layout, self._layout.state_dtype
        bits = integer_bits(layout.image.precision)
        step = rate if bits is None else rate / float(self.wiring.scales[projection])
        if not abs(step) <= float(np.finfo(t.type(0)).max):
            raise NumericError(
                weights_place(layout.image.network, projection),
                f"are to change at a rate of {step:.3g} steps, which {t} cannot hold; use a smaller rate or a "
                "larger beta",
            )
        return step

    def _key(self, projection: int) -> np.uint64:
        """Return the key of rounding in this update of a projection."""
        key = self._seed
        if integer_bits(self._layout.image.precision) is not None:
            key = rounding_key(key, self.updates, projection)
        return key

    def _change_listed(self, update: WeightUpdate, written: Written) -> None:
        """Change the weights of a projection whose synapses are listed, and its tied copies."""
        layout, k, network = self._layout, update.projection, self._layout.image.network
        of, t, connection = self._listed[k], layout.state_dtype, network.projections[k].connection
        if connection is None or not math.prod(connection.shape):
            return  # it has no weights
        weights = np.array(layout.values(self.wiring.weights, k), order="C").reshape(-1)
        change = np.ascontiguousarray(of.sums(update)).reshape(-1)
        bits = integer_bits(layout.image.precision)
        if self._optimiser is not None:
            wanted = (t.type(update.rate) * change).reshape(connection.shape)
            written.saturations[...] += of.held(self._take_step(self._optimiser, k, wanted))
        elif bits is None:
            weights += t.type(self._step(k, update.rate)) * change
            layout.store(self.wiring.weights, k, weights.reshape(connection.shape))
        else:
            met, ends = np.zeros(len(weights), np.uint8), integer_range(bits)
            step = t.type(self._step(k, update.rate))
            if add_integers(weights, change, step, *ends, int(self._stochastic), self._key(k), met):
                raise not_finite(network, k)
            written.saturations[...] += of.held(met)
            layout.store(self.wiring.weights, k, weights.reshape(connection.shape))
        written.accumulations[...] += of.accumulations(update)
        written.writes[...] += of.held()
        written.words[...] += of.exchanged
        turned_update = replace(update, terms=tuple((post, pre) for pre, post in update.terms))
        told = update.words_per_axon * update.samples
        ways = [k]
        for copy in network.tied_to(k):
            layout.store(
                self.wiring.weights,
                copy,
                turned(network.projections[k], layout.values(self.wiring.weights, k)),
            )
            written.accumulations[...] += self._listed[copy].accumulations(turned_update)
            written.writes[...] += self._listed[copy].held()
            written.words[...] += self._listed[copy].exchanged
            ways.append(copy)
        for way in ways:
            source = network.projections[way].source
            reached = np.count_nonzero(self._listed[way].met, axis=1)
            for c in layout.image.cores_of(source):
                core = layout.image.cores[c]
                written.words[c] += told * int(reached[core.first : core.last].sum())
