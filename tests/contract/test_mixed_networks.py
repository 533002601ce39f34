"""A network whose populations have different neurons is trained, resumed, broken, timed, driven and costed like any."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_sim.through import through_firmware
from neurochip.description import RunSpec, read_run, run_to_toml
from neurochip.errors import CapabilityError, ConfigError, Interrupted
from neurochip.presentations.tracing import trace
from neurochip.report.document import document
from neurochip.runs.building import build, digest_of
from neurochip.runs.exporting import rate_network
from neurochip.runs.simulation import simulate
from neurochip.substrate.counters import Phase
from neurochip.training.checkpoint import read_checkpoint

TINY: dict[str, Any] = {
    "name": "tiny",
    "neuron": {"kind": "lif", "membrane": 20.0},
    "network": {
        "populations": [
            {"name": "pixels", "shape": [16], "role": "input", "neuron": "if"},
            {"name": "one", "shape": [6]},
            {"name": "other", "shape": [5], "neuron": "settling"},
            {"name": "out", "shape": [2], "role": "output", "neuron": {"kind": "cuba-lif", "synapse": 5.0}},
        ],
        "projections": [
            {"from": "pixels", "to": "one"},
            {"from": "pixels", "to": "other"},
            {"from": "one", "to": "other", "feedback": "own"},
            {"from": "one", "to": "out", "feedback": "own"},
            {"from": "other", "to": "out", "feedback": "own"},
        ],
    },
    "data": {"set": "stripes", "train": 20, "test": 20},
    "phases": {"free": 60, "nudged": 30, "reference": "parallel"},
    "learning": {"rates": [0.3, 0.3, 0.1, 0.2, 0.2], "epochs": 2, "minibatch": 10, "pre": "trace", "trace": "count"},
    "evaluation": {"train": 0},
    "record": {"presentations": 1},
}  # fmt: skip


def made(**sections: Any) -> RunSpec:
    return RunSpec.from_dict(copy.deepcopy(TINY) | sections)


def of(kinds: dict[str, Any], **sections: Any) -> RunSpec:
    """The same with other neurons; `None` leaves the population those of the run."""
    table = copy.deepcopy(TINY) | sections
    for population in table["network"]["populations"]:
        population.pop("neuron", None)
        if kinds.get(population["name"]) is not None:
            population["neuron"] = kinds[population["name"]]
    return RunSpec.from_dict(table)


def results(record: Any) -> Any:
    return [(e.epoch, e.online_error, e.test_error, e.spikes_per_sample) for e in record.epochs]


def test_it_trains_reports_and_is_costed_population_by_population(tmp_path: Path) -> None:
    outcome = simulate(made(), out=tmp_path / "run", threads=1)
    table = document(outcome.record)
    whose = {(e["role"], tuple(e.get("populations", ()))): e["kind"] for e in table["hardware"]["elements"]}
    assert whose["encoder", ("pixels",)] == "if" and whose["encoder", ("one",)] == "lif"
    assert whose["encoder", ("other",)] == "predictive sigma-delta"
    assert whose["annealer", ("other",)] == "osa" and whose["encoder", ("out",)] == "cuba-lif"
    by_category = table["energy_j"]["by_category"]
    assert all(
        by_category[part] > 0 for part in ("encoder", "decoder", "annealer", "neuron", "nudge", "trace")
    )
    counted = outcome.record.counters
    assert counted.total("readout_words", Phase.UPDATE) == 0, "only bits cross"
    lines = [line for line in table["energy_j"]["lines"] if line["category"] in ("decoder", "annealer")]
    assert lines and all(set(line["by_population"]) == {"other"} for line in lines)
    assert "other" in (tmp_path / "run" / "report.html").read_text()
    again = simulate(made(), write=False, threads=2).record
    assert results(again) == results(outcome.record)
    reread = read_run(str(tmp_path / "run" / "run.toml"))
    assert reread == made() and run_to_toml(reread) == run_to_toml(made())
    with pytest.raises(CapabilityError, match='has neurons of kind "if"'):
        rate_network(tmp_path / "run", dt=1e-3)
    traced = trace(tmp_path / "run", ticks=(0, 35), format="npz", out=tmp_path / "trace.npz")
    with np.load(traced.path) as arrays:
        assert arrays["neuron.one.value"].shape == (35, 6)
        assert "neuron.other.step_size" in arrays and "neuron.one.step_size" not in arrays
        assert arrays["neuron.other.step_size"].any()


def test_stopped_and_resumed_it_ends_as_if_never_stopped(tmp_path: Path) -> None:
    asked = iter([False, False, True, *[True] * 100])
    with pytest.raises(Interrupted):
        simulate(made(), out=tmp_path / "stopped", threads=1, stop=lambda: next(asked))
    resumed = simulate(resume=tmp_path / "stopped", threads=1)
    whole = simulate(made(), out=tmp_path / "whole", threads=1)
    assert results(resumed.record) == results(whole.record)
    assert resumed.record.counters.to_json() == whole.record.counters.to_json()
    digest = digest_of(build(made()))
    ends = [
        read_checkpoint(tmp_path / name / "checkpoint.h5", digest=digest) for name in ("stopped", "whole")
    ]
    for a, b in zip(*(end.parameters.weights for end in ends), strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_breaks_and_is_timed() -> None:
    broken = made(faults={"spike_drop": 0.1})
    found = {
        timing: simulate(broken, timing=timing, write=False, threads=1).record for timing in ("tick", "cycle")
    }
    assert results(found["tick"]) == results(found["cycle"])
    assert (
        found["tick"].counters.total("spikes_dropped") == found["cycle"].counters.total("spikes_dropped") > 0
    )
    assert results(found["tick"]) != results(simulate(made(), write=False, threads=1).record)
    time = found["cycle"].counters.phases[Phase.FREE].time
    assert time is not None and time.cycles > 0


def test_it_is_driven_by_firmware() -> None:
    plain = simulate(made(), write=False, threads=1).record
    with through_firmware() as through:
        driven = simulate(made(), write=False, threads=1, through=through).record
    assert results(driven) == results(plain)
    counted = driven.counters.without_control()
    counted = replace(counted, phases={p: b for p, b in counted.phases.items() if p is not Phase.LOADING})
    assert counted.to_json() == plain.counters.to_json()


def test_what_is_said_once_for_all_is_what_is_said_of_each() -> None:
    """The same kind in every population is the run with that kind, bit for bit; another one is another run."""
    names = [p["name"] for p in TINY["network"]["populations"]]
    lif = {"kind": "lif", "membrane": 20.0}
    for kind in (lif, None):
        neuron = {"neuron": {"kind": "settling"} if kind is None else kind}
        once = simulate(of({}, **neuron), write=False, threads=1)
        each = of(dict.fromkeys(names, kind or "settling"), neuron={"kind": "settling"})
        found = simulate(each, write=False, threads=1)
        assert found.record.counters.to_json() == once.record.counters.to_json()
        for a, b in zip(found.state.parameters.weights, once.state.parameters.weights, strict=True):
            np.testing.assert_array_equal(a, b)
        assert document(found.record)["energy_j"] == document(once.record)["energy_j"]
    # The control.
    other = simulate(of({"one": lif}, neuron={"kind": "settling"}), write=False, threads=1)
    assert other.record.counters.to_json() != once.record.counters.to_json()


def test_each_has_the_first_bias_of_its_kind() -> None:
    from neurochip.training.streams import first_parameters

    run = of({"out": {"kind": "two-compartment", "margin": 0.7}})
    first = first_parameters(run, build(run).network)
    assert [float(b[0]) for b in first.biases] == [0.0, 0.0, 0.7]


def test_spikes_are_shown_to_inputs_that_fire() -> None:
    """It depends on the inputs alone; the kind of all others says nothing about it."""
    assert of({"pixels": "if"}, neuron={"kind": "settling"}).shows_spikes
    assert not of({"pixels": "settling"}).shows_spikes


def network(**changes: Any) -> dict[str, Any]:
    table = copy.deepcopy(TINY["network"])
    for name, neuron in changes.items():
        next(p for p in table["populations"] if p["name"] == name)["neuron"] = neuron
    return {"network": table}


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        (network(one="lief"), "network.populations[1].neuron: expected a neuron: one of settling, if, lif, cuba-lif, "
         "two-compartment, got \"lief\"; did you mean 'lif'?"),
        (network(one={"kind": "lif", "tau": 3}), "network.populations[1].neuron.tau: unknown key; the keys here "
         "are kind, period, filter, start, readout, membrane, refractory, reset"),
        (network(one={"kind": "lif", "membrane": -3.0}), "network.populations[1].neuron.membrane: must be > 0 ticks, "
         "got -3"),
        (network(other={"kind": "if", "readout": "integrator"}), "network.populations[2].neuron.readout: "
         '"integrator" is for outputs, and other is none; set it to "spikes"'),
        (network(out={"kind": "if", "readout": "integrator"}), "learning.rates: must be 0 for all projections but "
         'those to the output with network.populations[3].neuron.readout = "integrator": such an output sends nothing '
         "that others could learn from"),
        ({"substrate": "ideal"}, 'network.populations[0].neuron: "if" sends spikes, and neurons of the ideal substrate '
         'send real numbers; set substrate to "digital", or leave network.populations[0].neuron out'),
        (network(one="if"), "neuron: has no effect, as every population has a neuron of its own; leave it out"),
        (network(other="if") | {"coding": {"decoder": "identity"}}, "coding: has no effect without neuron.kind = "
         '"settling" and without neuron = "settling" in one of network.populations; leave it out, or change that'),
        ({"learning": TINY["learning"] | {"trace": "decoder"}}, 'learning.trace: "decoder" needs spikes that all mean '
         "the same, as a core has one circuit for its traces, and the populations of this network have different "
         'neurons; set it to "count"'),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_a_sentence(sections: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        made(**sections)
    assert str(caught.value) == sentence


def test_a_chip_takes_the_neurons_that_its_cores_hold() -> None:
    held = ['neurons.kinds = ["lif", "if", "settling"]']
    with pytest.raises(ConfigError) as caught:
        simulate(made(chip_changes=held), write=False)
    assert caught.value.place == "network.populations[3].neuron"
    assert caught.value.problem == (
        'cores of cmos45 (neurons.kinds = ["lif", "if", "settling"]) compute "lif" and "if" and "settling", not '
        '"cuba-lif"; name one of these, or another chip'
    )
    record = simulate(of({"other": "settling"}, chip_changes=held), write=False, threads=1).record
    assert record.counters.total("spikes_sent") > 0


def test_integers_alone_need_neurons_that_settle() -> None:
    run = read_run("mnist-small-integer").to_dict()
    table: dict[str, Any] = {name: run[name] for name in ("numbers", "coding", "chip")}
    table["network"] = TINY["network"] | {"precision": "int8"}
    sections = {
        "neuron": {"kind": "settling"},
        "learning": run["learning"] | {"rates": TINY["learning"]["rates"]},
    }
    with pytest.raises(ConfigError) as caught:
        made(**(table | sections))
    assert str(caught.value) == (
        'network.populations[0].neuron: "if" computes with real numbers, and cores with [numbers] in integers alone; '
        "leave one of the two out"
    )
