"""A run and its samples: the data are read, and the run then says what was read."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from neurochip.data import Dataset, DataSpec, load
from neurochip.description.catalogue import built_in
from neurochip.description.run import RunSpec
from neurochip.errors import ConfigError

__all__ = ["bound", "check_shown", "samples_of", "section_of"]


def samples_of(run: RunSpec) -> Dataset | None:
    """Return the samples that a run names; `None` for one that takes none.

    Raises
    ------
    DataError
        For data that are missing, damaged, or others than the run was made with.
    """
    return load(run.data) if run.experiment == "train" else None


def bound(run: RunSpec, samples: Dataset | None = None) -> RunSpec:
    """Return a run that says what its data are: their digest, and the sizes that it left to them.

    Parameters
    ----------
    samples
        They take the place of those that the run names. What nothing reads again is only named in the run.

    Raises
    ------
    DataError
        For data that are missing, damaged, or others than the run was made with.
    ConfigError
        When the network has other inputs or outputs, with both numbers.
    """
    if run.experiment != "train" or (samples is None and run.data.is_bound and not run.network.is_open):
        return run
    if samples is None:
        samples = load(run.data)
    section = section_of(samples)
    found = run.with_data(section, samples.n_inputs, samples.heads.sizes)
    is_own = section.file is not None or section.given is not None
    return _retitled(found) if is_own and run.name in built_in("runs") else found


def check_shown(run: RunSpec, samples: Dataset, *, driven: bool = False) -> None:
    """Refuse spikes for neurons that hold values, and for a controller (``driven``), which writes values into its chip.

    Raises
    ------
    ConfigError
        Where the samples are spikes, and the run cannot show them.
    """
    if samples.ticks and (driven or not run.shows_spikes):
        who = (
            "a controller writes values into its chip"
            if driven
            else "these neurons hold values that stand still"
        )
        raise ConfigError(
            "data.present", f'{samples.name} shows spikes in their ticks, and {who}; set it to "values"'
        )


def section_of(samples: Dataset) -> DataSpec:
    """Return ``[data]`` of a run on these samples: what reads them again, or what they are called."""
    return samples.source or DataSpec(given=samples.name, digest=samples.digest)


def _retitled(run: RunSpec) -> RunSpec:
    """Return a run of the catalogue by the name of its data: the catalogue's words are not about them."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(run.data.title).stem).strip("-._")[:60]
    return dataclasses.replace(run, name=name or "own-data", about="")
