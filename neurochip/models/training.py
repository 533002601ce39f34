"""`train`: a run that leaves a model in one's hands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from neurochip import data
from neurochip.description import RunSpec
from neurochip.errors import CallbackError, ConfigError
from neurochip.models.model import Model, Trained
from neurochip.models.notebook import watching
from neurochip.models.storing import load
from neurochip.report.document import document
from neurochip.runs.simulation import Outcome, TimingModel, simulate
from neurochip.training.callbacks import Callback
from neurochip.training.coding import Coding
from neurochip.training.progress import Progress

__all__ = ["train"]


def train(
    run: RunSpec | str = "mnist-small",
    *,
    overrides: Sequence[str] = (),
    samples: data.Dataset | None = None,
    timing: TimingModel | None = None,
    seed: int | None = None,
    out: Path | str | None = None,
    threads: int | None = None,
    resume: Path | str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    callbacks: Sequence[Callback] = (),
    allow_code: bool = False,
) -> Model:
    """Carry out a run that learns, and return the trained network.

    In a notebook it shows how far it is.

    Parameters
    ----------
    run, overrides, samples, timing, seed, threads, resume, on_progress, stop, callbacks, allow_code
        As `neurochip.simulate` takes them.
    out
        Folder for its results; `None` writes nothing: `Model.save` can do so later.

    Returns
    -------
    Model
        Trained, with its history and report.

    Raises
    ------
    NeurochipError
        One of its family, before anything is written.
    CallbackError
        When a callback raises an exception; ``model`` is trained as far as it came.
    Interrupted
        On SIGINT or SIGTERM; where a folder is written, a checkpoint is in it.
    Stopped
        When ``stop`` says so.
    """
    more: dict[str, Any] = {"threads": threads, "allow_code": allow_code}
    with watching(on_progress) as told:
        try:
            outcome = simulate(
                run,
                overrides=overrides,
                samples=samples,
                timing=timing,
                seed=seed,
                out=out,
                threads=threads,
                resume=resume,
                on_progress=told,
                stop=stop,
                callbacks=callbacks,
                write=out is not None or resume is not None,
                allow_code=allow_code,
            )
        except CallbackError as error:
            error.model = _model(error.outcome, more)
            raise
    if outcome.folder is not None:
        return load(outcome.folder, **more)
    return _model(outcome, more)


def _model(outcome: Outcome, more: dict[str, Any]) -> Model:
    """Return the model of an outcome, from memory."""
    record, state, found = outcome.record, outcome.state, outcome.samples
    if state is None or found is None:
        raise ConfigError("run", f"{record.run.name} learns nothing (experiment = {record.run.experiment})")
    trained = Trained(record.run, state, Coding.of(found), document(record), record.rasters, None)
    return Model(trained, **more)
