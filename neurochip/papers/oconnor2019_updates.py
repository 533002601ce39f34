"""Updates by rate of change are noisy with bits (O'Connor, Gavves & Welling 2019, section 5).

Where a synapse uses the rate of change of its postsynaptic neuron "at the beginning of the positive phase" instead of
two captured states (eq. 4), "we get very noisy updates due to the quantization". The paper has no figure for it.

Left open by the paper and chosen here: noise is the tangent of the angle between the change of the hidden layer's
weights that bits give and that of real-valued neurons by the same rule; 1 is as much noise as signal. Minibatches of
20, ``mnist-small`` (100 + 50 ticks), after real-valued learning of 20 minibatches; the beginning is the first 5 ticks
of the nudge.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip import data
from neurochip.description import PhasesSpec, read_run
from neurochip.learning.rules import rule_for
from neurochip.papers.curves import said
from neurochip.papers.experiment import Bound, Claim, Experiment, Finding, Outcome, Settings, Tell
from neurochip.papers.side_by_side import Turn, by_name
from neurochip.report.figures import Chart, Curve
from neurochip.runs.building import build
from neurochip.training.streams import glorot

__all__ = ["EXPERIMENT"]

Array = NDArray[np.float64]

_REAL = ("substrate=ideal", 'coding={ annealer = { kind = "constant", value = 0.5 } }')
BATCH, BATCHES, LEARNT = 20, 20, 20


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


def run(settings: Settings, tell: Tell) -> Outcome:
    """Compare what bits change with what real values do, by both rules."""
    batches = BATCHES if settings.quick else 5 * BATCHES

    found = by_name(
        [(name, 1.0, (settings.seed,)) for name in _WAYS],
        lambda name, seed, turn, folder: _changes(_WAYS[name], seed, batches, turn),
        settings,
        tell,
    )
    of = {name: changes for name, (changes,) in found.items()}
    by_phase = _noise(of["eq. 4, bits"], of["eq. 4, real"])
    by_change = _noise(of["rate of change, bits"], of["rate of change, real"])
    numbers = np.arange(1, batches + 1)
    quartiles = [np.quantile(values, [0.25, 0.75]) for values in (by_phase, by_change)]
    finding = Finding(
        "noisy",
        float(np.median(by_change)),
        float(np.median(by_phase)),
        f"median of {batches} minibatches; quartiles {said(quartiles[1], '.3g')}, of eq. 4 {said(quartiles[0], '.3g')}",
    )
    return Outcome(
        (finding,),
        (
            Chart(
                "Noise of the hidden layer's update", "minibatch", "tangent of the angle to real-valued neurons",
                [
                    Curve("rate of change", numbers, by_change, 3, "dots"),
                    Curve("eq. 4", numbers, by_phase, 0, "dots"),
                ],
                log_y=True, levels=[(1.0, "as much noise as signal")],
            ),
        ),
        settings={"minibatches": batches, "of samples": BATCH, "learnt before": LEARNT},
        series={"rate of change": by_change, "eq. 4": by_phase},
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="oconnor2019-updates",
    paper="O'Connor et al. 2019",
    figure="section 5",
    about="how noisy updates by rate of change are with bits, beside those of eq. 4",
    claims=(
        Claim(
            "noisy",
            "With bits the rate of change at the beginning of the positive phase gives very noisy updates.",
            "noise over signal of the hidden layer's update, by the angle to that of real-valued neurons; median",
            Bound(low=1.0),
            control="eq. 4 with the same bits",
        ),
    ),
    seconds=(20, 60),
    run=run,
    in_jobs=True,
)
