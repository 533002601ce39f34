"""The plans of `lin2024_conv`: runs that pass all checks, one network, and controls that differ in one thing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurochip.data import load
from neurochip.description import read_run
from neurochip.papers import lin2024_conv
from neurochip.papers.convolutional_networks import scattered
from neurochip.papers.trainings import Series


@pytest.mark.parametrize("plan", [lin2024_conv.QUICK, lin2024_conv.FULL])
def test_every_training_is_a_run_of_the_same_network(plan: tuple[Series, ...]) -> None:
    digits = load("mnist-small", train=30, test=10)
    runs = [read_run(s.run, s.overrides, samples=digits if s.samples else None) for s in plan]
    bits, real, frozen, apart = runs
    assert bits.network == real.network == frozen.network == apart.network
    still = replace(bits.learning, shift=0)  # pixels without neighbours have nowhere to move
    assert replace(bits, data=apart.data, learning=still) == apart and plan[3].samples is not None
    assert (bits.substrate, real.substrate) == ("digital", "ideal")
    assert frozen.learning.rates == (0.0, 0.0, bits.learning.rates[-1])
    assert bits.data == real.data == frozen.data
    assert bits.learning == real.learning


def test_scattered_pixels_are_those_of_the_digit_in_one_order() -> None:
    whole = load("mnist-small", train=30, test=10)
    one, other = scattered(whole, 1), scattered(whole, 2)
    for part, moved in ((whole.train, one.train), (whole.test, one.test)):
        np.testing.assert_array_equal(np.sort(part.inputs), np.sort(moved.inputs))
        np.testing.assert_array_equal(part.targets, moved.targets)
    order = [
        int(np.flatnonzero((one.train.inputs == column[:, None]).all(axis=0))[0])
        for column in whole.train.inputs.T[300:310]
    ]
    np.testing.assert_array_equal(one.test.inputs[:, order], whole.test.inputs[:, 300:310])
    assert not np.array_equal(one.train.inputs, other.train.inputs)
