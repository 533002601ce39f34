"""Pairs of Iris flowers by association and by back-propagation, and from spikes (*STDP in ANN*, Figs 2 and 3, eq. 1).

4-32-16-1 sigmoid networks, Adam 1e-3, batches of 40. Of the 100 flowers of a pair 80 are learnt and 20 kept for the
test, drawn anew for each seed (the paper has 120 of all 150).

Left open by the paper and chosen here: each measurement scaled to [0, 1] over all flowers; weights by Glorot; biases
learnt like weights from an input of 1; the mean over a batch; 300 epochs (quick) or 1000. Five ways to train:

* back-propagation of binary cross-entropy;
* the rule as printed: ε = 1e-9, biases start at 0;
* ε = 0.01;
* ε = 0.01 and every layer starting below the one before it: biases at −1, 0, −2 (the "low start");
* the same with plain steps of 0.1 ΔW instead of Adam.

Why: for Z = +1 the rule pulls p towards x, for Z = −1 it pushes p away from x. A class with Z = −1 is pushed down
only where p < x; where p > x it is pushed up, past the other class, and the network learns the answer the wrong way
round (the ranking of training samples was then perfectly reversed). On digits the inputs that count are near 1, so
p < x holds by itself; here it does not. ε keeps the pole x = 2p finite, and Adam makes every step equally large
whatever the rule says. This recipe was found by accuracy on these flowers with three to six seeds, among ε = 1e-9,
1e-4, 0.01, 0.03, 0.1, 0.5, 1, a limit on single changes (1, 0.1, 0.05), Glorot and fan-in starts, both signs of the
rule, associations in balance or not, and eleven sets of starting biases; so its figures are flattered.

The same rule also runs on the emulated cores: 4-12-1 hard-sigmoid neurons, s = clip(Wx + b), feedback 0, x and p
decoded from the spikes by each core's own trace, beside real-valued neurons of the same kind; plain steps of 0.025,
ε = 0.1, hidden neurons starting at ⅜ and the output at ¼, 90 epochs. A hard sigmoid at 0 learns nothing any more,
since the rule has the factor p; with two hidden layers, or an output starting at 0, none of about fifty settings
tried learnt with every seed, with real numbers either. They are judged by what back-propagation reaches: that spikes
do as well as real numbers says little where both learn little.

Controls have a third of the seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurochip import data
from neurochip.data.uci import iris
from neurochip.description import read_run
from neurochip.learning.associations import Associations, balanced_associations
from neurochip.learning.associative import AssociativeRule, layer_change, stdp_window
from neurochip.papers.associative_networks import (
    HIDDEN,
    LOW,
    STRENGTHS,
    Recipe,
    Samples,
    claims_of_five_ways,
    compare_ways,
    in_percent,
    pair_charts,
    pair_of,
    shortfalls,
)
from neurochip.papers.experiment import Bound, Claim, Experiment, Finding, Outcome, Settings, Tell
from neurochip.papers.side_by_side import Turn, by_name
from neurochip.report.figures import Chart, Curve
from neurochip.runs.building import build
from neurochip.substrate import Observable, Parameters, Phase
from neurochip.training.streams import stream

__all__ = ["EXPERIMENT", "train_on_substrate"]

Array = NDArray[np.float64]

PAIRS = ((0, 1), (0, 2), (1, 2))
TRAINED, NEURONS = 80, 12
_FOUR = (
    f"network.layers=[4, {NEURONS}, 1]", "network.tied=false", "phases.free=60", "learning.rule=associative",
    "learning.rates=0.025",
)  # fmt: skip
_IDEAL, _CORES = ("substrate=ideal",), ("chip=ideal-bits", "learning.pre=trace")
_FROZEN = "learning.rates=[0.0, 0.025]"
EVERY = 5
PRE_TIME = 2.0  # T_pre at which the window is measured and drawn; half as late is the fastest rate, 1


def _samples(pair: tuple[int, int], seed: int) -> Samples:
    flowers = iris()
    x, y = pair_of(flowers.inputs, flowers.labels, pair)
    order = stream(seed, "flowers", *pair).permutation(len(y))
    first, rest = order[:TRAINED], order[TRAINED:]
    return Samples(x[first], y[first], x[rest], y[rest])


def asymmetry(change: Callable[[Array], Array], pre_time: float) -> float:
    """Return the largest change at 0 < ΔT ≤ T_pre / 2 over the largest size at −T_pre / 2 ≤ ΔT < 0, off both poles."""
    after = np.linspace(0, pre_time / 2, 101)[1:]
    return float(np.abs(change(after)).max() / np.abs(change(-after)).max())


def window_of_rule(difference: Array) -> Array:
    """Return what the rule changes where T_pre = `PRE_TIME` and T_post is later by ``difference``; Z = +1."""
    late = 1 / (PRE_TIME + difference)
    return np.array(
        [layer_change(np.full((1, 1), 1 / PRE_TIME), np.full((1, 1), p), np.ones((1, 1)))[0, 0] for p in late]
    )


def rejected_window(difference: Array) -> Array:
    """Return eq. 5, ΔT / (T_pre² (T_pre + ΔT)²), "opposite to what it is observed in biological neuron"."""
    return np.asarray(difference / (PRE_TIME**2 * (PRE_TIME + difference) ** 2))


def train_on_substrate(words: tuple[str, ...], samples: Samples, seed: int, epochs: int) -> float:
    """Train 4-12-1 hard-sigmoid neurons on a substrate, and return the test accuracy.

    ``words`` are set over the run `stripes`.
    """
    shown = data.from_arrays(
        samples.train_x, samples.train_y.astype(float), test=(samples.test_x, samples.test_y.astype(float))
    )
    run = read_run("stripes", [*_FOUR, *words], samples=shown)
    if run.learning is None:
        raise RuntimeError("a training run has a rule")
    draws = stream(seed, "network")
    shapes = ((4, NEURONS), (NEURONS, 1))
    weights = tuple(draws.uniform(-1, 1, shape) * np.sqrt(6 / sum(shape)) / 4 for shape in shapes)
    signs = balanced_associations(NEURONS, draws)
    built, associations = build(run, threads=1), Associations((NEURONS, 1), (signs, np.ones(1)))
    substrate, rule = (
        built.substrate,
        AssociativeRule(built.network, run.learning, run.phases, associations),
    )
    rule.check(substrate)
    biases = (np.full(NEURONS, 0.375), np.full(1, 0.25))
    substrate.load(Parameters(weights, (np.zeros((1, NEURONS)),), biases))
    order = stream(seed, "order")
    presented = 0
    for _ in range(epochs):
        shuffled = order.permutation(len(samples.train_y))
        for first in range(0, len(shuffled), 20):
            chosen = shuffled[first : first + 20]
            numbers = np.arange(presented, presented + len(chosen), dtype=np.uint64)
            presented += len(chosen)
            substrate.begin(samples.train_x[chosen], numbers)
            presented_to = rule.present(substrate, samples.train_y[chosen][:, None].astype(np.float64), 0.5)
            substrate.write_weights(presented_to.updates, presented_to.biases)
    substrate.begin(samples.test_x, np.arange(len(samples.test_y), dtype=np.uint64) + np.uint64(2**40))
    substrate.run(Phase.EVALUATION, run.phases.free)
    return float(np.mean((substrate.observe(Observable.VALUE, 2)[:, 0] > 0.5) == samples.test_y))


def run(settings: Settings, tell: Tell) -> Outcome:
    """Train all pairs all ways, attack them, then learn from spikes."""
    seeds = [settings.seed + k for k in range(10 if settings.quick else 30)]
    epochs = 300 if settings.quick else 1000
    printed = Recipe(batch=40, epochs=epochs, every=EVERY)
    ways = compare_ways(
        printed, PAIRS, seeds, _samples, settings, lambda share, doing: tell(0.6 * share, doing)
    )
    pairs = {f"{a}-{b}": (a, b) for a, b in PAIRS}

    def on_substrates(name: str, seed: int, turn: Turn, folder: Path) -> list[float]:
        samples = _samples(pairs[name.rpartition(" ")[2]], seed)
        ways = ((*_CORES, _FROZEN),) if "frozen" in name else (_IDEAL, _CORES)
        return [train_on_substrate(words, samples, seed, 90) for words in ways]

    named = [(f"spikes, pair {pair}", 2.0, seeds[:10]) for pair in pairs]
    named += [(f"spikes, frozen, pair {pair}", 1.0, seeds[:3]) for pair in pairs]
    found = by_name(named, on_substrates, settings, lambda share, doing: tell(0.6 + 0.4 * share, doing))
    spiking = np.array([found[f"spikes, pair {pair}"] for pair in pairs]).transpose(2, 0, 1)
    still = np.array([found[f"spikes, frozen, pair {pair}"] for pair in pairs])[..., 0]
    backprop, under = ways.found.last()[0], ways.found.attacked
    on_cores = shortfalls(spiking[1:], backprop[:, :10])[0]
    on_cores_frozen = shortfalls(still[None], backprop[:, : still.shape[1]])[0]
    better = under[3:].mean(axis=2) > under[0].mean(axis=1)
    findings = (
        *ways.findings(
            f"low start with plain steps {int(better[1].sum())}, with Adam {int(better[0].sum())} of {better[0].size} "
            f"cases (pairs × {len(STRENGTHS)} strengths); accuracy at 12/255, back-propagation "
            f"{', '.join(in_percent(v) for v in under[0, :, :, -1])}, plain "
            f"{', '.join(in_percent(v) for v in under[4, :, :, -1])} %"
        ),
        Finding(
            "window",
            asymmetry(window_of_rule, PRE_TIME),
            asymmetry(rejected_window, PRE_TIME),
            "but the change is largest where T_post = 2 T_pre, a pole, not where the spikes are close",
        ),
        Finding(
            "spikes",
            float(on_cores.max()),
            float(on_cores_frozen.max()),
            "; ".join(
                f"{a}-{b}: real {in_percent(spiking[0, p])}, spikes {in_percent(spiking[1, p])} %"
                for p, (a, b) in enumerate(PAIRS)
            ) + ", 10 seeds",
        ),
    )  # fmt: skip
    differences = np.linspace(-4, 4, 400)
    charts = [
        *pair_charts(ways, EVERY),
        Chart(
            "Window of the rule (Fig. 4)", f"T_post − T_pre, T_pre = {PRE_TIME:g}", "weight change",
            [
                Curve("ΔT / (T_pre² (T_pre − ΔT)²), eq. 6", differences,
                      np.clip(stdp_window(differences, PRE_TIME), -3, 3), 4),
                Curve("ΔT / (T_pre² (T_pre + ΔT)²), eq. 5", differences,
                      np.clip(rejected_window(differences), -3, 3), 9, "dashed"),
            ],
            levels=[(0.0, "")], marks=[(PRE_TIME, "pole"), (-PRE_TIME, "pole")], caption="Cut at ± 3.",
        ),
    ]  # fmt: skip
    return Outcome(
        findings,
        charts,
        seeds=len(seeds),
        settings={"layers": (4, *HIDDEN, 1), "rate": 1e-3, "low start": LOW, "ticks": 60, "epochs": epochs},
        series={**ways.series(), "spikes": spiking, "spikes_frozen": still},
        columns=3,
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="associative-iris",
    paper="STDP in ANN",
    figure="Figs 2 and 3, eq. 1",
    about="pairs of Iris flowers learnt by fixed associations, beside back-propagation, attacked, and from spikes",
    claims=(
        *claims_of_five_ways(Bound(high=5.0), "the same with ε as printed and biases from 0"),
        Claim(
            "window",
            "The rule is the STDP curve with the asymmetry of biology: the peak at positive ΔT is the higher one.",
            "largest change at ΔT up to half of T_pre over the largest at as much before it",
            Bound(low=1.0),
            control="eq. 5, the form that the paper rejects",
        ),
        Claim(
            "spikes",
            "Values at both ends of a synapse are all it needs: decoded from spikes, they do as well.",
            "test accuracy of back-propagation less that from spikes on the emulated cores, the worst pair, in points",
            Bound(high=5.0),
            control="the hidden layer frozen",
        ),
    ),
    seconds=(115, 480),
    run=run,
)
