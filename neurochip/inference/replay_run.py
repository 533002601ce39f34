"""A file of recorded spikes → a folder of results: what `neurochip simulate --replay` does."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.placement_file import write_placement
from neurochip.description import read_chip, read_energies
from neurochip.description.chip_changes import chip_with, refuse_unused, taken_out
from neurochip.description.spiking_file import spiking_bytes
from neurochip.durable.atomic import replacing
from neurochip.durable.dated import made, make_dated, refuse_existing
from neurochip.inference.inferring import read_samples
from neurochip.inference.input_files import network_input
from neurochip.inference.network_run import run_network
from neurochip.inference.placing import cores_of, placed_as, told
from neurochip.inference.recorded import (
    any_network,
    as_file,
    as_run,
    is_network,
    network_file,
    traffic_of,
)
from neurochip.inference.whole_numbers import AskedNumbers
from neurochip.network import layered
from neurochip.presentations.presenting import SpikingPresentation
from neurochip.replays.replaying import Replay, Timing, check_clock, check_timing, replay
from neurochip.report.drawn import drawn
from neurochip.report.replay_document import ReplayDocument, ReplayedAs, replay_document
from neurochip.report.replay_files import write_replay
from neurochip.runs.versions import versions

__all__ = ["ReplayOutcome", "is_network", "network_source", "replay_run"]

DEFAULT_CHIP = "cmos45"
READOUT = "readout.npz"
SAMPLES = "samples.npz"
ROUNDED = "network.npz"
PLACEMENT = "placement.csv"


class ReplayOutcome(NamedTuple):
    """What a replay leaves: all that it saw, the document of its report, the folder, and what should be known."""

    replay: Replay
    document: ReplayDocument
    folder: Path
    notes: tuple[str, ...] = ()


def replay_run(
    raster: Path | str,
    *,
    run: str | None = None,
    overrides: Sequence[str] = (),
    chip: str | None = None,
    energies: str | None = None,
    timing: Timing = "tick",
    out: Path | str | None = None,
    labelled: bool = False,
    output: str | None = None,
    numbers: AskedNumbers | None = None,
    placement: str | None = None,
    threads: int = 1,
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
    chip, energies
        Name or file; `None` takes the run's chip, else cmos45, and the chip's own energies.
    timing
        As in `neurochip.replay`.
    out
        Folder to make; `None` makes ``runs/replay-<file>-<time>``.
    labelled
        Whether ``raster`` holds labelled samples (`neurochip.inference.inferring`) for a network of spiking neurons.
    output
        The output that classifies them, where the network has several.
    numbers
        How such a network is rounded where the chip has integers only, or where that is asked for.
    placement
        A file (docs/replay.md), or what is to be made small: ``hops``, ``balance`` or ``cut``. `None`: as the input or
        the run says, else compiled.
    threads
        Share labelled samples; they change no result.

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
    own = None if energies is None else read_energies(energies)
    readout: dict[str, NDArray[np.number]] = {}
    neuron = spec = shown = ran = mapping = None
    has_weights = True
    if run is not None and is_network(run):
        changes, rest = taken_out(overrides)
        refuse_unused(changes, timing)
        network, notes = any_network(run, rest)
        specification = chip_with(chip or DEFAULT_CHIP, changes, own)
        paid = specification.energies
        shown_to_it = read_samples(path)._replace(output=output) if labelled else network_input(path, network)
        ran = run_network(
            network, shown_to_it, specification, paid, timing, numbers or AskedNumbers(), placement, threads
        )
        ran = ran._replace(notes=(*notes, *ran.notes))
        seen, shown, readout = ran.replay, ran.shown, ran.readout
        name, of = Path(run).stem, Path(run).name
        neuron = f"{seen.hardware.elements[-1].kind}, dt = {network.dt:g} s, {network.method}"
    else:
        traffic, spec = traffic_of(path, run, overrides, chip, timing)
        changes, _ = taken_out(overrides)
        refuse_unused(changes, timing)
        if spec is None:
            specification = chip_with(chip or DEFAULT_CHIP, changes, own)
        else:
            specification = chip_with(spec.chip, spec.chip_changes, own)
        check_clock(specification, timing)
        paid = specification.energies
        has_weights = bool(traffic.weights)
        given = as_run(traffic, spec) if spec is not None else as_file(traffic, specification)

        def first() -> Replay:
            return replay(traffic.spikes, chip=specification, energies=paid, **given)

        names = [population.name for population in layered(traffic.sizes).populations]
        cores, mapping = placed_as(placement, names, traffic.sizes, first)
        if cores is not None:
            given = {**given, "placement": cores}
        seen = replay(traffic.spikes, chip=specification, energies=paid, timing=timing, **given)
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
        counters=seen.counters,
        placed=seen.placed,
        hardware=seen.hardware,
        replay_time=seen.time,
        energies=paid,
    )
    if ran is not None:
        document.update(ran.tables)  # type: ignore[typeddict-item]
    if mapping is not None:
        document["mapping"] = told(mapping, seen)
    folder = made(Path(out)) if out is not None else make_dated("runs", f"replay-{path.stem}", made)
    if shown is not None:
        with replacing(folder / SAMPLES) as file:
            np.savez_compressed(file, predictions=shown.predictions, labels=shown.labels, **shown.per_sample)  # type: ignore[arg-type]
    if ran is not None and ran.rounded is not None:
        with replacing(folder / ROUNDED) as file:
            file.write(spiking_bytes(ran.rounded))
    if readout:
        with replacing(folder / READOUT) as file:
            np.savez_compressed(file, **readout)  # type: ignore[arg-type]
    write_placement(folder / PLACEMENT, seen.names, cores_of(seen))
    with drawn(folder / "report.html", folder / "report.json"):
        write_replay(document, [seen.raster(k) for k in range(len(seen.spikes))], folder)
    return ReplayOutcome(seen, document, folder, () if ran is None else ran.notes)


def network_source(network: str, raster: Path | str, chip: str | None, timing: Timing) -> SpikingPresentation:
    """Return what `neurochip trace` writes of a network and its input, both files."""
    found = network_file(network, ())
    spikes = network_input(Path(raster), found).spikes[0]
    specification = read_chip(chip or DEFAULT_CHIP)
    return SpikingPresentation(found, spikes, specification, name=Path(network).stem, timing=timing)
