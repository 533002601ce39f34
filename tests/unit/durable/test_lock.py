"""One process at a time uses a folder, and nothing of it is left when that process is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from neurochip.durable.lock import LOCK, OWNER, hold
from neurochip.errors import CheckpointError, OutputError

HOLDER = """
import sys, time
from pathlib import Path
from neurochip.durable.lock import hold
held = hold(Path(sys.argv[1]), "search")
print("here", flush=True)
time.sleep(600)
"""


def test_the_second_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with hold(tmp_path, "search"):
        with pytest.raises(CheckpointError, match=rf"in use by another search \(process {os.getpid()} on "):
            hold(tmp_path, "search")
        (tmp_path / OWNER).write_text("[1]", encoding="utf-8")
        with pytest.raises(CheckpointError, match="in use by another search; wait"):
            hold(tmp_path, "search")
    assert os.listdir(tmp_path) == [LOCK]
    hold(tmp_path, "search").release()


@pytest.mark.parametrize("which", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_is_killed_leaves_no_lock(which: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        with pytest.raises(CheckpointError, match=rf"\(process {process.pid} on "):
            hold(tmp_path, "search")
        process.send_signal(which)
        process.wait(30)
    hold(tmp_path, "search").release()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be locked"):
        hold(tmp_path / "file", "search")
