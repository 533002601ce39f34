"""A file of recorded spikes → a folder of results: what `neurochip simulate --replay` does."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.by_itself import placement_of
from neurochip.cores.raster_file import RecordedTraffic, load_arrays, recorded_traffic
from neurochip.description import ChipSpec, RunSpec, network_of, read_chip, read_prices, read_run
from neurochip.description.precision import Precision
from neurochip.description.spiking import SpikingNetwork
from neurochip.description.spiking_file import read_spiking
from neurochip.durable.atomic import replacing
from neurochip.durable.dated import make_dated
from neurochip.errors import CapabilityError, ConfigError, DataError, NeurochipError, OutputError
from neurochip.inference.inferring import infer, read_samples
from neurochip.network import refuse_graph
from neurochip.presentations.presenting import SpikingPresentation
from neurochip.replays.neurobench import workload
from neurochip.replays.replaying import Replay, Timing, check_clock, check_timing, replay
from neurochip.replays.spiking import run_spiking
from neurochip.report.drawn import drawn
from neurochip.report.reading import read_rasters
from neurochip.report.replay_document import ReplayDocument, ReplayedAs, replay_document
from neurochip.report.replay_files import write_replay
from neurochip.runs.building import build
from neurochip.runs.simulation import versions
from neurochip.spikes import Spikes
from neurochip.training.folder import RESOLVED

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
        each; or the file of a network of spiking neurons (.npz of `neurochip import`), which then computes
        all spikes but the
        input's. `None` takes the run.toml beside a run's raster, and of any other file what it says itself.
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
    if out is not None and Path(out).exists():
        raise _exists(Path(out))
    arrays = load_arrays(path)
    readout: dict[str, NDArray[Any]] = {}
    neuron = spec = shown = measured = None
    samples = 1
    has_weights = True
    if run is not None and run.endswith(".npz"):
        network = _network(run, overrides)
        sheet = read_chip(chip or DEFAULT_CHIP)
        paid = sheet.prices if prices is None else read_prices(prices)
        if labelled:
            shown = infer(network, read_samples(path), sheet, prices=paid, timing=timing)
            seen, samples = shown.replay, len(shown.labels)
        else:
            spikes = _named(path, arrays, input_only=True).spikes[0]
            seen, readout, _ = run_spiking(network, spikes, sheet, prices=paid, timing=timing)
        measured = workload(network, seen, samples)
        name, of = Path(run).stem, Path(run).name
        neuron = f"{seen.hardware.elements[-1].kind}, dt = {network.dt:g} s, {network.method}"
    else:
        if "presentations" in arrays:
            traffic = _presentations(path)
            beside = path.parent / RESOLVED
            if run is None and beside.is_file():
                run = str(beside)
        else:
            traffic = _named(path, arrays)
        if run is None and overrides:
            raise ConfigError("overrides", "change a run, and there is none; name one beside the raster")
        spec = None if run is None else _with_chip(read_run(run, overrides), chip)
        if spec is not None and spec.faults.of_packets():
            raise CapabilityError(
                "faults",
                f"{spec.name} has {', '.join(spec.faults.of_packets())}, and a replay is of a chip that loses nothing; "
                "name a run without them",
            )
        sheet = read_chip(spec.chip if spec is not None else chip or DEFAULT_CHIP)
        check_clock(sheet, timing)
        paid = sheet.prices if prices is None else read_prices(prices)
        has_weights = bool(traffic.weights)
        given = _as_run(traffic, spec) if spec is not None else _as_file(traffic, sheet)
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
    folder = _made(Path(out)) if out is not None else make_dated("runs", f"replay-{path.stem}", _made)
    if shown is not None:
        with replacing(folder / SAMPLES) as file:
            np.savez_compressed(file, predictions=shown.predictions, labels=shown.labels, **shown.per_sample)  # type: ignore[arg-type]
    if readout:
        with replacing(folder / READOUT) as file:
            np.savez_compressed(file, **readout)  # type: ignore[arg-type]
    with drawn(folder / "report.html", folder / "report.json"):
        write_replay(document, [seen.raster(k) for k in range(len(seen.spikes))], folder)
    return ReplayOutcome(seen, document, folder)


def _network(path: str, overrides: Sequence[str]) -> SpikingNetwork:
    if overrides:
        raise ConfigError(
            "overrides", "change a run, and a network has none of its values; import it anew instead"
        )
    arrays = load_arrays(path)
    if "network" not in arrays:
        raise DataError(path, "is no network; make one with neurochip import")
    return read_spiking(path, arrays)


def _named(path: Path, arrays: dict[str, NDArray[Any]], *, input_only: bool = False) -> RecordedTraffic:
    try:
        return recorded_traffic(arrays, input_only=input_only)
    except NeurochipError as error:
        raise DataError(f"{path}: {error.place}", error.problem) from None


def network_source(network: str, raster: Path | str, chip: str | None, timing: Timing) -> SpikingPresentation:
    """Return what `neurochip trace` writes of a network and its input, both files."""
    found = _network(network, ())
    spikes = _named(Path(raster), load_arrays(raster), input_only=True).spikes[0]
    sheet = read_chip(chip or DEFAULT_CHIP)
    return SpikingPresentation(found, spikes, sheet, name=Path(network).stem, timing=timing)


def _exists(folder: Path) -> OutputError:
    return OutputError(str(folder), "exists already; choose another folder with --out or remove it")


def _made(folder: Path) -> Path:
    """Make a folder that is not there yet."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise _exists(folder) from None
    except OSError as error:
        raise OutputError(str(folder), f"cannot be made: {error.strerror or error}") from error
    return folder


def _presentations(path: Path) -> RecordedTraffic:
    """Return the presentations of a run's raster.npz, one after the other."""
    rasters = read_rasters(path)
    if not rasters:
        raise DataError(str(path), "holds no presentation; set record.presentations of the run")
    layers = zip(*(raster.spikes for raster in rasters), strict=True)
    return RecordedTraffic(spikes=tuple(Spikes.joined(parts) for parts in layers))


def _with_chip(run: RunSpec, chip: str | None) -> RunSpec:
    if run.substrate != "digital":
        raise ConfigError(
            "substrate", f'must be "digital" to send spikes, and {run.name} is "{run.substrate}"'
        )
    return run if chip is None else RunSpec.from_dict({**run.to_dict(), "chip": chip})


def _as_run(traffic: RecordedTraffic, run: RunSpec) -> dict[str, Any]:
    """Return network and placement of a run, as `replay` takes them."""
    network = network_of(run.network)
    refuse_graph(network, "a replay of a run", CapabilityError)
    if traffic.sizes != network.sizes:
        raise DataError(
            "spikes",
            f"have layers {_chain(traffic.sizes)}, and the network of {run.name} is {_chain(network.sizes)}",
        )
    image = build(run).image
    if image is None:
        raise RuntimeError("a digital run is always compiled")
    precision, sizes = run.network.precision, traffic.sizes
    placement = traffic.placement or placement_of(image)
    weights = traffic.weights or [_unread((a, b), precision) for a, b in zip(sizes, sizes[1:], strict=False)]
    # Its hidden layers receive from the layer after them as well (neurochip.network.layered).
    feedback = traffic.feedback or [
        _unread((sizes[k + 1], sizes[k]), precision) for k in range(1, len(sizes) - 1)
    ]
    return {
        "weights": weights,
        "recurrent": traffic.recurrent,
        "feedback": feedback,
        "placement": placement,
    }


def _as_file(traffic: RecordedTraffic, chip: ChipSpec) -> dict[str, Any]:
    """Return what the file says; without weights every neuron receives from the whole layer before it."""
    sizes = traffic.sizes
    width = _usual(chip)
    weights = traffic.weights or [_unread((a, b), width) for a, b in zip(sizes, sizes[1:], strict=False)]
    return {
        "weights": weights,
        "recurrent": traffic.recurrent,
        "feedback": traffic.feedback,
        "placement": traffic.placement,
    }


def _usual(chip: ChipSpec) -> Precision:
    """Return int8, or what the chip has that is nearest to it."""
    if chip.weights.max_bits is None:
        return "float32" if "float32" in chip.weights.floats else "float64"
    bits = min(max(8, chip.weights.min_bits or 2), chip.weights.max_bits, 16)
    return f"int{bits}"  # type: ignore[return-value]


def _unread(shape: tuple[int, int], precision: Precision) -> NDArray[Any]:
    """Return weights whose values play no part but take so many bits; no memory is spent on them."""
    if precision.startswith("float"):
        return np.broadcast_to(np.dtype(precision).type(0.5), shape)
    return np.broadcast_to(np.int16(2 ** (int(precision[3:]) - 1) - 1), shape)


def _chain(sizes: Sequence[int]) -> str:
    return "-".join(map(str, sizes))
