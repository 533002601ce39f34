"""Where the cells of a die lie: every array of synapses and every row of neurons is a block of square cells.

Without a file, arrays stand side by side from the left, in the order of the network's projections, one pitch apart. A
row of an array is a sender, a column a receiver; the neurons of a layer lie at the feet of the columns of the first
array that leads into it. The second circuit of a die lies to the right of the first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurochip.description.die.circuit import AnalogSpec
from neurochip.errors import DataError
from neurochip.files import Foreign, briefly, read_rows
from neurochip.network import Network

__all__ = ["Block", "Floorplan", "floorplan_of"]

_PITCH_UM = 10.0  # where no cells say more
_COLUMNS = ("from", "to", "x_um", "y_um")


@dataclass(frozen=True, slots=True)
class Block:
    """Cells in ``rows`` and ``columns``; its lower left corner and the side of a cell, µm."""

    name: str
    x: float
    y: float
    columns: int
    rows: int
    pitch: float

    @property
    def across(self) -> NDArray[np.float64]:
        """Middles of the columns, µm."""
        return np.asarray(self.x + self.pitch * (np.arange(self.columns) + 0.5), np.float64)

    @property
    def up(self) -> NDArray[np.float64]:
        """Middles of the rows, µm."""
        return np.asarray(self.y + self.pitch * (np.arange(self.rows) + 0.5), np.float64)

    def overlaps(self, other: Block) -> bool:
        """Whether the two have some area in common."""
        aside = min(self.x + self.columns * self.pitch, other.x + other.columns * other.pitch) - max(
            self.x, other.x
        )
        above = min(self.y + self.rows * self.pitch, other.y + other.rows * other.pitch) - max(
            self.y, other.y
        )
        least = 1e-6 * self.pitch
        return aside > least and above > least

    def moved(self, by: float) -> Block:
        """Return the same block further to the right, µm."""
        return Block(self.name, self.x + by, self.y, self.columns, self.rows, self.pitch)


@dataclass(frozen=True, slots=True)
class Floorplan:
    """One circuit: an array for each projection, [pre, post], and a row for each layer 1 …."""

    synapses: tuple[Block, ...]
    neurons: tuple[Block, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All of them."""
        return (*self.synapses, *self.neurons)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of what they cover, µm."""
        left, low = min(b.x for b in self.blocks), min(b.y for b in self.blocks)
        right = max(b.x + b.columns * b.pitch for b in self.blocks)
        return right - left, max(b.y + b.rows * b.pitch for b in self.blocks) - low

    def centre(self) -> tuple[float, float, float]:
        """Return the mean place of all cells, and the root of their mean square distance from it, µm."""
        count = np.array([b.columns * b.rows for b in self.blocks], np.float64)
        along = np.array([[b.across.mean(), b.up.mean()] for b in self.blocks])
        middle = count @ along / count.sum()
        within = np.array([b.across.var() + b.up.var() for b in self.blocks])
        square = count @ (within + ((along - middle) ** 2).sum(axis=1)) / count.sum()
        return float(middle[0]), float(middle[1]), math.sqrt(float(square))

    def twin(self) -> Floorplan:
        """Return where the second circuit lies."""
        by = self.size[0] + self.blocks[0].pitch
        return Floorplan(tuple(b.moved(by) for b in self.synapses), tuple(b.moved(by) for b in self.neurons))


def floorplan_of(network: Network, spec: AnalogSpec) -> Floorplan:
    """Return where the cells of a network lie.

    Raises
    ------
    DataError
        For a file that leaves a block out, names one that there is not, or lets two overlap.
    """
    pitch, sizes = _pitch(spec), network.sizes
    if spec.location.floorplan is not None:
        return _read(Path(spec.location.floorplan), network, pitch)
    synapses: list[Block] = []
    feet: dict[int, float] = {}
    x = 0.0
    for p in network.projections:
        synapses.append(Block(_array(p.source, p.target), x, pitch, sizes[p.target], sizes[p.source], pitch))
        feet.setdefault(p.target, x)
        x += (sizes[p.target] + 1) * pitch
    neurons = []
    for layer in range(1, len(sizes)):
        if layer not in feet:
            feet[layer], x = x, x + (sizes[layer] + 1) * pitch
        neurons.append(Block(_row(layer), feet[layer], 0.0, sizes[layer], 1, pitch))
    return Floorplan(tuple(synapses), tuple(neurons))


def _pitch(spec: AnalogSpec) -> float:
    if spec.location.pitch_um is not None:
        return spec.location.pitch_um
    library = spec.library
    if library is None:
        return _PITCH_UM
    area = sum(library.cells[name].whole_area for name in ("synapse", "store") if name in library.cells)
    return 1e6 * float(np.sqrt(area)) or _PITCH_UM


def _array(source: int | str, target: int | str) -> str:
    return f"the synapses from layer {source} to layer {target}"


def _row(layer: int | str) -> str:
    return f"the neurons of layer {layer}"


def _read(path: Path, network: Network, pitch: float) -> Floorplan:
    sizes = network.sizes
    file = Foreign(path, "a floorplan", "give the corner of one block on each line")
    shapes = {_array(p.source, p.target): (sizes[p.target], sizes[p.source]) for p in network.projections}
    shapes |= {_row(layer): (sizes[layer], 1) for layer in range(1, len(sizes))}
    found: dict[str, Block] = {}
    for number, row in read_rows(file, _COLUMNS):
        place = f"{path}: line {number}"
        name = _array(row["from"], row["to"]) if row["from"] else _row(row["to"])
        if name not in shapes:
            raise DataError(place, f"places {briefly(name, 80)}, which the network does not have")
        if name in found:
            raise DataError(place, f"places {name} a second time; leave one of them out")
        x, y = (_number(row, key, place) for key in ("x_um", "y_um"))
        block = Block(name, x, y, *shapes[name], pitch)
        for other in found.values():
            if block.overlaps(other):
                raise DataError(
                    place,
                    f"{name}, {block.columns} × {block.rows} cells of {pitch:.4g} µm, overlap {other.name}; move one "
                    "of them",
                )
        found[name] = block
    missing = next((name for name in shapes if name not in found), None)
    if missing is not None:
        raise DataError(str(path), f"does not say where {missing} lie; add a line")
    blocks: Iterator[Block] = (found[name] for name in shapes)
    synapses = tuple(next(blocks) for _ in network.projections)
    return Floorplan(synapses, tuple(blocks))


def _number(row: dict[str, str], key: str, place: str) -> float:
    try:
        value = float(row[key])
    except ValueError:
        value = math.nan
    if not abs(value) < 1e9:
        raise DataError(place, f"{key} must be a number of µm, got {briefly(row[key], 40)!r}")
    return value
