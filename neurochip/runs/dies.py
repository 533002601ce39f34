"""Dies and trained analog chips outside a run: show, save and take in a die, and write a chip as a netlist."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip import data
from neurochip.analog.die import Die
from neurochip.analog.die_file import read_die, write_die
from neurochip.analog.drawing import draw_die
from neurochip.analog.extraction.ngspice import Models
from neurochip.analog.extraction.request import read_request
from neurochip.analog.spice import spice_netlist
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.analog.transistor_netlist import Cards, transistor_netlist
from neurochip.description import RunSpec, network_of, read_run
from neurochip.description.catalogue import find_cells
from neurochip.description.die.cell_library import cells_from_toml
from neurochip.durable.atomic import replacing
from neurochip.errors import CapabilityError, ConfigError, DataError, OutputError
from neurochip.files import parse_toml
from neurochip.network import Network
from neurochip.runs.building import build, digest_of
from neurochip.training.checkpoint import read_checkpoint
from neurochip.training.folder import CHECKPOINT, RESOLVED

__all__ = ["cards_of", "die_of_run", "new_file", "run_netlist", "save_die", "write_netlist"]

_ENDINGS = (".h5", ".hdf5")  # of files that hold one die


def die_of_run(run: str, overrides: Sequence[str] = ()) -> tuple[Die, RunSpec, Network]:
    """Return the die of an analog run, the run and its network.

    Raises
    ------
    ConfigError
        When the run is not analog.
    """
    spec = read_run(run, overrides)
    if spec.analog is None:
        raise ConfigError("substrate", f'must be "analog" to have a die, {spec.name} is {spec.substrate}')
    network = network_of(spec.network)
    if spec.analog.die_file is not None:
        die = read_die(Path(spec.analog.die_file), network)
        die.check(network)
        return die, spec, network
    return draw_die(network, spec.analog), spec, network


def new_file(path: Path) -> None:
    """Raise `OutputError` if a file is there already."""
    if path.exists():
        raise OutputError(str(path), "exists already; choose another file or remove it")


def save_die(die: Die, path: Path) -> None:
    """Write a die as a new HDF5 file.

    Raises
    ------
    OutputError
        When it exists already, or has a name that would be read as something else.
    """
    if path.suffix.lower() not in _ENDINGS:
        raise OutputError(
            str(path), f"would be read as no die; choose a name that ends in {' or '.join(_ENDINGS)}"
        )
    new_file(path)
    write_die(path, die)


class _Presented(NamedTuple):
    """The chip of a finished run, and a test sample."""

    substrate: AnalogSubstrate
    inputs: NDArray[Any]
    targets: NDArray[np.float64]
    title: str


def _presented(folder: Path, sample: int) -> _Presented:
    if not (folder / RESOLVED).is_file():
        raise DataError(str(folder), f"has no {RESOLVED}; name the folder of a finished run")
    run = read_run(str(folder / RESOLVED))
    if run.analog is not None and run.analog.vector_field is not None:
        raise CapabilityError("export --spice", "cannot translate a vector field from a file")
    built = build(run)
    if not isinstance(built.substrate, AnalogSubstrate):
        raise CapabilityError("export --spice", f"is for analog runs, {run.name} is {run.substrate}")
    built.substrate.load(read_checkpoint(folder / CHECKPOINT, digest=digest_of(built)).parameters)
    samples = data.load(run.data)
    if not 0 <= sample < len(samples.test):
        raise ConfigError("--sample", f"must be 0 to {len(samples.test) - 1}, got {sample}")
    row = np.array([sample])
    said = f" ({samples.classes[int(samples.labels('test')[sample])]})" if samples.heads.is_classes else ""
    inputs, targets = samples.inputs(row, "test")[0], samples.targets(row, "test")[0].astype(np.float64)
    return _Presented(built.substrate, inputs, targets, f"{run.name}, test sample {sample}{said}")


def run_netlist(
    folder: Path,
    *,
    sample: int = 0,
    beta: float = 0.0,
    duration_s: float | None = None,
    models: Path | None = None,
) -> str:
    """Return the netlist of a finished analog run, with a test sample at its inputs.

    Parameters
    ----------
    folder
        Of the run.
    sample
        Index among the test samples.
    beta
        Strength of a nudge towards the sample's class; 0 for none.
    duration_s
        Length of a transient analysis in seconds; `None` asks for the rest.
    models
        Model cards of a chip of transistors, as the section ``[extract]`` of its cells names them; `None`: behavioural
        sources.
    """
    chip = _presented(folder, sample)
    told: dict[str, Any] = {
        "beta": beta,
        "targets": chip.targets,
        "title": chip.title,
        "duration": duration_s,
    }
    if models is None:
        return spice_netlist(chip.substrate, chip.inputs, **told)
    cards = cards_of(chip.substrate, models)
    return transistor_netlist(chip.substrate, chip.inputs, cards, **told)


def cards_of(substrate: AnalogSubstrate, models: Path) -> Cards:
    """Return the model cards that the cells of a die are to be made of.

    Raises
    ------
    ConfigError
        For cells that do not say which models they are of, or that are not those a chip is made of.
    """
    if substrate.spec.cells is None:
        raise ConfigError("analog.cells", "is missing; its [extract] says which models a chip is made of")
    text, place = find_cells(substrate.spec.cells)
    asked = read_request(parse_toml(text, place), cells_from_toml(text, place), "synapse")
    if not asked.is_cascoded:
        raise ConfigError(
            f"{place}: extract.load",
            'must be "cascode": a chip is made of cascoded cells, and its figures must be extracted from such',
        )
    return Cards(Models(models, asked.section), asked)


def write_netlist(text: str, path: Path) -> None:
    """Write a netlist as a new file."""
    new_file(path)
    with replacing(path) as file:
        file.write(text.encode())
