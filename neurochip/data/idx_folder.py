"""A folder of IDX files, as EMNIST, Fashion-MNIST and their like are shipped."""

from __future__ import annotations

import re
from pathlib import Path

from neurochip.data.array_files import table_of
from neurochip.data.events import unused_event_keys
from neurochip.data.idx import read_idx_of_any
from neurochip.data.section import DataSpec
from neurochip.data.table import Table
from neurochip.errors import ConfigError, DataError
from neurochip.files import briefly
from neurochip.keys.reading import did_you_mean

__all__ = ["idx_files", "read_idx_folder"]

# PREFIX-train-images-idx3-ubyte.gz, with t10k or test for train, and labels for images.
_NAME = re.compile(
    r"(?P<prefix>.*?)[-_.]?(?P<part>train|t10k|test|valid)[-_.](?P<what>images|labels)[-_.].*?(?P<gz>\.gz)?",
    re.IGNORECASE,
)
_MOST_FILES = 10_000


def idx_files(folder: Path, spec: DataSpec) -> dict[str, Path]:
    """Return ``train images``, ``train labels`` and, where there are such, ``test images`` and ``test labels``.

    Raises
    ------
    DataError
        Where the folder has no such files, or one of a pair.
    ConfigError
        Where it has those of several sets and ``data.inputs`` names none.
    """
    sets: dict[str, dict[str, Path]] = {}
    try:
        paths = sorted(folder.iterdir())[:_MOST_FILES]
    except OSError as error:
        raise DataError(str(folder), f"cannot be read: {error.strerror or error}") from None
    for path in paths:
        match = _NAME.fullmatch(path.name)
        if match is None or not path.is_file():
            continue
        part = {"t10k": "test", "test": "test", "train": "train"}.get(match["part"].lower())
        if part is not None:
            # Without .gz comes first: it is read the faster.
            sets.setdefault(match["prefix"], {}).setdefault(f"{part} {match['what'].lower()}", path)
    if not sets:
        raise DataError(
            str(folder),
            "holds no IDX files; they are called train-images-idx3-ubyte and train-labels-idx1-ubyte, with t10k or "
            "test for the test part, compressed (.gz) or not",
        )
    if spec.target or spec.leave_out:
        name = "target" if spec.target else "leave_out"
        raise ConfigError(f"data.{name}", "has no effect on IDX files; leave it out")
    if spec.inputs:
        [wanted] = spec.inputs[:1]
        if wanted not in sets:
            hint = did_you_mean(wanted, sets) or f"; there are {', '.join(sets)}"
            raise ConfigError("data.inputs", f"there is no set '{wanted}' in {folder}{hint}")
    elif len(sets) > 1:
        raise ConfigError(
            "data.inputs",
            f"must name one of the sets in {folder}: {briefly(', '.join(sets), 200)}",
        )
    else:
        [wanted] = sets
    found = sets[wanted]
    for part in ("train", "test"):
        there = [f"{part} {what}" in found for what in ("images", "labels")]
        if any(there) != all(there) or (part == "train" and not all(there)):
            missing = "labels" if there[0] else "images"
            raise DataError(str(folder), f"has no {part} {missing}")
    return found


def read_idx_folder(folder: Path, spec: DataSpec) -> Table:
    """Return the samples of a folder of IDX files.

    Raises
    ------
    DataError
        For a file that is damaged, truncated or none, by name.
    """
    files = idx_files(folder, spec)
    unused_event_keys(spec, folder.name)
    arrays = {name: read_idx_of_any(path) for name, path in files.items()}
    training = arrays["train images"], arrays["train labels"]
    testing = (arrays["test images"], arrays["test labels"]) if "test images" in arrays else None
    places = tuple(str(files[name]) for name in arrays)
    places = tuple(str(files[f"{part} {what}"]) for part in ("train", "test") for what in ("images", "labels")
                   if f"{part} {what}" in files)  # fmt: skip
    return table_of(folder.name, training, testing, spec, places=places)
