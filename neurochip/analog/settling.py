"""Many steps of a circuit in one call: currents follow what has changed, and voltages follow currents.

A layer of which so much has changed that a matrix product is quicker is left to the caller, who goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurochip.analog.step import TANH, Driven, gather, pair, push, relax
from neurochip.kernels._jit import entry, kernel
from neurochip.kernels.types import Matrix, Real, Vector
from neurochip.network import Network

__all__ = ["Currents", "Paths", "Way", "paths_of", "send_changes", "take_steps"]

# A row of weights added for one sample costs about as much as one and a half rows in a matrix product.
_SPARSE_BELOW = 0.5


class Currents(NamedTuple):
    """What flows in the samples, and scratch for changes of it."""

    forward: NDArray[np.floating]  # T[sample, neuron], what the layers below send
    backward: NDArray[np.floating]  # the same of the layers above
    sent: Matrix[np.floating]  # T[sample, neuron], signals that the currents follow from
    listed: Matrix[np.int32]  # i32[sample, place], neurons of a layer whose signal has changed
    moved: Matrix[np.floating]  # T[sample, place], by how much
    counts: Vector[np.int64]  # i64[sample], places
    row: Vector[np.floating]  # T[neuron]


class Paths(NamedTuple):
    """Who sends to whom."""

    layers: Matrix[
        np.int64
    ]  # i64[layer, 4]: its first neuron, the one after its last, its first row of ``rows``, the one after
    rows: Matrix[
        np.int64
    ]  # i64[projection, 4]: where its weights begin, receivers, the first of them, whether it leads forward
    weights: Vector[
        np.floating
    ]  # T[weight], of all projections but those of the clamped layer, one after the other


class Way(NamedTuple):
    """A projection of `Paths`."""

    weights: NDArray[np.floating]  # T[pre, post], part of those of all
    senders: slice  # its neurons among all that are not clamped
    receivers: slice
    forward: bool


def paths_of(network: Network, starts: Sequence[int], dtype: DTypeLike) -> tuple[Paths, dict[int, Way]]:
    """Return who sends to whom, with room for the weights of every projection but those of the clamped layer.

    ``starts`` is where each layer's neurons begin.
    """
    layers: list[tuple[int, int, int, int]] = []
    rows: list[tuple[int, int, int, int]] = []
    ends: dict[int, tuple[int, int, int, int]] = {}
    at = 0
    for layer in range(1, len(starts)):
        first = len(rows)
        for k in network.out_of(layer):
            target, (pre, post) = network.projections[k].target, network.weights_shape(k)
            rows.append((at, post, starts[target - 1], int(target > layer)))
            ends[k] = (at, at + pre * post, layer, target)
            at += pre * post
        layers.append((starts[layer - 1], starts[layer], first, len(rows)))
    flat = np.zeros(at, dtype)
    of = {layer: slice(*starts[layer - 1 : layer + 1]) for layer in range(1, len(starts))}
    ways = {
        k: Way(
            flat[begin:end].reshape(-1, of[target].stop - of[target].start),
            of[source],
            of[target],
            target > source,
        )
        for k, (begin, end, source, target) in ends.items()
    }
    return Paths(np.array(layers, np.int64), np.array(rows, np.int64).reshape(-1, 4), flat), ways


@kernel
def _send(layer: int, now: Matrix[np.floating], change: Real, currents: Currents, paths: Paths) -> int:
    """Bring currents up to date from ``layer`` on; the first layer of which too much has changed, or −1."""
    for k in range(layer, paths.layers.shape[0]):
        first, last = paths.layers[k, 0], paths.layers[k, 1]
        a, b = paths.layers[k, 2], paths.layers[k, 3]
        if a == b:
            continue
        most = int(_SPARSE_BELOW * now.shape[0] * (last - first))
        n = gather(
            currents.sent, now, first, last, change, most, currents.listed, currents.moved, currents.counts
        )
        if n < 0:
            return k
        if n == 0:
            continue
        for row in range(a, b):
            at, receivers, target = paths.rows[row, 0], paths.rows[row, 1], paths.rows[row, 2]
            drive = currents.forward if paths.rows[row, 3] else currents.backward
            push(
                currents.listed,
                currents.moved,
                currents.counts,
                paths.weights,
                at,
                receivers,
                drive,
                target,
                currents.row,
            )
    return -1


@entry
def send_changes(layer: int, now: Matrix[np.floating], change: Real, currents: Currents, paths: Paths) -> int:
    """Bring the current into every neuron up to date with what layers from ``layer`` on send.

    ``now`` is T[sample, neuron]; a change of at most ``change`` is left for later. Returns −1 when all is done, or the
    layer from which so much is sent that a matrix product is quicker; nothing of it has been sent then.
    """
    return _send(layer, now, change, currents, paths)


@entry
def take_steps(
    kind: int,
    ticks: int,
    place: Vector[np.int64],
    at: Driven,
    activity: Matrix[np.floating],
    change: Real,
    currents: Currents,
    paths: Paths,
    noise: Matrix[np.floating],
    is_noisy: bool,
) -> int:
    """Take steps up to ``ticks``, in place, each after currents are up to date.

    ``place`` i64[2] is the step and the layer to begin with, and afterwards those that were reached; the result is that
    of `send_changes`. Neurons send ``activity`` T[sample, neuron], which is their voltage itself where that is what
    they send; only that of `TANH` is made here. ``noise`` is that of `relax`.
    """
    while place[0] < ticks:
        place[1] = _send(place[1], activity, change, currents, paths)
        if place[1] >= 0:
            return int(place[1])
        relax(kind, at, noise, is_noisy)
        if kind == TANH:
            pair(at.voltage, at.neurons.saturation, activity)
        place[0] += 1
        place[1] = 0
    return -1
