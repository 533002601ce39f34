"""Fuzz every reader of foreign files: ``python benchmarks/fuzz_readers.py --inputs 1000000 [--seed 1] [--only NAME]``.

Prints inputs, how many were read, seconds and peak memory by reader; whatever is neither read nor refused in one
sentence within 5 s of computing is written beside the log and counted. In one process.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.fuzz.targets import TARGETS, judged

# Of 10 000 inputs: those that are read quickest get the most, and come last.
SHARES = {
    "run": 100, "chip": 30, "report": 10, "NIR": 15, "die": 30, "checkpoint": 30, "network": 60, "rasters": 40,
    "sweep": 5, "replay": 5, "store": 5, "state": 30, "request": 30, "bench": 30, "part": 60, "packed spikes": 60,
    "table": 60, "samples": 60, "events": 30, "HDF5 samples": 30, "search": 30, "reproduction": 30, "asked about": 60,
    "labelled": 60, "expected": 60, "manifest": 60, "array": 500, "log": 500, "spikes": 400, "devices": 500,
    "program": 1500, "N-MNIST": 400, "AEDAT": 400, "trials": 60, "NIR data": 15, "IDX": 4545,
    "SANA-FE's network": 10, "SANA-FE's maps": 10, "SANA-FE's netlist": 30, "SANA-FE's architecture": 10,
    "safetensors": 100, "exploration": 30, "placement": 400, "liberty": 100,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=list(TARGETS))
    parser.add_argument("--keep", type=Path, default=Path("fuzz-found"))
    options = parser.parse_args()
    warnings.simplefilter("error")
    if SHARES.keys() != TARGETS.keys():
        raise SystemExit("every reader has its share")
    chosen = [options.only] if options.only else list(SHARES)
    whole = sum(SHARES[name] for name in chosen)
    found = total = 0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        for name in chosen:
            target, rng = TARGETS[name], random.Random(f"{options.seed} {name}")
            place = Path(folder) / name  # what a reader looks at beside its file is its own
            place.mkdir()
            seeds, taken, faults = list(target.seeds()), 0, 0
            inputs = round(options.inputs * SHARES[name] / whole)
            began = time.perf_counter()
            longest = 0.0
            for number in range(inputs):
                content = target.damage(rng.choice(seeds), rng)
                start = time.process_time()
                try:
                    taken += judged(target, content, place / target.name)
                except Exception as error:
                    faults += 1
                    if faults <= 20:
                        options.keep.mkdir(exist_ok=True)
                        (options.keep / f"{name}-{number}{target.suffix}").write_bytes(content)
                        last = traceback.extract_tb(error.__traceback__)[-1]
                        print(
                            f"  {name} {number}: {type(error).__name__}: {error} ({last.name}, {last.lineno})",
                            flush=True,
                        )
                longest = max(longest, time.process_time() - start)
            seconds = time.perf_counter() - began
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{name:11} {inputs:8} inputs {taken:8} read {faults:4} faults {seconds:8.1f} s "
                f"longest {longest:5.2f} s peak {peak:6.0f} MiB",
                flush=True,
            )
            found, total = found + faults, total + inputs
    print(f"{total} inputs, {found} faults")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
