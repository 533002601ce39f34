"""When at least one engine of a core worked, and when none did and its sender waited for the network."""

from __future__ import annotations

import numpy as np

from neurochip.kernels._jit import entry, kernel
from neurochip.kernels.types import Index, Vector
from neurochip.noc.arrays import FRACTION_BITS, WAITING, Load, State

__all__ = ["account"]

_ROUND_UP = (1 << FRACTION_BITS) - 1


@kernel
def _overlap(
    begin: Index,
    end: Index,
    delivery: Index,
    start: Vector[np.int64],
    service: Vector[np.int64],
    next_taken: Vector[np.int64],
) -> tuple[Index, Index]:
    """Return the time in begin … end in which the receiver worked, and the first delivery not done by ``end``."""
    both = 0
    while delivery >= 0:
        done = start[delivery] + service[delivery]
        both += max(0, min(end, done) - max(begin, start[delivery]))
        if done > end:
            break
        delivery = next_taken[delivery]
    return both, delivery


@entry
def account(
    load: Load,
    state: State,
    rest: Vector[np.int64],
    listing: Index,
    busy: Vector[np.int64],
    waiting: Vector[np.int64],
    done: Vector[np.int64],
) -> None:
    """Write for each core the times busy and stalled, and when both engines are done: i64[core], in 2⁻²⁰ cycle.

    ``rest`` i64[core] is what the sender does after its last packet, ``listing`` how long an arrival takes to stand
    where a core with one engine finds it in the next tick.
    """
    queue, queue_first, work, service = load.queue, load.queue_first, load.work, load.service
    let_in, made, first_taken = state.let_in, state.due, state.first_taken
    start, next_taken, receiver = state.start, state.next_taken, state.receiver
    for core in range(rest.shape[0]):
        clock = 0
        stalled = 0
        working = 0
        delivery = first_taken[core]
        d = delivery
        while d >= 0:
            working += service[d]
            d = next_taken[d]
        for at in range(queue_first[core], queue_first[core + 1]):
            packet = queue[at]
            both, delivery = _overlap(clock, made[packet], delivery, start, service, next_taken)
            working += work[packet] - both
            clock = made[packet]
            if load.paced == WAITING and let_in[packet] > (clock + _ROUND_UP) >> FRACTION_BITS:
                entered = let_in[packet] << FRACTION_BITS
                both, delivery = _overlap(clock, entered, delivery, start, service, next_taken)
                stalled += entered - clock - both
                clock = entered
        both, delivery = _overlap(clock, clock + rest[core], delivery, start, service, next_taken)
        busy[core] = working + rest[core] - both
        waiting[core] = stalled
        done[core] = max(clock + rest[core], receiver[core])
        if first_taken[core] >= 0:
            done[core] = max(done[core], receiver[core] + listing)
