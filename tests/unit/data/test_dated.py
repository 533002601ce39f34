"""Two runs of one second do not want the same folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurochip.data.dated import dated


def test_what_there_is_gets_a_number_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = []
    for _ in range(5):
        folder = dated("runs", "mine")
        assert folder.parent == Path("runs") and folder.name.startswith("mine-20") and not folder.exists()
        folder.mkdir(parents=True)
        found.append(folder.name)
    assert len(set(found)) == 5
