"""Two runs of one second do not want the same folder."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from neurochip.durable.dated import dated, make_dated
from neurochip.durable.folder import new_folder
from neurochip.errors import OutputError


def test_what_there_is_gets_a_number_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = []
    for _ in range(5):
        folder = dated("runs", "mine")
        assert folder.parent == Path("runs") and folder.name.startswith("mine-20") and not folder.exists()
        folder.mkdir(parents=True)
        found.append(folder.name)
    assert len(set(found)) == 5


def test_who_comes_second_takes_the_next_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the making another process makes the folder."""
    monkeypatch.chdir(tmp_path)
    asked: list[Path] = []

    def make(folder: Path) -> Path:
        asked.append(folder)
        if len(asked) == 1:
            new_folder(folder, {"a": b"of another process"}, "run").release()
        new_folder(folder, {"a": b"mine"}, "run").release()
        return folder

    made = make_dated("runs", "mine", make)
    assert made.name == f"{asked[0].name}-2" and (made / "a").read_bytes() == b"mine"
    assert (asked[0] / "a").read_bytes() == b"of another process"


def test_another_fault_is_not_taken_for_a_second_process(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be made"):
        make_dated(str(tmp_path / "runs"), "mine", lambda folder: new_folder(folder, {}, "run"))


def test_processes_that_begin_at_the_same_moment_all_get_a_folder(tmp_path: Path) -> None:
    code = (
        "import sys, time; from neurochip.durable.dated import make_dated; "
        "from neurochip.durable.folder import new_folder; "
        "time.sleep(max(0.0, float(sys.argv[1]) - time.time())); "
        "make_dated('runs', 'mine', lambda f: new_folder(f, {'a': b''}, 'run')).release()"
    )
    at = str(time.time() + 1.5)
    processes = [subprocess.Popen([sys.executable, "-c", code, at], cwd=tmp_path) for _ in range(4)]
    assert [process.wait(timeout=60) for process in processes] == [0] * 4
    assert len([path for path in (tmp_path / "runs").iterdir() if (path / "a").exists()]) == 4
