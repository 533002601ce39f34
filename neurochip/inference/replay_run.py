"""A file of recorded spikes → a folder of results: what `neurochip simulate --replay` does."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.raster_file import load_arrays
from neurochip.description import read_chip, read_prices
from neurochip.description.chip_changes import chip_with, taken_out
from neurochip.durable.atomic import replacing
from neurochip.durable.dated import made, make_dated, refuse_existing
from neurochip.inference.inferring import infer, read_samples
from neurochip.inference.recorded import as_file, as_run, in_bits, named_traffic, network_file, traffic_of
from neurochip.presentations.presenting import SpikingPresentation
from neurochip.replays.neurobench import workload
from neurochip.replays.replaying import Replay, Timing, check_clock, check_timing, replay
from neurochip.replays.spiking import run_spiking
from neurochip.report.drawn import drawn
from neurochip.report.replay_document import ReplayDocument, ReplayedAs, replay_document
from neurochip.report.replay_files import write_replay
from neurochip.runs.simulation import versions

__all__ = ["ReplayOutcome", "network_source", "replay_run"]

DEFAULT_CHIP = "cmos45"
READOUT = "readout.npz"
SAMPLES = "samples.npz"


class ReplayOutcome(NamedTuple):
    """What a replay leaves: all that it saw, the document of its report, and the folder."""

    replay: Replay
    document: ReplayDocument
    folder: Path


def replay_run(
    raster: Path | str,
    *,
    run: str | None = None,
    overrides: Sequence[str] = (),
    chip: str | None = None,
    prices: str | None = None,
    timing: Timing = "tick",
    out: Path | str | None = None,
    labelled: bool = False,
) -> ReplayOutcome:
    """Drive a chip with recorded spikes and write what the traffic costs: report.json and report.html.

    Parameters
    ----------
    raster
        File of docs/replay.md, or the raster.npz of a run, whose presentations follow one another.
    run, overrides
        Name or file of the run whose network, weights' format and placement are meant, with ``key.path=value``
        each (``chip.KEY=value`` changes the chip, with or without a run); or the file of a network of spiking
        neurons (.npz of `neurochip import`), which then computes all spikes but the input's. `None` takes the run.toml
        beside a run's raster, and of any other file what it says itself.
    chip, prices
        Name or file; `None` takes the run's chip, else cmos45, and the chip's own prices.
    timing
        As in `neurochip.replay`.
    out
        Folder to make; `None` makes ``runs/replay-<file>-<time>``.
    labelled
        Whether ``raster`` holds labelled samples (`neurochip.inference.inferring`) for a network of spiking neurons.

    Raises
    ------
    NeurochipError
        One of its family, before anything is written.
    """
    began, started = time.perf_counter(), datetime.datetime.now(datetime.UTC)
    path = Path(raster)
    check_timing(timing)
    if out is not None:
        refuse_existing(Path(out))
    own = None if prices is None else read_prices(prices)
    readout: dict[str, NDArray[Any]] = {}
    neuron = spec = shown = measured = None
    samples = 1
    has_weights = True
    if run is not None and run.endswith(".npz"):
        changes, rest = taken_out(overrides)
        network = in_bits(network_file(run, rest), changes)
        sheet = chip_with(chip or DEFAULT_CHIP, changes, own)
        paid = sheet.prices
        if labelled:
            shown = infer(network, read_samples(path), sheet, prices=paid, timing=timing)
            seen, samples = shown.replay, len(shown.labels)
        else:
            spikes = named_traffic(path, load_arrays(path), input_only=True).spikes[0]
            seen, readout, _ = run_spiking(network, spikes, sheet, prices=paid, timing=timing)
        measured = workload(network, seen, samples)
        name, of = Path(run).stem, Path(run).name
        neuron = f"{seen.hardware.elements[-1].kind}, dt = {network.dt:g} s, {network.method}"
    else:
        traffic, spec = traffic_of(path, run, overrides, chip)
        changes, _ = taken_out(overrides)
        if spec is None:
            sheet = chip_with(chip or DEFAULT_CHIP, changes, own)
        else:
            sheet = chip_with(spec.chip, spec.chip_changes, own)
        check_clock(sheet, timing)
        paid = sheet.prices
        has_weights = bool(traffic.weights)
        given = as_run(traffic, spec) if spec is not None else as_file(traffic, sheet)
        seen = replay(traffic.spikes, chip=sheet, prices=paid, timing=timing, **given)
        name = path.stem if spec is None else f"{spec.name}-replay"
        of = "" if spec is None else spec.name
    what = ReplayedAs(
        name=name,
        file=path.name,
        network=of or None,
        neuron=neuron,
        layers=seen.names,
        weights=seen.weights if has_weights else f"{seen.hardware.weight_format}; the file names none",
        timing=timing,
        seconds=time.perf_counter() - began,
        started=started.isoformat(timespec="seconds"),
        versions=versions(spec),
    )
    document = replay_document(
        what,
        ledger=seen.ledger,
        placed=seen.placed,
        hardware=seen.hardware,
        replay_time=seen.time,
        prices=paid,
    )
    if measured is not None:
        document["neurobench"] = dict(measured)  # type: ignore[arg-type]
    if shown is not None:
        document["inference"] = shown.table()
    folder = made(Path(out)) if out is not None else make_dated("runs", f"replay-{path.stem}", made)
    if shown is not None:
        with replacing(folder / SAMPLES) as file:
            np.savez_compressed(file, predictions=shown.predictions, labels=shown.labels, **shown.per_sample)  # type: ignore[arg-type]
    if readout:
        with replacing(folder / READOUT) as file:
            np.savez_compressed(file, **readout)  # type: ignore[arg-type]
    with drawn(folder / "report.html", folder / "report.json"):
        write_replay(document, [seen.raster(k) for k in range(len(seen.spikes))], folder)
    return ReplayOutcome(seen, document, folder)


def network_source(network: str, raster: Path | str, chip: str | None, timing: Timing) -> SpikingPresentation:
    """Return what `neurochip trace` writes of a network and its input, both files."""
    found = network_file(network, ())
    spikes = named_traffic(Path(raster), load_arrays(raster), input_only=True).spikes[0]
    sheet = read_chip(chip or DEFAULT_CHIP)
    return SpikingPresentation(found, spikes, sheet, name=Path(network).stem, timing=timing)
