"""Squares of layers of maps: means over them, the patches that a kernel sees, and both the other way round.

Layers are T[sample, row, column × map], maps innermost: the patches of a row are then runs of memory, and a convolution
is a product of patches with a matrix.
"""

from __future__ import annotations

from neurochip.kernels._jit import entry
from neurochip.kernels.types import Cube, Float, Index, Tesseract

__all__ = ["add_patches", "add_shares", "means", "take_patches"]


@entry
def means(layer: Cube[Float], pool: Index, maps: Index, pooled: Cube[Float]) -> None:
    """Write into ``pooled`` T[sample, row, column × map] the mean of each ``pool`` × ``pool`` square of ``layer``."""
    share = pooled.dtype.type(1) / pooled.dtype.type(pool * pool)
    for sample in range(pooled.shape[0]):
        for row in range(pooled.shape[1]):
            for at in range(0, pooled.shape[2], maps):
                for m in range(maps):
                    pooled[sample, row, at + m] = 0
                for dy in range(pool):
                    for dx in range(pool):
                        first = at * pool + dx * maps
                        for m in range(maps):
                            pooled[sample, row, at + m] += layer[sample, row * pool + dy, first + m]
                for m in range(maps):
                    pooled[sample, row, at + m] *= share


@entry
def add_shares(pooled: Cube[Float], pool: Index, maps: Index, layer: Cube[Float]) -> None:
    """Add to each neuron of ``layer`` its share of what its square was given: the transpose of `means`."""
    share = pooled.dtype.type(1) / pooled.dtype.type(pool * pool)
    for sample in range(pooled.shape[0]):
        for row in range(layer.shape[1]):
            for at in range(0, pooled.shape[2], maps):
                for dx in range(pool):
                    first = at * pool + dx * maps
                    for m in range(maps):
                        layer[sample, row, first + m] += share * pooled[sample, row // pool, at + m]


@entry
def take_patches(layer: Cube[Float], kernel: Index, maps: Index, patches: Tesseract[Float]) -> None:
    """Write into ``patches`` T[sample, row, column, kernel row × kernel column × map] what each position sees."""
    run = kernel * maps
    for sample in range(patches.shape[0]):
        for row in range(patches.shape[1]):
            for column in range(patches.shape[2]):
                for dy in range(kernel):
                    for i in range(run):
                        patches[sample, row, column, dy * run + i] = layer[
                            sample, row + dy, column * maps + i
                        ]


@entry
def add_patches(patches: Tesseract[Float], kernel: Index, maps: Index, layer: Cube[Float]) -> None:
    """Add to ``layer`` what each position sends back to those it sees: the transpose of `take_patches`."""
    run = kernel * maps
    for sample in range(patches.shape[0]):
        for row in range(patches.shape[1]):
            for column in range(patches.shape[2]):
                for dy in range(kernel):
                    for i in range(run):
                        layer[sample, row + dy, column * maps + i] += patches[
                            sample, row, column, dy * run + i
                        ]
