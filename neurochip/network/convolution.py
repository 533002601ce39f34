"""A convolution between two layers of maps: one kernel for all positions, after a mean over squares."""

from __future__ import annotations

from dataclasses import dataclass

from neurochip.errors import ConfigError

__all__ = ["Convolution"]


@dataclass(frozen=True, slots=True)
class Convolution:
    """Weights that all positions share, from a layer of maps to the next.

    Every neuron of a target map sees a square of ``kernel`` × ``kernel`` positions in all source maps, at stride 1
    and without padding, as the mean of each ``pool`` × ``pool`` square of neurons there. Both are linear: a neuron is
    still driven by Σ W ρ(h). Units of a layer are counted map by map at a position, position by position in a row.

    Attributes
    ----------
    source
        Height, width and maps of the layer below.
    kernel
        Positions across a kernel.
    maps
        Maps of the layer above.
    pool
        Neurons across a square of the layer below whose mean is seen; 1: each by itself.
    """

    source: tuple[int, int, int]
    kernel: int
    maps: int
    pool: int = 1

    def __post_init__(self) -> None:
        """Check that squares fill the layer below and that a kernel fits."""
        for name, value in (*zip(("height", "width", "maps"), self.source, strict=True),
                            ("kernel", self.kernel), ("maps", self.maps), ("pool", self.pool)):  # fmt: skip
            if value < 1:
                raise ConfigError(f"convolution.{name}", f"must be at least 1, got {value}")
        height, width, _ = self.source
        if height % self.pool or width % self.pool:
            raise ConfigError(
                "convolution.pool", f"must divide the layer below, {height} × {width}, got {self.pool}"
            )
        seen = self.pooled
        if self.kernel > min(seen[:2]):
            raise ConfigError(
                "convolution.kernel",
                f"must be at most {min(seen[:2])}, as what it sees is {seen[0]} × {seen[1]}, got {self.kernel}",
            )

    @property
    def pooled(self) -> tuple[int, int, int]:
        """Height, width and maps of what the kernels see."""
        height, width, maps = self.source
        return height // self.pool, width // self.pool, maps

    @property
    def target(self) -> tuple[int, int, int]:
        """Height, width and maps of the layer above."""
        height, width, _ = self.pooled
        return height - self.kernel + 1, width - self.kernel + 1, self.maps

    @property
    def positions(self) -> int:
        """How many neurons share a weight."""
        return self.target[0] * self.target[1]

    @property
    def weights(self) -> tuple[int, int]:
        """Shape of the forward weights: [row, column and map in the kernel's square, map above]."""
        return self.kernel * self.kernel * self.source[2], self.maps

    @property
    def sizes(self) -> tuple[int, int]:
        """Neurons of the layers below and above."""
        height, width, maps = self.source
        return height * width * maps, self.positions * self.maps
