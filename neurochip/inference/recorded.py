"""What a replay is of: a file of spikes, with the run or the network whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.raster_file import RecordedTraffic, load_arrays, recorded_traffic
from neurochip.description import ChipSpec, RunSpec, network_of, read_run
from neurochip.description.chip_changes import taken_out
from neurochip.description.nir.graph import import_nir
from neurochip.description.precision import Precision
from neurochip.description.spiking import SpikingNetwork
from neurochip.description.spiking_file import read_spiking
from neurochip.errors import CapabilityError, ConfigError, DataError, NeurochipError
from neurochip.network import refuse_graph
from neurochip.report.reading import read_rasters
from neurochip.runs.building import build
from neurochip.spikes import Spikes
from neurochip.training.folder import RESOLVED

__all__ = ["any_network", "as_file", "as_run", "is_network", "network_file", "traffic_of"]


def network_file(path: str, overrides: Sequence[str] = ()) -> SpikingNetwork:
    """Return the network of an .npz of `neurochip import`."""
    if overrides:
        raise ConfigError(
            "overrides", "change a run, and a network has none of its values; import it anew instead"
        )
    arrays = load_arrays(path)
    if "network" not in arrays:
        raise DataError(path, "is no network; make one with neurochip import")
    return read_spiking(path, arrays)


def is_network(run: str) -> bool:
    """Whether a run is named by the file of a network: .npz of `neurochip import`, or .nir."""
    return run.endswith((".npz", ".nir"))


def any_network(path: str, overrides: Sequence[str] = ()) -> tuple[SpikingNetwork, tuple[str, ...]]:
    """Return the network of an .npz of `neurochip import` or of a .nir, and what had to be assumed to read it."""
    if not path.endswith(".nir"):
        return network_file(path, overrides), ()
    if overrides:
        raise ConfigError("--set", "changes a chip here, chip.…; of a network import it anew instead")
    try:
        network, _, notes = import_nir(path)
    except ConfigError as error:
        if error.place.rpartition(": ")[2] != "dt":
            raise
        raise ConfigError(
            path, "does not say how long a tick is; neurochip import it first, with --dt"
        ) from None
    return network, tuple(notes)


def _named_traffic(path: Path, arrays: dict[str, NDArray[np.generic]]) -> RecordedTraffic:
    """Return what the arrays of a file of spikes say; errors name the file."""
    try:
        return recorded_traffic(arrays)
    except NeurochipError as error:
        raise DataError(f"{path}: {error.place}", error.problem) from None


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
    if chip is None:
        return run
    return RunSpec.from_dict(
        {**run.to_dict(), "chip": chip, "placement": ()}
    )  # its cores are those of its own chip


def as_run(traffic: RecordedTraffic, run: RunSpec, chip: ChipSpec | None = None) -> dict[str, Any]:
    """Return network and placement of a run, as `replay` takes them; ``chip`` stands for its own."""
    network = network_of(run.network)
    refuse_graph(network, "a replay of a run", CapabilityError)
    if traffic.sizes != network.sizes:
        raise DataError(
            "spikes",
            f"have layers {_chain(traffic.sizes)}, and the network of {run.name} is {_chain(network.sizes)}",
        )
    image = build(run, chip=chip).image
    if image is None:
        raise RuntimeError("a digital run is always compiled")
    precision, sizes = run.network.precision, traffic.sizes
    placement = traffic.placement or image.sending.pieces.placement
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


def as_file(traffic: RecordedTraffic, chip: ChipSpec) -> dict[str, Any]:
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


def _unread(shape: tuple[int, int], precision: Precision) -> NDArray[np.number]:
    """Return weights whose values play no part but take so many bits; no memory is spent on them."""
    if precision.startswith("float"):
        return np.broadcast_to(np.dtype(precision).type(0.5), shape)
    return np.broadcast_to(np.int16(2 ** (int(precision[3:]) - 1) - 1), shape)


def _chain(sizes: Sequence[int]) -> str:
    return "-".join(map(str, sizes))


def _refuse_silent(
    key: str, traffic: RecordedTraffic, spec: RunSpec, without: tuple[str, list[str], str | None, str | None]
) -> None:
    """Refuse a key of the run that changes nothing of the replay: ``without`` is all that was said but for it."""
    run, overrides, chip, timing = without
    try:
        bare = _with_chip(read_run(run, overrides, timing=timing), chip)
        is_silent = bare != spec and _part_taken(traffic, bare) == _part_taken(traffic, spec)
    except NeurochipError:  # without it there is no replay
        return
    if is_silent:
        raise ConfigError(
            f"--set {key}",
            "changes nothing here: a replay takes network, format of weights, placement and chip of a run; leave it "
            "out",
        )


def _part_taken(traffic: RecordedTraffic, run: RunSpec) -> list[bytes | str]:
    """Return all of a run that its replay depends on, to be compared."""
    cores = as_run(traffic, run)["placement"]
    words = (run.name, run.chip, run.chip_changes, run.network.precision)
    return [repr(words), *(np.asarray(units, np.int64).tobytes() for units in cores)]


def traffic_of(
    path: Path, run: str | None, overrides: Sequence[str], chip: str | None, timing: str | None = None
) -> tuple[RecordedTraffic, RunSpec | None]:
    """Return recorded spikes, and the run whose they are: the one named, or the one beside a run's raster.

    Raises
    ------
    NeurochipError
        For a file that is none, overrides without a run, and a run that loses packets or sends none.
    """
    arrays = load_arrays(path)
    if "presentations" in arrays:
        traffic = _presentations(path)
        beside = path.parent / RESOLVED
        if run is None and beside.is_file():
            run = str(beside)
    else:
        traffic = _named_traffic(path, arrays)
    _, rest = taken_out(overrides)
    if run is None:
        if rest:
            raise ConfigError("overrides", "change a run, and there is none; name one beside the raster")
        return traffic, None
    spec = _with_chip(read_run(run, overrides, timing=timing), chip)
    if spec.faults.of_packets():
        raise CapabilityError(
            "faults",
            f"{spec.name} has {', '.join(spec.faults.of_packets())}, and a replay is of a chip that loses nothing; "
            "name a run without them",
        )
    for one in rest:
        fewer = [override for override in overrides if override != one]
        _refuse_silent(one.partition("=")[0].strip(), traffic, spec, (run, fewer, chip, timing))
    return traffic, spec
