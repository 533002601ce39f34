"""`neurochip doctor`: what is installed, and what that enables."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from neurochip import installation

from .conftest import Run

ROOT = Path(__file__).resolve().parents[2]


def test_says_what_is_there(run: Run) -> None:
    result = run("doctor")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    for name in ("neurochip", "Python", "numpy", "numba", "threads", "compiled kernels", "mnist-small"):
        assert any(name in line for line in lines), name
    (mnist,) = [line for line in lines if line.split()[:3] == ["-", "mnist", "not"]]
    assert mnist.split(maxsplit=4)[4] == "neurochip data fetch mnist"


def test_json(run: Run) -> None:
    found = {(f["group"], f["name"]): f for f in json.loads(run("doctor", "--json").stdout)}
    assert found["data", "mnist-small"]["found"] == "2000 + 1000 samples"
    assert found["data", "mnist"]["state"] == "absent"


def test_what_is_missing_is_said_with_its_cure(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(package: str) -> str | None:
        return None if package in ("optuna", "h5py") else "1.0"

    def requires(name: str) -> list[str]:
        return ["h5py>=3.12", "optuna>=4.2; extra == 'tune'", 'pytest; extra == "dev"']

    monkeypatch.setattr(installation, "_version", version)
    monkeypatch.setattr(installation, "requires", requires)
    result = run("doctor", "--json")
    assert result.exit_code == 1
    found = {(f["group"], f["name"]): f for f in json.loads(result.stdout)}
    assert found["extras", "tune"] == {
        "group": "extras",
        "name": "tune",
        "state": "absent",
        "found": "missing optuna",
        "means": "neurochip tune: python -m pip install 'neurochip[tune]'",
    }
    assert ("extras", "dev") not in found
    assert (found["packages", "h5py"]["state"], found["packages", "h5py"]["means"]) == (
        "bad",
        "needed; pip install h5py",
    )


def test_every_extra_says_what_it_enables() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(installation.ENABLED_BY) == set(project["optional-dependencies"]) - {"dev"}
