"""What the shell is told when the user presses Tab."""

from __future__ import annotations

import pytest

from neurochip.description import chips, runs

from .conftest import Spawn, Workplace


def completions(spawn: Spawn, words: str, incomplete: str = "") -> list[tuple[str, str]]:
    """Kind and value of each completion of the word after ``words``, as bash gets them."""
    done = spawn(
        _NEUROCHIP_COMPLETE="bash_complete",
        COMP_WORDS=f"neurochip {words} {incomplete}",
        COMP_CWORD=str(len(words.split()) + 1),
    )
    assert done.stderr == ""
    return [(kind, value) for kind, _, value in (line.partition(",") for line in done.stdout.splitlines())]


def test_the_script_for_each_shell(spawn: Spawn) -> None:
    for shell in ("bash", "zsh", "fish"):
        done = spawn(_NEUROCHIP_COMPLETE=f"{shell}_source")
        assert "_NEUROCHIP_COMPLETE" in done.stdout
        assert "neurochip" in done.stdout


def test_commands(spawn: Spawn) -> None:
    assert completions(spawn, "", "r") == [("plain", name) for name in ("reproduce", "report", "runs")]


@pytest.mark.parametrize(
    ("words", "incomplete"),
    [("simulate", "mnist-"), ("simulate --seed 3", "mnist-"), ("runs show", "mnist-")],
)
def test_names_of_runs(spawn: Spawn, words: str, incomplete: str) -> None:
    found = completions(spawn, words, incomplete)
    names = [("plain", name) for name, _ in runs() if name.startswith(incomplete)]
    assert len(names) > 3
    # A run may also be a file, which the shell finds itself.
    assert found == ([("file", incomplete)] if words.startswith("simulate") else []) + names


@pytest.mark.parametrize("words", ["chips show", "report somewhere --energies"])
def test_names_of_chips(spawn: Spawn, words: str) -> None:
    assert completions(spawn, words) == [("file", ""), *(("plain", name) for name, _ in chips())]


def test_names_of_data_sets(spawn: Spawn) -> None:
    assert completions(spawn, "data fetch") == [("plain", "mnist")]


def test_folders(spawn: Spawn, place: Workplace) -> None:
    assert completions(spawn, "report") == [("dir", "")]
    assert completions(spawn, "simulate --resume") == [("dir", "")]
