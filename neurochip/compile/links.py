"""Flits over each link of the mesh, from what each way of a network sent: exact, whatever the model of time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.compile.sending import Sending
from neurochip.description.chip import MeshSpec

__all__ = ["EAST", "NORTH", "SOUTH", "WEST", "core_traffic", "link_load", "load_of_packets", "load_of_tree"]

Counts = NDArray[np.int64]
EAST, WEST, NORTH, SOUTH = range(4)  # of travel; y grows southwards


def core_traffic(sending: Sending, spikes: Counts) -> Counts:
    """Return i64[core, core], packets from one core in use to another, for i64[way] spikes."""
    traffic: Counts = _by_row(sending, spikes) @ sending.receives
    return traffic


def link_load(sending: Sending, spikes: Counts) -> Counts:
    """Return i64[x, y, direction]: flits that left place (x, y) east, west, north, south, for i64[way] spikes."""
    mesh, cores = sending.chip.mesh, sending.cores
    if not sending.forks:
        traffic = core_traffic(sending, spikes)
        sender, receiver = np.nonzero(traffic)
        return load_of_packets(mesh, cores[sender], cores[receiver], traffic[sender, receiver])
    load, sent = np.zeros((mesh.width, mesh.height, 4), dtype=np.int64), _by_row(sending, spikes)
    for core, row in zip(*np.nonzero(sent), strict=True):
        there = sending.receives[row] > 0
        if there.any():
            load += load_of_tree(mesh, int(cores[core]), cores[there], int(sent[core, row]))
    return load


def _by_row(sending: Sending, spikes: Counts) -> Counts:
    """Return i64[core, row], spikes of each core about which a row of the tables is."""
    ways = sending.ways
    sent = np.zeros((sending.cores.size, len(ways.operations)), dtype=np.int64)
    np.add.at(sent, (sending.core[ways.pieces], ways.rows), spikes)
    return sent


def load_of_packets(mesh: MeshSpec, sender: Counts, receiver: Counts, packets: Counts) -> Counts:
    """Return i64[x, y, direction] of so many packets between pairs of cores, each on its XY route."""
    x0, y0 = np.divmod(sender // mesh.cores_per_tile, mesh.height)
    x1, y1 = np.divmod(receiver // mesh.cores_per_tile, mesh.height)
    # Where a stretch of links begins, and where it is over; sums along the way give the load.
    steps = np.zeros((mesh.width + 1, mesh.height + 1, 4), dtype=np.int64)
    for direction, low, high in (
        (EAST, x0, np.maximum(x0, x1)),
        (WEST, np.minimum(x0, x1) + 1, x0 + 1),
    ):
        np.add.at(steps[:, :, direction], (low, y0), packets)
        np.add.at(steps[:, :, direction], (high, y0), -packets)
    for direction, low, high in (
        (SOUTH, y0, np.maximum(y0, y1)),
        (NORTH, np.minimum(y0, y1) + 1, y0 + 1),
    ):
        np.add.at(steps[:, :, direction], (x1, low), packets)
        np.add.at(steps[:, :, direction], (x1, high), -packets)
    along_x = np.cumsum(steps[:, :, :NORTH], axis=0)
    along_y = np.cumsum(steps[:, :, NORTH:], axis=1)
    load: Counts = np.concatenate([along_x, along_y], axis=2)[: mesh.width, : mesh.height]
    return load


def load_of_tree(mesh: MeshSpec, sender: int, receivers: ArrayLike, packets: int) -> Counts:
    """Return i64[x, y, direction] of packets that fork: each link of the tree of XY routes once for each."""
    load = np.zeros((mesh.width, mesh.height, 4), dtype=np.int64)
    x0, y0 = mesh.position(sender)
    x, y = np.divmod(np.asarray(receivers, dtype=np.int64) // mesh.cores_per_tile, mesh.height)
    load[x0 : max(x0, x.max()), y0, EAST] += packets
    load[min(x0, x.min()) + 1 : x0 + 1, y0, WEST] += packets
    for column in np.unique(x):
        ys = y[x == column]
        load[column, y0 : max(y0, ys.max()), SOUTH] += packets
        load[column, min(y0, ys.min()) + 1 : y0 + 1, NORTH] += packets
    return load
