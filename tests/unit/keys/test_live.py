"""A key that has no effect is refused, wherever it was given; one that has is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neurochip.description import NetworkSpec, RunSpec, read_run, run_to_toml
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.learning_path import ConvertersSpec
from neurochip.description.run_reader import key_type
from neurochip.errors import ConfigError

CURE = "leave it out, or change that"


def refused(name: str, *overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_run(name, overrides)
    return str(caught.value)


@pytest.mark.parametrize(
    ("run", "overrides", "why"),
    [
        ("analog-mnist-small", "analog.mismatch.width_um=2", "without analog.mismatch.process"),
        ("analog-mnist-small", "analog.mismatch.length_um=2", "without analog.mismatch.process"),
        ("analog-mnist-small", "analog.mismatch.overdrive_mv=100", "without analog.mismatch.process"),
        ("analog-mnist-small", "analog.mismatch.convention=pair", "without analog.mismatch.process"),
        ("analog-mnist-small", "analog.mismatch.freedom=5", 'with analog.mismatch.tails = "normal"'),
        ("analog-pilot", "analog.mismatch.tails=student-t", "without a σ or a process in [analog.mismatch]"),
        (
            "analog-pilot",
            "analog.learning_path.circuits=twin",
            "without a σ or a process in [analog.mismatch]",
        ),
        ("analog-mnist-small", "analog.converters.adc_range=2", "without analog.converters.adc_bits"),
        ("analog-mnist-small", "analog.converters.weight_range=2", "without analog.converters.weight_bits"),
        ("analog-mnist-small", "analog.converters.rounding=nearest", "without analog.converters.weight_bits"),
        ("analog-mnist-small", "analog.settle.error=0.1", 'without analog.settle.method = "heun"'),
        ("analog-mnist-small", "record.presentations=1", 'without substrate = "digital"'),
        ("mnist-continuous", "record.presentations=1", 'without substrate = "digital"'),
        ("convergence", "record.presentations=1", 'without experiment = "train"'),
        ("mnist-small", "learning.trace=count", 'without learning.pre = "trace"'),
        ("mnist-small", "network.rounding=nearest", 'with network.precision = "float32"'),
        ("mnist-small", "network.weight_range=1", 'with network.precision = "float32"'),
        ("mnist-small", "analog.tau_us=2", 'without substrate = "analog"'),
        ("mnist-small", "convergence.nets=2", 'without experiment = "convergence"'),
        ("convergence", "learning.beta=2", 'without experiment = "train"'),
    ],
)
def test_refused_in_an_override(run: str, overrides: str, why: str) -> None:
    sentence = refused(run, overrides)
    assert sentence.startswith(f"--set {overrides.partition('=')[0]}: has no effect {why}")
    assert sentence.endswith(CURE)


@pytest.mark.parametrize("value", ["decoder", "count"])
def test_refused_in_a_file_even_at_its_default(value: str, tmp_path: Path) -> None:
    text = run_to_toml(read_run("mnist-small")).replace("[learning]", f'[learning]\ntrace = "{value}"')
    (tmp_path / "run.toml").write_text(text)
    assert refused(str(tmp_path / "run.toml")) == (
        f'{tmp_path}/run.toml: learning.trace: has no effect without learning.pre = "trace"; {CURE}'
    )


def test_refused_in_an_object_made_in_python() -> None:
    run = read_run("analog-mnist-small").to_dict()
    network = NetworkSpec(layers=(784, 5, 10), tied=False)
    spec = RunSpec.from_dict(run)

    def made(**analog: Any) -> RunSpec:
        return RunSpec(
            name="x", substrate="analog", network=network, learning=spec.learning, analog=AnalogSpec(**analog)
        )

    made(mismatch=MismatchSpec(process="sky130", width_um=2))
    made(mismatch=MismatchSpec(width_um=1.0))  # what it is anyway
    for analog, place in (
        ({"mismatch": MismatchSpec(width_um=2)}, "analog.mismatch.width_um"),
        ({"converters": ConvertersSpec(adc_range=2)}, "analog.converters.adc_range"),
        ({"die": 3}, "analog.die"),
        ({"mismatch": MismatchSpec(process="sky130", a_vt=3.0)}, "analog.mismatch.a_vt"),
        ({"mismatch": MismatchSpec(process="own", a_vt=3.0, i_spec_na=1.0)}, "analog.mismatch.i_spec_na"),
    ):
        with pytest.raises(ConfigError, match="has no effect") as caught:
            made(**analog)
        assert caught.value.place == place


@pytest.mark.parametrize(
    ("run", "overrides"),
    [
        (
            "analog-mnist-small",
            ["analog.mismatch.sigma=0", "analog.mismatch.process=sky130", "analog.mismatch.width_um=2"],
        ),
        ("analog-mnist-small", ["analog.mismatch.tails=student-t", "analog.mismatch.freedom=5"]),
        ("analog-mnist-small", ["analog.converters.adc_bits=6", "analog.converters.adc_range=2"]),
        ("analog-mnist-small", ["analog.settle.method=heun", "analog.settle.error=0.01"]),
        ("mnist-small", ["network.precision=int8", "network.rounding=nearest"]),
        ("mnist-small", ["network.tied=false", "learning.pre=trace", "learning.trace=count"]),
    ],
)  # fmt: skip
def test_taken_where_it_has_an_effect(run: str, overrides: list[str]) -> None:
    found = read_run(run, overrides)
    last, value = overrides[-1].split("=")
    table: Any = found.to_dict()
    for part in last.split("."):
        table = table[part]
    assert str(table) in (value, f"{value}.0")


@pytest.mark.parametrize("run", ["mnist-small", "analog-mnist-small", "convergence", "mnist-continuous"])
def test_a_run_written_out_has_no_dead_key_and_is_the_same_run(run: str, tmp_path: Path) -> None:
    spec = read_run(run)
    (tmp_path / "run.toml").write_text(run_to_toml(spec))
    assert read_run(str(tmp_path / "run.toml")) == spec


def test_an_override_may_take_the_effect_of_a_default_away() -> None:
    """The file says die = 1; without mismatch all dies are alike."""
    run = read_run("analog-mnist-small", ["analog.mismatch.sigma=0"])
    assert run.analog is not None and run.analog.die == 1
    assert "die" not in run.to_dict()["analog"]


def test_an_override_may_stand_in_place_of_a_key(tmp_path: Path) -> None:
    """The file has σ = 0.2, and a die from a file is instead of one that is drawn."""
    run = read_run("analog-mnist-small", [f"analog.die_file={tmp_path}/die.h5"])
    assert run.analog is not None and run.analog.mismatch.sigma == 0
    both = [f"analog.die_file={tmp_path}/die.h5", "analog.mismatch.sigma=0.2"]
    assert "analog.mismatch.sigma: has no effect with analog.die_file" in refused("analog-mnist-small", *both)


def test_an_override_takes_away_what_depends_on_it(tmp_path: Path) -> None:
    spec = read_run("mnist-small", ["network.precision=int8", "network.rounding=nearest"])
    (tmp_path / "run.toml").write_text(run_to_toml(spec))
    found = read_run(str(tmp_path / "run.toml"), ["network.precision=float32"])
    assert found.network == NetworkSpec(layers=(784, 500, 10))
    assert "network.rounding: has no effect with" in refused(
        str(tmp_path / "run.toml"), "network.precision=float32", "network.rounding=nearest"
    )


def test_another_substrate_takes_no_faults_away(tmp_path: Path) -> None:
    """Who breaks a chip and then takes another would think that it withstands."""
    (tmp_path / "run.toml").write_text(run_to_toml(read_run("mnist-small", ["faults.spike_drop=0.1"])))
    coding = 'coding={ annealer = "constant" }'
    assert refused(str(tmp_path / "run.toml"), "substrate=ideal", coding) == (
        f'{tmp_path}/run.toml: faults: has no effect without substrate = "digital"; {CURE}'
    )


@pytest.mark.parametrize(
    "path", ["data.train", "analog.mismatch.synapse_gain", "analog.converters.adc_bits", "phases.free"]
)
def test_a_range_is_a_range_wherever_nothing_may_be_given(path: str) -> None:
    assert key_type(path) in (int, float)
