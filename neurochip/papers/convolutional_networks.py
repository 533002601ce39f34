"""The networks of `scellier2018_conv`, their training with what stands after each epoch on disk, and their gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurochip import data
from neurochip.data.dataset import Part
from neurochip.description import LearningSpec, PhasesSpec, RunSpec, read_run
from neurochip.elements import Constant
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.network import Convolution, Network, convolutional
from neurochip.papers.alignment import Learnt, follow
from neurochip.papers.side_by_side import Turn
from neurochip.runs.building import Built
from neurochip.substrate import Observable, Parameters, Phase
from neurochip.training.streams import glorot, stream

__all__ = ["Plan", "agreement", "scattered", "started", "table2", "train"]

Array = NDArray[np.floating]
# Real-valued, feedback of its own; evaluation would look at a dense network of these sizes.
_IDEAL = (
    "substrate=ideal", 'coding={ annealer = { kind = "constant", value = 0.5 } }', "network.tied=false",
    "evaluation.train=0", "evaluation.diagnosed=0",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """One way to train one network.

    Attributes
    ----------
    name
        For charts.
    network
        Layers, of maps or dense.
    words
        What is set over the run `mnist-small`: data, rule and phases.
    bound
        Largest value of a neuron.
    share
        How long it takes beside the others.
    scattered
        Whether the pixels of all images are put in one random order.
    """

    name: str
    network: Network
    words: tuple[str, ...]
    bound: float = 1.0
    share: float = 1.0
    scattered: bool = False

    def run(self, seed: int) -> RunSpec:
        """Return it as a run; training error is that of the free phases while it learns."""
        layers = f"network.layers={[*self.network.sizes]}"
        return read_run("mnist-small", [*_IDEAL, layers, *self.words, f"seed={seed}"])

    def samples(self, seed: int) -> data.Dataset:
        """Return the digits to learn."""
        whole = data.load(self.run(seed).data)
        return scattered(whole, seed) if self.scattered else whole


def scattered(whole: data.Dataset, seed: int) -> data.Dataset:
    """Return images whose pixels are put in one random order: nothing is left that a kernel could use."""
    order = stream(seed, "pixels").permutation(whole.n_inputs)
    train, test = (Part(part.inputs[:, order], part.targets) for part in (whole.train, whole.test))
    return replace(whole, train=train, test=test, source=None)


def table2(maps: tuple[int, int]) -> Network:
    """Return 28 × 28 – 5×5 – 5×5 – 10: two convolutions with so many maps, means of 2 × 2 between them."""
    first = Convolution((28, 28, 1), 5, maps[0])
    return convolutional((first, Convolution(first.target, 5, maps[1], pool=2)), 10)


def started(network: Network, seed: int) -> Parameters:
    """Draw forward weights uniformly in ±√(6/n_in), feedback in half the range of Glorot & Bengio, biases 0.

    Glorot's range counts how many neurons see one: for a kernel on a single map that leaves a neuron with a sixth of
    what a rectifier needs (He et al. 2015).
    """
    drawn = glorot(network, seed)
    forward = []
    for k in range(len(drawn.weights)):
        n_in, n_out = network.weights_shape(k)
        bound = np.sqrt(6 / n_in)
        forward.append(stream(seed, "weights", k, k + 1).uniform(-bound, bound, (n_in, n_out)))
    return Parameters(tuple(forward), tuple(0.5 * w for w in drawn.feedback), drawn.biases)


def train(plan: Plan, seed: int, turn: Turn, folder: Path) -> Learnt:
    """Train one network; what it has after each epoch stands in ``folder``, and is taken up from there."""
    network, run = plan.network, plan.run(seed)
    has_kernels = any(p.convolution for p in network.projections)
    start = started(network, seed) if has_kernels else glorot(network, seed)
    substrate = IdealSubstrate(network, Constant(0.5), bound=plan.bound)
    built = Built(network, run.specification, None, substrate)
    return follow(run, built, start, turn, folder, plan.samples(seed))


def agreement(seed: int, betas: Sequence[float], *, batch: int = 2, weights: int = 12) -> Array:
    """Return the cosine of what two phases change with −∂J/∂W, f64[β, projection], for feedback that is transposed.

    J is ½‖y − h‖² at the fixed point, its slope taken by finite differences of ``weights`` weights of each forward
    projection, in float64, for feedback held fixed. With 2 and 4 maps, half the range of Glorot & Bengio and biases of
    0.2: with feedback its transpose a larger kernel drives neurons to either end, where nothing has a slope.
    """
    network, draws = table2((2, 4)), stream(seed, "agreement")
    forward = tuple(0.5 * w for w in glorot(network, seed).weights)
    feedback = tuple(w.T for w in forward[1:])
    biases = tuple(np.full(network.n_biases(k), 0.2) for k in range(1, len(network.sizes)))
    samples = data.load("mnist-small", train=batch)
    x = samples.inputs(np.arange(batch)).astype(np.float64)
    y = np.eye(len(samples.classes))[samples.labels()]
    phases = PhasesSpec(free=80, nudged=80, reference="opposite")
    learning = LearningSpec(rates=(1.0,) * len(forward), epochs=1)

    def made(kernels: Sequence[Array]) -> IdealSubstrate:
        substrate = IdealSubstrate(network, Constant(0.5), dtype=np.float64)
        substrate.load(Parameters(tuple(kernels), feedback, biases))
        substrate.begin(x, np.arange(batch, dtype=np.uint64))
        return substrate

    def cost(kernels: Sequence[Array]) -> float:
        substrate = made(kernels)
        substrate.run(Phase.FREE, phases.free)
        return float(0.5 * np.mean(np.sum((y - substrate.observe(Observable.VALUE, -1)) ** 2, axis=1)))

    learned = []
    for beta in betas:
        substrate = made(forward)
        presented = EquilibriumPropagation(network, learning, phases).present(substrate, y, beta)
        substrate.write_weights(presented.updates, presented.biases)
        learned.append([b - a for a, b in zip(forward, substrate.parameters().weights, strict=True)])
    found = np.zeros((len(betas), len(forward)))
    step = 1e-5
    for k, kernel in enumerate(forward):
        chosen = draws.choice(kernel.size, size=min(weights, kernel.size), replace=False)
        slopes = []
        for at in chosen:
            ends = []
            for sign in (1, -1):
                moved = kernel.copy()
                moved.flat[at] += sign * step
                ends.append(cost([*forward[:k], moved, *forward[k + 1 :]]))
            slopes.append((ends[0] - ends[1]) / (2 * step))
        for b, changes in enumerate(learned):
            change = changes[k].flat[chosen]
            found[b, k] = -np.dot(change, slopes) / (np.linalg.norm(change) * np.linalg.norm(slopes))
    return found
