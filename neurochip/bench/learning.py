"""Whole training steps: settling, the rule, and the weights written.

Equilibrium propagation: a minibatch of 20 of [784-500-10] untied on ``cmos45``, one thread. Two-compartment LIF
neurons: one sample of the two-joint arm, 40-300-40, 1000 ticks of 1 ms in three phases. STDP: 500 sequences × 160 steps
× 1000 spike trains of `neurochip reproduce bengio2017-stdp`, all cores.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from neurochip.bench.loads import BATCH, learner, minibatch
from neurochip.bench.machine import cores
from neurochip.bench.rounds import Work, in_turn, timed
from neurochip.bench.row import Effort, Family, Figure, Row, within_rounds
from neurochip.data.arm import hand_of
from neurochip.papers.bengio2017_stdp import SEQUENCES, TRAINS, tables_of
from neurochip.papers.mesnard2016_networks import UNITS, Setup, drawn_for, rule_of, substrate_of
from neurochip.papers.two_joint_arm import points

__all__ = ["FAMILY"]

_ROWS = (
    Row("learn-tied", "a training minibatch, tied weights", "samples/s", "untied"),
    Row("learn-untied", "a training minibatch, untied, values read out", "samples/s"),
    Row("learn-trace", "the same from traces: only bits cross", "samples/s", "values read out"),
    Row(
        "lif-learning",
        "a training sample of two-compartment LIF neurons, 1000 ticks",
        "ms",
    ),
    Row("stdp", "the STDP experiment, 8 · 10⁷ steps", "s"),
)
_VARIANTS = {
    "learn-tied": (),
    "learn-untied": ("network.tied=false",),
    "learn-trace": ("network.tied=false", "learning.pre=trace"),
}


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure]:
    chosen = {name: overrides for name, overrides in _VARIANTS.items() if name in wanted}
    if chosen:
        yield from _minibatches(effort, chosen)
    if "lif-learning" in wanted:
        yield _lif(effort)
    if "stdp" in wanted:
        n, trains = effort.pick(25, SEQUENCES, SEQUENCES), effort.pick(10, TRAINS, TRAINS)
        tables_of(1, 25, 1, cores(), lambda share: None)  # compiles

        def run() -> object:
            return tables_of(1, n, trains, cores(), lambda share: None)

        yield Figure("stdp", tuple(timed(run)[1] for _ in range(effort.times(2, 5))))


def _minibatches(effort: Effort, chosen: dict[str, tuple[str, ...]]) -> Iterator[Figure]:
    short = effort.pick(("phases.free=10", "phases.nudged=5"), (), ())

    def learning(overrides: tuple[str, ...]) -> Work:
        spec, built, rule = learner([*short, *overrides])
        at = iter(range(1 << 30))
        return lambda: minibatch(spec, built, rule, next(at))

    works = {
        name: learning(overrides)
        for name, overrides in ({"learn-untied": _VARIANTS["learn-untied"]} | chosen).items()
    }
    found = in_turn(works, effort.times(7, 15), calls=effort.pick(1, 5, 5), warm=True)
    for name in chosen:
        seconds = found[name].cpu
        ratios = () if name == "learn-untied" else within_rounds(found["learn-untied"].cpu, seconds)
        yield Figure(name, tuple(BATCH / s for s in seconds), ratios)


def _lif(effort: Effort) -> Figure:
    repeats = effort.times(50, 200)
    free, nudged = effort.pick((20, 10), (500, 250), (500, 250))
    setup = Setup((f"phases.free={free}", f"phases.nudged={nudged}"))
    substrate, rule = substrate_of(setup, 1), rule_of(setup)
    substrate.load(drawn_for(setup, 1))
    angles = points(1, "training", repeats + 1)
    inputs, targets = np.repeat(angles, UNITS, axis=1), np.repeat(hand_of(angles), UNITS, axis=1)
    whole, ticking = [], []
    for k in range(repeats + 1):
        began = time.process_time()
        substrate.begin(inputs[k : k + 1], np.array([k], dtype=np.uint64))
        presented = rule.present(substrate, targets[k : k + 1], rule.learning.beta)
        ticked = time.process_time()
        substrate.write_weights(presented.updates, presented.biases)
        whole.append(1e3 * (time.process_time() - began))
        ticking.append(1e3 * (ticked - began))
    counters = substrate.counters()
    extra = {
        "ticks_ms": float(np.median(ticking[1:])),
        "spikes": counters.total("spikes_sent") / (repeats + 1),
        "sops": counters.total("sops") / (repeats + 1),
    }
    return Figure(
        "lif-learning", tuple(whole[1:]), note=f"{extra['ticks_ms']:.2f} ms of it for the ticks", extra=extra
    )


FAMILY = Family("learning", "training steps with their weights written", _ROWS, _measure)
