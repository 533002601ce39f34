"""Every command line of README and docs is one: its command, options and names exist, its values can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from neurochip._cli.main import neurochip

from .documents import PAGES, Line, lines, mentions

# A letter that stands for a number, in a text.
STANDS_FOR = {"S": "1", "N": "1", "R": "0.1", "K": "0"}


def commands() -> Iterator[tuple[str, Line, bool]]:
    for page in PAGES:
        for line in lines(page):
            if line.words[0] == "neurochip":
                yield page, line, True
        for line in mentions(page):
            yield page, line, False


COMMANDS = list(commands())


def filled(word: str) -> str:
    """Put numbers for letters; take the brackets off what may be left out."""
    word = word.strip("[]")
    return re.sub(r"^(.*=)?([A-Z])$", lambda m: (m[1] or "") + STANDS_FOR.get(m[2], m[2]), word)


def parsed(words: list[str]) -> click.Context:
    """Let click read a command line as the program does, and run nothing."""
    parent = click.Context(neurochip, info_name="neurochip", **neurochip.context_settings)
    context = parent
    command: click.Command = neurochip
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        _, found, words = command.resolve_command(context, words)
        assert found is not None
        if isinstance(found, click.Group):
            context = click.Context(found, parent=context, info_name=found.name)
        else:
            return found.make_context(found.name, words, parent=context)
        command = found
    return command.make_context(command.name, words, parent=context)


def options_of(words: list[str]) -> None:
    """Look up the options of a mention that names fewer words than the command takes."""
    command: click.Command = neurochip
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            _, found, _ = command.resolve_command(click.Context(command, **command.context_settings), [word])
            assert found is not None
            command = found
        elif word.startswith("--"):
            known = {name for option in command.params for name in option.opts} | {"--help"}
            assert word.split("=")[0] in known, f"{command.name} has no {word}"


def test_there_are_many() -> None:
    assert len(COMMANDS) > 80
    assert {page for page, _, whole in COMMANDS if whole} >= {"README.md", "docs/sweep.md", "docs/nir.md"}


@pytest.mark.parametrize(("page", "line", "whole"), COMMANDS, ids=lambda value: str(value)[:60])
def test_it_is_a_command(page: str, line: Line, whole: bool) -> None:
    words = [filled(word) for word in line.words[1:]]
    try:
        context = parsed(list(words))
    except (click.MissingParameter, click.BadOptionUsage):
        assert not whole, line  # in a block stands what can be typed
        options_of(words)
        return
    except click.exceptions.Exit:  # --help, --version
        return
    for override in context.params.get("overrides", ()):
        key = override.partition("=")[0]
        assert "=" in override or key == "…", override


def test_a_command_that_is_none_is_found() -> None:
    for wrong in (
        "simulat",
        "simulate --tred 2",
        "simulate --threads x",
        "firmware rum demo",
        "tune --trials 0",
    ):
        with pytest.raises(click.UsageError):
            parsed(wrong.split())
    with pytest.raises(AssertionError):
        options_of(["simulate", "--tred"])
