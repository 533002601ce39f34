"""Connectivities in the loop over ticks: what it makes of them is what it makes of their synapses in a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurochip import LIF
from neurochip.compile.placement import place
from neurochip.cores.engine import LayerEngine
from neurochip.cores.raster import LayeredRaster
from neurochip.description import read_chip
from neurochip.elements.connections import Connection, Convolution, Dense, OneToOne, Pooling, Sparse
from neurochip.elements.neurons.lif import VARIABLES
from tests.oracle.lif import LIFChip, LIFNeuron

Array = NDArray[Any]
RNG = np.random.default_rng(5)
NEURON = LIF(threshold=2.0, leak=0.5, refractory=1)
TICKS = 40


def sparse(sources: int, targets: int) -> Sparse:
    pre, post = np.nonzero(RNG.random((sources, targets)) < 0.1)
    return Sparse.from_pairs(sources, targets, pre, post)[0]


# A chain through every connectivity, with a loop, and two ways into one layer.
MAPS = Convolution((2, 8, 6), 3, (3, 2), padding=1, stride=(1, 2))
POOLED = Pooling(MAPS.target, 2, reduction="sum")
SIZES = [MAPS.sources, MAPS.targets, POOLED.targets, POOLED.targets, 70]
PROJECTIONS = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 4), (2, 4), (1, 4)]
CONNECTIONS: list[Connection] = [
    MAPS, POOLED, OneToOne(SIZES[2], SIZES[3]), Dense(SIZES[3], 70), sparse(70, 70), sparse(SIZES[2], 70),
    sparse(SIZES[1], 70),
]  # fmt: skip


def unrolled(made: Connection, weights: Array) -> Array:
    edges = made.edges()
    matrix = np.zeros((made.sources, made.targets), dtype=weights.dtype)
    matrix[edges.source, edges.target] = weights.reshape(-1)[edges.weight] if weights.size else 1
    return matrix


def run(
    connections: list[Connection], weights: list[Array], held: Any, state: Any, inputs: Array
) -> tuple[list[Array], Array, LayeredRaster]:
    cores = [np.zeros(size, dtype=np.int64) for size in SIZES]
    placed = place(
        SIZES, PROJECTIONS, cores, read_chip("ideal-bits"), weight_bits=32, state_bits=32,
        connections=connections,
    )  # fmt: skip
    raster = LayeredRaster(SIZES, len(inputs))
    raster.layer(0)[:] = inputs
    engine = LayerEngine(
        placed,
        weights,
        [NEURON.dynamics] * (len(SIZES) - 1),
        VARIABLES,
        raster,
        np.dtype(held),
        np.dtype(state),
    )
    engine.advance(15)
    engine.advance(len(inputs) - 15)
    idle, per_tick = engine.idle()
    assert idle.sum() == per_tick.sum()
    return [raster.layer(k).copy() for k in range(len(SIZES))], per_tick, raster


@pytest.mark.parametrize(
    ("held", "state"), [("int8", "float32"), ("int16", "float32"), ("float64", "float64")]
)
def test_the_loop_makes_of_any_connectivity_what_it_makes_of_its_matrix(held: str, state: str) -> None:
    # Whole numbers, also where they are floating point: sums do not depend on their order then.
    weights = [
        np.zeros(0, held) if made.kind == "pooling" else RNG.integers(-20, 21, made.shape).astype(held)
        for made in CONNECTIONS
    ]
    inputs = (RNG.random((TICKS, SIZES[0])) < RNG.choice([0.02, 0.1, 0.6], (TICKS, 1))).astype(np.uint8)
    inputs[10:14] = 0
    spikes, idle, _ = run(CONNECTIONS, weights, held, state, inputs)
    matrices = [unrolled(made, given) for made, given in zip(CONNECTIONS, weights, strict=True)]
    dense = [Dense(made.sources, made.targets) for made in CONNECTIONS]
    wanted, _, _ = run(list(dense), matrices, held, state, inputs)
    for k, (found, right) in enumerate(zip(spikes, wanted, strict=True)):
        np.testing.assert_array_equal(found, right, err_msg=f"layer {k}")
        assert k == 0 or 0 < found.sum() < found.size
    # A neuron is idle that no synapse brings a spike, whatever its neighbours get, and though weights may cancel.
    chip = slow_chip(CONNECTIONS, weights)
    assert chip.run([inputs.tolist()])[-1] == spikes[-1].tolist()
    assert idle.tolist() == [tick.idle for tick in chip.events]
    assert 0 < idle.sum() < sum(tick.updates for tick in chip.events)


def slow_chip(connections: list[Connection], weights: list[Array]) -> LIFChip:
    links: dict[tuple[int, int], Any] = {}
    for ends, made, given in zip(PROJECTIONS, connections, weights, strict=True):
        links[ends] = [[None] * made.targets for _ in range(made.sources)]
        edges = made.edges()
        values = given.reshape(-1)[edges.weight] if given.size else np.ones(made.synapses)
        for pre, post, value in zip(edges.source, edges.target, values.tolist(), strict=True):
            links[ends][pre][post] = float(value)
    neurons = [
        [LIFNeuron(NEURON.threshold, NEURON.leak, refractory=NEURON.refractory) for _ in range(n)]
        for n in SIZES
    ]
    return LIFChip(SIZES, links, [[0] * n for n in SIZES], {0: (0, 0)}, False, {0: 1}, neurons)
