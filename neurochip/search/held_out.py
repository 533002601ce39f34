"""Training samples that judge: the test set plays no part in a search."""

from __future__ import annotations

import dataclasses

import numpy as np

from neurochip.data import Dataset
from neurochip.errors import ConfigError
from neurochip.training.streams import stream

__all__ = ["judged_by_training"]


def judged_by_training(samples: Dataset, count: int, seed: int, *, stops: bool = False) -> Dataset:
    """Return training samples only: ``count`` drawn ones take the place of the test set, the rest trains.

    Where the run holds a validation part out, that part judges, and ``count`` is the number of its samples; with
    ``stops`` it also says when training ends (``learning.patience``).
    """
    if samples.validation is not None:
        there = len(samples.validation)
        if count != there:
            raise ConfigError(
                "held_out",
                f"must be {there}, the samples that data.validation holds out, or left out; got {count}",
            )
        return dataclasses.replace(
            samples, test=samples.validation, validation=samples.validation if stops else None, source=None
        )
    n = len(samples.train)
    if not 0 < count < n:
        raise ConfigError("held_out", f"must be 1 to {n - 1} of the {n} training samples, got {count}")
    order = stream(seed, "held out").permutation(n)
    judge, train = np.sort(order[:count]), np.sort(order[count:])
    return dataclasses.replace(
        samples,
        train=samples.train.taken(train),
        test=samples.train.taken(judge),
        source=None,
    )
