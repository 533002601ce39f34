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
from neurochip.learning.associations import Associations, balanced_associations
from neurochip.learning.associative import AssociativeRule
from neurochip.learning.rules import Rule, rule_for
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
    """Ticks of both phases, the bias of a neuron at rest, and what the nudged phase is compared with: where filters
    still drift, with a free run of equal length.
    """

    free: int
    nudged: int
    offset: float
    reference: str
    rest: int  # ticks of the free phase for a rule that compares with nothing and must start at rest


SETTLING = Times(60, 30, 0.0, "before", 60)
MEMBRANES = Times(300, 200, NEURON.margin, "parallel", 900)


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
    return DigitalSubstrate(image, NEURON, seed=seed, mismatch=mismatch)


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


def _presenting(rule: Rule) -> Callable[[Substrate, NDArray[np.int64]], None]:
    def present(substrate: Substrate, labels: NDArray[np.int64]) -> None:
        rule.check(substrate)
        found = rule.present(substrate, np.eye(2)[labels], 0.5)
        substrate.write_weights(found.updates, found.biases)

    return present


def trial_of(
    rule_of: Callable[[Network, LearningSpec, PhasesSpec], Rule],
    tied: bool,
    *,
    rule: str = "eqprop",
    reference: str | None = None,
    **learning: Any,
) -> Callable[[Times, int], Trial]:
    """Return what makes a trial of a rule that a run can name, of the times of a substrate and a seed.

    ``reference``: `None` takes that of the substrate. Others are keys of [learning].
    """

    def make(times: Times, seed: int) -> Trial:
        network = layered((4, HIDDEN, 2), tied=tied)
        spec = LearningSpec(rule=rule, rates=(0.4, 0.2), epochs=1, minibatch=BATCH, **learning)
        phases = PhasesSpec(
            free=times.rest if rule == "rate-of-change" else times.free,
            nudged=times.nudged,
            reference=reference or times.reference,  # type: ignore[arg-type]
        )
        return Trial(network, _presenting(rule_of(network, spec, phases)), _start(network, times, seed))

    return make


def _named(rule: str, tied: bool, **how: Any) -> Callable[[Times, int], Trial]:
    return trial_of(rule_for, tied, rule=rule, **how)


def _associative(pre: str) -> Callable[[Times, int], Trial]:
    def make(times: Times, seed: int) -> Trial:
        # Sigmoids of slope ¼ on neurons of slope 1. The output starts low, at ¼: at 0 it would learn nothing.
        network = layered((4, HIDDEN, 1), tied=False)
        draws = stream(seed, "weights")
        weights = [draws.uniform(-1, 1, s) * np.sqrt(6 / sum(s)) / 4 for s in ((4, HIDDEN), (HIDDEN, 1))]
        biases = (np.full(HIDDEN, 0.375 + times.offset), np.full(1, 0.25 + times.offset))
        signs = balanced_associations(HIDDEN, draws)
        associations = Associations((HIDDEN, 1), (signs, np.ones(1)))
        learning = LearningSpec(
            rule="associative", rates=(0.025, 0.025), epochs=1, pre=pre,  # type: ignore[arg-type]
        )  # fmt: skip
        rule = AssociativeRule(network, learning, PhasesSpec(free=times.free), associations)

        def present(substrate: Substrate, labels: NDArray[np.int64]) -> None:
            rule.check(substrate)
            found = rule.present(substrate, labels[:, None], 0.5)
            substrate.write_weights(found.updates, found.biases)

        return Trial(
            network, present, Parameters(tuple(weights), (np.zeros((1, HIDDEN)),), biases), epochs=90
        )

    return make


def _start(network: Network, times: Times, seed: int) -> Parameters:
    drawn = glorot(network, seed)
    return Parameters(drawn.weights, drawn.feedback, tuple(b + times.offset for b in drawn.biases))


RULES: dict[str, Callable[[Times, int], Trial]] = {
    "equilibrium propagation, tied": _named("eqprop", True),
    "equilibrium propagation, untied": _named("eqprop", False),
    "the same, `pre = \"trace\"`: only bits cross": _named("eqprop", False, pre="trace"),
    "the same, centred": _named("eqprop", False, pre="trace", reference="opposite"),
    "contrastive Hebbian, tied": _named("contrastive-hebbian", True, reference="parallel"),
    "contrastive Hebbian, untied, trace": _named("contrastive-hebbian", False, pre="trace", reference="parallel"),
    "delta rule, untied, trace": _named("delta", False, pre="trace", reference="parallel"),
    "rate of change ṡᵢ ρ(sⱼ), untied": _named("rate-of-change", False, reference="before"),
    "the same, trace": _named("rate-of-change", False, pre="trace", reference="before"),
    "associative, from values": _associative("oracle"),
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
