"""Latency against offered load of an 8 × 8 mesh under uniform random traffic, and where it saturates.

    python -m benchmarks.noc_latency_load [--svg FILE]

One core per tile; a core draws with a given probability in each cycle a packet to a core drawn evenly from all.
How fast it is: `neurochip bench noc`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from neurochip.bench.noc import timing_of_chip, uniform_mesh, uniform_traffic
from neurochip.durable.atomic import replacing
from neurochip.noc import Packets, simulate_traffic
from neurochip.report.axes import round_ticks
from neurochip.report.markup import Markup, tag

SIDE = 8
DEPTHS = (2, 4, 8, 16)
LOADS = (0.02, 0.05, 0.1, 0.15, 0.18, 0.19, 0.2, 0.21, 0.25, 0.28, 0.3, 0.32, 0.33, 0.34, 0.35)
LOADS += (0.36, 0.37, 0.38, 0.39, 0.4, 0.42)
WARM_UP, MEASURED = 3_000, 6_000
MOST = 60.0  # cycles of latency that the drawing shows
ROUTER_CYCLES = 1


def capacity(side: int) -> float:
    """Return the flits per node and cycle that the bisection passes (Dally & Towles 2004): 4/k, k even."""
    return 4 / side


def latency(side: int, depth: int, load: float, *, seed: int) -> tuple[float, float, float]:
    """Return mean and 99th percentile of the latency of packets due after the warm-up, and flits accepted."""
    packets, due = uniform_traffic(side, load, WARM_UP + MEASURED, seed)
    timing = timing_of_chip(router_cycles=ROUTER_CYCLES, depth=depth)
    traffic = simulate_traffic(uniform_mesh(side), timing, packets, due)
    counted = traffic.latency[due >= WARM_UP]
    inside = (traffic.arrival >= WARM_UP) & (traffic.arrival < WARM_UP + MEASURED)
    return counted.mean(), float(np.percentile(counted, 99)), inside.sum() / MEASURED / side**2


def saturation(side: int, depth: int, *, seed: int) -> float:
    """Return flits per node and cycle that arrive when every core always has another packet to send."""
    each, first, last = 1_500, 500, 2_000
    source = np.repeat(np.arange(side * side), each)
    destination = np.random.default_rng(seed).integers(side * side, size=len(source))
    timing = timing_of_chip(router_cycles=ROUTER_CYCLES, depth=depth)
    traffic = simulate_traffic(
        uniform_mesh(side), timing, Packets.unicast(source, destination), np.zeros(len(source), dtype=int)
    )
    inside = (traffic.arrival >= first) & (traffic.arrival < last)
    return float(inside.sum() / (last - first) / side**2)


WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 400, 60, 20, 40, 60
COLOURS = ("#7aa6c2", "#3b7ea1", "#c46a1b", "#7b2d26")


def drawing(curves: Sequence[tuple[int, Sequence[tuple[float, float]]]]) -> str:
    """Return the SVG of latency over load, one curve per FIFO depth."""
    right, high = 0.5, MOST

    def at(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - RIGHT) * x / right
        return round(across, 1), round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(y / high, 1.02), 1)

    def text(x: float, y: float, words: str, anchor: str = "middle", **more: str) -> Markup:
        return tag("text", words, x=x, y=y, text_anchor=anchor, **more)

    parts: list[Markup] = []
    for y in round_ticks(0, high):
        (x0, level), (x1, _) = at(0, y), at(right, y)
        parts += [tag("line", x1=x0, x2=x1, y1=level, y2=level, stroke="#ddd")]
        parts += [text(x0 - 8, level + 4, f"{y:g}", "end")]
    for x in (0, 0.1, 0.2, 0.3, 0.4, 0.5):
        across, floor = at(x, 0)
        parts += [text(across, floor + 20, f"{x:g}")]
    for x, words in ((0.586 * capacity(SIDE), "58.6 % of capacity"), (capacity(SIDE), "capacity 4/k")):
        (across, low), (_, top) = at(x, 0), at(x, high)
        parts += [tag("line", x1=across, x2=across, y1=low, y2=top, stroke="#888", stroke_dasharray="4 4")]
        parts += [text(across - 4, low - 8, words, "end", fill="#666")]
    for (depth, points), colour in zip(curves, COLOURS, strict=True):
        shown = [point for point in points if point[1] <= high]
        beyond = points[len(shown) : len(shown) + 1]
        if shown and beyond:  # up to the edge of the plot
            (x0, y0), (x1, y1) = shown[-1], beyond[0]
            shown = [*shown, (x0 + (x1 - x0) * (high - y0) / (y1 - y0), high)]
        path = " ".join(f"{x},{y}" for x, y in (at(*point) for point in shown))
        parts += [tag("polyline", points=path, fill="none", stroke=colour, stroke_width=2)]
        row = TOP + 50 + 20 * COLOURS.index(colour)
        parts += [tag("line", x1=80, x2=104, y1=row, y2=row, stroke=colour, stroke_width=2)]
        parts += [text(110, row + 4, f"FIFOs of {depth}", "start")]
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    parts += [text(middle, HEIGHT - 16, "offered load, flits per node and cycle")]
    parts += [text(LEFT - 40, 22, "mean latency, cycles", "start")]
    return tag(
        "svg",
        tag("rect", width=WIDTH, height=HEIGHT, fill="#fff"),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width=WIDTH,
        height=HEIGHT,
        font_family="system-ui, sans-serif",
        font_size=13,
        role="img",
        aria_label=f"Mean latency over offered load of an {SIDE} × {SIDE} mesh under uniform random traffic",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--svg", type=Path, help="where to draw the curves (docs/noc-latency-load.svg)")
    arguments = parser.parse_args()
    print(
        f"{SIDE} × {SIDE} mesh, XY, one queue per input, router {ROUTER_CYCLES} and link 1 cycle; cycles of"
    )
    print("latency, mean (99 %), by flits offered per node and cycle and FIFO depth; - : beyond 1000")
    print("  load " + "".join(f"{depth:>16}" for depth in DEPTHS))
    curves: list[tuple[int, list[tuple[float, float]]]] = [(depth, []) for depth in DEPTHS]
    for load in LOADS:
        cells = []
        for depth, points in curves:
            mean, late, _ = latency(SIDE, depth, load, seed=1)
            points.append((load, mean))
            cells.append(f"{mean:8.1f} ({late:5.0f})" if late <= 1000 else f"{'-':>16}")
        print(f"{load:6.2f} " + "".join(f"{cell:>16}" for cell in cells))
    shares = [saturation(SIDE, depth, seed=1) for depth in DEPTHS]
    print("accepted when always sending" + "".join(f"  {share:.3f}" for share in shares))
    print("share of capacity (4/k)     " + "".join(f"  {share / capacity(SIDE):5.1%}" for share in shares))
    if arguments.svg:
        with replacing(arguments.svg) as file:
            file.write((drawing(curves) + "\n").encode())


if __name__ == "__main__":
    main()
