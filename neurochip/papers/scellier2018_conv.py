"""A convolutional network with feedback kernels of its own learns digits (Scellier et al. 2018, Table 2).

Two convolutions, 5 × 5 at stride 1 with 32 and 64 maps, trained on MNIST by the two-phase rule of general dynamics:
"around 2 %" generalisation error. Neurons are μ = −h + W∗ρ(h below) + B∗ρ(h above) + b, with forward kernels W and
feedback kernels B that learn each on its own: the same substrate and rule as for dense layers, only that a weight's
change is the sum over all its positions.

Left open by the paper and chosen here:

- Between the convolutions a mean over 2 × 2 neurons: the 41 million multiply–adds of an Euler step, forward and back,
  become 7. It is linear, so that μ stays what it is. No padding. The output layer is dense and sees all of the upper
  maps: with means of those as well learning was half as fast.
- ρ clips to [0, 1] in the output as elsewhere, as the hard sigmoid of the paper's other networks; a rectifier without
  an upper end, which the table names, is run beside it.
- Nudged both ways (centred): with one nudge all outputs were at 0 for good within an epoch. Minibatches of 4, since
  the time goes into samples and the rate is limited by the update. Rates fall with the weights that a neuron sees.
- Forward weights uniform in ±√(6/n_in), feedback half of Glorot & Bengio: theirs, which the paper names, counts the
  576 × 32 neurons that a single map feeds, and learns more slowly at first (22 instead of 17 % after three epochs of
  1000 digits), though its kernels align sooner.

Only the `ideal` substrate can serve it: a core, and a die, has a weight of its own for every synapse, and refuses a
kernel that is shared. Written out it would have 26 million synapses between the maps, and the compiler, which lays
out every pair of neurons, refuses that too: "input axons: 4 880 needed, 4 096 present (one neuron of population
hidden1 on cmos45)".

Quick: 8 and 16 maps on 2000 embedded digits, 4 epochs, three seeds, beside a dense [784-128-10]. Full: 32 and 64 maps
on all of MNIST, 3 epochs, one seed, beside a dense [784-512-512-10]; the rectifier stays small.

Controls are of the first seed.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from neurochip.network import layered
from neurochip.papers.alignment import Learnt
from neurochip.papers.convolutional_networks import Plan, agreement, table2, train
from neurochip.papers.curves import alignment_charts, said, signed
from neurochip.papers.experiment import Bound, Claim, Experiment, Finding, Outcome, Settings, Tell
from neurochip.papers.side_by_side import by_name

__all__ = ["EXPERIMENT", "plans", "rectifying"]

BETAS = (1e-3, 0.5)
QUICK_SEEDS, FULL_SEEDS = 3, 1


_CONV = ("learning.minibatch=4", "phases.free=16", "phases.nudged=6", "phases.reference=opposite")
_SMALL_DENSE = ("phases.free=20", "phases.nudged=8", "learning.rates=[0.2, 0.05]", "learning.epochs=4")
_LARGE = ("data.set=mnist", "learning.epochs=3")
_LARGE_DENSE = (
    "phases.free=50", "phases.nudged=10", "phases.reference=opposite", "learning.rates=[0.2, 0.1, 0.02]",
)  # fmt: skip


def plans(quick: bool) -> tuple[Plan, Plan]:
    """Return how the convolutional and the dense network are trained."""
    if quick:
        words = (*_CONV, "learning.rates=[0.02, 0.02, 0.02]", "learning.epochs=4")
        dense = Plan("dense", layered((784, 128, 10), tied=False), _SMALL_DENSE, share=0.2)
        return Plan("convolutional", table2((8, 16)), words), dense
    conv = Plan("convolutional", table2((32, 64)), (*_LARGE, *_CONV, "learning.rates=[0.02, 0.008, 0.005]"))
    dense = Plan("dense", layered((784, 512, 512, 10), tied=False), (*_LARGE, *_LARGE_DENSE), share=0.1)
    return conv, dense


def rectifying() -> Plan:
    """Return how the small network is trained with neurons that have no upper end."""
    return replace(plans(quick=True)[0], name="convolutional with a rectifier", bound=math.inf)


def held_against(conv: Plan, quick: bool) -> tuple[Plan, Plan]:
    """Return the convolutional network with kernels that do not learn, and on digits that have no neighbourhoods."""
    frozen = f"learning.rates=[0.0, 0.0, {0.02 if quick else 0.005}]"
    return (
        replace(conv, name="kernels frozen", words=(*conv.words, frozen)),
        replace(conv, name="pixels in a random order", scattered=True),
    )


def run(settings: Settings, tell: Tell) -> Outcome:
    """Train the networks, and compare the first change of the convolutional one with the gradient."""
    seeds = [settings.seed + k for k in range(QUICK_SEEDS if settings.quick else FULL_SEEDS)]
    conv, dense = plans(settings.quick)
    frozen, scattered = held_against(conv, settings.quick)
    trained = {plan: seeds for plan in (conv, dense)} | dict.fromkeys((frozen, scattered), seeds[:1])
    if not settings.quick:  # what a rectifier does is the paper's word, and no claim of its own
        trained[replace(rectifying(), share=0.03)] = seeds[:1]
    named = {plan.name: plan for plan in trained}
    found = by_name(
        [(plan.name, plan.share, of) for plan, of in trained.items()],
        lambda name, seed, turn, folder: train(named[name], seed, turn, folder),
        settings,
        lambda share, doing: tell(0.95 * share, doing),
    )
    by_plan = {name: [Learnt(*r) for r in runs] for name, runs in found.items()}
    n = len(seeds)
    cosines = np.array([agreement(seed, BETAS) for seed in seeds])
    tell(1.0, "gradient")
    last = {name: 100 * np.array([r.test[-1] for r in runs]) for name, runs in by_plan.items()}
    online = {name: 100 * np.array([r.online[-1] for r in runs]) for name, runs in by_plan.items()}
    aligned = np.array([r.alignment for r in by_plan[conv.name]]).mean(axis=0)
    findings = (
        Finding(
            "optimises",
            float(online[conv.name][0] / online[frozen.name][0]),
            float(online[scattered.name][0] / online[frozen.name][0]),
            f"wrong in the free phases of the last epoch: {said(online[conv.name])} %, kernels frozen "
            f"{said(online[frozen.name])} %, pixels in a random order {said(online[scattered.name])} %",
        ),
        Finding(
            "generalises",
            float(last[conv.name].mean()),
            float(last[frozen.name].mean()),
            f"test error {said(last[conv.name])} % from {'2000' if settings.quick else 'all'} digits after "
            f"{aligned.shape[0] - 1} epochs"
            + ("" if settings.quick else f"; the small network with a rectifier {said(last[rectifying().name])} %"),
        ),
        Finding(
            "aligns",
            float(aligned[-1].min()),
            float(aligned[0].max()),
            f"means of {n}, layers 1–2 and 2–3: before learning {signed(aligned[0])}, after {signed(aligned[-1])}",
        ),
        Finding(
            "gradient",
            float(cosines[:, 0].min()),
            float(cosines[:, 1].min()),
            f"β = ±{BETAS[0]:g}, kernels of each layer, lowest of {n}: {signed(cosines[:, 0].min(axis=0))}; at the "
            f"β = ±{BETAS[1]:g} of learning {signed(cosines[:, 1].min(axis=0))}",
        ),
        Finding(
            "gains",
            float(last[conv.name].mean() - last[dense.name].mean()),
            float(last[scattered.name].mean() - last[dense.name].mean()),
            f"dense {said(last[dense.name])} %, convolutional {said(last[conv.name])} %, on the same digits for as "
            f"many epochs; seed by seed {signed(last[conv.name] - last[dense.name])}; pixels in a random order "
            f"{said(last[scattered.name])} %",
        ),
    )  # fmt: skip
    return Outcome(
        findings,
        alignment_charts(
            ("Learning", "Alignment of feedback with forward kernels"), by_plan, "online",
            "The rectifier has 8 and 16 maps and 2000 digits in both forms.",
        ),
        seeds=n,
        settings={plan.name: " ".join((str(plan.network.sizes), *plan.words)) for plan in (conv, dense)},
        series={
            name: {key: [getattr(r, key) for r in runs] for key in ("online", "test", "alignment")}
            for name, runs in by_plan.items()
        },
        notes=(
            "Left open by the paper and chosen here: means of 2 × 2 between the convolutions, no padding, a dense "
            "output layer, neurons that clip to [0, 1].",
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="scellier2018-conv",
    paper="Scellier et al. 2018",
    figure="Table 2",
    about="a convolutional network with feedback kernels of its own learns digits",
    claims=(
        Claim(
            "optimises",
            "The objective is optimised in the kernels too, though the gradient is never computed.",
            "training error of the last epoch over that with frozen kernels, first seed",
            Bound(high=0.6),
            control="digits whose pixels were put in one random order",
        ),
        Claim(
            "generalises",
            "The convolutional network has around 2 % generalisation error.",
            "test error in percent",
            Bound(high=2.5),
            control="kernels frozen",
        ),
        Claim(
            "aligns",
            "Feedback and forward weights come to be aligned by learning.",
            "lowest cosine of feedback kernels and their transposed forward ones after learning, mean over seeds",
            Bound(low=0.05),
            control="the highest before learning",
        ),
        Claim(
            "gradient",
            "With symmetric weights the two phases give the gradient of the objective.",
            "lowest cosine of the change of a layer's kernels with −∂J/∂W by finite differences, before learning",
            Bound(low=0.99),
            control=f"the nudge of learning, ±{BETAS[1]:g}, in the place of ±{BETAS[0]:g}",
        ),
        Claim(
            "gains",
            "Convolutions generalise at least as well as dense layers (around 2 against 2 to 3 %).",
            "test error less that of a dense network of the same rule on the same digits, in points",
            Bound(high=0.0),
            control="digits whose pixels were put in one random order",
        ),
    ),
    seconds=(110, 4200),
    run=run,
    in_jobs=True,
)
