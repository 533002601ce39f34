"""Updates by spike times, beside a loop over every spike."""

from __future__ import annotations

import numpy as np

from neurochip.papers.spike_partners import NEAREST, by_time, like_stdp


def slowly(fires, count, change):
    """Look at one tick of one neuron after the other."""
    found = np.zeros((2, 2 * NEAREST + 1))
    ticks, samples, neurons = change.shape
    for sample in range(samples):
        for neuron in range(neurons):
            spikes = [t - NEAREST for t in range(len(fires)) if fires[t, sample, neuron]]
            for tick in range(ticks - NEAREST):
                before = [tick - s for s in spikes if 0 < tick - s <= NEAREST]
                after = [s - tick for s in spikes if 0 < s - tick <= NEAREST]
                if bool(before) == bool(after):
                    continue
                time = min(after) if after else -min(before)
                found[0, time + NEAREST] += count[tick, sample]
                found[1, time + NEAREST] += change[tick, sample, neuron]
    return found


def test_partners_are_those_of_a_loop_over_spikes() -> None:
    random = np.random.default_rng(3)
    ticks, samples, neurons = 40, 3, 4
    fires = random.random((ticks + NEAREST, samples, neurons)) < 0.08
    fires[:, 0, 0] = False  # one that never fires, and one that always does
    fires[:, 0, 1] = True
    count = random.integers(0, 5, (ticks, samples))
    change = random.normal(size=(ticks, samples, neurons))
    found = by_time(fires, count, change)
    np.testing.assert_allclose(found, slowly(fires, count, change), atol=1e-12)
    assert np.any(found[0] > 0) and found[0, NEAREST] == 0


def test_the_share_with_the_sign_of_stdp() -> None:
    times = np.arange(-NEAREST, NEAREST + 1)
    assert like_stdp(np.exp(-np.abs(times)) * np.sign(times)) == 1.0
    assert like_stdp(-times * 1.0) == 0.0
    assert like_stdp(np.ones(len(times))) == 0.5
