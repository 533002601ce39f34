"""Ticks of the cycle-level network against the times that SANA-FE's models report for the same spikes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurochip.description import read_chip
from neurochip.noc import Packets, TickTiming, core_pipeline
from neurochip.noc.pipeline import TimingModel
from tests.golden.recorded_runs import FOLDER

N_HIDDEN, N_OUTPUT = 40, 10
# arch/loihi.yaml: a message out takes 5.1 ns, and the spike of a neuron that is no input 30 ns before that.
MESSAGE_OUT, SPIKE_OUT = 5.1, 30.0


@pytest.fixture(scope="module")
def about() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads((FOLDER / "loihi_ledger.json").read_text(encoding="utf-8"))
    return stored


def ticks(about: dict[str, Any], model: TimingModel, n_ticks: int) -> list[TickTiming]:
    chip = read_chip("loihi-sanafe")
    assert chip.timing is not None
    timing = replace(chip.timing, cycles_per_packet_out=MESSAGE_OUT)
    inputs, hidden, output = (about["cores"][name] for name in ("inputs", "hidden", "output"))
    core_of = [hidden[i * len(hidden) // N_HIDDEN] for i in range(N_HIDDEN)]
    neurons = np.bincount([*core_of, *[output] * N_OUTPUT], minlength=chip.mesh.n_cores)
    with np.load(FOLDER / "loihi_ledger.npz") as stored:
        spikes_in, spikes_hidden = stored["spikes_in"], stored["spikes_hid"]
    timed = []
    for t in range(n_ticks):
        rows = [(inputs, core, 0, 0.0) for _ in range(int(spikes_in[t].sum())) for core in hidden]
        for i in np.flatnonzero(spikes_hidden[t]):
            rows.append((core_of[i], output, int(i) - core_of.index(core_of[i]) + 1, SPIKE_OUT))
        source, destination, after, extra = zip(*rows, strict=True)
        timed.append(
            core_pipeline(
                chip.mesh,
                timing,
                Packets.unicast(source, destination),
                neurons=neurons,
                sops=np.full(len(rows), 10),
                after=after,
                extra=extra,
                model=model,
            )
        )
    return timed


def seconds(timed: list[TickTiming]) -> float:
    return sum(tick.cycles for tick in timed) * 1e-9


def test_twelve_steps_take_what_its_cycle_accurate_model_says_within_a_tenth(about: dict[str, Any]) -> None:
    # That run was one of its own, with 468 packets in these steps; the recorded spikes make 470.
    first = about["first_12_steps"]["cycle"]
    assert first["packets"] == pytest.approx(470, rel=0.01)
    assert seconds(ticks(about, "cycle", 12)) == pytest.approx(first["sim_time"], rel=0.1)


def test_all_steps_take_what_its_other_models_say_within_a_tenth(about: dict[str, Any]) -> None:
    assert seconds(ticks(about, "cycle", 200)) == pytest.approx(
        about["totals"]["detailed"]["sim_time"], rel=0.1
    )
    assert seconds(ticks(about, "analytic", 200)) == pytest.approx(
        about["totals"]["simple"]["sim_time"], rel=0.1
    )


def test_links_crossed_in_every_step(about: dict[str, Any]) -> None:
    with np.load(FOLDER / "loihi_ledger.npz") as stored:
        expected = stored["hops_per_step"].tolist()
    assert [tick.traffic.flit_hops for tick in ticks(about, "cycle", 200) if tick.traffic] == expected
