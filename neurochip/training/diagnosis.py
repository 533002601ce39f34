"""Whether a network can learn: rails, residual, second fixed points, and the gain of its loop.

A neuron at 0 or 1 passes on no error, since ρ′ vanishes there. Where the couplings between the populations that move
have an eigenvalue above 1, the dynamics may come to rest in more than one state: the loop then remembers where it
began, and the contrast of two phases is no gradient. Glorot draws of two hidden layers of equal size are so from the
beginning; a gain below 1 cures it. A rule that compares two fixed points (Scellier & Bengio 2017) needs both cured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from neurochip.elements import Constant
from neurochip.ideal.products import product_of
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.network import Network
from neurochip.substrate import Machine, Observable, Parameters, Phase, Snapshot, Substrate
from neurochip.substrate.fitting import projection_matrices
from neurochip.substrate.streams import stream

__all__ = ["Diagnosis", "Rails", "diagnose", "loop_gain"]

_STEPS = 100  # of ½: far from a second fixed point, the distance to the first falls below 10⁻³
_STEP = 0.5
_ELSEWHERE = 0.05  # of full scale: so far apart are states that are two
_POWER = 60  # iterations
_PARTLY = 0.5  # share of inputs with a second fixed point that is worth a warning
_MOVING = 0.1  # share of neurons between their rails, below which it is


@dataclass(frozen=True, slots=True)
class Rails:
    """Where the values of a population stand after the free phase, as shares of all samples and neurons.

    Attributes
    ----------
    population
        Its name.
    low, high
        At 0, and at 1.
    """

    population: str
    low: float
    high: float

    @property
    def between(self) -> float:
        """Share that is at neither end, and passes errors on."""
        return 1.0 - self.low - self.high


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the first training samples show of a network.

    Attributes
    ----------
    samples
        How many were looked at.
    rails
        By population that is not clamped, on the machine itself.
    residual
        Root mean square of what one more real-valued step would change, divided by its size, on the machine itself.
    second
        Share of the inputs for which the same weights in real values come to rest elsewhere when they begin at random
        values, instead of at 0.
    loop_gain
        Largest magnitude of an eigenvalue of the couplings between the populations that move.
    """

    samples: int
    rails: tuple[Rails, ...]
    residual: float
    second: float
    loop_gain: float

    def warnings(self) -> Iterator[str]:
        """Yield a sentence for each thing that keeps a network from learning."""
        for rails in self.rails[:-1]:  # outputs belong at their rails
            if rails.between < _MOVING:
                yield (
                    f"states of {rails.population}: {100 * (1 - rails.between):.0f} % stand at 0 or 1, where neurons "
                    "pass on no error; draw smaller weights (network.gains), or use smaller learning.rates"
                )
        if self.second >= _PARTLY:
            yield (
                f"network: {100 * self.second:.0f} % of the inputs looked at have a second fixed point (gain of the "
                f"loop {self.loop_gain:.2g}), so that states remember where they began; draw smaller weights between "
                "hidden populations (network.gains)"
            )


def diagnose(
    substrate: Substrate,
    network: Network,
    inputs: NDArray[np.floating],
    numbers: NDArray[np.uint64],
    ticks: int,
) -> Diagnosis:
    """Present some inputs, and look at where they come to rest.

    Parameters
    ----------
    substrate
        The machine; what it counts is as before, what it remembers is not.
    network
        Its network, of neurons that settle.
    inputs
        T[sample, unit].
    numbers
        Numbers of the presentations.
    ticks
        Of the free phase.
    """
    machine = cast(Machine, substrate)
    counted = machine.counters()
    substrate.begin(inputs, numbers)
    substrate.run(Phase.EVALUATION, ticks)
    values = {k: substrate.observe(Observable.VALUE, k) for k in network.updated}
    parameters = substrate.parameters()
    machine.restore_counters(counted, machine.updates)
    return Diagnosis(
        samples=len(inputs),
        rails=tuple(
            Rails(
                network.populations[k].name,
                float(np.mean(values[k] <= 0)),
                float(np.mean(values[k] >= 1)),
            )
            for k in network.updated
        ),
        residual=_residual(network, parameters, inputs, values),
        second=_second(network, parameters, inputs),
        loop_gain=loop_gain(network, parameters),
    )


def _real(network: Network, parameters: Parameters, inputs: NDArray[np.floating]) -> IdealSubstrate:
    real = IdealSubstrate(network, Constant(_STEP))
    real.load(parameters)
    real.begin(inputs, np.arange(len(inputs), dtype=np.uint64))
    return real


def _placed(real: IdealSubstrate, states: list[NDArray[np.floating]]) -> None:
    """Put a real-valued network into these states, as if it had been in them for long."""
    delay = max((p.delay for p in real.network.projections), default=1)
    arrays = {str(k): s.copy() for k, s in enumerate(states)}
    if delay > 1:
        arrays |= {f"sent.{b}.{k}": s.copy() for b in range(delay) for k, s in enumerate(states)}
    real.restore(Snapshot(delay, 0, arrays))


def _residual(
    network: Network,
    parameters: Parameters,
    inputs: NDArray[np.floating],
    values: dict[int, NDArray[np.floating]],
) -> float:
    real = _real(network, parameters, inputs)
    states = real.values()
    for k in network.updated:
        states[k] = values[k].astype(states[k].dtype)
    _placed(real, states)
    real.run(Phase.FREE, 1)
    moved = [after - before for before, after in zip(states, real.values(), strict=True)]
    square = sum(float(np.sum(np.square(moved[k], dtype=np.float64))) for k in network.updated)
    return float(np.sqrt(square / sum(moved[k].size for k in network.updated)) / _STEP)


def _second(network: Network, parameters: Parameters, inputs: NDArray[np.floating]) -> float:
    real = _real(network, parameters, inputs)
    start = real.values()
    real.run(Phase.FREE, _STEPS)
    first = real.values()
    for k in network.updated:
        drawn = stream(0, "second fixed points", k).random(start[k].shape)
        start[k] = drawn.astype(start[k].dtype)
    _placed(real, start)
    real.run(Phase.FREE, _STEPS)
    second = real.values()
    elsewhere = np.zeros(len(inputs), dtype=bool)
    for k in network.updated:
        elsewhere |= np.any(np.abs(second[k] - first[k]) > _ELSEWHERE, axis=1)
    return float(elsewhere.mean())


def loop_gain(network: Network, parameters: Parameters) -> float:
    """Return the largest magnitude of an eigenvalue of the couplings between the populations that move.

    By power iteration on the square, whose eigenvalues are not negative where feedback is tied; with feedback of its
    own it is the growth over the last iterations.
    """
    moving = [k for k, p in enumerate(network.projections) if not network.populations[p.source].clamped]
    if not moving:
        return 0.0
    matrices = projection_matrices(network, parameters)
    products = {k: product_of(network.projections[k], np.dtype(np.float64)) for k in moving}
    weights = {k: np.ascontiguousarray(matrices[k], dtype=np.float64) for k in moving}
    state = {k: stream(0, "loop", k).standard_normal((1, network.sizes[k])) for k in network.updated}
    growth: list[float] = []
    for _ in range(_POWER):
        driven = {k: np.zeros_like(s) for k, s in state.items()}
        for k in moving:
            found = network.projections[k]
            products[k].drive(state[found.source], weights[k], driven[found.target])
        norm = float(np.sqrt(sum(np.vdot(s, s) for s in driven.values())))
        if norm == 0.0:
            return 0.0
        growth.append(norm)
        state = {k: s / norm for k, s in driven.items()}
    return float(np.exp(np.mean(np.log(growth[_POWER // 2 :]))))
