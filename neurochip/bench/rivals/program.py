"""A tool as a program: started once, given a workload as a file, and asked for one piece of work at a time."""

from __future__ import annotations

import json
import math
import os
import queue
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from neurochip.bench.rivals.table import RIVALS, Rival
from neurochip.errors import CapabilityError, ConfigError
from neurochip.keys.reading import did_you_mean

__all__ = ["Program", "Worked", "pythons"]

_HERE = Path(__file__).resolve().parent
# Seconds: Brian compiles for minutes on a busy machine.
PATIENCE = 900.0


class Worked(NamedTuple):
    """One piece of work: seconds of it, peak memory of the program so far, and what it came to."""

    cpu: float
    wall: float
    peak_bytes: float
    result: Mapping[str, Any]


def pythons(chosen: Mapping[str, str]) -> dict[str, str]:
    """Return tool → Python, for those that the user named and those that this Python has itself.

    Raises
    ------
    ConfigError
        A tool that there is not, or a path that is no program.
    """
    import sys

    for name, path in chosen.items():
        if name not in RIVALS:
            raise ConfigError(
                "--with", f"knows {', '.join(RIVALS)}; got '{name}'{did_you_mean(name, RIVALS)}"
            )
        if not (os.path.isfile(path) and os.access(path, os.X_OK)):
            raise ConfigError(
                f"--with {name}", f"must be the Python of an environment, and {path} is no program"
            )
    here = {name: sys.executable for name, rival in RIVALS.items() if find_spec(rival.module) is not None}
    return here | dict(chosen)


class Program:
    """A tool at work; use it as a context.

    Parameters
    ----------
    rival
        The tool.
    python
        Of the environment that it is installed in.
    workload
        Arrays by name.
    patience
        Seconds to wait for each answer.

    Raises
    ------
    CapabilityError
        When the program cannot be started, fails, does not answer, or answers rubbish.
    """

    def __init__(
        self, rival: Rival, python: str, workload: Mapping[str, Any], *, patience: float = PATIENCE
    ) -> None:
        self._title, self._patience = rival.title, patience
        self._folder = tempfile.TemporaryDirectory()
        stored = Path(self._folder.name) / "workload.npz"
        with open(stored, "wb") as file:
            np.savez(file, allow_pickle=False, **workload)
        # -E: our PYTHONPATH is not theirs. One thread, as ours.
        words = [python, "-E", str(_HERE / "serve.py"), str(_HERE / rival.driver), str(stored)]
        single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._said = tempfile.TemporaryFile("w+", errors="replace")
        try:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                cwd=self._folder.name,
                env=os.environ | single,
                text=True,
                errors="replace",
            )
        except OSError as error:
            self._folder.cleanup()
            raise CapabilityError(
                self._title, f"{python} does not start: {error.strerror or error}"
            ) from error
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.version = ""

    def __enter__(self) -> Program:
        """Wait until it is ready."""
        try:
            ready = self._answer("version", "prepared_s")
            self.version = str(ready["version"])
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self.close()

    def work(self) -> Worked:
        """Have it do its work once."""
        try:
            assert self._process.stdin is not None
            self._process.stdin.write("again\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it is gone: its last words say why
        answer = self._answer("cpu_s", "wall_s", "peak_bytes", "result")
        numbers = [answer[name] for name in ("cpu_s", "wall_s", "peak_bytes")]
        sound = all(isinstance(n, int | float) and math.isfinite(n) and n > 0 for n in numbers)
        if not sound or not isinstance(answer["result"], dict):
            raise CapabilityError(self._title, f"answers with no time: {str(answer)[:80]}")
        cpu, wall, peak = map(float, numbers)
        return Worked(cpu, wall, peak, answer["result"])

    def close(self) -> None:
        """End it, gently first: it may have processes of its own."""
        if self._process.stdin is not None:
            try:
                self._process.stdin.close()
            except OSError:
                pass
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(10)  # ends with its pipe, which a process that outlived the program may hold
        if self._process.stdout is not None and not self._listener.is_alive():
            self._process.stdout.close()
        self._said.close()
        self._folder.cleanup()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _answer(self, *names: str) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=self._patience)
        except queue.Empty:
            raise CapabilityError(self._title, f"did not answer in {self._patience:.0f} s") from None
        if not line:
            raise CapabilityError(self._title, f"failed: {self._last_words()}")
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or any(name not in answer for name in names):
            raise CapabilityError(self._title, f"answers rubbish: {line.strip()[:80]!r}")
        return answer

    def _last_words(self) -> str:
        try:
            code = self._process.wait(10)
        except subprocess.TimeoutExpired:
            return "it closed its output"
        self._said.seek(0)
        words = self._said.read().strip().splitlines()
        if words:
            return words[-1][:200]
        return (
            f"exit code {code}" if code else "it ended without an answer; --with wants a Python interpreter"
        )
