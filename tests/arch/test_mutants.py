"""The table of mutants fits the source: a mutant that cannot be made proves nothing."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def mutants(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("mutants")


def test_every_mutant_can_be_made(mutants: ModuleType) -> None:
    table = mutants.MUTANTS
    assert len(table) >= 40
    assert len({mutant.name for mutant in table}) == len(table)
    assert mutants.misplaced() == []
    for mutant in table:
        assert mutant.old != mutant.new, mutant.name
        paths = [ROOT / word for word in mutant.tests if word.startswith("tests/")]
        assert paths and all(path.exists() for path in paths), mutant.name


def test_a_mutant_whose_place_is_gone_is_named(mutants: ModuleType, tmp_path: Path) -> None:
    first = mutants.MUTANTS[0]
    (tmp_path / first.file).parent.mkdir(parents=True)
    (tmp_path / first.file).write_text(2 * first.old)
    said = mutants.misplaced(tmp_path)
    assert len(said) >= len(mutants.MUTANTS) - 1
    assert f"{first.name}: its old text stands 2 times in {first.file}, and must once" in said
