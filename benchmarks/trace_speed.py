"""What tracing every signal costs: CPU time with and without, for each format.

    python -m benchmarks.trace_speed [--json FILE] [--repeats N]

One thread: a LIF network [784-500-10] of `neurochip.spiking` with 13 % Bernoulli input on the loihi sheet, events only
counted or cycle by cycle, and the settle loop of one presentation of mnist-small [784-500-10]. "Without" runs the same
ticks with the same model of time; "with" writes all signals of all neurons, cores, links and queues to a file.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse  # noqa: E402
import json  # noqa: E402
import statistics  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from benchmarks.lif_delivery import SIZES, network  # noqa: E402
from neurochip import read_chip  # noqa: E402
from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork  # noqa: E402
from neurochip.presenting import Presentation, SpikingPresentation  # noqa: E402
from neurochip.spiking import run_spiking  # noqa: E402
from neurochip.tracing import Format, Source, write_trace  # noqa: E402

CYCLE_TICKS = 40


def spiking() -> tuple[SpikingNetwork, np.ndarray[Any, Any]]:
    """Return the network of `lif_delivery` in the words of NIR: leak 0.9 is τ = 10 dt, and R = 10 its gain."""
    raster, weights = network()
    groups = [NeuronGroup(name="input", kind="Input", size=SIZES[0])]
    for name, size in (("hidden", SIZES[1]), ("output", SIZES[2])):
        ones = np.ones(size)
        numbers = {"tau": ones * 1e-2, "r": ones * 10, "v_leak": ones * 0, "v_threshold": ones * 600}
        groups.append(
            NeuronGroup(name=name, kind="LIF", size=size, parameters=numbers | {"v_reset": ones * 0})
        )
    joints = [
        Connection(name=f"w{k}", source=groups[k].name, target=groups[k + 1].name, weights=w)
        for k, w in enumerate(weights)
    ]
    return SpikingNetwork(groups=tuple(groups), connections=tuple(joints)), raster


def cpu_ms(work: Callable[[], Any], repeats: int) -> float:
    """Return the median CPU time of so many calls."""
    taken = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        taken.append(1e3 * (time.process_time() - began))
    return statistics.median(taken)


def traced(
    make: Callable[[], Source], folder: Path, format_: Format, signals: tuple[str, ...]
) -> tuple[float, int]:
    """Return the CPU time of one trace in milliseconds, the source's own making left out, and the file's size."""
    source, path = make(), folder / "trace"
    path.unlink(missing_ok=True)
    began = time.process_time()
    write_trace(source, format=format_, signals=signals, out=path)
    return 1e3 * (time.process_time() - began), path.stat().st_size


def measure(repeats: int) -> list[dict[str, Any]]:
    """Time all loads and formats; text takes so long that it gets fewer ticks, with its own "without"."""
    net, recorded = spiking()
    recorded = np.tile(recorded, (10, 1))
    chip, rows = read_chip("loihi"), []
    formats: tuple[Format, ...] = ("npz", "vcd", "perfetto")
    with tempfile.TemporaryDirectory() as name:
        for load, model in (("LIF, counted", "tick"), ("LIF, cycle", "cycle")):
            for format_ in formats:
                ticks = CYCLE_TICKS if model == "cycle" else 10_000 if format_ == "npz" else 200
                raster = recorded[:ticks]
                times = repeats if ticks > 1000 or model == "cycle" else 3
                run_spiking(net, raster, chip, timing=model)  # type: ignore[arg-type]
                alone = lambda: run_spiking(net, raster, chip, timing=model)  # type: ignore[arg-type]  # noqa: B023, E731
                without = cpu_ms(alone, times)
                make: Callable[[], Source] = lambda: SpikingPresentation(  # noqa: E731
                    net,  # noqa: B023
                    raster,  # noqa: B023
                    chip,
                    name="lif",
                    timing=model,  # type: ignore[arg-type]  # noqa: B023
                )
                rows.append(_row(load, ticks, format_, without, make, Path(name), times))
        for format_ in formats:
            free, nudged = (4000, 2000) if format_ == "npz" else (200, 100)
            changes = [f"phases.free={free}", f"phases.nudged={nudged}"]
            make = lambda: Presentation("mnist-small", changes)  # noqa: B023, E731
            without = statistics.median(_skipped(make()) for _ in range(3))
            rows.append(_row("settle loop", free + nudged, format_, without, make, Path(name), 3))
    return rows


def _row(
    load: str,
    ticks: int,
    format_: Format,
    without: float,
    make: Callable[[], Source],
    folder: Path,
    times: int,
) -> dict[str, Any]:
    traced(make, folder, format_, () if format_ == "npz" else ("*",))
    found = [traced(make, folder, format_, () if format_ == "npz" else ("*",)) for _ in range(times)]
    took = statistics.median(ms for ms, _ in found)
    return {
        "load": load,
        "ticks": ticks,
        "format": format_,
        "without_ms": without,
        "with_ms": took,
        "speed": without / took,
        "file_bytes": found[0][1],
    }


def _skipped(source: Source) -> float:
    began = time.process_time()
    source.skip(source.n_ticks)
    return 1e3 * (time.process_time() - began)


def main() -> None:
    """Print the table; write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    rows = measure(options.repeats)
    print(f"{'load':16}{'ticks':>7}  {'format':10}{'without ms':>11}{'with ms':>11}{'speed':>8}{'MB':>8}")
    for row in rows:
        print(
            f"{row['load']:16}{row['ticks']:7}  {row['format']:10}{row['without_ms']:11.2f}"
            f"{row['with_ms']:11.2f}{row['speed']:8.3f}{row['file_bytes'] / 1e6:8.2f}"
        )
    if options.json:
        options.json.write_text(
            json.dumps({"load": os.getloadavg()[0], "rows": rows}, indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
