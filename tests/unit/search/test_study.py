"""The study with something cheap to evaluate in the place of a run."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from neurochip.errors import CapabilityError, CheckpointError, ConfigError, NumericError
from neurochip.search.dimensions import Choice, Range, Value
from neurochip.search.objectives import read_objectives
from neurochip.search.study import Study

GP = pytest.param(
    "gp",
    marks=pytest.mark.skipif(
        find_spec("torch") is None or find_spec("scipy") is None,
        reason="the Gaussian process needs torch and scipy: pip install 'neurochip[gp]'",
    ),
)
DIMENSIONS = (Range("x", -1.0, 1.0), Range("n", 1, 9, whole=True), Choice("way", ("left", "right")))


def bowl(values: dict[str, Value]) -> dict[str, float]:
    x, n = float(values["x"]), float(values["n"])
    return {"error": (x - 0.3) ** 2 + (values["way"] == "left"), "bits": n}


def study(path: Path, sampler: str = "tpe", objective: str = "error", seed: int = 1, **rest: object) -> Study:
    return Study(path, DIMENSIONS, read_objectives(objective), sampler=sampler, seed=seed, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize("sampler", ["tpe", GP])
def test_finds_the_bottom(tmp_path: Path, sampler: str) -> None:
    search = study(tmp_path / "journal", sampler)
    # After ten draws at random the Gaussian process needs a few proposals.
    for _ in range(18 if sampler == "gp" else 60):
        search.run(bowl)
    best = min(search.trials, key=lambda trial: trial.objectives)
    assert best.values["way"] == "right"
    assert abs(float(best.values["x"]) - 0.3) < 0.1
    assert {type(trial.values["n"]) for trial in search.trials} == {int}


@pytest.mark.parametrize("sampler", ["tpe", "random", GP])
def test_a_resumed_search_is_the_same_search(tmp_path: Path, sampler: str) -> None:
    whole = study(tmp_path / "whole", sampler, "error,bits")
    for _ in range(16):
        whole.run(bowl)

    def killed(values: dict[str, Value]) -> dict[str, float]:
        raise KeyboardInterrupt

    for _ in range(4):
        part = study(tmp_path / "parts", sampler, "error,bits")
        for _ in range(4):
            part.run(bowl)
        if len(part.trials) < 16:
            with pytest.raises(KeyboardInterrupt):
                part.run(killed)
    part = study(tmp_path / "parts", sampler, "error,bits")
    assert [trial._replace(seconds=0) for trial in part.trials] == [
        trial._replace(seconds=0) for trial in whole.trials
    ]
    other = study(tmp_path / "other", sampler, "error,bits", seed=2)
    assert other.run(bowl).values != whole.trials[0].values


def test_the_first_trial_is_the_run_as_it_is(tmp_path: Path) -> None:
    first: dict[str, Value] = {"x": 0.5, "n": 3, "way": "left"}
    search = study(tmp_path / "journal", first=first)
    assert search.run(bowl).values == first
    assert search.run(bowl).values != first


def test_a_failed_trial_is_recorded_and_the_search_goes_on(tmp_path: Path) -> None:
    def fails(values: dict[str, Value]) -> dict[str, float]:
        raise NumericError("state", "is not finite at tick 3; lower the rates")

    search = study(tmp_path / "journal")
    failed = search.run(fails)
    assert (failed.failure, failed.objectives) == ("state: is not finite at tick 3; lower the rates", ())
    assert search.run(bowl).failure == ""
    assert [trial.number for trial in search.trials] == [0, 1]


def test_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        study(tmp_path / "journal", "grid")
    assert str(refused.value) == '--sampler: must be among tpe, gp, random, got "grid"'
    with pytest.raises(ConfigError) as refused:
        read_objectives("error,heat")
    assert (
        str(refused.value)
        == "--objective: must be among error, bits, spikes, aer, packets, sops, energy, hops, time, cycles, "
        'energy-delay, cores, memory, link, ticks, got "heat"'
    )
    with pytest.raises(ConfigError) as refused:
        Study(tmp_path / "journal", (), read_objectives("error"))
    assert (
        str(refused.value)
        == "--vary: is missing; name a key and its values, e.g. network.precision=int4,int8"
    )
    with pytest.raises(ConfigError) as refused:
        Study(tmp_path / "journal", (DIMENSIONS[0],) * 2, read_objectives("error"))
    assert str(refused.value) == "--vary x: is given twice; list all its values in one"
    with pytest.raises(CapabilityError) as unknown:
        study(tmp_path / "journal", objective="energy").run(bowl)
    assert str(unknown.value) == "--objective energy: is not known of such a run; choose another objective"


def test_a_gaussian_process_without_its_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurochip.search.study.find_spec", lambda name: None if name == "torch" else name)
    with pytest.raises(CapabilityError) as refused:
        study(tmp_path / "journal", "gp")
    assert str(refused.value) == (
        "--sampler gp: torch is not installed; python -m pip install 'neurochip[gp]' brings it, 'neurochip[all]' "
        "leaves it out for its size"
    )
    assert not (tmp_path / "journal").exists()


def test_a_damaged_log(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text('{"op_code": 99, "worker_id": "x"}\n{"half')
    with pytest.raises(CheckpointError, match="journal: line 1: is damaged or not the log of a search"):
        study(tmp_path / "journal")
    other = Study(tmp_path / "other", (Range("y", 0.0, 1.0),), read_objectives("error"))
    other.run(lambda values: {"error": float(values["y"])})
    with pytest.raises(CheckpointError, match="other: line 1: is damaged .*of another search"):
        study(tmp_path / "other")


@pytest.mark.parametrize("objective", ["error", "error,bits"])
def test_a_long_search_is_resumed_as_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objective: str
) -> None:
    """Of many trials the sampler sees some; they are the same however often the search was taken up."""
    for name, value in (("HISTORY", 20), ("_BLOCK", 10), ("_BEST", 5), ("_LATEST", 5)):
        monkeypatch.setattr(f"neurochip.search.study.{name}", value)
    whole = study(tmp_path / "whole", objective=objective)
    for _ in range(47):
        whole.run(bowl)
    for stop in (3, 19, 20, 29, 30, 36, 47):
        part = study(tmp_path / "parts", objective=objective)
        while len(part.trials) < stop:
            part.run(bowl)
    assert [trial.values for trial in part.trials] == [trial.values for trial in whole.trials]
    seen = whole._study(47).trials
    assert len(seen) == 5 + 5 + 7
    everything = study(tmp_path / "everything", objective=objective)
    monkeypatch.setattr("neurochip.search.study.HISTORY", 1000)
    for _ in range(47):
        everything.run(bowl)
    assert [t.values for t in everything.trials[:20]] == [t.values for t in whole.trials[:20]]
    assert [t.values for t in everything.trials] != [t.values for t in whole.trials]


def test_a_line_cut_short_by_a_kill(tmp_path: Path) -> None:
    search = study(tmp_path / "journal")
    for _ in range(3):
        search.run(bowl)
    before = search.trials
    with (tmp_path / "journal").open("ab") as journal:
        journal.write(b'{"checksum": "0123", "ent')
    search = study(tmp_path / "journal")
    assert search.trials == before
    search.run(bowl)
    assert study(tmp_path / "journal").trials == search.trials
    assert len(search.trials) == 4
