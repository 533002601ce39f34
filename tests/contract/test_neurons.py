"""Whatever its neurons, a run trains, reports, stops and goes on, breaks, is timed, driven, traced, swept and searched.

The neurons of examples/plugin are among them: each one file and an entry point.
"""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_sim.through import through_firmware
from neurochip.description import RunSpec
from neurochip.elements.neurons.table import NEURONS
from neurochip.errors import CapabilityError, Interrupted
from neurochip.presentations.tracing import trace
from neurochip.report.document import document
from neurochip.runs.building import build, digest_of
from neurochip.runs.exporting import rate_network
from neurochip.runs.simulation import simulate
from neurochip.studies.measuring import measure
from neurochip.substrate.counters import COUNTERS, Phase
from neurochip.sweep.definition import Mode, define
from neurochip.sweep.identity import environment
from neurochip.sweep.job import Done, Job
from neurochip.sweep.plan import plan
from neurochip.sweep.space import parse_axes
from neurochip.training.checkpoint import read_checkpoint
from tests.plugin_packages import package

PLUGIN = Path(__file__).parents[2] / "examples" / "plugin" / "src"
PLUGGED = {"adaptive-lif": "adaptive:AdaptiveLIF", "izhikevich": "izhikevich:Izhikevich"}
KINDS = [*NEURONS.built_in, *PLUGGED]

TINY: dict[str, Any] = {
    "name": "tiny",
    "network": {"layers": [16, 6, 2], "tied": False},
    "data": {"set": "stripes", "train": 20, "test": 20},
    "phases": {"free": 60, "nudged": 30, "reference": "parallel"},
    "learning": {"rates": [0.3, 0.2], "epochs": 2, "minibatch": 10, "pre": "trace"},
    "evaluation": {"train": 0},
    "record": {"presentations": 1},
}


@pytest.fixture(scope="module")
def plugged(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The neurons of the example, as an installed package brings them."""
    site = tmp_path_factory.mktemp("site")
    entries = {name: f"neurochip_example.{where}" for name, where in PLUGGED.items()}
    package(site, "neurons-of-the-example", {"neurons": entries})
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))
        patch.syspath_prepend(str(PLUGIN))
        yield


@pytest.fixture(params=KINDS)
def run(request: pytest.FixtureRequest, plugged: None) -> RunSpec:
    return RunSpec.from_dict(TINY | {"neuron": {"kind": request.param}})


def with_keys(run: RunSpec, **sections: Any) -> RunSpec:
    return RunSpec.from_dict(run.to_dict() | sections)


def worked(table: Any) -> Done:
    """Train as a worker of a sweep does."""
    job = Job(work="train", run=table, epochs=0, keep=True, weights=None, environment=environment(), files={})
    return measure(job)


def results(record: Any) -> Any:
    """Return what must not depend on how, or with what clock, a run was carried out."""
    return [(e.epoch, e.online_error, e.test_error, e.spikes_per_sample) for e in record.epochs]


def test_it_trains_and_reports(run: RunSpec, tmp_path: Path) -> None:
    outcome = simulate(run, out=tmp_path / "run", threads=1)
    table = document(outcome.record)
    elements = {element["role"]: element for element in table["hardware"]["elements"]}
    if not run.settles:
        named = elements["encoder" if run.neuron.kind != "two-compartment" else "neuron"]
        assert named["kind"] == run.neuron.kind
        assert "annealer" not in elements and "decoder" not in elements
    energy = table["energy_j"]["by_category"]
    assert all(energy[part] > 0 for part in ("encoder", "neuron", "nudge", "trace", "synapse", "learning"))
    counted = outcome.record.counters
    assert counted.total("spikes_sent", Phase.FREE) > 0
    assert counted.total("readout_words", Phase.UPDATE) == 0, "only bits cross"
    before, after = (simulate(r, write=False, threads=1).record for r in (run, run))
    assert results(before) == results(after) == results(outcome.record)
    if run.settles:
        assert rate_network(tmp_path / "run", dt=1e-3).groups
    else:
        with pytest.raises(CapabilityError, match="export a run of neurons that settle"):
            rate_network(tmp_path / "run", dt=1e-3)
    traced = trace(tmp_path / "run", ticks=(0, 35), format="npz", out=tmp_path / "trace.npz")
    with np.load(traced.path) as arrays:
        values = arrays["neuron.hidden.value"]
        assert values.shape == (35, 6) and ("neuron.hidden.step_size" in arrays) == run.settles


def test_stopped_and_resumed_it_ends_as_if_never_stopped(run: RunSpec, tmp_path: Path) -> None:
    asked = iter([False, False, True, *[True] * 100])
    with pytest.raises(Interrupted):
        simulate(run, out=tmp_path / "stopped", threads=1, stop=lambda: next(asked))
    resumed = simulate(resume=tmp_path / "stopped", threads=1)
    whole = simulate(run, out=tmp_path / "whole", threads=2)
    assert results(resumed.record) == results(whole.record)
    assert resumed.record.counters.to_json() == whole.record.counters.to_json()
    digest = digest_of(build(run))
    ends = [
        read_checkpoint(tmp_path / name / "checkpoint.h5", digest=digest) for name in ("stopped", "whole")
    ]
    for a, b in zip(*(end.parameters.weights for end in ends), strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_breaks_and_is_timed(run: RunSpec) -> None:
    """Time changes no spike, whatever is broken; and what is broken is counted."""
    how = TINY["learning"] | ({"trace": "count"} if run.neuron.kind == "two-compartment" else {})
    broken = with_keys(run, faults={"spike_drop": {"rate": 0.1}}, learning=how)
    made = {
        timing: simulate(broken, timing=timing, write=False, threads=1).record for timing in ("tick", "cycle")
    }
    assert results(made["tick"]) == results(made["cycle"])
    assert made["tick"].counters.total("spikes_dropped") == made["cycle"].counters.total("spikes_dropped") > 0
    time = made["cycle"].counters.phases[Phase.FREE].time
    assert time is not None and time.cycles > 0


def test_it_is_driven_by_firmware(run: RunSpec) -> None:
    plain = simulate(run, write=False, threads=1).record
    with through_firmware() as through:
        driven = simulate(run, write=False, threads=1, through=through).record
    assert results(driven) == results(plain)
    counted = driven.counters.without_control()
    counted = replace(counted, phases={p: b for p, b in counted.phases.items() if p is not Phase.LOADING})
    assert counted.to_json() == plain.counters.to_json()


def test_its_constants_are_swept(run: RunSpec) -> None:
    """Each changes what comes out, or is refused with a reason, and a worker measures it as it is measured here."""
    if run.settles:
        pytest.skip("its constants are those of [coding]")
    key = {"two-compartment": "rate"}.get(run.neuron.kind, "filter")
    definition = define(run, parse_axes([f"neuron.{key}=20,40"]), modes=(Mode.IN_LOOP,), seeds=1)
    tables = [task.run() for task in plan(definition).tasks.values()]
    found = [(table["neuron"]["kind"], float(table["neuron"][key])) for table in tables]
    assert {(run.neuron.kind, 20.0), (run.neuron.kind, 40.0)} <= {*found}
    done = worked(tables[-1])
    assert (
        done["reason"] is None and done["measured"] is not None and 0 <= done["measured"]["test_error"] <= 1
    )


def test_integer_weights_and_an_output_that_integrates(run: RunSpec) -> None:
    if run.settles or run.neuron.kind == "two-compartment":
        pytest.skip("has no read-out of another kind")
    table = run.to_dict()
    table["neuron"]["readout"] = "integrator"
    table["network"] = TINY["network"] | {"precision": "int8"}
    table["learning"] = TINY["learning"] | {"rates": [0.0, 0.2]}
    record = simulate(RunSpec.from_dict(table), write=False, threads=1).record
    free = record.counters.phases[Phase.FREE].counts[:, COUNTERS.index("spikes_sent")]
    sent = dict(zip(record.counters.populations, free, strict=True))
    assert sent["output"] == 0 and sent["hidden"] > 0
    assert record.counters.total("weight_accumulations") > 0


def test_every_constant_matters(run: RunSpec) -> None:
    """No key of a kind does nothing."""
    if run.settles:
        pytest.skip("has none")
    base = worked(run.to_dict())
    for field in dataclasses.fields(run.neuron):
        value = getattr(run.neuron, field.name)
        if field.name in ("readout", "start", "reset", "depth"):
            continue
        other = replace(run.neuron, **{field.name: value + 1 if isinstance(value, int) else 1.2 * value})
        assert worked(replace(run, neuron=other).to_dict())["parameters"] != base["parameters"], field.name
