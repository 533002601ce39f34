"""One chip, one workload → the figures of a point."""

from __future__ import annotations

from neurochip.exploration.workload import Crossed
from neurochip.inference.inferring import per_sample
from neurochip.substrate.counters import COUNTERS, Phase

__all__ = ["measured"]

_SOPS = COUNTERS.index("sops")


def measured(crossed: Crossed, samples: int) -> dict[str, float]:
    """Return what is known of a point, by the names of `neurochip.report.explorations.metrics.METRICS`.

    With ``samples`` figures are means over them, as `neurochip simulate --data` reports them; else those of all ticks.
    """
    seen, n = crossed.replay, max(samples, 1)
    counted, totals = seen.counters.counted, seen.counters.totals
    found: dict[str, float] = {} if crossed.error is None else {"error": crossed.error}
    if samples:
        each = per_sample(seen, samples)
        found |= {
            name: float(each[name].mean())
            for name in ("energy_j", "seconds", "energy_delay_js")
            if name in each
        }
    else:
        if seen.energy_j:
            found["energy_j"] = seen.energy_j["total"]
        if seen.time.seconds is not None:
            found["seconds"] = seen.time.seconds
        if len(found) == 2:
            found["energy_delay_js"] = found["energy_j"] * found["seconds"]
    if seen.time.cycles is not None:
        found["cycles"] = seen.time.cycles / n
    needs = seen.placed.needs
    found["cores"] = float(seen.placed.cores.size)
    found["memory_bits"] = float(needs["synapse_memory"].sum())
    found["bits"] = totals["symbols"] / n
    found["aer_bits"] = totals["aer"] / n
    for name in ("packets", "hops", "sops"):
        found[name] = totals[name] / n
    found["busiest_link"] = float(seen.counters.link_load.max(initial=0)) / n
    by_core: dict[int, int] = {}
    for site, sops in zip(counted.sites, counted.phases[Phase.FREE].counts[:, _SOPS].tolist(), strict=True):
        by_core[site] = by_core.get(site, 0) + sops
    found["busiest_core"] = max(by_core.values(), default=0) / n
    return found
