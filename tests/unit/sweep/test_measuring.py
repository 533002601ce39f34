"""One task of a sweep, done in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.description import RunSpec, read_run
from neurochip.errors import ConfigError, DataError
from neurochip.runs.simulation import simulate
from neurochip.studies.measuring import measure, measure_dies, pack, unpack
from neurochip.substrate import Parameters
from neurochip.sweep.identity import SOURCE, contents, environment
from neurochip.sweep.job import Job

TINY = [
    "network.layers=[784, 15, 10]",
    "phases.free=20",
    "phases.nudged=8",
    "data.train=60",
    "data.test=50",
    "learning.epochs=2",
]


def run_of(substrate: str, *overrides: str) -> RunSpec:
    if substrate == "ideal":
        return read_run("mnist-continuous", ["data.set=mnist-small", *TINY, *overrides])
    if substrate == "analog":
        return read_run("analog-mnist-small", [*TINY, *overrides])
    return read_run("mnist-small", [*TINY, *overrides])


def job(work: str, run: RunSpec, weights: bytes | None = None, epochs: int = 0, **changed: Any) -> Job:
    made: Job = {
        "work": work,
        "run": run.to_dict(),
        "epochs": epochs,
        "weights": weights,
        "keep": True,
        "environment": environment(),
        "files": {},
    }
    made.update(changed)  # type: ignore[typeddict-item]
    return made


def measured(
    work: str, run: RunSpec, weights: bytes | None = None, epochs: int = 0
) -> tuple[dict[str, Any], bytes]:
    done = measure(job(work, run, weights, epochs))
    assert done["reason"] is None and done["measured"] is not None and done["parameters"] is not None
    assert done["seconds"] > 0
    return done["measured"], done["parameters"]


@pytest.mark.parametrize("substrate", ["ideal", "digital"])
def test_training_is_what_simulate_does(substrate: str) -> None:
    run = run_of(substrate)
    record = simulate(run, write=False, threads=1).record
    assert measured("train", run)[0]["test_error"] == record.epochs[-1].test_error


@pytest.mark.parametrize(
    "overrides",
    [
        ("ideal",),
        ("analog", "analog.die=3"),
        ("digital",),
        ("digital", "network.precision=int6"),
        ("digital", "network.tied=false"),
    ],
)
def test_deploying_where_it_was_trained_changes_nothing(overrides: tuple[str, ...]) -> None:
    run = run_of(*overrides)
    trained, weights = measured("train", run)
    deployed, same = measured("deploy", run, weights)
    # Whether a network can learn is looked at where it learns.
    assert {**deployed, "warnings": []} == {**trained, "warnings": []}
    for one, other in zip(unpack(weights).weights, unpack(same).weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_fine_tuning_goes_on_where_training_ended() -> None:
    """On the same chip it is one longer training: the order of samples follows on."""
    run = run_of("ideal")
    _, weights = measured("train", run)
    tuned, end = measured("fine-tune", run, weights, epochs=2)
    longer, whole = measured("train", run_of("ideal", "learning.epochs=4"))
    assert tuned == longer and end == whole


def test_what_goes_wrong_is_a_reason() -> None:
    broken = Parameters((np.full((784, 15), np.nan), np.zeros((15, 10))), (), (np.zeros(15), np.zeros(10)))
    done = measure(job("deploy", run_of("ideal"), pack(broken)))
    assert done["measured"] is None
    assert done["reason"] is not None and done["reason"].endswith("must be finite, got NaN or infinity")
    assert done["kind"] == "diverged"
    odd = measure(job("deploy", run_of("ideal"), b"no archive"))
    assert odd["reason"] is not None and odd["reason"].startswith("weights: is damaged")
    assert odd["kind"] == "refused"


def test_weights_survive_packing() -> None:
    rng = np.random.default_rng(0)
    before = Parameters(
        (rng.random((3, 2), dtype=np.float32), rng.random((2, 2))),
        (rng.random((2, 2)),),
        (rng.random(2), rng.random(2)),
    )
    after = unpack(pack(before))
    for family in ("weights", "feedback", "biases"):
        pairs = list(zip(getattr(before, family), getattr(after, family), strict=True))
        assert pairs
        for one, other in pairs:
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)


def test_what_is_known_of_an_analog_die() -> None:
    metrics = measured("train", run_of("analog"))[0]["metrics"]
    cosines = {name: value for name, value in metrics.items() if name.startswith("cosine of ")}
    assert {"cosine of all", "cosine of input → hidden", "cosine of hidden → output"} <= set(cosines)
    assert all(-1 <= value <= 1 for value in cosines.values())
    assert 0 <= metrics["dead_classes"] <= 1 and "alignment of hidden ↔ output" in metrics
    assert measured("train", run_of("analog", "analog.diagnosed=0"))[0]["metrics"] == {}


def test_another_source_or_a_changed_file_is_no_failed_point(tmp_path: Path) -> None:
    run = run_of("ideal")
    other = {**environment(), SOURCE: "0123456789abcdef"}
    with pytest.raises(ConfigError) as refused:
        measure(job("train", run, environment=other))
    assert f"{SOURCE} 0123456789abcdef there, " in str(refused.value)
    path = tmp_path / "die.csv"
    path.write_text("one")
    told = {str(path): contents(str(path))}
    assert measure(job("train", run, files=told))["reason"] is None
    path.write_text("two")
    with pytest.raises(DataError) as changed:
        measure(job("train", run, files=told))
    assert str(changed.value) == (
        f"{path}: has changed since the sweep began; restore it, or begin a new sweep"
    )
    path.unlink()
    with pytest.raises(DataError):
        measure(job("train", run, files=told))


def test_several_dies_at_once_are_the_same_as_one_by_one() -> None:
    run = run_of("analog", "analog.mismatch.sigma=0.3")
    _, weights = measured("train", run)
    given = job("deploy", run, weights, keep=False)
    together = measure_dies(given, [3, 1, 2])
    alone = []
    for die in (3, 1, 2):
        on_die = run_of("analog", "analog.mismatch.sigma=0.3", f"analog.die={die}")
        alone.append(measure(job("deploy", on_die, weights, keep=False))["measured"])
    assert [done["measured"] for done in together] == alone
    assert len({repr(one) for one in alone}) == 3
    assert all(done["parameters"] is None and done["seconds"] > 0 for done in together)


def test_a_die_that_fails_costs_no_other_one() -> None:
    """Weights this large leave the range of numbers with tanh and Euler, on one die sooner than on another."""
    overrides = ["analog.characteristic=tanh", "analog.settle.method=euler", "analog.settle.step=1.0"]
    overrides += ["analog.mismatch.time_constant=0.9", "phases.free=200", "analog.diagnosed=0"]
    run = run_of("analog", "analog.mismatch.sigma=0", *overrides)
    layers = read_weights(run)
    together = measure_dies(job("deploy", run, layers, keep=False), list(range(1, 13)))
    reasons = [done["reason"] for done in together]
    assert 0 < sum(reason is not None for reason in reasons) < 12
    assert all(reason is None or "left the range of numbers" in reason for reason in reasons)
    assert {done["kind"] for done in together} == {None, "diverged"}


def read_weights(run: RunSpec) -> bytes:
    """Initial weights, packed."""
    from neurochip.runs.building import build
    from neurochip.training.streams import glorot

    return pack(glorot(build(run).network, 1))
