"""The models of time in `neurochip.replay` against the times that SANA-FE's models report for the same spikes."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip import LIF, replay
from neurochip.replays.replaying import ReplayTime, Timing
from tests.golden.test_loihi_replay import ABOUT, FILE, SPIKES, WEIGHTS, placement

NEURON = LIF(ABOUT["lif"]["threshold"], ABOUT["lif"]["leak_decay"], resolution=1 / 64)


def timed(model: Timing, n_ticks: int) -> ReplayTime:
    """Run the network in the specification with SANA-FE's delays."""
    run = replay([SPIKES[0][:n_ticks]], WEIGHTS, "loihi-sanafe", placement(), neuron=NEURON, timing=model)
    assert all(np.array_equal(a, b[:n_ticks]) for a, b in zip(run.spikes, SPIKES, strict=True))
    return run.time


def test_twelve_steps_take_what_its_cycle_accurate_model_says_within_a_tenth() -> None:
    # That run was one of its own, with 468 packets in these steps; the recorded spikes make 470.
    first = ABOUT["first_12_steps"]["cycle"]
    time = timed("cycle", 12)
    assert time.latencies is not None
    assert time.latencies.sum() == 470 == pytest.approx(first["packets"], rel=0.01)
    assert time.seconds == pytest.approx(first["sim_time"], rel=0.1)


def test_all_steps_take_what_its_other_models_say_within_a_tenth() -> None:
    totals = ABOUT["totals"]
    assert timed("cycle", 200).seconds == pytest.approx(totals["detailed"]["sim_time"], rel=0.1)
    assert timed("analytic", 200).seconds == pytest.approx(totals["simple"]["sim_time"], rel=0.1)


@pytest.mark.parametrize(
    ("model", "n_ticks", "microseconds"),
    [("analytic", 12, 23.742), ("cycle", 12, 23.922), ("analytic", 200, 384.534), ("cycle", 200, 387.796)],
)
def test_figures_of_the_documents(model: Timing, n_ticks: int, microseconds: float) -> None:
    assert timed(model, n_ticks).seconds == pytest.approx(microseconds * 1e-6, rel=1e-9)


def test_links_crossed_are_those_of_the_counters() -> None:
    load = timed("cycle", 200).link_load
    assert load is not None
    assert load.sum() == FILE["hops_per_step"].sum() == ABOUT["total_hops"]
