"""What a figure shows, without a word about how it is drawn: its numbers, as a table too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from neurochip.report.figures import Chart

__all__ = ["Bars", "ChartFigure", "Figure", "Heat", "Mesh", "RasterFigure", "Table"]

# Columns and rows; a cell without a value is empty.
Table = tuple[list[str], list[list[object]]]


@dataclass(frozen=True, slots=True, eq=False)
class ChartFigure:
    """Curves over two axes.

    Attributes
    ----------
    name
        Of its file.
    chart
        What the page of the results shows, too.
    """

    name: str
    chart: Chart

    def table(self) -> Table:
        """Return a row for each point: its curve, x, y, and the edges of its band."""
        chart = self.chart
        share = 100.0 if chart.y_unit == "%" else 1.0
        y = _with_unit(chart.y_label or chart.title, chart.y_unit)
        names = [*(["x name"] if chart.x_names else []), _with_unit(chart.x_label, chart.x_unit), y]
        banded = any(len(curve.low) for curve in chart.curves)
        names += ["low", "high"] if banded else []
        words = dict(chart.x_names)
        rows = []
        for curve in chart.curves:
            for k, (at, value) in enumerate(zip(curve.x, curve.y, strict=True)):
                row: list[object] = [curve.name]
                row += [words.get(at, "")] if chart.x_names else []
                row += [at, share * value]
                if banded:
                    row += [share * curve.low[k], share * curve.high[k]] if len(curve.low) else ["", ""]
                rows.append(row)
        return ["curve", *names], rows


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Horizontal bars, one for each name, of one part or of several on end.

    Attributes
    ----------
    name
        Of its file.
    title
        In words.
    label
        What a bar is long of.
    unit
        ``J``, ``bit``, ``s``, ``cycles``, ``%`` of shares, or nothing.
    names
        Of the bars, from the top.
    parts
        Name of the part → its values, one for each bar; one part has no name.
    log
        Whether the axis is logarithmic; for bars of one part.
    reference
        (value, word) of a line across all bars.
    """

    name: str
    title: str
    label: str
    unit: str
    names: Sequence[str]
    parts: Mapping[str, Sequence[float]]
    log: bool = False
    reference: tuple[float, str] | None = None

    def table(self) -> Table:
        """Return a row for each bar: its name, and its parts."""
        share = 100.0 if self.unit == "%" else 1.0
        columns = [_with_unit(part or self.label, self.unit) for part in self.parts]
        values = list(self.parts.values())
        return ["name", *columns], [
            [name, *(share * part[k] for part in values)] for k, name in enumerate(self.names)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """A table of counts as a picture: the confusion matrix.

    Attributes
    ----------
    name
        Of its file.
    title
        In words.
    row_label, column_label
        What rows and columns are.
    rows, columns
        Their names.
    values
        [row, column].
    """

    name: str
    title: str
    row_label: str
    column_label: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: NDArray[np.number]

    def table(self) -> Table:
        """Return the matrix with its labels."""
        head = [f"{self.row_label} \\ {self.column_label}", *self.columns]
        return head, [[name, *row] for name, row in zip(self.rows, self.values.tolist(), strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class RasterFigure:
    """Who fired when: a row of dots for each neuron, populations one above the other.

    Attributes
    ----------
    name
        Of its file.
    title
        In words.
    populations
        Name → u8[tick, unit], the input first.
    nudge
        Tick at which the nudge begins, if there is one.
    sizes
        Neurons of the populations of which only some are shown.
    """

    name: str
    title: str
    populations: Mapping[str, NDArray[np.uint8]]
    nudge: int | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)

    def table(self) -> Table:
        """Return a row for each spike."""
        return ["population", "tick", "neuron"], list(self._spikes())

    def _spikes(self) -> Iterator[list[object]]:
        for name, bits in self.populations.items():
            for tick, unit in np.argwhere(bits).tolist():
                yield [name, tick, unit]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """The tiles of a chip, with what its cores did and its links carried.

    Attributes
    ----------
    name
        Of its file.
    title
        In words.
    width, height
        In tiles.
    cores
        (site, x, y, population, value) of the cores in use; a value of `None` is not known.
    label
        What the value is.
    links
        (x, y, direction, flits, flits per cycle) of the links.
    """

    name: str
    title: str
    width: int
    height: int
    cores: Sequence[tuple[int, int, int, str, float | None]]
    label: str
    links: Sequence[tuple[int, int, str, int, float]] = ()

    def table(self) -> Table:
        """Return a row for each core in use, and one for each link."""
        rows: list[list[object]] = [
            ["core", site, x, y, population, "" if value is None else value, ""]
            for site, x, y, population, value in self.cores
        ]
        rows += [["link", "", x, y, direction, load, flits] for x, y, direction, flits, load in self.links]
        value = f"{self.label} (links: flits per cycle)" if self.links else self.label
        return ["what", "core", "x", "y", "population or direction", value, "flits"], rows


Figure = ChartFigure | Bars | Heat | RasterFigure | Mesh


def _with_unit(label: str, unit: str) -> str:
    return f"{label} [{unit}]" if unit and f"({unit})" not in label else label
