"""Other tools, played by programs that behave and programs that do not."""

from __future__ import annotations

import ast
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.bench import run_bench
from neurochip.bench.document import RowTable
from neurochip.bench.rivals.program import Program, pythons
from neurochip.bench.rivals.table import RIVALS, Rival
from neurochip.errors import CapabilityError, ConfigError

FOLDER = Path(__file__).parents[3] / "neurochip" / "bench" / "rivals"

GOOD = """
    def prepare(given):
        print("chatter on standard output")
        made = []
        def work():
            sum(range(100_000))
            made.append(int(given["raster"].sum()))
            return {"spikes": made}
        return "Fake 1.0", made.clear, work
"""
WRONG = {
    "raises": (
        "def prepare(given):\n    raise ImportError('no such module: fake')",
        "failed: .*no such module: fake",
    ),
    "dies": ("import os\ndef prepare(given):\n    os._exit(3)", "failed: exit code 3"),
    "no time": (
        "def prepare(given):\n    return 'F', lambda: None, lambda: {'cpu_s': -1.0}",
        "answers with no time",
    ),
    "dies at work": (
        "import os\ndef prepare(given):\n    return 'F', lambda: None, lambda: os._exit(4)",
        "failed: exit code 4",
    ),
}


@pytest.fixture
def fake(tmp_path: Path) -> Any:
    def make(code: str) -> Rival:
        (tmp_path / "fake.py").write_text(textwrap.dedent(code), encoding="utf-8")
        return Rival("Fake", "no_such_module_as_this", str(tmp_path / "fake.py"), "")

    return make


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_a_tool_at_work(fake: Any) -> None:
    with Program(fake(GOOD), sys.executable, {"raster": np.ones((3, 2))}) as program:
        assert program.version == "Fake 1.0"
        first, second = program.work(), program.work()
    assert first.result == second.result == {"spikes": [6]}  # it was put back to its beginning
    assert 0 < first.cpu and 0 < first.wall and first.peak_bytes > 1 << 20


@pytest.mark.parametrize("name", WRONG)
def test_a_tool_that_fails_is_a_sentence(fake: Any, name: str) -> None:
    code, words = WRONG[name]
    with pytest.raises(CapabilityError, match=f"Fake: {words}"):
        with Program(fake(code), sys.executable, {"raster": np.ones((3, 2))}) as program:
            program.work()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("echo rubbish", "answers rubbish: 'rubbish'"),
        ("echo '[1]'", "answers rubbish"),
        ("exit 7", "failed: exit code 7"),
        ("exit 0", "failed: it ended without an answer; --with wants a Python interpreter"),
    ],
)
def test_a_program_that_is_no_python(fake: Any, tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(CapabilityError, match=words):
        with Program(fake(GOOD), script(tmp_path / "python", text), {}):
            pass


def test_a_tool_that_hangs_is_given_up(fake: Any) -> None:
    with pytest.raises(CapabilityError, match="did not answer in 0 s"):
        with Program(
            fake("import time\ndef prepare(given):\n    time.sleep(5)"), sys.executable, {}, patience=0.3
        ):
            pass


def measured(name: str, **tools: str) -> RowTable:
    (row,) = run_bench(
        [name], form="tiny", tools={tool.replace("_", "-"): path for tool, path in tools.items()}
    )["rows"]
    return row


def test_a_row_against_a_tool(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RIVALS, "lava", fake(GOOD))
    row = measured("vs-lava", lava=sys.executable)
    assert row["missing"] is None and row["value"] is not None and row["ratio"] is not None
    assert min(row["value"]["rounds"] + row["ratio"]["rounds"]) > 0
    assert (
        row["note"].startswith("Fake 1.0: ") and "ours" in row["note"]
    )  # its spikes are not ours, and that is said


def test_a_tool_that_fails_costs_its_own_row(
    fake: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(RIVALS, "lava", fake(WRONG["raises"][0]))
    bad = script(tmp_path / "python", "echo rubbish")
    tools = {"lava": sys.executable, "torch": bad}
    rows = run_bench(["vs-lava", "vs-torch", "noc-0.05"], form="tiny", tools=tools)["rows"]
    missing = {row["name"]: row["missing"] for row in rows}
    assert "no such module: fake" in str(missing["vs-lava"]) and "rubbish" in str(missing["vs-torch"])
    assert missing["noc-0.05"] is None


def test_a_tool_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RIVALS, "brian2", RIVALS["brian2"]._replace(module="no_such_module_as_this"))
    assert measured("vs-brian2")["missing"] == (
        "Brian2 is not installed here; --with brian2=PYTHON names its environment"
    )


def test_pythons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RIVALS, "torch", RIVALS["torch"]._replace(module="json"))
    assert pythons({})["torch"] == sys.executable
    assert pythons({"lava": sys.executable})["lava"] == sys.executable
    with pytest.raises(ConfigError, match="got 'tirch'; did you mean 'torch'"):
        pythons({"tirch": sys.executable})
    with pytest.raises(
        ConfigError, match="--with torch: must be the Python of an environment, and /nowhere is no program"
    ):
        pythons({"torch": "/nowhere"})


def test_what_runs_elsewhere_knows_nothing_of_us() -> None:
    """Nor does it use what Python 3.8 has not."""
    drivers = [FOLDER / rival.driver for rival in RIVALS.values()]
    assert len(drivers) >= 5 and all(driver.is_file() for driver in drivers)
    for path in (FOLDER / "serve.py", *drivers):
        tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
        names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        names += [
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        ]
        assert names and not [name for name in names if name.split(".")[0] in ("neurochip", "firmware_sim")]


@pytest.mark.parametrize("name", RIVALS)
def test_a_real_tool(name: str) -> None:
    """Where a tool is installed beside us, it does our work and comes to our result."""
    rival = RIVALS[name]
    pytest.importorskip(rival.module)
    rows = [row for row in run_bench(["others"], form="tiny")["rows"] if rival.title in row["against"]]
    assert rows and all(row["missing"] is None for row in rows)
