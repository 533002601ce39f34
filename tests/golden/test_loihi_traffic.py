"""Packets, hops and synaptic operations as the slow chip counts them, against SANA-FE on the same spikes."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np

from tests.golden.recorded_runs import FOLDER
from tests.oracle.events import Mesh


def test_packets_hops_and_synaptic_operations_of_every_step() -> None:
    about = json.loads((FOLDER / "loihi_ledger.json").read_text(encoding="utf-8"))
    with np.load(FOLDER / "loihi_ledger.npz") as stored:
        inputs, hidden = stored["spikes_in"].tolist(), stored["spikes_hid"].tolist()
        hops = stored["hops_per_step"].tolist()
    source, cores, output = about["cores"]["inputs"], about["cores"]["hidden"], about["cores"]["output"]
    tile = {core: core // about["cores_per_tile"] for core in (source, *cores, output)}
    mesh = Mesh({core: (t // 4, t % 4) for core, t in tile.items()})
    core_of = [cores[i * len(cores) // 40] for i in range(40)]
    packets = operations = 0
    counted = []
    for arriving, fired in zip(inputs, hidden, strict=True):
        traffic: Counter[tuple[int, int]] = Counter()
        for _ in range(sum(arriving)):
            traffic.update((source, core) for core in cores)
            operations += 40
        for i in range(40):
            if fired[i]:
                traffic[core_of[i], output] += 1
                operations += 10
        counted.append(sum(mesh.total_hops(traffic)))
        packets += sum(traffic.values())
    assert counted == hops
    assert packets == about["totals"]["detailed"]["packets_sent"] == 6975
    assert operations == about["totals"]["detailed"]["spikes"] == 69750
