"""What the lanes of one circuit hold, and how a change of one neuron's signal reaches the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.circuit import Circuit
from neurochip.analog.step import HARD_SIGMOID, TANH, gather, note_sent, pair, push

__all__ = ["Lanes"]

Array = NDArray[Any]
Activity = Callable[[Array, Array, Array], None]  # (voltage, saturation, activity): writes the last

# A row of weights added for one lane costs about as much as two and a half rows in a matrix product.
_SPARSE_BELOW = 0.35


class _Part(NamedTuple):
    """One layer's part of the arrays, and the drives that it adds to."""

    activity: Array
    sent: Array
    listed: Array
    moved: Array
    targets: list[tuple[int, Array]]  # projection, drive of its target layer


class Lanes:
    """Voltages, and the currents that they cause, of some lanes side by side.

    Parameters
    ----------
    circuit
        Whose weights carry the currents.
    voltage
        T[lane, neuron], layer after layer without the clamped one.
    from_input
        T[lane, neuron of layer 1], the current that the clamped layer sends.
    activity
        What turns voltages into signals where the circuit's characteristic has no opcode.
    change
        How much a signal must have changed to be sent on.
    """

    def __init__(
        self,
        circuit: Circuit,
        voltage: Array,
        from_input: Array,
        *,
        activity: Activity | None = None,
        change: float = 0.0,
    ) -> None:
        self.circuit = circuit
        self.voltage = voltage
        self._own_activity = activity
        self._change = change
        self.from_input = from_input
        shape, dtype = voltage.shape, voltage.dtype
        self.activity = (
            voltage if circuit.kind == HARD_SIGMOID and activity is None else np.zeros_like(voltage)
        )
        self.forward = np.zeros(shape, dtype)
        self.backward = np.zeros(shape, dtype)
        self.forward[:, : from_input.shape[1]] = from_input
        self._sent = np.zeros(shape, dtype)
        self._index = np.zeros(shape, np.int32)
        self._moved = np.zeros(shape, dtype)
        self._count = np.zeros(shape[0], np.int64)
        self._views()
        self.stale = True  # what was sent is not known: send everything

    def __len__(self) -> int:
        """Lanes."""
        return int(self.voltage.shape[0])

    def _views(self) -> None:
        """Name the parts of each layer once: (activity, sent, index, moved, [(projection, drive)])."""
        starts, network = self.circuit.starts, self.circuit.network
        parts = [slice(int(a), int(b)) for a, b in zip(starts, starts[1:], strict=False)]
        self._layers: list[_Part] = []
        for layer, part in enumerate(parts, start=1):
            targets = []
            for k in network.out_of(layer):
                target = network.projections[k].target
                drive = self.forward if target > layer else self.backward
                targets.append((k, drive[:, parts[target - 1]]))
            arrays = (self.activity, self._sent, self._index, self._moved)
            now, sent, listed, moved = (array[:, part] for array in arrays)
            self._layers.append(_Part(now, sent, listed, moved, targets))

    def update_activity(self) -> None:
        """Turn voltages into what neurons send."""
        if self._own_activity is not None:
            self._own_activity(self.voltage, self.circuit.neurons.saturation, self.activity)
        elif self.circuit.kind == TANH:
            pair(self.voltage, self.circuit.neurons.saturation, self.activity)

    def transmit(self) -> None:
        """Bring every neuron's current up to date with what the others send.

        Exact up to rounding where ``change`` is 0: a neuron whose signal has not changed adds nothing new.
        """
        weights, count = self.circuit.weights, self._count
        for now, sent, listed, moved, targets in self._layers:
            if not targets:
                continue
            most = int(_SPARSE_BELOW * now.size)
            n = 0 if self.stale else gather(sent, now, self._change, most, listed, moved, count)
            if self.stale or n < 0:
                for k, drive in targets:
                    np.matmul(now, weights[k], out=drive)
                sent[...] = now
            elif n > 0:
                for k, drive in targets:
                    push(listed, moved, count, weights[k], drive)
                note_sent(sent, now, listed, count)
        self.stale = False

    def only(self, keep: Array) -> Lanes:
        """Return a copy of some of the lanes, by index."""
        part = Lanes(
            self.circuit,
            self.voltage[keep],
            self.from_input[keep],
            activity=self._own_activity,
            change=self._change,
        )
        part.activity[...] = self.activity[keep]
        for name in ("forward", "backward", "_sent"):
            getattr(part, name)[...] = getattr(self, name)[keep]
        part.stale = self.stale
        return part

    def put(self, where: Array, part: Lanes) -> None:
        """Write lanes back to where `only` took them from."""
        for name in ("voltage", "activity", "forward", "backward", "_sent"):
            getattr(self, name)[where] = getattr(part, name)
        self.stale = self.stale or part.stale
