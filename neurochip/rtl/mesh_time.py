"""What the mesh of an exported chip brings its cores in each tick of a presentation, and how long ticks take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.arrivals import Arrivals
from neurochip.rtl.chip_mesh import ChipMesh
from neurochip.rtl.chip_time import bits_of, timed_image
from neurochip.rtl.core_text import CoreText, InputText

__all__ = ["MeshTime"]

Integers = NDArray[np.int64]


class MeshTime:
    """Times presentations on an exported chip whose cores are joined by a mesh.

    Neurons are updated one a cycle, the last one in the cycle before the tick of its core is over, and a spike is
    offered to the mesh in the cycle behind that of its neuron.

    Parameters
    ----------
    image
        Of the chip.
    cores, inputs
        That were exported, and the mesh between them.
    lanes
        Weights in a word of memory.
    """

    def __init__(
        self,
        image: ChipImage,
        cores: Sequence[CoreText],
        inputs: Sequence[InputText],
        mesh: ChipMesh,
        lanes: int,
    ) -> None:
        timed, self._slots = timed_image(image, lanes)
        self._image, self._cores = image, len(cores)
        self._arrivals = Arrivals(timed, [(slot.start, slot.stop) for slot in self._slots])
        self._number = np.full(len(image.cores), -1)  # core of the image → of the exported chip
        for core in cores:
            self._number[core.core] = core.number
        # Where each neuron reaches each of the exported cores.
        self._axon = np.zeros((self._slots[-1].stop, len(cores)), np.int64)
        senders: list[CoreText | InputText] = [*cores, *inputs]
        for sender in senders:
            slot = self._slots[sender.core]
            for receiver, first in mesh.axons[sender.number].items():
                self._axon[slot, receiver] = first + np.arange(sender.size)

    def of(self, spikes: Sequence[NDArray[np.uint8]]) -> tuple[Integers, Integers]:
        """Return the cycles of each tick of one presentation, and what each core is brought in it.

        Parameters
        ----------
        spikes
            By population [tick, unit].

        Returns
        -------
        cycles
            i64[tick].
        brought
            i64[tick, core, 3]: spikes, the cycle of the last one, and the sum of cycle × (axon + 1) over all of them
            as 32 bits with a sign.
        """
        found = self._arrivals.of(bits_of(self._image, self._slots, spikes))
        ticks = len(found.cycles)
        receiver = self._number[found.receiver]
        at = found.tick * self._cores + receiver
        brought = np.zeros((3, ticks * self._cores), np.int64)
        brought[0] = np.bincount(at, minlength=ticks * self._cores)
        np.maximum.at(brought[1], at, found.arrival)
        np.add.at(brought[2], at, found.arrival * (self._axon[found.neuron, receiver] + 1))
        brought[2] = (brought[2] & 0xFFFFFFFF ^ 0x80000000) - 0x80000000
        return found.cycles, brought.T.reshape(ticks, self._cores, 3)
