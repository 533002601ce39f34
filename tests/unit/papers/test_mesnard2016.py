"""The two-joint arm, and what learns it: the task, the lessons, and small forms of both experiments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurochip.data.arm import hand_of
from neurochip.papers import mesnard2016_networks as spiking
from neurochip.papers import mesnard2016_rate as rates
from neurochip.papers.experiment import Settings
from neurochip.papers.two_joint_arm import (
    Learned,
    Lessons,
    answers,
    mean_error,
    mesh_chart,
    points,
    slice_chart,
)
from neurochip.substrate import Phase

SHORT = Lessons(samples=60, checks=2, validation=5, test=5)


def test_the_hand_is_where_two_links_of_a_quarter_put_it() -> None:
    """Both links are ¼ long and the shoulder is at (½, ½)."""
    angles = points(1, "test", 500)
    elbow = 0.5 + 0.25 * np.stack([np.cos(np.pi * angles[:, 0]), np.sin(np.pi * angles[:, 0])], axis=1)
    np.testing.assert_allclose(np.linalg.norm(hand_of(angles) - elbow, axis=1), 0.25, rtol=1e-12)
    assert hand_of(np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.0]])) == pytest.approx(
        np.array([[1, 0.5], [0, 0.5], [0.5, 1.0]])
    )


def test_draws_have_no_point_in_common() -> None:
    draws = [points(1, name, 300) for name in ("training", "validation", "test")]
    assert len(np.unique(np.concatenate(draws), axis=0)) == 900
    assert all(0 <= draw.min() and draw.max() <= 1 for draw in draws)


def test_error_is_over_both_coordinates() -> None:
    angles = points(1, "test", 50)
    assert mean_error(hand_of(angles) + np.array([0.3, 0.0]), angles) == pytest.approx(0.3 / np.sqrt(2))


def test_charts_hold_the_target_and_what_is_said() -> None:
    def said(angles: np.ndarray) -> np.ndarray:
        return hand_of(angles) + 0.01

    for chart in (slice_chart(said, 0), slice_chart(said, 1), mesh_chart(said)):
        lines = [np.array(c.y) for c in chart.curves if c.style == "line"]
        dashed = [np.array(c.y) for c in chart.curves if c.style == "dashed"]
        assert len(lines) == len(dashed) >= 3
        for line, dash in zip(lines, dashed, strict=True):
            np.testing.assert_allclose(line - dash, 0.01)


def test_spiking_neurons_learn_a_little_in_300_samples_and_repeat_themselves() -> None:
    setup = replace(
        spiking.Setup(), lessons=Lessons(samples=300, checks=1, falling=False, validation=100, test=5)
    )
    first, again = spiking.train(setup, 4)[1], spiking.train(setup, 4)[1]
    np.testing.assert_array_equal(first.errors, again.errors)
    assert first.samples.tolist() == [0, 300]
    assert first.errors[1] < 0.8 * first.errors[0]


def test_no_word_crosses_between_spiking_cores() -> None:
    substrate, _ = spiking.train(replace(spiking.Setup(), lessons=SHORT), 4)
    counters = substrate.counters()
    assert counters.total("readout_words") == 0
    assert counters.total("weight_writes", Phase.UPDATE) > 0
    assert counters.phases[Phase.NUDGED].presentations == 60


@pytest.mark.parametrize("name", [*spiking.ABLATIONS, *spiking.STEPS])
def test_every_ablation_changes_something_and_runs(name: str) -> None:
    setup = (spiking.ABLATIONS | spiking.STEPS)[name]
    chosen = spiking.Setup()
    is_same = setup.run(4) == chosen.run(4) and replace(setup, words=()) == chosen
    assert is_same == (name in ("as chosen", "+ η = 0.01"))
    _, found = spiking.train(replace(setup, lessons=replace(SHORT, samples=2, checks=1)), 4)
    assert np.isfinite(found.errors).all()


def test_each_step_differs_from_the_one_before() -> None:
    steps = list(spiking.STEPS.values())
    assert len(steps) == 8
    assert all(a.run(4) != b.run(4) for a, b in zip(steps, steps[1:], strict=False))


def test_weights_that_were_learned_elsewhere_miss_on_a_chip_with_mismatch() -> None:
    setup = spiking.Setup()
    drawn = spiking.drawn_for(setup, 4)
    same = spiking.carried_over(drawn, setup, 4, 50)
    assert same != spiking.carried_over(drawn, replace(setup, words=("mismatch.deviation=0.5",)), 4, 50)
    assert same == spiking.carried_over(drawn, setup, 4, 50)


def test_the_measured_f_i_curve_is_the_closed_form() -> None:
    x = np.linspace(0.05, 1, 20)
    measured = spiking.f_i_curve(spiking.NEURON, x)
    np.testing.assert_allclose(
        measured, spiking.NEURON.rate_at(spiking.NEURON.margin + x), rtol=0.01, atol=0.004
    )


@pytest.mark.parametrize("key", rates.CONDITIONS)
def test_rate_units_learn_a_little_in_300_samples(key: str) -> None:
    learned = rates._train(rates.CONDITIONS[key], 4, 300)
    assert learned.errors[-1] < learned.errors[0]
    substrate, _ = rates._begun(rates.CONDITIONS[key], 4)
    substrate.load(learned.parameters)
    said = answers(substrate, points(4, "test", 10), 60, 1)
    assert said.shape == (10, 2)


def test_only_what_a_condition_names_learns() -> None:
    held = rates._train(rates.CONDITIONS["output"], 4, 100).parameters
    drawn = rates._begun(rates.CONDITIONS["output"], 4)[0].parameters()
    np.testing.assert_array_equal(held.weights[0], drawn.weights[0].astype(np.float32))
    assert not np.array_equal(held.weights[1], drawn.weights[1].astype(np.float32))
    fixed = rates._train(rates.CONDITIONS["fixed"], 4, 100).parameters.feedback[0]
    first = rates._begun(rates.CONDITIONS["fixed"], 4)[0].parameters().feedback[0]
    np.testing.assert_array_equal(fixed, first.astype(np.float32))


def test_a_wide_draw_is_easier_to_read_out_than_glorots() -> None:
    assert rates._read_out(1, wide=True) < 0.05 < 0.1 < rates._read_out(1, wide=False)


def test_a_network_that_was_kept_answers_as_the_one_that_learned() -> None:
    setup = spiking.Setup(lessons=SHORT)
    substrate, learned = spiking.train(setup, 2)
    same = Learned(*Settings().kept("network", lambda: learned))
    np.testing.assert_array_equal(same.errors, learned.errors)
    again = spiking.substrate_of(setup, 2)
    again.load(same.parameters)
    angles = points(2, "test", 4)
    np.testing.assert_array_equal(
        answers(again, angles, 40, spiking.UNITS), answers(substrate, angles, 40, spiking.UNITS)
    )
