"""Sparse recurrent networks on four cores, against what SANA-FE reported (`make_sanafe_sparse.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip import LIF, replay
from neurochip.elements.connections import Sparse
from neurochip.replays.replaying import Replay
from tests.golden.recorded_runs import FOLDER

SIZES, STEPS = (40, 60, 30), 150


def recorded(k: int) -> dict[str, Any]:
    with np.load(FOLDER / f"sanafe_sparse_{k}.npz") as stored:
        return dict(stored)


def bits(of: dict[str, Any], layer: int) -> Any:
    return np.unpackbits(of[f"spikes.{layer}"], axis=1, count=SIZES[layer])


def synapses(of: dict[str, Any], name: str, sources: int, targets: int) -> tuple[Sparse, Any]:
    made, order = Sparse.from_pairs(sources, targets, of[f"{name}.pre"], of[f"{name}.post"])
    return made, of[f"{name}.weight"][order]


def run_of(of: dict[str, Any], **changes: Any) -> Replay:
    n_in, n_hid, n_out = SIZES
    reset = "value" if of["reset"] == "hard" else "subtract"
    neurons = [
        LIF(float(threshold), float(of["leak"]), reset=reset, resolution=1 / 64)  # type: ignore[arg-type]
        for threshold in of["thresholds"]
    ]
    given: dict[str, Any] = {
        "weights": [synapses(of, "in_hid", n_in, n_hid), synapses(of, "hid_out", n_hid, n_out)],
        "recurrent": [synapses(of, "hid_hid", n_hid, n_hid), None],
        "feedback": [synapses(of, "out_hid", n_out, n_hid)],
        "neuron": neurons,
    }
    placement = [of[f"placement.{k}"] for k in range(3)]
    return replay([bits(of, 0)], chip="loihi-sanafe", placement=placement, **{**given, **changes})


@pytest.mark.parametrize("k", range(3))
def test_spikes_counts_and_energy(k: int) -> None:
    of = recorded(k)
    run = run_of(of)
    for layer in range(3):
        np.testing.assert_array_equal(run.spikes[layer], bits(of, layer))
    counters = run.counters
    assert counters.packets == of["packets"]
    np.testing.assert_array_equal(counters.per_tick["sops"], of["synaptic_events"])
    np.testing.assert_array_equal(counters.per_tick["hops"], of["hops"])
    updates = counters.per_tick["neuron_updates"] - counters.per_tick["idle_updates"]
    # SANA-FE also counts each spiking input as an updated neuron, at no energy.
    np.testing.assert_array_equal(updates + bits(of, 0).sum(axis=1), of["updated"])
    assert 0 < counters.totals["idle_updates"]
    for category, part in (("synapse", "synapse"), ("network", "network"), ("neuron", "soma")):
        assert run.energy_j[category] == pytest.approx(of[f"energy.{part}"], rel=1e-9)
        assert run.energy_per_tick_j[category] == pytest.approx(of[f"energy_per_step.{part}"], rel=1e-9)
    assert run.energy_j["total"] == pytest.approx(of["energy.total"], rel=1e-9)


def test_one_synapse_less_is_seen() -> None:
    of = recorded(0)
    for part in ("pre", "post", "weight"):
        of[f"in_hid.{part}"] = of[f"in_hid.{part}"][1:]
    assert run_of(of).counters.sops != of["synaptic_events"].sum()


def test_a_matrix_would_count_synapses_that_do_not_exist() -> None:
    of = recorded(1)
    made, values = synapses(of, "in_hid", *SIZES[:2])
    matrix = np.zeros(SIZES[:2], np.int16)
    edges = made.edges()
    matrix[edges.source, edges.target] = values
    run = run_of(of, weights=[matrix, synapses(of, "hid_out", *SIZES[1:])])
    for layer in range(3):
        np.testing.assert_array_equal(run.spikes[layer], bits(of, layer))
    assert run.counters.sops > of["synaptic_events"].sum()
