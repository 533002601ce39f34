"""A network of spiking neurons on ODIN or tinyODIN: weights and thresholds in whole steps, addresses for senders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.spiking_network import discretised
from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.elements.neurons.filtered import CONSTANTS
from neurochip.errors import CapabilityError, ConfigError
from neurochip.silicon.odin import Odin
from neurochip.silicon.odin_neurons import OdinLif
from neurochip.silicon.spi import N_NEURONS
from neurochip.silicon.tinyodin import TinyOdin

__all__ = ["Placed", "place"]

Array = NDArray[np.float64]
_MOST_WEIGHT = 7  # of either chip, in magnitude
_MOST_THRESHOLD = {"tinyodin": 2047, "odin": 255}
_MOST_LEAK = 127


class Placed(NamedTuple):
    """A chip that is loaded with a network.

    Attributes
    ----------
    chip
        At rest.
    inputs
        Input → the addresses of the senders that stand for it; ODIN's senders have one sign each.
    always
        Those of the senders that fire in every tick: biases.
    neurons
        Group → the address of each neuron that is read.
    leaks
        Whether a tick begins with a time reference.
    used
        Addresses in use.
    notes
        What the chip does otherwise than the network.
    """

    chip: TinyOdin | Odin
    inputs: tuple[tuple[int, ...], ...]
    always: tuple[int, ...]
    neurons: dict[str, NDArray[np.int64]]
    leaks: bool
    used: int
    notes: tuple[str, ...]


def place(network: SpikingNetwork, chip: str) -> Placed:
    """Put a feed-forward network of IF and LIF neurons on ``tinyodin`` or ``odin``.

    Each neuron has a scale of its own: its largest weight becomes 7, unless its threshold then exceeds what the chip
    has; the others, biases and the threshold are rounded. A leak becomes what the neuron loses at half its threshold.
    On ODIN a sender excites or inhibits: an input or a neuron that does both becomes two with the same drive.

    Raises
    ------
    CapabilityError
        For what such a chip cannot hold, by the name of the group or connection.
    ConfigError
        When more addresses are needed than there are.
    """
    if sum(network.sizes) > N_NEURONS:
        raise _too_many(sum(network.sizes), network, chip, "")
    depth = _depths(network)
    for group in network.groups[1:]:
        _check(group)
    rows: dict[str, list[tuple[Connection, Array]]] = {}
    for c in network.connections:
        _check_connection(network, c, depth)
        rows.setdefault(c.target, []).append((c, _matrix(network, c)))
    first = {group.name: sum(g.size for g in network.groups[1:k]) for k, group in enumerate(network.groups)}
    n_inputs, n = network.groups[0].size, sum(network.sizes[1:])
    # Rows: inputs, neurons, then one for all biases; a column for each neuron, in its own steps.
    weights = np.zeros((n_inputs + n + 1, n), np.int64)
    thresholds, leaks = np.zeros(n, np.int64), np.zeros(n, np.int64)
    notes: list[str] = []
    for group in network.groups[1:]:
        given = np.zeros((n_inputs + n + 1, group.size))
        for c, matrix in rows.get(group.name, []):
            start = 0 if c.source == network.groups[0].name else n_inputs + first[c.source]
            given[start : start + len(matrix)] += matrix
            given[-1] += 0.0 if c.bias is None else c.bias
        here = slice(first[group.name], first[group.name] + group.size)
        weights[:, here], thresholds[here], leaks[here], said = _whole(network, group, given, chip)
        notes += said
    signs = [_signs(row, chip) for row in weights[:-1]]
    signs.append(_signs(weights[-1], chip) if weights[-1].any() else ())
    address, used = _addresses(signs, n_inputs, n)
    if used > N_NEURONS:
        twice = ", two for each that excites and inhibits" if chip == "odin" else ""
        raise _too_many(used, network, chip, f"{twice}{', and biases' if weights[-1].any() else ''}")
    crossbar = np.zeros((N_NEURONS, N_NEURONS), np.int64)
    inhibitory = np.zeros(N_NEURONS, np.int64)
    threshold = np.full(N_NEURONS, _MOST_THRESHOLD[chip])
    leak = np.zeros(N_NEURONS, np.int64)
    disabled = np.ones(N_NEURONS, np.int64)
    for j in range(n):
        for a in address[n_inputs + j]:
            threshold[a], leak[a], disabled[a] = thresholds[j], leaks[j], 0
    for i, row in enumerate(weights):
        for a, sign in zip(address[i], signs[i], strict=True):
            inhibitory[a] = int(sign < 0)
            for j in np.flatnonzero(row * sign > 0 if sign else row).tolist():
                crossbar[a, list(address[n_inputs + j])] = abs(row[j]) if sign else row[j]
    ends = max(a for j in range(n) for a in address[n_inputs + j])
    made = (
        TinyOdin(weight=crossbar, threshold=threshold, leak=leak, disabled=disabled, last=ends)
        if chip == "tinyodin"
        else Odin(
            weight=crossbar,
            neurons=OdinLif(threshold=threshold, leak=leak, leak_enabled=(leak > 0).astype(np.int64)),
            inhibitory=inhibitory,
            disabled=disabled,
        )
    )
    read = {
        group.name: np.array([address[n_inputs + first[group.name] + i][0] for i in range(group.size)])
        for group in network.groups[1:]
    }
    return Placed(made, tuple(address[:n_inputs]), address[-1], read, bool(leaks.any()), used, tuple(notes))


def _too_many(needed: int, network: SpikingNetwork, chip: str, more: str) -> ConfigError:
    there = f"{network.sizes[0]} inputs and {sum(network.sizes[1:])} neurons{more}"
    return ConfigError("network", f"needs {needed} addresses of {chip}, which has {N_NEURONS}: {there}")


def _depths(network: SpikingNetwork) -> dict[str, int]:
    """Return the longest way to each group from the input; refuse loops by name."""
    reached = {
        group.name: {c.target for c in network.connections if c.source == group.name}
        for group in network.groups
    }
    for _ in network.groups:
        for behind in reached.values():
            behind |= {further for name in behind for further in reached[name]}
    for c in network.connections:
        if c.source in reached[c.target] or c.source == c.target:
            raise CapabilityError(
                c.name or f"{c.source} → {c.target}",
                "is part of a loop, whose spikes an event-driven chip has at once and not a tick later",
            )
    depth = {group.name: 0 for group in network.groups}
    for _ in network.groups:
        for c in network.connections:
            depth[c.target] = max(depth[c.target], depth[c.source] + 1)
    return depth


def _check(group: NeuronGroup) -> None:
    if group.kind not in ("IF", "LIF"):
        raise CapabilityError(group.name, f"is {group.kind}; these chips have IF and LIF neurons alone")
    if group.refractory:
        raise CapabilityError(f"{group.name}.refractory", f"must be 0 on these chips, got {group.refractory}")
    given = group.parameters
    rest = given.get("v_leak", np.zeros(group.size))
    if group.reset == "none" or (group.reset.startswith("value") and not np.allclose(given["v_reset"], rest)):
        raise CapabilityError(f"{group.name}.reset", "must be to the rest: a spike puts a membrane to 0")
    if not np.all(given["v_threshold"] > rest):
        raise CapabilityError(f"{group.name}.v_threshold", "must be above the rest of its neurons")


def _check_connection(network: SpikingNetwork, c: Connection, depth: dict[str, int]) -> None:
    if c.delay != depth[c.target] - depth[c.source]:
        raise CapabilityError(
            f"{c.name or f'{c.source} → {c.target}'}.delay",
            f"of {c.delay} ticks is none that balances paths, and these chips have no delays",
        )


def _matrix(network: SpikingNetwork, c: Connection) -> Array:
    """Return f64[source, target]."""
    connection, weights = c.joined(network.group(c.source).size)
    found = np.zeros((connection.sources, connection.targets))
    source, target, weight = connection.edges()
    values = np.asarray(weights, np.float64).reshape(-1)
    if not np.all(np.isfinite(values)):
        raise ConfigError(c.name or f"{c.source} → {c.target}", "must have finite weights")
    np.add.at(found, (source, target), connection.scale * (values[weight] if values.size else 1.0))
    return found


def _whole(
    network: SpikingNetwork, group: NeuronGroup, given: Array, chip: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], list[str]]:
    """Return weights, thresholds and leaks of a group in whole steps, and what that does."""
    constants = dict(zip(CONSTANTS, discretised(group, network.dt, network.method), strict=True))
    rest = group.parameters.get("v_leak", np.zeros(group.size))
    if not np.all(constants["gain"] > 0):
        raise CapabilityError(f"{group.name}.r", "must be above 0: a neuron must rise with what excites it")
    threshold = (group.parameters["v_threshold"] - rest) / constants["gain"]
    largest = np.abs(given).max(axis=0)
    most = _MOST_THRESHOLD[chip]
    # The threshold must still fit when it is rounded up.
    scale = np.minimum(_MOST_WEIGHT / np.where(largest > 0, largest, np.inf), (most - 1) / threshold)
    scale = np.where(largest > 0, scale, (most - 1) / threshold)
    weights = np.rint(given * scale).astype(np.int64)
    steps = np.round(threshold * scale, 9)
    whole = np.floor(steps) + 1 if group.fires_when == "above" else np.ceil(steps)
    lost = (1 - constants["decay"]) * threshold * scale / 2
    leak = np.minimum(np.rint(lost), _MOST_LEAK).astype(np.int64)
    there = given != 0
    notes = []
    if there.any():
        gone = float(np.mean(weights[there] == 0))
        notes.append(f"{group.name}: {gone:.1%} of its weights became 0")
    if group.reset.startswith("subtract"):
        notes.append(f"{group.name}: a spike puts a membrane to 0 where the network subtracts its threshold")
    if np.any(constants["decay"] < 1):
        notes.append(
            f"{group.name}: leaks {leak.min()} to {leak.max()} steps a tick, whatever is there: what the network loses "
            "at half the threshold"
        )
    return weights, np.maximum(whole, 1).astype(np.int64), leak, notes


def _signs(row: NDArray[np.int64], chip: str) -> tuple[int, ...]:
    """Return the signs of the senders that stand for a row: 0 for one that has both, on tinyODIN."""
    if chip == "tinyodin":
        return (0,)
    found = tuple(sign for sign in (1, -1) if np.any(row * sign > 0))
    return found or (1,)


def _addresses(signs: Sequence[tuple[int, ...]], n_inputs: int, n: int) -> tuple[list[tuple[int, ...]], int]:
    """Return the addresses of each row, neurons first, so that tinyODIN updates no others; and how many there are."""
    address: list[tuple[int, ...]] = [() for _ in signs]
    used = 0
    for i in [*range(n_inputs, n_inputs + n), *range(n_inputs), n_inputs + n]:
        address[i] = tuple(range(used, used + len(signs[i])))
        used += len(signs[i])
    return address, used
