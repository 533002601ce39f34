"""Other systems, machines and users: the real commands with functions taken away, and folders that cannot be written.

What is missing on a system is removed by a `sitecustomize` before anything else is imported.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import TINY, Workplace

# What Windows has not, and what its file system refuses: to rename a folder in which a file is open.
WINDOWS = """
import os, signal, sys
for name in ("sched_getaffinity", "fork", "forkpty", "getuid", "geteuid", "getgid", "getegid", "getloadavg", "sysconf",
             "statvfs", "mkfifo", "getpgid", "setsid", "killpg", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("pthread_kill", "SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1", "sigwait", "pthread_sigmask"):
    if hasattr(signal, name):
        delattr(signal, name)
for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog"):
    sys.modules[name] = None
rename = os.rename
def renamed(source, target, **more):
    if os.path.isdir(source):
        for number in os.listdir("/proc/self/fd"):
            try:
                held = os.readlink("/proc/self/fd/" + number)
            except OSError:
                continue
            if held.startswith(os.path.abspath(source) + os.sep) and not held.endswith(" (deleted)"):
                raise PermissionError(13, "Access is denied", source)
    return rename(source, target, **more)
os.rename = renamed
"""
# macOS: no sched_getaffinity, no /proc.
MACOS = """
import os, pathlib
del os.sched_getaffinity
read = pathlib.Path.read_text
def read_text(self, *args, **more):
    if str(self).startswith(("/proc", "/sys")):
        raise FileNotFoundError(2, "No such file or directory", str(self))
    return read(self, *args, **more)
pathlib.Path.read_text = read_text
"""

COMMANDS: dict[str, list[str]] = {
    "simulate": ["simulate", *TINY, "--out", "run"],
    "resume": ["simulate", "--resume", "run"],
    "report": ["report", "run"],
    "trace": ["trace", "run", "--ticks", "0:2", "--format", "npz", "--out", "t.npz"],
    "replay": ["simulate", "--replay", "run/raster.npz", "--out", "again"],
    "doctor": ["doctor"],
}


def run_in(
    place: Workplace, words: list[str], site: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own whose `sitecustomize` is the one given."""
    folder = place.folder.parent / "site"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(site, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "neurochip", *words],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(folder)} | environment,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize(
    "site", [WINDOWS, pytest.param(MACOS, marks=pytest.mark.slow)], ids=["windows", "macos"]
)
def test_the_commands_do_without_what_a_system_lacks(place: Workplace, site: str) -> None:
    for name, words in COMMANDS.items():
        done = run_in(place, words, site)
        assert done.returncode == 0, f"{name}: {done.stderr}"
        assert "Traceback" not in done.stderr, name


def test_the_stand_in_takes_functions_away(place: Workplace) -> None:
    """The control: without the guard, the command would end in a traceback."""
    folder = place.folder.parent / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(WINDOWS, encoding="utf-8")
    for code, wanted in (("os.sched_getaffinity(0)", "AttributeError"), ("import fcntl", "ModuleNotFound")):
        done = subprocess.run(
            [sys.executable, "-c", f"import os; {code}"],
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": str(folder)},
            check=False,
        )
        assert done.returncode == 1 and wanted in done.stderr


def _homeless(tmp_path: Path) -> dict[str, str]:
    """A home that nobody can make a folder in, root neither; and temporary files of its own."""
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    (tmp_path / "tmp").mkdir()
    unset = {"XDG_CACHE_HOME": "", "NEUROCHIP_CACHE": "", "PYTHONDONTWRITEBYTECODE": "1"}
    return {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp"), **unset}


SETTLE = """
import numpy as np, neurochip
from neurochip.kernels.random_bits import mix
from neurochip.kernels.cache import kernel_cache
mix(np.uint64(1), np.uint64(2))
print(kernel_cache())
"""


def test_kernels_go_to_temporary_files_where_home_cannot_be_written(tmp_path: Path, place: Workplace) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"} | _homeless(tmp_path)

    def settle() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", SETTLE], capture_output=True, text=True, env=environment, check=True
        )

    first = settle()
    cache = Path(first.stdout.strip())
    assert cache.parent.parent == tmp_path / "tmp" and list(cache.rglob("*.nbi"))
    assert stat.S_IMODE(cache.parent.stat().st_mode) == 0o700  # what is loaded from there is code
    [line] = first.stderr.splitlines()
    assert line.startswith(f"{tmp_path / 'home'}") and "cannot be written: compiled kernels go to" in line
    compiled = {path: path.stat().st_mtime_ns for path in cache.rglob("*.nb*")}
    assert settle().stdout == first.stdout  # another process finds them again
    assert compiled == {path: path.stat().st_mtime_ns for path in cache.rglob("*.nb*")}

    doctor = run_in(place, ["doctor", "--json"], **_environment(environment))
    assert doctor.returncode == 1
    [found] = [f for f in json.loads(doctor.stdout) if f["name"] == "compiled kernels"]
    assert (found["state"], found["found"]) == ("bad", str(cache))
    assert "set NEUROCHIP_CACHE" in found["means"]

    chosen = run_in(
        place, ["doctor", "--json"], **_environment(environment | {"NEUROCHIP_CACHE": str(tmp_path)})
    )
    [found] = [f for f in json.loads(chosen.stdout) if f["name"] == "compiled kernels"]
    assert found["state"] == "good" and Path(found["found"]).parent == tmp_path


def _environment(environment: dict[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in environment if os.environ.get(name) != environment[name]}


def test_a_folder_of_somebody_else_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from neurochip.kernels import cache

    monkeypatch.setattr(cache.tempfile, "tempdir", str(tmp_path))
    mine = cache._temporary()
    assert mine is not None and mine.parent == tmp_path
    mine.chmod(0o777)
    other = cache._temporary()
    assert other is not None and other != mine and stat.S_IMODE(other.stat().st_mode) == 0o700


def test_nowhere_to_write_at_all(tmp_path: Path) -> None:
    """Every process compiles its kernels anew, and says so."""
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"} | _homeless(tmp_path)
    blind = "import tempfile\ndef none(): raise FileNotFoundError(2, 'none')\ntempfile.gettempdir = none\n"
    done = subprocess.run(
        [sys.executable, "-c", blind + SETTLE], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == "None"
    assert "every process compiles its kernels anew" in done.stderr
