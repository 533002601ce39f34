"""The NumPy baseline of the benchmarks computes what it claims to: the recorded run, and the slow chip."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.bench.numpy_dense import settle_numpy
from tests.golden.recorded_runs import load_run
from tests.oracle.annealers import OSA
from tests.oracle.coders import Constant, SigmaDelta
from tests.oracle.neuron import Coding
from tests.oracle.settle import settle
from tests.oracle.slow_chip import SlowChip

SETTINGS = {"lam": 0.275, "nu_bar": 0.0346, "regulariser": 1e-15}


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 5e-6)])
def test_recorded_run(dtype: Any, tolerance: float) -> None:
    run = load_run("osa_predictive")
    counts, states = settle_numpy(
        [w.astype(dtype) for w in run.weights],
        [b.astype(dtype) for b in run.biases],
        run.x.astype(dtype),
        run.y.astype(dtype),
        run.n_free,
        run.n_nudged,
        run.beta,
        **SETTINGS,
    )
    for k, spikes in run.spikes.items():
        np.testing.assert_array_equal(counts[k], spikes.sum(axis=0))
    assert run.state_ticks[-1] == run.n_free + run.n_nudged
    for k, recorded in run.states.items():
        assert states[k].dtype == dtype
        np.testing.assert_allclose(states[k], recorded[-1], rtol=0, atol=tolerance)


def test_deep_network_against_the_slow_chip() -> None:
    rng = np.random.default_rng(4)
    wide = [rng.uniform(-0.6, 0.6, shape) for shape in ((12, 9), (9, 8), (8, 4))]
    shifts = [rng.uniform(-0.1, 0.1, w.shape[1]) for w in wide]
    x, y = rng.uniform(0, 1, (3, 12)), np.eye(4)[[0, 3, 1]]
    counts, states = settle_numpy(wide, shifts, x, y, 30, 20, -0.4, **SETTINGS)
    coding = Coding(lambda _: SigmaDelta(), lambda: OSA(0.0346, 1e-15), Constant(0.275), Constant(0.275))
    chip = SlowChip([w.tolist() for w in wide], [b.tolist() for b in shifts], coding)
    slow = settle(chip, x.tolist(), y.tolist(), n_free=30, n_nudged=20, beta=-0.4)
    for k in range(4):
        np.testing.assert_array_equal(counts[k], np.array(slow.spikes[k]).sum(axis=1))
        np.testing.assert_allclose(states[k], slow.plus[k], rtol=0, atol=1e-12)
