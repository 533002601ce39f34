"""One task of a sweep, as a worker does it: build the machine, train or take over weights, test."""

from __future__ import annotations

import functools
import io
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from neurochip import data
from neurochip.analog.chronicle import LOOKED_AT
from neurochip.analog.diagnostics import diagnose
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description import DataSpec, RunSpec
from neurochip.errors import CheckpointError, ConfigError, NeurochipError
from neurochip.files import Foreign, unpack_arrays
from neurochip.learning.rules import rule_for
from neurochip.runs.building import Built, build, core_uses
from neurochip.substrate import Parameters
from neurochip.sweep.costs import costs_of
from neurochip.sweep.failure import kind_of
from neurochip.sweep.identity import check_environment, check_files
from neurochip.sweep.job import Done, Job
from neurochip.training.evaluate import measured, read_populations
from neurochip.training.loop import Trainer
from neurochip.training.progress import Reporter
from neurochip.training.state import TrainingState
from neurochip.training.streams import first_parameters
from neurochip.training.watch import Watch

__all__ = ["measure", "measure_dies", "pack", "unpack"]

_FAMILIES = ("weights", "feedback", "biases")
_Error = tuple[float, tuple[str, ...]]  # share of test samples that are wrong, and warnings


def measure(job: Job, *, allow_code: bool = False) -> Done:
    """Do one task and return what it measured; whatever goes wrong with it becomes its reason.

    Parameters
    ----------
    job
        What to do, with which run and which weights.
    allow_code
        Whether code that the run names may be run.

    Raises
    ------
    ConfigError, DataError
        When this process has another source or other libraries than the sweep, or a file has changed: then no task of
        the sweep can be done here, and none has failed.
    """
    check_environment(job["environment"])
    check_files(job["files"])
    return _done(lambda: _measured(job, *_shared(job), allow_code=allow_code), keep=job["keep"])


def measure_dies(job: Job, dies: Sequence[int], *, allow_code: bool = False) -> list[Done]:
    """Do the same task on several drawn dies, and return what `measure` would for each.

    What does not depend on the die is done once: reading the run, unpacking the weights.
    """
    check_environment(job["environment"])
    check_files(job["files"])
    shared = functools.cache(lambda: _shared(job))

    def on(die: int) -> tuple[dict[str, Any], Parameters]:
        return _measured(job, *shared(), die=die, allow_code=allow_code)

    return [_done(functools.partial(on, die), keep=job["keep"]) for die in dies]


def _done(work: Callable[[], tuple[dict[str, object], Parameters]], *, keep: bool) -> Done:
    """Return what work measured or why it failed, and how long it took."""
    began, cpu = time.perf_counter(), time.thread_time()
    done: Done = {
        "measured": None,
        "reason": None,
        "kind": None,
        "seconds": 0.0,
        "cpu_seconds": 0.0,
        "parameters": None,
    }
    try:
        done["measured"], trained = work()
        if keep:
            done["parameters"] = pack(trained)
    except NeurochipError as error:
        done["reason"], done["kind"] = str(error), kind_of(error)
    except Exception as error:  # a fault of ours must not cost the other points; the reason names it
        done["reason"], done["kind"] = f"{type(error).__name__}: {error}", kind_of(error)
    done["seconds"] = time.perf_counter() - began
    done["cpu_seconds"] = time.thread_time() - cpu
    return done


def _shared(job: Job) -> tuple[RunSpec, Parameters | None]:
    """Return the run of a task, up to its last epoch, and the weights that it takes over, before a die is chosen.

    A point has no use for errors on training samples, and for those between epochs.
    """
    run = RunSpec.from_dict(job["run"])
    if run.learning is None:
        raise ConfigError("learning", "is missing; a sweep trains")
    last = run.learning.epochs + (job["epochs"] if job["work"] == "fine-tune" else 0)
    run = replace(
        run,
        learning=replace(run.learning, epochs=last),
        evaluation=replace(run.evaluation, train=0, every=last),
    )
    return run, None if job["weights"] is None else unpack(job["weights"])


def _measured(
    job: Job, run: RunSpec, weights: Parameters | None, *, die: int | None = None, allow_code: bool
) -> tuple[dict[str, object], Parameters]:
    last = 0 if run.learning is None else run.learning.epochs
    first = {"train": 0, "deploy": last, "fine-tune": last - job["epochs"]}[job["work"]]
    built = build(run, threads=1, allow_code=allow_code, die=die)
    samples = _samples(run.data)
    built.substrate.load(first_parameters(run, built.network) if weights is None else weights)
    if first < last:
        error, warnings = _trained(run, built, samples, first, last)
    else:
        error, warnings = _tested(run, built, samples)
    cores = core_uses(built.image) if built.image is not None else ()
    costs = costs_of(run, built.chip, built.network, cores, built.substrate.counters())
    measured = {"test_error": error, "metrics": _metrics(run, built, samples), "costs": costs}
    if warnings:
        measured["warnings"] = list(warnings)
    return measured, built.substrate.parameters()


def _metrics(run: RunSpec, built: Built, samples: data.Dataset) -> dict[str, float]:
    """Return what else is known of a chip with its final weights."""
    return _diagnosed(run, built.substrate, samples) if isinstance(built.substrate, AnalogSubstrate) else {}


def _diagnosed(run: RunSpec, substrate: AnalogSubstrate, samples: data.Dataset) -> dict[str, float]:
    """Return diagnostics of theorem 1 on the first training samples, as far as they are numbers."""
    if run.analog is None or run.analog.diagnosed == 0:
        return {}
    chosen = np.arange(min(LOOKED_AT, len(samples.train)))
    found = diagnose(substrate, samples.inputs(chosen), samples.wanted(chosen), solved=run.analog.diagnosed)
    metrics = {"cosine of all": found.get("cosine_all")}
    for family in ("cosine", "alignment"):
        metrics |= {f"{family} of {name}": value for name, value in found.get(family, {}).items()}
    for name in ("dead_classes", "clipped", "unsettled", "asymmetry", "spectral_abscissa"):
        metrics[name] = found.get(name)
    # A cosine with nothing is none.
    return {
        name: float(value) for name, value in metrics.items() if value is not None and math.isfinite(value)
    }


def _trained(run: RunSpec, built: Built, samples: data.Dataset, first: int, last: int) -> _Error:
    """Train from epoch ``first``, whose order of samples follows on that of the epochs before, and test."""
    if run.learning is None:
        raise ConfigError("learning", "is missing; a sweep trains")
    rule = rule_for(built.network, run.learning, run.phases)
    state = TrainingState(built.substrate.parameters(), built.substrate.counters(), epoch=first)
    trainer = Trainer(run, built.substrate, rule, samples, state, Reporter(None, 0), lambda: False)
    while state.epoch < last and not trainer.is_over:
        trainer.epoch()
    trainer.keep_best()
    error = state.final.test_error
    if error is None:
        raise ConfigError("evaluation", "measured nothing after the last epoch")
    return error, state.final.warnings


def _tested(run: RunSpec, built: Built, samples: data.Dataset) -> _Error:
    watch = Watch(run, built.substrate)
    n = len(samples.test)
    n = n if run.evaluation.test is None else min(n, run.evaluation.test)
    found = measured(
        built.substrate,
        samples,
        "test",
        n,
        run.phases.free,
        read=read_populations(built.network, samples.heads),
    )
    if found is None:
        raise RuntimeError("nobody asked to stop")
    return found.error, watch.look(found.confusion, "the test")


@functools.lru_cache(maxsize=2)
def _samples(section: DataSpec) -> data.Dataset:
    """Load a data set once per worker."""
    return data.ready(data.load(section))


def pack(parameters: Parameters) -> bytes:
    """Return weights and biases as the bytes of an npz file, without any compression."""
    arrays = {
        f"{family}{k}": array for family in _FAMILIES for k, array in enumerate(getattr(parameters, family))
    }
    memory = io.BytesIO()
    np.savez(memory, allow_pickle=False, **arrays)
    return memory.getvalue()


def unpack(packed: bytes) -> Parameters:
    """Return the weights and biases that `pack` wrote.

    Raises
    ------
    CheckpointError
        When they are none.
    """
    file = Foreign(Path("weights"), "weights of a sweep", "train them anew", error=CheckpointError)
    stored = unpack_arrays(packed, file)
    counts = {family: sum(name.startswith(family) for name in stored) for family in _FAMILIES}
    return Parameters(
        **{family: tuple(stored[f"{family}{k}"] for k in range(n)) for family, n in counts.items()}
    )
