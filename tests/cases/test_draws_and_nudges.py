"""Draws that depend on nothing but their seed (aihwkit), and the nudge of equilibrium propagation's codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.cli.conftest import Run

SMALL = ("--set", "data.train=40", "--set", "data.test=20", "--set", "learning.epochs=1")
DIGITS = (
    "--set",
    "data.train=60",
    "--set",
    "data.test=20",
    "--set",
    "learning.epochs=1",
    "--set",
    "phases.free=20",
)


def arrays(file: Path) -> dict[str, Any]:
    """Return all arrays of a die."""
    found: dict[str, Any] = {}
    with h5py.File(file) as stored:
        stored.visititems(
            lambda name, one: found.update({name: one[()]}) if isinstance(one, h5py.Dataset) else None
        )
    return found


def saved(run: Run, name: str, *changes: str) -> dict[str, Any]:
    """Save the die of a run that is described, not carried out."""
    result = run("die", "save", "analog-mnist-small", f"{name}.h5", *changes)
    assert result.exit_code == 0, result.stderr
    return arrays(Path(f"{name}.h5"))


def test_a_die_is_drawn_by_its_own_seed_alone(run: Run) -> None:
    first = saved(run, "a", *SMALL)
    for name, changes in {
        "seed": ("--set", "seed=7"),
        "data": ("--set", "data.train=60"),
        "epochs": ("--set", "learning.epochs=3"),
    }.items():
        other = saved(run, name, *SMALL, *changes)
        assert other.keys() == first.keys()
        for array, values in first.items():
            np.testing.assert_array_equal(values, other[array], err_msg=f"{name}: {array}")
    another = saved(run, "another", *SMALL, "--set", "analog.die=2")
    assert all(not np.array_equal(values, another[name]) for name, values in first.items() if values.size > 1)


def trained(run: Run, name: str, *changes: str) -> tuple[Any, Any]:
    """Train and return test errors and the last weights."""
    result = run("simulate", "mnist-small", "--quiet", *DIGITS, *changes, "--out", name)
    assert result.exit_code == 0, result.stderr
    errors = [
        epoch["test_error"] for epoch in json.loads(Path(name, "report.json").read_text())["result"]["epochs"]
    ]
    with h5py.File(Path(name, "checkpoint.h5")) as stored:
        found: dict[str, Any] = {}
        stored.visititems(
            lambda key, one: (
                found.update({key: one[()]}) if isinstance(one, h5py.Dataset) and "weight" in key else None
            )
        )
    return errors, found


def test_threads_change_no_bit_and_a_nudge_is_not_zero(run: Run) -> None:
    one, two = trained(run, "one"), trained(run, "two", "--threads", "2")
    assert one[0] == two[0] and one[1].keys() == two[1].keys() and one[1]
    for name, values in one[1].items():
        np.testing.assert_array_equal(values, two[1][name])
    other = trained(run, "other", "--set", "learning.beta=-0.1")
    assert any(not np.array_equal(values, other[1][name]) for name, values in one[1].items())
    zero = run("simulate", "mnist-small", *DIGITS, "--set", "learning.beta=0")
    assert (zero.exit_code, zero.stderr) == (2, "Error: --set learning.beta: must be non-zero, got 0\n")
