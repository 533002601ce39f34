"""The cycles of the routers (docs/network-on-chip.md), visiting only those that hold flits.

Credits need no messages here: a place of a FIFO remembers the cycle from which its sender may fill it again, which is
when the credit is back. Likewise a flit is put into the FIFO at the far end with the cycle in which it will arrive.

What only names a place in an array is made u64: an index that may be negative costs a comparison and a choice.
"""

from __future__ import annotations

import numpy as np

from neurochip.kernels._jit import entry, kernel
from neurochip.kernels.types import Index
from neurochip.noc.arrays import FRACTION_BITS, NEVER, WAITING, Counter, Fabric, Load, State

__all__ = ["DONE", "RUNNING", "STALLED", "advance"]

RUNNING, DONE, STALLED = 0, 1, 2

_ROUND_UP = (1 << FRACTION_BITS) - 1
_NOW, _LEFT, _HOPS = Counter.NOW, Counter.LEFT, Counter.HOPS
_ACTIVE, _SENDERS = Counter.ACTIVE, Counter.SENDERS
_LET_IN, _GRANTS, _FREED = Counter.LET_IN, Counter.GRANTS, Counter.FREED
# The place of the only one in a word, from its product with a de Bruijn sequence (as in kernels/spike_lists).
_DE_BRUIJN, _TOP6 = np.uint64(0x03F79D71B4CB0A89), np.uint64(58)
_MEMBER = np.zeros(64, dtype=np.int64)
for _bit in range(64):
    _MEMBER[((0x03F79D71B4CB0A89 << _bit) & 0xFFFFFFFFFFFFFFFF) >> 58] = _bit


@kernel
def _output(tile: Index, port: Index, router: Index, column: Index, height: Index) -> Index:
    """Return the output of ``router`` towards a core: ``port`` on ``tile``; ``column`` is the router's first."""
    if tile < column:
        return 1
    if tile >= column + height:
        return 0
    if tile < router:
        return 2
    if tile > router:
        return 3
    return port


@kernel
def _lowest(members: Index) -> Index:
    """Return the smallest member of a set that is not empty."""
    alone = np.uint64(members & -members)
    member: Index = _MEMBER[(alone * _DE_BRUIJN) >> _TOP6]
    return member


@kernel
def _following(place: Index, fifo: Index, depth: Index) -> int:
    """Return the place after this one in the ring of a FIFO."""
    return place + 1 if place + 1 < (fifo + 1) * depth else fifo * depth


@entry
def advance(fabric: Fabric, load: Load, state: State, until: Index) -> int:
    """Go on to the beginning of cycle ``until``, or until all has arrived or nothing can move any more."""
    height, ports, depth, router_cycles = fabric.height, fabric.ports, fabric.depth, fabric.router_cycles
    cycles_ew, cycles_ns, column, down = fabric.cycles_ew, fabric.cycles_ns, fabric.column, fabric.down
    first, tile, port, service = load.first, load.tile, load.port, load.service
    queue, queue_first, work, paced = load.queue, load.queue_first, load.work, load.paced
    counters, low, high, time = state.counters, state.low, state.high, state.time
    held, read, write, arrived, look = state.held, state.read, state.write, state.arrived, state.look
    ready, pending, turn, home, door = state.ready, state.pending, state.turn, fabric.home, fabric.door
    active, listed, flits = state.active, state.listed, state.flits
    wanted, crossed = state.wanted, state.crossed
    deepest, dwelt, senders, sent = state.deepest, state.dwelt, state.senders, state.sent
    made, offer, stalled, let_in, due = state.made, state.offer, state.stalled, state.let_in, state.due
    inbox, inbox_at, receiver, taken = state.inbox, state.inbox_at, state.receiver, state.taken
    first_taken, next_taken, arrival, start = (
        state.first_taken,
        state.next_taken,
        state.arrival,
        state.start,
    )
    now, left, hops = counters[_NOW], counters[_LEFT], counters[_HOPS]
    n_active, n_senders = counters[_ACTIVE], counters[_SENDERS]
    cores_per_tile = ports - 4
    one = np.uint64(1)
    status = RUNNING

    while left > 0 and now < until:
        wake = NEVER  # the first later cycle in which anything may happen

        # Stage 2: inject.
        at = 0
        while at < n_senders:
            core = np.uint64(senders[np.uint64(at)])
            if offer[core] > now:
                wake = min(wake, offer[core])
                at += 1
                continue
            fifo = np.uint64(door[core])
            if held[fifo] == depth:
                at += 1
                continue
            slot = np.uint64(write[fifo])
            if time[slot] > now:
                wake = min(wake, time[slot])
                at += 1
                continue
            packet = np.uint64(queue[np.uint64(sent[core])])
            low[slot] = first[packet]
            high[slot] = first[packet + one]
            time[slot] = now
            if held[fifo] == 0:
                ready[fifo] = now + router_cycles
            held[fifo] += 1
            write[fifo] = _following(write[fifo], door[core], depth)
            router = np.uint64(home[core])
            if listed[router] == 0:
                listed[router] = 1
                active[np.uint64(n_active)] = home[core]
                n_active += 1
            flits[router] += 1
            let_in[packet] = now
            counters[_LET_IN] += 1
            stalled[core] += now - offer[core]
            if paced == WAITING and now << FRACTION_BITS >= made[core] + (1 << FRACTION_BITS):
                made[core] = now << FRACTION_BITS
            sent[core] += 1
            if sent[core] == queue_first[core + one]:
                n_senders -= 1
                senders[np.uint64(at)] = senders[np.uint64(n_senders)]
                continue
            packet = np.uint64(queue[np.uint64(sent[core])])
            if paced:
                made[core] += work[packet]
                due[packet] = made[core]
                offer[core] = max((made[core] + _ROUND_UP) >> FRACTION_BITS, now + 1)
            else:
                due[packet] = work[packet]
                offer[core] = max(work[packet], now + 1)
            wake = min(wake, offer[core])
            at += 1

        # Stages 3–6, router after router: none reads what another writes in this cycle.
        at = 0
        while at < n_active:
            here = active[np.uint64(at)]
            router = np.uint64(here)
            if flits[router] == 0:
                n_active -= 1
                active[np.uint64(at)] = active[np.uint64(n_active)]
                listed[router] = 0
                continue
            at += 1
            base = here * ports
            top = column[router]
            outputs = 0
            i: Index
            for i in range(ports):
                fifo = np.uint64(base + i)
                if ready[fifo] > now:
                    wake = min(wake, ready[fifo])
                    continue
                requests = pending[fifo]
                if requests == 0:
                    head = np.uint64(read[fifo])
                    for d in range(np.uint64(low[head]), np.uint64(high[head])):
                        requests |= 1 << _output(tile[d], port[d], here, top, height)
                    pending[fifo] = requests
                outputs |= requests
                while requests != 0:
                    wanted[np.uint64(_lowest(requests))] |= 1 << i
                    requests &= requests - 1
            while outputs != 0:
                o = _lowest(outputs)
                outputs &= outputs - 1
                inputs = wanted[np.uint64(o)]
                wanted[np.uint64(o)] = 0
                core = np.uint64(here * cores_per_tile + o - 4)  # where o is none of the four links
                link = np.uint64(here * 4 + o)
                there = np.uint64(0)
                if o < 4:
                    there = np.uint64(down[link])
                    if held[there] == depth:
                        continue
                    slot = np.uint64(write[there])
                    free = time[slot]
                else:
                    slot = core * np.uint64(depth) + np.uint64(inbox_at[core])
                    free = inbox[slot]
                if free > now:
                    wake = min(wake, free)
                    continue
                asked = np.uint64(base + o)
                i = turn[asked]
                following = inputs >> i
                i = i + _lowest(following) if following != 0 else _lowest(inputs)
                turn[asked] = i + 1 if i + 1 < ports else 0
                if inputs & (inputs - 1) != 0:
                    wake = min(wake, now + 1)  # somebody lost
                fifo = np.uint64(base + i)
                head = np.uint64(read[fifo])
                begin, end = np.uint64(low[head]), np.uint64(high[head])
                if end - begin > one:
                    while _output(tile[begin], port[begin], here, top, height) != o:
                        begin += one
                    while _output(tile[end - one], port[end - one], here, top, height) != o:
                        end -= one
                counters[_GRANTS] += 1
                if o < 4:
                    low[slot] = begin
                    high[slot] = end
                    time[slot] = now + (cycles_ew if o < 2 else cycles_ns)
                    wake = min(wake, time[slot] + router_cycles)
                    if held[there] == 0:
                        ready[there] = time[slot] + router_cycles
                    held[there] += 1
                    write[there] = _following(write[there], down[link], depth)
                    neighbour = here + (height if o == 0 else (-height if o == 1 else 2 * o - 5))
                    router_there = np.uint64(neighbour)
                    if listed[router_there] == 0:
                        listed[router_there] = 1
                        active[np.uint64(n_active)] = neighbour
                        n_active += 1
                    flits[router_there] += 1
                    crossed[link] += 1
                    hops += 1
                else:
                    arrival[begin] = now
                    start[begin] = max(now << FRACTION_BITS, receiver[core])
                    receiver[core] = start[begin] + service[begin]
                    inbox[slot] = (start[begin] >> FRACTION_BITS) + 1
                    inbox_at[core] = inbox_at[core] + 1 if inbox_at[core] + 1 < depth else 0
                    if taken[core] < 0:
                        first_taken[core] = begin
                    else:
                        next_taken[np.uint64(taken[core])] = begin
                    taken[core] = begin
                    left -= 1
                pending[fifo] ^= 1 << o
                if pending[fifo] == 0:
                    while arrived[fifo] < held[fifo] and time[np.uint64(look[fifo])] <= now:
                        arrived[fifo] += 1
                        look[fifo] = _following(look[fifo], base + i, depth)
                    deepest[fifo] = max(deepest[fifo], arrived[fifo])
                    dwelt[fifo] += now - time[head] + 1
                    time[head] = now + (1 if i >= 4 else (cycles_ew if i < 2 else cycles_ns))
                    held[fifo] -= 1
                    arrived[fifo] -= 1
                    read[fifo] = _following(read[fifo], base + i, depth)
                    ready[fifo] = time[np.uint64(read[fifo])] + router_cycles if held[fifo] > 0 else NEVER
                    flits[router] -= 1
                    counters[_FREED] += 1
                    wake = min(wake, now + 1)
        if left == 0:
            now += 1
            break
        if wake == NEVER:
            status = STALLED
            break
        now = min(wake, until)

    counters[_NOW], counters[_LEFT], counters[_HOPS] = now, left, hops
    counters[_ACTIVE], counters[_SENDERS] = n_active, n_senders
    return DONE if left == 0 else status
