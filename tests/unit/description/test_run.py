"""Runs: what the file may say, and every refusal."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from neurochip.data import FACTS, load
from neurochip.description import (
    CodingSpec,
    LearningSpec,
    NetworkSpec,
    RunSpec,
    apply_overrides,
    read_run,
    run_to_toml,
    runs,
)
from neurochip.elements import OSA, Constant, Identity, PowerLaw, Predictive, SigmaDelta, Stochastic
from neurochip.errors import ConfigError
from tests.unit.description.small_run import SMALL

RUNS = Path(__file__).resolve().parents[3] / "neurochip" / "description" / "runs"


def test_the_catalogue_loads():
    names = [name for name, _ in runs()]
    assert names == sorted(path.stem for path in RUNS.glob("*.toml"))
    assert {"convergence", "mnist", "mnist-continuous", "mnist-deep", "mnist-small"} <= set(names)
    for name, about in runs():
        run = read_run(name)
        assert run.name == name
        assert run.about == about and 20 <= len(about) <= 100
        assert RunSpec.from_dict(json.loads(json.dumps(run.to_dict()))) == run


def test_the_default_run_is_the_one_of_the_brief():
    run = read_run("mnist-small")
    assert run.network.layers == (784, 500, 10) and run.network.tied
    assert run.coding == CodingSpec(
        encoder=SigmaDelta(), decoder=Predictive(lam=0.275), annealer=OSA(nu_bar=0.0346, regulariser=1e-15)
    )
    assert (run.phases.free, run.phases.nudged) == (100, 50)
    assert run.learning is not None
    assert (run.learning.beta, run.learning.beta_sign, run.learning.rates) == (0.5, "fixed", (0.2, 0.1))
    assert (run.learning.epochs, run.learning.minibatch) == (8, 20)


def test_defaults_and_name(read):
    run = read(SMALL)
    assert run.name == "run"
    assert run == RunSpec(
        name="run",
        network=NetworkSpec(layers=(784, 20, 10)),
        learning=LearningSpec(rates=(0.1, 0.05), epochs=2),
    )


def test_the_ways_to_write_an_element(read):
    text = SMALL + '[coding]\nencoder = { kind = "stochastic", lambda = "none" }\ndecoder = "identity"\n'
    assert read(text).coding == CodingSpec(encoder=Stochastic(lam=None), decoder=Identity())
    text = SMALL + "[coding]\nencoder = { lambda = 0.3 }\n"
    text += "decoder = { kind = 'predictive', lambda = { coefficient = 0.67, exponent = 0.578 } }\n"
    text += "annealer = { kind = 'power-law', coefficient = 0.775, exponent = 0.313 }\n"
    assert read(text).coding == CodingSpec(
        encoder=SigmaDelta(lam=0.3),
        decoder=Predictive(lam=PowerLaw(0.67, 0.578)),
        annealer=PowerLaw(0.775, 0.313),
    )
    assert CodingSpec(encoder="stochastic", decoder="identity", annealer="constant") == CodingSpec(
        encoder=Stochastic(), decoder=Identity(), annealer=Constant()
    )


def test_ideal_has_only_a_step_size():
    coding = read_run("mnist-continuous").coding
    assert coding == CodingSpec.ideal(Constant(0.5))
    assert (coding.encoder, coding.decoder) == (None, None)


def test_overrides(read):
    run = read(
        SMALL,
        "learning.beta=.3",
        "learning.beta_sign=random",
        "seed = 7",
        "network.layers=[784, 5, 10]",
        "coding.decoder.lambda=0.4",
        "coding.annealer=kesten",
        "coding.annealer.b=9",
        "about=a short line",
        "name=2024",
        "chip=ideal-bits",
    )
    assert run.learning is not None and (run.learning.beta, run.learning.beta_sign) == (0.3, "random")
    assert (run.seed, run.about, run.name, run.chip) == (7, "a short line", "2024", "ideal-bits")
    assert run.network.layers == (784, 5, 10)
    assert run.coding.decoder == Predictive(lam=0.4)
    assert run.coding.annealer.kind == "kesten" and run.coding.annealer.b == 9.0


def test_a_new_kind_forgets_the_old_parameters():
    run = read_run("mnist-small", ["coding.annealer.kind=constant", "coding.annealer.value=0.2"])
    assert run.coding.annealer == Constant(0.2)


def test_an_override_without_a_value_takes_a_key_out():
    words = ("coding.encoder=", "coding.decoder=", "coding.annealer=constant", "substrate=ideal")
    assert read_run("mnist-small", words).coding == CodingSpec.ideal(Constant())
    assert (
        read_run("mnist-small", ["coding.encoder=threshold", "coding.encoder="]).coding.encoder
        == SigmaDelta()
    )
    table = {"learning": {"beta": 0.5, "rates": [1, 2]}, "seed": 3}
    assert apply_overrides(table, ["learning.rates=", "seed="]) == {"learning": {"beta": 0.5}}
    assert apply_overrides(table, ["learning="]) == {"seed": 3}
    assert apply_overrides(table, ["seed=", "seed=5", "about="]) == table | {"seed": 5}
    absent = ["analog.mismatch.sigma=", "faults.spike_drop.rate=", "coding.encoder.kind=", "data.file="]
    assert apply_overrides(table | {"data": {"set": "mnist"}}, absent) == table | {"data": {"set": "mnist"}}
    plain = read_run("mnist-small")
    assert read_run("mnist-small", [*absent, "name=", "chip.core.neurons=64", "chip.core.neurons="]) == plain
    changed = read_run(
        "mnist-small", ["chip.core.neurons=64", "chip.core.input_axons=900", "chip.core.neurons="]
    )
    assert changed.chip_changes == ("core.input_axons = 900",)
    with pytest.raises(ConfigError, match=r"--set learning\.bta: unknown key"):
        apply_overrides(table, ["learning.bta="])


def test_overrides_leave_the_table_alone():
    table = {"learning": {"beta": 0.5}}
    assert apply_overrides(table, ["learning.beta=1"]) == {"learning": {"beta": 1}}
    assert table == {"learning": {"beta": 0.5}}


def test_a_chip_file_is_found_beside_the_run_file(tmp_path, monkeypatch):
    from neurochip.description import chip_text

    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "mine.toml").write_text(chip_text("cmos45"), encoding="utf-8")
    (tmp_path / "far" / "run.toml").write_text('chip = "mine.toml"\n' + SMALL, encoding="utf-8")
    run = read_run(tmp_path / "far" / "run.toml")
    assert run.chip == str(tmp_path / "far" / "mine.toml")
    (tmp_path / "resolved.toml").write_text(run_to_toml(run), encoding="utf-8")
    assert read_run(tmp_path / "resolved.toml") == run
    monkeypatch.chdir(tmp_path / "far")
    assert read_run("mnist-small", ["chip=mine.toml"]).chip == run.chip
    (tmp_path / "far" / "mine.toml").write_text("neuron_count = 3", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^\S+mine\.toml: neuron_count: unknown key;"):
        read_run(tmp_path / "far" / "run.toml")


def test_the_sets_are_as_large_as_the_run_believes():
    for name, facts in FACTS.items():
        if name == "mnist":  # has to be fetched
            continue
        found = load(name)
        assert facts[:2] == (found.n_inputs, found.n_outputs)
        there = len(found.train), len(found.test)
        assert there == facts[2:4] if facts.train is not None else sum(there) == facts.whole


def test_numba_is_not_imported():
    code = "import sys, neurochip.description as d; d.read_run('mnist-small'); print('numba' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
