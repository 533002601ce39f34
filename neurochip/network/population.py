"""Neurons of one kind, with a shape."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Population"]


@dataclass(frozen=True, slots=True)
class Population:
    """Neurons of one kind.

    Attributes
    ----------
    name
        Unique in its network.
    size
        Neurons.
    clamped
        Whether it presents the input, and receives nothing.
    output
        Whether targets pull it, and its values are an answer.
    shape
        How its neurons are arranged, e.g. channels, height, width; without one they stand in a row.
    bias
        The first bias of each of its neurons.
    """

    name: str
    size: int
    clamped: bool = False
    output: bool = False
    shape: tuple[int, ...] = ()
    bias: float = 0.0

    def __post_init__(self) -> None:
        """Put neurons without a shape in a row."""
        if not self.shape:
            object.__setattr__(self, "shape", (self.size,))
        if math.prod(self.shape) != self.size:
            raise ValueError(f"{self.name}: {self.size} neurons have no shape {self.shape}")
