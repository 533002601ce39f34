"""A table → a data set: what is learnt, who tests, and where the ends of [0, 1] lie."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurochip.data.dataset import Dataset, Part
from neurochip.data.heads import Heads
from neurochip.data.scaling import BYTES, SPIKES, Scaling, counts, min_max, standard, unscaled
from neurochip.data.section import DataSpec
from neurochip.data.several import check_learnable, combinations, heads_of
from neurochip.data.table import MOST_CLASSES, Rows, Table, check_numbers, column_words
from neurochip.errors import ConfigError, DataError
from neurochip.files import briefly
from neurochip.spikes import SpikeTrains

__all__ = ["SPLIT_SEED", "TEST_SHARE", "limited", "prepared", "split"]

Array = NDArray[np.number]
TEST_SHARE, SPLIT_SEED = 0.2, 1


def prepared(table: Table, spec: DataSpec) -> Dataset:
    """Return the samples of a table, parted and scaled as a run says.

    Parameters
    ----------
    spec
        Its ``scaling``, ``test_share``, ``split_seed``, ``validation``, ``train`` and ``test``.

    Raises
    ------
    DataError
        For what stands in the data.
    ConfigError
        For what the run says and the data cannot give.
    """
    _check_inputs(table)
    if table.kinds:
        heads, codes = heads_of(table)
    elif table.regression:
        heads, codes = Heads.of_numbers(table.outputs), [_numbers(table, rows) for rows in _both(table)]
    else:
        classes, codes = _classes(table)
        heads = Heads.of_classes(classes)
    training, testing = _parted(table, heads, codes, spec)
    held = _held_out(spec, len(training[1]))
    learnt, validation = (slice(held, None), slice(0, held)) if held else (slice(None), None)
    inputs, wanted = training
    scaling = _scaling(table, inputs[learnt], spec)
    parts = [(inputs[learnt], wanted[learnt]), testing]
    if validation is not None:
        parts.append((inputs[validation], wanted[validation]))
    if table.regression:
        _check_varying(table, wanted[learnt])
    elif table.kinds:
        check_learnable(table, heads, wanted[learnt], testing[1])
    clipped, made = table.lost, []
    for x, y in parts:
        shown: Array | SpikeTrains = x.copy()
        if not isinstance(x, SpikeTrains) and scaling.kind != "bytes":
            shown = scaling.coded(x)
            clipped += 0 if scaling.kind == "none" else scaling.clipped(x)
        made.append(Part(shown, np.ascontiguousarray(y)))
    return Dataset(
        name=table.name,
        train=made[0],
        test=made[1],
        validation=made[2] if len(made) > 2 else None,
        heads=heads if heads.is_classes else heads.fitted(wanted[learnt], table.target_range),
        features=table.features if len(table.features) == inputs.shape[1] else (),
        scaling=scaling,
        clipped=clipped,
        provenance=table.provenance,
    )


def _both(table: Table) -> list[Rows]:
    return [table.whole] if table.test is None else [table.whole, table.test]


def _check_inputs(table: Table) -> None:
    for rows in _both(table):
        if rows.inputs.shape[1] != table.whole.inputs.shape[1]:
            raise DataError(
                rows.place(0),
                f"has {rows.inputs.shape[1]} inputs, and samples of the training part have "
                f"{table.whole.inputs.shape[1]}",
            )
        check_numbers(rows.inputs, table.features, rows.place)


def _numbers(table: Table, rows: Rows) -> Array:
    check_numbers(rows.targets, table.outputs, rows.place)
    return np.asarray(rows.targets, dtype=np.float64)


def _classes(table: Table) -> tuple[tuple[str, ...], list[Array]]:
    """Return the labels there are, and the class of each sample of each part."""
    labels, codes = np.unique(table.whole.targets, return_inverse=True)
    if len(labels) < 2:
        only = f", {briefly(str(labels[0]), 40)}" if len(labels) else ""
        raise DataError(table.name, f"has samples of one class only{only}; there must be two at the least")
    if len(labels) > min(MOST_CLASSES, max(2, len(codes) // 2)):
        raise DataError(
            table.name,
            f"has {len(labels)} labels in {len(codes)} samples; name the column of the labels in data.target, or set "
            'data.task = "regression" to learn numbers',
        )
    names = table.classes or tuple(str(label) for label in labels)
    found: list[Array] = [codes.reshape(-1).astype(np.int64)]
    if table.test is not None:
        wanted = table.test.targets
        if wanted.dtype.kind != labels.dtype.kind:  # the same labels, as texts here and as numbers there
            labels, wanted = labels.astype(str), wanted.astype(str)
            order = np.argsort(labels)
        else:
            order = np.arange(len(labels))
        at = np.searchsorted(labels[order], wanted)
        known = labels[order][np.minimum(at, len(labels) - 1)] == wanted
        if not known.all():
            row = int(np.argmin(known))
            raise DataError(
                table.test.place(row),
                f"has the label {briefly(str(wanted[row]), 40)}, which no sample of the training part has",
            )
        found.append(order[at].astype(np.int64))
    return names, found


def _parted(
    table: Table, heads: Heads, codes: list[Array], spec: DataSpec
) -> tuple[tuple[Array | SpikeTrains, Array], ...]:
    """Return inputs and targets of the training and of the test part, as many as the run asks for."""
    if table.test is not None:
        for name in ("test_share", "split_seed"):
            if getattr(spec, name) is not None:
                raise ConfigError(
                    f"data.{name}", f"has no effect on {table.name}, which has a test part; leave it out"
                )
        parts = [(table.whole.inputs, codes[0]), (table.test.inputs, codes[1])]
    else:
        share = TEST_SHARE if spec.test_share is None else spec.test_share
        seed = SPLIT_SEED if spec.split_seed is None else spec.split_seed
        groups = codes[0] if heads.is_classes else combinations(heads, codes[0], share)
        train, test = split(groups, share, seed)
        if not len(train) or not len(test):
            left = f"{len(train)} of the {len(groups)} samples of {table.name} to train on and {len(test)} to test"
            if spec.test_share is None:
                raise DataError(table.name, f"is too small: a test share of {share:g} leaves {left}")
            raise ConfigError("data.test_share", f"of {share:g} leaves {left}")
        x = table.whole.inputs
        parts = [(x[train], codes[0][train]), (x[test], codes[0][test])]
    limited = []
    for name, (x, y) in zip(("train", "test"), parts, strict=True):
        wanted = getattr(spec, name)
        if wanted is not None and wanted > len(y):
            raise ConfigError(
                f"data.{name}", f"must be 1 to {len(y)}, the samples that {table.name} has, got {wanted}"
            )
        limited.append((x[:wanted], y[:wanted]))
    return tuple(limited)


def split(groups: Array, share: float, seed: int) -> tuple[Array, Array]:
    """Return the rows that train and those that test, each in an order drawn by a hash of the seed and the row.

    Of each group the same share tests, rounded; the hash is the same in every version of everything.
    """
    n = len(groups)
    keys = np.frombuffer(
        b"".join(hashlib.sha256(f"{seed}:{row}".encode()).digest()[:8] for row in range(n)), dtype=">u8"
    )
    order = np.argsort(keys, kind="stable")
    is_test = np.zeros(n, dtype=bool)
    for group in np.unique(groups):
        rows = order[groups[order] == group]
        is_test[rows[: round(share * len(rows))]] = True
    return order[~is_test[order]], order[is_test[order]]


def limited(whole: Dataset, spec: DataSpec) -> Dataset:
    """Return as many samples of a set that is parted already as a run asks for, some held out of the training part."""
    n_train = _limit("data.train", spec.train, len(whole.train), whole.name)
    n_test = _limit("data.test", spec.test, len(whole.test), whole.name)
    held = round(spec.validation * n_train)
    if spec.validation and not 0 < held < n_train:
        raise ConfigError("data.validation", f"of {spec.validation:g} holds out {held} of {n_train} samples")
    if (n_train, n_test, held) == (len(whole.train), len(whole.test), 0):
        return whole
    return replace(
        whole,
        train=whole.train.taken(slice(held, n_train)),
        test=whole.test.taken(slice(0, n_test)),
        validation=whole.train.taken(slice(0, held)) if held else None,
    )


def _limit(place: str, wanted: int | None, there: int, name: str) -> int:
    if wanted is None:
        return there
    if not 1 <= wanted <= there:
        raise DataError(place, f"must be 1 to {there}, the samples that {name} has, got {wanted}")
    return wanted


def _held_out(spec: DataSpec, n: int) -> int:
    held = round(spec.validation * n)
    if spec.validation and not 0 < held < n:
        raise ConfigError(
            "data.validation",
            f"of {spec.validation:g} holds out {held} of {n} training samples; at least one must be held out, and one "
            "be left",
        )
    return held


def _scaling(table: Table, training: Array | SpikeTrains, spec: DataSpec) -> Scaling:
    if isinstance(training, SpikeTrains):
        if spec.scaling is not None:
            raise ConfigError(
                "data.scaling", f"has no effect on spikes, which {table.name} shows; leave it out"
            )
        return SPIKES
    if training.dtype == np.uint8 and spec.scaling in (None, "none"):
        return BYTES
    asked = table.scaling if spec.scaling is None else spec.scaling
    if asked == "counts":
        return _counted(table, training)
    if asked == "none":
        for rows in _both(table):
            _check_range(rows, table.features)
        return unscaled(training.shape[1])
    scaling = standard(training) if asked == "standard" else min_max(training)
    still = np.flatnonzero(~(scaling.high > scaling.low))
    if len(still):
        more = f" (and {len(still) - 1} more)" if len(still) > 1 else ""
        raise DataError(
            f"{table.name}: {column_words(table.features[int(still[0])])}{more}",
            "never varies in the training part, so that it has no scale; leave it out with data.leave_out, or set "
            'data.scaling = "none" for inputs that lie in [0, 1]',
        )
    return scaling


def _counted(table: Table, training: Array) -> Scaling:
    for rows in _both(table):
        below = np.asarray(rows.inputs) < 0
        if below.any():
            row, column = (int(k) for k in np.argwhere(below)[0])
            place = f"{rows.place(row)}, {column_words(table.features[column])}"
            raise DataError(place, f"{rows.inputs[row, column]:g} is no count; use another data.scaling")
    return counts(training)


def _check_range(rows: Rows, names: Sequence[str]) -> None:
    inputs = np.asarray(rows.inputs)
    outside = (inputs < 0) | (inputs > 1)
    if outside.any():
        row, column = (int(k) for k in np.argwhere(outside)[0])
        raise DataError(
            f"{rows.place(row)}, {column_words(names[column])}",
            f"{inputs[row, column]:g} is outside [0, 1], the range of a neuron's value; set data.scaling to "
            '"min-max" or "standard"',
        )


def _check_varying(table: Table, training: Array) -> None:
    still = np.flatnonzero(training.min(axis=0) == training.max(axis=0))
    if len(still) and table.target_range is None:
        raise DataError(
            f"{table.name}: {column_words(table.outputs[int(still[0])])}",
            "never varies in the training part: there is nothing to learn",
        )
