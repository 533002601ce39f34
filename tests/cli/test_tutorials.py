"""Every command of the tutorials is carried out, in the order of the page, and prints what the page says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
TUTORIALS = sorted(path.name for path in DOCS.glob("tutorial-*.md"))


def blocks(name: str, kind: str) -> list[str]:
    found = re.findall(rf"```{kind}\n(.*?)```", (DOCS / name).read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"{name} has no {kind} block"
    return found


def carried_out(name: str, folder: Path) -> str:
    """Run the page's commands as a reader would; return all that they print, runs of blanks as one."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "110",
        "NEUROCHIP_DATA": str(folder / "data"),
    }
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(blocks(name, "sh"))],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return " ".join(done.stdout.split())


def test_there_is_one_for_each_user() -> None:
    assert TUTORIALS == [
        "tutorial-analog-designer.md", "tutorial-chip-architect.md", "tutorial-learning-rule.md",
    ]  # fmt: skip
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    for name in TUTORIALS:
        assert f"(docs/{name})" in readme
        assert len((DOCS / name).read_text(encoding="utf-8").splitlines()) <= 80, "a page each"


@pytest.mark.parametrize("name", ["tutorial-chip-architect.md", "tutorial-learning-rule.md"])
def test_digital(name: str, tmp_path: Path) -> None:
    printed = carried_out(name, tmp_path)
    for block in blocks(name, "text"):
        for line in block.splitlines():
            assert " ".join(line.split()) in printed, line
    check = {"tutorial-chip-architect.md": architect, "tutorial-learning-rule.md": rule}[name]
    check(tmp_path, (DOCS / name).read_text(encoding="utf-8"))


def architect(folder: Path, page: str) -> None:
    """The table of the page is that of the reports."""
    reports = {
        name: json.loads((folder / name / "report.json").read_text())
        for name in ("float32", "int8", "narrow")
    }
    rows = re.findall(
        r"^\| `(float32|int8)`( on `narrow`)? \| (\d+) \| .* \| (\S+) nJ·s \|$", page, re.MULTILINE
    )
    assert len(rows) == 3
    for precision, narrow, cores, product in rows:
        report = reports["narrow" if narrow else precision]
        assert len(report["chip"]["layout"]) == int(cores)
        assert report["energy_j"]["delay_js"]["training"] * 1e9 == pytest.approx(float(product), rel=0.005)
    cycles = {name: report["timing"]["training_sample"]["cycles"] for name, report in reports.items()}
    assert cycles["int8"] / cycles["narrow"] == pytest.approx(3.9, abs=0.05)


def rule(folder: Path, page: str) -> None:
    """Words that were read out, and what the traces took."""
    oracle, trace = (json.loads((folder / name / "report.json").read_text()) for name in ("oracle", "trace"))
    assert f"{oracle['counters']['update']['readout_words']:,}".replace(",", " ") in page
    assert trace["counters"]["update"]["readout_words"] == 0
    assert f"{trace['energy_j']['by_category']['trace'] * 1e3:.1f} mJ" in page
    chip = oracle["energy_j"]["baseline"]["rows"][0]
    assert f"{chip['per_sample'] * 1e6:.1f} µJ" in page


def test_analog(tmp_path: Path) -> None:
    """Settled in floating point by a library that differs between machines: the decision, not the digits."""
    printed = carried_out("tutorial-analog-designer.md", tmp_path)
    assert "3 dies cannot show 95 %" in " ".join(printed.split())
    sweep = json.loads((tmp_path / "sigma" / "sweep.json").read_text())
    errors: dict[tuple[str, float], list[float]] = {}
    for point in sweep["points"]:
        errors.setdefault((point["mode"], float(point["values"][0])), []).append(point["error"])
    mean = {key: sum(values) / len(values) for key, values in errors.items()}
    assert mean["deploy", 0.4] - mean["in-loop", 0.4] > 0.1
    assert mean["in-loop", 0.1] < mean["deploy", 0.1]
