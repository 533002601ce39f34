"""Integrate-and-fire networks by their differential equations, Euler step by Euler step, in plain Python."""

from __future__ import annotations

import math
from typing import Any


class SlowNeuron:
    """One neuron of a `neurochip.description.spiking.NeuronGroup`, told its numbers one by one."""

    def __init__(self, group: Any, numbers: dict[str, float]) -> None:
        self.kind, self.n, self.reset, self.refractory = group.kind, numbers, group.reset, group.refractory
        self.rest, self.reached = numbers.get("v_leak", 0.0), group.fires_when == "reached"
        self.v, self.i, self.still = 0.0 if group.start == "zero" else self.rest, 0.0, 0
        self.fired, self.wait = False, group.begins

    def at_rest(self, x: float) -> bool:
        return self.v == self.rest and self.i == 0.0 and self.still == 0 and x == 0.0

    def tick(self, x: float, dt: float, method: str) -> int:
        if self.wait:
            self.wait -= 1
            return 0
        if self.kind in ("Readout", "Threshold"):
            fires = self.kind == "Threshold" and x > self.n["threshold"]
            self.v = 0.0 if fires else x
            return int(fires)
        if "tau_syn" in self.n:
            tau = self.n["tau_syn"]
            if method == "euler":
                self.i += dt / tau * (self.n["w_in"] * x - self.i)
            else:
                self.i = self.n["w_in"] * x + (self.i - self.n["w_in"] * x) * math.exp(-dt / tau)
            x = self.i
        if self.still:
            self.still -= 1
            return 0
        tau_m = self.n.get("tau_mem", self.n.get("tau"))
        goal = self.rest + self.n["r"] * x
        if tau_m is None:
            self.v += dt * self.n["r"] * x
        elif method == "euler":
            self.v += dt / tau_m * (goal - self.v)
        else:
            self.v = goal + (self.v - goal) * math.exp(-dt / tau_m)
        if self.fired and self.reset == "subtract-late":
            self.v -= self.n["v_threshold"]
        if self.fired and self.reset == "value-late":
            self.v = self.n["v_reset"]
        if "v_threshold" not in self.n:
            return 0
        theta = self.n["v_threshold"]
        self.fired = self.v >= theta if self.reached else self.v > theta
        if not self.fired:
            return 0
        if self.reset.endswith("late"):
            return 1
        if self.reset != "none":
            self.v = self.v - self.n["v_threshold"] if self.reset == "subtract" else self.n["v_reset"]
        self.still = self.refractory
        return 1


def run_slowly(
    network: Any, raster: list[list[int]]
) -> tuple[list[list[list[int]]], list[list[list[float]]], int]:
    """Return spikes and v, lists over groups of [tick][unit], and how many updates met a neuron at rest."""
    groups = list(network.groups)
    names = [g.name for g in groups]
    neurons = [
        []
        if g.kind == "Input"
        else [SlowNeuron(g, {k: float(v[i]) for k, v in g.parameters.items()}) for i in range(g.size)]
        for g in groups
    ]
    spikes: list[list[list[int]]] = [[] for _ in groups]
    potentials: list[list[list[float]]] = [[] for _ in groups]
    idle = 0
    for t, row in enumerate(raster):
        for k, g in enumerate(groups):
            if k == 0:
                spikes[0].append(list(row))
                potentials[0].append([0.0] * g.size)
                continue
            x, bias, reached = [0.0] * g.size, [0.0] * g.size, [False] * g.size
            for c in network.connections:
                if c.target != g.name:
                    continue
                sender = names.index(c.source)
                source = spikes[sender][t - c.delay] if t >= c.delay else [0] * groups[sender].size
                for j in range(g.size):
                    # One to one a spike reaches one neuron, over a matrix all of them.
                    reached[j] = reached[j] or bool(source[j] if c.weights is None else any(source))
                    for i, bit in enumerate(source):
                        weight = float(i == j) if c.weights is None else float(c.weights[i, j])
                        x[j] += weight if bit else 0.0
                    if c.bias is not None:
                        x[j] += float(c.bias[j])
                        bias[j] += float(c.bias[j])
            idle += sum(n.at_rest(b) for n, b, got in zip(neurons[k], bias, reached, strict=True) if not got)
            spikes[k].append([n.tick(x[j], network.dt, network.method) for j, n in enumerate(neurons[k])])
            potentials[k].append([n.v for n in neurons[k]])
    return spikes, potentials, idle
