"""Where the cores of a run that trains stand: for what crosses before it has learnt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip import data
from neurochip.compile.nearer import nearer_sites
from neurochip.compile.placement_costs import OBJECTIVES
from neurochip.description import RunSpec
from neurochip.errors import ConfigError
from neurochip.keys.reading import did_you_mean
from neurochip.report.mesh_schema import MappingTable
from neurochip.runs.building import build
from neurochip.substrate.counters import Phase
from neurochip.training.evaluate import presentations, read_populations
from neurochip.training.streams import first_parameters

__all__ = ["SHOWN", "placed_nearer"]

SHOWN = 100  # training samples
_TOGETHER = 20
Counts = NDArray[np.int64]


def placed_nearer(
    spec: RunSpec, wanted: str, samples: data.Dataset | None = None, *, threads: int = 1
) -> tuple[RunSpec, MappingTable]:
    """Return a run whose cores stand where its spikes cross few links, and what is told of that.

    What crosses is known only once something was shown, so the first training samples are shown to the first weights,
    through the free and a nudged phase, before anything is learnt. No label or sample of the test set plays a part.

    Parameters
    ----------
    wanted
        ``hops``, or ``hops:N`` for so many samples; without a number `SHOWN`.
    samples
        In place of what the run names.

    Raises
    ------
    NeurochipError
        One of its family: an objective that there is not, or is none of runs that train; a run that sends no spikes,
        trains nothing, or says where its cores stand.
    """
    shown = _samples_of(wanted)
    if spec.experiment != "train" or spec.learning is None or spec.substrate != "digital":
        raise ConfigError(
            "--placement", f"places the cores of a run that trains on a digital chip, and {spec.name} is none"
        )
    if spec.placement:
        raise ConfigError(
            "--placement", "says what the run says already, by its key placement; leave one out"
        )
    if samples is None:
        samples = data.load(spec.data)
    built = build(spec, threads=threads)
    if built.image is None:
        raise RuntimeError("a digital run is always compiled")
    shown = min(shown, len(samples.train))
    built.substrate.load(first_parameters(spec, built.network))
    outputs = len(built.network.outputs) if read_populations(built.network, samples.heads) == (-1,) else 1
    fired = [np.zeros(size, np.int64) for size in built.network.sizes]
    for first in range(0, shown, _TOGETHER):
        chosen = np.arange(first, min(first + _TOGETHER, shown))
        built.substrate.begin(samples.presented(chosen), presentations(first, len(chosen)))
        targets = np.tile(samples.targets(chosen).astype(np.float64), (1, outputs))
        free = built.substrate.run(Phase.EVALUATION, spec.phases.free, record=("spikes",))
        nudged = built.substrate.run(
            Phase.EVALUATION,
            spec.phases.nudged,
            beta=abs(spec.learning.beta),
            targets=targets,
            record=("spikes",),
        )
        for total, *seen in zip(fired, free.spikes, nudged.spikes, strict=True):
            for spikes in seen:
                total += spikes.sum(axis=(0, 1), dtype=np.int64)
    sites, before, after = nearer_sites(built.image, fired)
    table: MappingTable = {
        "file": None,
        "objective": "hops",
        "method": "FAQ, SciPy" if after.hops < before.hops else "the placement before was not beaten",
        "before": before._asdict(),
        "after": after._asdict(),
        "samples": shown,
    }
    return RunSpec.from_dict(spec.to_dict() | {"placement": sites.tolist()}), table


def _samples_of(wanted: str) -> int:
    """Return how many samples are shown; refuse any other objective than ``hops``."""
    name, given, number = wanted.partition(":")
    if name in OBJECTIVES and name != "hops":
        why = {
            "balance": "a run that trains parts each population evenly, and learns on cores of that population alone",
            "cut": "a run that trains keeps the neurons of a population in their order, as its weights lie on cores",
        }
        raise ConfigError("--placement", f'"{name}" moves neurons from core to core: {why[name]}; use hops')
    if name != "hops":
        hint = did_you_mean(name, OBJECTIVES)
        raise ConfigError(
            "--placement",
            f"must be hops or hops:SAMPLES for a run that trains, got {wanted!r}{hint}; the key placement "
            "names cores one by one",
        )
    if not given:
        return SHOWN
    if not (number.isascii() and number.isdigit() and 1 <= int(number[:9]) and len(number) < 10):
        raise ConfigError(
            "--placement", f"must have a number of training samples behind hops:, got {number!r}"
        )
    return int(number)
