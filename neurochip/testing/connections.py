"""What every connectivity keeps: sums, counts, memory and parts are those of the synapses that it lists."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.placement import place
from neurochip.elements.connections import Connection, fan_out_by_part
from neurochip.elements.connections.table import missing_of
from neurochip.elements.neurons.lif import LIF
from neurochip.replays.replaying import replay
from neurochip.testing.networks import small_chip

__all__ = ["ConnectionContract"]

Array = NDArray[np.integer]


class ConnectionContract:
    """Subclass it, and give ``connections``: some of a kind, small enough to be written out."""

    connections: ClassVar[tuple[Connection, ...]]

    @staticmethod
    def _drawn(made: Connection) -> tuple[Array, Array]:
        """Return weights, whole numbers, and the matrix that they make."""
        weights = np.random.default_rng(1).integers(-20, 21, made.shape).astype(np.int8)
        edges, matrix = made.edges(), np.zeros((made.sources, made.targets), dtype=np.int64)
        matrix[edges.source, edges.target] = weights.reshape(-1)[edges.weight]
        return weights, matrix

    def test_it_has_all_that_a_connectivity_has(self) -> None:
        for made in self.connections:
            assert missing_of(type(made), made.kind) is None

    def test_each_pair_of_units_has_one_synapse_at_most(self) -> None:
        for made in self.connections:
            edges = made.edges()
            pairs = edges.source * made.targets + edges.target
            assert (np.diff(pairs) > 0).all(), "edges stand by source, and within a source by target"
            assert made.synapses == pairs.size
            assert edges.weight.size == 0 or 0 <= edges.weight.min() <= edges.weight.max() < math.prod(
                made.shape
            )

    def test_sums_are_those_of_its_synapses(self) -> None:
        rng = np.random.default_rng(2)
        for made in self.connections:
            weights, matrix = self._drawn(made)
            for dtype, wide in ((np.int8, np.int32), (np.float64, np.float64)):
                active = np.flatnonzero(rng.random(made.sources) < 0.5).astype(np.uint64)
                sums = np.arange(made.targets).astype(wide)
                made.deliver(made.memory(weights, dtype), active, np.uint64(active.size), sums)
                wanted = np.arange(made.targets) + matrix[active.astype(np.int64)].sum(axis=0)
                np.testing.assert_array_equal(sums, wanted)

    def test_what_a_spike_meets(self) -> None:
        for made in self.connections:
            edges = made.edges()
            np.testing.assert_array_equal(made.fan_out(), np.bincount(edges.source, minlength=made.sources))
            np.testing.assert_array_equal(made.fan_in(), np.bincount(edges.target, minlength=made.targets))
            part_of = np.arange(made.targets) % 3
            met = fan_out_by_part(made, part_of, 3)
            np.testing.assert_array_equal(met.sum(axis=1), made.fan_out())

    def test_weights_come_back(self) -> None:
        for made in self.connections:
            weights, _ = self._drawn(made)
            used = np.zeros(weights.size, dtype=bool)
            used[made.edges().weight] = True
            found = made.values(made.memory(weights, np.float64).weights).reshape(-1)
            np.testing.assert_array_equal(found[used], weights.reshape(-1)[used])

    def test_memory_of_a_part_is_no_more_than_that_of_all(self) -> None:
        for made in self.connections:
            whole = made.memory_bits(8)
            assert 0 < whole == made.memory_bits(8, np.arange(made.targets))
            assert 0 <= made.memory_bits(8, np.arange(made.targets // 2)) <= whole

    def test_on_cores_it_is_its_matrix_without_the_synapses_that_do_not_exist(self) -> None:
        rng = np.random.default_rng(4)
        for made in self.connections:
            weights, matrix = self._drawn(made)
            spikes = (rng.random((30, made.sources)) < 0.3).astype(np.uint8)
            chip = small_chip(neurons=max(made.sources, made.targets), mesh=(2, 2, 1))
            neuron = LIF(threshold=15.0, leak=0.5)
            one, other = (
                replay([spikes], [given], chip, neuron=neuron)
                for given in ((made, weights), matrix.astype(np.int8))
            )
            np.testing.assert_array_equal(one.spikes[1], other.spikes[1])
            assert one.counters.sops == int(spikes.sum(axis=0) @ made.fan_out())
            cores = [np.zeros(made.sources, np.int64), np.ones(made.targets, np.int64)]
            placed = place(
                [made.sources, made.targets],
                [(0, 1)],
                cores,
                chip,
                weight_bits=8,
                state_bits=0,
                connections=[made],
            )
            assert placed.needs["synapse_memory"].tolist() == [
                0,
                made.memory_bits(8, np.arange(made.targets)),
            ]
