"""Runs of every kind as plain Python: each kernel is handed what its annotations say (`neurochip/kernels/contract`)."""

from __future__ import annotations

import copy
import os
import tomllib
from typing import Any

import numpy as np
import pytest

from neurochip.description import RunSpec, apply_overrides
from neurochip.description.catalogue import run_text
from neurochip.kernels.contract import checked, fits
from neurochip.kernels.types import Cube, Float, Index, Matrix, Number, Real, Vector
from neurochip.runs.simulation import simulate

as_python = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") != "1", reason="kernels are compiled here")

TINY = {
    "name": "tiny",
    "network": {"layers": [64, 5, 10]},
    "data": {"set": "digits", "train": 4, "test": 2},
    "phases": {"free": 4, "nudged": 4},
    "learning": {"rates": [0.3, 0.2], "epochs": 1, "minibatch": 2},
    "evaluation": {"train": 2},
}
SMALL = "convergence={ nets = 1, samples = 2, free = 4, nudged = 3, reference_steps = 6 }"
ANALOG = ("substrate=analog", "analog.settle.residual=0.2", "phases.free=6")
INTEGERS = (
    "network.precision=int8", "numbers.state=Q3.8", "coding.decoder.lambda=0.25", "learning.rates=[0.5,0.5]",
)  # fmt: skip
KINDS: dict[str, tuple[str, ...]] = {
    "bits": (),
    "only bits": ("network.tied=false", "learning.pre=trace", "learning.trace=count"),
    "second order": ("coding.encoder=second-order-sigma-delta", "coding.annealer=kesten"),
    "chance": ("coding.encoder=stochastic", "coding.decoder=identity", 'coding.annealer={kind="constant",value=0.5}'),
    "threshold": ("coding.encoder=threshold", "network.precision=float64", "chip=ideal-bits"),
    "lost and late": ("faults.spike_drop=0.05", "faults.stuck_neuron=0.1", "faults.spike_delay=0.1"),
    "walked": ("timing=cycle", "chip=loihi", "network.precision=int8"),
    "integers": (*INTEGERS, "coding.annealer.nu_bar=0.0625"),
    "integers, shifts": (
        *INTEGERS, 'coding.annealer={kind="shift",floor=3}', "network.tied=false", "learning.pre=trace",
    ),
    "lif": ("neuron=lif", "learning.rule=rate-of-change", "learning.own.steps=2"),
    "two compartments": ("neuron=two-compartment",),
    "real values": ("substrate=ideal",),
    "circuit": (*ANALOG, "analog.mismatch.sigma=0.3", "network.tied=false"),
    "leaks, mirrors": (
        *ANALOG, "analog.leak.characteristic=amplifier", "analog.leak.range=0.5", "analog.mirror.conductance=0.03",
    ),
    "pairs": (*ANALOG, "analog.characteristic=ekv"),
    "convergence": ("experiment=convergence", SMALL),
    "associative": ("substrate=ideal", "learning.rule=associative"),
    "delta": ("learning.rule=delta",),
}  # fmt: skip


FEW = ("data.train=4", "data.test=2", "learning.epochs=1", "evaluation.train=2")
SHIPPED: dict[str, tuple[str, ...]] = {
    "stripes-graph": (*FEW, "phases.free=6", "phases.nudged=4", "learning.minibatch=2"),
}
MAPS = {
    "network": {
        "populations": [
            {"name": "in", "shape": [1, 8, 8], "role": "input"},
            {"name": "maps", "shape": [2, 4, 4]},
            {"name": "less", "shape": [2, 2, 2]},
            {"name": "out", "shape": [10], "role": "output"},
        ],
        "projections": [
            {"from": "in", "to": "maps", "connectivity": {"kind": "convolution", "kernel": 2, "stride": 2}},
            {"from": "maps", "to": "less", "connectivity": {"kind": "pooling", "kernel": 2, "stride": 2}},
            {"from": "less", "to": "out"},
        ],
    }
}


def resolved(overrides: tuple[str, ...]) -> RunSpec:
    table: Any = copy.deepcopy(TINY)
    if "experiment=convergence" in overrides:
        for section in ("data", "phases", "learning", "evaluation"):
            del table[section]
    if "learning.rule=associative" in overrides:
        del table["phases"]["nudged"]
    return RunSpec.from_dict(apply_overrides(table, overrides))


@pytest.mark.interp
@as_python
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_kernels_are_handed_what_they_say(kind: str) -> None:
    assert simulate(resolved(KINDS[kind]), threads=1, write=False).record is not None


@pytest.mark.interp
@as_python
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.parametrize("name", SHIPPED)
def test_kernels_of_graphs_and_events_are_handed_what_they_say(name: str) -> None:
    table: Any = tomllib.loads(run_text(name))
    run = RunSpec.from_dict(apply_overrides({"name": name, **table}, SHIPPED[name]))
    assert simulate(run, threads=1, write=False).record is not None


@pytest.mark.interp
@as_python
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_kernels_of_shared_weights_are_handed_what_they_say() -> None:
    table: Any = copy.deepcopy(TINY) | MAPS
    table["learning"] |= {"rates": [0.1, 0.1, 0.1]}
    assert simulate(RunSpec.from_dict(table), threads=1, write=False).record is not None


def test_what_an_annotation_says_is_looked_at() -> None:
    floats, bits = np.zeros(3, np.float32), np.zeros((2, 3), np.uint8)
    assert fits(floats, Vector[Float]) and fits(floats, Vector[Number]) and fits(bits, Matrix[np.uint8])
    assert (
        not fits(bits, Vector[np.uint8])
        and not fits(floats, Vector[np.float64])
        and not fits(bits, Cube[np.uint8])
    )
    assert not fits(floats.astype(np.int8), Vector[Float]) and not fits(3, Vector[Float])
    assert fits(np.uint64(3), Index) and fits(3, Index) and not fits(3.0, Index)
    assert fits(np.float32(3), Real) and fits(3.0, Real) and not fits("3", Real)
    assert fits((floats, floats), tuple[Vector[Float], ...]) and not fits(
        (floats, bits), tuple[Vector[Float], ...]
    )
    assert fits(floats, Any)


def test_a_kernel_that_is_handed_something_else_says_what() -> None:
    def summed(values: Vector[np.uint8], n: Index) -> int:
        return int(values[:n].sum())

    sound = checked(summed)
    assert sound(np.ones(4, np.uint8), 3) == 3
    with pytest.raises(TypeError, match=r"summed: values must be .*uint8.*, got float64\[1 dimensions\]"):
        sound(np.ones(4), 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="n must be"):
        sound(np.ones(4, np.uint8), n=1.5)  # type: ignore[arg-type]
