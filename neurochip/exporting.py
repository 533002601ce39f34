"""What a finished run hands to other tools: its weights, between integrate-and-fire neurons of the same mean rates."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurochip.building import build, digest_of
from neurochip.cores.raster_file import load_arrays
from neurochip.description import read_run
from neurochip.description.nir_graph import nir_bytes
from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork, read_spiking, spiking_bytes
from neurochip.durable.atomic import replacing
from neurochip.errors import CapabilityError, DataError, OutputError
from neurochip.training.checkpoint import read_checkpoint
from neurochip.training.folder import CHECKPOINT, RESOLVED

__all__ = ["network_of", "rate_network", "write_network"]


def network_of(source: Path | str, *, dt: float) -> tuple[SpikingNetwork, bool]:
    """Return a network, and whether it is exact: that of an imported file is, that of a run is not.

    Parameters
    ----------
    source
        File of `neurochip import`, or folder of a finished run.
    dt
        Seconds of a tick, for a run.
    """
    path = Path(source)
    if path.is_dir():
        return rate_network(path, dt=dt), False
    arrays = load_arrays(path)
    if "network" not in arrays:
        raise DataError(
            str(path), "is no network; name a file of neurochip import or the folder of a finished run"
        )
    return read_spiking(path, arrays), True


def write_network(network: SpikingNetwork, path: Path | str) -> None:
    """Write a network as a new file: .nir for other tools, anything else as our own .npz.

    Raises
    ------
    OutputError
        When there is such a file already, or it cannot be written.
    """
    path = Path(path)
    content = nir_bytes(network) if path.suffix == ".nir" else spiking_bytes(network)
    if path.exists():
        raise OutputError(str(path), "exists already; choose another file or remove it")
    with replacing(path) as file:
        file.write(content)


def rate_network(folder: Path | str, *, dt: float) -> SpikingNetwork:
    """Return integrate-and-fire neurons whose mean rates have the fixed point of a trained network.

    A neuron of equilibrium propagation rests where s = clip(Σ w s + b, 0, 1). An IF neuron that adds x = Σ w
    q + b in every
    tick and fires above 1, giving up 1 each time, fires in a share clip(⟨x⟩, 0, 1) of the ticks: the same equation
    for rates. It is an approximation: nothing anneals, single spikes make x fluctuate, and NIR has no reset by
    subtraction, so that stands in metadata.
    """
    path = Path(folder)
    if not (path / RESOLVED).is_file():
        raise DataError(str(path), f"has no {RESOLVED}; name the folder of a finished run")
    run = read_run(str(path / RESOLVED))
    if not run.settles:
        raise CapabilityError(
            str(path),
            f'has neurons of kind "{run.neuron.kind}", whose value is a filter of their spikes: NIR has no such '
            "thing; export a run of neurons that settle",
        )
    built = build(run)
    parameters = read_checkpoint(path / CHECKPOINT, digest=digest_of(built)).parameters
    names = [p.name for p in built.network.populations]
    groups = [NeuronGroup(name=names[0], kind="Input", size=built.network.sizes[0])]
    for name, size in zip(names[1:], built.network.sizes[1:], strict=True):
        ones = np.ones(size)
        groups.append(
            NeuronGroup(
                name=name,
                kind="IF",
                size=size,
                parameters={"r": ones / dt, "v_threshold": ones, "v_reset": 0.0 * ones},
                reset="subtract",
            )
        )
    connections = [
        Connection(
            name=f"forward{k}",
            source=names[k],
            target=names[k + 1],
            weights=np.asarray(weights, dtype=np.float32),
            bias=np.asarray(parameters.biases[k], dtype=np.float64),
        )
        for k, weights in enumerate(parameters.weights)
    ]
    for k in range(1, len(names) - 1):
        back = parameters.feedback[k - 1] if parameters.feedback else parameters.weights[k].T
        connections.append(
            Connection(
                name=f"feedback{k}",
                source=names[k + 1],
                target=names[k],
                weights=np.ascontiguousarray(back, dtype=np.float32),
            )
        )
    return SpikingNetwork(
        groups=tuple(groups),
        connections=tuple(connections),
        outputs={"out": names[-1]},
        dt=dt,
        metadata={
            "run": run.name,
            "neuron": "s <- clip((1 - e) s + e (v + b), 0, 1), sent as bits; approximated by IF neurons",
            "coding": ", ".join(
                getattr(run.coding, part).kind
                for part in ("encoder", "decoder", "annealer")
                if getattr(run.coding, part) is not None
            ),
        },
    )
