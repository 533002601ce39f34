"""Whatever stops a command: one line on stderr, an exit code, and a traceback only for a fault."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import warnings

import pytest

from neurochip.errors import DataError, Interrupted, MappingError, OutputError

from .conftest import Fake, Run

STOPS = [
    (
        MappingError("cores", "70 needed (input 1), 64 present on cmos45"),
        2,
        "Error: cores: 70 needed (input 1), 64 present on cmos45\n",
    ),
    (DataError("", "no place"), 2, "Error: no place\n"),
    (
        OutputError("runs/x", "cannot be written: no space left"),
        2,
        "Error: runs/x: cannot be written: no space left\n",
    ),
    (OSError(errno.ENOSPC, "No space left on device"), 2, "Error: no space left on device\n"),
    (
        OSError(errno.ENOSPC, "No space left on device", "runs/x"),
        2,
        "Error: runs/x: no space left on device\n",
    ),
    (PermissionError(errno.EACCES, "Permission denied", "runs"), 2, "Error: runs: permission denied\n"),
    (MemoryError(), 2, "Error: memory: not enough\n"),
    (
        MemoryError("Unable to allocate 1 TiB"),
        2,
        "Error: memory: Unable to allocate 1 TiB\n",
    ),
    (KeyboardInterrupt(), 130, "Stopped.\n"),
    (
        Interrupted("runs/my run"),
        130,
        "Stopped; go on with: neurochip simulate --resume 'runs/my run'\n",
    ),
    (Interrupted(None), 130, "Stopped.\n"),
]


@pytest.mark.parametrize(("stop", "code", "line"), STOPS, ids=lambda value: type(value).__name__)
def test_it_ends_in_one_line(run: Run, fake: Fake, stop: BaseException, code: int, line: str) -> None:
    fake.stop = stop
    result = run("simulate")
    assert (result.stderr, result.stdout, result.exit_code) == (line, "", code)


def test_a_fault_of_the_program_keeps_its_traceback(run: Run, fake: Fake) -> None:
    fake.stop = ZeroDivisionError("division by zero")
    result = run("simulate")
    assert result.exit_code == 1
    assert result.exception is fake.stop


def test_a_reader_that_leaves(place: object) -> None:
    """`neurochip chips show cmos45 | head -1`: the writer ends without a word."""
    with subprocess.Popen(
        [sys.executable, "-m", "neurochip._cli", "chips", "show", "cmos45"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) in (0, 1)


def test_a_device_that_is_full(place: object) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "neurochip._cli", "chips", "show", "cmos45"],
            stdout=full,
            stderr=subprocess.PIPE,
            env={
                "PATH": os.environ["PATH"]
            },  # with no more than this, Python complained once more at its end
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, "Error: no space left on device\n")


def test_warnings_of_libraries_stay_out_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    from neurochip._cli import main as module

    monkeypatch.setattr(
        module, "neurochip", lambda prog_name: warnings.warn("of NumPy", RuntimeWarning, stacklevel=1)
    )
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    for options, wanted in (([], 0), (["default"], 1)):  # who asks for them gets them
        monkeypatch.setattr(sys, "warnoptions", options)
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            module.main()
        assert len(seen) == wanted
