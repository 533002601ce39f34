"""What a finished run hands to other tools: its weights, between integrate-and-fire neurons of the same mean rates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from neurochip.cores.raster_file import load_arrays
from neurochip.description import RunSpec, read_run
from neurochip.description import network_of as network_of_run
from neurochip.description.nir.export import nir_bytes
from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.description.spiking_file import read_spiking, spiking_bytes
from neurochip.durable.atomic import replacing
from neurochip.elements.connections import Connection as Connectivity
from neurochip.elements.connections import Convolution, Pooling
from neurochip.elements.neurons.settling import SettlingNeuron
from neurochip.errors import CapabilityError, DataError, OutputError
from neurochip.network import Network, Population, turned
from neurochip.runs.building import build, digest_of
from neurochip.substrate.protocol import Parameters
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

    A neuron of equilibrium propagation rests where s = clip(Σ w s + b, 0, 1). An IF neuron that adds x = Σ w q + b in
    every tick and fires above 1, giving up 1 each time, fires in a share clip(⟨x⟩, 0, 1) of the ticks: the same
    equation for rates, on any graph. It is an approximation: nothing anneals, single spikes make x fluctuate, and NIR
    has no reset by subtraction, so that stands in metadata.

    Raises
    ------
    DataError
        For a folder without a finished run.
    CapabilityError
        For neurons of another kind, or on another curve; for several inputs.
    """
    path = Path(folder)
    if not (path / RESOLVED).is_file():
        raise DataError(str(path), f"has no {RESOLVED}; name the folder of a finished run")
    run = read_run(str(path / RESOLVED))
    _refuse(run, path)
    built = build(run)
    network = built.network
    parameters = read_checkpoint(path / CHECKPOINT, digest=digest_of(built)).parameters
    shaped = _shaped(network, parameters)
    return SpikingNetwork(
        groups=tuple(_group(p, dt, k in shaped) for k, p in enumerate(network.populations)),
        connections=tuple(_connections(network, parameters)),
        outputs=_outputs(network),
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


def _refuse(run: RunSpec, path: Path) -> None:
    """Refuse what has no mean rates of such neurons, or no place in a network of ours."""
    if not run.settles:
        raise CapabilityError(
            str(path),
            f'has neurons of kind "{_firing(run)}", whose value is a filter of their spikes: NIR has no such '
            "thing; export a run of neurons that settle",
        )
    if run.analog is not None and run.analog.characteristic != "hard-sigmoid":
        raise CapabilityError(
            str(path),
            f'has neurons of characteristic "{run.analog.characteristic}", which no mean rate has; export a run of '
            '"hard-sigmoid"',
        )
    network = network_of_run(run.network)
    if len(network.inputs) != 1:
        names = ", ".join(network.populations[k].name for k in network.inputs)
        raise CapabilityError(
            "network.populations",
            f"have {len(network.inputs)} inputs ({names}), and an exported network has one; join them in one "
            "population",
        )


def _firing(run: RunSpec) -> str:
    """Return the kind of the first neurons that fire."""
    return str(next(neuron.kind for neuron in run.neurons if not isinstance(neuron, SettlingNeuron)))


def _shaped(network: Network, parameters: Parameters) -> set[int]:
    """Return the populations that keep their shape: where a matrix leads into one, it is a row in NIR.

    Feedback is a matrix there, as are kernels from a row, and kernels whose maps have different biases.
    """
    biased = {k for k, bias in zip(network.updated, parameters.biases, strict=True) if np.any(bias)}
    shaped = {k for k, p in enumerate(network.populations) if len(p.shape) > 1} - biased
    before: set[int] = set()
    while shaped != before:
        before = shaped
        rows = {p.target for p in network.projections if not _slides(p.connection) or p.source not in shaped}
        shaped = shaped - rows
    return shaped


def _slides(connection: Connectivity | None) -> bool:
    """Whether NIR has a node for it."""
    return isinstance(connection, Convolution | Pooling) and not connection.backward


def _group(population: Population, dt: float, is_shaped: bool) -> NeuronGroup:
    shape = population.shape if is_shaped and len(population.shape) > 1 else ()
    if population.clamped:
        return NeuronGroup(name=population.name, kind="Input", size=population.size, shape=shape)
    ones = np.ones(population.size)
    return NeuronGroup(
        name=population.name,
        kind="IF",
        size=population.size,
        parameters={"r": ones / dt, "v_threshold": ones, "v_reset": 0.0 * ones},
        reset="subtract",
        shape=shape,
    )


def _connections(network: Network, parameters: Parameters) -> Iterator[Connection]:
    """Yield each projection with its weights. One into each population brings its biases.

    That is the first matrix, if there is one: of maps NIR has one bias for each map, and for pooling none.
    """
    biases = {}
    for k, bias in zip(network.updated, parameters.biases, strict=True):
        into = network.into(k)
        biases[next((i for i in into if network.projections[i].connection is None), into[0])] = bias
    own = dict(
        zip(
            (*network.forward, *network.own_feedback),
            (*parameters.weights, *parameters.feedback),
            strict=True,
        )
    )
    names = [population.name for population in network.populations]
    for p in network.projections:
        weights = own[p.index if p.transpose_of is None else p.transpose_of]
        if p.transpose_of is not None:
            weights = turned(network.projections[p.transpose_of], weights)
        of_target = biases.get(p.index)
        yield Connection(
            name=f"feedback{p.feedback_of}" if p.backward else f"forward{p.index}",
            source=names[p.source],
            target=names[p.target],
            weights=np.ascontiguousarray(weights, dtype=np.float32),
            bias=None
            if of_target is None or not of_target.any()
            else np.asarray(of_target, dtype=np.float64),
            connectivity=p.connection,
            delay=p.delay,
        )


def _outputs(network: Network) -> dict[str, str]:
    """Return a name for each output that no population has."""
    taken = {population.name for population in network.populations}
    names = [network.populations[k].name for k in network.outputs]
    found: dict[str, str] = {}
    for name in names:
        output = "out" if len(names) == 1 else f"out_{name}"
        while output in taken:
            output += "_"
        taken.add(output)
        found[output] = name
    return found
