"""Updates by rate of change with bits, and states that persist (O'Connor, Gavves & Welling 2019, sections 4.2 and 5).

Two remarks that the paper makes in words only. Where a synapse uses the rate of change of its postsynaptic neuron "at
the beginning of the positive phase" instead of two captured states (eq. 4), "we get very noisy updates due to the
quantization". And states of a sample that are kept from one epoch to the next "would have improved the performance of
both the continuous and binary network".

Left open by the paper and chosen here:

* noise: the tangent of the angle between the change of the hidden layer's weights that bits give and that of
  real-valued neurons by the same rule; 1 is as much noise as signal. Minibatches of 20, ``mnist-small`` (100 + 50
  ticks), after real-valued learning of 20 minibatches; the beginning is the first 5 ticks of the nudge;
* persistence: ``mnist-small`` with so few ticks that a network does not settle from rest, 16 + 8 for bits and 3 + 3
  for real values, 4 epochs; the test begins from rest. Differences are judged in standard errors over five seeds.

Held against: eq. 4 with the same bits; networks of five other seeds without persistence.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from neurochip import data
from neurochip.building import build
from neurochip.description import PhasesSpec, read_run
from neurochip.learning.rules import rule_for
from neurochip.papers.experiment import Bound, Claim, Experiment, Finding, Outcome, Settings, Tell
from neurochip.papers.side_by_side import Job, Turn, side_by_side
from neurochip.report.figures import Chart, Curve
from neurochip.search.objectives import measure
from neurochip.simulation import simulate
from neurochip.training.streams import glorot

__all__ = ["EXPERIMENT"]

Array = NDArray[np.float64]

_REAL = ("substrate=ideal", 'coding={ annealer = { kind = "constant", value = 0.5 } }')
_FEW = {"bits": ("phases.free=16", "phases.nudged=8"), "real": (*_REAL, "phases.free=3", "phases.nudged=3")}
_SHORT = ("learning.epochs=4", "evaluation.train=0", "evaluation.diagnosed=0")
BATCH, BATCHES, LEARNT = 20, 20, 20
SEEDS = 5


def _changes(overrides: tuple[str, ...], seed: int, batches: int, turn: Turn) -> Array:
    """Return the change of the hidden layer's weights, f64[batch, weight], on minibatches after those learnt from.

    The network has learnt from its first minibatches with real values; after that its weights stay.
    """
    plain = read_run("mnist-small", [*_REAL, f"seed={seed}"])
    run = read_run("mnist-small", [*overrides, f"seed={seed}"])
    if plain.learning is None or run.learning is None:
        raise RuntimeError("a training run has a rule")
    samples = data.load(plain.data)
    teacher, pupil = build(plain, threads=1), build(run, threads=1)
    teacher.substrate.load(glorot(teacher.network, seed))
    learn = rule_for(teacher.network, plain.learning, PhasesSpec(free=20, nudged=4))
    rule = rule_for(pupil.network, run.learning, run.phases)
    found = []
    for number in range(LEARNT + batches):
        rows = np.arange(number * BATCH, (number + 1) * BATCH) % len(samples.train)
        shown, numbers = samples.inputs(rows), rows.astype(np.uint64)
        machine, of = (teacher, learn) if number < LEARNT else (pupil, rule)
        if number == LEARNT:
            pupil.substrate.load(teacher.substrate.parameters())
        machine.substrate.begin(shown, numbers)
        presented = of.present(machine.substrate, samples.targets(rows), 0.5)
        if number < LEARNT:
            machine.substrate.write_weights(presented.updates, presented.biases)
        else:
            change = sum(pre.astype(np.float64).T @ post for pre, post in presented.updates[0].terms)
            found.append(np.asarray(change).ravel())
        turn.tell((number + 1) / (LEARNT + batches))
    return np.array(found)


_BEGINNING = ('learning.rule="rate-of-change"', "phases.nudged=5", "learning.own.steps=5")
_WAYS = {
    "eq. 4, bits": (),
    "eq. 4, real": (*_REAL,),
    "rate of change, bits": _BEGINNING,
    "rate of change, real": (*_REAL, *_BEGINNING),
}


def _noise(bits: Array, real: Array) -> Array:
    """Return the tangent of the angle between two changes, f64[batch]."""
    norms = np.linalg.norm(bits, axis=1) * np.linalg.norm(real, axis=1)
    cosine = np.sum(bits * real, axis=1) / np.maximum(norms, 1e-300)
    return np.asarray(np.sqrt(np.maximum(1 - cosine**2, 0)) / np.maximum(cosine, 1e-9))


def _apart(a: Array, b: Array) -> float:
    """Return the difference of two means in standard errors of both, of a twentieth of a point at least."""
    spread = np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
    return float((a.mean() - b.mean()) / max(float(spread), 0.05))


def run(settings: Settings, tell: Tell) -> Outcome:
    """Compare updates, then learn with and without states that persist."""
    batches, seed = (BATCHES if settings.quick else 5 * BATCHES), settings.seed

    def changes(name: str, turn: Turn) -> Array:
        return settings.kept(name, partial(_changes, _WAYS[name], seed, batches, turn))

    def error(kind: str, persistent: bool, number: int, turn: Turn) -> float:
        given = [*_FEW[kind], *_SHORT, f"phases.persistent={str(persistent).lower()}", f"seed={number}"]
        return settings.kept(
            f"{kind}, persistent {persistent}, seed {number}",
            lambda: (
                100
                * measure(simulate(read_run("mnist-small", given), threads=1, write=False).record)["error"]
            ),
        )

    numbers = [seed + k for k in range(2 * SEEDS)]
    plan = [(kind, True, n) for kind in _FEW for n in numbers[:SEEDS]]
    plan += [(kind, False, n) for kind in _FEW for n in numbers]
    watch = [Job(name, 2.0, partial(changes, name)) for name in _WAYS]
    updates = side_by_side(watch, settings.threads, lambda share, doing: tell(0.3 * share, doing))
    train = [Job(f"{kind}, seed {n}", 1.0, partial(error, kind, keeps, n)) for kind, keeps, n in plan]
    errors = side_by_side(train, settings.threads, lambda share, doing: tell(0.3 + 0.7 * share, doing))
    of = dict(zip(_WAYS, updates, strict=True))
    by_phase = _noise(of["eq. 4, bits"], of["eq. 4, real"])
    by_change = _noise(of["rate of change, bits"], of["rate of change, real"])
    got = dict(zip(plan, errors, strict=True))
    findings = [
        Finding(
            "noisy",
            float(np.median(by_change)),
            float(np.median(by_phase)),
            f"median of {batches} minibatches; quartiles {_said(np.quantile(by_change, [0.25, 0.75]))}, of eq. 4 "
            f"{_said(np.quantile(by_phase, [0.25, 0.75]))}",
        )
    ]
    for kind in _FEW:
        kept = np.array([got[kind, True, n] for n in numbers[:SEEDS]])
        rest, others = (
            np.array([got[kind, False, n] for n in of_them]) for of_them in (numbers[:SEEDS], numbers[SEEDS:])
        )
        findings.append(
            Finding(
                f"persists-{kind}",
                _apart(kept, rest),
                _apart(others, rest),
                f"test error with persistent states {_said(kept)}, without {_said(rest)} %",
            )
        )
    return Outcome(
        tuple(findings),
        (
            Chart(
                "Noise of the hidden layer's update", "minibatch", "tangent of the angle to real-valued neurons",
                [
                    Curve("rate of change", np.arange(1, batches + 1), by_change, 3, "dots"),
                    Curve("eq. 4", np.arange(1, batches + 1), by_phase, 0, "dots"),
                ],
                log_y=True, levels=[(1.0, "as much noise as signal")],
            ),
        ),
        seeds=SEEDS,
        settings={"minibatches": batches, **{kind: " ".join(given) for kind, given in _FEW.items()}},
        series={"rate of change": by_change, "eq. 4": by_phase, "errors": {str(k): v for k, v in got.items()}},
    )  # fmt: skip


def _said(values: Array) -> str:
    return ", ".join(f"{v:.3g}" for v in values)


def _persists(kind: str, words: str) -> Claim:
    return Claim(
        f"persists-{kind}",
        f"States that persist from epoch to epoch improve {words}.",
        "test error with them less that without, in standard errors, where phases are short",
        Bound(high=-2.0),
        control="five other seeds without them",
    )


EXPERIMENT = Experiment(
    name="oconnor2019-updates",
    paper="O'Connor et al. 2019",
    figure="sections 4.2 and 5",
    about="updates by rate of change are noisy with bits; states that persist from epoch to epoch",
    claims=(
        Claim(
            "noisy",
            "With bits the rate of change at the beginning of the positive phase gives very noisy updates.",
            "noise over signal of the hidden layer's update, by the angle to that of real-valued neurons; median",
            Bound(low=1.0),
            control="eq. 4 with the same bits",
        ),
        _persists("bits", "the binary network"),
        _persists("real", "the continuous network"),
    ),
    seconds=(60, 120),
    run=run,
)
