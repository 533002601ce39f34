"""Fixed associations: which neurons are to associate with their inputs when the label is a given class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.errors import ConfigError, DataError
from neurochip.substrate.streams import stream

__all__ = ["Associations", "balanced_associations", "drawn_associations"]

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Associations:
    """Z of every population that learns.

    Parameters
    ----------
    sizes
        Neurons of populations 1 … ; the last has one neuron, which says yes or no, or one for each class.
    signs
        ±1 [neuron] of each of those, for two classes: it turns round with the label. Or ±1 [class, neuron].
    """

    sizes: tuple[int, ...]
    signs: tuple[Array, ...]

    def __post_init__(self) -> None:
        """Check that signs fit sizes."""
        if len(self.signs) != len(self.sizes):
            raise ConfigError(
                "associations", f"must be given for {len(self.sizes)} layers, got {len(self.signs)}"
            )
        tables = []
        for k, (size, signs) in enumerate(zip(self.sizes, self.signs, strict=True), start=1):
            if np.ndim(signs) == 1:
                signs = np.stack([-np.asarray(signs), signs])
            if signs.shape[1] != size:
                raise ConfigError(
                    f"associations[{k}]",
                    f"must have one sign for each of {size} neurons, got {signs.shape[1]}",
                )
            if not np.all(np.abs(signs) == 1):
                raise ConfigError(f"associations[{k}]", "must be +1 or −1")
            tables.append(signs)
        classes, last = len(tables[-1]), self.sizes[-1]
        if (last == 1 and classes != 2) or (last > 1 and last != classes):
            raise ConfigError(
                "associations",
                f"are for {classes} classes, and need one output neuron for each, or for 2 classes a single one; "
                f"got {last}",
            )
        object.__setattr__(self, "signs", tuple(tables))

    def of(self, targets: NDArray[Any]) -> list[NDArray[np.float64]]:
        """Return Z f64[sample, neuron] of every population, for targets [sample, output] or labels [sample].

        Raises
        ------
        DataError
            For a label that is none of the classes.
        """
        targets = np.asarray(targets)
        if targets.ndim == 2 and targets.shape[1] == 1:
            labels = (targets[:, 0] > 0.5).astype(np.int64)
        else:
            labels = targets if targets.ndim == 1 else np.argmax(targets, axis=1)
        classes = len(self.signs[0])
        found = np.unique(labels)
        if not np.all(np.isin(found, range(classes))):
            raise DataError(
                "labels", f"must be 0 to {classes - 1}, for which there are associations, got "
                f"{', '.join(map(str, found))}; choose a pair of classes",
            )  # fmt: skip
        return [np.ascontiguousarray(table[labels], dtype=np.float64) for table in self.signs]


def balanced_associations(size: int, draws: np.random.Generator) -> Array:
    """Return the signs of a hidden layer: as many +1 as −1 (one more −1 where the size is odd), in random order."""
    signs = np.where(np.arange(size) < size // 2, 1.0, -1.0)
    return draws.permutation(signs)


def drawn_associations(sizes: tuple[int, ...], seed: int) -> Associations:
    """Return associations for one output neuron per class (or one in all, for two classes).

    An output neuron is to associate with its own class and with no other; each hidden neuron has a balanced sign for
    each class, drawn once, which for two classes turns round with the label.
    """
    classes = max(2, sizes[-1])
    draws = stream(seed, "associations")
    hidden = []
    for size in sizes[:-1]:
        table = np.stack([balanced_associations(size, draws) for _ in range(classes)])
        hidden.append(np.stack([-table[1], table[1]]) if classes == 2 else table)
    output = 2 * np.eye(classes) - 1 if sizes[-1] > 1 else np.array([[-1.0], [1.0]])
    return Associations(sizes, (*hidden, output))
