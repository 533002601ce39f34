"""Sigmoid networks trained by the associative rule or by back-propagation, for the experiments that compare them.

What *STDP in ANN* leaves open is a field of `Recipe`; the experiments say which values they take and why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.optimisers import Adam, Optimiser, Plain
from neurochip.errors import DataError
from neurochip.learning.associations import Associations, balanced_associations
from neurochip.learning.associative import layer_change
from neurochip.papers.curves import said
from neurochip.papers.experiment import Bound, Claim, Finding, Settings, Tell
from neurochip.papers.side_by_side import Turn, by_name
from neurochip.report.figures import Chart, Curve
from neurochip.training.streams import stream

__all__ = [
    "HIDDEN",
    "LOW",
    "STRENGTHS",
    "Recipe",
    "Samples",
    "attacked",
    "claims_of_five_ways",
    "compare_ways",
    "forward",
    "in_percent",
    "pair_charts",
    "pair_of",
    "shortfalls",
    "train",
]

Array = NDArray[np.float64]

HIDDEN = (32, 16)


class Samples(NamedTuple):
    """Two classes: inputs f64[sample, unit] in [0, 1], labels i64[sample] of 0 and 1."""

    train_x: Array
    train_y: NDArray[np.int64]
    test_x: Array
    test_y: NDArray[np.int64]


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes
    ----------
    rule
        ``associative`` or ``backprop`` (of binary cross-entropy).
    epsilon
        Of the associative rule.
    offsets
        Biases of each layer at the start.
    optimiser
        Adam, or plain steps of ``rate``.
    frozen
        Hidden layers stay as they were drawn; only the output neuron learns.
    rate, batch, epochs
        Size of Adam's steps (factor of plain ones), samples per change, rounds through the samples.
    every
        Accuracy is measured after each so many epochs.
    """

    rule: Literal["associative", "backprop"] = "associative"
    epsilon: float = 1e-9
    offsets: tuple[float, float, float] = (0.0, 0.0, 0.0)
    optimiser: Optimiser = field(default_factory=Adam)
    frozen: bool = False
    rate: float = 1e-3
    batch: int = 40
    epochs: int = 300
    every: int = 1


class Trained(NamedTuple):
    """A network, and its accuracy on test samples each time that it was measured."""

    weights: list[Array]
    biases: list[Array]
    test: Array


def pair_of(
    x: NDArray[np.floating], labels: NDArray[np.int64], pair: tuple[int, int]
) -> tuple[Array, NDArray[np.int64]]:
    """Return the samples of two classes, the second as 1."""
    missing = [c for c in pair if not np.any(labels == c)]
    if missing or pair[0] == pair[1]:
        raise DataError("pair", f"must name two classes that there are, got {pair[0]} and {pair[1]}")
    chosen = np.isin(labels, pair)
    return np.asarray(x[chosen], dtype=np.float64), (labels[chosen] == pair[1]).astype(np.int64)


def forward(weights: list[Array], biases: list[Array], x: Array) -> list[Array]:
    """Return the values f64[sample, unit] of all layers."""
    values = [x]
    for w, b in zip(weights, biases, strict=True):
        values.append(1 / (1 + np.exp(-np.clip(values[-1] @ w + b, -60, 60))))
    return values


def accuracy(weights: list[Array], biases: list[Array], x: Array, y: NDArray[np.int64]) -> float:
    """Return the share of samples on the right side of ½."""
    return float(np.mean((forward(weights, biases, x)[-1][:, 0] > 0.5) == y))


def _errors(weights: list[Array], values: list[Array], y: NDArray[np.int64]) -> list[Array]:
    """Return ∂L/∂(W x) of every layer, L the mean binary cross-entropy."""
    found = [(values[-1] - y[:, None]) / len(y)]
    for k in range(len(weights) - 1, 0, -1):
        found.insert(0, (found[0] @ weights[k].T) * values[k] * (1 - values[k]))
    return found


def attacked(
    weights: list[Array], biases: list[Array], x: Array, y: NDArray[np.int64], strength: float
) -> Array:
    """Return inputs moved by ``strength`` along the sign of the loss's gradient (FGSM), kept in [0, 1]."""
    errors = _errors(weights, forward(weights, biases, x), y)
    return np.asarray(np.clip(x + strength * np.sign(errors[0] @ weights[0].T), 0, 1))


def train(samples: Samples, recipe: Recipe, seed: int) -> Trained:
    """Train one network; every draw follows from ``seed``."""
    draws = stream(seed, "network")
    sizes = (samples.train_x.shape[1], *HIDDEN, 1)
    weights, biases = [], []
    for n, m, offset in zip(sizes[:-1], sizes[1:], recipe.offsets, strict=True):
        bound = np.sqrt(6 / (n + m))
        weights.append(draws.uniform(-bound, bound, (n, m)))
        biases.append(np.full(m, offset))
    signs = [balanced_associations(m, draws) for m in HIDDEN]
    associations = Associations(sizes[1:], (*signs, np.ones(1)))
    arrays, method = (*weights, *biases), recipe.optimiser
    moments = [[np.zeros(a.shape) for _ in method.moments] for a in arrays]
    number = 0
    order = stream(seed, "order")
    curve: list[float] = []
    for epoch in range(1, recipe.epochs + 1):
        shuffled = order.permutation(len(samples.train_y))
        for first in range(0, len(shuffled), recipe.batch):
            chosen = shuffled[first : first + recipe.batch]
            values = forward(weights, biases, samples.train_x[chosen])
            changes = _changes(recipe, associations, weights, values, samples.train_y[chosen])
            number += 1
            for array, change, kept in zip(arrays, changes, moments, strict=True):
                array += method.step(change, kept, number, recipe.rate)
        if epoch % recipe.every == 0:
            curve.append(accuracy(weights, biases, samples.test_x, samples.test_y))
    return Trained(weights, biases, np.array(curve))


def _changes(
    recipe: Recipe,
    associations: Associations,
    weights: list[Array],
    values: list[Array],
    y: NDArray[np.int64],
) -> list[Array]:
    """Return the wanted change of every weight matrix, then of every bias."""
    if recipe.rule == "backprop":
        errors = _errors(weights, values, y)
        pairs = zip(values[:-1], errors, strict=True)
        matrices, vectors = [-(v.T @ e) for v, e in pairs], [-e.sum(axis=0) for e in errors]
    else:
        signs, ones = associations.of(y), np.ones((len(y), 1))
        ends = list(zip(values[:-1], values[1:], signs, strict=True))
        matrices = [layer_change(x, p, z, recipe.epsilon) for x, p, z in ends]
        vectors = [layer_change(ones, p, z, recipe.epsilon)[0] for _, p, z in ends]
    if recipe.frozen:
        matrices[:-1] = [np.zeros_like(m) for m in matrices[:-1]]
        vectors[:-1] = [np.zeros_like(v) for v in vectors[:-1]]
    return [*matrices, *vectors]


class Comparison(NamedTuple):
    """Accuracies of several recipes on several pairs, f64[recipe, pair, seed, …]."""

    test: Array  # [recipe, pair, seed, measurement]
    attacked: Array  # [recipe, pair, seed, strength]

    def last(self) -> Array:
        """Return the test accuracy, mean over the last tenth of the epochs: f64[recipe, pair, seed]."""
        return np.asarray(self.test[..., -max(1, self.test.shape[-1] // 10) :].mean(axis=-1))


STRENGTHS = (4 / 255, 8 / 255, 12 / 255)


# Names of `five_ways`.
NAMES = ("back-propagation", "as printed", "ε = 0.01", "low start", "low start, plain steps")
EPSILON, LOW, PLAIN_RATE = 0.01, (-1.0, 0.0, -2.0), 0.1


def five_ways(printed: Recipe) -> tuple[Recipe, ...]:
    """Return back-propagation, the rule as printed, and the rule with what it needs added step by step."""
    low = replace(printed, epsilon=EPSILON, offsets=LOW)
    return (
        replace(printed, rule="backprop"),
        printed,
        replace(printed, epsilon=EPSILON),
        low,
        replace(low, optimiser=Plain(), rate=PLAIN_RATE),
    )


def held_against(printed: Recipe) -> tuple[Recipe, ...]:
    """Return what the five ways are held against: all but one thing is the same.

    The last three of `five_ways` but one with frozen hidden layers: as printed, with a low start, and that with plain
    steps; then back-propagation from the low start with plain steps, which differs from the last way in the rule alone.
    """
    _, _, _, low, plain = five_ways(printed)
    return (*(replace(way, frozen=True) for way in (printed, low, plain)), replace(plain, rule="backprop"))


def shortfalls(ways: Array, backprop: Array) -> Array:
    """Return by how many points ways of the rule miss back-propagation, mean over seeds: f64[way, pair].

    ``ways`` are accuracies f64[way, pair, seed], ``backprop`` f64[pair, seed].
    """
    return np.asarray(100 * (backprop.mean(axis=1)[None] - ways.mean(axis=2)))


class Ways(NamedTuple):
    """The `five_ways` on all pairs, and what they are held against, with a third of the seeds."""

    pairs: Sequence[tuple[int, int]]
    found: Comparison
    held: Comparison

    def findings(self, robust: str) -> tuple[Finding, ...]:
        """Return what came out for `claims_of_five_ways`; ``robust`` is the note of the last."""
        last, few = self.found.last(), self.held.test.shape[2]
        short, without = (
            shortfalls(ways, last[0][:, : ways.shape[2]]) for ways in (last[1:], self.held.last()[:3])
        )
        by_pair = [f"by pair {said(way, '.1f')} points" for way in short]
        table = "; ".join(
            f"{a}-{b}: {', '.join(in_percent(way[p]) for way in last)}" for p, (a, b) in enumerate(self.pairs)
        )
        worst, frozen = short.max(axis=1), without.max(axis=1)
        note = f"{', '.join(NAMES)}, {last.shape[2]} seeds: {table} %"
        under = self.found.attacked.mean(axis=2)
        stands, held = (
            under[4] > under[0],
            self.held.attacked[3].mean(axis=1) > self.found.attacked[0, :, :few].mean(axis=1),
        )
        return (
            Finding("comparable", float(worst[2]), float(frozen[1]), note),
            Finding("plain", float(worst[3]), float(frozen[2]), by_pair[3]),
            Finding("printed", float(worst[0]), float(frozen[0]), by_pair[0]),
            Finding("robust", float(stands.mean()), float(held.mean()), robust),
        )

    def series(self) -> dict[str, object]:
        """Return the numbers behind it."""
        return {
            "pairs": self.pairs,
            "recipes": NAMES,
            "last": self.found.last(),
            "attacked": self.found.attacked,
            "controls": self.held.last(),
            "test": self.found.test.mean(axis=2),
        }


def compare_ways(
    printed: Recipe,
    pairs: Sequence[tuple[int, int]],
    seeds: Sequence[int],
    samples: Callable[[tuple[int, int], int], Samples],
    settings: Settings,
    tell: Tell,
) -> Ways:
    """Train all `five_ways` on every pair and seed, and what they are held against, and attack all networks.

    All share epochs, and a seed its samples. Every network is a part that ``settings`` keep.
    """
    fewer = seeds[: max(1, len(seeds) // 3)]
    groups = {"recipe": (five_ways(printed), seeds), "control": (held_against(printed), fewer)}
    cases = {
        f"{group} {r}, pair {pair[0]}-{pair[1]}": (recipe, pair, of)
        for group, (recipes, of) in groups.items()
        for r, recipe in enumerate(recipes)
        for pair in pairs
    }

    def one(name: str, seed: int, turn: Turn, folder: Path) -> tuple[Array, list[float]]:
        recipe, pair, _ = cases[name]
        given = samples(pair, seed)
        trained = train(given, recipe, seed)
        network = (trained.weights, trained.biases)
        moved = [attacked(*network, given.test_x, given.test_y, strength) for strength in STRENGTHS]
        return trained.test, [accuracy(*network, x, given.test_y) for x in moved]

    named = [(name, 1.0, of) for name, (_, _, of) in cases.items()]
    found = by_name(named, one, settings, tell)

    def of_group(group: str) -> Comparison:
        runs = [run for name, each in found.items() if name.startswith(group) for run in each]
        shape = (len(groups[group][0]), len(pairs), len(groups[group][1]), -1)
        return Comparison(*(np.array([run[k] for run in runs]).reshape(shape) for k in (0, 1)))

    return Ways(pairs, of_group("recipe"), of_group("control"))


def claims_of_five_ways(holds: Bound, printed: str) -> tuple[Claim, ...]:
    """Return what is claimed of the `five_ways`; ``printed`` is the measure of the rule as it is printed."""
    frozen = "the same with its hidden layers frozen"
    return (
        Claim(
            "comparable",
            "The associative rule learns two classes about as well as back-propagation.",
            "test accuracy of back-propagation less that of the rule with a low start, the worst pair, in points",
            holds,
            control=frozen,
        ),
        Claim(
            "plain",
            "The rule itself learns so, whatever Adam makes of it.",
            "the same with plain steps instead of Adam",
            holds,
            control=frozen,
        ),
        Claim("printed", "It does so with ε = 1e-9 in the denominator.", printed, holds, control=frozen),
        Claim(
            "robust",
            "In most cases it stands FGSM attacks better than back-propagation.",
            "share of pairs and strengths in which it is more accurate under attack",
            Bound(low=0.501),  # most: more than half
            control="back-propagation from the same start with the same plain steps",
        ),
    )


def in_percent(values: Array) -> str:
    """Return mean and range of accuracies in percent."""
    return f"{100 * values.mean():.1f} ({100 * values.min():.0f}–{100 * values.max():.0f})"


def pair_charts(ways: Ways, every: int) -> list[Chart]:
    """Return Fig. 2, test accuracy by epoch for each pair, and Fig. 3, accuracy under attack."""
    found = ways.found
    epochs = every * np.arange(1, found.test.shape[-1] + 1)
    charts = []
    for p, (a, b) in enumerate(ways.pairs):
        curves = []
        for r, name in enumerate(NAMES):
            runs = 100 * found.test[r, p]
            mean, error = runs.mean(axis=0), runs.std(axis=0) / np.sqrt(len(runs))
            curves.append(Curve(name, epochs, mean, r, low=mean - error, high=np.minimum(mean + error, 100)))
        charts.append(
            Chart(f"{a} against {b} (Fig. 2)", "epoch", "test accuracy (%)", curves, y_range=(0, 101),
                  caption="Mean and standard error over seeds.")
        )  # fmt: skip
    strengths = [255 * s for s in STRENGTHS]
    for p, (a, b) in enumerate(ways.pairs):
        curves = []
        for r, name in enumerate(NAMES):
            mean = (100 * found.attacked[r, p]).mean(axis=0)
            curves += [Curve(name, strengths, mean, r), Curve("", strengths, mean, r, "dots")]
        title = f"{a} against {b} attacked (Fig. 3)"
        charts.append(Chart(title, "strength (1/255)", "accuracy (%)", curves, y_range=(0, 101)))
    return charts
