"""How the cost of integrate-and-fire networks grows: with synapses, against the memory's speed; with cores; in memory.

    python -m benchmarks.lif_growth [--json FILE] [--svg FILE] [--repeats N] [--largest N]

Synapses: n → n neurons, 13 % Bernoulli input, one thread. A row of weights is read for every spike, so the bytes of
rows per CPU-second stand beside what the memory level that holds the weights can stream: the faster of two
plain passes over
the same weights in the same run, one by NumPy and one by a compiled loop. Constant costs are taken out
by running twice, with few ticks and with many. Memory: the most that NumPy and Python have allocated at a time
during a call, the caller's weights included and the raster not (tracemalloc). Cores: [784-500-10] cut into more and
more cores of one large mesh, whole calls.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse  # noqa: E402
import json  # noqa: E402
import statistics  # noqa: E402
import time  # noqa: E402
import tracemalloc  # noqa: E402
from collections.abc import Callable  # noqa: E402
from dataclasses import replace  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from benchmarks.lif_delivery import NEURON, RATE, SIZES, network, placement  # noqa: E402
from neurochip import LIF, read_chip, replay  # noqa: E402
from neurochip.data.atomic import replacing  # noqa: E402
from neurochip.kernels._jit import entry  # noqa: E402
from neurochip.report.figures import Chart, Curve, drawn, svg  # noqa: E402

# Neurons on each side, and ticks that take about as long.
SIDES = {316: 4000, 1000: 1500, 3162: 300, 10_000: 60}
ABOUT = "bytes of weights that are read per CPU-second, against synapses"
CORES = (1, 3, 16, 64, 256, 1024)
FEW = 2


def seconds(work: Callable[[], Any], repeats: int) -> float:
    """Return the median CPU time of so many calls."""
    taken = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


@entry
def _pass(words: Any) -> Any:
    total = np.uint64(0)
    for i in range(words.size):
        total ^= words[i]
    return total


def memory(side: int, kind: str) -> int:
    """Return the most bytes that a run holds, weights of the caller included and rasters not."""
    chip, on = read_chip("ideal-bits"), [np.zeros(side, dtype=int), np.ones(side, dtype=int)]
    rng = np.random.default_rng(1)
    raster = (rng.random((FEW, side)) < RATE).astype(np.uint8)
    tracemalloc.start()
    weights = np.empty((side, side), dtype=kind)
    for row in weights:
        row[:] = rng.integers(-3, 4, size=side, dtype=np.int8)
    made = replay([raster], [weights], chip, on, neuron=LIF(threshold=1e6, leak=0.9))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - sum(bits.nbytes for bits in made.spikes)


def with_synapses(side: int, ticks: int, kind: str, repeats: int) -> dict[str, Any]:
    """Measure one size."""
    rng = np.random.default_rng(1)
    weights = rng.integers(-3, 4, size=(side, side), dtype=np.int8).astype(kind)
    raster = (rng.random((ticks, side)) < RATE).astype(np.uint8)
    chip, on = read_chip("ideal-bits"), [np.zeros(side, dtype=int), np.ones(side, dtype=int)]
    silent = LIF(threshold=1e6, leak=0.9)

    def run(last: int) -> Callable[[], Any]:
        return lambda: replay([raster[:last]], [weights], chip, on, neuron=silent)

    run(FEW)()
    delivery = seconds(run(ticks), repeats) - seconds(run(FEW), repeats)
    rows = int(raster[FEW:].sum())
    words = weights.ravel().view(np.uint8)[: weights.nbytes // 8 * 8].view(np.uint64)
    _pass(words)
    passes = [
        seconds(lambda: np.bitwise_xor.reduce(words), repeats + 2),
        seconds(lambda: _pass(words), repeats + 2),
    ]
    if words.nbytes < 1 << 24:  # too short for the clock: many passes at a time
        many = (1 << 24) // words.nbytes
        passes = [
            seconds(lambda: [np.bitwise_xor.reduce(words) for _ in range(many)], repeats + 2) / many,
            seconds(lambda: [_pass(words) for _ in range(many)], repeats + 2) / many,
        ]
    streamed = words.nbytes / min(passes)
    read = rows * side * weights.itemsize / delivery
    return {
        "synapses": side * side,
        "weights": kind,
        "sops_per_cpu_s": rows * side / delivery,
        "bytes_per_cpu_s": read,
        "stream_bytes_per_cpu_s": streamed,
        "ratio": read / streamed,
        "peak_bytes": (peak := memory(side, kind)),
        "allowed_bytes": (allowed := 1.3 * weights.nbytes + 100 * 2 * side),
        "memory_ratio": peak / weights.nbytes,
        "memory_fits": peak <= allowed,
    }


def with_cores(cores: int, repeats: int) -> dict[str, Any]:
    """Measure whole calls of the same network on so many cores."""
    chip = read_chip("ideal-bits")
    chip = replace(chip, mesh=replace(chip.mesh, width=32, height=32))
    raster, weights = network()
    if cores == 1:
        on = [np.zeros(size, dtype=int) for size in SIZES]
    else:
        output = min(10, cores // 3)
        hidden = min(500, (cores - output) // 2)
        on = placement((cores - output - hidden, hidden, output))
    run = lambda: replay([raster], weights, chip, on, neuron=NEURON)  # noqa: E731
    ledger = run().ledger
    return {
        "cores": cores,
        "packets": ledger.packets,
        "sops_per_cpu_s": ledger.sops / seconds(run, 5 * repeats),
    }


def chart(result: dict[str, Any]) -> Chart:
    """Return the speed against the number of synapses, beside what memory streams."""
    curves = []
    for colour, kind in enumerate(("int8", "float32")):
        rows = [row for row in result["synapses"] if row["weights"] == kind]
        x = [row["synapses"] for row in rows]
        curves.append(
            Curve(
                name=f"{kind}, rows of weights",
                x=x,
                y=[r["bytes_per_cpu_s"] / 1e9 for r in rows],
                colour=colour,
            )
        )
        passes = [row["stream_bytes_per_cpu_s"] / 1e9 for row in rows]
        curves.append(Curve(name=f"{kind}, plain pass", x=x, y=passes, colour=colour, style="dashed"))
    return Chart(
        title="Delivery of spikes as networks grow, one thread",
        x_label="synapses",
        y_label="GB per CPU-second",
        curves=curves,
        log_x=True,
        log_y=True,
    )


def main() -> None:
    """Print both tables; write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    parser.add_argument("--svg", type=Path, help="where to draw the growth (docs/lif-growth.svg)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--largest", type=int, default=10_000, help="most neurons on a side")
    options = parser.parse_args()
    result: dict[str, Any] = {"load": os.getloadavg()[0], "synapses": [], "cores": []}
    print(
        f"{'synapses':>12}  {'weights':8}{'10⁹ SOP/s':>10}{'GB/s':>8}{'pass GB/s':>11}{'ratio':>7}"
        f"{'peak MB':>10}{'/ weights':>10}"
    )
    for side, ticks in SIDES.items():
        for kind in ("int8", "float32") if side <= options.largest else ():
            row = with_synapses(side, ticks, kind, options.repeats)
            result["synapses"].append(row)
            print(
                f"{row['synapses']:12,}  {kind:8}{row['sops_per_cpu_s'] / 1e9:10.1f}{row['bytes_per_cpu_s'] / 1e9:8.1f}"
                f"{row['stream_bytes_per_cpu_s'] / 1e9:11.1f}{row['ratio']:7.2f}{row['peak_bytes'] / 1e6:10.1f}"
                f"{row['memory_ratio']:10.2f}{'' if row['memory_fits'] else '  over 1.3 × weights + 100 B a neuron'}"
            )
    print(f"\n{'cores':>12}{'10⁹ SOP/s':>12}{'packets':>13}{'to 1 core':>12}")
    for cores in CORES:
        row = with_cores(cores, options.repeats)
        result["cores"].append(row)
        to_first = row["sops_per_cpu_s"] / result["cores"][0]["sops_per_cpu_s"]
        print(f"{cores:12}{row['sops_per_cpu_s'] / 1e9:12.2f}{row['packets']:13}{to_first:12.2f}")
    if options.svg:
        with replacing(options.svg) as file:
            file.write(f"{svg(drawn(chart(result)), about=ABOUT)}\n".encode())
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
