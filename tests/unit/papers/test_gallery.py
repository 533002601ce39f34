"""Finished reproductions as pages of the site; and the pages that the site has, which tell of the claims of now."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from neurochip.papers.gallery import main
from neurochip.papers.table import EXPERIMENTS, find

DOCS = Path(__file__).parents[3] / "docs" / "experiments"


def finished(folder: Path, **changes: Any) -> Path:
    claim = {"key": "a", "says": "It |s| learns.", "measure": "error", "measured": 0.25, "control": "no |s|",
             "control_measured": 2.0, "tolerance": "≤ 1", "in_part": None, "verdict": "holds", "note": ""}  # fmt: skip
    other = {**claim, "says": "Fast.", "measured": None, "in_part": "≤ 2", "verdict": "does not hold here"}
    document = {"format": "neurochip-reproduction/2", "experiment": "x", "quick": True, "seed": 2, "seeds": 3,
                "paper": "X et al.", "figure": "Fig. 1", "about": "what |x| does", "settings": {"bits": "a b"},
                "notes": ["One."], "verdict": "holds in part", "claims": [claim, other]}  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(document | changes), encoding="utf-8")
    (folder / "figure.svg").write_text("<svg/>", encoding="utf-8")
    return folder


def test_each_reproduction_is_a_page(tmp_path: Path) -> None:
    """A folder of folders stands for them."""
    finished(tmp_path / "all" / "b", experiment="b", quick=False, seed=1)
    other = finished(tmp_path / "x")
    assert main([str(tmp_path / "site"), str(other), str(tmp_path / "all")]) == 0
    assert {path.name for path in (tmp_path / "site").iterdir()} == {
        "b.md",
        "b.svg",
        "x.md",
        "x.svg",
        "index.md",
    }
    page = (tmp_path / "site" / "x.md").read_text(encoding="utf-8")
    assert "**Holds in part.** `neurochip reproduce x --quick --seed 2`, 3 repetitions." in page
    assert "(x.svg)" in page and (tmp_path / "site" / "x.svg").read_text(encoding="utf-8") == "<svg/>"
    assert "| It \\|s\\| learns. | **0.25**: error | **2**: no \\|s\\| | ≤ 1 | holds |" in page
    assert "| Fast. | **none**: error | **2**: no \\|s\\| | ≤ 1 (in part ≤ 2) | does not hold here |" in page
    index = (tmp_path / "site" / "index.md").read_text(encoding="utf-8")
    assert index.index("(b.md)") < index.index("(x.md)")


def test_what_is_no_reproduction_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "site")
    assert main([out]) == 2
    assert main([out, str(tmp_path)]) == 2
    assert main([out, str(finished(tmp_path / "b", format="other"))]) == 2
    assert main([out, str(finished(tmp_path / "c", claims=[{}]))]) == 2
    assert main([out, str(finished(tmp_path / "e", experiment="../../elsewhere"))]) == 2
    undrawn = finished(tmp_path / "d")
    (undrawn / "figure.svg").unlink()
    assert main([out, str(undrawn)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 6 and not list(tmp_path.parent.rglob("elsewhere*")) and not Path(out).exists()
    assert lines[1].endswith("result.json: no such file; name folders that `neurochip reproduce` made")
    assert lines[2].endswith("result.json: has format 'other', 'neurochip-reproduction/2' needed")


def test_the_site_has_every_experiment_and_its_claims_of_now() -> None:
    known = {name: find(name) for name in EXPERIMENTS}
    assert {path.stem for path in DOCS.glob("*.md")} == {*known, "index"}
    for name, experiment in known.items():
        page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
        told = re.findall(r"^\| (.*?) \| \*\*", page, re.MULTILINE)
        assert told == [claim.says.replace("|", "\\|") for claim in experiment.claims], name
        for claim in experiment.claims:
            assert f"| {claim.bounds(quick=True)[0]}" in page, (name, claim.key)
