"""Two-compartment neurons in plain Python: one trace for each synapse, one neuron after the other."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

Matrix = list[list[float]]


@dataclass
class SlowCell:
    """Constants as the poster writes them; theta is 0."""

    tau: float
    tau_s: float
    tau_r: float
    refractory: int
    period: float
    u0: float
    reset: float
    carries: bool
    u: float = 0.0
    still: int = 0
    s: float = 0.0
    r: float = 0.0
    q: int = 0

    def tick(self, drive: float, share: float) -> None:
        """Advance the soma by one tick under u0 + drive, then its own filters."""
        self.q = 0
        if self.still > 0:
            self.still -= 1
        else:
            goal = self.u0 + drive
            self.u = goal + (self.u - goal) * math.exp(-1 / self.tau)
            if self.u > 0:
                self.q = 1
                self.u = self.reset + (self.u if self.carries else 0.0)
                self.still = self.refractory
        keep = math.exp(-1 / self.tau_s)
        self.s = self.s * keep + (1 - keep) * self.period * self.q
        self.r += share * (self.s - self.r)


@dataclass
class SlowMembranes:
    """Layers of cells; ``links`` maps (source, target) to weights [pre][post], ``bias`` is by layer and unit."""

    layers: list[list[SlowCell]]
    links: dict[tuple[int, int], Matrix]
    bias: Matrix
    inputs: list[float]
    synapses: dict[tuple[int, int], list[float]] = field(
        default_factory=dict
    )  # s of every axon, at its far end
    always: float = 0.0  # s of the neuron that fires in every tick and counts 1 / period
    ticks: int = 0
    sops: int = 0
    spikes: int = 0

    def tick(self, share: float, beta: float = 0.0, wanted: list[float] | None = None) -> list[list[int]]:
        """Advance all by one tick; return the spikes."""
        cell = self.layers[0][0]
        keep = math.exp(-1 / cell.tau_s)
        sent = [[c.q for c in layer] for layer in self.layers]
        for (source, target), _ in self.links.items():
            traces = self.synapses.setdefault((source, target), [0.0] * len(self.layers[source]))
            for i, q in enumerate(sent[source]):
                traces[i] = traces[i] * keep + (1 - keep) * cell.period * q
                self.sops += q * len(self.layers[target])
        if self.ticks > 0:
            self.always = self.always * keep + (1 - keep)
            self.sops += sum(len(layer) for layer in self.layers[1:])
        for j, cell in enumerate(self.layers[0]):
            cell.tick(self.inputs[j], share)
        for k in range(1, len(self.layers)):
            for j, cell in enumerate(self.layers[k]):
                v = self.bias[k][j] * self.always
                for (source, target), weights in self.links.items():
                    if target == k:
                        traces = self.synapses[source, target]
                        v += sum(weights[i][j] * s for i, s in enumerate(traces))
                if k == len(self.layers) - 1 and beta and wanted is not None:
                    v = self._nudged(v, beta, wanted[j])
                cell.tick(v, share)
        self.ticks += 1
        fired = [[c.q for c in layer] for layer in self.layers]
        self.spikes += sum(map(sum, fired))
        return fired

    def _nudged(self, v: float, beta: float, ri: float) -> float:
        factor = 1.0
        if v > 0:
            factor = abs(beta) * ri / (abs(beta) * ri + v)
        if beta < 0:
            factor = -factor
        return (1 - factor) * v + factor * ri
