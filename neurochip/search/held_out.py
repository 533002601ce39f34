"""Training samples that judge: the test set plays no part in a search."""

from __future__ import annotations

import dataclasses

import numpy as np

from neurochip.data import Dataset
from neurochip.errors import ConfigError
from neurochip.training.streams import stream

__all__ = ["judged_by_training"]


def judged_by_training(samples: Dataset, count: int, seed: int) -> Dataset:
    """Return training samples only: ``count`` drawn ones take the place of the test set, the rest trains."""
    n = len(samples.train_labels)
    if not 0 < count < n:
        raise ConfigError("held_out", f"must be 1 to {n - 1} of the {n} training samples, got {count}")
    order = stream(seed, "held out").permutation(n)
    judge, train = np.sort(order[:count]), np.sort(order[count:])
    return dataclasses.replace(
        samples,
        train_pixels=samples.train_pixels[train],
        train_labels=samples.train_labels[train],
        test_pixels=samples.train_pixels[judge],
        test_labels=samples.train_labels[judge],
    )
