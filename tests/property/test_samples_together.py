"""Samples in one call do what each does alone: every spike, potential, count and joule, to the bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from neurochip.cores import engine
from neurochip.description.spiking import Connection, SpikingNetwork
from neurochip.elements.connections import Sparse
from neurochip.inference.inferring import LabelledSamples, infer
from neurochip.replays.spiking import run_spiking

from .test_integer_membranes import whole
from .test_spiking_equals_oracle import drawn, group

EACH = 9


def forward(seed: int, dtype: Any = np.float32) -> SpikingNetwork:
    """Return a dense network without loops: skips, delays, layers alike and not, one large matrix, and read-outs."""
    rng = np.random.default_rng(seed)
    sizes = [200, 90, int(rng.integers(2, 30)), 7]
    kinds: list[Any] = ["Input", "LIF", str(rng.choice(["CubaLIF", "IF"])), str(rng.choice(["LI", "LIF"]))]
    network, _ = drawn(seed)
    groups = [replace(network.groups[0], size=sizes[0])]
    for k in (1, 2, 3):
        how: dict[str, Any] = {"begins": int(rng.integers(0, 4))}
        if kinds[k] != "LI":
            how |= {"reset": str(rng.choice(["value", "subtract", "subtract-late", "value-late", "none"]))}
            how["refractory"] = 0 if how["reset"].endswith("late") else int(rng.integers(0, 3))
        made = group(f"g{k}", kinds[k], sizes[k], rng, **how)
        if rng.random() < 0.6:
            made = replace(made, parameters={name: 0 * v + v[0] for name, v in made.parameters.items()})
        groups.append(made)
    pairs = [(0, 1), (1, 2), (2, 3), (0, 3)][: int(rng.integers(3, 5))] + [(0, 2)]
    connections = tuple(
        Connection(
            name=f"w{a}{b}",
            source=groups[a].name,
            target=groups[b].name,
            weights=rng.normal(0.2, 2.0, (sizes[a], sizes[b])).astype(dtype),
            bias=rng.normal(0, 0.5, sizes[b]) if rng.random() < 0.5 else None,
            delay=int(rng.choice([1, 1, 2, 12])),
        )
        for a, b in pairs
    )
    return replace(network, groups=tuple(groups), connections=connections, outputs={"out": "g3"})


def samples_of(network: SpikingNetwork, n: int, seed: int) -> NDArray[np.uint8]:
    """Return input of mixed activity, one sample silent."""
    rng = np.random.default_rng(seed)
    x = (rng.random((n, EACH, network.groups[0].size)) < rng.random((n, 1, 1))).astype(np.uint8)
    x[n // 2] = 0
    return x


def compared(network: SpikingNetwork, x: NDArray[np.uint8], chip: str, threads: int, timing: Any) -> None:
    """Hold all samples in one call against a call for each."""
    together = run_spiking(
        network, x, chip, sample_ticks=EACH, potentials=True, timing=timing, threads=threads
    )
    alone = [run_spiking(network, one, chip, potentials=True, timing=timing) for one in x]
    for k, bits in enumerate(together.replay.spikes):
        np.testing.assert_array_equal(bits, np.concatenate([one.replay.spikes[k] for one in alone]))
    for name, values in together.potentials.items():
        np.testing.assert_array_equal(values, np.concatenate([one.potentials[name] for one in alone]))
    for name, values in together.readout.items():
        np.testing.assert_array_equal(values, np.concatenate([one.readout[name] for one in alone]))
    for name, counts in together.replay.counters.per_tick.items():
        parts = [one.replay.counters.per_tick[name] for one in alone]
        np.testing.assert_array_equal(counts, np.concatenate(parts), err_msg=name)
    for name, total in together.replay.counters.totals.items():
        assert total == sum(one.replay.counters.totals[name] for one in alone), name
    if together.membranes is not None:
        met = [one.membranes.met for one in alone if one.membranes is not None]
        assert together.membranes.met == {name: sum(one[name] for one in met) for name in met[0]}


@given(seed=st.integers(0, 10**6), dtype=st.sampled_from([np.float32, np.float64]), threads=st.integers(1, 3))
@settings(max_examples=12, deadline=None)
def test_without_loops(seed: int, dtype: Any, threads: int) -> None:
    network = forward(seed, dtype)
    compared(network, samples_of(network, 5, seed), "ideal-bits", threads, "tick")


@given(seed=st.integers(0, 10**6), threads=st.integers(1, 2))
@settings(max_examples=8, deadline=None)
def test_of_any_kind(seed: int, threads: int) -> None:
    network, _ = drawn(seed)
    compared(network, samples_of(network, 5, seed), "ideal-bits", threads, "tick")


@given(seed=st.integers(0, 10**6), width=st.sampled_from([np.int8, np.int16]))
@settings(max_examples=8, deadline=None)
def test_on_integers(seed: int, width: Any) -> None:
    network, _ = whole(seed, "euler", 16.0)
    large = forward(seed)
    held = tuple(replace(c, weights=np.rint(12 * c.weights).astype(width)) for c in large.connections)  # type: ignore[operator]
    for one in (network, replace(large, connections=held)):
        compared(one, samples_of(one, 5, seed), "ideal-bits", 1, "tick")


def test_timed_and_costed() -> None:
    network = forward(11)
    x = samples_of(network, 6, 11)
    compared(network, x, "cmos45", 2, "analytic")
    labels = np.zeros(len(x), np.int64)
    shown = infer(network, LabelledSamples(x, labels), "cmos45", timing="analytic")
    for k in range(len(x)):
        one = infer(network, LabelledSamples(x[k : k + 1], labels[:1]), "cmos45", timing="analytic")
        assert one.predictions[0] == shown.predictions[k]
        for name, values in one.per_sample.items():
            assert values[0] == pytest.approx(shown.per_sample[name][k], rel=1e-12), name


def test_sparse_and_too_large_for_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    network = forward(5)
    first = network.connections[0]
    there = np.argwhere(rng.random((200, 90)) < 0.1)
    connectivity, _ = Sparse.from_pairs(200, 90, there[:, 0], there[:, 1])
    drawn_weights = rng.normal(0.2, 2.0, len(there)).astype(np.float32)
    sparse = replace(first, weights=drawn_weights, connectivity=connectivity)
    other = replace(network, connections=(sparse, *network.connections[1:]))
    compared(other, samples_of(other, 5, 5), "ideal-bits", 2, "tick")
    monkeypatch.setattr(engine, "MOST_ROOM", 0)
    compared(network, samples_of(network, 5, 5), "ideal-bits", 2, "tick")


def test_a_sample_that_does_not_begin_from_rest_is_noticed() -> None:
    network = forward(11)
    x = samples_of(network, 5, 11)
    one_after_the_other = run_spiking(network, x.reshape(-1, x.shape[2]), "ideal-bits").replay
    together = run_spiking(network, x, "ideal-bits", sample_ticks=EACH).replay
    assert not np.array_equal(together.spikes[1], one_after_the_other.spikes[1])
