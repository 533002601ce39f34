"""Plasticity from spikes and rates, pair by pair (Bengio et al. 2017, section 4).

Around every presynaptic spike of a pair of neurons a window is looked at. Where exactly one side holds postsynaptic
spikes, the nearest of them gives the spike-time difference Δt (post minus pre), and three rules are compared there:
ṡ_post ρ(s_pre) (eq. 3.18), its spike-driven form ṡ_post ξ_pre (eq. 4.1), and nearest-neighbour STDP,
±exp(−|Δt| / τ). Everywhere else nothing is learnt.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.kernels._jit import entry, kernel
from neurochip.kernels.random_bits import mix, uniform
from neurochip.kernels.types import Index, Matrix, Vector

__all__ = [
    "PairTables",
    "Rates",
    "pair_tables",
    "scratch_of",
    "spikes_of_train",
    "tabulate_pairs",
]

PRE, POST = np.uint64(0), np.uint64(1)
_ONE = np.uint64(1)
_TWO = np.uint64(2)


class PairTables(NamedTuple):
    """Sums over all events, to be divided by their counts. Bins of time are Δt + window."""

    events: NDArray[np.int64]  # [2·window + 1], events at each Δt
    rate: NDArray[np.float64]  # [2·window + 1], Σ ṡ_post ρ(s_pre)
    driven: NDArray[np.float64]  # [2·window + 1], Σ ṡ_post ξ_pre
    stdp: NDArray[np.float64]  # [2·window + 1], Σ of the nearest-neighbour rule
    rate_events: NDArray[np.int64]  # [bin], events with ṡ_post ρ(s_pre) in a bin
    rate_stdp: NDArray[np.float64]  # [bin], Σ of the nearest-neighbour rule there
    rate_sum: NDArray[np.float64]  # [bin], Σ ṡ_post ρ(s_pre) there
    moments: NDArray[
        np.float64
    ]  # [2, 6]: n, Σx, Σy, Σx², Σy², Σxy; x = rule 3.18, then 4.1; y = STDP; single events
    spikes: NDArray[np.int64]  # [2]: presynaptic, postsynaptic spikes drawn
    sequence: NDArray[np.float64]  # [sequence, 3]: Σ over its events of 3.18, 4.1, STDP


class Rates(NamedTuple):
    """Of the two neurons of each sequence, f64[sequence, tick] each."""

    pre: NDArray[np.float64]  # probability of a spike
    post: NDArray[np.float64]
    slope: NDArray[np.float64]  # ṡ_post
    value: NDArray[np.float64]  # ρ(s_pre)


class Scratch(NamedTuple):
    """Room for one train, i64[tick] each."""

    pre_at: NDArray[np.int64]
    post_at: NDArray[np.int64]
    previous: NDArray[np.int64]
    following: NDArray[np.int64]


def scratch_of(ticks: int) -> Scratch:
    """Return room for trains of so many ticks."""
    return Scratch(*(np.zeros(ticks, np.int64) for _ in range(4)))


def pair_tables(sequences: int, window: int, bins: int) -> PairTables:
    """Return empty tables."""
    wide = 2 * window + 1
    return PairTables(
        events=np.zeros(wide, np.int64),
        rate=np.zeros(wide),
        driven=np.zeros(wide),
        stdp=np.zeros(wide),
        rate_events=np.zeros(bins, np.int64),
        rate_stdp=np.zeros(bins),
        rate_sum=np.zeros(bins),
        moments=np.zeros((2, 6)),
        spikes=np.zeros(2, np.int64),
        sequence=np.zeros((sequences, 3)),
    )


@kernel
def _tally(moments: Matrix[np.float64], row: int, x: float, y: float) -> None:
    moments[row, 0] += 1.0
    moments[row, 1] += x
    moments[row, 2] += y
    moments[row, 3] += x * x
    moments[row, 4] += y * y
    moments[row, 5] += x * y


@entry
def spikes_of_train(key: Index, rate: Vector[np.float64], side: Index, spikes: Vector[np.uint8]) -> None:
    """Draw u8[tick] ``spikes``, Bernoulli with probability f64[tick] ``rate``; ``key`` u64 names the train."""
    for t in range(rate.shape[0]):
        spikes[t] = 1 if uniform(key, np.uint64(t) * _TWO + side) < rate[t] else 0


@entry
def tabulate_pairs(
    seed: Index,
    first: int,
    last: int,
    trains: int,
    rates: Rates,
    decay: Vector[np.float64],
    widest: float,
    scratch: Scratch,
    tables: PairTables,
) -> None:
    """Draw spike trains for sequences ``first`` … ``last`` − 1 and add up what each rule does at each pair.

    ``decay`` f64[window + 1] is exp(−Δt/τ). Bins of ṡρ are even in −``widest`` … ``widest``; what lies beyond goes to
    the last ones.
    """
    pre, post, slope, value = rates.pre, rates.post, rates.slope, rates.value
    pre_at, post_at, previous, following = (
        scratch.pre_at,
        scratch.post_at,
        scratch.previous,
        scratch.following,
    )
    ticks = pre.shape[1]
    window = decay.shape[0] - 1
    bins = tables.rate_events.shape[0]
    for sequence in range(first, last):
        for train in range(trains):
            key = mix(mix(np.uint64(seed), np.uint64(sequence)), np.uint64(train))
            n_pre = 0
            before = -ticks - window
            for t in range(ticks):
                at = np.uint64(t) * _TWO
                if uniform(key, at + PRE) < pre[sequence, t]:
                    pre_at[n_pre] = t
                    n_pre += 1
                # The last postsynaptic spike strictly before t, and whether there is one at t.
                previous[t] = before
                if uniform(key, at + POST) < post[sequence, t]:
                    before = t
                    post_at[t] = 1
                    tables.spikes[1] += 1
                else:
                    post_at[t] = 0
            tables.spikes[0] += n_pre
            after = 2 * ticks + window
            for back in range(ticks):
                t = ticks - 1 - back
                following[t] = after
                if post_at[t] == 1:
                    after = t
            for k in range(n_pre):
                t = pre_at[k]
                # A window that the sequence cuts off would see one side better than the other.
                if t < window or t + window >= ticks:
                    continue
                left = t - previous[t]
                right = following[t] - t
                if (left <= window) == (right <= window):
                    continue
                if left <= window:
                    difference = -left
                    change = -decay[left]
                else:
                    difference = right
                    change = decay[right]
                driven = slope[sequence, t]
                rate = driven * value[sequence, t]
                at_time = difference + window
                tables.events[at_time] += 1
                tables.rate[at_time] += rate
                tables.driven[at_time] += driven
                tables.stdp[at_time] += change
                position = int((rate + widest) / (2.0 * widest) * bins)
                position = min(max(position, 0), bins - 1)
                tables.rate_events[position] += 1
                tables.rate_stdp[position] += change
                tables.rate_sum[position] += rate
                _tally(tables.moments, 0, rate, change)
                _tally(tables.moments, 1, driven, change)
                tables.sequence[sequence, 0] += rate
                tables.sequence[sequence, 1] += driven
                tables.sequence[sequence, 2] += change
