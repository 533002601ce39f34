"""What mutants are made of: files and tests that there are, and places where a change changes something."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def mutants(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("mutants")


def test_files_and_their_tests_are_there(mutants: ModuleType) -> None:
    assert len(mutants.TESTS) >= 40
    for file, tests in mutants.TESTS.items():
        assert (ROOT / file).is_file(), file
        paths = [ROOT / word for word in tests if word.startswith("tests/")]
        assert paths and all(path.exists() for path in paths), file


def test_what_cannot_change_anything_is_left_alone(mutants: ModuleType) -> None:
    source = """__all__ = ["f"]
@mark(1)
def f(x: A | None) -> B | None:
    for a, b in zip(x, x, strict=True):
        if a > 2:
            raise ValueError(1 + 2)
    return a + 3
"""
    idle = list(mutants.idle_spans(ast.parse(source)))
    lines = source.splitlines()

    def is_idle(line: int, text: str) -> bool:
        place = line, lines[line - 1].index(text)
        return any(first <= place < last for first, last in idle)

    assert all(
        is_idle(*at) for at in ((1, "f"), (2, "1"), (3, "| None)"), (3, "B"), (4, "True"), (6, "1 + 2"))
    )
    assert not any(is_idle(*at) for at in ((5, "2"), (7, "3"), (4, "x")))


def test_mutants_are_drawn_and_made(mutants: ModuleType) -> None:
    pytest.importorskip("cosmic_ray")
    file = "neurochip/elements/encoders/sigma_delta.py"
    text = (ROOT / file).read_text(encoding="utf-8")
    some = mutants.drawn(file, 5, 1)
    assert some == mutants.drawn(file, 5, 1) != mutants.drawn(file, 5, 2)
    assert len({mutant.place for mutant in some}) == len(some) == 5
    for mutant in some:
        altered = mutants.changed(text, mutant)
        assert altered != text
        compile(altered, file, "exec")
