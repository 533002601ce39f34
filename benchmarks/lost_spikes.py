"""What a lost spike does to the state: distance to the fixed point by drop rate and coding.

    python -m benchmarks.lost_spikes [--nets N]

Random networks [500-500-10] as in `neurochip simulate convergence`: 20 inputs each, 250 free ticks. Mean
|s − s*| over samples and neurons, then layers, in the last 50 ticks,
against the fixed point of the weights w and against that of (1 − rate) w: losing a share of all packets is, on
average, a chip with weights that much smaller. What is left then is noise.
"""

from __future__ import annotations

import argparse

import numpy as np

from neurochip.description import read_run
from neurochip.elements import Constant
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.runs.building import build
from neurochip.substrate import Parameters, Phase
from neurochip.training.streams import glorot, stream

RATES = (0.0, 0.01, 0.03, 0.1)
OSA_PLAIN = "coding.annealer={ kind = 'osa', nu_bar = 0.0503, regulariser = 1e-7 }"
POWERS = "coding.annealer={ kind = 'power-law', coefficient = 0.775, exponent = 0.313 }"
CODINGS = {
    "predictive, λ = 0.206, OSA": (),
    "identity, OSA": ("coding.decoder=identity", OSA_PLAIN),
    "predictive, λ = 0.67/t^0.578, ε = 0.775/t^0.313": (
        "coding.decoder={ kind = 'predictive', lambda = { coefficient = 0.67, exponent = 0.578 } }",
        POWERS,
    ),
    "identity, ε = 0.775/t^0.313": ("coding.decoder=identity", POWERS),
}
SAMPLES, TICKS, LAST, STEPS = 20, 250, 50, 1500


def scaled(parameters: Parameters, by: float) -> Parameters:
    """Return the same network with all weights times a number; biases stay."""
    return Parameters(
        tuple(by * w for w in parameters.weights),
        tuple(by * w for w in parameters.feedback),
        parameters.biases,
    )


def distances(overrides: tuple[str, ...], rate: float, nets: int) -> tuple[float, float, float]:
    """Return the mean distances: to the fixed point of w, of (1 − rate) w, and between the two."""
    found = []
    run = read_run("convergence", [*overrides, f"faults.spike_drop={rate}"])
    built = build(run)
    reference = IdealSubstrate(built.network, Constant(0.5), dtype=np.float64)
    for net in range(nets):
        parameters = glorot(built.network, int(stream(run.seed, "net", net).integers(2**31)))
        x = stream(run.seed, "input", net).uniform(0, 1, (SAMPLES, built.network.sizes[0]))
        numbers = np.arange(net * SAMPLES, (net + 1) * SAMPLES, dtype=np.uint64)
        ends = []
        for weights in (parameters, scaled(parameters, 1 - rate)):
            reference.load(weights)
            reference.begin(x, numbers)
            reference.run(Phase.FREE, STEPS)
            ends.append(reference.values()[1:])
        built.substrate.load(parameters)
        built.substrate.begin(x, numbers)
        states = built.substrate.run(Phase.FREE, TICKS, record=("states",)).states[1:]
        row = [
            float(np.mean([np.abs(s[-LAST:] - f).mean() for s, f in zip(states, fixed, strict=True)]))
            for fixed in ends
        ]
        moved = [np.abs(a - b).mean() for a, b in zip(*ends, strict=True)]
        found.append([*row, float(np.mean(moved))])
    mean = np.mean(found, axis=0)
    return float(mean[0]), float(mean[1]), float(mean[2])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--nets", type=int, default=5)
    arguments = parser.parse_args()
    print(
        "| coding | drop rate | from s*(w) | from s*((1 − rate) w) | between the two |\n|---|---|---|---|---|"
    )
    for name, overrides in CODINGS.items():
        for rate in RATES:
            a, b, c = distances(overrides, rate, arguments.nets)
            print(f"| {name} | {100 * rate:g} % | {a:.5f} | {b:.5f} | {c:.5f} |", flush=True)


if __name__ == "__main__":
    main()
