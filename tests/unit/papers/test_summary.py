"""Finished reproductions as a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neurochip.papers.summary import main


def finished(folder: Path, **changes: Any) -> Path:
    claim = {"key": "a", "says": "It |s| learns.", "measure": "error", "measured": 0.25, "control": "no |s|",
             "control_measured": 2.0, "tolerance": "≤ 1", "in_part": None, "verdict": "holds", "note": ""}  # fmt: skip
    other = {**claim, "says": "Fast.", "measured": None, "in_part": "≤ 2", "verdict": "does not hold here"}
    document = {"format": "neurochip-reproduction/2", "experiment": "x", "quick": True, "seed": 2, "seeds": 3,
                "verdict": "holds in part", "claims": [claim, other]}  # fmt: skip
    folder.mkdir()
    (folder / "result.json").write_text(json.dumps(document | changes), encoding="utf-8")
    return folder


def test_each_claim_is_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(finished(tmp_path / "a"))]) == 0
    assert capsys.readouterr().out.splitlines()[2:] == [
        "| `neurochip reproduce x --quick --seed 2`: **holds in part**, repetitions: 3 | It \\|s\\| learns. | "
        "0.25: error | 2: no \\|s\\| | ≤ 1 | holds |",
        "|  | Fast. | none: error | 2: no \\|s\\| | ≤ 1 (in part ≤ 2) | does not hold here |",
    ]


def test_what_is_no_reproduction_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main([str(tmp_path)]) == 2
    assert main([str(finished(tmp_path / "b", format="other"))]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[1].endswith("result.json: no such file; name folders that `neurochip reproduce` made")
    assert lines[2].endswith("result.json: has format 'other', 'neurochip-reproduction/2' needed")
