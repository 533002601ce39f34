"""Where weights and spikes of one population stand on one core."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from neurochip.elements.connections import Connection

__all__ = ["Block", "Received", "is_fixed"]


def is_fixed(connection: Connection) -> bool:
    """Whether it has no weights that could be given."""
    return math.prod(connection.shape) == 0 and connection.synapses > 0


@dataclass(frozen=True)
class Block:
    """Weights on one core from one population: rows are axons, columns the neurons of the core.

    Attributes
    ----------
    core, projection
        Indices into the image.
    start
        First weight.
    stride
        From one row to the next.
    rows, width
        Neurons of the source and of the core.
    """

    core: int
    projection: int
    start: int
    stride: int
    rows: int
    width: int


class Received(NamedTuple):
    """Spikes of a population as they act on a core after a delay, where each core receives for itself.

    Attributes
    ----------
    core, population, delay
        Who receives, who sends, and after how many ticks a spike acts.
    first, last, door
        Its axon slots, and the first one of those where packets arrive.
    """

    core: int
    population: int
    delay: int
    first: int
    last: int
    door: int
