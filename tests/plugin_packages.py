"""Installed packages that bring plug-ins, made on the spot: a module and the metadata of its distribution."""

from __future__ import annotations

from pathlib import Path

import pytest

ELEMENT = """
from dataclasses import dataclass
from typing import Any, ClassVar
from neurochip import HardwareCost, Kernel, kernel

@kernel
def step(value: Any, first: Any, second: Any, draw: Any, half: Any, one: Any) -> Any:
    phi = first + value
    fires = phi > half
    return fires, phi - one if fires else phi, second

@dataclass(frozen=True)
class {name}:
    half: float = 0.5
    one: float = 1.0
    kind: ClassVar[str] = "{kind}"
    hardware: ClassVar[HardwareCost] = HardwareCost(additions=2, comparisons=1, state_words_kept=1)
    step: ClassVar[Kernel] = step
"""


def package(
    site: Path, name: str, entries: dict[str, dict[str, str]], text: str = "", version: str = "1.0"
) -> Path:
    """Write a distribution ``name`` with a module of the same name into a folder; entries: group → name → object."""
    module = name.replace("-", "_")
    info = site / f"{module}-{version}.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = []
    for group, of in entries.items():
        lines.append(f"[neurochip.{group}]")
        lines += [f"{key} = {value}" for key, value in of.items()]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    (site / f"{module}.py").write_text(text, encoding="utf-8")
    return site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that Python looks into."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder
