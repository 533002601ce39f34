"""The spiking networks of `mesnard2016_lif`: how they are built and trained, and everything that was varied."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import compile_network
from neurochip.cores.cell import TwoCompartments
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.cores.synapse_mismatch import SynapseMismatch
from neurochip.description import LearningSpec, PhasesSpec, read_chip
from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF
from neurochip.energy import energy_report
from neurochip.energy.lif import hardware_of_lif
from neurochip.learning.contrastive_hebbian import ContrastiveHebbian
from neurochip.learning.delta_rule import DeltaRule
from neurochip.learning.rule import LearningRule
from neurochip.network import Network, layered
from neurochip.papers.two_joint_arm import Learned, Lessons, answers, learn, mean_error, points
from neurochip.substrate import Counters, Observable, Parameters, Phase
from neurochip.training.streams import glorot, stream

__all__ = [
    "ABLATIONS",
    "CHIP",
    "HIDDEN",
    "NEURON",
    "PHASES",
    "STEPS",
    "UNITS",
    "RuleName",
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

RuleName = Literal["contrastive Hebbian", "delta"]

UNITS, HIDDEN = 20, 300
CHIP = "cmos45"
NEURON = TwoCompartmentLIF(membrane=100, synapse=20, rate=60, refractory=1, period=6, margin=1)
PHASES = PhasesSpec(free=400, nudged=200, reference="parallel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """All that one training run depends on, but for its seed."""

    rule: RuleName = "contrastive Hebbian"
    neuron: TwoCompartmentLIF = NEURON
    phases: PhasesSpec = PHASES
    rate: float = 0.01
    lessons: Lessons = field(default_factory=lambda: Lessons(samples=3000, checks=3))
    feedback: Literal["learned", "fixed", "tied"] = "learned"
    restarted: bool = False
    deviation: float = 0.0  # of the mismatch of synapses
    frozen: bool = False  # weights into the hidden layer stay as they were drawn
    hidden: int = HIDDEN  # neurons; 0: input and output only

    def network(self) -> Network:
        """Return the layers."""
        hidden = (self.hidden,) if self.hidden else ()
        return layered((2 * UNITS, *hidden, 2 * UNITS), tied=self.feedback == "tied")


# What each choice is worth: the setup with one thing changed.
ABLATIONS: dict[str, Setup] = {
    "as chosen": Setup(),
    "compared with the end of the free phase": Setup(phases=replace(PHASES, reference="before")),
    "compared with a nudge the other way (centred)": Setup(phases=replace(PHASES, reference="opposite")),
    "half as long: 200 + 100 ms": Setup(phases=replace(PHASES, free=200, nudged=100)),
    "twice as long: 800 + 400 ms": Setup(phases=replace(PHASES, free=800, nudged=400)),
    "rate filter 150 ms": Setup(neuron=replace(NEURON, rate=150)),
    "rate filter 20 ms": Setup(neuron=replace(NEURON, rate=20)),
    "synaptic filter 5 ms": Setup(neuron=replace(NEURON, synapse=5)),
    "rate filter begins anew with each phase": Setup(restarted=True),
    "u0 near the threshold (margin 0.1)": Setup(neuron=replace(NEURON, margin=0.1)),
    "steep f–I curve: τ = 20 ms": Setup(neuron=replace(NEURON, membrane=20)),
    "slow neurons: Δ = 10 ms, 15 ms for a rate of 1": Setup(neuron=replace(NEURON, refractory=10, period=15)),
    "reset to a value": Setup(neuron=replace(NEURON, reset="value")),
    "all begin at the reset potential": Setup(neuron=replace(NEURON, start="rest")),
    "η stays": Setup(lessons=Lessons(samples=3000, checks=3, falling=False)),
    "feedback fixed": Setup(feedback="fixed"),
    "feedback the transpose": Setup(feedback="tied"),
    "η half": Setup(rate=0.005),
}


# From the first sketch to what was chosen, one measure after the other, with a rate that the sketch survives.
_SKETCH = TwoCompartmentLIF(
    membrane=20, synapse=20, rate=150, refractory=10, period=15, margin=0.1, reset="value", start="rest"
)
_LONG = PhasesSpec(free=500, nudged=300, reference="before")
_SLOW = Setup(neuron=_SKETCH, phases=_LONG, feedback="tied", rate=0.003)
_PARALLEL = replace(_SLOW, phases=replace(_LONG, reference="parallel"))
_MARGIN = replace(_PARALLEL, neuron=replace(_SKETCH, margin=1))
_STRAIGHT = replace(_MARGIN, neuron=replace(NEURON, rate=150, reset="value", start="rest"))
_CARRIED = replace(_STRAIGHT, neuron=replace(NEURON, rate=150))
_SHORT = replace(_CARRIED, neuron=NEURON, phases=PHASES)
STEPS: dict[str, Setup] = {
    "sketch, η = 0.003": _SLOW,
    "+ free run of equal length": _PARALLEL,
    "+ margin 1 instead of 0.1": _MARGIN,
    "+ straight f–I curve, 6 ms for a rate of 1": _STRAIGHT,
    "+ overshoot carried, potentials spread": _CARRIED,
    "+ rate filter 60 ms, 400 + 200 ms": _SHORT,
    "+ feedback of its own": replace(_SHORT, feedback="learned"),
    "+ η = 0.01": replace(_SHORT, feedback="learned", rate=0.01),
}


def substrate_of(setup: Setup, seed: int) -> DigitalSubstrate:
    """Return cores for it, without weights; the seed is also that of their mismatch."""
    image = compile_network(
        setup.network(),
        read_chip(CHIP),
        precision="float32",
        state_words=setup.neuron.state_words,
        trace_words=setup.neuron.trace_words,
    )
    mismatch = SynapseMismatch(deviation=setup.deviation, seed=seed) if setup.deviation else None
    return DigitalSubstrate(
        image, TwoCompartments(setup.neuron, setup.restarted), traced=True, mismatch=mismatch, seed=seed
    )


def drawn_for(setup: Setup, seed: int) -> Parameters:
    """Return the first weights and biases."""
    drawn, draws = glorot(setup.network(), seed), stream(seed, "biases")
    first = setup.neuron.margin + draws.uniform(-0.3, 0.7, setup.hidden)
    return Parameters(
        (2.0 * drawn.weights[0], *drawn.weights[1:]),
        drawn.feedback,
        (*((first,) if setup.hidden else ()), np.full(2 * UNITS, setup.neuron.margin + 0.3)),
    )


class FixedFeedback(ContrastiveHebbian):
    """The rule with feedback that stays as it was drawn."""

    feedback_learns = False


def rule_of(setup: Setup) -> LearningRule:
    """Return the rule, for its network; cores learn from the rates that they make of spikes by themselves."""
    made: type[LearningRule] = ContrastiveHebbian if setup.rule == "contrastive Hebbian" else DeltaRule
    if setup.feedback == "fixed":
        made = FixedFeedback
    rates = [setup.rate] * len(setup.network().forward)
    if setup.frozen:
        rates[0] = 0.0
    learning = LearningSpec(rates=tuple(rates), beta=1.0, pre="trace", epochs=1)
    return made(setup.network(), learning, setup.phases)


def train(setup: Setup, seed: int) -> tuple[DigitalSubstrate, Learned]:
    """Train one network on cores of its own."""
    substrate, rule = substrate_of(setup, seed), rule_of(setup)
    rule.check(substrate)
    substrate.load(drawn_for(setup, seed))
    return substrate, learn(substrate, rule, setup.lessons, seed=seed, units=UNITS)


def trained(setup: Setup, seed: int) -> tuple[Learned, dict[str, float]]:
    """Train one network; with it comes what a training sample came to."""
    substrate, learned = train(setup, seed)
    return learned, spent_by(substrate, setup.neuron)


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
    substrate = substrate_of(setup, seed)
    substrate.load(parameters)
    test = points(seed, "test", count)
    return mean_error(answers(substrate, test, setup.phases.free + setup.phases.nudged, UNITS), test)
