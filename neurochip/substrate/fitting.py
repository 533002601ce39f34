"""Parameters against the network that they are for: one check for every substrate."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.errors import CapabilityError, ConfigError, DataError, NumericError
from neurochip.network import Network, turned
from neurochip.spikes import SpikeTrains
from neurochip.substrate.counters import Phase
from neurochip.substrate.protocol import Array, Capabilities, Observable, Parameters

__all__ = [
    "check_observable",
    "check_phase",
    "check_record",
    "fitting_inputs",
    "fitting_presentations",
    "fitting_spikes",
    "projection_matrices",
    "weights_place",
]


def projection_matrices(network: Network, parameters: Parameters) -> list[Array]:
    """Return the matrix of every projection, [pre, post]; feedback that is tied is the transpose.

    Raises
    ------
    ConfigError
        When a number of matrices or vectors, or a shape, is not the network's.
    NumericError
        For a bias that is NaN or infinite.
    """
    forward, own = network.forward, network.own_feedback
    if len(parameters.weights) != len(forward) or len(parameters.feedback) != len(own):
        raise ConfigError(
            "weights",
            f"must have {len(forward)} forward matrices and {len(own)} for feedback, "
            f"got {len(parameters.weights)} and {len(parameters.feedback)}",
        )
    matrices: list[Array] = []
    for p in network.projections:
        if p.transpose_of is not None:
            matrices.append(turned(network.projections[p.transpose_of], matrices[p.transpose_of]))
            continue
        family, place = (parameters.feedback, own) if p.backward else (parameters.weights, forward)
        matrix, shape = family[place.index(p.index)], network.weights_shape(p.index)
        if matrix.shape != shape:
            raise ConfigError(weights_place(network, p.index), f"must have shape {shape}, got {matrix.shape}")
        matrices.append(matrix)
    if len(parameters.biases) != len(network.updated):
        raise ConfigError("biases", f"must have {len(network.updated)} vectors, got {len(parameters.biases)}")
    for k, (population, bias) in enumerate(zip(network.updated, parameters.biases, strict=True)):
        size = network.n_biases(population)
        if bias.shape != (size,):
            raise ConfigError(f"biases[{k}]", f"must have shape ({size},), got {bias.shape}")
        if not np.all(np.isfinite(bias)):
            raise NumericError(f"biases[{k}]", "must be finite, got NaN or infinity")
    return matrices


def weights_place(network: Network, projection: int) -> str:
    """Return what a projection's weights are called in `Parameters`."""
    own = network.projections[projection].transpose_of
    at = projection if own is None else own
    if at in network.forward:
        return f"weights[{network.forward.index(at)}]"
    return f"feedback[{network.own_feedback.index(at)}]"


def fitting_inputs(network: Network, inputs: Array | SpikeTrains) -> Array:
    """Return inputs [sample, unit], checked: as many as the inputs have, all in [0, 1].

    Raises
    ------
    DataError
        When they do not fit, or are NaN.
    CapabilityError
        For spikes.
    """
    if isinstance(inputs, SpikeTrains):
        raise CapabilityError("inputs", "are spikes, which only cores with neurons that fire can be shown")
    inputs, size = np.asarray(inputs), sum(network.sizes[k] for k in network.inputs)
    if inputs.ndim != 2 or inputs.shape[1] != size:
        raise DataError("inputs", f"must have shape (samples, {size}), got {inputs.shape}")
    if not (inputs.size == 0 or (inputs.min() >= 0 and inputs.max() <= 1)):
        raise DataError("inputs", "must lie in [0, 1] and be finite")
    return inputs


def fitting_spikes(network: Network, spikes: SpikeTrains, fires: bool) -> SpikeTrains:
    """Return spikes for all inputs of a network.

    Raises
    ------
    CapabilityError
        Where its neurons do not fire.
    DataError
        For spikes of other inputs.
    """
    if not fires:
        raise CapabilityError(
            "inputs", "are spikes, and neurons that settle hold values; use neurons that fire"
        )
    size = sum(network.sizes[k] for k in network.inputs)
    if spikes.units != size:
        raise DataError("inputs", f"must be spikes of {size} units, got {spikes.units}")
    return spikes


def fitting_presentations(presentations: NDArray[np.integer], batch: int) -> NDArray[np.uint64]:
    """Return the numbers of what is presented, u64[sample], or raise `ConfigError` where there are not ``batch``."""
    numbers = np.ascontiguousarray(presentations, dtype=np.uint64)
    if numbers.shape != (batch,):
        raise ConfigError("presentations", f"must have shape ({batch},), got {numbers.shape}")
    return numbers


def check_observable(what: Observable, capabilities: Capabilities, reason: str) -> None:
    """Raise `CapabilityError` for what a substrate cannot be asked for; ``reason`` stands where there is no better."""
    if what in capabilities.observables:
        return
    reasons = {
        Observable.ACTIVITY: f"is the state itself on the {capabilities.name} substrate; observe value",
        Observable.ADJOINT: f"needs the Jacobian, which the {capabilities.name} substrate does not give",
    }
    raise CapabilityError(what.value, reasons.get(what, reason))


def check_record(record: Sequence[str], known: Sequence[str]) -> None:
    """Raise `CapabilityError` for what a substrate cannot record."""
    for name in record:
        if name not in known:
            raise CapabilityError("record", f"must be among {', '.join(known)}, got {name}")


def check_phase(phase: Phase, ticks: int, beta: float, targets: Array | None, shape: tuple[int, int]) -> None:
    """Raise `ConfigError` for a phase of no ticks, or a nudge to nothing; ``shape`` is (samples, outputs)."""
    if ticks < 1:
        raise ConfigError(f"phases.{phase.value}", f"must be ≥ 1 tick, got {ticks}")
    if beta and targets is None:
        raise ConfigError("targets", "are missing; a nudged phase needs what to nudge to")
    if not math.isfinite(beta):
        raise ConfigError("beta", f"must be finite, got {beta}")
    if targets is not None and np.shape(targets) != shape:
        raise ConfigError("targets", f"must have shape {shape}, got {np.shape(targets)}")
