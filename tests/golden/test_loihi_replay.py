"""The recorded Loihi run, replayed and run again, against what SANA-FE reported for every step."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from neurochip import LIF, replay
from neurochip.replays.replaying import Replay
from tests.golden.recorded_runs import FOLDER

ABOUT: dict[str, Any] = json.loads((FOLDER / "loihi_ledger.json").read_text(encoding="utf-8"))
with np.load(FOLDER / "loihi_ledger.npz") as _stored:
    FILE = dict(_stored)
SPIKES = [FILE["spikes_in"], FILE["spikes_hid"], FILE["spikes_out"]]
WEIGHTS = [FILE["w_in_hid"], FILE["w_hid_out"]]
ENERGY = ABOUT["totals"]["simple"]["energy"]
PER_STEP = {
    "synapse": FILE["energy_synapse_per_step"],
    "network": FILE["energy_network_per_step"],
    "neuron": FILE["energy_soma_per_step"],
}


def placement() -> list[list[int]]:
    """Return the core of each neuron."""
    cores = ABOUT["cores"]
    hidden = [cores["hidden"][i * len(cores["hidden"]) // 40] for i in range(40)]
    return [[cores["inputs"]] * 64, hidden, [cores["output"]] * 10]


def check_traffic(run: Replay) -> None:
    """Compare counts exactly, energies to 1e-9."""
    counters = run.counters
    assert counters.packets == ABOUT["totals"]["simple"]["packets_sent"] == 6975
    assert counters.sops == ABOUT["totals"]["simple"]["spikes"] == 69750
    assert counters.hops == ABOUT["total_hops"] == 31494
    assert np.array_equal(counters.per_tick["hops"], FILE["hops_per_step"])
    assert run.time.ticks == 200
    for category in ("synapse", "network"):
        assert run.energy_j[category] == pytest.approx(ENERGY[category], rel=1e-9)
        assert run.energy_per_tick_j[category] == pytest.approx(PER_STEP[category], rel=1e-9)


@pytest.mark.interp
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_recorded_spikes() -> None:
    run = replay(SPIKES, WEIGHTS, "loihi-sanafe", placement())
    check_traffic(run)
    assert "neuron" not in run.energy_j


@pytest.mark.parametrize("resolution", [0.0, 1 / 64])
@pytest.mark.parametrize("kind", ["int16", "float64"])
def test_dynamics(kind: str, resolution: float) -> None:
    lif = LIF(ABOUT["lif"]["threshold"], ABOUT["lif"]["leak_decay"], resolution=resolution)
    weights = [w.astype(kind) for w in WEIGHTS]
    run = replay(SPIKES[:1], weights, "loihi-sanafe", placement(), neuron=lif)
    assert all(np.array_equal(a, b) for a, b in zip(run.spikes, SPIKES, strict=True))
    check_traffic(run)
    totals = run.counters.totals
    assert totals["neuron_updates"] == 200 * 50
    assert totals["neuron_updates"] - totals["idle_updates"] == 9910
    # SANA-FE also counts each spiking input as an updated neuron, at no energy.
    assert 9910 + int(SPIKES[0].sum()) == ABOUT["totals"]["simple"]["neurons_updated"]
    assert run.counters.spikes == ABOUT["totals"]["simple"]["neurons_fired"]
    assert run.energy_j["neuron"] == pytest.approx(ENERGY["soma"], rel=1e-9)
    assert run.energy_j["total"] == pytest.approx(ENERGY["total"], rel=1e-9)
    assert run.energy_per_tick_j["neuron"] == pytest.approx(PER_STEP["neuron"], rel=1e-9)


def test_same_chip_with_an_energy_table_named_apart() -> None:
    one = replay(SPIKES, WEIGHTS, "loihi-sanafe", placement())
    other = replay(SPIKES, WEIGHTS, "loihi", placement(), energies="loihi-sanafe")
    assert other.energy_j == pytest.approx(one.energy_j, rel=1e-12)


def test_new_energies_change_no_count() -> None:
    lif = LIF(200.0, 0.875)
    a = replay(SPIKES, WEIGHTS, "loihi", placement(), neuron=lif)
    b = replay(SPIKES, WEIGHTS, "loihi", placement(), neuron=lif, energies="cmos45")
    assert a.counters.totals == b.counters.totals
    assert a.energy_j["total"] != b.energy_j["total"]
    assert b.energy_j["neuron"] > 0


def test_a_chip_without_energies_counts_only() -> None:
    free = replay(SPIKES, WEIGHTS, "ideal-bits", placement())
    assert (free.counters.packets, free.energy_j, free.energy_per_tick_j) == (6975, {}, {})
