"""What the samples of one circuit hold, and how a change of one neuron's signal reaches the others."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurochip.analog.circuit import Circuit
from neurochip.analog.ekv import ekv_pair
from neurochip.analog.settling import Currents, Way, send_changes, take_steps
from neurochip.analog.step import HARD_SIGMOID, TANH, Driven, pair

__all__ = ["Activity", "Batch", "at_rest"]

Array = NDArray[np.floating]
Activity = Callable[[Array, Array, Array], None]  # (voltage, saturation, activity): writes the last


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
        self.sends_itself = circuit.kind == HARD_SIGMOID and circuit.curve is None and activity is None
        self.activity = voltage if self.sends_itself else np.zeros_like(voltage)
        self.stale = True  # what was sent is not known: send everything

    def __len__(self) -> int:
        """Samples."""
        return int(self.voltage.shape[0])

    @functools.cached_property
    def currents(self) -> Currents:
        """What takes several times the memory of the voltages, and is only needed where steps are taken one by one."""
        (samples, neurons), dtype = self.voltage.shape, self.voltage.dtype
        forward, backward, sent, moved = (np.zeros((samples, neurons), dtype) for _ in range(4))
        forward[:, : self.from_input.shape[1]] = self.from_input
        row = np.zeros(max(self.circuit.network.sizes), dtype)
        listed, count = np.zeros((samples, neurons), np.int32), np.zeros(samples, np.int64)
        return Currents(forward, backward, sent, listed, moved, count, row)

    @property
    def forward(self) -> Array:
        """What the layers below send, T[sample, neuron]."""
        return self.currents.forward

    @property
    def backward(self) -> Array:
        """What the layers above send, T[sample, neuron]."""
        return self.currents.backward

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
        layer = self._begun()
        while layer >= 0:
            layer = send_changes(layer, self.activity, self._change, self.currents, self.circuit.paths)
            if layer >= 0:
                self._send_layer(layer)
                layer += 1

    def step(self, ticks: int, at: Driven, noise: Array | None) -> None:
        """Take steps of the built-in neurons; with ``noise`` T[sample, neuron] added to each, or `None`."""
        place = np.array((0, self._begun()), np.int64)
        plain_pairs = self.circuit.kind == TANH and self.circuit.pair_offset is None
        makes_activity = self.sends_itself or (plain_pairs and self._own_activity is None)
        while place[0] < ticks:
            layer = take_steps(
                self.circuit.kind,
                ticks if makes_activity else int(place[0]) + 1,
                place,
                at,
                self.activity,
                self._change,
                self.currents,
                self.circuit.paths,
                at.voltage if noise is None else noise,
                noise is not None,
            )
            if layer >= 0:
                self._send_layer(layer)
                place[1] += 1
            elif not makes_activity:
                self.update_activity()

    def _begun(self) -> int:
        """Send everything where it is not known what was sent; return the layer from which changes are to be sent."""
        if not self.stale:
            return 0
        self.stale = False
        self._send_all(self.circuit.ways.values(), slice(None))
        return len(self.circuit.paths.layers)

    def _send_layer(self, layer: int) -> None:
        """Send all signals of a layer."""
        first, last = self.circuit.paths.layers[layer, :2]
        ways = (way for way in self.circuit.ways.values() if way.senders.start == first)
        self._send_all(ways, slice(first, last))

    def _send_all(self, ways: Iterable[Way], senders: slice) -> None:
        """Send all signals of ``senders``, by matrix products."""
        current, now = self.currents, self.activity
        with np.errstate(over="ignore", invalid="ignore"):  # the phase's end is checked
            for weights, sender, receiver, forward in ways:
                drive = current.forward if forward else current.backward
                np.matmul(now[:, sender], weights, out=drive[:, receiver])
        current.sent[:, senders] = now[:, senders]

    def only(self, keep: NDArray[np.intp]) -> Batch:
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
            for mine, theirs in zip(self.currents[:3], part.currents[:3], strict=True):
                theirs[...] = mine[keep]
        part.stale = self.stale
        return part

    def put(self, where: NDArray[np.intp], part: Batch) -> None:
        """Write samples back to where `only` took them from."""
        self.state[where], self.activity[where] = part.state, part.activity
        self.stale = self.stale or part.stale
        if not self.stale:
            for mine, theirs in zip(self.currents[:3], part.currents[:3], strict=True):
                mine[where] = theirs


def at_rest(rest: tuple[float, ...], samples: int, neurons: int, dtype: DTypeLike) -> Array:
    """Return where a presentation begins, T as `Batch.state`; ``rest`` has the value of each state of a neuron."""
    state = np.zeros((samples, len(rest) * neurons), dtype)
    for k, value in enumerate(rest):
        state[:, k * neurons : (k + 1) * neurons] = value
    return state
