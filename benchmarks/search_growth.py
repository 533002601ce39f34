"""What a trial of `tune` costs beside its training, by blocks of trials: ``python benchmarks/search_growth.py``.

Three keys, and a function of them in the place of a training, so that nothing else is measured. Processor time by
blocks of 500 trials; then the time to read all of them again. A search is linear in its trials when blocks do not grow.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from neurochip.search.dimensions import read_dimensions
from neurochip.search.objectives import read_objectives
from neurochip.search.study import Study

VARY = ["phases.free=8:14:int", "learning.beta=0.2:1.0:log", "coding.decoder.lambda=0.1:0.9"]
BLOCK = 500


def bowl(values: dict[str, float | int | str]) -> dict[str, float]:
    """Return a smooth error with its smallest value inside."""
    free, beta, decay = (float(value) for value in values.values())
    return {"error": 0.1 + (free - 11) ** 2 / 100 + (beta - 0.5) ** 2 + (decay - 0.3) ** 2}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--sampler", default="tpe")
    given = parser.parse_args()
    dimensions, objectives = read_dimensions(VARY), read_objectives("error")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        study = Study(path, dimensions, objectives, sampler=given.sampler)
        blocks = []
        for _ in range(given.trials // BLOCK):
            began = time.process_time()
            for _ in range(BLOCK):
                study.run(bowl)
            blocks.append(1e3 * (time.process_time() - began) / BLOCK)
            print(f"{len(study.trials):6} trials: {blocks[-1]:6.2f} ms a trial", flush=True)
        began = time.process_time()
        again = Study(path, dimensions, objectives, sampler=given.sampler)
        print(f"{len(again.trials)} read again in {time.process_time() - began:.2f} s")
    half = len(blocks) // 2
    print(f"second half against first: {sum(blocks[-half:]) / sum(blocks[:half]):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
