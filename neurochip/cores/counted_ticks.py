"""Time of ticks from spike counts alone: what neither order nor contention can undercut (docs/network-on-chip.md)."""

from __future__ import annotations

from typing import Any

from neurochip.cores.traffic_tables import TrafficTables
from neurochip.kernels._jit import entry
from neurochip.noc.arrays import FRACTION_BITS

__all__ = ["LONGEST", "TOTAL", "time_counts"]

TOTAL, LONGEST = 0, 1  # places in ``totals``
_ROUND_UP = (1 << FRACTION_BITS) - 1
_LATE = 1 << 40


@entry
def time_counts(
    per_core: Any,
    rows: Any,
    tables: TrafficTables,
    received: Any,
    earliest: Any,
    totals: Any,
    busy: Any,
    sent: Any,
) -> None:
    """Add up the time of all ticks of i32[tick, row, core] ``per_core``, in the rows i64[…] ``rows``.

    ``received`` and ``earliest`` i64[core] are scratch. Adds to i64[2] ``totals`` (cycles, and the longest tick),
    i64[core] ``busy`` (2⁻²⁰ cycle, of the busier engine) and i64[core] ``sent`` (spikes).
    """
    flows, receiver, latency = tables.flows, tables.receiver, tables.latency
    update, spike_out, copies, slots = tables.update, tables.spike_out, tables.copies, tables.slots
    service, out, look_up = tables.service, tables.out, tables.look_up
    n_cores = per_core.shape[2]
    for tick in range(per_core.shape[0]):
        for which in range(rows.shape[0]):
            row = rows[which]
            for c in range(n_cores):
                received[c] = 0
                earliest[c] = _LATE
            done = 0
            made_first = (out + _ROUND_UP) >> FRACTION_BITS
            for c in range(n_cores):
                n = int(per_core[tick, row, c])
                if n == 0:
                    continue
                sent[c] += n
                made_last = (n * out + _ROUND_UP) >> FRACTION_BITS
                for f in range(flows[c], flows[c + 1]):
                    r = receiver[f]
                    received[r] += n * service[f]
                    earliest[r] = min(earliest[r], made_first + latency[f])
                    done = max(done, ((made_last + latency[f]) << FRACTION_BITS) + look_up)
            for c in range(n_cores):
                n = int(per_core[tick, row, c])
                sending = (slots[c, 1] - slots[c, 0]) * update[c] + n * (spike_out[c] + copies[c] * out)
                receiving = received[c]
                done = max(done, sending)
                if receiving > 0:
                    done = max(done, (earliest[c] << FRACTION_BITS) + receiving)
                busy[c] += max(sending, receiving)
            cycles = ((done + _ROUND_UP) >> FRACTION_BITS) + tables.barrier
            totals[TOTAL] += cycles
            totals[LONGEST] = max(totals[LONGEST], cycles)
