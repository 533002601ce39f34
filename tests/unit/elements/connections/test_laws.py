"""Every connectivity against its synapses written out one by one, by NumPy, SciPy and loops from the definition."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from neurochip.elements.connections import (
    CONNECTIONS,
    Connection,
    Convolution,
    Dense,
    OneToOne,
    Pooling,
    Sparse,
)
from tests.property.networks import checked, seeds

pytestmark = pytest.mark.interp

Array = NDArray[Any]
FORMATS = [(np.float64, np.float64), (np.float32, np.float32), (np.int8, np.int32), (np.int16, np.int32)]
formats = st.sampled_from(FORMATS)
both = st.one_of(st.integers(1, 3), st.tuples(st.integers(1, 3), st.integers(1, 3)))


@st.composite
def denses(draw: Any) -> Dense:
    return Dense(draw(st.integers(0, 19)), draw(st.integers(0, 40)))


@st.composite
def sparses(draw: Any) -> Sparse:
    sources, targets = draw(st.integers(0, 12)), draw(st.sampled_from([0, 1, 9, 40, 70_000]))
    rng = np.random.default_rng(draw(seeds))
    some = min(targets, draw(st.integers(0, 30)))
    lists = [np.sort(rng.choice(targets, rng.integers(0, some + 1), replace=False)) for _ in range(sources)]
    offsets = np.cumsum([0, *(len(ends) for ends in lists)])
    return Sparse(sources, targets, offsets, np.concatenate([np.zeros(0, int), *lists]))


@st.composite
def convolutions(draw: Any) -> Convolution:
    groups = draw(st.integers(1, 3))
    kernel, dilation = draw(both), draw(both)
    spans = [(k - 1) * d + 1 for k, d in zip(pair(kernel), pair(dilation), strict=True)]
    height, width = (span + draw(st.integers(0, 3)) for span in spans)
    return Convolution(
        (groups * draw(st.integers(1, 2)), height, width),
        channels=groups * draw(st.integers(1, 3)),
        kernel=kernel,
        stride=draw(both),
        padding=draw(st.one_of(st.integers(0, 2), st.tuples(st.integers(0, 2), st.integers(0, 2)))),
        dilation=dilation,
        groups=groups,
        order=draw(st.sampled_from(["channels-first", "channels-last"])),
        backward=draw(st.booleans()),
    )


@st.composite
def poolings(draw: Any) -> Pooling:
    kernel = draw(both)
    height, width = (k + draw(st.integers(0, 4)) for k in pair(kernel))
    return Pooling(
        (draw(st.integers(1, 3)), height, width),
        kernel,
        draw(st.one_of(st.none(), both)),
        draw(st.integers(0, 1)),
        draw(st.sampled_from(["sum", "average"])),
        draw(st.sampled_from(["channels-first", "channels-last"])),
        draw(st.booleans()),
    )


pairings = st.builds(OneToOne, st.integers(0, 20), st.integers(0, 20), st.integers(-22, 22))
connections = st.one_of(denses(), sparses(), convolutions(), poolings(), pairings)


def pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def draw_weights(made: Connection, dtype: Any, seed: int) -> Array | None:
    if made.shape == (0,) and made.kind == "pooling":
        return None
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "i":
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max + 1, made.shape).astype(dtype)
    return rng.normal(size=made.shape).astype(dtype)


def matrix(made: Connection, weights: Array | None, dtype: Any) -> Array:
    """Write all synapses into a matrix [source, target], each once."""
    out = np.zeros((made.sources, made.targets), dtype=dtype)
    edges = made.edges()
    values = np.ones(len(edges.source), dtype) if weights is None else weights.reshape(-1)[edges.weight]
    out[edges.source, edges.target] = values
    return out


def deliver(
    made: Connection, weights: Array | None, active: Array, formats: Any, sums: Array | None = None
) -> Array:
    dtype, wide = formats
    sums = np.zeros(made.targets, dtype=wide) if sums is None else sums
    listed = np.concatenate([active, [10**9]]).astype(np.uint64)  # what comes after the list is not read
    made.deliver(made.memory(weights, dtype), listed, np.uint64(len(active)), sums)
    return sums


def draw_active(made: Connection, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    return np.flatnonzero(rng.random(made.sources) < rng.random())


@given(connections, formats, seeds)
@checked(100)
def test_sums_are_those_of_the_matrix(made: Connection, formats: Any, seed: int) -> None:
    weights, active = draw_weights(made, formats[0], seed), draw_active(made, seed)
    before = np.arange(made.targets, dtype=formats[1])
    sums = deliver(made, weights, active, formats, before.copy())
    wanted = before + matrix(made, weights, formats[1])[active].sum(axis=0, dtype=formats[1])
    if np.dtype(formats[1]).kind == "i":
        np.testing.assert_array_equal(sums, wanted)
    else:
        np.testing.assert_allclose(sums, wanted, rtol=1e-5, atol=1e-4)


@given(connections)
@checked(100)
def test_a_spike_meets_the_synapses_that_there_are(made: Connection) -> None:
    """Sums of ones count synapses, source by source: nothing beyond an edge, nothing twice."""
    edges = made.edges()
    assert len(set(zip(edges.source.tolist(), edges.target.tolist(), strict=True))) == len(edges.source)
    fan_out = made.fan_out()
    assert fan_out.dtype == np.int64
    np.testing.assert_array_equal(fan_out, np.bincount(edges.source, minlength=made.sources))
    assert made.synapses == len(edges.source) == fan_out.sum()
    ones = None if made.kind == "pooling" else np.ones(made.shape)
    for i in range(made.sources):
        assert deliver(made, ones, np.array([i]), FORMATS[0]).sum() == fan_out[i]


@given(connections, seeds)
@checked(70)
def test_unrolled_is_the_same(made: Connection, seed: int) -> None:
    edges = made.edges()
    weights, active = draw_weights(made, np.int16, seed), draw_active(made, seed)
    unrolled, order = Sparse.from_pairs(made.sources, made.targets, edges.source, edges.target)
    values = np.ones(len(order), np.int16) if weights is None else weights.reshape(-1)[edges.weight]
    np.testing.assert_array_equal(
        deliver(unrolled, values[order], active, FORMATS[3]), deliver(made, weights, active, FORMATS[3])
    )
    np.testing.assert_array_equal(unrolled.fan_out(), made.fan_out())


@given(connections, seeds, st.data())
@checked(70)
def test_parts_are_the_whole(made: Connection, seed: int, data: st.DataObject) -> None:
    """Cut into blocks of sources and targets, twice over, as cores would hold it."""
    weights, active = draw_weights(made, np.int16, seed), draw_active(made, seed)
    whole = deliver(made, weights, active, FORMATS[3])
    fan_out = np.zeros(made.sources, dtype=np.int64)
    into = np.zeros(made.shape)
    rng = np.random.default_rng(seed)
    pre, post = rng.normal(size=made.sources), rng.normal(size=made.targets)
    sums = np.zeros_like(whole)
    cuts = [
        sorted({0, n, *data.draw(st.lists(st.integers(0, n), max_size=2))})
        for n in (made.sources, made.targets)
    ]
    for (a, b), (c, d) in itertools.product(*(itertools.pairwise(cut) for cut in cuts)):
        sources, targets = range(a, b), range(c, d)
        part = made.part(sources, targets)
        assert (part.sources, part.targets) == (b - a, d - c)
        own = None if weights is None else weights[made.kept(sources, targets)]
        fired = active[(active >= a) & (active < b)] - a
        sums[c:d] += deliver(part, own, fired, FORMATS[3])
        fan_out[a:b] += part.fan_out()
        # A part of a part, down to one source and one target: addresses are computed from the whole.
        if b > a and d > c:
            single = part.part(range(b - a - 1, b - a), range(d - c - 1, d - c))
            joined = matrix(made, weights, np.int64)[b - 1, d - 1]
            last = None if own is None else own[part.kept(range(b - a - 1, b - a), range(d - c - 1, d - c))]
            assert deliver(single, last, np.array([0]), FORMATS[3])[0] == joined
        if made.accumulate is not None and own is not None:
            memory = part.memory(own, np.float64)
            stored = np.zeros(memory.weights.size)
            made.accumulate(memory, pre[a:b], post[c:d], stored)
            into[made.kept(sources, targets)] += part.values(stored)
    np.testing.assert_array_equal(sums, whole)
    np.testing.assert_array_equal(fan_out, made.fan_out())
    if made.accumulate is not None:
        np.testing.assert_allclose(into, products(made, pre, post), atol=1e-9)


def products(made: Connection, pre: Array, post: Array) -> Array:
    """Return the sum of pre · post over the synapses of each weight."""
    edges = made.edges()
    flat = np.bincount(
        edges.weight, weights=pre[edges.source] * post[edges.target], minlength=int(np.prod(made.shape))
    )
    return flat.reshape(made.shape)


@given(connections, st.sampled_from([np.float32, np.float64]), seeds)
@checked(70)
def test_updates_are_written_to_the_synapses_that_there_are(made: Connection, dtype: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pre, post = rng.normal(size=made.sources).astype(dtype), rng.normal(size=made.targets).astype(dtype)
    pre[rng.random(made.sources) < 0.3] = 0
    if made.accumulate is None:
        assert made.kind == "pooling" and made.shape == (0,)
        return
    memory = made.memory(draw_weights(made, dtype, seed), dtype)
    into = np.ones(memory.weights.size, dtype=dtype)
    made.accumulate(memory, pre, post, into)
    np.testing.assert_allclose(made.values(into), 1 + products(made, pre, post), rtol=1e-4, atol=1e-4)


@given(connections, seeds)
@checked(70)
def test_transposed_is_the_transpose(made: Connection, seed: int) -> None:
    weights, back = draw_weights(made, np.int16, seed), made.transposed()
    turned = None if weights is None else made.transposed_weights(weights)
    np.testing.assert_array_equal(matrix(back, turned, np.int64), matrix(made, weights, np.int64).T)
    active = draw_active(back, seed)
    np.testing.assert_array_equal(
        deliver(back, turned, active, FORMATS[3]), matrix(made, weights, np.int32).T[active].sum(axis=0)
    )
    again = back.transposed()
    if turned is not None:
        np.testing.assert_array_equal(back.transposed_weights(turned), weights)
    np.testing.assert_array_equal(again.fan_out(), made.fan_out())


@given(connections, seeds)
@checked(40)
def test_weights_come_back(made: Connection, seed: int) -> None:
    weights = draw_weights(made, np.float64, seed)
    stored = made.memory(weights, np.float64).weights
    if weights is not None:
        np.testing.assert_array_equal(made.values(stored), weights)


def looked_up(made: Convolution, weights: Array) -> dict[tuple[int, int], Any]:
    """Return (source unit, target unit) → weight of a convolution, from its definition, by loops."""
    found: dict[tuple[int, int], Any] = {}
    (n, height, width), (m, rows, columns) = made.source, made.target
    (sy, sx), (py, px), (dy, dx) = (pair(v) for v in (made.stride, made.padding, made.dilation))
    last = made.order == "channels-last"

    def unit(shape: tuple[int, int, int], c: int, y: int, x: int) -> int:
        index = (y, x, c) if last else (c, y, x)
        return int(np.ravel_multi_index(index, (shape[1], shape[2], shape[0]) if last else shape))

    for o, y, x in itertools.product(range(m), range(rows), range(columns)):
        group = o // (m // made.groups)
        for c, ky, kx in itertools.product(
            range(n // made.groups), range(made.shape[0]), range(made.shape[1])
        ):
            at_y, at_x = y * sy - py + ky * dy, x * sx - px + kx * dx
            if 0 <= at_y < height and 0 <= at_x < width:
                start = unit(made.source, group * (n // made.groups) + c, at_y, at_x)
                end = unit(made.target, o, y, x)
                found[(end, start) if made.backward else (start, end)] = weights[ky, kx, c, o]
    return found


@given(convolutions(), seeds)
@checked(70)
def test_a_convolution_is_what_its_definition_says(made: Convolution, seed: int) -> None:
    weights = draw_weights(made, np.int16, seed)
    assert weights is not None
    wanted = np.zeros((made.sources, made.targets), dtype=np.int64)
    synapses = looked_up(made, weights)
    for (start, end), weight in synapses.items():
        wanted[start, end] = weight
    np.testing.assert_array_equal(matrix(made, weights, np.int64), wanted)
    assert made.synapses == len(synapses)


@given(poolings(), seeds)
@checked(40)
def test_pooling_is_a_convolution_of_ones(made: Pooling, seed: int) -> None:
    ones = Convolution(
        made.source, made.source[0], made.kernel, made.kernel if made.stride is None else made.stride,
        made.padding, groups=made.source[0], order=made.order, backward=made.backward,
    )  # fmt: skip
    active = draw_active(made, seed)
    np.testing.assert_array_equal(
        deliver(made, None, active, FORMATS[2]),
        deliver(ones, np.ones(ones.shape, np.int8), active, FORMATS[2]),
    )
    np.testing.assert_array_equal(made.fan_out(), ones.fan_out())
    rows, columns = pair(made.kernel)
    assert made.scale == (1 if made.reduction == "sum" else 1 / (rows * columns))


def test_an_average_is_the_average() -> None:
    made, rng = Pooling((2, 6, 8), 2), np.random.default_rng(1)
    fired = rng.random((2, 6, 8)) < 0.4
    sums = deliver(made, None, np.flatnonzero(fired), FORMATS[2]) * made.scale
    np.testing.assert_array_equal(sums.reshape(2, 3, 4), fired.reshape(2, 3, 2, 4, 2).mean(axis=(2, 4)))


@given(st.integers(0, 20), seeds)
@checked(20)
def test_one_to_one_is_a_diagonal(n: int, seed: int) -> None:
    made = OneToOne(n, n)
    weights = draw_weights(made, np.int16, seed)
    diagonal = np.zeros((n, n))
    np.fill_diagonal(diagonal, weights)
    np.testing.assert_array_equal(matrix(made, weights, np.int64), diagonal)
    assert made.fan_out().tolist() == [1] * n


@given(sparses(), seeds)
@checked(40)
def test_sparse_is_that_of_scipy(made: Sparse, seed: int) -> None:
    weights, active = draw_weights(made, np.int16, seed), draw_active(made, seed)
    assert weights is not None
    rows = scipy.sparse.csr_array(
        (weights.astype(np.int64), made.ends.astype(np.int64), made.offsets),
        shape=(made.sources, made.targets),
    )
    fired = np.zeros(made.sources, dtype=np.int64)
    fired[active] = 1
    np.testing.assert_array_equal(deliver(made, weights, active, FORMATS[3]), fired @ rows)
    assert made.ends.dtype == (np.uint16 if made.targets <= 65536 else np.uint32)


@pytest.mark.parametrize("n", range(18))
def test_rows_of_floating_point_are_added_in_the_order_of_the_emulator(n: int) -> None:
    """A list filled up with rows of zeros gives the same sum to the bit: results of runs do not move."""
    from neurochip.kernels.spike_lists import add_rows

    rng, width = np.random.default_rng(n), 37
    weights = rng.normal(size=(20, width)).astype(np.float32) * rng.choice(
        [1e-3, 1, 1e4], (20, width)
    ).astype(np.float32)
    weights[19] = 0
    active = np.sort(rng.choice(19, n, replace=False)).astype(np.uint64)
    filled = np.concatenate([active, np.full(-n % 4, 19, np.uint64)])
    sums, wanted = np.ones(width, np.float32), np.ones(width, np.float32)
    add_rows(
        weights.reshape(-1),
        np.uint64(0),
        np.uint64(width),
        np.uint64(width),
        filled,
        np.uint64(0),
        np.uint64(filled.size),
        wanted,
    )
    made = Dense(20, width)
    made.deliver(made.memory(weights, np.float32), active, np.uint64(n), sums)
    np.testing.assert_array_equal(sums, wanted)


def test_the_table_has_every_kind() -> None:
    assert {name: cls.kind for name, cls in CONNECTIONS.items()} == {name: name for name in CONNECTIONS}
