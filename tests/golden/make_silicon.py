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

PATIENCE = {"tinyodin": 20_000, "odin": 3000}
READ = 4096  # bytes, those of the neuron memory
FOLDER = Path(__file__).parent / "silicon"
# Events of a program, and their seeds. tinyODIN: two open loops, few neurons that fire, a closed loop that loses
# spikes. ODIN: Izhikevich neurons alone, both models, a closed loop of both, neurons that learn.
PROGRAMS = {"tinyodin": (40, (0, 3, 6, 7)), "odin": (20, (0, 1, 4, 10))}


def main(chip: str, rtl: str) -> None:
    events, programs = PROGRAMS[chip]
    arrays: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as made:
        built = build(chip, Path(rtl), Path(made))
        for program in programs:
            trial = DRAWN[chip](np.random.default_rng([2026, program]), events)
            manner = {"hold": trial.hold, "patience": PATIENCE[chip]}
            activity, after = trial.chip.run(trial.address, trial.gap, **manner)
            reads = after.reads()[:READ] if activity.silent else []
            transfers = trial.chip.transfers()
            arrays["addresses"] = np.array([address for address, _ in transfers], np.uint32)
            records, read = simulate(
                built,
                transfers,
                Events(trial.address, trial.gap, **manner),
                [address for address, _ in reads],
                activity.cycles,
                limit_s=3600.0,
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
