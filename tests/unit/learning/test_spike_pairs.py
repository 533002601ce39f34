"""Pairs of spikes against a slow count of the same windows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from neurochip.kernels.random_bits import mix
from neurochip.learning.spike_pairs import Rates, pair_tables, scratch_of, spikes_of_train, tabulate_pairs

pytestmark = [pytest.mark.interp, pytest.mark.filterwarnings("ignore:overflow encountered")]

TICKS, WINDOW, BINS = 30, 5, 7


def slow(seed, pre, post, slope, value, trains, tau, widest):
    """The paper's words, one presynaptic spike after the other."""
    n = len(pre)
    out = {k: np.zeros(2 * WINDOW + 1) for k in ("events", "rate", "driven", "stdp")}
    bins = {"events": np.zeros(BINS), "stdp": np.zeros(BINS)}
    pairs = []
    for sequence in range(n):
        for train in range(trains):
            key = np.uint64(mix(np.uint64(mix(np.uint64(seed), np.uint64(sequence))), np.uint64(train)))
            sides = []
            for side, rate in ((0, pre[sequence]), (1, post[sequence])):
                bits = np.zeros(TICKS, np.uint8)
                spikes_of_train(key, rate, np.uint64(side), bits)
                sides.append(set(np.flatnonzero(bits).tolist()))
            for t in sorted(sides[0]):
                if t - WINDOW < 0 or t + WINDOW > TICKS - 1:
                    continue
                left = [t - u for u in sides[1] if t - WINDOW <= u < t]
                right = [u - t for u in sides[1] if t < u <= t + WINDOW]
                if bool(left) == bool(right):
                    continue
                difference = min(right) if right else -min(left)
                change = math.copysign(math.exp(-abs(difference) / tau), difference)
                rate = slope[sequence, t] * value[sequence, t]
                at = difference + WINDOW
                out["events"][at] += 1
                out["rate"][at] += rate
                out["driven"][at] += slope[sequence, t]
                out["stdp"][at] += change
                place = min(max(int((rate + widest) / (2 * widest) * BINS), 0), BINS - 1)
                bins["events"][place] += 1
                bins["stdp"][place] += change
                pairs.append((rate, slope[sequence, t], change))
    return out, bins, np.array(pairs)


def test_every_pair_is_found_once() -> None:
    draws = np.random.default_rng(1)
    n, trains, tau, widest = 4, 6, 3.0, 0.5
    pre, post = draws.uniform(0, 0.5, (2, n, TICKS))
    slope, value = draws.normal(size=(n, TICKS)), draws.uniform(size=(n, TICKS))
    out, bins, pairs = slow(9, pre, post, slope, value, trains, tau, widest)
    assert len(pairs) > 30
    tables = pair_tables(n, WINDOW, BINS)
    decay = np.exp(-np.arange(WINDOW + 1) / tau)
    rates, scratch = Rates(pre, post, slope, value), scratch_of(TICKS)
    # Two calls add up to one.
    for first, last in ((0, 3), (3, 4)):
        tabulate_pairs(np.uint64(9), first, last, trains, rates, decay, widest, scratch, tables)
    for name, table in out.items():
        np.testing.assert_allclose(getattr(tables, name), table, atol=1e-12)
    assert tables.events[WINDOW] == 0  # a difference of 0 is none
    np.testing.assert_array_equal(tables.rate_events, bins["events"])
    np.testing.assert_allclose(tables.rate_stdp, bins["stdp"], atol=1e-12)
    rate, driven, change = pairs.T
    for row, x in ((0, rate), (1, driven)):
        wanted = [len(x), x.sum(), change.sum(), (x * x).sum(), (change**2).sum(), (x * change).sum()]
        np.testing.assert_allclose(tables.moments[row], wanted, atol=1e-12)
    np.testing.assert_allclose(
        tables.sequence.sum(axis=0), [rate.sum(), driven.sum(), change.sum()], atol=1e-12
    )


def test_a_train_fires_at_its_rate() -> None:
    bits = np.zeros(2000, np.uint8)
    spikes_of_train(np.uint64(5), np.full(2000, 0.3), np.uint64(0), bits)
    other = np.zeros(2000, np.uint8)
    spikes_of_train(np.uint64(5), np.full(2000, 0.3), np.uint64(1), other)
    assert bits.mean() == pytest.approx(0.3, abs=0.04)
    assert (bits != other).any()
