"""`simulate`: one run from its description to its folder of results."""

from __future__ import annotations

import datetime
import os
import platform
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurochip import data
from neurochip.compile import ChipImage, compile_network
from neurochip.compile.quantise import state_dtype
from neurochip.data.atomic import replacing
from neurochip.description import ChipSpec, RunSpec, read_chip, read_run, run_to_toml
from neurochip.description.network import Network, layered
from neurochip.description.neuron import state_words
from neurochip.digital.substrate import DigitalSubstrate
from neurochip.energy.hardware import hardware_of
from neurochip.energy.pricing import price
from neurochip.errors import CheckpointError, ConfigError, Interrupted, OutputError
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.report.write import write_report
from neurochip.substrate.ledger import COUNTERS, Ledger, Phase, PhaseBook
from neurochip.training.checkpoint import read_checkpoint, write_checkpoint
from neurochip.training.convergence import convergence_curve
from neurochip.training.evaluate import rasters
from neurochip.training.loop import Trainer
from neurochip.training.progress import Progress, Reporter
from neurochip.training.record import CoreUse, Raster, RunRecord
from neurochip.training.state import TrainingState
from neurochip.training.streams import glorot

__all__ = ["Outcome", "build", "simulate"]

CHECKPOINT, RESOLVED = "checkpoint.h5", "run.toml"


class Outcome(NamedTuple):
    """What a run leaves: its record, and the folder where it was written (`None` if it was not)."""

    record: RunRecord
    folder: Path | None


class Built(NamedTuple):
    """A run turned into a machine: the chip's image is `None` where there are no cores."""

    network: Network
    chip: ChipSpec
    image: ChipImage | None
    substrate: DigitalSubstrate | IdealSubstrate


def build(run: RunSpec, *, threads: int = 1) -> Built:
    """Compile the network of a run for its chip and make the substrate, without weights."""
    chip = read_chip(run.chip)
    network = layered(run.network.layers, tied=run.network.tied)
    precision = run.network.precision
    if run.substrate == "ideal":
        annealer = run.coding.annealer
        return Built(
            network,
            chip,
            None,
            IdealSubstrate(network, annealer, dtype=state_dtype(precision)),  # type: ignore[arg-type]
        )
    traced = run.learning is not None and run.learning.pre == "trace"
    image = compile_network(
        network,
        chip,
        precision=precision,
        rounding=run.network.rounding,
        state_words=state_words(run.coding),
        trace_words=int(traced),
    )
    substrate = DigitalSubstrate(
        image,
        run.coding,
        traced=traced and run.learning is not None and run.learning.trace == "decoder",
        seed=run.seed,
        rounding=run.network.rounding,
        weight_range=run.network.weight_range,
        threads=threads,
    )
    return Built(network, chip, image, substrate)


def simulate(
    run: RunSpec | str = "mnist-small",
    *,
    overrides: Sequence[str] = (),
    seed: int | None = None,
    out: Path | str | None = None,
    threads: int | None = None,
    resume: Path | str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    write: bool = True,
) -> Outcome:
    """Carry out a run and write its folder: report.json, report.html, run.toml, checkpoint.h5, raster.npz.

    Parameters
    ----------
    run
        Name from the catalogue, TOML file, or a `RunSpec`.
    overrides
        ``key.path=value`` each, over the run's own; not with a `RunSpec`.
    seed
        Over the run's own.
    out
        Folder to make; `None` makes ``runs/<name>-<time>``.
    threads
        `None` uses every core. The result does not depend on it.
    resume
        Folder of an interrupted run: goes on from its checkpoint, with its own run.toml.
    on_progress
        Called about ten times a second.
    write
        Whether to write a folder at all.

    Raises
    ------
    NeurochipError
        One of its family, before anything is written.
    Interrupted
        On SIGINT or SIGTERM, after a checkpoint was written.
    """
    spec, folder = _resolve(run, overrides, seed, out, resume, write)
    workers = threads if threads is not None else len(os.sched_getaffinity(0))
    if workers < 1:
        raise ConfigError("threads", f"must be ≥ 1, got {workers}")
    built = build(spec, threads=workers)
    digest = _digest(built)
    _check_prices(spec, built)
    samples = None
    if spec.experiment == "train":
        samples = data.load(spec.data.set, train=spec.data.train, test=spec.data.test)
    if folder is not None and resume is not None:
        state = read_checkpoint(folder / CHECKPOINT, digest=digest)
        state.resumed += 1
        built.substrate.restore_books(state.ledger, state.updates)
    else:
        parameters = glorot(built.network, spec.seed)
        built.substrate.load(parameters)
        state = TrainingState(built.substrate.parameters(), built.substrate.ledger(), started=_now())
        if folder is not None:
            _open_folder(folder, spec, state, digest)
    built.substrate.load(state.parameters)
    with _stoppable() as stop:
        record = _carry_out(spec, built, samples, state, folder, digest, stop, on_progress)
    if folder is not None:
        write_report(record, folder)
    return Outcome(record, folder)


def _resolve(
    run: RunSpec | str,
    overrides: Sequence[str],
    seed: int | None,
    out: Path | str | None,
    resume: Path | str | None,
    write: bool,
) -> tuple[RunSpec, Path | None]:
    """Return the run and its folder, which does not exist yet unless the run is resumed."""
    if resume is not None:
        folder = Path(resume)
        if not (folder / RESOLVED).is_file():
            raise CheckpointError(str(folder), f"has no {RESOLVED}; name the folder of an interrupted run")
        return read_run(str(folder / RESOLVED)), folder
    if isinstance(run, RunSpec):
        if overrides:
            raise ConfigError("overrides", "are for runs given by name or file; change the RunSpec instead")
        if seed is not None:
            run = RunSpec.from_dict({**run.to_dict(), "seed": seed})
    else:
        extra = [] if seed is None else [f"seed={seed}"]
        run = read_run(run, [*overrides, *extra])
    if not write:
        return run, None
    moment = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    folder = Path(out) if out is not None else Path("runs") / f"{run.name}-{moment}"
    if folder.exists():
        raise OutputError(str(folder), "exists already; choose another folder with --out or remove it")
    return run, folder


def _carry_out(
    spec: RunSpec,
    built: Built,
    samples: data.Dataset | None,
    state: TrainingState,
    folder: Path | None,
    digest: str,
    stop: Callable[[], bool],
    on_progress: Callable[[Progress], None] | None,
) -> RunRecord:
    began = time.perf_counter()
    earlier = state.seconds
    drawn: tuple[Raster, ...] = ()
    curve = None
    if spec.experiment == "convergence":
        reporter = Reporter(on_progress, spec.convergence.nets if spec.convergence else 0)
        curve = convergence_curve(spec, built.network, built.substrate, reporter, stop)
        if stop():
            raise Interrupted(None if folder is None else str(folder))
    elif samples is not None and spec.learning is not None:
        rule = EquilibriumPropagation(built.network, spec.learning, spec.phases)
        reporter = Reporter(on_progress, 0)
        trainer = Trainer(spec, built.substrate, rule, samples, state, reporter, stop)
        reporter.skip(-trainer.work_per_epoch() * (spec.learning.epochs - state.epoch))

        def save() -> None:
            state.seconds = earlier + time.perf_counter() - began
            if folder is not None:
                write_checkpoint(folder / CHECKPOINT, state, run=run_to_toml(spec), digest=digest)

        while state.epoch < spec.learning.epochs:
            finished = trainer.epoch()
            save()
            if not finished or (stop() and state.epoch < spec.learning.epochs):
                raise Interrupted(None if folder is None else str(folder))
        if spec.substrate == "digital":
            ledger = built.substrate.ledger()
            drawn = rasters(
                built.substrate,
                samples,
                spec.record.presentations,
                free=spec.phases.free,
                nudged=spec.phases.nudged,
                beta=abs(spec.learning.beta),
                populations=tuple(p.name for p in built.network.populations),
            )
            # Pictures are not part of the experiment: what they cost is not booked.
            built.substrate.restore_books(ledger, state.updates)
    return RunRecord(
        run=spec,
        chip=built.chip,
        layout=_layout(built.image),
        hardware=hardware_of(spec),
        ledger=built.substrate.ledger(),
        epochs=tuple(state.epochs),
        rasters=drawn,
        convergence=curve,
        confusion=state.confusion,
        seconds=earlier + time.perf_counter() - began,
        started=state.started,
        versions=_versions(),
        resumed=state.resumed,
        stopped_early=False,
    )


def _check_prices(spec: RunSpec, built: Built) -> None:
    """Refuse a chip that lacks a price for what this run will do, before the first tick rather than after the last."""
    book = np.ones((1, len(COUNTERS)), dtype=np.int64)
    unused = {"spikes_dropped"} if spec.learning and spec.learning.pre == "trace" else {"trace_updates"}
    book[0, [COUNTERS.index(name) for name in unused]] = 0
    phases = [Phase.FREE, Phase.NUDGED]
    if spec.learning is not None:
        phases += [Phase.UPDATE, Phase.READOUT, Phase.EVALUATION]
    name = built.network.populations[-1].name
    once = Ledger((name,), (0,), {phase: PhaseBook(1, 1, book) for phase in phases})
    learning = {"weight_accumulations", "weight_writes", "weight_saturations"}
    running = book.copy()
    running[0, [COUNTERS.index(counter) for counter in learning]] = 0
    for phase in phases:
        if phase is not Phase.UPDATE:
            once = Ledger(once.populations, once.sites, {**once.phases, phase: PhaseBook(1, 1, running)})
    price(once, hardware_of(spec), built.chip.prices)


def _layout(image: ChipImage | None) -> tuple[CoreUse, ...]:
    if image is None:
        return ()
    uses = []
    for core in image.cores:
        x, y = image.chip.mesh.position(core.site)
        uses.append(
            CoreUse(
                site=core.site,
                x=x,
                y=y,
                population=image.network.populations[core.population].name,
                first=core.first,
                last=core.last,
                neurons=core.used.neurons,
                synapse_bits=core.used.synapse_memory,
                input_axons=core.used.input_axons,
                output_axons=core.used.output_axons,
                state_bits=core.used.neuron_state_memory,
            )
        )
    return tuple(uses)


def _digest(built: Built) -> str:
    if built.image is not None:
        return built.image.digest
    sizes = "-".join(map(str, built.network.sizes))
    return f"ideal-{sizes}-{'tied' if built.network.tied else 'untied'}"


def _open_folder(folder: Path, spec: RunSpec, state: TrainingState, digest: str) -> None:
    """Make the folder with the resolved run and a first checkpoint, or leave nothing behind."""
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise OutputError(str(folder), f"cannot be made: {error.strerror or error}") from error
    try:
        with replacing(folder / RESOLVED) as file:
            file.write(run_to_toml(spec).encode())
        write_checkpoint(folder / CHECKPOINT, state, run=run_to_toml(spec), digest=digest)
    except BaseException:
        (folder / RESOLVED).unlink(missing_ok=True)
        folder.rmdir()
        raise


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Turn SIGINT and SIGTERM into a question that the loops ask; only the main thread can."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = {
        which: signal.signal(which, lambda *_: asked.set()) for which in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield asked.is_set
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "numpy": np.__version__}
    for package in ("neurochip", "numba", "h5py"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            from neurochip import __version__

            found[package] = __version__ if package == "neurochip" else "unknown"
    return found
