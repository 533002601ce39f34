"""What the samples of one circuit hold, and how a change of one neuron's signal reaches the others."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.circuit import Circuit
from neurochip.analog.ekv import ekv_pair
from neurochip.analog.step import HARD_SIGMOID, TANH, gather, pair, push

__all__ = ["Activity", "Batch", "at_rest"]

Array = NDArray[Any]
Activity = Callable[[Array, Array, Array], None]  # (voltage, saturation, activity): writes the last

# A row of weights added for one sample costs about as much as one and a half rows in a matrix product.
_SPARSE_BELOW = 0.5


class _Layer(NamedTuple):
    """The neurons of one layer, and the projections that they feed."""

    first: int
    last: int
    targets: list[tuple[int, Array, int]]  # projection, drive that it adds to, first neuron of its target


class _Currents(NamedTuple):
    """What flows in the samples, and scratch for changes of it."""

    forward: Array
    backward: Array
    sent: Array
    listed: Array
    moved: Array
    counts: Array
    row: Array


class Batch:
    """What neurons hold, and the currents that it causes, of some samples side by side.

    Parameters
    ----------
    circuit
        Whose weights carry the currents.
    state
        T[sample, neuron], voltages, layer after layer without the clamped one; where neurons have further states,
        those of all neurons behind them, one state after the other.
    from_input
        T[sample, neuron of layer 1], the current that the clamped layer sends.
    activity
        What turns voltages into signals where the circuit's characteristic has no opcode.
    change
        How much a signal must have changed to be sent on.
    """

    def __init__(
        self,
        circuit: Circuit,
        state: Array,
        from_input: Array,
        *,
        activity: Activity | None = None,
        change: float = 0.0,
    ) -> None:
        self.circuit, self.state = circuit, state
        neurons = int(circuit.starts[-1])
        voltage = self.voltage = state if state.shape[1] == neurons else state[:, :neurons]
        self._own_activity = activity
        self._change = change
        self.from_input = from_input
        sends_itself = circuit.kind == HARD_SIGMOID and circuit.curve is None and activity is None
        self.activity = voltage if sends_itself else np.zeros_like(voltage)
        self.stale = True  # what was sent is not known: send everything

    def __len__(self) -> int:
        """Samples."""
        return int(self.voltage.shape[0])

    @functools.cached_property
    def _currents(self) -> _Currents:
        """What takes several times the memory of the voltages, and is only needed where steps are taken one by one."""
        shape, dtype = self.voltage.shape, self.voltage.dtype
        forward, backward, sent, moved = (np.zeros(shape, dtype) for _ in range(4))
        forward[:, : self.from_input.shape[1]] = self.from_input
        row = np.zeros(max(self.circuit.network.sizes), dtype)
        listed, count = np.zeros(shape, np.int32), np.zeros(shape[0], np.int64)
        return _Currents(forward, backward, sent, listed, moved, count, row)

    @property
    def forward(self) -> Array:
        """What the layers below send, T[sample, neuron]."""
        return self._currents.forward

    @property
    def backward(self) -> Array:
        """What the layers above send, T[sample, neuron]."""
        return self._currents.backward

    @functools.cached_property
    def _layers(self) -> list[_Layer]:
        starts, network = [int(at) for at in self.circuit.starts], self.circuit.network
        layers = []
        for layer in range(1, len(starts)):
            targets = []
            for k in network.out_of(layer):
                target = network.projections[k].target
                drive = self.forward if target > layer else self.backward
                targets.append((k, drive, starts[target - 1]))
            layers.append(_Layer(starts[layer - 1], starts[layer], targets))
        return layers

    def update_activity(self) -> None:
        """Turn voltages into what neurons send."""
        voltage = self.voltage
        if self.circuit.pair_offset is not None:
            voltage = voltage - self.circuit.pair_offset
        if self._own_activity is not None:
            self._own_activity(self.voltage, self.circuit.neurons.saturation, self.activity)
        elif self.circuit.kind == TANH:
            pair(voltage, self.circuit.neurons.saturation, self.activity)
        elif self.circuit.curve is not None:
            tail = self.circuit.neurons.saturation
            if self.circuit.kind == HARD_SIGMOID:  # a mirror has no tail, and rails are those of the voltage
                tail = np.ones_like(tail)
            ekv_pair(voltage, tail, *self.circuit.curve, self.activity)

    def transmit(self) -> None:
        """Bring every neuron's current up to date with what the others send.

        Exact up to rounding where ``change`` is 0: a neuron whose signal has not changed adds nothing new.
        """
        weights, now = self.circuit.weights, self.activity
        sent, listed, moved, count, row = self._currents[2:]
        for first, last, targets in self._layers:
            if not targets:
                continue
            n = -1
            if not self.stale:
                most = int(_SPARSE_BELOW * len(now) * (last - first))
                n = gather(sent, now, first, last, self._change, most, listed, moved, count)
            if n < 0:
                signals = now[:, first:last]
                with np.errstate(over="ignore", invalid="ignore"):  # the phase's end is checked
                    for k, drive, at in targets:
                        np.matmul(signals, weights[k], out=drive[:, at : at + weights[k].shape[1]])
                sent[:, first:last] = signals
            elif n > 0:
                for k, drive, at in targets:
                    push(listed, moved, count, weights[k], drive, at, row)
        self.stale = False

    def only(self, keep: Array) -> Batch:
        """Return a copy of some of the samples, by index."""
        part = Batch(
            self.circuit,
            self.state[keep],
            self.from_input[keep],
            activity=self._own_activity,
            change=self._change,
        )
        part.activity[...] = self.activity[keep]
        if not self.stale:
            for mine, theirs in zip(self._currents[:3], part._currents[:3], strict=True):
                theirs[...] = mine[keep]
        part.stale = self.stale
        return part

    def put(self, where: Array, part: Batch) -> None:
        """Write samples back to where `only` took them from."""
        self.state[where], self.activity[where] = part.state, part.activity
        self.stale = self.stale or part.stale
        if not self.stale:
            for mine, theirs in zip(self._currents[:3], part._currents[:3], strict=True):
                mine[where] = theirs


def at_rest(rest: tuple[float, ...], samples: int, neurons: int, dtype: Any) -> Array:
    """Return where a presentation begins, T as `Batch.state`; ``rest`` has the value of each state of a neuron."""
    state = np.zeros((samples, len(rest) * neurons), dtype)
    for k, value in enumerate(rest):
        state[:, k * neurons : (k + 1) * neurons] = value
    return state
