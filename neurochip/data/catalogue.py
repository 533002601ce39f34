"""Data sets by name, those of other packages included; and `load`, which any run's samples come through."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from neurochip import plugins
from neurochip.data.arm import PROVENANCE as ARM_PROVENANCE
from neurochip.data.arm import hand_of, made_angles
from neurochip.data.crossed_bars import KINDS as CROSSED_KINDS
from neurochip.data.crossed_bars import NAMES as CROSSED_NAMES
from neurochip.data.crossed_bars import PROVENANCE as CROSSED_PROVENANCE
from neurochip.data.crossed_bars import TARGETS as CROSSED_TARGETS
from neurochip.data.crossed_bars import crossed_bars
from neurochip.data.dataset import Dataset, Part, arrays_digest
from neurochip.data.events import event_table
from neurochip.data.facts import FACTS
from neurochip.data.folder import data_folder
from neurochip.data.heads import Heads
from neurochip.data.mnist import CLASSES, FILES, PROVENANCE, find_file, read_split
from neurochip.data.mnist_small import read_embedded
from neurochip.data.moving_bars import DIRECTIONS, SIDE, bars
from neurochip.data.moving_bars import PROVENANCE as BARS_PROVENANCE
from neurochip.data.own import read_own
from neurochip.data.preparing import limited, prepared
from neurochip.data.section import DataSpec
from neurochip.data.several import side_by_side
from neurochip.data.stripes import PROVENANCE as STRIPES_PROVENANCE
from neurochip.data.stripes import TEST, TRAIN, stripes
from neurochip.data.table import Rows, Table
from neurochip.data.tabular import tabular
from neurochip.data.two_orders import LENGTH, SYMBOLS, laid_out, two_orders
from neurochip.data.two_orders import PROVENANCE as ORDERS_PROVENANCE
from neurochip.data.uci import DIGITS_PROVENANCE, held_out
from neurochip.data.uci import read_embedded as read_uci
from neurochip.errors import ConfigError, DataError

__all__ = ["load"]

DIGITS_TEST = 497
_DIGITS = tuple(str(k) for k in range(CLASSES))


def load(
    spec: DataSpec | str, *, train: int | None = None, test: int | None = None, folder: Path | None = None
) -> Dataset:
    """Load samples: those of a run's ``[data]``, or a set by its name.

    What is built in is verified against its checksums, a file against ``data.digest`` where a run says it.

    Parameters
    ----------
    spec
        The section, or a name: ``"mnist-small"`` (embedded: 2000 + 1000), ``"mnist"`` (60 000 + 10 000, fetched
        before), ``"digits"`` (embedded: 1300 + 497 of 8 × 8 pixels), ``"stripes"`` (made: 400 + 400 of 4 × 4 pixels,
        two classes), ``"iris"``, ``"wine"``, ``"breast-cancer"``, ``"two-joint-arm"``, or one of another package.
    train, test
        With a name: take the first so many samples; None = all. Any prefix of ``mnist-small`` is balanced to within
        one digit per class; ``mnist`` is in the order of the official files.
    folder
        Where the official files of ``mnist`` are; None = ``data_folder("mnist")``.

    Raises
    ------
    DataError
        For data that are missing, damaged, changed, or not what a run needs.
    """
    if isinstance(spec, str):
        spec = DataSpec(set=spec, train=train, test=test)
    if spec.given is not None:
        raise DataError(
            "data.given",
            f"the samples '{spec.given}' were given from Python and stand in no file; give them again as samples, or "
            "write them to a file and name it in data.file",
        )
    if spec.file is not None:
        return read_own(spec)
    if spec.set in FACTS:
        return _built_in(spec, folder)
    return _plugged(spec)


def _built_in(spec: DataSpec, folder: Path | None) -> Dataset:
    if FACTS[spec.set].train is None:
        return replace(prepared(tabular(spec.set), spec), source=spec)
    if spec.set == "moving-bars":
        whole = _moving_bars(spec.present, spec.tick, spec.frames, spec.window, spec.polarity)
    else:
        whole = _mnist(folder) if spec.set == "mnist" else _SETS[spec.set]()
    return replace(limited(whole, spec), source=spec)


def _plugged(spec: DataSpec) -> Dataset:
    """Return a set of another package: a `Dataset`, a `Table`, or a function that returns one."""
    plugin = plugins.find("datasets", spec.set, FACTS, "data.set")
    if plugin is None:
        raise DataError("data.set", f'there is no data set "{spec.set}"')
    found = plugins.load(plugin, "data.set")
    try:
        found = found() if callable(found) else found
    except DataError:
        raise
    except Exception as error:  # whatever somebody's function runs into
        raise plugins.unusable(plugin, "data.set", f"gives no samples ({error})") from error
    if isinstance(found, Table):
        samples = prepared(replace(found, name=spec.set), spec)
    elif isinstance(found, Dataset):
        for name in ("test_share", "split_seed", "scaling"):
            if getattr(spec, name) is not None:
                raise ConfigError(
                    f"data.{name}", f"has no effect on {spec.set}, which is parted and scaled; leave it out"
                )
        samples = limited(replace(found, name=spec.set), spec)
    else:
        raise plugins.unusable(
            plugin,
            "data.set",
            f"must be a Dataset, a Table or a function that returns one, got {type(found)}",
        )
    digest = arrays_digest(samples)
    if spec.digest is not None and spec.digest != digest:
        raise DataError(
            f"data.set: {plugin.words}",
            f"gives other samples: their digest is {digest}, and the run was made with {spec.digest}; install that "
            "version",
        )
    return replace(samples, source=replace(spec, digest=digest))


def _mnist_small() -> Dataset:
    arrays = read_embedded()
    parts = [
        Part(arrays[f"{part}_pixels"].astype(np.uint8, copy=False), arrays[f"{part}_labels"].astype(np.int64))
        for part in ("train", "test")
    ]
    return Dataset(
        name="mnist-small",
        train=parts[0],
        test=parts[1],
        heads=Heads.of_classes(_DIGITS),
        provenance=f"{PROVENANCE}; balanced subset, each part from the official part of the same name",
    )


def _mnist(folder: Path | None) -> Dataset:
    folder = data_folder("mnist") if folder is None else folder
    try:
        for official in FILES.values():
            find_file(folder, official)
    except DataError as error:
        raise DataError(error.place, f"{error.problem}; get it with `neurochip data fetch mnist`") from error
    parts = [
        Part(pixels, labels.astype(np.int64))
        for pixels, labels in (read_split(folder, part) for part in ("train", "test"))
    ]
    return Dataset(
        name="mnist", train=parts[0], test=parts[1], heads=Heads.of_classes(_DIGITS), provenance=PROVENANCE
    )


def _digits() -> Dataset:
    arrays = read_uci()
    pixels = np.rint(arrays["digits"].astype(np.float64) * 255 / 16).astype(np.uint8)
    labels = arrays["digits_labels"].astype(np.int64)
    test = held_out(len(labels), DIGITS_TEST)
    train = np.setdiff1d(np.arange(len(labels)), test)
    return Dataset(
        name="digits",
        train=Part(pixels[train], labels[train]),
        test=Part(pixels[test], labels[test]),
        heads=Heads.of_classes(_DIGITS),
        provenance=f"{DIGITS_PROVENANCE}; {DIGITS_TEST} of 1797 kept for the test, chosen by a hash",
    )


def _stripes() -> Dataset:
    return Dataset(
        name="stripes",
        train=Part(*stripes(0, TRAIN)),
        test=Part(*stripes(TRAIN, TEST)),
        heads=Heads.of_classes(("same", "different")),
        provenance=STRIPES_PROVENANCE,
    )


def _two_orders() -> Dataset:
    facts = FACTS["two-orders"]
    train, test = two_orders(0, facts.train or 0), two_orders(facts.train or 0, facts.test or 0)
    return Dataset(
        name="two-orders",
        train=Part(laid_out(train[0]), train[1]),
        test=Part(laid_out(test[0]), test[1]),
        heads=Heads.of_classes(("same", "different")),
        features=tuple(f"{symbol} at {place + 1}" for place in range(LENGTH) for symbol in SYMBOLS),
        provenance=ORDERS_PROVENANCE,
    )


@functools.cache
def _crossed_bars() -> Dataset:
    facts = FACTS["crossed-bars"]
    both = []
    for first, count in ((0, facts.train or 0), (facts.train or 0, facts.test or 0)):
        pixels, targets = crossed_bars(first, count)
        both.append(Rows(pixels, side_by_side([*targets.T]), lambda row: f"crossed-bars: sample {row + 1}"))
    table = Table(
        name="crossed-bars",
        whole=both[0],
        test=both[1],
        features=tuple(f"({x}, {y})" for y in range(8) for x in range(8)),
        outputs=CROSSED_TARGETS,
        kinds=CROSSED_KINDS,
        groups=("row", "column", "bright", "bright"),
        names=CROSSED_NAMES,
        provenance=CROSSED_PROVENANCE,
    )
    return prepared(table, DataSpec(given="crossed-bars"))


@functools.cache
def _two_joint_arm() -> Dataset:
    facts = FACTS["two-joint-arm"]
    both = []
    for part, count in (("train", facts.train), ("test", facts.test)):
        angles = made_angles(part, count or 0)
        both.append(Rows(angles, hand_of(angles), str))
    table = Table(
        name="two-joint-arm",
        whole=both[0],
        test=both[1],
        features=("phi", "theta"),
        outputs=("x", "y"),
        regression=True,
        provenance=ARM_PROVENANCE,
        target_range=(0.0, 1.0),
    )
    return prepared(table, DataSpec(given="two-joint-arm", scaling="none"))


@functools.lru_cache(maxsize=4)
def _moving_bars(
    present: Any, tick: float | None, frames: int, window: float | None, polarity: Any
) -> Dataset:
    facts = FACTS["moving-bars"]
    train, test = _bars(0, facts.train or 0), _bars(facts.train or 0, facts.test or 0)
    asked = DataSpec(
        set="moving-bars", present=present, tick=tick, frames=frames, window=window, polarity=polarity
    )
    table = event_table("moving-bars", train, test, asked)
    pixels = [f"polarity {p}, ({x}, {y})" for p in range(2) for y in range(SIDE) for x in range(SIDE)]
    if polarity == "merged":
        pixels = [f"({x}, {y})" for y in range(SIDE) for x in range(SIDE)]
    names = [f"frame {k + 1}, {name}" if frames > 1 else name for k in range(frames) for name in pixels]
    table = replace(table, features=tuple(names), classes=DIRECTIONS, provenance=BARS_PROVENANCE)
    return prepared(table, DataSpec(given="moving-bars"))


_bars = functools.lru_cache(maxsize=4)(bars)


_SETS: dict[str, Callable[[], Dataset]] = {
    "mnist-small": _mnist_small,
    "digits": _digits,
    "stripes": _stripes,
    "crossed-bars": _crossed_bars,
    "two-orders": _two_orders,
    "two-joint-arm": _two_joint_arm,
}
