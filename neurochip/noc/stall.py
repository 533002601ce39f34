"""The sentence for a network that has not delivered everything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurochip.description.chip import MeshSpec
from neurochip.errors import StallError
from neurochip.noc.arrays import Counter, Fabric, Load, State
from neurochip.noc.packets import Packets

__all__ = ["stall_error"]

_SHOWN = 5
_PORTS = ("eastward", "westward", "northward", "southward")


def stall_error(
    mesh: MeshSpec,
    fabric: Fabric,
    load: Load,
    state: State,
    packets: Packets,
    *,
    disabled: Sequence[int],
    max_cycles: int | None,
) -> StallError:
    """Return the error, with the cycle, the stuck packets and the full queues.

    ``max_cycles`` is given when time was up; otherwise nothing could move any more.
    """
    stuck = np.flatnonzero(state.arrival < 0)
    packet = packets.packet
    names = [
        f"packet {packet[d]} from core {packets.source[packet[d]]} to core {packets.destination[d]}"
        for d in stuck[:_SHOWN]
    ]
    full = [_queue(mesh, fabric, int(f)) for f in np.flatnonzero(state.held == fabric.depth)]
    waiting = int(np.sum(load.queue_first[1:] - state.sent))
    sentence = (
        "the network has stalled"
        if max_cycles is None
        else f"the network is not done, and max_cycles = {max_cycles} is reached"
    )
    sentence += f" with {len(stuck)} of {len(state.arrival)} deliveries missing: {_some(names, len(stuck))}; "
    sentence += f"{waiting} packets wait in their cores; "
    sentence += f"full queues (of {fabric.depth}): {_some(full[:_SHOWN], len(full)) or 'none'}"
    if len(disabled):
        sentence += (
            f"; cores that take no packets: {_some([str(c) for c in disabled[:_SHOWN]], len(disabled))}"
        )
    return StallError(f"cycle {state.counters[Counter.NOW]}", sentence)


def _some(words: Sequence[str], total: int) -> str:
    more = [f"and {total - len(words)} more"] if total > len(words) else []
    return ", ".join([*words, *more])


def _queue(mesh: MeshSpec, fabric: Fabric, fifo: int) -> str:
    router, port = divmod(fifo, fabric.ports)
    if port >= 4:
        return f"from core {router * mesh.cores_per_tile + port - 4}"
    x, y = divmod(router, mesh.height)
    return f"{_PORTS[port]} at ({x}, {y})"
