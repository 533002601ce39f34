"""How far driven neurons move while their weights learn (Bengio et al. 2017, section 4.2).

The paper names the measurement, E‖ṡ‖² with and without updates, but neither its network nor its result. Here 20
postsynaptic neurons integrate W ρ(s_j) of 50 presynaptic ones over 40 fixed patterns; each pattern is shown for 15
steps alone, then for 15 steps with a drive towards a target of its own; ΔW = 0.02 ṡ ρ at every step of the drive.

A rule without its presynaptic factor, ΔW = 0.02 ṡ ρ̄, learns the mean of the targets and so slows neurons down as well:
what counts is how much further ṡ ρ goes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neurochip.training.streams import stream

__all__ = ["PRESYNAPTIC", "movement"]

Array = NDArray[np.float64]

# What stands for ρ(s_j) in ΔW ∝ ṡ_i ρ(s_j) while pattern p is driven, f64[pre]; x f64[pattern, pre] are all of them.
PRESYNAPTIC: dict[str, Callable[[Array, int], Array]] = {
    "whole": lambda x, p: x[p],
    "none": lambda x, p: np.full(x.shape[1], x.mean()),
    "another": lambda x, p: x[(p + 1) % len(x)],
}


def movement(seed: int, rounds: int, rate: float, presynaptic: str = "whole") -> Array:
    """Return ‖s(t+1) − s(t)‖², mean over the driven steps of each round of all patterns (see the module's text).

    ``presynaptic`` names one of `PRESYNAPTIC`: that of the pattern, none (its mean over all), or that of another one.
    """
    draws = stream(seed, "movement")
    n_pre, n_post, patterns, span, epsilon = 50, 20, 40, 15, 0.2
    x, y = draws.uniform(0, 1, (patterns, n_pre)), draws.uniform(0.2, 0.8, (patterns, n_post))
    weights = draws.normal(0, 0.5 / np.sqrt(n_pre), (n_pre, n_post))
    means = np.zeros(rounds)
    state = np.zeros(n_post)
    for number in range(rounds):
        for p in draws.permutation(patterns):
            for t in range(2 * span):
                driven = t >= span
                pull = epsilon * (x[p] @ weights - state) + (epsilon * (y[p] - state) if driven else 0)
                if driven:
                    means[number] += float(pull @ pull) / (patterns * span)
                    weights = weights + rate * np.outer(PRESYNAPTIC[presynaptic](x, p), pull)
                state = state + pull
    return means
