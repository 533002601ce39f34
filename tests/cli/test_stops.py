"""Whatever stops a command: one line on stderr, an exit code, and a traceback only for a fault."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import signal
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import click
import pytest

from neurochip.errors import (
    EXIT_CODES,
    CallbackError,
    DataError,
    Interrupted,
    MappingError,
    NeurochipError,
    OutputError,
)

from .conftest import Fake, Run

ROOT = Path(__file__).resolve().parents[2]

STOPS = [
    (
        MappingError("cores", "70 needed (input 1), 64 present on cmos45"),
        4,
        "Error: cores: 70 needed (input 1), 64 present on cmos45\n",
    ),
    (DataError("", "no place"), 3, "Error: no place\n"),
    (
        OutputError("runs/x", "cannot be written: no space left"),
        5,
        "Error: runs/x: cannot be written: no space left\n",
    ),
    (OSError(errno.ENOSPC, "No space left on device"), 5, "Error: no space left on device\n"),
    (
        OSError(errno.ENOSPC, "No space left on device", "runs/x"),
        5,
        "Error: runs/x: no space left on device\n",
    ),
    (PermissionError(errno.EACCES, "Permission denied", "runs"), 5, "Error: runs: permission denied\n"),
    (MemoryError(), 4, "Error: memory: not enough\n"),
    (
        MemoryError("Unable to allocate 1 TiB"),
        4,
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
        [sys.executable, "-m", "neurochip", "chips", "show", "cmos45"],
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


def test_a_folder_that_is_there_no_more(tmp_path: Path) -> None:
    """It said that there is no such file, and not which."""
    gone = tmp_path / "gone"
    gone.mkdir()
    words = ["import os, sys", f"os.chdir({str(gone)!r})", f"os.rmdir({str(gone)!r})"]
    words += [
        "sys.argv[1:] = ['simulate', 'stripes', '--quiet']",
        "from neurochip._cli.main import main",
        "main()",
    ]
    found = subprocess.run(
        [sys.executable, "-c", "; ".join(words)], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (5, "")
    assert found.stderr == (
        "Error: the current folder: is there no more; change to one that is (cd), and run it again\n"
    )


def test_a_device_that_is_full(place: object) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "neurochip", "chips", "show", "cmos45"],
            stdout=full,
            stderr=subprocess.PIPE,
            env={
                "PATH": os.environ["PATH"]
            },  # with no more than this, Python complained once more at its end
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (5, "Error: no space left on device\n")


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


@pytest.mark.parametrize(("stop", "code"), [(stop, code) for stop, code, _ in STOPS], ids=str)
def test_under_json_the_line_is_json(run: Run, fake: Fake, stop: BaseException, code: int) -> None:
    fake.stop = stop
    result = run("simulate", "--json")
    assert (result.stdout, result.exit_code) == ("", code)
    [line] = result.stderr.splitlines()
    told = json.loads(line)
    assert told["exit_code"] == code
    if isinstance(stop, NeurochipError):
        named = (type(stop).__name__, stop.place, stop.problem, str(stop))
        assert (told["kind"], told["place"], told["problem"], told["error"]) == named
    elif isinstance(stop, Interrupted):
        assert told["folder"] == stop.folder and told["command"] == "simulate"


def test_a_wrong_option_is_json_too(run: Run) -> None:
    result = run("simulate", "--json", "--sed", "1")
    assert (result.stdout, result.exit_code) == ("", 2)
    assert json.loads(result.stderr)["error"].startswith("No such option '--sed'")


def test_every_error_has_a_code_that_is_documented() -> None:
    """The table of docs/command-line.md is that of the code, and no class of error has another code."""
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| (\d+) \| (.+) \|$", page, re.MULTILINE))
    assert told.pop("0")
    assert told == {str(code): words for code, words in EXIT_CODES.items()}

    def below(cls: type[NeurochipError]) -> set[type[NeurochipError]]:
        return {cls}.union(*(below(sub) for sub in cls.__subclasses__()))

    found = below(NeurochipError)
    # A program of the user's own is at fault in a callback, which no command has.
    assert CallbackError.exit_code == 1
    assert len(found) > 8 and {cls.exit_code for cls in found - {CallbackError}} <= {2, 3, 4, 5, 6}


@pytest.mark.parametrize(("which", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_the_code_says_which_signal_it_was(place: object, which: str, code: int) -> None:
    """Sent before any command has begun, by the process to itself."""
    words = (
        "import os, signal; from neurochip._cli import main; "
        f"main.neurochip = lambda **_: os.kill(os.getpid(), signal.{which}); main.main()"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (code, "Stopped.\n")


EARLY = ["before the command is loaded", "while it is loaded", "before it knows a folder"]


@pytest.mark.parametrize(
    ("when", "words", "said"),
    [
        *(
            (when, "tune --resume found", "Stopped; go on with: neurochip tune --resume found\n")
            for when in EARLY
        ),
        (
            EARLY[1],
            "--log debug sweep --dies 4 --resume=runs/x",
            "Stopped; go on with: neurochip sweep --resume runs/x\n",
        ),
        (EARLY[1], "simulate mnist-small --out found", "Stopped.\n"),
        (EARLY[1], "tune --resume", "Stopped.\n"),
        (EARLY[2], "report found --resume x", "Stopped.\n"),
    ],
)
def test_what_a_command_goes_on_with_is_known_from_its_first_moment(
    place: object, when: str, words: str, said: str
) -> None:
    """A command that is to go on somewhere says so even where none of its own code knows it yet."""
    strike = "lambda *_, **__: os.kill(os.getpid(), signal.SIGINT)"
    lines = {
        "before the command is loaded": f"main.neurochip = {strike}",
        "while it is loaded": f"main.LazyGroup.get_command = {strike}",
        "before it knows a folder": "import click; main.LazyGroup.get_command = lambda *_: click.Command("
        f"'any', callback={strike}, context_settings=dict(ignore_unknown_options=True), "
        "params=[click.Argument(['rest'], nargs=-1)])",
    }
    code = f"import os, signal, sys; from neurochip._cli import main; {lines[when]}; main.main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *words.split()], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, said)


@pytest.mark.parametrize(
    "error", ["ImportError('numba._devicearray failed to import')", "DataError('a', 'b')"]
)
@pytest.mark.parametrize("is_struck", [True, False], ids=["interrupted", "the control"])
def test_what_an_interruption_is_turned_into_is_one(place: object, error: str, is_struck: bool) -> None:
    """Extensions in C that are interrupted in their import say that they failed."""
    code = textwrap.dedent(f"""
        import os, signal
        from neurochip._cli import main
        from neurochip.errors import DataError
        def get_command(*_):
            try:
                os.kill(os.getpid(), signal.SIGINT) if {is_struck} else None
            except KeyboardInterrupt:
                pass
            raise {error}
        main.LazyGroup.get_command = get_command
        main.main()
    """)
    words = [sys.executable, "-c", code, "tune", "--resume", "found"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if is_struck:
        assert (done.returncode, done.stderr) == (130, "Stopped; go on with: neurochip tune --resume found\n")
    else:
        wanted = (1, "ImportError: numba") if "Import" in error else (3, "Error: a: b")
        assert done.returncode == wanted[0] and wanted[1] in done.stderr


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (["-m", "neurochip", "chips"], "Stopped before it began.\n"),
        (
            # A shell that puts a command into the background has it ignore Ctrl-C.
            [
                "-c",
                "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
                "from neurochip._cli.main import main; main()",
            ],
            None,
        ),  # without the entry: Python's traceback
    ],
    ids=["the command", "the control"],
)
def test_interrupted_while_it_is_imported(
    place: object, tmp_path: Path, start: list[str], said: str | None
) -> None:
    """A library that takes long to load stands for all of them."""
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow" / "click.py").write_text("import time; print('here', flush=True); time.sleep(60)")
    with subprocess.Popen(
        [sys.executable, *start],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "slow")},
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGINT)
        _, received = process.communicate(timeout=30)
    if said is None:
        assert "Traceback" in received and process.returncode != 130
    else:
        assert (process.returncode, received) == (130, said)


def test_the_commands_that_go_on_are_those_with_the_option() -> None:
    from neurochip._cli.main import COMMANDS, neurochip
    from neurochip._cli.stops import RESUMABLE

    context = click.Context(neurochip)
    options = {
        name: [word for each in command.params for word in each.opts]
        for name in COMMANDS
        if (command := neurochip.get_command(context, name)) is not None
    }
    assert {name for name, words in options.items() if "--resume" in words} == set(RESUMABLE)


def test_what_goes_on_is_told_by_level(run: Run, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.stop = DataError("x", "y")
    for level, wanted in (("info", True), ("warning", False)):
        monkeypatch.setattr(type(fake), "__call__", _telling)
        result = run("--log", level, "simulate")
        assert ("INFO neurochip.training: begun" in result.stderr) is wanted
        assert "WARNING neurochip.kernels: far away" in result.stderr


def _telling(*_: object, **__: object) -> None:
    logging.getLogger("neurochip.training").info("begun")
    logging.getLogger("neurochip.kernels").warning("far away")
    raise DataError("x", "y")


@pytest.mark.parametrize(("lost", "said"), [("KeyboardInterrupt", False), ("ValueError", True)])
def test_an_interruption_that_a_callback_cannot_raise_is_not_shown(lost: str, said: bool) -> None:
    """Compilers call back from C, where an exception is printed and dropped; another one is still a fault to see."""
    program = f"""
import ctypes
from neurochip._cli.stops import ending
def called():
    raise {lost}
with ending():
    ctypes.CFUNCTYPE(None)(called)()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, bool(done.stderr)) == (0, "", said)
