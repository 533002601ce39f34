"""A command line in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from click.testing import CliRunner, Result


class Run(Protocol):
    def __call__(self, *args: str | Path) -> Result: ...


class Spawn(Protocol):
    def __call__(self, *args: str | Path, **environment: str) -> subprocess.CompletedProcess[str]: ...


@dataclass(frozen=True)
class Workplace:
    """Where a command runs: nothing but what the test puts there."""

    folder: Path

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())

    def write(self, name: str, text: str) -> Path:
        (self.folder / name).write_text(text, encoding="utf-8")
        return Path(name)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NEUROCHIP_DATA", str(tmp_path / "data"))
    return Workplace(folder)


@pytest.fixture
def run(place: Workplace) -> Run:
    """The command line in this process."""
    from neurochip._cli.main import neurochip

    def run(*args: str | Path) -> Result:
        return CliRunner().invoke(neurochip, [str(arg) for arg in args], prog_name="neurochip")

    return run


@pytest.fixture
def spawn(place: Workplace) -> Spawn:
    """The command line in a process of its own, as a shell starts it."""

    def spawn(*args: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "neurochip._cli", *map(str, args)],
            capture_output=True,
            text=True,
            env=os.environ | environment,
            timeout=120,
            check=False,
        )

    return spawn
