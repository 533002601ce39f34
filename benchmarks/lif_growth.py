"""How the cost of integrate-and-fire networks grows: rows of `neurochip bench` with synapses, memory and cores, drawn.

    python -m benchmarks.lif_growth [--json FILE] [--svg FILE] [--repeats N] [--largest N]

--largest leaves the larger networks out.
"""

from __future__ import annotations

import os

# Before NumPy is imported, which reads them once: hence the imports below (E402).
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse  # noqa: E402
from pathlib import Path  # noqa: E402

from neurochip._cli.bench_table import print_bench  # noqa: E402

from neurochip.bench import run_bench  # noqa: E402
from neurochip.bench.growth import CORES  # noqa: E402
from neurochip.bench.page import roofline_chart  # noqa: E402
from neurochip.bench.roofline import KINDS, SIDES  # noqa: E402
from neurochip.durable.atomic import replacing  # noqa: E402
from neurochip.report.figures import drawn, svg  # noqa: E402

ABOUT = "bytes of weights that are read per CPU-second, against synapses"


def main() -> None:
    """Measure, print the table, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="write the document here as well")
    parser.add_argument("--svg", type=Path, help="where to draw the growth (docs/lif-growth.svg)")
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--largest", type=int, default=10_000, help="most neurons on a side")
    given = parser.parse_args()
    sizes = [name for name, (side, _) in SIDES.items() if side <= given.largest]
    rows = [
        f"{what}-{kind}-{name}"
        for what in ("roofline", "streaming", "memory")
        for name in sizes
        for kind in KINDS
    ]
    document = run_bench([*rows, *(f"growth-cores-{n}" for n in CORES)], rounds=given.repeats, out=given.json)
    print_bench(document)
    if given.svg:
        with replacing(given.svg) as file:
            file.write(f"{svg([drawn(roofline_chart(document))], about=ABOUT)}\n".encode())


if __name__ == "__main__":
    main()
