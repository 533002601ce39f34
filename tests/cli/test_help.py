"""The help answers at once and says what the commands themselves say."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from importlib.metadata import version

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
