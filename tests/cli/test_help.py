"""The help answers at once and says what the commands themselves say."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version

import click
import pytest
from neurochip._cli.main import COMMANDS

from .conftest import Run, Spawn

HEAVY = ("numba", "numpy", "matplotlib", "h5py", "rich", "neurochip.description")

# Runs the command line and prints which of the heavy modules it has imported.
LIST_IMPORTS = f"""
import sys
from neurochip._cli.main import neurochip
try:
    neurochip(sys.argv[1:], prog_name="neurochip")
except SystemExit:
    pass
print(*(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)
"""


def test_help_lists_the_commands(run: Run) -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name, about in COMMANDS.items():
        assert f"{name:<{max(map(len, COMMANDS))}}  {about}" in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says(name: str) -> None:
    command = importlib.import_module(f"neurochip._cli.commands.{name}").command
    assert (command.name, command.short_help) == (name, COMMANDS[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(run: Run, name: str) -> None:
    result = run(name, "-h")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: neurochip {name}")


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["simulate", "--help"], ["report", "--help"]])
def test_help_imports_nothing_heavy(args: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIST_IMPORTS, *args], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == ""


def test_listing_runs_does_not_import_numba() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIST_IMPORTS, "runs"], capture_output=True, text=True, check=True
    )
    assert not {"numba", "matplotlib", "h5py"} & set(done.stderr.split())


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"neurochip {version('neurochip')}\n"


def test_the_module_is_the_command(spawn: Spawn) -> None:
    script = shutil.which("neurochip", path=os.path.dirname(sys.executable))
    assert script is not None, "the package is not installed in this environment"
    by_name = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
    assert by_name.stdout == spawn("--help").stdout
    assert by_name.stdout.startswith("Usage: neurochip [OPTIONS] COMMAND [ARGS]...\n")


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("simulat", "Error: No such command 'simulat'; did you mean 'simulate'?"),
        ("qqq", "Error: No such command 'qqq'."),
    ],
)
def test_an_unknown_command(run: Run, typed: str, error: str) -> None:
    result = run(typed)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == error


def test_an_unknown_option(run: Run) -> None:
    result = run("simulate", "--tred", "2")
    assert result.exit_code == 2
    assert "--tred" in result.stderr.splitlines()[-1]


def every_option() -> list[tuple[str, click.Option]]:
    """Return each option with the name of its command."""
    found: list[tuple[str, click.Option]] = []

    def walk(name: str, command: click.Command) -> None:
        found.extend((name, option) for option in command.params if isinstance(option, click.Option))
        for part, below in getattr(command, "commands", {}).items():
            walk(f"{name} {part}", below)

    for name in COMMANDS:
        walk(name, importlib.import_module(f"neurochip._cli.commands.{name}").command)
    return found


OPTIONS = every_option()
# Options that are the same wherever they are: what they say may differ in an example or a default only.
ALIKE = ("--quiet", "--set", "--threads", "--allow-code", "--json")


def test_every_option_says_what_it_is() -> None:
    assert len(OPTIONS) > 70
    for command, option in OPTIONS:
        where = f"{command} {option.opts[-1]}"
        assert option.help, where
        assert (
            option.help[0].isupper()
            or option.help[0].isdigit()
            or option.help.startswith(option_words(option))
        ), where
        assert option.help.endswith((".", "]", ")")), where
        takes_words = not option.is_flag and not isinstance(option.type, click.Choice)
        assert not takes_words or option.metavar, f"{where} has no word for its value"


def option_words(option: click.Option) -> tuple[str, ...]:
    """Names of its values, with which a help may begin."""
    if isinstance(option.type, click.Choice):
        return tuple(map(str, option.type.choices))
    return (str(option.default),)


@pytest.mark.parametrize("name", ALIKE)
def test_one_option_one_word(name: str) -> None:
    same = [(command, option) for command, option in OPTIONS if name in option.opts]
    assert len(same) > 1
    assert len({option.metavar for _, option in same}) == 1
    assert len({option.is_flag for _, option in same}) == 1
    said = {
        re.sub(r"e\.g\. .*; may|^Print .* and nothing|, as JSON.*", "…", option.help or "")
        for _, option in same
    }
    assert len(said) == 1, said


def test_values_of_one_kind_have_one_word() -> None:
    """A folder is DIR, a whole number N, a file FILE; what can be a name of the catalogue or a file says so."""
    for command, option in OPTIONS:
        where = f"{command} {option.opts[-1]}"
        kind = option.type
        if isinstance(kind, click.Path) and not option.multiple:
            words = {"DIR"} if not kind.file_okay else {"FILE"} if not kind.dir_okay else {"DIR", "FILE"}
            assert option.metavar in words, where
        elif kind in (click.INT,) or isinstance(kind, click.IntRange):
            assert option.metavar == "N", where
