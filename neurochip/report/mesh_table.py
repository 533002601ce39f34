"""The mesh in numbers: flits over each link, and what each core sent, received and added up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.links import load_of_packets, load_of_tree
from neurochip.description import network_of
from neurochip.description.chip import MeshSpec
from neurochip.report.mesh_schema import MeshCore, MeshTable
from neurochip.substrate.counters import COUNTERS, Counters
from neurochip.training.record import RunRecord

__all__ = ["DIRECTIONS", "mesh_of_run", "mesh_table"]

DIRECTIONS = ("east", "west", "north", "south")
Counts = NDArray[np.int64]


def mesh_table(mesh: MeshSpec, load: Counts, counters: Counters, ticks: int, cycles: int | None) -> MeshTable:
    """Return the table; ``load`` is i64[x, y, direction], and a core of the counters may have several rows."""
    per = cycles if cycles else max(ticks, 1)
    sums = sum(counted.counts for counted in counters.phases.values())
    counted = np.asarray(sums, dtype=np.int64).reshape(len(counters.sites), len(COUNTERS))
    cores: dict[int, MeshCore] = {}
    at = {name: COUNTERS.index(name) for name in ("spikes_sent", "packets_sent", "spikes_delivered", "sops")}
    whole = max(int(counted[:, at["sops"]].sum()), 1)
    for site, row in zip(counters.sites, counted.tolist(), strict=True):
        x, y = mesh.position(site)
        core = cores.setdefault(
            site,
            {
                "site": site,
                "x": x,
                "y": y,
                "spikes_sent": 0,
                "packets_sent": 0,
                "packets_received": 0,
                "sops": 0,
                "share": 0.0,
            },
        )
        core["spikes_sent"] += row[at["spikes_sent"]]
        core["packets_sent"] += row[at["packets_sent"]]
        core["packets_received"] += row[at["spikes_delivered"]]
        core["sops"] += row[at["sops"]]
        core["share"] = core["sops"] / whole
    return {
        "per": "cycle" if cycles else "tick",
        "links": [
            {
                "x": x,
                "y": y,
                "direction": DIRECTIONS[d],
                "flits": int(load[x, y, d]),
                "load": int(load[x, y, d]) / per,
            }
            for x, y, d in np.argwhere(load).tolist()
        ],
        "cores": [cores[site] for site in sorted(cores)],
    }


def mesh_of_run(record: RunRecord, cycles: int | None) -> MeshTable | None:
    """Return the table of a run, all phases; `None` where the spikes of a core do not all go the same way."""
    run, chip, counters = record.run, record.chip, record.counters
    if run.substrate != "digital" or not record.layout:
        return None
    network = network_of(run.network)
    if network.is_listed:
        return None
    cores_of: dict[str, list[int]] = {}
    for core in record.layout:
        cores_of.setdefault(core.population, []).append(core.site)
    names = [population.name for population in network.populations]
    load = np.zeros((chip.mesh.width, chip.mesh.height, 4), dtype=np.int64)
    sent = dict(zip(counters.sites, _total(counters, "spikes_sent").tolist(), strict=True))
    for k, name in enumerate(names):
        targets = {names[p.target] for p in network.projections if p.source == k}
        receivers = sorted({site for target in targets for site in cores_of.get(target, ())})
        for site in cores_of.get(name, ()) if receivers else ():
            if chip.packet.routing == "multicast":
                load += load_of_tree(chip.mesh, site, receivers, sent[site])
            else:
                load += _fan(chip.mesh, site, receivers, sent[site])
    hops = int(_total(counters, "hops_ew").sum() + _total(counters, "hops_ns").sum())
    if (
        int(load.sum()) != hops
    ):  # packets were lost on their way, or neurons of a core send to different cores
        return None
    ticks = sum(counted.ticks for counted in counters.phases.values())
    return mesh_table(chip.mesh, load, counters, ticks, cycles)


def _fan(mesh: MeshSpec, site: int, receivers: Sequence[int], packets: int) -> Counts:
    to = np.array(receivers, dtype=np.int64)
    return load_of_packets(mesh, np.full_like(to, site), to, np.full_like(to, packets))


def _total(counters: Counters, counter: str) -> Counts:
    """Return i64[core] over all phases."""
    total = np.zeros(len(counters.sites), dtype=np.int64)
    for counted in counters.phases.values():
        total += np.asarray(counted.counts[:, COUNTERS.index(counter)], dtype=np.int64)
    return total
