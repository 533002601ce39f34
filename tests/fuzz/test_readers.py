"""Every reader of foreign files, fuzzed: what is damaged is read or refused in one sentence, at once; nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS, Target, judged

# Ten thousand in all: most for those that are read quickest.
INPUTS = {
    "IDX": 2600,
    "program": 1500,
    "devices": 1500,
    "array": 1500,
    "spikes": 600,
    "log": 600,
    "packed spikes": 300,
    "run": 300,
    "table": 300,
    "samples": 300,
    "events": 300,
    "N-MNIST": 400,
    "AEDAT": 400,
    "rasters": 250,
    "network": 200,
    "part": 200,
    "chip": 150,
    "request": 100,
}
OTHERS = 75


def test_they_are_ten_thousand() -> None:
    assert sum(INPUTS.get(name, OTHERS) for name in TARGETS) >= 10_000 and INPUTS.keys() <= TARGETS.keys()


def test_every_reader_has_its_share_of_a_long_run() -> None:
    from benchmarks.fuzz_readers import SHARES

    assert SHARES.keys() == TARGETS.keys()


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_files(tmp_path: Path, name: str) -> None:
    target = TARGETS[name]
    rng = random.Random(20261128)
    seeds = target.seeds()
    path = tmp_path / target.name
    taken = 0
    for number in range(INPUTS.get(name, OTHERS)):
        content = rng.choice(seeds)
        if number >= len(seeds):
            content = target.damage(content, rng)
        taken += judged(target, content, path)
    assert 0 < taken < INPUTS.get(name, OTHERS)  # good files are read, and damage is noticed


def test_the_judge_notices(tmp_path: Path) -> None:
    def failing(path: Path) -> None:
        raise KeyError(str(path))

    broken = Target("", lambda: [b""], lambda content, rng: content, failing)
    with pytest.raises(KeyError):
        judged(broken, b"", tmp_path / "x")
    other = Target("", broken.seeds, broken.damage, TARGETS["IDX"].read)
    assert not judged(other, b"", tmp_path / "x")
