"""The two-joint arm (`neurochip.data.arm`; Mesnard, Gerstner & Brea 2016) as its experiments share it: draws, lessons.

Errors are roots of the mean squared deviation over both coordinates, in units of the normalised rate: 0.21 for always
answering with the mean, 0.13 for the best linear map. Samples come from three draws by name: "training"; "validation",
by which anything that was tried is chosen and which the learning curves show; and "test", which is looked at once,
after the last update.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.data.arm import hand_of
from neurochip.learning.rule import LearningRule
from neurochip.papers.curves import ranged
from neurochip.report.figures import Chart, Curve
from neurochip.substrate import Observable, Parameters, Phase, Substrate
from neurochip.training.streams import stream

__all__ = [
    "Learned",
    "Lessons",
    "answers",
    "learn",
    "lessons_chart",
    "mean_error",
    "mesh_chart",
    "points",
    "slice_chart",
]

Array = NDArray[np.float64]
_BATCH = 100  # points that are answered at a time
_GRID = 9
_MARKED = (0.125, 0.5, 0.875)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """How long is learned.

    Parameters
    ----------
    samples
        Presentations, each of a new sample.
    minibatch
        Samples between two updates.
    falling
        The rates fall in a straight line to 0, or stay.
    checks
        Points of the learning curve after its first.
    validation, test
        Points by which errors are measured.
    """

    samples: int
    minibatch: int = 1
    falling: bool = True
    checks: int = 10
    validation: int = 400
    test: int = 2000


class Learned(NamedTuple):
    """What came of it, in arrays and numbers, which `Settings.kept` can keep.

    Weights, feedback and biases; presentations and validation errors of the curve; and the test error at its end.
    """

    families: tuple[tuple[NDArray[np.floating], ...], ...]
    samples: Array
    errors: Array
    test: float

    @property
    def parameters(self) -> Parameters:
        """The weights, to be loaded."""
        return Parameters(*self.families)


def points(seed: int, draw: str, count: int) -> Array:
    """Return (ϕ, θ) [point, 2] of a draw."""
    return stream(seed, "two-joint arm", draw).uniform(0.0, 1.0, (count, 2))


def answers(substrate: Substrate, angles: Array, ticks: int, units: int) -> Array:
    """Return what a network says [point, 2] after ``ticks`` free ticks; ``units`` neurons stand for each dimension."""
    said = []
    for first in range(0, len(angles), _BATCH):
        batch = angles[first : first + _BATCH]
        # Numbers of their own, so that no presentation of an evaluation repeats one of training.
        numbers = np.arange(first, first + len(batch), dtype=np.uint64) + np.uint64(1 << 40)
        substrate.begin(np.repeat(batch, units, axis=1), numbers)
        substrate.run(Phase.EVALUATION, ticks)
        values = np.asarray(substrate.observe(Observable.VALUE, -1), dtype=np.float64)
        said.append(values.reshape(len(batch), 2, units).mean(axis=2))
    return np.concatenate(said)


def mean_error(said: Array, angles: Array) -> float:
    """Return the r.m.s. deviation from the hand."""
    return float(np.sqrt(np.mean((said - hand_of(angles)) ** 2)))


def learn(
    substrate: Substrate,
    rule: LearningRule,
    lessons: Lessons,
    *,
    seed: int,
    units: int = 1,
) -> Learned:
    """Train a substrate whose weights are loaded.

    Parameters
    ----------
    units
        Neurons for each dimension of input and output, all with the same value.
    """
    ticks = rule.phases.free + rule.phases.nudged
    validation = points(seed, "validation", lessons.validation)
    training = points(seed, "training", lessons.samples)
    curve = [(0.0, mean_error(answers(substrate, validation, ticks, units), validation))]
    batches = -(-lessons.samples // lessons.minibatch)
    marks = {round(batches * k / lessons.checks) for k in range(1, lessons.checks + 1)}
    for batch in range(batches):
        first = batch * lessons.minibatch
        angles = training[first : first + lessons.minibatch]
        substrate.begin(
            np.repeat(angles, units, axis=1), np.arange(first, first + len(angles), dtype=np.uint64)
        )
        share = 1.0 - batch / batches if lessons.falling else 1.0
        found = rule.present(substrate, np.repeat(hand_of(angles), units, axis=1), rule.learning.beta, share)
        substrate.write_weights(found.updates, found.biases)
        if batch + 1 in marks:
            error = mean_error(answers(substrate, validation, ticks, units), validation)
            curve.append((float(first + len(angles)), error))
    test = points(seed, "test", lessons.test)
    samples, errors = np.array(curve).T
    error = mean_error(answers(substrate, test, ticks, units), test)
    end = substrate.parameters()
    return Learned((end.weights, end.feedback, end.biases), samples, errors, error)


def lessons_chart(
    named: Mapping[str, Sequence[Learned]], levels: Sequence[tuple[float, str]], *, in_shares: bool = False
) -> Chart:
    """Return validation errors against samples, or against the share of them."""
    curves = []
    for colour, (name, of) in enumerate(named.items()):
        x = of[0].samples / (of[0].samples[-1] if in_shares else 1)
        curves.append(ranged(name, x, np.array([found.errors for found in of]), colour))
    return Chart(
        "Learning",
        "share of the samples" if in_shares else "samples",
        "r.m.s. error on the validation draw",
        curves,
        log_y=True,
        levels=levels,
        caption="Mean of three seeds; the band is from the best to the worst of them.",
    )


def slice_chart(said: Callable[[Array], Array], coordinate: int) -> Chart:
    """Return one coordinate along ϕ for a few θ: the target dashed, the output as a line."""
    along = np.linspace(0, 1, 41)
    curves: list[Curve] = []
    for colour, theta in enumerate(_MARKED):
        angles = np.stack([along, np.full(along.size, theta)], axis=1)
        curves += [
            Curve(f"θ = {theta:g}", along, said(angles)[:, coordinate], colour),
            Curve("", along, hand_of(angles)[:, coordinate], colour, "dashed"),
        ]
    name = "xy"[coordinate]
    return Chart(
        f"Output {name} over the input plane",
        "ϕ",
        f"{name}, normalised rate",
        curves,
        x_range=(0, 1),
        y_range=(0, 1),
        caption="Line: what the network says. Dashed: the target.",
    )


def mesh_chart(said: Callable[[Array], Array]) -> Chart:
    """Return where the lines of a grid over the input plane come to lie: target dashed, output as lines."""
    along, across = np.linspace(0, 1, 41), np.linspace(0, 1, _GRID)
    curves: list[Curve] = []
    for axis in (0, 1):
        for at in across:
            angles = np.empty((along.size, 2))
            angles[:, axis], angles[:, 1 - axis] = at, along
            first = axis == 0 and at == across[0]
            x, y = hand_of(angles).T
            curves.append(Curve("target" if first else "", x, y, 7, "dashed"))
            x, y = said(angles).T
            curves.append(Curve("output" if first else "", x, y, 0))
    return Chart(
        "Position of the hand",
        "x",
        "y",
        curves,
        x_range=(0, 1),
        y_range=(0, 1),
        caption="A grid over (ϕ, θ), as the arm maps it and as the network does.",
    )
