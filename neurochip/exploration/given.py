"""What a command names → a workload and its chip: a network and samples, a network and spikes, or recorded spikes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.placement_file import read_placement
from neurochip.description import ChipSpec, RunSpec, read_energies
from neurochip.description.chip_changes import chip_with, taken_out
from neurochip.errors import ConfigError
from neurochip.exploration.workload import NetworkWorkload, TrafficWorkload, Workload
from neurochip.inference.inferring import read_samples
from neurochip.inference.input_files import network_input
from neurochip.inference.recorded import any_network, as_file, as_run, is_network, traffic_of
from neurochip.network import layered
from neurochip.replays.replaying import Timing

__all__ = ["DEFAULT_CHIP", "Given", "given"]

DEFAULT_CHIP = "cmos45"


class Given(NamedTuple):
    """A workload, its chip as it is, what is changed of it, and the names of all of it.

    Attributes
    ----------
    chip
        With other energies where they were named.
    changes
        ``KEY = VALUE`` of the chip, for all points.
    name, file, network
        Of the results, of the input, and of the network or run; empty where there is none.
    """

    workload: Workload
    chip: ChipSpec
    changes: tuple[str, ...]
    name: str
    file: str
    network: str


def given(
    run: str | None,
    *,
    data: Path | None = None,
    raster: Path | None = None,
    overrides: Sequence[str] = (),
    chip: str | None = None,
    energies: str | None = None,
    placement: Path | None = None,
    timing: Timing = "tick",
) -> Given:
    """Return the workload of labelled samples or of spikes.

    Parameters
    ----------
    run
        A network (.npz of `neurochip import`, or .nir), or the run whose recorded spikes are meant.
    data, raster
        A file of labelled samples, or of spikes; one of them.
    overrides
        ``key=value``: of the chip, ``chip.core.neurons=256``, and of the run if there is one.
    chip, energies
        Name or file; `None` takes the run's chip, else cmos45, and the chip's own energies.
    placement
        A file (docs/replay.md) that puts neurons on the same cores of every chip; `None`: each is compiled for. Of a
        chip without one of these cores, or on which one of them holds too little, the point says so.
    timing
        How ticks are timed, which decides what of a chip plays a part.

    Raises
    ------
    NeurochipError
        One of its family: files that are none, or that do not fit one another.
    """
    changes, rest = taken_out(overrides)
    work: Workload
    paid = None if energies is None else read_energies(energies)
    source = data if data is not None else raster
    if source is None:
        raise ConfigError("--data", "is missing: name samples with labels, or spikes with --replay")
    if run is not None and is_network(run):
        network, _ = any_network(run, rest)
        specification = chip_with(chip or DEFAULT_CHIP, (), paid)
        names = [group.name for group in network.groups]
        if data is not None:
            work = NetworkWorkload(network, read_samples(source), _cores(placement, names, network.sizes))
        else:
            shown = network_input(source, network)
            cores = _cores(placement, names, network.sizes)
            work = NetworkWorkload(network, shown.spikes[0], shown.placement if cores is None else cores)
        return Given(work, specification, tuple(changes), Path(run).stem, source.name, Path(run).name)
    if data is not None:
        raise ConfigError("--data", "shows samples to a network: name its .npz or .nir")
    traffic, spec = traffic_of(source, run, overrides, chip, timing)
    names = [population.name for population in layered(traffic.sizes).populations]
    cores = _cores(placement, names, traffic.sizes)
    placed = {} if cores is None else {"placement": cores}
    if spec is None:
        specification = chip_with(chip or DEFAULT_CHIP, (), paid)
        return Given(
            TrafficWorkload(traffic, lambda specification: {**as_file(traffic, specification), **placed}),
            specification,
            tuple(changes),
            source.stem,
            source.name,
            "",
        )
    table = spec.to_dict()
    for of_its_chip in ("chip_changes", "placement"):
        table.pop(of_its_chip, None)
    bare = RunSpec.from_dict(table)
    work = TrafficWorkload(traffic, lambda specification: {**as_run(traffic, bare, specification), **placed})
    specification = chip_with(spec.chip, (), paid)
    return Given(work, specification, spec.chip_changes, f"{spec.name}-replay", source.name, spec.name)


def _cores(
    placement: Path | None, names: Sequence[str], sizes: Sequence[int]
) -> list[NDArray[np.int64]] | None:
    return None if placement is None else read_placement(placement, names, sizes)
