"""A command line in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from click.testing import CliRunner, Result

from neurochip.errors import Interrupted
from neurochip.training.progress import Progress

from . import sweeps


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
            [sys.executable, "-m", "neurochip", *map(str, args)],
            capture_output=True,
            text=True,
            env=os.environ | environment,
            timeout=120,
            check=False,
        )

    return spawn


@pytest.fixture(scope="session")
def kept_engine() -> Iterator[type]:
    from .kept_workers import KeptEngine, dismiss

    yield KeptEngine
    dismiss()


@pytest.fixture
def kept_workers(kept_engine: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweeps and searches take workers that are there already, where a test is not about how these begin and end."""
    monkeypatch.setattr("neurochip.sweep.engine.LocalEngine", kept_engine)


def progress(**changes: Any) -> Progress:
    return Progress("training", 1, 5, 20, 2000, None, None, 800.0, 60.0)._replace(**changes)


class Fake:
    """Stands for `neurochip.runs.simulation.simulate`: tells its steps, then stops."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.steps: list[Progress] = []
        self.stop: BaseException = Interrupted(None)

    def __call__(self, run: str, *, on_progress: Callable[[Progress], None] | None, **options: Any) -> None:
        self.asked = {"run": run, **options}
        for step in self.steps if on_progress is not None else ():
            on_progress(step)
        raise self.stop


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Put a stand-in where the command looks for `simulate`."""
    fake = Fake()
    module = types.ModuleType("neurochip.runs.simulation")
    module.__dict__["simulate"] = fake
    monkeypatch.setitem(sys.modules, "neurochip.runs.simulation", module)
    return fake


# A network and data so small that a run takes a moment.
TINY = [
    word
    for override in (
        "network.layers=[784, 20, 10]",
        "phases.free=20",
        "phases.nudged=10",
        "data.train=40",
        "data.test=20",
        "evaluation.train=20",
        "learning.epochs=2",
        "record.presentations=1",
    )
    for word in ("--set", override)
]


@dataclass(frozen=True)
class Finished:
    """A run that is over: its folder, and what the command printed."""

    folder: Path
    result: Result

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        return report


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A tiny run, made once; copy the folder before changing it."""
    from neurochip._cli.main import neurochip

    folder = tmp_path_factory.mktemp("runs") / "tiny"
    result = CliRunner().invoke(neurochip, ["simulate", *TINY, "--out", str(folder)], prog_name="neurochip")
    assert result.exit_code == 0, result.output
    return Finished(folder, result)


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep, made once by the command line; copy the folder before changing it."""
    from neurochip._cli.main import neurochip

    folder = tmp_path_factory.mktemp("sweeps")
    (folder / "tiny.toml").write_text(sweeps.TINY, encoding="utf-8")
    words = [
        "sweep",
        str(folder / "tiny.toml"),
        *sweeps.ASKED,
        "--workers",
        "2",
        "--out",
        str(folder / "sweep"),
    ]
    result = CliRunner().invoke(neurochip, words, prog_name="neurochip")
    assert result.exit_code == 0, result.output
    (folder / "stdout").write_text(result.stdout, encoding="utf-8")
    (folder / "stderr").write_text(result.stderr, encoding="utf-8")
    return folder / "sweep"
