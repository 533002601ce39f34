"""Leaky integration as Langevin sampling of an energy (Bengio et al. 2017, section 2, eqs 2.1 to 2.10).

Without noise a leaky integrator goes down E (eq. 2.4), also with unequal weights, which act as their mean (eq. 2.10).
With noise it "seems to follow a Langevin MCMC" (eqs 2.5, 2.6): the states it visits should be distributed as e^(−E).

Left open by the paper and chosen here:

* two neurons, whose e^(−E) can be summed on a grid, with a weight of 2 and biases of −1 (each pushes the other to its
  side); and ten, with weights ±1 at random, where a sampler with Metropolis's acceptance, which is exact at any step,
  stands in for the sum;
* ρ of eq. 2.8 with thresholds ∓½; ε = 0.02; noise of variance 2ε in each step, which is what Langevin's equation asks;
* distance of distributions: half the sum of |p − q| over 20 × 20 squares of [−3, 3]². That of two finite samples is
  never 0: some .02 here.

As printed the noise is another: η is added to the state that R sees and differs from step to step by η_{t+1} −
(1 − ε) η_t, correlated from one step to the next. With a variance of 1, which is right where there are no weights, that
is tried as well.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.papers.bengio2017_networks import HARD
from neurochip.papers.experiment import Bound, Claim, Experiment, Finding, Outcome, Settings, Tell
from neurochip.report.figures import Chart, Curve
from neurochip.training.streams import stream

__all__ = ["EXPERIMENT", "Energy", "langevin", "metropolis", "printed"]

Array = NDArray[np.float64]

EPSILON, BURN_IN, EVERY = 0.02, 500, 25
BINS, REACH = 20, 3.0
QUICK, FULL = 2000, 20_000  # chains side by side
STEPS = 2000  # of each


class Energy(NamedTuple):
    """E(s) = Σ s²/2 − ½ Σ_{i≠j} W_ij ρ(s_i) ρ(s_j) − Σ b_i ρ(s_i) (eq. 2.7); W f64[i, j], diagonal 0."""

    weights: Array
    biases: Array

    def of(self, s: Array) -> Array:
        """Return E of states f64[chain, neuron]."""
        rate = HARD.value(s)
        pairs = 0.5 * np.einsum("ci,ij,cj->c", rate, self.weights, rate)
        return np.asarray(0.5 * np.sum(s * s, axis=1) - pairs - rate @ self.biases)

    def pressure(self, s: Array, *, symmetric: bool = True) -> Array:
        """Return R(s) (eq. 2.10); ``symmetric=False`` takes each weight as it is."""
        weights = 0.5 * (self.weights + self.weights.T) if symmetric else self.weights
        return np.asarray(HARD.slope(s) * (HARD.value(s) @ weights.T + self.biases))

    def reversed(self) -> Energy:
        """Return the energy with weights and biases of the other sign."""
        return Energy(-self.weights, -self.biases)


def langevin(energy: Energy, chains: int, steps: int, draws: np.random.Generator) -> Array:
    """Return states f64[sample, neuron] of s ← s + ε (R(s) − s) + √(2ε) ξ, every 25th step after 500."""
    s = draws.normal(size=(chains, len(energy.biases)))
    kept = []
    for step in range(BURN_IN + steps):
        s = s + EPSILON * (energy.pressure(s) - s) + np.sqrt(2 * EPSILON) * draws.normal(size=s.shape)
        if step >= BURN_IN and step % EVERY == 0:
            kept.append(s)
    return np.concatenate(kept)


def printed(energy: Energy, chains: int, steps: int, draws: np.random.Generator) -> Array:
    """Return states s + η of s ← s + ε (R(s + η) − s) with fresh η ~ N(0, 1) (eqs 2.1, 2.2, 2.6)."""
    s = np.zeros((chains, len(energy.biases)))
    kept = []
    for step in range(BURN_IN + steps):
        noisy = s + draws.normal(size=s.shape)
        if step >= BURN_IN and step % EVERY == 0:
            kept.append(noisy)
        s = s + EPSILON * (energy.pressure(noisy) - s)
    return np.concatenate(kept)


def metropolis(energy: Energy, chains: int, steps: int, draws: np.random.Generator) -> Array:
    """Return states f64[sample, neuron] of e^(−E): steps of 0.5 ξ, accepted with probability min(1, e^(−ΔE))."""
    s = draws.normal(size=(chains, len(energy.biases)))
    now = energy.of(s)
    kept = []
    for step in range(BURN_IN + steps):
        new = s + 0.5 * draws.normal(size=s.shape)
        then = energy.of(new)
        accepted = np.log(draws.uniform(size=chains)) < now - then
        s, now = np.where(accepted[:, None], new, s), np.where(accepted, then, now)
        if step >= BURN_IN and step % EVERY == 0:
            kept.append(s)
    return np.concatenate(kept)


def _on_grid(energy: Energy) -> Array:
    """Return the share of e^(−E) of two neurons in each square, each summed at 8 × 8 points."""
    fine = (np.arange(8 * BINS) + 0.5) / (8 * BINS) * 2 * REACH - REACH
    x, y = np.meshgrid(fine, fine, indexing="ij")
    weight = np.exp(-energy.of(np.column_stack([x.ravel(), y.ravel()]))).reshape(BINS, 8, BINS, 8)
    shares = weight.sum(axis=(1, 3))
    return np.asarray(shares / shares.sum())


def _visited(states: Array) -> Array:
    edges = np.linspace(-REACH, REACH, BINS + 1)
    counts = np.histogram2d(states[:, 0], states[:, 1], bins=(edges, edges))[0]
    return np.asarray(counts / counts.sum())


def _apart(p: Array, q: Array) -> float:
    return float(0.5 * np.abs(p - q).sum())


def _pairs(states: Array) -> Array:
    """Return the mean of ρ(s_i) ρ(s_j) of all pairs."""
    rate = HARD.value(states)
    return np.asarray((rate.T @ rate / len(rate))[np.triu_indices(rate.shape[1], 1)])


def _downhill(draws: np.random.Generator) -> tuple[float, float]:
    """Return the lowest cosine of R(s) − s with −∂E/∂s, weights unequal; and that of R with each weight as it is."""
    lowest = [1.0, 1.0]
    for _ in range(20):
        weights = draws.normal(size=(6, 6))
        np.fill_diagonal(weights, 0.0)
        energy = Energy(weights, draws.normal(size=6))
        s = draws.uniform(-0.45, 0.45, (1, 6))  # between the thresholds, where E has a gradient
        shifts = 1e-5 * np.eye(6)
        slope = (energy.of(s + shifts) - energy.of(s - shifts)) / 2e-5
        for k, symmetric in enumerate((True, False)):
            moved = (energy.pressure(s, symmetric=symmetric) - s)[0]
            cosine = -float(moved @ slope / (np.linalg.norm(moved) * np.linalg.norm(slope)))
            lowest[k] = min(lowest[k], cosine)
    return lowest[0], lowest[1]


def run(settings: Settings, tell: Tell) -> Outcome:
    """Let chains run, and compare where they go with where they should."""
    chains = QUICK if settings.quick else FULL
    two = Energy(np.array([[0.0, 2.0], [2.0, 0.0]]), np.array([-1.0, -1.0]))
    draws = stream(settings.seed, "weights")
    upper = np.triu(draws.choice([-1.0, 1.0], (10, 10)), 1)
    ten = Energy(upper + upper.T, -0.5 * (upper + upper.T).sum(axis=1))
    right, wrong = _on_grid(two), _on_grid(two.reversed())
    tell(0.0, "Langevin, two neurons")
    white = _visited(langevin(two, chains, STEPS, stream(settings.seed, "white")))
    tell(0.2, "noise as printed")
    as_printed = _visited(printed(two, chains, STEPS, stream(settings.seed, "printed")))
    few = max(1, chains // 4)
    tell(0.4, "Langevin, ten neurons")
    ours = _pairs(langevin(ten, few, STEPS, stream(settings.seed, "ten")))
    tell(0.6, "Metropolis, ten neurons")
    exact, other = (
        _pairs(metropolis(energy, few, STEPS, stream(settings.seed, "metropolis")))
        for energy in (ten, ten.reversed())
    )
    downhill, as_it_is = _downhill(stream(settings.seed, "downhill"))
    tell(1.0, "done")
    middle = np.linspace(-REACH, REACH, BINS + 1)[:-1] + REACH / BINS
    findings = (
        Finding("downhill", downhill, as_it_is, "20 networks of six neurons, slope by finite differences"),
        Finding("stationary", _apart(white, right), _apart(white, wrong), f"{chains} chains of {STEPS} steps"),
        Finding("ten", float(np.abs(ours - exact).max()), float(np.abs(ours - other).max()), "45 pairs of ten neurons"),
        Finding("printed", _apart(as_printed, right), _apart(as_printed, wrong), "noise of variance 1"),
    )  # fmt: skip
    return Outcome(
        findings,
        (
            Chart(
                "Where the first of two neurons is", "state s", "share",
                [
                    Curve("e^(−E)", middle, right.sum(axis=1), 9, "dashed"),
                    Curve("Langevin", middle, white.sum(axis=1), 0, "dots"),
                    Curve("as printed", middle, as_printed.sum(axis=1), 3, "dots"),
                ],
            ),
            Chart(
                "Pairs of ten neurons", "mean of ρ(sᵢ) ρ(sⱼ), Metropolis", "the same, Langevin",
                [Curve("pairs", exact, ours, 0, "dots"), Curve("equal", exact, exact, 9, "dashed")],
            ),
        ),
        settings={"ε": EPSILON, "chains": chains, "steps": STEPS},
        series={"exact": right, "langevin": white, "printed": as_printed, "pairs": ours, "pairs_exact": exact},
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="bengio2017-langevin",
    paper="Bengio et al. 2017",
    figure="eqs 2.1 to 2.10",
    about="leaky integrators with noise sample e^(−E): two neurons on a grid, ten against Metropolis",
    claims=(
        Claim(
            "downhill",
            "R(s) − s goes down the energy; unequal weights act as their mean.",
            "lowest cosine of R(s) − s with −∂E/∂s, weights unequal",
            Bound(low=0.999999),
            control="each weight taken as it is, not as the mean of both ways",
        ),
        Claim(
            "stationary",
            "Leaky integration with noise is Langevin sampling: its states are distributed as e^(−E).",
            "distance of the distribution of two neurons from e^(−E), 0 to 1",
            Bound(high=0.05),
            control="e^(−E) with weights and biases of the other sign",
        ),
        Claim(
            "ten",
            "The same of ten neurons.",
            "largest difference of a mean ρ(sᵢ) ρ(sⱼ) from that of exact sampling",
            Bound(high=0.02),
            control="exact sampling with weights and biases of the other sign",
        ),
        Claim(
            "printed",
            "The same with the noise as it is printed, η_{t+1} − (1 − ε) η_t (eq. 2.6).",
            "distance of the distribution of two neurons from e^(−E), 0 to 1",
            Bound(high=0.05),
            control="e^(−E) with weights and biases of the other sign",
        ),
    ),
    seconds=(15, 120),
    run=run,
)
