"""A convolution written out: which synapse of the unrolled network has which weight of the kernel."""

from __future__ import annotations

Matrix = list[list[float]]
Place = tuple[int, int]


def synapses(
    height: int, width: int, maps: int, *, kernel: int, above: int, pool: int
) -> list[tuple[int, int, Place]]:
    """Return every synapse as (neuron below, neuron above, (row, column) of its weight in the kernel's matrix).

    A neuron above sees means of squares, so each of its synapses has 1 / pool² of a weight.
    """
    found = []
    columns = width // pool - kernel + 1
    for row in range(height // pool - kernel + 1):
        for column in range(columns):
            for m in range(above):
                for dy in range(kernel):
                    for dx in range(kernel):
                        for c in range(maps):
                            weight = ((dy * kernel + dx) * maps + c, m)
                            for py in range(pool):
                                for px in range(pool):
                                    y, x = (row + dy) * pool + py, (column + dx) * pool + px
                                    below = (y * width + x) * maps + c
                                    found.append((below, (row * columns + column) * above + m, weight))
    return found


def unrolled(
    n_below: int, n_above: int, kernel: Matrix, parts: list[tuple[int, int, Place]], pool: int
) -> Matrix:
    """Return the dense matrix [below][above] that a kernel's matrix stands for."""
    matrix = [[0.0] * n_above for _ in range(n_below)]
    for below, over, (i, m) in parts:
        matrix[below][over] += kernel[i][m] / pool**2
    return matrix


def summed(
    shape: Place, pre: list[float], post: list[float], parts: list[tuple[int, int, Place]], pool: int
) -> Matrix:
    """Return the change of the kernel's matrix: pre × post of every synapse, at its weight."""
    total = [[0.0] * shape[1] for _ in range(shape[0])]
    for below, over, (i, m) in parts:
        total[i][m] += pre[below] * post[over] / pool**2
    return total
