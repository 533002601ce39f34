"""``[numbers]`` of a run: formats of integer cores, and what they cannot be combined with."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from neurochip import ConfigError, RunSpec, read_run, run_to_toml
from neurochip.errors import NumericError
from neurochip.runs.building import build
from neurochip.runs.simulation import simulate
from neurochip.substrate import Phase, WeightUpdate

INTEGER = (
    "network.precision=int8",
    "numbers.state=Q3.12",
    "coding.decoder.lambda=0.25",
    "coding.annealer.nu_bar=0.03125",
    "learning.minibatch=8",
    "learning.rates=[0.0625, 0.0625]",
    "data.train=40",
    "data.test=16",
    "learning.epochs=1",
    "phases.free=20",
    "phases.nudged=10",
    "evaluation.train=0",
)


def run(*sets: str) -> RunSpec:
    return read_run("stripes", [*INTEGER, *sets])


def test_defaults_and_round_trip(tmp_path: Any) -> None:
    made = run().fixed_point
    assert made is not None
    names = ("state", "membrane", "residue", "annealer", "trace", "bias")
    assert [str(getattr(made, name)) for name in names] == [
        "Q3.12", "Q3.14", "Q3.12", "Q3.12", "Q3.14", "Q3.12",
    ]  # fmt: skip
    assert (made.decay, made.annealing, made.forgetting, made.rounding) == (2, "osa", 5, "nearest")
    # 13 + 18 + 16 + 16 of s, v, φ and b; 24 + 21 + 23 + 13 of θ, B, D and Λ
    assert made.state_bits == 63 + 81
    path = tmp_path / "again.toml"
    path.write_text(run_to_toml(run("numbers.residue=Q2.6")))
    assert read_run(str(path)) == run("numbers.residue=Q2.6")
    assert "numbers" not in run_to_toml(read_run("stripes"))


@pytest.mark.parametrize(
    ("sets", "problem"),
    [
        (["network.precision=float32"],
         'network.precision: must be an integer format with numbers.state, e.g. "int8", got "float32"'),
        (["coding.decoder.lambda=0.3"],
         "coding.decoder.lambda: must be a power of two with numbers.state, 1 to 1/256: an integer core shifts, "
         "got 0.3"),
        (["coding.encoder=threshold"],
         'coding.encoder.kind: must be "sigma-delta" with numbers.state: integer cores have no other, got "threshold"'),
        (["coding.annealer=kesten"],
         'coding.annealer.kind: must be "osa", "shift" or "constant" with numbers.state: integer cores have no other, '
         'got "kesten"'),
        (["coding.annealer.nu_bar=0.03"],
         "coding.annealer.nu_bar: must be a power of two with numbers.state, 1/2 to 1/4096: an integer core shifts, "
         "got 0.03"),
        (["learning.rates=[0.06, 0.0625]"],
         "learning.rates[0]: must make η/(βN) a power of two with numbers.state: 0.03125 or 0.0625 would, got 0.06"),
        (["learning.beta=0.3"],
         "learning.beta: must be a power of two, 1/512 to 4, with numbers.state: an integer core shifts, got 0.3"),
        (["learning.minibatch=16"],
         "learning.minibatch: must divide the 40 samples with numbers.state: a shift is the same for all minibatches, "
         "got 16"),
        (["learning.rule=delta"],
         "learning.rule: must be one of eqprop, contrastive-hebbian, random-feedback with numbers.state, got "
         '"delta"'),
        (["numbers.membrane=Q3.15"],
         "numbers.membrane: must have 12 to 14 fraction bits, those of the state and at most −log₂ λ more, Q3.15 has "
         "15"),
        (["numbers.residue=Q3.13"],
         "numbers.residue: must have at least 1 bit before the point and 1 to 12 behind it, got Q3.13"),
        (["numbers.state=Q3.17"], "numbers.state: must have 1 to 16 fraction bits, Q3.17 has 17"),
        (["numbers.annealer=Q8.12"],
         "numbers.annealer: makes the noise of OSA 33 bits wide and 31 are the most; use fewer"),
        (["mismatch.deviation=0.1"],
         "mismatch.deviation: makes what synapses deliver real numbers; leave it out with numbers.state"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)  # fmt: skip
def test_refused_in_a_sentence(sets: list[str], problem: str) -> None:
    with pytest.raises(ConfigError) as found:
        run(*sets)
    assert str(found.value).removeprefix("--set ") == problem


def test_other_keys_need_the_state() -> None:
    with pytest.raises(ConfigError, match=r"numbers.rounding: has no effect without numbers.state"):
        read_run("stripes", ["numbers.rounding=floor"])


def test_a_random_word_narrower_than_its_shift_is_refused() -> None:
    """Else every update would be too small: 50 % error where 13 % are had with a bit more."""
    with pytest.raises(
        ConfigError, match=r"^numbers.state: makes learning shift products by 37 bits, and a random "
    ):
        build(run("numbers.state=Q3.16", "learning.rates=[0.00390625, 0.0625]"))
    wide = ("numbers.state=Q3.16", "learning.rates=[0.125, 0.25]", "learning.decay=0.7")
    build(run(*wide, "learning.epochs=1"))  # by 32
    with pytest.raises(ConfigError, match=r"shift products by 33 bits, .*, a learning.decay nearer to 1, or"):
        build(run(*wide, "learning.epochs=2"))
    build(run("numbers.state=Q3.16", "learning.rates=[0.00390625, 0.0625]", "network.rounding=nearest"))


def test_sums_that_accumulators_cannot_hold_are_refused() -> None:
    with pytest.raises(
        NumericError, match=r"^numbers.state: lets sums of hidden take \d\d bits, and accumulators "
    ):
        build(run("numbers.state=Q3.16", "network.precision=int16", "network.weight_range=2000"))


def test_a_rate_that_is_no_shift_is_refused_by_the_cores() -> None:
    substrate = build(run()).substrate
    substrate.begin(np.zeros((1, 16)), np.zeros(1, np.uint64))
    substrate.run(Phase.FREE, 1)
    update = WeightUpdate(0, ((np.ones((1, 16)), np.ones((1, 12))),), 0.3, 0)
    with pytest.raises(NumericError, match="which is no power of two"):
        substrate.write_weights([update], [None, None])


def test_a_whole_run(tmp_path: Any) -> None:
    """Learned weights are whole numbers of units, and the report says what it was made with."""
    simulate(run("numbers.state=Q1.6", "network.weight_range=1"), out=tmp_path / "run")
    hardware = json.loads((tmp_path / "run" / "report.json").read_text(encoding="utf-8"))["hardware"]
    assert hardware["state_format"] == "int8"
    kinds = {element["kind"]: element for element in hardware["elements"]}
    assert kinds["membrane"]["bits"] == 10 and kinds["drift"]["bits"] == 13
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Cores compute in integers alone: state Q1.6, membrane Q1.8" in page
