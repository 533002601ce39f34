"""[faults] in a run: what it takes, what it refuses, and that it survives being written out."""

from __future__ import annotations

import re
from typing import Any

import pytest

from neurochip.description import RunSpec, read_run, run_to_toml
from neurochip.description.faults import (
    DeadCore,
    FaultsSpec,
    LinkDown,
    SpikeDelay,
    SpikeDrop,
    StuckNeuron,
    WeightBitFlip,
)
from neurochip.errors import ConfigError
from neurochip.files import parse_toml


def run_with(*overrides: str) -> RunSpec:
    return read_run("mnist-small", overrides)


@pytest.mark.parametrize(
    ("overrides", "faults"),
    [
        ((), FaultsSpec()),
        (("faults.spike_drop=0.01",), FaultsSpec(spike_drop=SpikeDrop(rate=0.01))),
        (("faults.spike_drop=1",), FaultsSpec(spike_drop=SpikeDrop(rate=1.0))),
        (("faults.spike_drop.rate=0.01",), FaultsSpec(spike_drop=SpikeDrop(rate=0.01))),
        (
            ("faults.spike_drop=0.01", "faults.spike_drop.when=test", "faults.spike_drop.seed=4"),
            FaultsSpec(spike_drop=SpikeDrop(rate=0.01, when="test", seed=4)),
        ),
        (("faults.spike_drop=0.5", "faults.spike_drop.rate=0.1"), FaultsSpec(spike_drop=SpikeDrop(rate=0.1))),
        (
            ("faults.spike_delay={ rate = 0.2, ticks = 3 }",),
            FaultsSpec(spike_delay=SpikeDelay(rate=0.2, ticks=3)),
        ),
        (("faults.dead_core.cores=[3, 5]",), FaultsSpec(dead_core=DeadCore(cores=(3, 5)))),
        (
            ('faults.stuck_neuron={ neurons = ["hidden:3"], at = 1 }',),
            FaultsSpec(stuck_neuron=StuckNeuron(neurons=("hidden:3",), at=1)),
        ),
        (('faults.link_down.links=["0,0-0,1"]',), FaultsSpec(link_down=LinkDown(links=("0,0-0,1",)))),
        (
            ("network.precision=int8", "faults.weight_bit_flip=1e-3"),
            FaultsSpec(weight_bit_flip=WeightBitFlip(rate=0.001)),
        ),
    ],
)
def test_what_it_takes(overrides: tuple[str, ...], faults: FaultsSpec) -> None:
    run = run_with(*overrides)
    assert run.faults == faults
    assert RunSpec.from_dict(parse_toml(run_to_toml(run), "run.toml")) == run
    assert ("[faults]" in run_to_toml(run)) == bool(overrides)


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (("faults.spike_drp=0.1",), "--set faults.spike_drp: unknown key; did you mean 'spike_drop'?"),
        (("faults.spike_drop.rat=0.1",), "--set faults.spike_drop.rat: unknown key; did you mean 'rate'?"),
        (("faults.spike_drop=1.5",), "--set faults.spike_drop.rate: must be 0 to 1, got 1.5"),
        (("faults.spike_drop=-0.1",), "--set faults.spike_drop.rate: must be 0 to 1, got -0.1"),
        (("faults.spike_drop=nan",), "--set faults.spike_drop.rate: must be finite, got nan"),
        (("faults.spike_drop=often",), '--set faults.spike_drop: expected a table, got "often"'),
        (("faults.spike_drop={}",), "--set faults.spike_drop.rate: is missing"),
        (
            ("faults.spike_drop={ rate = 0.1, when = 'sometimes' }",),
            '--set faults.spike_drop.when: expected "always", "test" or "training", got "sometimes"',
        ),
        (
            ("faults.spike_drop={ rate = 0.1, seed = -1 }",),
            "--set faults.spike_drop.seed: must be 0 to 2**63 - 1, got -1",
        ),
        (
            ("faults.spike_delay={ rate = 0.1, ticks = 65 }",),
            "--set faults.spike_delay.ticks: must be 1 to 64 ticks, got 65",
        ),
        (("faults.stuck_neuron={ at = 2 }",), "--set faults.stuck_neuron.at: must be 0 or 1, got 2"),
        (
            ('faults.stuck_neuron.neurons=["17"]',),
            '--set faults.stuck_neuron.neurons[0]: must have the form "population:index", e.g. "hidden:3", '
            'got "17"',
        ),
        (
            ('faults.link_down.links=["0,0"]',),
            '--set faults.link_down.links[0]: must have the form "x,y>x,y" (or "x,y-x,y" for both directions), '
            'got "0,0"',
        ),
        (
            ("faults.weight_bit_flip=0.1",),
            "--set faults.weight_bit_flip: is for integer weights: one flipped exponent bit of a float32 makes a "
            'weight of 1e38; set network.precision to an integer format such as "int8"',
        ),
    ],
)
def test_what_it_refuses(overrides: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        run_with(*overrides)


def test_not_on_ideal_and_not_at_a_test_that_does_not_exist() -> None:
    with pytest.raises(ConfigError) as refused:
        read_run("mnist-continuous", ["faults.spike_drop=0.1"])
    assert str(refused.value) == (
        '--set faults.spike_drop: has no effect without substrate = "digital"; leave it out, or change that'
    )
    with pytest.raises(ConfigError) as refused:
        read_run("convergence", ["faults.spike_drop=0.1", "faults.spike_drop.when=test"])
    assert str(refused.value) == (
        '--set faults.spike_drop.when: must be "always" here: a convergence run has no test samples'
    )
    assert read_run("convergence", ["faults.spike_drop=0.1"]).faults.given()


def test_made_in_python() -> None:
    assert FaultsSpec(spike_drop=0.1) == FaultsSpec(spike_drop=SpikeDrop(rate=0.1))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"faults\.dead_core: expected a DeadCore"):
        wrong: Any = SpikeDrop(rate=0.1)
        FaultsSpec(dead_core=wrong)


def test_which_act() -> None:
    spec = FaultsSpec(
        spike_drop=SpikeDrop(rate=0.1, when="test"),
        spike_delay=SpikeDelay(rate=0.0),
        dead_core=DeadCore(cores=(1,)),
    )
    assert [fault.fault for fault in spec.acting(testing=False).given()] == ["dead_core"]
    assert [fault.fault for fault in spec.acting(testing=True).given()] == ["spike_drop", "dead_core"]
