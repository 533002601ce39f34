"""`neurochip.settle` against the authors' code: every spike in float64 and float32, and the states."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip import OSA, Constant, Identity, PowerLaw, Predictive, SigmaDelta, settle
from tests.golden.recorded_runs import BINARY, REAL_VALUED, RecordedRun, load_run
from tests.oracle.learning import added, bias_change, tied_change

STATE_TOLERANCE = {"float64": 1e-12, "float32": 5e-6}
CODINGS: dict[str, dict[str, Any]] = {
    "osa_predictive": {"decoder": Predictive(lam=0.275), "annealer": OSA(nu_bar=0.0346, regulariser=1e-15)},
    "osa_plain": {"decoder": Identity(), "annealer": OSA(nu_bar=0.0503, regulariser=1e-7)},
    "polynomial_predictive": {
        "decoder": Predictive(lam=PowerLaw(0.67, 0.578)),
        "annealer": PowerLaw(0.775, 0.313),
    },
    "osa_scheduled_lambda": {
        "decoder": Predictive(lam=PowerLaw(0.39, 0.45)),
        "annealer": OSA(nu_bar=0.108, regulariser=1e-7),
    },
}
RUNS = [(name, precision) for name in (*BINARY, REAL_VALUED) for precision in STATE_TOLERANCE]


def settle_as_recorded(name: str, precision: str) -> tuple[RecordedRun, Any]:
    """Run the library as the recorded run was."""
    run = load_run(name)
    how: dict[str, Any] = (
        {"substrate": "ideal", "encoder": None, "decoder": None, "annealer": Constant(0.5)}
        if name == REAL_VALUED
        else {"encoder": SigmaDelta(), **CODINGS[name]}
    )
    settled = settle(
        run.weights,
        run.biases,
        run.x,
        run.y,
        n_free=run.n_free,
        n_nudged=run.n_nudged,
        beta=run.beta,
        precision=precision,
        **how,
    )
    return run, settled


@pytest.fixture(scope="module", params=RUNS, ids=lambda pair: "-".join(pair))
def case(request: pytest.FixtureRequest) -> tuple[RecordedRun, Any, str]:
    """A recorded run, the library's run of it, and the precision."""
    name, precision = request.param
    return (*settle_as_recorded(name, precision), precision)


def test_every_spike(case: tuple[RecordedRun, Any, str]) -> None:
    run, settled, _ = case
    for k, spikes in run.spikes.items():
        assert settled.spikes[k].dtype == np.uint8
        np.testing.assert_array_equal(settled.spikes[k], spikes)


def test_states(case: tuple[RecordedRun, Any, str]) -> None:
    run, settled, precision = case
    assert len(settled.states) == len(run.sizes)
    for k, states in run.states.items():
        found = settled.states[k]
        assert found.shape == (run.n_free + run.n_nudged, len(run.x), run.sizes[k])
        assert found.dtype == precision
        np.testing.assert_allclose(
            found[run.state_ticks - 1], states, rtol=0, atol=STATE_TOLERANCE[precision]
        )


@pytest.mark.parametrize("name", [*BINARY, REAL_VALUED])
def test_the_states_give_the_recorded_update(name: str) -> None:
    """The last states of both phases, through the slow weight change, give the recorded weights."""
    run, settled = settle_as_recorded(name, "float64")
    batch = len(run.x)
    minus = [[run.x.tolist()[sample] for sample in range(batch)]]
    plus = [[run.x.tolist()[sample] for sample in range(batch)]]
    for k in run.states:
        minus.append(settled.states[k][run.n_free - 1].tolist())
        plus.append(settled.states[k][-1].tolist())
    for k, rate in enumerate(run.learning_rates):
        change = tied_change(minus, plus, k, rate=rate, span=run.beta)
        weights = added(run.weights[k].tolist(), change)
        np.testing.assert_allclose(weights, run.weights_after[k], rtol=0, atol=1e-12)
        shift = bias_change(minus[k + 1], plus[k + 1], rate=rate, span=run.beta)
        np.testing.assert_allclose(run.biases[k] + shift, run.biases_after[k], rtol=0, atol=1e-12)
