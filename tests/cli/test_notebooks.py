"""The notebooks of docs/ run from first to last cell, show models and figures, and say what they say they find."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.notebooks import Shown, run_notebook

pytest.importorskip("matplotlib")
FOLDER = Path(__file__).parents[2] / "docs" / "notebooks"
NAMES = ("analog-designer", "chip-architect", "learning-rule")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import matplotlib
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    yield
    plt.close("all")


def share(shown: list[Shown], words: str) -> float:
    """Return the percentage that was printed after some words."""
    text = "".join(one.printed for one in shown)
    found = re.search(rf"{re.escape(words)}: ([0-9.]+)%", text)
    assert found is not None, text
    return float(found[1])


def drawn(shown: list[Shown]) -> int:
    return sum(hasattr(one.value, "get_figure") for one in shown)


def test_all_are_here_without_outputs() -> None:
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(NAMES)
    for path in FOLDER.glob("*.ipynb"):
        table = json.loads(path.read_text(encoding="utf-8"))
        assert table["nbformat"] == 4 and len({cell["id"] for cell in table["cells"]}) == len(table["cells"])
        assert not any(cell.get("outputs") for cell in table["cells"])


def test_learning_rule() -> None:
    shown = run_notebook(FOLDER / "learning-rule.ipynb")
    assert drawn(shown) == 2
    models = [one for one in shown if one.text.startswith("<Model rings")]
    assert len(models) == 2 and all("<" in one.html for one in models)
    assert share(shown, "learns") < 5 < 15 < share(shown, "frozen")  # the control must fail
    assert share(shown, "trace of bits") < share(shown, "frozen")


def test_chip_architect() -> None:
    shown = run_notebook(FOLDER / "chip-architect.ipynb")
    assert drawn(shown) == 2
    assert share(shown, "float32") < 20 and share(shown, "int8") < 20
    spikes = next(one.printed for one in shown if re.fullmatch(r"[0-9.]+ [0-9.]+\n", one.printed)).split()
    assert spikes[0] == spikes[1]


def test_analog_designer() -> None:
    shown = run_notebook(FOLDER / "analog-designer.ipynb")
    assert drawn(shown) == 2
    assert share(shown, "deploy at σ = 0.0") == share(shown, "in-loop at σ = 0.0")
    assert share(shown, "in-loop at σ = 0.3") < share(shown, "deploy at σ = 0.3")


def test_a_cell_that_fails_fails(tmp_path: Path) -> None:
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "source": ["x = 1"]}, {"cell_type": "code", "source": ["1 / (x - 1)"]}
    ]  # fmt: skip
    (tmp_path / "bad.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    with pytest.raises(ZeroDivisionError) as caught:
        run_notebook(tmp_path / "bad.ipynb")
    assert caught.value.__notes__ == ["in cell 1 of bad.ipynb"]


def test_a_bar_is_shown_where_there_is_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """As IPython's kernel shows it: one display that is written over, and empty at the end."""
    import sys

    import neurochip

    told: list[str] = []

    class Display:
        def update(self, shown: str) -> None:
            told.append(shown)

    def display(shown: str, display_id: bool) -> Display:
        told.append(shown)
        return Display()

    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(HTML=str, display=display))
    neurochip.train(
        "stripes", overrides=["learning.epochs=1", "data.train=40", "phases.free=10", "phases.nudged=5"]
    )
    assert "preparing" in told[0] and any("epoch 1/1" in one for one in told) and told[-1] == ""
    assert not any('value="1.5' in one for one in told)
