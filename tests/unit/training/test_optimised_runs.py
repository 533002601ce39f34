"""Runs with an optimiser: what they leave, that they can be taken up again, and what they cost."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip import read_run, simulate
from neurochip.compile import Moments, compile_network
from neurochip.description import run_to_toml
from neurochip.errors import CapabilityError, ConfigError, Interrupted, MappingError
from neurochip.network import layered
from neurochip.report.document import document
from neurochip.runs.building import build, moments_of
from neurochip.testing.networks import small_chip
from neurochip.training.checkpoint import read_trained, write_checkpoint
from tests.unit.training.tiny import overrides, results, run_of, same

ADAM = ("learning.optimiser=adam", "learning.rates=0.002", "learning.weight_decay=1e-3")
MOMENTUM = ("learning.optimiser=momentum", "learning.momentum=0.7", "learning.rates=[0.05,0.02]")


def small(*extra: str, variant: str = "default") -> list[str]:
    return [*overrides(variant), *extra]


def stopped_after(calls: int) -> Any:
    left = iter(range(calls))
    return lambda: next(left, None) is None


_ATTRIBUTE = "checkpoint attribute"
DIE = ["data.train=200", "data.test=50", "learning.epochs=3", "evaluation.train=50", *ADAM]
KINDS: dict[str, tuple[str, list[str]]] = {
    "float32 and Adam": (run_of("default"), small(*ADAM)),
    "int8 and momentum": (run_of("int8"), small(*MOMENTUM, variant="int8")),
    "ideal and Adam": (run_of("ideal"), small(*ADAM, variant="ideal")),
    "a die and Adam": ("analog-mnist-small", DIE),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_run_goes_on_with_its_moments(kind: str, tmp_path: Path) -> None:
    name, sets = KINDS[kind]
    whole, parts, bare = tmp_path / "whole", tmp_path / "parts", tmp_path / "bare"
    simulate(name, overrides=sets, out=whole, threads=1)
    with pytest.raises(Interrupted):
        simulate(name, overrides=sets, out=parts, threads=1, stop=stopped_after(14))
    state = read_trained(parts / "checkpoint.h5", n_inputs=784).state
    assert state.epoch == 1 and 0 < state.minibatch < 10
    kept = {"mean", "square"} if "Adam" in kind else {"velocity"}
    assert {moment.rsplit(".", 1)[1] for moment in state.moments} == kept
    simulate(resume=parts, threads=1)
    found = [results(one) for one in (whole, parts)]
    if kind == "a die and Adam":  # how far it had settled is said of the minibatches of one session
        found = [
            {k: v for k, v in one.items() if k not in ("report", f"{_ATTRIBUTE} diagnostics")}
            for one in found
        ]
    same(*found)
    # The control: taken up without its moments, it ends elsewhere.
    with pytest.raises(Interrupted):
        simulate(name, overrides=sets, out=bare, threads=1, stop=stopped_after(14))
    stored = read_trained(bare / "checkpoint.h5", n_inputs=784)
    forgot = dataclasses.replace(stored.state, moments={})
    run = run_to_toml(read_run(name, sets))
    write_checkpoint(bare / "checkpoint.h5", forgot, run=run, digest=stored.digest, samples=stored.coding)
    simulate(resume=bare, threads=1)
    weights = [
        read_trained(one / "checkpoint.h5", n_inputs=784).state.parameters.weights[0] for one in (whole, bare)
    ]
    assert np.any(weights[0] != weights[1])


def test_the_state_costs_memory_and_operations(tmp_path: Path) -> None:
    plain, adam = (
        simulate("mnist-small", overrides=small(*sets), write=False, threads=1).record for sets in ((), ADAM)
    )
    assert adam.optimiser is not None and plain.optimiser is None
    use = adam.optimiser
    # 784·40 + 40·10 weights, and the 40·10 of the transpose, which stands on other cores: two words of 32 bits each.
    weights = 784 * 40 + 2 * 40 * 10
    assert (use.weights, use.words, use.bits, use.total_bits) == (weights, 2, 64, 64 * weights)
    bits = sum(core.synapse_bits for core in adam.layout) - sum(core.synapse_bits for core in plain.layout)
    assert bits == use.total_bits
    updates = 3 * 10
    assert use.steps == updates * weights == adam.counters.total("optimiser_steps")
    table = document(adam)
    assert table["optimiser"]["total_bits"] == use.total_bits
    lines = {line["event"]: line for line in table["energy_j"]["lines"] if line["category"] == "optimiser"}
    assert {name: line["count"] // use.steps for name, line in lines.items()} == {
        "op.add.float32": 5,
        "op.mul.float32": 5,  # with the one of decay
        "op.div.float32": 2,
        "sram_bit_read": 64,
        "sram_bit_write": 64,
    }
    assert sum(line["joules"] for line in lines.values()) > 0
    assert table["energy_j"]["by_category"]["optimiser"] == pytest.approx(
        sum(line["joules"] for line in lines.values())
    )
    assert (
        "optimiser" not in document(plain) and "optimiser" not in document(plain)["energy_j"]["by_category"]
    )


def test_cores_that_are_full_without_moments_do_not_hold_them() -> None:
    chip = small_chip(synapse_memory=6 * 9 * 32, neuron_state_memory=10**6, mesh=(2, 1, 1))
    how: Any = {"precision": "float32", "state_words": 3}
    of = layered((6, 9))
    assert len(compile_network(of, chip, **how).cores) == 2
    with pytest.raises(MappingError, match="cores"):
        compile_network(of, chip, moments=Moments({0: 64}), **how)


def test_what_does_not_learn_keeps_nothing() -> None:
    frozen = read_run(
        "mnist-small",
        small("learning.optimiser=adam", "learning.rule=random-feedback", "network.tied=false"),
    )
    network = build(frozen).network
    moments = moments_of(frozen, network)
    assert set(moments.weight) == set(network.forward)
    still = read_run("mnist-small", small("learning.optimiser=adam", "learning.rates=[0, 0.1]"))
    assert set(moments_of(still, network_of_run := build(still).network).weight) == {1, 2}
    assert network_of_run.tied_to(1) == (2,)


def test_plain_is_what_it_was() -> None:
    """Without a key of an optimiser nothing stands between, and momentum near 0 and decay near 0 come close to it."""
    first = simulate("mnist-small", overrides=small(), write=False, threads=1)
    again = simulate("mnist-small", overrides=small("learning.optimiser=plain"), write=False, threads=1)
    assert first.state is not None and again.state is not None
    for a, b in zip(first.state.parameters.weights, again.state.parameters.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert first.record.counters.to_json() == again.record.counters.to_json()
    assert first.record.counters.total("optimiser_steps") == 0


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["learning.momentum=0.5"], "learning.momentum: has no effect without learning.optimiser"),
        (["learning.optimiser=adam", "learning.momentum=0.5"], "learning.momentum: has no effect"),
        (["learning.optimiser=adam", "learning.beta1=1"], "learning.beta1: must lie in"),
        (["learning.optimiser=sgd"], "learning.optimiser: expected"),
        (["learning.weight_decay=1"], "learning.weight_decay: must lie in"),
        (["learning.patience=2"], "learning.patience: has no effect without data.validation"),
    ],
)
def test_refusals(sets: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_run("mnist-small", small(*sets))
    assert str(refused.value).startswith(f"--set {message}")


def test_a_controller_has_no_registers_for_it() -> None:
    from firmware_sim.through import through_firmware

    with (
        through_firmware() as through,
        pytest.raises(CapabilityError, match="learning.optimiser: has no registers"),
    ):
        simulate("mnist-small", overrides=small(*ADAM), write=False, threads=1, through=through)
