"""Neurons that fire and learn, in plain Python from docs/neurons.md: membranes, and a network of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

__all__ = ["Cuba", "Leaky", "Membrane", "Perfect", "SlowSpiking"]


class Membrane(Protocol):
    """Something that a current makes fire."""

    def step(self, current: float) -> int: ...


class Perfect:
    """v ← max(v + I, lowest); it fires above 1, and 1 is taken away."""

    def __init__(self, lowest: float) -> None:
        self.lowest, self.v = lowest, 0.0

    def step(self, current: float) -> int:
        self.v = max(self.v + current, self.lowest)
        if self.v > 1:
            self.v -= 1
            return 1
        return 0


class Leaky:
    """v ← e^{−1/τ} v + I, unless it is refractory."""

    def __init__(self, membrane: float, refractory: int, reset: str) -> None:
        self.leak, self.refractory, self.reset = math.exp(-1 / membrane), refractory, reset
        self.v, self.left = 0.0, 0

    def step(self, current: float) -> int:
        if self.left:
            self.left -= 1
            return 0
        self.v = self.leak * self.v + current
        if self.v <= 1:
            return 0
        self.v = self.v - 1 if self.reset == "subtract" else 0.0
        self.left = self.refractory
        return 1


class Cuba(Leaky):
    """i ← k i + (1 − k) I drives the membrane."""

    def __init__(self, synapse: float, membrane: float, refractory: int, reset: str) -> None:
        super().__init__(membrane, refractory, reset)
        self.k, self.i = math.exp(-1 / synapse), 0.0

    def step(self, current: float) -> int:
        self.i = self.k * self.i + (1 - self.k) * current
        return super().step(self.i)


class SlowSpiking:
    """A chain of layers, one sample, everything from the bits of the tick before.

    ``membrane`` makes one, ``weights`` [layer][pre][post] are tied, ``begins`` [input] in [0, 1) says in
    which part of the first period an input begins; ``readout`` as of the neuron;
    ``shown`` [tick][input] are spikes of a window that comes again and again, in the place of ``x``.
    """

    def __init__(
        self,
        membrane: Callable[[], Any],
        weights: Sequence[Any],
        biases: Sequence[Any],
        x: Sequence[float],
        *,
        currents: tuple[float, float],
        period: float,
        filter: float,
        begins: Sequence[float],
        readout: str = "spikes",
        shown: Sequence[Sequence[int]] = (),
    ) -> None:
        self.shown = shown
        self.weights, self.biases, self.x, self.begins = weights, biases, x, begins
        self.sizes = [len(weights[0]), *(len(b) for b in biases)]
        self.membranes = [[membrane() for _ in range(n)] for n in self.sizes]
        self.bits = [[0] * n for n in self.sizes]
        self.values = [[0.0] * n for n in self.sizes]
        self.threshold, self.slope = currents
        self.period, self.keep, self.readout, self.tick = period, math.exp(-1 / filter), readout, 0

    def _net(self, layer: int, j: int) -> float:
        below = sum(w[j] for w, q in zip(self.weights[layer - 1], self.bits[layer - 1], strict=True) if q)
        above = 0.0
        if layer < len(self.weights):
            above = sum(w for w, q in zip(self.weights[layer][j], self.bits[layer + 1], strict=True) if q)
        return float(self.period * below + self.period * above + self.biases[layer - 1][j])

    def step(self, nudge: float = 0.0, target: Sequence[float] = ()) -> list[list[int]]:
        self.tick += 1
        last, fired = len(self.sizes) - 1, []
        for layer, size in enumerate(self.sizes):
            row = []
            for j in range(size):
                membrane = self.membranes[layer][j]
                if layer == 0 and self.shown:
                    row.append(int(self.shown[(self.tick - 1) % len(self.shown)][j]))
                    continue
                if layer == 0:
                    begun = self.tick > self.period * self.begins[j]
                    row.append(
                        membrane.step(self.threshold + self.slope * self.x[j]) if self.x[j] and begun else 0
                    )
                    continue
                net = self._net(layer, j)
                if layer == last and nudge:
                    net += nudge * (target[j] - self.values[layer][j])
                if layer == last and self.readout == "integrator":
                    value = self.keep * self.values[layer][j] + (1 - self.keep) * net
                    self.values[layer][j] = min(max(value, 0.0), 1.0)
                    row.append(0)
                    continue
                row.append(membrane.step(self.threshold + self.slope * net))
            fired.append(row)
        self.bits = fired
        for layer, row in enumerate(fired):
            if layer == last and self.readout == "integrator":
                continue
            for j, q in enumerate(row):
                self.values[layer][j] = self.keep * self.values[layer][j] + (1 - self.keep) * self.period * q
        return fired
