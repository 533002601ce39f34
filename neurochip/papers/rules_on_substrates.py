"""Every learning rule on every substrate: works, or is refused with the reason, or runs and does not learn here.

``python -m neurochip.papers.rules_on_substrates`` prints the table of the README. The task is a small one on
purpose: setosa against versicolor, 80 flowers to learn and 20 to test, 4 inputs, 12 hidden neurons; a rule works
where its test accuracy reaches 90 % with each of three seeds (flowers, weights and chip drawn anew). Rates are
those of the rule, the same on every substrate. Integrate-and-fire cores settle for 300 ticks and are nudged for
200, and equilibrium propagation there compares with a free run of equal length, while the rate of change is watched
after 900 ticks; the others take 60 and 30. The constants of the associative rule (ε = 0.1, hidden neurons starting
at ⅜ and the output at ¼, 90 epochs instead of 15) were chosen on this task, first with the real-valued substrate,
then with the die.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.substrate import AnalogSubstrate
from neurochip.compile import compile_network
from neurochip.cores.lif_substrate import LIFSubstrate
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.cores.synapse_mismatch import SynapseMismatch
from neurochip.data.uci import iris
from neurochip.description import CodingSpec, LearningSpec, PhasesSpec, read_chip
from neurochip.description.analog_sections import AnalogSpec, MismatchSpec
from neurochip.description.network import Network, layered
from neurochip.description.neuron import state_words
from neurochip.elements import Constant
from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF
from neurochip.errors import NeurochipError
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.learning.associative import (
    Associations,
    AssociativeRule,
    balanced_associations,
    weight_updates,
)
from neurochip.learning.contrastive_hebbian import ContrastiveHebbian
from neurochip.learning.delta_rule import DeltaRule
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.learning.rate_of_change import RateOfChange
from neurochip.learning.rules import Rule
from neurochip.learning.two_phases import TwoPhases
from neurochip.papers.associative_networks import pair_of
from neurochip.substrate import Observable, Parameters, Phase, Substrate
from neurochip.training.streams import glorot, stream

__all__ = ["RULES", "SUBSTRATES", "Cell", "Times", "Trial", "cell", "markdown", "outcome", "trial_of"]

Array = NDArray[Any]

HIDDEN, SEEDS, BATCH = 12, 3, 20
ENOUGH = 0.9
NEURON = TwoCompartmentLIF(rate=60.0)


class Cell(NamedTuple):
    """One rule on one substrate: ``works``, ``refused`` or ``runs``, the reason, and the accuracies."""

    status: str
    reason: str
    accuracy: tuple[float, ...]

    @property
    def words(self) -> str:
        """What stands in the table; it does not hold figures, which rounding could change."""
        if self.status == "works":
            return "works"
        return f"refused: {self.reason}" if self.status == "refused" else "runs, does not learn here"


class Times(NamedTuple):
    """Ticks of both phases, the bias of a neuron at rest, and whether the nudged phase is compared with a free one
    of equal length, since filters still drift.
    """

    free: int
    nudged: int
    offset: float
    split_stream: bool
    rest: int  # ticks of the free phase for a rule that compares with nothing and must start at rest


SETTLING = Times(60, 30, 0.0, False, 60)
MEMBRANES = Times(300, 200, NEURON.margin, True, 900)


def _ideal(network: Network, seed: int) -> Substrate:
    return IdealSubstrate(network, Constant(0.5))


def _cores(network: Network, seed: int, precision: str = "float32") -> Substrate:
    coding = CodingSpec()
    image = compile_network(
        network, read_chip("ideal-bits"), precision=precision, rounding="stochastic",  # type: ignore[arg-type]
        state_words=state_words(coding), trace_words=1,
    )  # fmt: skip
    return DigitalSubstrate(image, coding, traced=True, seed=seed, rounding="stochastic")


def _int8_cores(network: Network, seed: int) -> Substrate:
    return _cores(network, seed, "int8")


def _membranes(network: Network, seed: int, mismatch: SynapseMismatch | None = None) -> Substrate:
    image = compile_network(
        network, read_chip("ideal-bits"), precision="float32",
        state_words=NEURON.state_words, trace_words=NEURON.trace_words,
    )  # fmt: skip
    return LIFSubstrate(image, NEURON, seed=seed, mismatch=mismatch)


def _unequal_membranes(network: Network, seed: int) -> Substrate:
    return _membranes(network, seed, SynapseMismatch(deviation=0.2, seed=seed))


def _die(network: Network, seed: int) -> Substrate:
    spec = AnalogSpec(die=seed, mismatch=MismatchSpec(sigma=0.2))
    return AnalogSubstrate(network, spec, seed=seed, held=frozenset({Phase.FREE, Phase.NUDGED}))


SUBSTRATES: dict[str, tuple[Callable[[Network, int], Substrate], Times]] = {
    "`ideal`": (_ideal, SETTLING),
    "cores": (_cores, SETTLING),
    "cores, 8-bit weights": (_int8_cores, SETTLING),
    "LIF cores": (_membranes, MEMBRANES),
    "LIF cores, mismatch 0.2": (_unequal_membranes, MEMBRANES),
    "analog die, mismatch 0.2": (_die, SETTLING),
}


@dataclass(frozen=True)
class Trial:
    """A rule ready to learn: how a minibatch of labels is presented and what it changes."""

    network: Network
    present: Callable[[Substrate, NDArray[np.int64]], None]
    starts: Parameters
    epochs: int = 15


def _presenting(rule: Any, *beta: float) -> Callable[[Substrate, NDArray[np.int64]], None]:
    def present(substrate: Substrate, labels: NDArray[np.int64]) -> None:
        rule.check(substrate)
        found = rule.present(substrate, np.eye(2)[labels], *beta)
        substrate.write_weights(found.updates, found.biases)

    return present


def trial_of(
    rule_of: Callable[[Network, LearningSpec, PhasesSpec], Rule],
    tied: bool,
    pre: str = "oracle",
    nudging: str = "one-sided",
    name: str = "eqprop",
    own: Any = None,
) -> Callable[[Times, int], Trial]:
    """Return what makes a trial of a rule that a run can name, of the times of a substrate and a seed."""

    def make(times: Times, seed: int) -> Trial:
        network = layered((4, HIDDEN, 2), tied=tied)
        learning = LearningSpec(
            rule=name, rates=(0.4, 0.2), epochs=1, minibatch=BATCH,
            pre=pre, nudging=nudging, own=own,  # type: ignore[arg-type]
        )  # fmt: skip
        is_centred = nudging == "centred"
        phases = PhasesSpec(
            free=times.free, nudged=times.nudged, split_stream=times.split_stream and not is_centred
        )
        rule = rule_of(network, learning, phases)

        return Trial(network, _presenting(rule, 0.5), _start(network, times, seed))

    return make


def _eqprop(tied: bool, pre: str, nudging: str) -> Callable[[Times, int], Trial]:
    return trial_of(EquilibriumPropagation, tied, pre, nudging)


def _contrast(kind: Any, tied: bool, pre: str) -> Callable[[Times, int], Trial]:
    def make(times: Times, seed: int) -> Trial:
        network = layered((4, HIDDEN, 2), tied=tied)
        phases = TwoPhases(free=times.free, nudged=times.nudged, beta=0.5, against="twin", pre=pre)  # type: ignore[arg-type]
        rule = kind(network, phases, (0.4, 0.2))

        return Trial(network, _presenting(rule), _start(network, times, seed))

    return make


def _watching(pre: str) -> Callable[[Times, int], Trial]:
    def make(times: Times, seed: int) -> Trial:
        network = layered((4, HIDDEN, 2), tied=False)
        rule = RateOfChange(
            network=network, rates=(0.4, 0.2), free=times.rest, nudged=times.nudged,
            pre=pre,  # type: ignore[arg-type]
        )  # fmt: skip

        return Trial(network, _presenting(rule), _start(network, times, seed))

    return make


def _associative(reads: str) -> Callable[[Times, int], Trial]:
    def make(times: Times, seed: int) -> Trial:
        # Sigmoids of slope ¼ on neurons of slope 1. The output starts low, at ¼: at 0 it would learn nothing.
        network = layered((4, HIDDEN, 1), tied=False)
        draws = stream(seed, "weights")
        weights = [draws.uniform(-1, 1, s) * np.sqrt(6 / sum(s)) / 4 for s in ((4, HIDDEN), (HIDDEN, 1))]
        biases = (np.full(HIDDEN, 0.375 + times.offset), np.full(1, 0.25 + times.offset))
        signs = balanced_associations(HIDDEN, draws)
        rule = AssociativeRule(Associations((HIDDEN, 1), (signs, np.ones(1))), epsilon=0.1, reads=reads)  # type: ignore[arg-type]

        def present(substrate: Substrate, labels: NDArray[np.int64]) -> None:
            seen = rule.present(substrate, labels, times.free)
            ones = np.ones((len(labels), 1))
            pushes = [rule.layer_change(ones, p, k, labels)[0] for k, p in enumerate(seen.values[1:])]
            substrate.write_weights(
                weight_updates(seen.changes, 0.025), [(0.025 * push).astype(np.float32) for push in pushes]
            )

        return Trial(
            network, present, Parameters(tuple(weights), (np.zeros((1, HIDDEN)),), biases), epochs=90
        )

    return make


def _start(network: Network, times: Times, seed: int) -> Parameters:
    drawn = glorot(network, seed)
    return Parameters(drawn.weights, drawn.feedback, tuple(b + times.offset for b in drawn.biases))


RULES: dict[str, Callable[[Times, int], Trial]] = {
    "equilibrium propagation, tied": _eqprop(True, "oracle", "one-sided"),
    "equilibrium propagation, untied": _eqprop(False, "oracle", "one-sided"),
    "the same, `pre = \"trace\"`: only bits cross": _eqprop(False, "trace", "one-sided"),
    "the same, centred": _eqprop(False, "trace", "centred"),
    "contrastive Hebbian, tied": _contrast(ContrastiveHebbian, True, "oracle"),
    "contrastive Hebbian, untied, trace": _contrast(ContrastiveHebbian, False, "trace"),
    "delta rule, untied, trace": _contrast(DeltaRule, False, "trace"),
    "rate of change ṡᵢ ρ(sⱼ), untied": _watching("oracle"),
    "the same, trace": _watching("trace"),
    "associative, from values": _associative("value"),
    "associative, from traces": _associative("trace"),
}  # fmt: skip


def cell(rule: str, substrate: str) -> Cell:
    """Let a rule of the table learn on a substrate, three times, each on flowers and a chip of its own."""
    return outcome(RULES[rule], substrate)


def outcome(trial: Callable[[Times, int], Trial], substrate: str) -> Cell:
    """Let any rule learn on a substrate of the table, likewise."""
    make, times = SUBSTRATES[substrate]
    found = []
    for seed in range(1, SEEDS + 1):
        try:
            found.append(_learnt(trial, make, times, seed))
        except NeurochipError as error:
            return Cell("refused", error.problem, ())
    return Cell("works" if min(found) >= ENOUGH else "runs", "", tuple(found))


def _learnt(
    rule: Callable[[Times, int], Trial], make: Callable[[Network, int], Substrate], times: Times, seed: int
) -> float:
    flowers = iris()
    x, y = pair_of(flowers.inputs, flowers.labels, (0, 1))
    order = stream(seed, "flowers").permutation(len(y))
    train, test = order[:80], order[80:]
    trial = rule(times, seed)
    substrate = make(trial.network, seed)
    substrate.load(trial.starts)
    presented = 0
    for epoch in range(trial.epochs):
        shuffled = stream(seed, "order", epoch).permutation(train)
        for first in range(0, len(shuffled), BATCH):
            chosen = shuffled[first : first + BATCH]
            substrate.begin(x[chosen], np.arange(presented, presented + len(chosen), dtype=np.uint64))
            presented += len(chosen)
            trial.present(substrate, y[chosen])
    substrate.begin(x[test], np.arange(len(test), dtype=np.uint64) + np.uint64(2**40))
    substrate.run(Phase.EVALUATION, times.free + times.nudged)
    output = substrate.observe(Observable.VALUE, len(trial.network.populations) - 1)
    answers = output[:, 0] > 0.5 if output.shape[1] == 1 else np.argmax(output, axis=1)
    return float(np.mean(answers == y[test]))


def markdown(cells: dict[tuple[str, str], Cell]) -> str:
    """Return the table, a rule in each row, and below it the reasons of refusals by letter."""
    reasons: dict[str, str] = {}
    rows = [f"| rule | {' | '.join(SUBSTRATES)} |", "|---" * (1 + len(SUBSTRATES)) + "|"]
    for rule in RULES:
        row = []
        for substrate in SUBSTRATES:
            found = cells[rule, substrate]
            if found.status == "refused":
                mark = reasons.setdefault(found.reason, chr(ord("a") + len(reasons)))
                row.append(f"refused ({mark})")
            else:
                row.append("works" if found.status == "works" else "runs, does not learn here")
        rows.append(f"| {rule} | {' | '.join(row)} |")
    notes = [f"({mark}) {reason}." for reason, mark in reasons.items()]
    return "\n".join([*rows, *(["", *notes] if notes else [])])


def main() -> None:
    """Print the table, and the accuracies to stderr."""
    cells = {}
    for rule in RULES:
        for substrate in SUBSTRATES:
            found = cells[rule, substrate] = cell(rule, substrate)
            accuracies = ", ".join(f"{100 * a:.0f}" for a in found.accuracy)
            print(
                f"{rule} | {substrate} | {found.status} {found.reason} {accuracies}",
                file=sys.stderr,
                flush=True,
            )
    print(markdown(cells))


if __name__ == "__main__":
    main()
