"""Every learning rule on every substrate: learns, or is refused with the reason, or runs and does not learn here.

``python -m neurochip.papers.rules_on_substrates FILE`` measures all cells, writes them to a JSON file and prints the
table of docs/rules.md. The task is the run ``stripes`` of the catalogue: two interleaved classes of 400 tiny images
that no output layer can tell apart, [16, 12, 2], ten epochs. A cell *learns* where the test accuracy is above that of
the same network with its hidden layer frozen by more than three standard errors, over five seeds (weights, order, and
on the analog substrate the die). Rates are the same on all substrates.

Each cell is what ``neurochip simulate stripes`` gives with the words of its row and its column. Cores whose neurons
integrate and fire settle for longer, and are compared with a free run of the same length as the nudged phase, since
their filters still drift.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurochip import data
from neurochip.description import LearningSpec, PhasesSpec, RunSpec, read_run
from neurochip.description.rule_keys import SETTLE_ONCE
from neurochip.errors import NeurochipError
from neurochip.learning.rules import Rule, rule_for
from neurochip.network import Network
from neurochip.papers.controls import Control, HiddenUpdates, beats, standard_error
from neurochip.runs.building import build
from neurochip.training.loop import Trainer
from neurochip.training.progress import Reporter
from neurochip.training.state import TrainingState
from neurochip.training.streams import first_parameters

__all__ = [
    "RULES",
    "SEEDS",
    "SUBSTRATES",
    "Cell",
    "cell",
    "command",
    "from_json",
    "markdown",
    "measure",
    "outcome",
    "to_json",
    "trained",
]

SEEDS = (1, 2, 3, 4, 5)

# Makes the rule of a network: `rule_for`, or a plug-in's own way.
Make = Callable[[Network, LearningSpec, PhasesSpec], Rule]


class Cell(NamedTuple):
    """One rule on one substrate.

    Attributes
    ----------
    reason
        Why it is refused; empty where it is not.
    accuracy, frozen
        Test accuracy with each seed: of the rule, and of the same network with its hidden layer frozen.
    """

    reason: str
    accuracy: tuple[float, ...] = ()
    frozen: tuple[float, ...] = ()

    @property
    def status(self) -> str:
        """``learns``, ``refused`` or ``runs``."""
        if self.reason:
            return "refused"
        return "learns" if beats(self.accuracy, self.frozen) else "runs"


SUBSTRATES: dict[str, tuple[str, ...]] = {
    "`ideal`": ("substrate=ideal",),
    "cores": (),
    "cores, 8-bit weights": ("network.precision=int8",),
    "two-compartment cores": (
        "neuron.kind=two-compartment",
        "neuron.rate=60",
        "phases.free=300",
        "phases.nudged=200",
        "phases.reference=parallel",
    ),
    "analog die, mismatch 0.2": ("substrate=analog", "analog.mismatch.sigma=0.2"),
}

_OWN, _BITS = "network.tied=false", "learning.pre=trace"
_PARALLEL, _OPPOSITE = "phases.reference=parallel", "phases.reference=opposite"
_SLOWLY = "learning.rates=[0.025, 0.025]"

RULES: dict[str, tuple[str, ...]] = {
    "equilibrium propagation, tied": (),
    "equilibrium propagation, untied": (_OWN,),
    "equilibrium propagation, untied, only bits cross": (_OWN, _BITS),
    "equilibrium propagation, untied, only bits cross, centred": (_OWN, _BITS, _OPPOSITE),
    "contrastive Hebbian, tied": ("learning.rule=contrastive-hebbian", _PARALLEL),
    "contrastive Hebbian, untied, only bits cross": (
        "learning.rule=contrastive-hebbian",
        _OWN,
        _BITS,
        _PARALLEL,
    ),
    "delta rule, untied, only bits cross": ("learning.rule=delta", _OWN, _BITS, _PARALLEL),
    "rate of change ṡᵢ ρ(sⱼ), untied": ("learning.rule=rate-of-change", _OWN),
    "rate of change, untied, only bits cross": ("learning.rule=rate-of-change", _OWN, _BITS),
    "EqSpike: q_j ṡᵢ for each spike, untied, only bits cross": (
        "learning.rule=eqspike",
        _OWN,
        _BITS,
        "learning.trace=count",
        "learning.own.window=5",
    ),
    "associative, from values": ("learning.rule=associative", _OWN, _SLOWLY),
    "associative, from traces": ("learning.rule=associative", _OWN, _BITS, _SLOWLY),
    "random feedback": ("learning.rule=random-feedback", _OWN),
    "recurrent backpropagation": ("learning.rule=recurrent-backprop", _OWN),
}


def sets_of(rule: str, substrate: str) -> tuple[str, ...]:
    """Return what is set for a cell; of two words about the same key the row's stands, but for ``before``."""
    row, column = RULES[rule], SUBSTRATES[substrate]
    named = {word.partition("=")[0] for word in row}
    if {f"learning.rule={name}" for name in SETTLE_ONCE} & {*row}:
        named |= {"phases.nudged", "phases.reference"}  # such a rule has no nudged phase
    return (*row, *(word for word in column if word.partition("=")[0] not in named))


def command(rule: str, substrate: str) -> str:
    """Return the command line of a cell, with seed 1."""
    words = (f"'{word}'" if " " in word else word for word in sets_of(rule, substrate))
    return " ".join(("neurochip simulate stripes", *(f"--set {word}" for word in words)))


def cell(rule: str, substrate: str, seeds: Sequence[int] = SEEDS) -> Cell:
    """Let a rule of the table learn on a substrate."""
    return outcome(sets_of(rule, substrate), substrate, seeds)


def outcome(
    sets: Sequence[str], substrate: str, seeds: Sequence[int] = SEEDS, *, make: Make = rule_for,
    control: Control | None = None,
) -> Cell:  # fmt: skip
    """Let any rule learn on a substrate of the table, beside the same network with its hidden layer frozen.

    Parameters
    ----------
    sets
        Words of ``--set`` for the run ``stripes``, those of the substrate among them.
    control
        Spoils the updates of the hidden layer: what must fail.
    """
    try:
        accuracy = [trained(sets, substrate, seed, make=make, control=control) for seed in seeds]
        frozen = [trained(sets, substrate, seed, make=make, control="frozen") for seed in seeds]
    except NeurochipError as error:
        place = error.place.removeprefix("--set ")
        return Cell(f"{place}: {error.problem}")
    return Cell("", tuple(accuracy), tuple(frozen))


def trained(
    sets: Sequence[str], substrate: str, seed: int, *, make: Make = rule_for, control: Control | None = None
) -> float:
    """Train one network and return its test accuracy; one that was trained before in this process is remembered."""
    return _accuracy(_run(sets, substrate, seed), substrate, make, control)


@functools.cache
def _accuracy(run: RunSpec, substrate: str, make: Make, control: Control | None) -> float:
    if run.learning is None:
        raise RuntimeError("a training run has a rule")
    built = build(run)
    network, machine = built.network, built.substrate
    rule = make(network, run.learning, run.phases)
    rule.check(machine)
    if control is not None:
        rule = HiddenUpdates(rule, network, control)
    machine.load(first_parameters(run, network))
    state = TrainingState(machine.parameters(), machine.counters())
    samples = data.load(run.data)
    trainer = Trainer(run, machine, rule, samples, state, Reporter(None, 0), lambda: False)
    while state.epoch < run.learning.epochs:
        trainer.epoch()
    error = state.final.test_error
    return float("nan") if error is None else 1.0 - error


def _run(sets: Sequence[str], substrate: str, seed: int) -> RunSpec:
    # The learning curve is not wanted, and would take as long as the learning.
    words = [*sets, f"seed={seed}", "evaluation.every=1000", "evaluation.train=0"]
    if "analog" in substrate:
        words.append(f"analog.die={seed}")
    return read_run("stripes", words)


def measure(
    rules: Sequence[str] = tuple(RULES), substrates: Sequence[str] = tuple(SUBSTRATES)
) -> dict[tuple[str, str], Cell]:
    """Measure cells, and tell of each on stderr."""
    cells = {}
    for substrate in substrates:
        for rule in rules:
            found = cells[rule, substrate] = cell(rule, substrate)
            print(f"{rule} | {substrate} | {found.status} | {_figures(found)}", file=sys.stderr, flush=True)
    return cells


def _figures(found: Cell) -> str:
    if found.reason:
        return found.reason
    pairs = ((found.accuracy, ""), (found.frozen, "frozen "))
    return ", ".join(
        f"{name}{100 * float(np.mean(a)):.1f} ± {100 * standard_error(a):.1f}" for a, name in pairs
    )


def to_json(cells: Mapping[tuple[str, str], Cell]) -> str:
    """Return cells as JSON, with what was set for each."""
    rows: list[dict[str, object]] = [
        {"rule": rule, "substrate": substrate, "set": list(sets_of(rule, substrate)), **found._asdict()}
        for (rule, substrate), found in cells.items()
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> dict[tuple[str, str], Cell]:
    """Return what `to_json` was made of; `ValueError` where a cell was measured with other settings than today's."""
    cells = {}
    for row in json.loads(text):
        rule, substrate = row["rule"], row["substrate"]
        if rule not in RULES or substrate not in SUBSTRATES or row["set"] != [*sets_of(rule, substrate)]:
            raise ValueError(f"{rule} on {substrate} was measured with {row['set']}")
        cells[rule, substrate] = Cell(row["reason"], tuple(row["accuracy"]), tuple(row["frozen"]))
    return cells


def markdown(cells: Mapping[tuple[str, str], Cell], *, figures: bool = False) -> str:
    """Return the table, a rule in each row, and below it the reasons of refusals by letter.

    ``figures``: with the accuracies in per cent, those of the frozen hidden layer in brackets.
    """
    reasons: dict[str, str] = {}
    head = ("rule", *(() if figures else ("`--set`",)), *SUBSTRATES)
    rows = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for rule, words in RULES.items():
        row = [rule]
        if not figures:
            row.append(" ".join(f"`{word}`" for word in words) or "–")
        for substrate in SUBSTRATES:
            found = cells[rule, substrate]
            if found.status == "refused":
                mark = reasons.setdefault(found.reason, chr(ord("a") + len(reasons)))
                row.append(f"refused ({mark})")
                continue
            text = "learns" if found.status == "learns" else "runs, does not learn here"
            if figures:
                mean, frozen = (100 * float(np.mean(a)) for a in (found.accuracy, found.frozen))
                error = 100 * standard_error(
                    [a - b for a, b in zip(found.accuracy, found.frozen, strict=True)]
                )
                text = f"{text}: {mean:.1f} ({frozen:.1f}), ± {error:.1f}"
            row.append(text)
        rows.append(f"| {' | '.join(row)} |")
    notes = [f"({mark}) {reason}." for reason, mark in reasons.items()]
    return "\n".join([*rows, *(["", " ".join(notes)] if notes else [])])


def main(arguments: Sequence[str]) -> int:
    """Measure all cells into a file, or those of one substrate; print the table when all are there."""
    if not 1 <= len(arguments) <= 2 or not {*arguments[1:]} <= {*SUBSTRATES}:
        print("usage: python -m neurochip.papers.rules_on_substrates FILE [SUBSTRATE]", file=sys.stderr)
        return 2
    path = Path(arguments[0])
    cells = from_json(path.read_text(encoding="utf-8")) if path.exists() else {}
    for substrate in arguments[1:] or SUBSTRATES:
        cells |= measure(substrates=[substrate])
        ordered = {(r, s): cells[r, s] for r in RULES for s in SUBSTRATES if (r, s) in cells}
        path.write_text(to_json(ordered), encoding="utf-8")
    if len(cells) == len(RULES) * len(SUBSTRATES):
        print(markdown(cells))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
