"""The spiking networks of `mesnard2016_lif`: words over a run of the catalogue, and everything that was varied."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from neurochip import data
from neurochip.compile import compile_network
from neurochip.cores.cell import TwoCompartments
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import RunSpec, network_of, read_chip, read_run
from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF
from neurochip.energy import energy_report
from neurochip.energy.lif import hardware_of_lif
from neurochip.errors import ConfigError
from neurochip.learning.contrastive_hebbian import ContrastiveHebbian
from neurochip.learning.rule import LearningRule
from neurochip.learning.rules import rule_for
from neurochip.network import layered
from neurochip.papers.two_joint_arm import Learned, Lessons, answers, learn, mean_error, points
from neurochip.runs.building import build
from neurochip.substrate import Counters, Observable, Parameters, Phase
from neurochip.training.streams import glorot, stream

__all__ = [
    "ABLATIONS",
    "CHOSEN",
    "NEURON",
    "STEPS",
    "TICKS",
    "UNITS",
    "Setup",
    "carried_over",
    "drawn_for",
    "f_i_curve",
    "rule_of",
    "spent_by",
    "substrate_of",
    "train",
    "trained",
]

Array = NDArray[np.float64]

UNITS, TICKS = 20, 600  # neurons for each number, all shown it alike; ticks after which a network is asked
NEURON = TwoCompartmentLIF(rate=60)
CHOSEN = (
    f"network.layers=[{2 * UNITS}, 300, {2 * UNITS}]", "network.tied=false",
    "neuron.kind=two-compartment", f"neuron.rate={NEURON.rate}",
    "phases.free=400", "phases.nudged=200", "phases.reference=parallel",
    "learning.rule=contrastive-hebbian", "learning.pre=trace", "learning.beta=1.0", "learning.rates=0.01",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setup:
    """All that one training run depends on, but for its seed: words over the run `regression`, and lessons.

    Two things have no word: feedback that stays as it was drawn, and rate filters that begin anew with each phase.
    """

    words: tuple[str, ...] = ()
    lessons: Lessons = Lessons(samples=3000, checks=3)
    is_fixed: bool = False
    restarted: bool = False

    def run(self, seed: int) -> RunSpec:
        """Return the run."""
        ends = np.repeat([[0.0], [1.0]], 2 * UNITS, axis=1)  # for the shape; `Lessons` say what is learnt
        shown = data.from_arrays(ends, ends, test=(ends, ends))
        return read_run("regression", [*CHOSEN, *self.words, f"seed={seed}"], samples=shown)


# A run with one weight for both ways reads values; here it has traces then, too, whose products are alike at both ends.
_TIED = ("network.tied=true", "learning.pre=oracle")
# What each choice is worth: the setup with one thing changed.
ABLATIONS: dict[str, Setup] = {
    "as chosen": Setup(),
    "compared with the end of the free phase": Setup(("phases.reference=before",)),
    "compared with a nudge the other way (centred)": Setup(("phases.reference=opposite",)),
    "half as long: 200 + 100 ms": Setup(("phases.free=200", "phases.nudged=100")),
    "twice as long: 800 + 400 ms": Setup(("phases.free=800", "phases.nudged=400")),
    "rate filter 150 ms": Setup(("neuron.rate=150",)),
    "rate filter 20 ms": Setup(("neuron.rate=20",)),
    "synaptic filter 5 ms": Setup(("neuron.synapse=5",)),
    "rate filter begins anew with each phase": Setup(restarted=True),
    "u0 near the threshold (margin 0.1)": Setup(("neuron.margin=0.1",)),
    "steep f–I curve: τ = 20 ms": Setup(("neuron.membrane=20",)),
    "slow neurons: Δ = 10 ms, 15 ms for a rate of 1": Setup(("neuron.refractory=10", "neuron.period=15")),
    "reset to a value": Setup(("neuron.reset=value",)),
    "all begin at the reset potential": Setup(("neuron.start=rest",)),
    "η stays": Setup(lessons=Lessons(samples=3000, checks=3, falling=False)),
    "feedback fixed": Setup(is_fixed=True),
    "feedback the transpose": Setup(_TIED),
    "η half": Setup(("learning.rates=0.005",)),
}


# From the first sketch to what was chosen, one measure after the other, with a rate that the sketch survives.
_SKETCH = (
    "neuron.membrane=20", "neuron.rate=150", "neuron.refractory=10", "neuron.period=15", "neuron.margin=0.1",
    "neuron.reset=value", "neuron.start=rest", "phases.free=500", "phases.nudged=300", "phases.reference=before",
    *_TIED, "learning.rates=0.003",
)  # fmt: skip
_MEASURES = {
    "sketch, η = 0.003": _SKETCH,
    "+ free run of equal length": ("phases.reference=parallel",),
    "+ margin 1 instead of 0.1": ("neuron.margin=1",),
    "+ straight f–I curve, 6 ms for a rate of 1": (
        "neuron.membrane=100",
        "neuron.refractory=1",
        "neuron.period=6",
    ),
    "+ overshoot carried, potentials spread": ("neuron.reset=carry", "neuron.start=spread"),
    "+ rate filter 60 ms, 400 + 200 ms": ("neuron.rate=60", "phases.free=400", "phases.nudged=200"),
    "+ feedback of its own": ("network.tied=false", "learning.pre=trace"),
    "+ η = 0.01": ("learning.rates=0.01",),
}
STEPS = dict(zip(_MEASURES, map(Setup, accumulate(_MEASURES.values())), strict=True))


def substrate_of(setup: Setup, seed: int) -> DigitalSubstrate:
    """Return cores for it, without weights; the seed is also that of their mismatch."""
    run = setup.run(seed)
    cores = build(run, threads=1).substrate
    if not isinstance(cores, DigitalSubstrate) or not isinstance(run.neuron, TwoCompartmentLIF):
        raise ConfigError("neuron.kind", "must be two-compartment; the experiment is about these")
    if not setup.restarted and not run.network.tied:
        return cores
    neurons = TwoCompartments(run.neuron, setup.restarted)
    return DigitalSubstrate(cores.image, neurons, traced=True, seed=seed)


def drawn_for(setup: Setup, seed: int) -> Parameters:
    """Return the first weights and biases."""
    run = setup.run(seed)
    drawn, draws = glorot(network_of(run.network), seed), stream(seed, "biases")
    *hidden, output = (run.neuron.margin + 0 * b for b in drawn.biases)
    first = [b + draws.uniform(-0.3, 0.7, b.size) for b in hidden]
    return Parameters((2.0 * drawn.weights[0], *drawn.weights[1:]), drawn.feedback, (*first, output + 0.3))


class FixedFeedback(ContrastiveHebbian):
    """The rule with feedback that stays as it was drawn."""

    feedback_learns = False


def rule_of(setup: Setup) -> LearningRule:
    """Return the rule, for its network; cores learn from the rates that they make of spikes by themselves."""
    run = setup.run(0)
    if run.learning is None:
        raise ConfigError("learning", "is missing; the experiment learns")
    network, learning = network_of(run.network), replace(run.learning, pre="trace")
    if setup.is_fixed:
        return FixedFeedback(network, learning, run.phases)
    rule = rule_for(network, learning, run.phases)
    if not isinstance(rule, LearningRule):
        raise ConfigError("learning.rule", "must be one of two phases")
    return rule


def train(setup: Setup, seed: int) -> tuple[DigitalSubstrate, Learned]:
    """Train one network on cores of its own."""
    substrate, rule = substrate_of(setup, seed), rule_of(setup)
    rule.check(substrate)
    substrate.load(drawn_for(setup, seed))
    return substrate, learn(substrate, rule, setup.lessons, seed=seed, units=UNITS)


def trained(setup: Setup, seed: int) -> tuple[Learned, dict[str, float]]:
    """Train one network; with it comes what a training sample came to."""
    substrate, learned = train(setup, seed)
    return learned, spent_by(substrate, setup.run(seed).neuron)


def f_i_curve(neuron: TwoCompartmentLIF, x: Array, ticks: int = 3000) -> Array:
    """Return the rate of emulated neurons under constant drives margin + x, from their spikes alone."""
    network = layered((1, x.size))
    image = compile_network(network, read_chip("ideal-bits"), precision="float32", state_words=5)
    substrate = DigitalSubstrate(image, neuron)
    substrate.load(Parameters((np.zeros((1, x.size)),), (), (neuron.margin + x,)))
    substrate.begin(np.zeros((1, 1)), np.zeros(1, dtype=np.uint64))
    substrate.run(Phase.FREE, 10 * int(neuron.synapse))
    substrate.run(Phase.FREE, ticks)
    rates: Array = substrate.observe(Observable.RATE, 1)[0]
    return rates


def spent_by(substrate: DigitalSubstrate, neuron: TwoCompartmentLIF) -> dict[str, float]:
    """Return what one training sample came to, evaluation left out."""
    counters = substrate.counters()
    phases = dict(counters.phases)
    del phases[Phase.EVALUATION]
    training = Counters(counters.populations, counters.sites, phases)
    samples = training.phases[Phase.NUDGED].presentations
    hardware = hardware_of_lif(neuron, "float32", sends_bits_only=True)
    joules = energy_report(training, hardware, substrate.image.chip.energies).total_j
    return {
        "spikes": training.total("spikes_sent") / samples,
        "sops": training.total("sops") / samples,
        "words": training.total("readout_words") / samples,
        "energy_j": float("nan") if joules is None else joules / samples,
    }


def carried_over(parameters: Parameters, setup: Setup, seed: int, count: int) -> float:
    """Return the test error of weights that were learned elsewhere."""
    substrate, phases = substrate_of(setup, seed), setup.run(seed).phases
    substrate.load(parameters)
    test = points(seed, "test", count)
    return mean_error(answers(substrate, test, phases.free + phases.nudged, UNITS), test)
