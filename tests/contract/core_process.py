"""One core in a process of its own: pipes of packed bits to the other cores, and an observer."""

from __future__ import annotations

from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.isolated import CoreMemory, IsolatedCore
from neurochip.description import CodingSpec


class Task(NamedTuple):
    """What one core is given before its first tick; nothing of another core is in it.

    ``image`` says where everything sits and holds no weights. ``inputs`` is for cores of the input, ``targets``
    for cores of the output, [sample, neuron of this core] both. ``phases``: (ticks, β) each.
    """

    image: ChipImage
    core: int
    memory: CoreMemory
    coding: CodingSpec
    seed: int
    batch: int
    presentations: NDArray[np.uint64]
    inputs: NDArray[Any] | None
    targets: NDArray[Any] | None
    phases: tuple[tuple[int, float], ...]


class Seen(NamedTuple):
    """What an observer of one core notes: packed bits and states of every tick, bytes and pipes used."""

    bits: list[bytes]
    states: list[NDArray[Any]]
    bytes_sent: int
    bytes_received: int


def work(
    tasks: list[Task], senders: dict[int, Connection], tell: list[Connection], observer: Connection
) -> None:
    """Run the task's core, tick after tick: send this tick's bits to ``tell``, take in those of ``senders``."""
    for task in tasks:
        core = IsolatedCore(task.image, task.core, task.memory, task.coding, seed=task.seed)
        core.begin(task.batch, task.presentations, task.inputs)
        seen: list[bytes] = []
        states = []
        sent = received = 0
        arrived: dict[int, bytes] = {}
        for ticks, beta in task.phases:
            for _ in range(ticks):
                bits = core.tick(arrived, beta=beta, targets=task.targets if beta else None)
                for pipe in tell:
                    pipe.send_bytes(bits)
                    sent += len(bits)
                arrived = {sender: pipe.recv_bytes() for sender, pipe in senders.items()}
                received += sum(map(len, arrived.values()))
                seen.append(bits)
                states.append(core.values())
        observer.send(Seen(seen, states, sent, received))
    observer.close()
