"""`neurochip chips new`: a specification of one's own to begin with."""

from __future__ import annotations

from pathlib import Path

from .conftest import Run, Workplace


def test_it_can_be_shown_and_is_never_overwritten(run: Run, place: Workplace) -> None:
    result = run("chips", "new", "mine.toml", "--like", "loihi")
    assert (result.exit_code, result.stdout) == (0, "mine.toml\nneurochip chips show mine.toml\n")
    shown = run("chips", "show", "mine.toml")
    assert shown.exit_code == 0 and shown.stdout.startswith("mine: placeholder")
    text = Path("mine.toml").read_text(encoding="utf-8")
    again = run("chips", "new", "mine.toml")
    assert (again.exit_code, again.stdout) == (5, "") and "mine.toml: exists already" in again.stderr
    assert Path("mine.toml").read_text(encoding="utf-8") == text
    wrong = run("chips", "new", "mine.txt")
    assert wrong.exit_code == 2 and "must end in .toml, got mine.txt" in wrong.stderr
    assert place.files() == ["mine.toml"]
