"""How fast two-compartment neurons learn: one training sample of the two-joint arm, on one thread.

    python -m benchmarks.lif_learning_speed [--repeats N]

The network of `neurochip reproduce mesnard2016-lif` (40-300-40, float32): 1000 ticks of 1 ms in three phases (500 free,
250 nudged, 250 of the free twin), the rule, and the weights written. CPU time, medians.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse  # noqa: E402
import statistics  # noqa: E402
import time  # noqa: E402
from dataclasses import replace  # noqa: E402

import numpy as np  # noqa: E402

from neurochip.papers.mesnard2016_networks import PHASES, UNITS, Setup, drawn_for, rule_of, substrate_of  # noqa: E402
from neurochip.papers.two_joint_arm import hand, points  # noqa: E402


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=300)
    repeats = parser.parse_args().repeats
    setup = Setup(phases=replace(PHASES, free=500, nudged=250))
    substrate, rule = substrate_of(setup, 1), rule_of(setup)
    substrate.load(drawn_for(setup, 1))
    angles = points(1, "training", repeats)
    inputs, targets = np.repeat(angles, UNITS, axis=1), np.repeat(hand(angles), UNITS, axis=1)
    ticking, whole = [], []
    for k in range(repeats):
        began = time.process_time()
        substrate.begin(inputs[k : k + 1], np.array([k], dtype=np.uint64))
        found = rule.present(substrate, targets[k : k + 1])
        ticked = time.process_time()
        substrate.write_weights(found.updates, found.biases)
        whole.append(time.process_time() - began)
        ticking.append(ticked - began)
    ledger = substrate.ledger()
    print(
        f"{1e3 * statistics.median(whole):.2f} ms a sample of {rule.phases.ticks} ticks, "
        f"{1e3 * statistics.median(ticking):.2f} ms of it for the ticks; "
        f"{ledger.total('spikes_sent') / repeats:.0f} spikes, {ledger.total('sops') / repeats:.3g} synaptic operations"
    )


if __name__ == "__main__":
    main()
