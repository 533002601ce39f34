"""An exported chip behind its bus: which cores it has, and what a host writes there whole."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.rtl.core_text import CoreText, InputText, cores_of, inputs_of, numbers_of
from neurochip.rtl.simulation import Bus

__all__ = ["Comparison", "DrivenChip"]


class Comparison:
    """How much of a chip was compared with the emulator, and what differed, each as a sentence."""

    def __init__(self) -> None:
        self.compared = 0
        self.mismatches: list[str] = []

    def number(self, where: str, wanted: int | str, found: int | str) -> None:
        """Compare one number."""
        self.compared += 1
        if wanted != found:
            self.mismatches.append(f"{where}: expected {wanted}, found {found}")

    def neurons(self, where: str, signal: str, wanted: NDArray[np.int64], found: NDArray[np.int64]) -> None:
        """Compare a signal of all neurons of a core."""
        self.compared += len(wanted)
        for j in np.flatnonzero(wanted != found).tolist():
            self.mismatches.append(
                f"{where}, neuron {j}, {signal}: expected {int(wanted[j])}, found {int(found[j])}"
            )


class DrivenChip(NamedTuple):
    """What stands on the bus.

    Attributes
    ----------
    bus
        Of the simulated chip.
    image
        From which it was exported.
    cores, inputs
        Those that compute, and those that hold inputs.
    lanes
        Weights in a word of memory.
    samples
        That the engine learns from at once.
    seed
        Of the run.
    """

    bus: Bus
    image: ChipImage
    cores: list[CoreText]
    inputs: list[InputText]
    lanes: int
    samples: int
    seed: int

    @classmethod
    def of(cls, bus: Bus, image: ChipImage, *, lanes: int, samples: int, seed: int) -> DrivenChip:
        """Return the chip that was exported from an image."""
        cores = cores_of(image)
        return cls(bus, image, cores, inputs_of(image, len(cores)), lanes, samples, seed)

    def name_of(self, core: CoreText | InputText) -> str:
        """Return a core by its number and its population, for sentences."""
        return f"core {core.number} ({self.image.network.populations[core.population].name})"

    def integers(self, values: Any) -> NDArray[np.int64]:
        """Return values in units of the state's last bit."""
        whole: NDArray[np.int64] = np.rint(
            np.ldexp(np.float64(values), numbers_of(self.image).state.fraction)
        ).astype(np.int64)
        return whole

    def select(self, number: int) -> None:
        """Choose a core, and begin at its first place."""
        self.bus.write("SELECT", number)
        self.bus.write("AT", 0)
