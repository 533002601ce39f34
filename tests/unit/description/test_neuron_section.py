"""``[neuron]`` of a run: which kinds there are, their constants, what is refused, and what it makes of the rest."""

from __future__ import annotations

import dataclasses

import pytest

from neurochip import ConfigError, RunSpec, read_run, run_to_toml
from neurochip.description import CodingSpec
from neurochip.description.run_reader import apply_overrides
from neurochip.elements.neurons.leaky import LeakyIF
from neurochip.elements.neurons.table import NEURONS
from neurochip.files import parse_toml

KINDS = [kind for kind in NEURONS.built_in if kind != "settling"]


def refusal(*sets: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_run("stripes", sets)
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_and_written_out(kind: str) -> None:
    run = read_run("stripes", [f"neuron.kind={kind}", "neuron.period=7"])
    assert run.neuron.kind == kind and run.neuron.period == 7 and not run.settles
    table = parse_toml(run_to_toml(run), "run.toml")
    assert table["neuron"]["kind"] == kind and table["neuron"]["period"] == 7.0
    assert "coding" not in table
    assert RunSpec.from_dict(table) == run


def test_a_run_that_says_nothing_has_neurons_that_settle() -> None:
    run = read_run("stripes")
    assert run.settles and "neuron" not in parse_toml(run_to_toml(run), "run.toml")
    assert read_run("stripes", ["neuron.kind=settling"]) == run
    assert read_run("stripes", ["neuron=settling"]) == run


def test_a_kind_may_stand_for_its_table() -> None:
    assert read_run("stripes", ["neuron=lif"]).neuron == LeakyIF()
    assert read_run("stripes", ["neuron=lif", "neuron.membrane=30"]).neuron == LeakyIF(membrane=30.0)


def test_another_kind_begins_afresh() -> None:
    table = apply_overrides(
        read_run("stripes").to_dict(), ["neuron.kind=lif", "neuron.membrane=30", "neuron.kind=if"]
    )
    assert table["neuron"] == {"kind": "if"}


def test_an_override_takes_the_coding_of_a_file_away() -> None:
    run = read_run("mnist-small", ["neuron.kind=lif"])
    assert "coding" not in run.to_dict()


@pytest.mark.parametrize(
    ("sets", "sentence"),
    [
        (["neuron.kind=lief"], "--set neuron.kind: expected a neuron: one of settling, if, lif, cuba-lif, "
         "two-compartment, got \"lief\"; did you mean 'lif'?"),
        (["neuron.kind=lif", "neuron.membrain=3"], "--set neuron.membrain: unknown key; did you mean 'membrane'?"),
        (["neuron.kind=if", "neuron.membrane=3"], "--set neuron.membrane: unknown key; the keys here are kind, period, "
         "filter, start, readout, lowest"),
        (["neuron.membrane=3"], "--set neuron.membrane: unknown key; the keys here are kind"),
        (["neuron.kind=lif", "neuron.membrane=0"], "--set neuron.membrane: must be > 0 ticks, got 0"),
        (["neuron.kind=lif", "neuron.period=0.5"], "--set neuron.period: must be 1 to 1000 ticks, got 0.5"),
        (["neuron.kind=lif", "neuron.filter=-1"], "--set neuron.filter: must be > 0 ticks, got -1"),
        (["neuron.kind=lif", "neuron.reset=zero"], '--set neuron.reset: expected "value" or "subtract", got "zero"'),
        (["neuron.kind=two-compartment", "neuron.margin=-1"],
         "--set neuron.margin: must be ≥ 0 and finite, got -1"),
        (["neuron.kind=lif", "coding.encoder=stochastic"], "--set coding.encoder: has no effect without neuron.kind = "
         '"settling" and without neuron = "settling" in one of network.populations; leave it out, or change that'),
        (["neuron.kind=lif", "substrate=ideal"], '--set neuron.kind: "lif" sends spikes, and neurons of the ideal '
         'substrate send real numbers; set substrate to "digital", or leave [neuron] out'),
        (["neuron.kind=if", "substrate=analog"], '--set neuron.kind: "if" sends spikes, and neurons of the analog '
         'substrate send currents; set substrate to "digital", or leave [neuron] out'),
        (["neuron.kind=lif", "neuron.readout=integrator"], 'stripes.toml: learning.rates: must be 0 for all '
         'projections but those to the output with neuron.readout = "integrator": such an output sends nothing that '
         'others could learn from'),
        (["neuron.kind=two-compartment", "network.tied=false", "learning.pre=trace", "faults.spike_drop=0.1"],
         'stripes.toml: learning.trace: "decoder" needs every packet with neuron.kind = "two-compartment", and '
         'faults.spike_drop loses some; set it to "count"'),
    ],
)  # fmt: skip
def test_refused(sets: list[str], sentence: str) -> None:
    assert refusal(*sets) == sentence


def test_convergence_is_for_neurons_that_settle() -> None:
    with pytest.raises(ConfigError) as caught:
        read_run("convergence", ["neuron.kind=lif"])
    assert str(caught.value) == (
        '--set neuron.kind: "lif" has no real-valued fixed point to converge to; set experiment to "train", or leave '
        "[neuron] out"
    )


def test_in_python_a_neuron_is_an_object_a_name_or_a_table() -> None:
    table = read_run("stripes").to_dict()
    del table["coding"]
    made = RunSpec.from_dict(table | {"neuron": {"kind": "lif", "membrane": 50}})
    assert made.neuron == LeakyIF(membrane=50.0)
    with pytest.raises(ConfigError) as caught:
        dataclasses.replace(made, coding=CodingSpec(encoder="stochastic"))  # type: ignore[arg-type]
    assert str(caught.value) == 'coding: has no effect with neuron.kind = "lif"; leave it out'
    with pytest.raises(ConfigError) as caught:
        RunSpec.from_dict(table | {"neuron": 3})
    assert str(caught.value) == "neuron: expected the name of a neuron or a table with its kind, got 3"
