"""Makes `silicon/CHIP.npz`: what the authors' Verilog of a chip did with random programs, in Verilator 5.006.

    python -m tests.golden.make_silicon tinyodin FOLDER    # a clone of github.com/ChFrenkel/tinyODIN
    python -m tests.golden.make_silicon odin FOLDER        # of github.com/ChFrenkel/ODIN

Of each program the file has the words that loaded the chip over SPI, its events, and what the bench recorded and read
back. None of it is computed by our model, which is only asked when the chip falls silent.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from neurochip.silicon.controller import Events
from neurochip.silicon.simulation import build, simulate
from neurochip.silicon.trials import DRAWN

FOLDER = Path(__file__).parent / "silicon"
EVENTS = 40
# Seeds: an open loop, another with most records, one of few neurons, a closed loop that loses spikes.
PROGRAMS = {"tinyodin": (0, 3, 6, 7)}


def main(chip: str, rtl: str) -> None:
    arrays: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as made:
        built = build(chip, Path(rtl), Path(made))
        for program in PROGRAMS[chip]:
            trial = DRAWN[chip](np.random.default_rng([2026, program]), EVENTS)
            manner = {"hold": trial.hold, "patience": 3000}
            activity, after = trial.chip.run(trial.address, trial.gap, **manner)
            reads = after.reads() if activity.silent else []
            transfers = trial.chip.transfers()
            arrays["addresses"] = np.array([address for address, _ in transfers], np.uint32)
            records, read = simulate(
                built,
                transfers,
                Events(trial.address, trial.gap, **manner),
                [address for address, _ in reads],
                activity.cycles,
                limit_s=600.0,
            )
            arrays |= {
                f"{program}.{name}": np.asarray(value)
                for name, value in {
                    **manner,
                    "address": trial.address,
                    "gap": trial.gap,
                    "data": np.array([data for _, data in transfers], np.uint32),
                    "heads": records.heads,
                    "values": records.values,
                    "read": read,
                    "cycles": activity.cycles,
                }.items()
            }
    FOLDER.mkdir(exist_ok=True)
    np.savez_compressed(FOLDER / f"{chip}.npz", **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
