"""Several experiments on the engine of sweeps: whole ones, side by side on processes here or on a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from neurochip.durable.signals import stoppable
from neurochip.errors import Interrupted
from neurochip.papers.reproducing import Reproduction, new_folder_for, reproduce, write_reproduction
from neurochip.sweep.engine import EngineChoice, open_engine
from neurochip.sweep.jobs import in_order

__all__ = ["reproduce_elsewhere"]


def reproduce_elsewhere(
    names: Sequence[str],
    engine: EngineChoice,
    *,
    quick: bool = False,
    folders: Sequence[Path | None] = (),
    seed: int = 1,
    threads: int = 1,
) -> Iterator[Reproduction]:
    """Run experiments on an engine, and write the folder of each as soon as it and those before it have ended.

    The results are those of `reproduce`. Parts of an experiment are not kept: one that was under way when this is
    stopped is begun anew.

    Parameters
    ----------
    names
        Of the table.
    engine
        Processes here, or a cluster.
    folders
        To make, one for each; without them, and for `None`, one in ``reproduced``.
    threads
        Of each worker.

    Raises
    ------
    NeurochipError
        One of its family, before anything is done or from a worker.
    Interrupted
        On SIGINT or SIGTERM.
    """
    asked = folders or [None] * len(names)
    made = [new_folder_for(name, folder) for name, folder in zip(names, asked, strict=True)]
    jobs = [{"name": name, "quick": quick, "seed": seed, "threads": threads} for name in names]
    with ExitStack() as stack:
        stop = stack.enter_context(stoppable("reproduce"))
        opened = stack.enter_context(open_engine(*engine))
        count = 0
        for folder, done in zip(made, in_order(opened, reproduced, jobs, stop), strict=False):
            write_reproduction(done, folder)
            count += 1
            yield replace(done, folder=folder)
        if count < len(names):
            raise Interrupted(None)


def reproduced(wanted: dict[str, Any]) -> Reproduction:
    """Run an experiment in a worker, without a folder; ``wanted`` has the words of `reproduce`."""
    return reproduce(**wanted, write=False)
