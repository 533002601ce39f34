"""A run small enough for a second, its variants, and what of its folder must never depend on interruptions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

EPOCHS = 3
TINY = (
    "data.train=200",
    "data.test=50",
    "network.layers=[784, 40, 10]",
    f"learning.epochs={EPOCHS}",
    "phases.free=20",
    "phases.nudged=10",
    "evaluation.train=50",
)
VARIANTS: dict[str, tuple[str, ...]] = {
    "default": (),
    "persistent, random sign": ("phases.persistent=true", "learning.beta_sign=random"),
    "untied, traces": ("network.tied=false", "learning.pre=trace"),
    "int8": ("network.precision=int8",),
    "int8, timed flit by flit": (
        "chip=loihi",
        "network.precision=int8",
        "timing=cycle",
        "timing_every=7",
    ),
    "timed from counts, centred": ("timing=analytic", "phases.reference=opposite"),
    "random bits, centred": ("coding.encoder=stochastic", "phases.reference=opposite"),
    "persistent, split stream": ("phases.persistent=true", "phases.reference=parallel"),
    "untied, int8, counts, persistent": (
        "network.tied=false",
        "network.precision=int8",
        "learning.pre=trace",
        "learning.trace=count",
        "phases.persistent=true",
    ),
    "faults, traces, persistent": (
        "network.tied=false",
        "network.precision=int8",
        "learning.pre=trace",
        "phases.persistent=true",
        "faults.spike_drop=0.05",
        "faults.spike_delay={ rate = 0.1, ticks = 3 }",
        "faults.weight_bit_flip=0.001",
        "faults.stuck_neuron={ rate = 0.05, when = 'test' }",
    ),
    "ideal": ("data.set=mnist-small", "learning.beta_sign=random"),
    "ideal, persistent": ("data.set=mnist-small", "phases.persistent=true"),
    "die": ("analog.characteristic=tanh", "analog.diagnosed=2"),
}


def run_of(variant: str) -> str:
    """Return the run of the catalogue that a variant changes."""
    return {"ideal": "mnist-continuous", "die": "analog-mnist-small"}.get(
        variant.partition(",")[0], "mnist-small"
    )


def overrides(variant: str) -> list[str]:
    """Return what makes the run tiny, and what makes the variant."""
    pictures = () if variant.startswith(("ideal", "die")) else ("record.presentations=1",)
    return [*TINY, *pictures, *VARIANTS[variant]]


_CLOCK = ("seconds", "samples_per_s", "started", "epoch_seconds", "resumed")


def timeless(value: Any) -> Any:
    """Leave out what a clock said, and how often the run was taken up."""
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key not in _CLOCK}
    if isinstance(value, list):
        return [timeless(item) for item in value]
    return value


def results(folder: Path) -> dict[str, Any]:
    """Return all that a run wrote, by name, without what a clock said."""
    found: dict[str, Any] = {
        "report": timeless(json.loads((folder / "report.json").read_text(encoding="utf-8"))),
        "run": (folder / "run.toml").read_text(encoding="utf-8"),
    }
    with np.load(folder / "raster.npz") as rasters:
        found |= {f"raster {name}": rasters[name] for name in rasters}
    return found | stored(folder)


def stored(folder: Path) -> dict[str, Any]:
    """Return all that a checkpoint holds, by name, without what a clock said."""
    found: dict[str, Any] = {}
    with h5py.File(folder / "checkpoint.h5", "r") as file:

        def note(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                found[f"checkpoint {name}"] = item[()]

        file.visititems(note)
        for name, value in file.attrs.items():
            is_table = isinstance(value, str) and value[:1] in "[{"
            found[f"checkpoint attribute {name}"] = timeless(json.loads(value)) if is_table else value
    return found


def same(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Bit for bit."""
    assert set(first) == set(second)
    for name, value in first.items():
        if isinstance(value, np.ndarray):
            assert value.dtype == second[name].dtype, name
            np.testing.assert_array_equal(value, second[name], err_msg=name)
        else:
            assert value == second[name], name
