"""Loads that several families share: digits, weights as training meets them, integrate-and-fire networks."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip import data
from neurochip.description import read_run
from neurochip.description.run import RunSpec
from neurochip.elements.neurons.lif import LIF
from neurochip.errors import ConfigError
from neurochip.learning.rules import Rule, rule_for
from neurochip.runs.building import Built, build
from neurochip.substrate import Parameters
from neurochip.training.streams import first_parameters

__all__ = [
    "BATCH",
    "LIF_SIZES",
    "NEURON",
    "RATE",
    "digits",
    "learner",
    "lif_network",
    "minibatch",
    "placement",
    "trained",
]

Array = NDArray[np.float32]

BATCH = 20
# Integrate-and-fire: 784 inputs of which 13 % fire in a tick; in integer units a tenth of the hidden neurons then do.
LIF_SIZES, RATE = (784, 500, 10), 0.13
NEURON = LIF(threshold=600.0, leak=0.9)


def digits(batch: int = BATCH) -> tuple[Array, Array]:
    """Return embedded training digits f32[sample, 784] and their one-hot classes f32[sample, 10]."""
    samples = data.load("mnist-small")
    chosen = np.arange(batch)
    return samples.inputs(chosen), samples.targets(chosen)


def learner(
    overrides: Sequence[str], run: str = "mnist-small", threads: int = 1
) -> tuple[RunSpec, Built, Rule]:
    """Return a run of the catalogue, its machine with fresh weights on it, and its rule."""
    spec = read_run(run, overrides)
    if spec.learning is None:
        raise ConfigError(run, "does not learn")
    built = build(spec, threads=threads)
    built.substrate.load(first_parameters(spec, built.network))
    return spec, built, rule_for(built.network, spec.learning, spec.phases)


def minibatch(spec: RunSpec, built: Built, rule: Rule, at: int) -> None:
    """Learn one minibatch of embedded digits, weights written."""
    if spec.learning is None:
        raise ConfigError(spec.name, "does not learn")
    samples = data.load("mnist-small")
    chosen = np.arange(at * BATCH, (at + 1) * BATCH) % len(samples.train)
    built.substrate.begin(samples.inputs(chosen), chosen.astype(np.uint64))
    targets = samples.targets(chosen)
    presented = rule.present(built.substrate, targets, spec.learning.beta)
    built.substrate.write_weights(presented.updates, presented.biases)


@functools.lru_cache(maxsize=4)
def trained(updates: int, overrides: tuple[str, ...] = (), run: str = "mnist-small") -> Parameters:
    """Return weights after so many minibatches of a run: what the loop meets in training.

    Fresh Glorot weights let twice as many hidden neurons fire.
    """
    spec, built, rule = learner(overrides, run)
    for at in range(updates):
        minibatch(spec, built, rule, at)
    return built.substrate.parameters()


def lif_network(
    ticks: int, sizes: tuple[int, ...] = LIF_SIZES
) -> tuple[NDArray[np.uint8], list[NDArray[np.int8]]]:
    """Return a Bernoulli raster u8[tick, unit] and whole-numbered weights i8[pre, post] of each projection."""
    rng = np.random.default_rng(1)
    raster = (rng.random((ticks, sizes[0])) < RATE).astype(np.uint8)
    weights = [
        np.clip(np.rint(rng.normal(1.0, 12.0, shape)), -127, 127).astype(np.int8)
        for shape in zip(sizes, sizes[1:], strict=False)
    ]
    return raster, weights


def placement(cores: tuple[int, int, int]) -> list[NDArray[np.int64]]:
    """Return the core of each neuron: layer after layer, ranges of nearly equal length."""
    first = [0, cores[0], cores[0] + cores[1]]
    return [first[k] + np.arange(size) * cores[k] // size for k, size in enumerate(LIF_SIZES)]
