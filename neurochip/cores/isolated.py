"""One core on its own: what it is given is its own memory and packed bits, what it gives is packed bits.

The emulator computes cores side by side in one memory. This is the same core with nothing to share: run in
processes of their own and joined by pipes, such cores must come to the same spikes and states, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.arrays import Recorder
from neurochip.cores.coder import coder_of, for_coding, rooms_of, schedules_of
from neurochip.cores.layout import Layout
from neurochip.cores.tick import run_ticks
from neurochip.description.run_sections import CodingSpec
from neurochip.spikes import Spikes

__all__ = ["CoreMemory", "IsolatedCore"]


class CoreMemory(NamedTuple):
    """What a core has of its own: weights of its blocks, scales, and biases of its slots."""

    weights: NDArray[Any]
    scales: NDArray[Any]
    bias: NDArray[Any]


class IsolatedCore:
    """Runs one core of an image, all lanes.

    Parameters
    ----------
    image
        The compiled chip: where everything sits; it holds no weights.
    core
        Index into ``image.cores``.
    memory
        Of this core, from `DigitalSubstrate.core_memory`.
    coding, seed, traced
        As of the substrate.
    """

    def __init__(
        self,
        image: ChipImage,
        core: int,
        memory: CoreMemory,
        coding: CodingSpec,
        *,
        seed: int = 0,
        traced: bool = False,
    ) -> None:
        self._layout = Layout(image, only=[core])
        self._image, self._core = image, core
        self._coding, self._traced = coding, traced
        self._coder = coder_of(coding, self._layout.state_dtype, seed=seed, traced=traced)
        self._run_ticks = for_coding(run_ticks, coding)
        wiring = self._layout.wiring()
        wiring.weights[:] = memory.weights
        first, last = self._layout.core_slots[core]
        wiring.bias[first:last] = memory.bias
        self._wiring = wiring._replace(scales=memory.scales)
        self._scratch = self._layout.scratch()
        self._tick = 0

    def begin(self, lanes: int, presentations: NDArray[np.uint64], inputs: NDArray[Any] | None) -> None:
        """Start from rest; ``inputs`` [lane, neuron of this core] for a clamped core."""
        self._state = self._layout.lane_state(lanes, trace=self._traced, **rooms_of(self._coding))
        self._presentations = presentations
        self._tick = 0
        if inputs is not None:
            self._state.value[:, self._own()] = inputs

    def _own(self) -> slice:
        first, _ = self._layout.core_slots[self._core]
        return slice(first, first + self._image.cores[self._core].size)

    def tick(
        self, heard: Mapping[int, bytes], *, beta: float = 0.0, targets: NDArray[Any] | None = None
    ) -> bytes:
        """Take in the bits that other cores sent in the last tick, and return this tick's own, in wire form.

        Parameters
        ----------
        heard
            Sending core → its spikes in the last tick, [1, lane, neuron], in wire form (`Spikes.to_bytes`);
            nothing in the first tick.
        beta, targets
            Nudge, on cores of the output population; ``targets`` [lane, neuron of this core].
        """
        state, dtype = self._state, self._layout.state_dtype
        lanes = state.bits.shape[0]
        for sender, packed in heard.items():
            first, _ = self._layout.core_slots[sender]
            size = self._image.cores[sender].size
            bits = Spikes.from_bytes(packed, ticks=1, batch=lanes, units=size)
            state.bits[:, first : first + size] = bits.array()[0]
        wanted = np.zeros((lanes, self._layout.n_slots), dtype=dtype)
        if targets is not None:
            wanted[:, self._own()] = targets
        nothing = np.zeros((0, lanes, self._layout.n_slots))
        self._run_ticks(
            np.arange(lanes),
            self._presentations,
            self._tick + 1,
            1,
            self._wiring,
            state,
            self._scratch,
            self._coder,
            schedules_of(self._coding, self._tick + 1, 1, dtype),
            dtype.type(2.0 * beta),
            wanted,
            Recorder(
                nothing.astype(np.uint8),
                nothing.astype(dtype),
                nothing.astype(dtype),
                nothing.astype(np.int32),
                np.arange(lanes),
            ),
        )
        self._tick += 1
        return Spikes.from_array(state.bits[None, :, self._own()]).to_bytes()

    def values(self) -> NDArray[Any]:
        """Return s of its neurons, [lane, neuron]: what an outside observer sees, not other cores."""
        return self._state.value[:, self._own()].copy()
