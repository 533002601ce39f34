"""Names of the arrays of a file: which of them are inputs, and which are targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.data.section import DataSpec
from neurochip.errors import ConfigError, DataError
from neurochip.files import Foreign, Hdf5Group, briefly
from neurochip.keys.reading import did_you_mean

__all__ = [
    "INPUTS",
    "TARGETS",
    "flattened",
    "listed_arrays",
    "named_pairs",
    "only_inputs",
    "part_names",
    "plain_array",
]

Array = NDArray[Any]

INPUTS = ("x", "inputs", "data", "images", "features")
TARGETS = ("y", "labels", "label", "targets", "target", "class")


def part_names(words: Sequence[str], part: str) -> tuple[str, ...]:
    """Return how an array of a part may be called."""
    joined = [f"{a}{sign}{b}" for word in words for a, b in ((word, part), (part, word)) for sign in "_/"]
    return tuple(joined)


def flattened(group: Hdf5Group, prefix: str = "") -> dict[str, Any]:
    """Return the arrays of a group and of those in it, called by their paths."""
    found = {f"{prefix}{name}": array for name, array in group.arrays.items()}
    for name, inner in group.groups.items():
        found |= flattened(inner, f"{prefix}{name}/")
    return found


def plain_array(array: object, file: Foreign, name: str) -> Array:
    """Return an array whose texts are texts: files of others hold them as bytes, of UTF-8 or they are refused."""
    values = np.asarray(array)
    if values.dtype.kind not in "OS":
        return values
    if any(isinstance(each, np.ndarray) for each in values.flat):
        raise file.fault(
            "holds lists of numbers, and only those of spikes/times and spikes/units are read", name
        )
    try:
        texts = [
            each.decode("utf-8") if isinstance(each, bytes) else str(each) for each in values.ravel().tolist()
        ]
    except UnicodeDecodeError:
        raise file.fault("holds texts that are no UTF-8", name) from None
    return np.array(texts, dtype=str).reshape(values.shape)


def named_pairs(
    arrays: Mapping[str, Array], file: Foreign, spec: DataSpec
) -> list[tuple[str, tuple[str, ...]]]:
    """Return the names of inputs and targets of the training part and, where there is one, of the test part."""
    if not arrays:
        raise DataError(str(file.path), "holds no arrays")
    if bool(spec.inputs) != bool(spec.target):
        known, missing = ("inputs", "target") if spec.inputs else ("target", "inputs")
        raise ConfigError(
            f"data.{missing}", f"must name an array of {file.path.name}, too, as data.{known} does"
        )
    if spec.inputs:
        if len(spec.target) % len(spec.inputs) or len(spec.inputs) > 2:
            raise ConfigError(
                "data.inputs",
                "must name an array of the training part, and one of the test part, each with the same number of "
                f"data.target; got {len(spec.inputs)} and {len(spec.target)}",
            )
        for key, names in (("data.inputs", spec.inputs), ("data.target", spec.target)):
            for name in names:
                if name not in arrays:
                    hint = did_you_mean(name, arrays) or f"; it has {listed_arrays(arrays)}"
                    raise ConfigError(key, f"there is no array '{name}' in {file.path.name}{hint}")
        each = len(spec.target) // len(spec.inputs)
        return [(x, spec.target[k * each : (k + 1) * each]) for k, x in enumerate(spec.inputs)]
    folded = {name.casefold(): name for name in arrays}

    def first(names: Sequence[str]) -> str | None:
        return next((folded[name] for name in names if name in folded), None)

    x, y = first(part_names(INPUTS, "train")), first(part_names(TARGETS, "train"))
    if x is not None and y is not None:
        tests = first(part_names(INPUTS, "test")), first(part_names(TARGETS, "test"))
        pairs: list[tuple[str, tuple[str, ...]]] = [(x, (y,))]
        if tests[0] is not None and tests[1] is not None:
            pairs.append((tests[0], (tests[1],)))
        return pairs
    x, y = first(INPUTS), first(TARGETS)
    if x is None and y is not None:
        x = only_inputs(arrays)
    if x is None or y is None:
        raise DataError(
            str(file.path),
            f"has {listed_arrays(arrays)}; name the arrays of inputs and targets in data.inputs and data.target, or "
            "call them x and y, or x_train, y_train, x_test, y_test",
        )
    return [(x, (y,))]


def only_inputs(arrays: Mapping[str, Array]) -> str | None:
    """Return the one array that can be inputs, whatever it is called; `None` where there is none, or several.

    It holds numbers [sample, …], of as many samples as the targets where the file has some, and is not called as
    targets are.
    """
    names = {*TARGETS, *part_names(TARGETS, "train"), *part_names(TARGETS, "test")}
    samples = {array.shape[:1] for name, array in arrays.items() if name.casefold() in names}
    found = [
        name
        for name, array in arrays.items()
        if name.casefold() not in names
        and array.dtype.kind in "buif"
        and array.ndim >= 2
        and (not samples or array.shape[:1] in samples)
    ]
    return found[0] if len(found) == 1 else None


def listed_arrays(arrays: Mapping[str, Array]) -> str:
    """Return the names of arrays, the first of many, for a sentence."""
    names = [briefly(name, 30) for name in arrays]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"the arrays {', '.join(names[:5])}{more}"
