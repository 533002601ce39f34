"""Models in folders: those of finished runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from neurochip.description import network_of, run_to_toml
from neurochip.durable.folder import appearing
from neurochip.durable.request import REQUEST, request_files
from neurochip.errors import DataError, OutputError
from neurochip.models.model import Model, Trained
from neurochip.report.reading import read_document, read_rasters
from neurochip.report.write import write_document, write_rasters
from neurochip.training.checkpoint import read_trained, write_checkpoint
from neurochip.training.folder import CHECKPOINT, REPORT, RESOLVED, read_resolved

__all__ = ["load", "save"]


def load(folder: Path | str, *, threads: int | None = None, allow_code: bool = False) -> Model:
    """Return the model that a finished run left in its folder, or that `Model.save` wrote.

    Parameters
    ----------
    folder
        Of the run.
    threads
        `None` uses every core; the answers do not depend on it.
    allow_code
        Whether code that the run names (analog.vector_field) may be run.

    Returns
    -------
    Model
        On the machine that it was trained for.

    Raises
    ------
    DataError
        When there is no such folder, the run in it is not finished, or it has learnt nothing.
    CheckpointError
        When a file of it is damaged.
    """
    path = Path(folder)
    if not path.is_dir():
        raise DataError(str(path), "does not exist; name the folder of a finished run")
    if not (path / RESOLVED).is_file():
        raise DataError(str(path), f"has no {RESOLVED}; name the folder of a finished run")
    run = read_resolved(path)
    if run.experiment != "train":
        raise DataError(str(path), f"is of a run that learns nothing (experiment = {run.experiment})")
    if not (path / CHECKPOINT).is_file():
        raise DataError(
            str(path), f"has no {CHECKPOINT}: the run learnt nothing yet; finish it with --resume {path}"
        )
    if not all((path / name).is_file() for name in REPORT):
        raise DataError(
            str(path), f"is of a run that is not finished; go on with: neurochip simulate --resume {path}"
        )
    network = network_of(run.network)
    stored = read_trained(path / CHECKPOINT, n_inputs=sum(network.sizes[k] for k in network.inputs))
    if stored.coding is None:
        raise DataError(
            str(path), "was written by a version that did not keep how samples are coded; train it again"
        )
    document = read_document(path)
    rasters = read_rasters(path)
    found = Trained(run, stored.state, stored.coding, document, rasters, path, stored.digest)
    return Model(found, threads=threads, allow_code=allow_code)


def save(trained: Trained, digest: str, folder: Path) -> Path:
    """Write what a training left into a new folder.

    Raises
    ------
    OutputError
        When it exists already or cannot be made.
    """
    with appearing(folder, "run") as (building, held):
        if trained.folder is not None:
            for name in (RESOLVED, REQUEST, CHECKPOINT, *REPORT):
                try:
                    shutil.copyfile(trained.folder / name, building / name)
                except FileNotFoundError:
                    raise OutputError(
                        str(folder), f"cannot be made: {trained.folder / name} has gone"
                    ) from None
        else:
            _write(trained, digest, building)
    held.release()
    return folder


def _write(trained: Trained, digest: str, folder: Path) -> None:
    run = run_to_toml(trained.run)
    options = {"through": None, "threads": None}
    for name, content in request_files("simulate", options, {RESOLVED: run.encode()}).items():
        (folder / name).write_bytes(content)
    write_checkpoint(folder / CHECKPOINT, trained.state, run=run, digest=digest, samples=trained.coding)
    write_rasters(trained.rasters, folder / REPORT[0])
    write_document(trained.document, trained.rasters, folder)
