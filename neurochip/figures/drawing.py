"""Figures → Matplotlib: one function for each kind, onto axes that are given or made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurochip.figures.kinds import Bars, ChartFigure, Figure, Heat, Mesh, RasterFigure
from neurochip.figures.style import COLOURS, COLUMN, MARKERS, matplotlib, scale_of, styled
from neurochip.report.figures import Curve

__all__ = ["draw", "drawn"]

_ROW = 0.2  # inches of height for each bar
_MOST_TICKS = 12  # names under an axis
_MOST_DOTS = 3000  # of a population that are lines of a vector file; more are a picture in it


def drawn(figure: Figure, width: float = COLUMN) -> Any:
    """Return a Matplotlib figure of its own, ``width`` inches wide; close it by dropping it."""
    from matplotlib.figure import Figure as Paper

    with styled():
        paper = Paper(figsize=(width, _height(figure, width)))
        draw(figure, paper.subplots())
        paper.canvas.draw()  # places everything while the style holds
        return paper


def draw(figure: Figure, axes: Any = None) -> Any:
    """Draw a figure onto axes and return them.

    Parameters
    ----------
    axes
        Matplotlib's; `None` makes some in a new figure of pyplot, as notebooks show it.
    """
    matplotlib()
    if axes is None:
        from matplotlib import pyplot

        with styled():
            _, axes = pyplot.subplots(figsize=(COLUMN * 1.4, _height(figure, COLUMN * 1.4)))
            return draw(figure, axes)
    _DRAW[type(figure)](figure, axes)
    return axes


def _height(figure: Figure, width: float) -> float:
    if isinstance(figure, Bars):
        keys = 0.25 if len(figure.parts) > 1 else 0.0
        return 0.6 + keys + _ROW * len(figure.names)
    if isinstance(figure, Heat):
        return max(1.6, width * 0.85)
    if isinstance(figure, RasterFigure):
        return width * 0.85
    if isinstance(figure, Mesh):
        return max(1.2, min(2.0, figure.height / figure.width) * width * 0.8)
    return width * 0.68


def _chart(figure: ChartFigure, axes: Any) -> None:
    chart = figure.chart
    xs = np.concatenate([np.asarray(c.x, np.float64) for c in chart.curves] or [np.zeros(0)])
    ys = np.concatenate([np.asarray(c.y, np.float64) for c in chart.curves] or [np.zeros(0)])
    x_factor, x_unit = scale_of(xs[np.isfinite(xs)].tolist(), chart.x_unit)
    y_factor, y_unit = scale_of(ys[np.isfinite(ys)].tolist(), chart.y_unit)
    for curve in chart.curves:
        _curve(curve, axes, x_factor, y_factor)
    across, along = chart.axes()
    if chart.log_x:
        axes.set_xscale("log")
        _logarithmic(axes.xaxis, across.low / x_factor, across.high / x_factor)
    if chart.log_y:
        axes.set_yscale("log")
        _logarithmic(axes.yaxis, along.low / y_factor, along.high / y_factor)
    # A dot on the edge would be cut.
    room = 0.02 * (across.high - across.low) if not chart.log_x and any(c.dots for c in chart.curves) else 0.0
    axes.set_xlim((across.low - room) / x_factor, (across.high + room) / x_factor)
    above = 1.04 if chart.log_y else 1.0
    axes.set_ylim(along.low / y_factor / above, along.high / y_factor * above)
    if chart.x_names:
        shown = (
            chart.x_names if len(chart.x_names) <= _MOST_TICKS else chart.x_names[:: len(chart.x_names) // 8]
        )
        long = max(len(word) for _, word in shown) * len(shown) > 40
        turned = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"} if long else {}
        axes.set_xticks([x / x_factor for x, _ in shown], [word for _, word in shown], **turned)
        axes.set_xticks([], minor=True)
    elif across.whole and not chart.log_x:
        axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel(_labelled(chart.x_label, x_unit))
    axes.set_ylabel(_labelled(chart.y_label or chart.title, y_unit))
    for x, word in chart.marks:
        axes.axvline(x / x_factor, color="0.4", linewidth=0.7, linestyle=(0, (4, 3)), zorder=1)
        axes.text(x / x_factor, 1.0, f" {word}", transform=axes.get_xaxis_transform(), va="bottom", ha="center",
                  fontsize=6.5, color="0.3")  # fmt: skip
    for y, word in chart.levels:
        axes.axhline(y / y_factor, color="0.4", linewidth=0.7, linestyle=(0, (4, 3)), zorder=1)
        axes.text(1.01, y / y_factor, word, transform=axes.get_yaxis_transform(), va="center", ha="left",
                  fontsize=6.5, color="0.3")  # fmt: skip
    _keys(axes, sum(1 for curve in chart.curves if curve.name))


def _curve(curve: Curve, axes: Any, x_factor: float, y_factor: float) -> None:
    x, y = np.asarray(curve.x, np.float64) / x_factor, np.asarray(curve.y, np.float64) / y_factor
    colour, marker = (
        COLOURS[curve.colour % len(COLOURS)],
        "o" if curve.faint else MARKERS[curve.colour % len(MARKERS)],
    )
    common = {"color": colour, "label": curve.name or None, "alpha": 0.5 if curve.faint else 1.0}
    if len(curve.low):
        low, high = (np.asarray(edge, np.float64) / y_factor for edge in (curve.low, curve.high))
        axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
    if curve.style == "dots":
        axes.plot(x, y, linestyle="none", marker=marker, markersize=3.0 if curve.faint else 3.6,
                  markeredgewidth=0, **common)  # fmt: skip
    elif curve.style == "ticks":
        axes.plot(x, y, linestyle="none", marker="|", markersize=5, **common)
    elif curve.style == "steps":
        axes.step(x, y, where="post", linewidth=1.0, **common)
    else:
        dots = {"marker": marker} if curve.dots else {}
        axes.plot(x, y, linestyle="--" if curve.style == "dashed" else "-", **dots, **common)


def _logarithmic(axis: Any, low: float, high: float, unit: str | None = None) -> None:
    """Write round numbers at the ticks of a logarithmic axis, with ``unit`` and its prefix where there is one."""
    from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter, ScalarFormatter

    axis.set_minor_formatter(NullFormatter())
    if unit is not None:
        axis.set_major_formatter(EngFormatter(unit=unit))
    if not 0 < low < high:
        return
    if high / low < 100:  # too few powers of ten
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        if unit is None:
            plain = ScalarFormatter()
            plain.set_scientific(False)
            axis.set_major_formatter(plain)


def _labelled(label: str, unit: str) -> str:
    if not unit or f"({unit})" in label:
        return (
            label[:1].upper() + label[1:] if " " in label or label.islower() and "." not in label else label
        )
    return f"{label[:1].upper()}{label[1:]} ({unit})"


def _keys(axes: Any, n: int) -> None:
    """Draw the legend: within the axes where there is room, else above them."""
    if n < 2:
        return
    if n <= 4:
        axes.legend(loc="best", handlelength=1.6)
    else:
        axes.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1.02), ncols=2 if n <= 8 else 3, handlelength=1.6
        )


def _bars(figure: Bars, axes: Any) -> None:
    values = [value for part in figure.parts.values() for value in part]
    factor, unit = (1.0, figure.unit) if figure.log else scale_of(values, figure.unit)
    places = np.arange(len(figure.names))
    left = np.zeros(len(places))
    for k, (part, given) in enumerate(figure.parts.items()):
        lengths = np.asarray(given, np.float64) / factor
        axes.barh(places, lengths, left=None if figure.log else left, height=0.68,
                  color=COLOURS[k % len(COLOURS)], label=part or None)  # fmt: skip
        left = left + lengths
    axes.set_yticks(places, figure.names)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    if figure.log:
        axes.set_xscale("log")
        known = [value for value in values if value > 0] or [1.0]
        low, high = min(known) / 3, max(known) * 1.6
        axes.set_xlim(low, high)
        _logarithmic(axes.xaxis, low, high, figure.unit)
    axes.set_xlabel(_labelled(figure.label, "" if figure.log else unit))
    if figure.reference is not None:
        at, word = figure.reference
        axes.axvline(at / factor, color="0.25", linewidth=0.8, linestyle=(0, (4, 3)))
        axes.text(at / factor, 1.0, word, transform=axes.get_xaxis_transform(), va="bottom", ha="right",
                  fontsize=6.5, color="0.3")  # fmt: skip
    if len(figure.parts) > 1:
        axes.legend(
            loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3, handlelength=0.9, columnspacing=1.0
        )


def _heat(figure: Heat, axes: Any) -> None:
    values = np.asarray(figure.values, np.float64)
    of_row = values.sum(axis=1, keepdims=True)
    share = np.divide(values, of_row, out=np.zeros_like(values), where=of_row > 0)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(figure.columns)), figure.columns)
    axes.set_yticks(range(len(figure.rows)), figure.rows)
    axes.set_xlabel(figure.column_label)
    axes.set_ylabel(figure.row_label)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(True)
    if max(values.shape) <= 20:
        for (row, column), count in np.ndenumerate(figure.values):
            if count:
                shade = "white" if share[row, column] > 0.5 else "black"
                axes.text(column, row, f"{count:g}", ha="center", va="center", color=shade,
                          fontsize=7 if max(values.shape) <= 10 else 5)  # fmt: skip


def _raster(figure: RasterFigure, axes: Any) -> None:
    """Give each population a height between that of its neurons and an equal one, so that a small one is seen."""
    sizes = [bits.shape[1] for bits in figure.populations.values()]
    heights = [max(float(size), 1.0) ** 0.5 for size in sizes]
    base, middles = 0.0, []
    for k, ((_, bits), height) in enumerate(zip(figure.populations.items(), heights, strict=True)):
        ticks, units = np.nonzero(bits)
        y = base + (units + 0.5) * height / max(1, bits.shape[1])
        size = min(4.0, max(0.7, 90 * height / sum(heights) / max(1, bits.shape[1])))
        axes.plot(ticks, y, linestyle="none", marker="s", markersize=size, markeredgewidth=0,
                  color=COLOURS[k % len(COLOURS)], rasterized=len(ticks) > _MOST_DOTS)  # fmt: skip
        middles.append(base + height / 2)
        base += height
        if k + 1 < len(heights):
            axes.axhline(base, color="0.8", linewidth=0.6, zorder=0)
    names = []
    for name, size in zip(figure.populations, sizes, strict=True):
        whole = figure.sizes.get(name, size)
        names.append(f"{name}\n({size})" if whole == size else f"{name}\n({size} of {whole})")
    axes.set_yticks(middles, names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(base, 0)
    n_ticks = max((len(bits) for bits in figure.populations.values()), default=1)
    axes.set_xlim(-0.5, n_ticks - 0.5)
    axes.set_xlabel("Tick")
    if figure.nudge is not None:
        axes.axvline(figure.nudge - 0.5, color="0.25", linewidth=0.8)
        for at, word, side in ((figure.nudge - 1, "free ", "right"), (figure.nudge, "nudged", "left")):
            axes.text(at, 1.0, word, transform=axes.get_xaxis_transform(), va="bottom", ha=side, fontsize=6.5)


def _mesh(figure: Mesh, axes: Any) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.colors import Normalize
    from matplotlib.patches import Rectangle

    for x in range(figure.width):
        for y in range(figure.height):
            axes.add_patch(
                Rectangle((x - 0.3, y - 0.3), 0.6, 0.6, facecolor="0.94", edgecolor="0.8", linewidth=0.4)
            )
    names = list(dict.fromkeys(core[3] for core in figure.cores))
    values = [core[4] for core in figure.cores if core[4] is not None]
    most = max(values, default=1.0) or 1.0
    per_tile: dict[tuple[int, int], list[tuple[int, int, int, str, float | None]]] = {}
    for core in figure.cores:
        per_tile.setdefault((core[1], core[2]), []).append(core)
    for (x, y), cores in per_tile.items():
        width = 0.6 / len(cores)
        for k, (site, _, _, population, value) in enumerate(cores):
            strength = 0.25 + 0.75 * (value / most if value is not None else 1.0)
            colour = COLOURS[names.index(population) % len(COLOURS)]
            axes.add_patch(Rectangle((x - 0.3 + k * width, y - 0.3), width, 0.6, facecolor=colour, alpha=strength,
                                     edgecolor="white", linewidth=0.4))  # fmt: skip
            if figure.width <= 12 and len(cores) == 1:
                axes.text(x, y, f"{site}", ha="center", va="center", fontsize=5.5)
    if figure.links:
        moves = {"east": (1, 0), "west": (-1, 0), "north": (0, -1), "south": (0, 1)}
        lines, loads = [], []
        for x, y, direction, flits, load in figure.links:
            if direction in moves and flits:
                dx, dy = moves[direction]
                aside = 0.1  # both directions of a pair side by side
                lines.append([(x + 0.3 * dx - aside * dy, y + 0.3 * dy + aside * dx),
                              (x + 0.7 * dx - aside * dy, y + 0.7 * dy + aside * dx)])  # fmt: skip
                loads.append(load)
        shown = LineCollection(lines, array=np.array(loads), cmap="viridis_r", linewidths=2.2,
                               norm=Normalize(0, max(loads, default=1.0)))  # fmt: skip
        axes.add_collection(shown)
        bar = axes.figure.colorbar(shown, ax=axes, shrink=0.8)
        bar.set_label("Flits per cycle and link")
    handles = [
        Rectangle((0, 0), 1, 1, facecolor=COLOURS[k % len(COLOURS)], label=name)
        for k, name in enumerate(names)
    ]
    axes.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, handlelength=0.9)
    axes.set_xlim(-0.6, figure.width - 0.4)
    axes.set_ylim(figure.height - 0.4, -0.6)
    axes.set_aspect("equal")
    axes.set_xlabel("Tile, x")
    axes.set_ylabel("Tile, y")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.get_major_locator().set_params(integer=True)


_DRAW: dict[type, Callable[[Any, Any], None]] = {
    ChartFigure: _chart,
    Bars: _bars,
    Heat: _heat,
    RasterFigure: _raster,
    Mesh: _mesh,
}
