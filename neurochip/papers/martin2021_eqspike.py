"""Weights that change with every spike, by how fast the activity behind them changes (EqSpike; Martin et al. 2021).

A spiking network learns MNIST to 97.6 % by equilibrium propagation, similar to networks of rates; nothing is stored
between phases, and updates look like STDP. Here: ``learning.rule = "eqspike"`` on emulated cores, [784-100-10],
feedback with weights of its own, and nothing but spikes crosses.

Of the paper we have the abstract, so all constants are of the catalogue or chosen on held-out training digits
(docs/results/papers.md). Neurons settle and send sigma-delta bits; of neurons that integrate and fire the rule learns
here only against a free run of the same length (``phases.reference = "parallel"``).

Quick: 2000 + 1000 embedded digits, 6 epochs. Full: all of MNIST, 12 epochs of shorter phases. All spikes of five ticks
share the change of these; that each brings the change of its own tick is run once beside it, and takes three times as
long.
"""

from __future__ import annotations

import numpy as np

from neurochip.papers.curves import said
from neurochip.papers.experiment import Bound, Claim, Experiment, Finding, Outcome, Settings, Tell
from neurochip.papers.spike_partners import NEAREST, like_stdp, updates_by_time
from neurochip.papers.trainings import Series, last_test, learning_chart, series_of, trained
from neurochip.report.figures import Chart, Curve

__all__ = ["EXPERIMENT"]

_BITS = (
    "network.layers=[784, 100, 10]", "network.tied=false", "learning.pre=trace", "learning.trace=count",
    "record.presentations=0", "evaluation.diagnosed=0",
)  # fmt: skip
_SMALL = (*_BITS, "learning.epochs=6")
_LARGE = (
    *_BITS, "phases.free=60", "phases.nudged=30", "coding.decoder.lambda=0.3", "coding.annealer.nu_bar=0.2",
    "learning.beta_sign=fixed", "learning.rates=[0.2, 0.1]", "learning.decay=0.85", "learning.epochs=12",
)  # fmt: skip
_EACH, _FIVE = (f"learning.own.window={ticks}" for ticks in (1, 5))
_RULE, _FROZEN = "learning.rule=eqspike", "learning.rates=[0.0, 0.1]"
NAMES = ("EqSpike", "two phases compared", "EqSpike, hidden layer frozen", "EqSpike, spike by spike")


def _plan(run: str, words: tuple[str, ...], seeds: int) -> tuple[Series, ...]:
    kinds = ((_RULE, _FIVE), (), (_RULE, _FIVE, _FROZEN), (_RULE, _EACH))
    times = ((seeds, 1.3), (seeds, 0.6), (1, 1.3), (1, 3.8))
    return tuple(
        Series(name, run, (*words, *own), count, share)
        for name, own, (count, share) in zip(NAMES, kinds, times, strict=True)
    )


QUICK, FULL = _plan("mnist-small", _SMALL, 3), _plan("mnist", _LARGE, 3)
PAIRED = 1000  # digits whose spikes are paired


def run(settings: Settings, tell: Tell) -> Outcome:
    """Train by either rule and with the hidden layer frozen, and pair the spikes of some digits."""
    plan = QUICK if settings.quick else FULL
    curves = trained(plan, settings, lambda share, doing: tell(0.95 * share, doing))
    spikes, phases, frozen, single = (last_test(curves)[series.name] for series in plan)
    pairing = (*QUICK[0].overrides, _EACH, f"seed={settings.seed}")
    own, others = settings.kept(
        "pairs",
        lambda: updates_by_time(
            "mnist-small", pairing, PAIRED, lambda share, doing: tell(0.95 + 0.05 * share, doing)
        ),
    )
    digits = "1000 test digits after 2000 training digits" if settings.quick else "the official test set"
    findings = (
        Finding(
            "level",
            float(spikes.mean()),
            float(frozen.mean()),
            f"{said(spikes)} % on {digits}; spike by spike {said(single)} %",
        ),
        Finding(
            "similar",
            float(spikes.mean() - phases.mean()),
            float(frozen.mean() - phases.mean()),
            f"two stored phases compared, the same network, spikes and digits: {said(phases)} %",
        ),
        Finding("stdp", like_stdp(own), like_stdp(others), f"{PAIRED} digits before learning, synapses to the output"),
    )  # fmt: skip
    times = np.arange(-NEAREST, NEAREST + 1)
    return Outcome(
        findings,
        (
            learning_chart("[784, 100, 10] of spikes", plan, curves),
            Chart(
                "Updates by spike times", "t_post − t_pre (ticks)", "mean change (a. u.)",
                [Curve("output spikes", times, own, 0), Curve("of another digit", times, others, 1, "dashed")],
            ),
        ),
        seeds=plan[0].seeds,
        settings={series.name: " ".join((series.run, *series.overrides)) for series in plan},
        series={**series_of(curves), "by time": own, "by time, other digits": others},
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="martin2021-eqspike",
    paper="Martin et al. 2021",
    figure="abstract",
    about="weights change with every spike, by how fast the activity behind them changes",
    claims=(
        Claim(
            "level",
            "A spiking network learns MNIST to 97.6 % by spike-driven equilibrium propagation.",
            "last test error in percent, mean over seeds",
            Bound(high=2.4),
            control="the hidden layer frozen",
            quick=Bound(high=10.0),
        ),
        Claim(
            "similar",
            "That is similar to equilibrium propagation with rates.",
            "last test error less that of the rule that compares two stored phases, in percentage points",
            Bound(high=1.0),
            control="the hidden layer frozen, less the same",
        ),
        Claim(
            "stdp",
            "Updates exhibit a form of spike-timing-dependent plasticity.",
            "share of time differences up to 15 ticks at which the mean update has the sign of STDP",
            Bound(low=0.95),
            control="the output spikes of another digit",
        ),
    ),
    seconds=(60, 5000),
    run=run,
    in_jobs=True,
)
