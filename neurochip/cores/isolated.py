"""One core on its own: what it is given is its own memory and packed bits, what it gives is packed bits.

The emulator computes cores side by side in one memory. This is the same core with nothing to share: run in
processes of their own and joined by pipes, such cores must come to the same spikes and states, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.arrays import Chip, Samples, Span, Wiring
from neurochip.cores.axons import pattern_taker
from neurochip.cores.cell import Settling
from neurochip.cores.cells import Cells
from neurochip.cores.channel import sound_channel
from neurochip.cores.layout import Layout
from neurochip.cores.rooms import no_records, pulled, reception, scratch, state
from neurochip.cores.tick import run_ticks
from neurochip.description.run_sections import CodingSpec
from neurochip.elements.neurons.settling import VALUE
from neurochip.spikes import Spikes

__all__ = ["CoreMemory", "IsolatedCore", "memory_of"]


class CoreMemory(NamedTuple):
    """What a core has of its own: weights of its blocks, scales, and biases of its slots."""

    weights: NDArray[np.number]
    scales: NDArray[np.number]
    bias: NDArray[np.number]


def memory_of(layout: Layout, wiring: Wiring, core: int) -> CoreMemory:
    """Return copies of what one core of a chip holds of its own."""
    alone = Layout(layout.image, only=core)
    weights = alone.wiring().weights
    own = (block for block in layout.blocks if block.core == core)
    for here, there in zip(alone.blocks, own, strict=True):
        alone.block(weights, here)[...] = layout.block(wiring.weights, there)
    first, last = layout.core_slots[core]
    return CoreMemory(weights, wiring.scales.copy(), wiring.bias[first:last].copy())


class IsolatedCore:
    """Runs one core of an image, all samples.

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
        self._layout = Layout(image, only=core)
        self._image, self._core = image, core
        populations = image.network.populations
        self._cells, self._traced = Cells(image.network, [Settling(coding)] * len(populations)), traced
        self._seed = self._cells.seed(seed)
        dtype = self._layout.state_dtype
        self._neurons = self._cells.neurons(dtype, self._layout.n_slots, traced=traced)
        wiring = self._layout.wiring(kinds=self._cells.kinds)
        wiring.weights[:] = memory.weights
        first, last = self._layout.core_slots[core]
        wiring.bias[first:last] = memory.bias
        self._wiring = wiring._replace(scales=memory.scales)
        self._variables = self._cells.variables
        self._chip = Chip(
            self._wiring,
            self._layout.synapses(self._wiring),
            self._neurons,
            sound_channel(self._wiring),
            pattern_taker(self._wiring, self._layout.sum_dtype, bool(self._neurons.patterned)),
        )
        self._scratch = scratch(self._wiring, self._variables, self._layout.sum_dtype)
        self._tick = 0

    def begin(
        self, samples: int, presentations: NDArray[np.uint64], inputs: NDArray[np.number] | None
    ) -> None:
        """Start from rest; ``inputs`` [sample, neuron of this core] for a clamped core."""
        self._state = state(self._wiring, samples, self._variables, self._layout.longest_delay)
        self._reception = reception(
            self._wiring,
            samples,
            self._layout.sum_dtype,
            self._layout.longest_delay,
            patterned=True,
            traced=self._traced,
        )
        self._presentations = presentations
        self._tick = 0
        if inputs is not None:
            self._state.words[:, VALUE, self._own()] = inputs

    def _own(self) -> slice:
        first, _ = self._layout.core_slots[self._core]
        return slice(first, first + self._image.cores[self._core].size)

    def tick(
        self, received: Mapping[int, bytes], *, beta: float = 0.0, targets: NDArray[np.number] | None = None
    ) -> bytes:
        """Take in the bits that other cores sent in the last tick, and return this tick's own, in wire form.

        Parameters
        ----------
        received
            Sending core → its spikes in the last tick, [1, sample, neuron], in wire form (`Spikes.to_bytes`);
            nothing in the first tick.
        beta, targets
            Nudge, on cores of the output population; ``targets`` [sample, neuron of this core].
        """
        dtype, bits = self._layout.state_dtype, self._state.bits[:, 0]
        samples = bits.shape[0]
        for sender, packed in received.items():
            first, _ = self._layout.core_slots[sender]
            size = self._image.cores[sender].size
            found = Spikes.from_bytes(packed, ticks=1, batch=samples, units=size)
            bits[:, first : first + size] = found.array()[0]
        wanted = np.zeros((samples, self._layout.n_slots), dtype=dtype)
        if targets is not None:
            wanted[:, self._own()] = targets
        now = self._tick + 1
        run_ticks(
            np.arange(samples),
            Span(self._presentations, self._seed, now, self._cells.schedule(now, 1).astype(dtype)),
            self._chip,
            Samples(self._state, self._reception),
            self._scratch,
            pulled(self._cells.nudges(beta).astype(dtype), wanted),
            no_records(self._wiring, samples, self._cells.values),
        )
        self._tick += 1
        return Spikes.from_array(bits[None, :, self._own()]).to_bytes()

    def values(self) -> NDArray[np.number]:
        """Return s of its neurons, [sample, neuron]: what an outside observer sees, not other cores."""
        return self._state.words[:, VALUE, self._own()].copy()
