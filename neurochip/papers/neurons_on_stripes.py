"""Every kind of neurons on a task that needs a hidden layer: whether equilibrium propagation trains it, and its spikes.

``python -m neurochip.papers.neurons_on_stripes [KIND …]`` measures all built-in kinds, or those that are named, of
packages too, and prints the table of docs/results.md. Task, controls and verdict are those of `rules_on_substrates`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neurochip.elements.neurons.table import NEURONS
from neurochip.papers.controls import beats, standard_error
from neurochip.papers.rules_on_substrates import SEEDS, trained
from neurochip.report.document import document
from neurochip.runs.simulation import simulate

__all__ = ["Measured", "markdown", "measure", "sets_of"]

# Neurons that fire settle for longer, and their filters still drift when they are nudged.
_FIRING = ("phases.free=200", "phases.nudged=100", "phases.reference=parallel")


class Measured(NamedTuple):
    """One kind of neurons.

    Attributes
    ----------
    accuracy, frozen, reversed
        Test accuracy with each seed: of equilibrium propagation with tied weights; with its hidden layer frozen; with
        the sign of its hidden updates reversed.
    spikes, energy
        A training sample, seed 1: spikes, and joules with the energies of the run's chip.
    """

    accuracy: tuple[float, ...]
    frozen: tuple[float, ...]
    reversed: tuple[float, ...]
    spikes: float
    energy: float

    @property
    def learns(self) -> bool:
        """Whether the hidden layer learns, and does not when its updates are reversed."""
        return beats(self.accuracy, self.frozen) and not beats(self.reversed, self.frozen)


def sets_of(kind: str) -> tuple[str, ...]:
    """Return what is set for a kind."""
    return () if kind == "settling" else (f"neuron.kind={kind}", *_FIRING)


def measure(kind: str, seeds: Sequence[int] = SEEDS) -> Measured:
    """Train with each seed, and both controls."""
    sets = sets_of(kind)
    found = [
        tuple(trained(sets, "cores", seed, control=control) for seed in seeds)
        for control in (None, "frozen", "reversed")
    ]
    table = document(simulate("stripes", overrides=sets, write=False).record)
    energy, spikes = table["energy_j"]["per_sample"], table["bits"]["per_sample"]["spikes"]
    return Measured(found[0], found[1], found[2], spikes, float("nan") if energy is None else energy)


def markdown(rows: dict[str, Measured]) -> str:
    """Return the table, in per cent: means and standard errors."""
    head = (
        "`neuron.kind`",
        "equilibrium propagation",
        "hidden layer frozen",
        "reversed",
        "spikes per sample",
        "energy per sample",
    )
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for kind, row in rows.items():
        cells = [
            f"{100 * float(np.mean(one)):.1f} ± {100 * standard_error(list(one)):.1f}"
            for one in (row.accuracy, row.frozen, row.reversed)
        ]
        verdict = "learns" if row.learns else "does not learn here"
        spent = f"{row.spikes:.0f} | {row.energy * 1e9:.3g} nJ"
        lines.append(f"| `{kind}` | {verdict}: {cells[0]} | {cells[1]} | {cells[2]} | {spent} |")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Measure kinds of neurons and print the table."""
    unknown = [kind for kind in arguments if kind not in NEURONS]
    if unknown:
        print(f"no neuron {unknown[0]}; there are {', '.join(NEURONS)}", file=sys.stderr)
        return 2
    rows: dict[str, Measured] = {}
    for kind in arguments or NEURONS.built_in:
        rows[kind] = measure(kind)
        print(kind, rows[kind], file=sys.stderr, flush=True)
    print(markdown(rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
