"""The first page tells the truth, and the catalogue is whole."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from neurochip.description import chips, runs

from .conftest import Workplace

DOCS = Path(__file__).parents[2] / "docs"
CATALOGUE = (DOCS / "catalogue.md").read_text(encoding="utf-8")
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_it_is_a_page() -> None:
    assert len(README.splitlines()) < 80


@pytest.mark.parametrize(("heading", "entries"), [("run", runs()), ("chip", chips())])
def test_the_catalogue_is_complete(heading: str, entries: list[tuple[str, str]]) -> None:
    table = re.search(rf"^\| {heading} \| .*\n\|---\|---\|\n((?:\|.*\n)+)", CATALOGUE, re.MULTILINE)
    assert table is not None
    named = re.findall(r"^\| `([^`]+)`", table.group(1), re.MULTILINE)
    assert sorted(named) == sorted(name for name, _ in entries)


def test_the_example_runs(place: Workplace) -> None:
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    share, result = done.stdout.splitlines()
    assert 0 < float(share) < 1
    folder, error, *answers = result.split()
    assert Path(folder, "report.html").is_file()
    assert 0 < float(error) < 1
    assert re.fullmatch(r"\[\d \d \d\]", " ".join(answers))
