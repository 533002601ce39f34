"""Equilibrium propagation learns of sequences what a modern Hopfield network reads out (Bal & Sengupta 2023).

Equilibrium propagation wants an input that stands still. A sequence is therefore held whole, a modern Hopfield network
attends to it, and a network that settles learns from what is retrieved: sentiments (IMDB) and inferences (SNLI) by
reading of words in their order (arXiv 2209.09626, IJCAI 2023). We have the abstract and the authors' published code,
and neither of the two sets of texts, nor the word vectors. Here a task that order alone decides: `two-orders`, in which
every sequence holds the same twelve symbols. Each symbol is a query, likened to the symbols at all places, and what is
retrieved is the place, 0 at the first and 1 at the last: as many inputs as symbols, however long the sequence.

**Not served: attention that settles together with the network.** In the authors' code a layer of 600 × 300 values is
softmax(q Xᵀ) X anew in each step, with a query q that feedback reaches. A sample's own sequence X would be the weights
of the neurons, 180 000 words told for each review, and the softmax needs all places at once; no core, die or ideal
neuron is one. So the host retrieves once, before the sample is shown, with queries that are not learnt; from there on
nothing but bits crosses.

Both forms: 2000 + 1000 sequences, 32 hidden neurons, 15 epochs; two seeds, in full ten.

Held against: the order of each sequence dealt anew; attention to all places alike (β = 0), which is a bag of symbols;
training labels dealt anew; the hidden layer frozen; and the sequence laid out place by place, 96 inputs.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import numpy as np

from neurochip.data import Dataset, from_arrays, hopfield_readout
from neurochip.data.two_orders import LENGTH, SYMBOLS, two_orders
from neurochip.papers.curves import said, signed
from neurochip.papers.experiment import Bound, Claim, Experiment, Finding, Outcome, Settings, Tell
from neurochip.papers.trainings import Series, last_test, learning_chart, series_of, trained
from neurochip.training.streams import stream

__all__ = ["EXPERIMENT", "sequences"]

BETA = 8.0
TRAIN, TEST = 2000, 1000
_COMMON = (
    "network.layers=[0, 32, 0]", "record.presentations=0", "evaluation.diagnosed=0", "evaluation.train=0",
)  # fmt: skip
_WORDS = (
    *_COMMON, "phases.free=60", "phases.nudged=30", "phases.reference=opposite", "learning.rates=[0.4, 0.2]",
    "learning.decay=0.8", "learning.epochs=15",
)  # fmt: skip
# Chosen for itself: what serves eight values is slow here.
_LAID_OUT = (
    *_COMMON, "data.set=two-orders", "learning.rates=[0.4, 0.2]", "learning.minibatch=10", "learning.epochs=15",
)  # fmt: skip
_FROZEN = "learning.rates=[0.0, 0.2]"
NAMES = (
    "attended to", "place by place", "hidden layer frozen", "order dealt anew", "all places alike", "labels dealt anew",
)  # fmt: skip


def sequences(seed: int, *, beta: float = BETA, deal: Literal["order", "labels"] | None = None) -> Dataset:
    """Return the places that each symbol retrieves from each sequence, f32[sample, symbol].

    With ``deal`` the symbols of each sequence are put in another order, or the training labels given to other samples.
    """
    one_hot, places = np.eye(len(SYMBOLS)), np.linspace(0, 1, LENGTH)[:, None]
    draws, parts = stream(seed, "dealt anew"), []
    for first, count in ((0, TRAIN), (TRAIN, TEST)):
        rows, labels = two_orders(first, count)
        if deal == "order":
            rows = draws.permuted(rows, axis=1)
        if deal == "labels" and first == 0:
            labels = draws.permutation(labels)
        parts.append((hopfield_readout(one_hot[rows], one_hot, places, beta=beta), labels))
    return from_arrays(*parts[0], test=parts[1], scaling="none", name="two-orders, attended to")


def _plan(seeds: int) -> tuple[Series, ...]:
    def series(name: str, *words: str, times: int = 1, **how: Any) -> Series:
        return Series(name, "tabular", (*_WORDS, *words), times, samples=partial(sequences, **how))

    return (
        series(NAMES[0], times=seeds),
        Series(NAMES[1], "tabular", _LAID_OUT, seeds),
        series(NAMES[2], _FROZEN),
        series(NAMES[3], deal="order"),
        series(NAMES[4], beta=0.0),
        series(NAMES[5], deal="labels"),
    )


QUICK, FULL = _plan(2), _plan(10)


def run(settings: Settings, tell: Tell) -> Outcome:
    """Train on what is attended to, on sequences laid out, and where order, labels or credit are taken away."""
    plan = QUICK if settings.quick else FULL
    curves = trained(plan, settings, tell)
    read, laid, frozen, order, alike, labels = (last_test(curves)[series.name] for series in plan)
    return Outcome(
        (
            Finding(
                "order",
                float(read.mean()),
                float(order.mean()),
                f"{said(read)} % of 1000 sequences; all places alike (β = 0), a bag of symbols: {said(alike)} %",
            ),
            Finding(
                "attends",
                float(read.mean() - laid.mean()),
                float(alike.mean() - laid.mean()),
                f"place by place, 96 inputs: {said(laid)} %; seed by seed {signed(read - laid)}",
            ),
            Finding(
                "credit",
                float(read.mean() - frozen.mean()),
                float(labels.mean() - frozen.mean()),
                f"hidden layer frozen {said(frozen)} %; training labels dealt anew {said(labels)} %",
            ),
        ),
        (learning_chart("two-orders, 32 hidden neurons, bits", plan, curves),),
        seeds=plan[0].seeds,
        settings={series.name: " ".join((series.run, *series.overrides)) for series in plan},
        series=series_of(curves),
        notes=(
            "Attention is computed once by the host; that it settles together with the network is not served.",
        ),
    )


EXPERIMENT = Experiment(
    name="bal2023-sequences",
    paper="Bal & Sengupta 2023",
    figure="abstract",
    about="what a modern Hopfield network reads out of a sequence is learnt by a network that settles",
    claims=(
        Claim(
            "order",
            "Equilibrium propagation learns classes of sequences, here such as order alone tells.",
            "last test error in percent, mean over seeds",
            Bound(high=5.0),
            control="the order of each sequence dealt anew",
        ),
        Claim(
            "attends",
            "Attention by a modern Hopfield network extends what it can learn.",
            "last test error less that of the same network given the sequence place by place, in percentage points",
            Bound(high=-5.0),
            control="attention to all places alike (β = 0), less the same",
        ),
        Claim(
            "credit",
            "It does so by what the settled states of all layers say, the hidden one too.",
            "last test error less that with the hidden layer frozen, in percentage points",
            Bound(high=-10.0),
            control="training labels dealt anew, less the same",
        ),
    ),
    seconds=(60, 180),
    run=run,
    in_jobs=True,
)
