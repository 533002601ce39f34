"""Integrate-and-fire neurons with integer membranes in plain Python integers, from docs/nir.md."""

from __future__ import annotations

import math
from typing import Any


def part(x: int, factor: int, places: int) -> int:
    """x · factor / 2^places, what is behind the point cut off."""
    whole = abs(x * factor) // 2**places
    return whole if x * factor >= 0 else -whole


class IntegerNeuron:
    """One neuron of a group, told its numbers one by one; ``bias`` is the sum of those of all connections."""

    def __init__(self, group: Any, n: dict[str, float], bias: float, net: Any, spec: Any, point: int) -> None:
        self.group, self.spec, self.point, self.net = group, spec, point, net
        self.rest, self.met, self.places = n.get("v_leak", 0.0), 0, spec.leak_bits
        self.bias = self.word(bias)
        one, dt = 1 << self.places, net.dt
        self.keep_i, self.take_i, self.keep_v, self.take_v = 0, one, 0, one
        if "tau_syn" in n:
            kept = self.kept(n["tau_syn"])
            taken = dt if math.isinf(n["tau_syn"]) else 1 - kept
            self.keep_i, self.take_i = self.factor(kept), self.factor(taken * n["w_in"])
        tau = n.get("tau_mem", n.get("tau"))
        if tau is not None:
            kept = self.kept(tau)
            taken = dt if math.isinf(tau) else 1 - kept
            self.keep_v, self.take_v = self.factor(kept), self.factor(taken * n["r"])
        elif "r" in n:
            self.keep_v, self.take_v = one, self.factor(dt * n["r"])
        self.theta = None
        if group.fires:
            theta = n.get("v_threshold", n.get("threshold", 0.0))
            above = math.ldexp(theta - self.rest, point)
            self.theta = math.ceil(above) - 1 if group.fires_when == "reached" else math.floor(above)
            self.taken = self.word(theta)
            self.to = self.word(n["v_reset"] - self.rest) if "v_reset" in n else 0
        self.w = self.word(-self.rest) if group.start == "zero" else 0
        self.i, self.still, self.wait = 0, 0, group.begins

    def kept(self, tau: float) -> float:
        share = self.net.dt / tau
        return 1 - share if self.net.method == "euler" else math.exp(-share)

    def factor(self, value: float) -> int:
        return round(math.ldexp(value, self.places))

    def word(self, value: float) -> int:
        return round(math.ldexp(value, self.point))

    def hold(self, x: int) -> int:
        half = 2 ** (self.spec.bits - 1)
        if -half <= x < half:
            return x
        self.met += 1
        if self.spec.overflow == "wrap":
            return (x + half) % (2 * half) - half
        return half - 1 if x > 0 else -half

    @property
    def v(self) -> float:
        return self.w / 2**self.point + self.rest

    def at_rest(self) -> bool:
        leaks_away = part(self.i, self.keep_i, self.places) == 0
        return self.w == 0 and leaks_away and self.still == 0 and self.bias == 0

    def tick(self, total: int) -> int:
        if self.wait:
            self.wait -= 1
            return 0
        x = (total << self.point) + self.bias
        i = part(x, self.take_i, self.places)
        if self.keep_i:
            i = self.hold(part(self.i, self.keep_i, self.places) + i)
        self.i = i
        if self.still:
            self.still -= 1
            return 0
        late, fired = self.group.reset.endswith("late"), self.theta is not None and self.w > self.theta
        w = self.hold(part(self.w, self.keep_v, self.places) + part(i, self.take_v, self.places))
        if late and fired:
            w = self.hold(self.to if self.group.reset == "value-late" else w - self.taken)
        self.w = w
        if self.theta is None or w <= self.theta:
            return 0
        self.still = self.group.refractory
        if not late and self.group.reset != "none":
            self.w = self.hold(w - self.taken if self.group.reset == "subtract" else self.to)
        return 1


def run_in_integers(network: Any, raster: list[list[int]], spec: Any, points: dict[str, int]) -> Any:
    """Return spikes, v (lists over groups of [tick][unit]), overflows by group, and updates of neurons at rest."""
    names = [g.name for g in network.groups]
    into = {g.name: [c for c in network.connections if c.target == g.name] for g in network.groups}
    neurons: list[list[IntegerNeuron]] = [[]]
    for g in network.groups[1:]:
        biases = [sum(float(c.bias[j]) for c in into[g.name] if c.bias is not None) for j in range(g.size)]
        numbers = [{key: float(v[j]) for key, v in g.parameters.items()} for j in range(g.size)]
        neurons.append(
            [IntegerNeuron(g, numbers[j], biases[j], network, spec, points[g.name]) for j in range(g.size)]
        )
    spikes: list[list[list[int]]] = [[] for _ in names]
    potentials: list[list[list[float]]] = [[] for _ in names]
    idle = 0
    for t, row in enumerate(raster):
        spikes[0].append(list(row))
        potentials[0].append([0.0] * len(row))
        for k, g in enumerate(network.groups[1:], start=1):
            total, reached = [0] * g.size, [False] * g.size
            for c in into[g.name]:
                k_source = names.index(c.source)
                source = (
                    spikes[k_source][t - c.delay] if t >= c.delay else [0] * network.groups[k_source].size
                )
                for j in range(g.size):
                    reached[j] = reached[j] or bool(source[j] if c.weights is None else any(source))
                    total[j] += sum(
                        int(i == j) if c.weights is None else int(c.weights[i, j])
                        for i, bit in enumerate(source)
                        if bit
                    )
            idle += sum(n.at_rest() for n, got in zip(neurons[k], reached, strict=True) if not got)
            spikes[k].append([n.tick(x) for n, x in zip(neurons[k], total, strict=True)])
            potentials[k].append([n.v for n in neurons[k]])
    met = {g.name: sum(n.met for n in neurons[k]) for k, g in enumerate(network.groups) if k}
    return spikes, potentials, met, idle
