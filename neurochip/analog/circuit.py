"""One circuit of a die: programmed weights in, the currents that its devices make of them out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.die import DEAD, STUCK, WORKING, Die
from neurochip.analog.ekv import Curve
from neurochip.analog.settling import paths_of
from neurochip.analog.step import HARD_SIGMOID, Neurons
from neurochip.analog.supply_lines import Drops, LocalSupply
from neurochip.description.die.settling import SettleSpec
from neurochip.kernels._jit import entry
from neurochip.kernels.types import Vector
from neurochip.network import Network

__all__ = ["Circuit"]

Array = NDArray[np.floating]

_STUCK_AT_TANH = 3.0  # tanh 3 = 0.995


class Circuit:
    """The effective weights and neuron constants of one circuit.

    Parameters
    ----------
    network
        Layers and projections.
    die
        Deviations of its devices.
    settle
        Step and method, which set the fraction of the way that a neuron goes in a step.
    kind
        Opcode of the characteristic.
    curve
        What a pair sends, of ``EKV``.
    dtype
        float32 or float64.
    supply
        What the lines of the supply leave to its cells; `None`: all of it.
    """

    def __init__(
        self,
        network: Network,
        die: Die,
        settle: SettleSpec,
        kind: int,
        dtype: np.dtype[np.floating],
        curve: Curve | None = None,
        supply: LocalSupply | None = None,
    ) -> None:
        self.network, self.die, self.kind, self.curve = network, die, kind, curve
        self._settle = settle
        self._dtype = np.dtype(dtype)
        self.starts = np.cumsum((0, *network.sizes[1:]))  # of each layer among the neurons
        n = int(self.starts[-1])
        rate = self._joined(die.rate, 1.0)
        self.rate = rate.astype(self._dtype)
        self.neurons = Neurons(
            bias=np.zeros(n, self._dtype),
            gain=self._joined(die.neuron_gain, 1.0).astype(self._dtype),
            offset=self._joined(die.neuron_offset, 0.0).astype(self._dtype),
            fraction=_fractions(rate, settle).astype(self._dtype),
            saturation=self._joined(die.saturation, 1.0).astype(self._dtype),
        )
        self._defects()
        self.pair_offset: Array | None = None  # of every neuron's pair, or none has any
        if any(array is not None for array in die.pair_offset):
            self.pair_offset = self._joined(die.pair_offset, 0.0).astype(self._dtype)
        self.leak_offset = self._joined(die.leak_offset, 0.0)
        self._nudged: dict[float, Array] = {}
        self._gain = [self._cast(g) for g in die.synapse_gain]
        self._offset = [self._cast(o) for o in die.synapse_offset]
        self._state = list(die.synapse_state)
        self._stuck = [self._cast(w) for w in die.stuck_weight]
        self.paths, self.ways = paths_of(network, [int(at) for at in self.starts], self._dtype)
        self.weights: list[Array] = []  # effective, of every projection, [pre, post]
        self.leaks = float(n)  # what all leaks draw, in tails of one
        self.drops: Drops | None = None
        self._supply = supply
        self._at_pad: tuple[list[Array], Array, Array, Array] | None = None  # were no line to lose anything
        if supply is not None:
            self._at_pad = [], self.neurons.bias.copy(), self.neurons.gain.copy(), rate

    @property
    def is_nominal(self) -> bool:
        """Whether every synapse carries exactly what is programmed."""
        return all(a is None for a in (*self._gain, *self._offset, *self._state))

    def program(self, weights: Sequence[Array], biases: Sequence[Array]) -> None:
        """Take over programmed weights of every projection, and biases of layers 1 … ."""
        effective = [self.effective(k, w) for k, w in enumerate(weights)]
        if self._at_pad is not None:
            self._at_pad[0][:] = effective
        self.weights = [self._placed(k, w) for k, w in enumerate(effective)]
        for layer, bias in enumerate(biases):
            self.set_bias(layer, bias)

    def set_weights(self, projection: int, programmed: Array) -> None:
        """Take over the programmed weights of one projection; `feed` is due afterwards."""
        effective = self.effective(projection, programmed)
        if self._at_pad is not None:
            self._at_pad[0][projection] = effective
        self.weights[projection] = self._placed(projection, effective)

    def add(self, projection: int, programmed: Array, change: Array) -> None:
        """Add a change to the programmed weights of a projection, in place, and take them over."""
        gain, offset, state = self._gain[projection], self._offset[projection], self._state[projection]
        plain = offset is None and state is None and self._at_pad is None
        fits = change.dtype == programmed.dtype and programmed.flags.c_contiguous
        if gain is None or not plain or not fits:
            programmed += change
            self.set_weights(projection, programmed)
            return
        add_with_gain(
            programmed.reshape(-1), change.reshape(-1), gain.reshape(-1), self.weights[projection].reshape(-1)
        )

    def _placed(self, projection: int, effective: Array) -> Array:
        """Put effective weights where steps find them; those of the clamped layer stay where they are."""
        if projection not in self.ways:
            return effective
        room = self.ways[projection].weights
        room[...] = effective
        return room

    def set_bias(self, layer: int, bias: Array) -> None:
        """Take over the programmed biases of layer 1 + ``layer``; `feed` is due afterwards."""
        biases = self.neurons.bias if self._at_pad is None else self._at_pad[1]
        biases[self.starts[layer] : self.starts[layer + 1]] = bias

    def feed(self) -> None:
        """Let all that is programmed draw its current, and every cell carry what its local supply leaves to it.

        A leak of a smaller tail is slower, and its neuron's gain is larger in that proportion.
        """
        if self._supply is None or self._at_pad is None:
            return
        weights, bias, gain, rate = self._at_pad
        tail = self.neurons.saturation if self.kind != HARD_SIGMOID else np.ones_like(self.neurons.saturation)
        senders = [self._of_senders(tail, p.source) for p in self.network.projections]
        tails = [np.abs(w) * sent for w, sent in zip(weights, senders, strict=True)]
        self.drops = drops = self._supply.settle(
            [t.astype(np.float64) for t in tails], bias.astype(np.float64)
        )
        self.weights = [
            self._placed(k, (w * share).astype(self._dtype))
            for k, (w, share) in enumerate(zip(weights, drops.synapses, strict=True))
        ]
        of_bias, of_leak = drops.neurons
        self.leaks = float(of_leak.sum())
        self.neurons.bias[:] = bias * of_bias
        self.neurons.gain[:] = gain / of_leak
        self.rate[:] = rate * of_leak
        self.neurons.fraction[:] = _fractions(rate * of_leak, self._settle)
        self._nudged.clear()

    def _of_senders(self, of_neurons: Array, layer: int) -> Array | float:
        """Return the part of ``of_neurons`` that a layer has, as a column; 1 for the clamped one."""
        return of_neurons[self.starts[layer - 1] : self.starts[layer], None] if layer else 1.0

    def effective(self, projection: int, programmed: Array) -> Array:
        """Return what the synapses of a projection carry; the programmed array itself where all are nominal."""
        gain, offset = self._gain[projection], self._offset[projection]
        state, stuck = self._state[projection], self._stuck[projection]
        effective = programmed
        if gain is not None:
            effective = effective * gain
        if offset is not None:
            effective = effective + offset
        if state is not None and stuck is not None:
            effective = np.where(state == STUCK, stuck, np.where(state == DEAD, 0, effective))
        return effective.astype(self._dtype, copy=False)

    def sensitivity(self, projection: int) -> Array | float:
        """Return ∂(effective weight)/∂(programmed weight) of a projection: its gain, and 0 for a defect."""
        gain, state = self._gain[projection], self._state[projection]
        slope: Array | float = 1.0 if gain is None else gain.astype(np.float64)
        if self.drops is not None:
            slope = slope * self.drops.synapses[projection]
        return slope if state is None else slope * (state == WORKING)

    def nudged_fractions(self, nudge: float) -> Array:
        """Return the fractions of the way for a phase with a nudge of 2β: an output's leak is then 1 + 2β.

        With ``exponential``, an output that would be carried so far beyond its rest that more is left than the 1 − h of
        a nominal neuron goes 1 − (1 − h)^(κ(1 + 2β)) of the way instead: stable at any ratio of time constants.
        """
        if nudge not in self._nudged:
            self._nudged[nudge] = self._nudged_fractions(nudge)
        return self._nudged[nudge]

    def _nudged_fractions(self, nudge: float) -> Array:
        fractions, leak, first = self.neurons.fraction, 1 + nudge, int(self.starts[-2])
        beyond = fractions[first:] * leak > 2 - self._settle.step
        if self._settle.method != "exponential" or not beyond.any():
            return fractions
        changed = fractions.copy()
        stable = (1 - (1 - self._settle.step) ** (self.rate[first:].astype(np.float64) * leak)) / leak
        changed[first:] = np.where(beyond, stable, fractions[first:])
        return changed

    def _cast(self, array: Array | None) -> Array | None:
        return None if array is None else np.ascontiguousarray(array, dtype=self._dtype)

    def _joined(self, arrays: Sequence[Array | None], nominal: float) -> NDArray[np.float64]:
        sizes = self.network.sizes[1:]
        parts = [np.full(n, nominal) if a is None else a for a, n in zip(arrays, sizes, strict=True)]
        return np.concatenate(parts).astype(np.float64)

    def _defects(self) -> None:
        """A dead neuron integrates nothing, a stuck one a current that holds it at full scale."""
        for layer, states in enumerate(self.die.neuron_state):
            if states is None:
                continue
            first = int(self.starts[layer])
            broken = first + np.flatnonzero(states)
            self.neurons.gain[broken] = 0
            self.neurons.offset[broken] = 0
            full = first + np.flatnonzero(states == STUCK)
            rail = self.neurons.saturation[full]
            self.neurons.offset[full] = rail if self.kind == HARD_SIGMOID else _STUCK_AT_TANH


@entry
def add_with_gain(
    programmed: Vector[np.floating],
    change: Vector[np.floating],
    gain: Vector[np.floating],
    effective: Vector[np.floating],
) -> None:
    """Add ``change`` to ``programmed`` and write × ``gain`` what synapses carry of it, T[synapse] each, in one pass."""
    for i in range(programmed.shape[0]):
        programmed[i] += change[i]
        effective[i] = programmed[i] * gain[i]


def _fractions(rate: NDArray[np.float64], settle: SettleSpec) -> NDArray[np.float64]:
    """Return the fraction of the way to rest that each neuron goes in one step.

    With h the step, κ = τ_nominal/τ: ``euler`` hκ; ``exponential`` 1 − (1 − h)^κ, which is h at κ = 1 and never
    beyond 1. For ``heun``, which chooses its own steps, κ itself.
    """
    if settle.method == "heun":
        return rate
    if settle.method == "euler":
        return settle.step * rate
    fraction = 1 - (1 - settle.step) ** rate
    return np.where(rate == 1, settle.step, fraction)
