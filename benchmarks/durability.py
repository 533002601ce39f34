"""Kill, interrupt, crowd and starve every long command, and compare what it leaves with an undisturbed run.

    python benchmarks/durability.py kill --command tune --times 50
    python benchmarks/durability.py interrupt --command sweep --times 100
    python benchmarks/durability.py twice --command simulate
    python benchmarks/durability.py full --command simulate --times 12     (mounts a small tmpfs: needs root on Linux)

Each command runs in a child that is forked once everything is imported, so that most moments fall into its work. It is
struck at a random moment after it began, then gone on with `--resume`, struck again, and so on; where it had not begun
its folder, it is given anew. Every run ends at last, and what it left must be that of the undisturbed run, bit for bit,
but for what a clock says. A line of JSON per command says what happened.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from neurochip.errors import CheckpointError, OutputError

HANG_S = 300.0  # of wall time, on a machine that may be busy
_RUN = (
    *("--set", "data.train=60", "--set", "data.test=40", "--set", "network.layers=[784, 12, 10]"),
    *("--set", "evaluation.train=20", "--set", "phases.free=10", "--set", "phases.nudged=6"),
)
_EPOCHS = ("--set", "learning.epochs=40")
_CLOCK = {
    "seconds",
    "samples_per_s",
    "started",
    "epoch_seconds",
    "resumed",
    "sessions",
    "cpu_seconds",
    "busy",
}
COMMANDS = {
    "simulate": ("simulate", "mnist-small", *_RUN, *_EPOCHS, "--threads", "1"),
    "firmware": ("simulate", "mnist-small", *_RUN, *_EPOCHS, "--threads", "1", "--through", "firmware"),
    "tune": (
        *("tune", "mnist-small", *_RUN, "--set", "learning.epochs=2", "--threads", "1", "--trials", "14"),
        *("--confirm", "2", "--vary", "phases.free=8:14:int", "--vary", "learning.beta=0.2:1.0"),
    ),
    "sweep": (
        *("sweep", "mnist-small", *_RUN, "--set", "learning.epochs=4", "--vary", "phases.free=8,9,10"),
        *("--seeds", "3", "--workers", "1"),
    ),
    "reproduce": ("reproduce", "oconnor2019-fig3", "--quick", "--threads", "1"),
    "bench": ("bench", "noc", "--quick", "--rounds", "1"),
}


class Ended(NamedTuple):
    """How a child ended: its exit code (negative: by a signal), what it said, and seconds after the signal.

    ``computed`` are seconds of processor time after the signal, of the child and of its workers.
    """

    code: int
    said: str
    took: float
    computed: float


def processor_seconds(group: int) -> float:
    """Return the processor time that the live processes of a group have taken, those that they waited for included."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                ticks += sum(int(each) for each in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def warm() -> None:
    """Import what commands import, and compile what they compile; no threads of OpenMP, which a fork would not have."""
    import importlib

    for name in ("neurochip.runs.simulation", "neurochip.studies.tuning", "neurochip.studies.sweeping"):
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
    import neurochip._cli.main

    import neurochip.papers.reproducing  # noqa: F401 (a child that is forked has it)


def small_forms() -> None:
    """Make the experiment so small that it can be stopped a hundred times."""
    from tests.unit.papers.small_forms import SMALL

    SMALL["oconnor2019-fig3"](setattr)


def begun(words: tuple[str, ...], output: Path) -> int:
    """Run a command in a fork, in a group of its own, and return its process."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setpgid(0, 0)
            descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.argv = ["neurochip", *words]
            from neurochip._cli.main import main

            try:
                main()
                code = 0
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else 1
            sys.stdout.flush()
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)
    return pid


def child(words: tuple[str, ...], strike: tuple[float, signal.Signals] | None, output: Path) -> Ended:
    """Run a command in a fork, strike it after some seconds, and wait for its end.

    Raises
    ------
    TimeoutError
        When it hangs; the child is then killed.
    """
    pid = begun(words, output)
    struck = before = 0.0
    if strike is not None:
        time.sleep(strike[0])
        before = processor_seconds(pid)
        struck = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, strike[1])  # workers too, as when a machine stops, and as a terminal does
    waiting = time.monotonic()
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            break
        # The first one compiles.
        if time.monotonic() - waiting > (HANG_S if strike is not None else 10 * HANG_S):
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise TimeoutError(f"{' '.join(words)} hung")
        time.sleep(0.005)
    took = time.monotonic() - struck if struck else 0.0
    # Workers that nobody waited for are left in the group; what is counted in ticks may come out below nothing.
    after = usage.ru_utime + usage.ru_stime + processor_seconds(pid)
    computed = max(0.0, after - before) if struck else 0.0
    return Ended(os.waitstatus_to_exitcode(status), output.read_text(errors="replace"), took, computed)


def timeless(value: Any) -> Any:
    """Leave out what a clock says."""
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key not in _CLOCK}
    if isinstance(value, list):
        return [timeless(item) for item in value]
    return value


def removed(place: Path) -> None:
    """Remove a file, or a folder with all that is in it."""
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def left(command: str, folder: Path) -> dict[str, Any]:
    """Return all that a finished command left, without what a clock says."""
    found: dict[str, Any] = {}
    if folder.is_file():  # a table of benchmarks: what is in it, and nothing that was timed
        table = json.loads(folder.read_text(encoding="utf-8"))
        kept = ("asked_for", "form", "complete", "tools")
        return {key: table[key] for key in kept} | {"rows": [row["name"] for row in table["rows"]]}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.suffix == ".json" and not name.startswith("."):
            found[name] = timeless(json.loads(path.read_text(encoding="utf-8")))
        elif path.suffix in {".toml", ".csv"}:
            found[name] = path.read_text(encoding="utf-8")
        elif path.suffix == ".jsonl":
            found[name] = [timeless(json.loads(line)["entry"]) for line in path.read_bytes().splitlines()]
        elif path.suffix == ".npz":
            with np.load(path) as arrays:
                found[name] = {k: (arrays[k].dtype.str, arrays[k].tolist()) for k in sorted(arrays)}
        elif path.suffix == ".h5":
            found[name] = _hdf5(path)
    if not found:
        raise RuntimeError(f"{command} left nothing")
    return found


def _hdf5(path: Path) -> dict[str, Any]:
    import h5py

    found: dict[str, Any] = {}
    with h5py.File(path, "r") as file:

        def note(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                value = item[()]
                found[name] = (item.dtype.str, value if isinstance(value, bytes) else value.tobytes().hex())

        file.visititems(note)
        for name, value in file.attrs.items():
            is_table = isinstance(value, str) and value[:1] in "[{"
            found[f"attribute {name}"] = timeless(json.loads(value)) if is_table else str(value)
    return found


class Course:
    """One command struck again and again until enough strikes have fallen."""

    def __init__(self, command: str, place: Path, seed: int) -> None:
        self.command, self.words = command, COMMANDS[command]
        self.place, self.random = place, random.Random(f"{command} {seed}")
        self.output = place / "said.txt"
        whole = place / "whole"
        for _ in range(2):  # the first one compiles
            removed(whole)
            begun = time.monotonic()
            ended = child((*self.words, "--out", str(whole)), None, self.output)
            if ended.code:
                raise RuntimeError(f"{command} fails undisturbed: {ended.said[-2000:]}")
            self.seconds = time.monotonic() - begun
        self.expected = left(command, whole)
        self.tally: dict[str, Any] = {"command": command, "undisturbed_s": round(self.seconds, 2)}

    def resume(self, folder: Path) -> tuple[str, ...]:
        """Return the words that go on with a folder; those that begin it where it is not there."""
        from neurochip.papers.parts import parts_folder

        if folder.exists() or (self.command == "reproduce" and parts_folder(folder).exists()):
            return (self.words[0], "--resume", str(folder))
        return (*self.words, "--out", str(folder))

    def strike(self, which: signal.Signals, times: int, within: float) -> dict[str, Any]:
        """Strike the command so often, over as many runs as it takes, and compare each with the undisturbed one."""
        strikes = runs = late = equal = 0
        slowest = longest = 0.0
        wrong: list[str] = []
        end = time.monotonic() + within
        while strikes < times and time.monotonic() < end:
            folder = self.place / f"run{runs}"
            runs += 1
            for _ in range(400):
                moment = self.random.uniform(0, self.seconds)
                words = self.resume(folder)
                is_over = strikes >= times or time.monotonic() > end
                try:
                    ended = child(words, None if is_over else (moment, which), self.output)
                except TimeoutError as error:
                    wrong.append(str(error))
                    break
                if ended.code == 0:
                    break
                if which == signal.SIGKILL and ended.code == -signal.SIGKILL:
                    strikes += 1
                elif which == signal.SIGINT and ended.code in (130, -signal.SIGINT):
                    strikes += 1
                    slowest = max(slowest, ended.took)
                    longest = max(longest, ended.computed)
                    late += ended.computed > 3
                    begun = self.resume(folder)[1] == "--resume"
                    if begun and "--resume" not in ended.said:
                        wrong.append(f"does not say how to go on: {ended.said[-300:]}")
                    if "Traceback" in ended.said or "Warning" in ended.said:
                        wrong.append(f"says more than that: {ended.said[-1500:]}")
                else:
                    wrong.append(f"{' '.join(words)}: {ended.code}: {ended.said[-1000:]}")
                    break
            try:
                equal += left(self.command, folder) == self.expected
            except (RuntimeError, OSError, ValueError) as error:
                wrong.append(str(error))
            removed(folder)
            for rest in self.place.glob(".run*"):
                removed(rest)
        return self.tally | {
            "signal": which.name,
            "strikes": strikes,
            "runs": runs,
            "identical": equal,
            "slowest_end_s": round(slowest, 2),
            "longest_computed_s": round(longest, 2),
            "computed_longer_than_3s": late,
            "wrong": wrong,
        }

    def twice(self) -> dict[str, Any]:
        """Go on with one folder in two processes at once: one is refused, and the result is the same."""
        folder, refused, equal, wrong = self.place / "twice", 0, 0, []
        child((*self.words, "--out", str(folder)), (0.4 * self.seconds, signal.SIGKILL), self.output)
        places = [self.place / f"said{number}.txt" for number in range(2)]
        both = [begun(self.resume(folder), place) for place in places]
        for pid, place in zip(both, places, strict=True):
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            said = place.read_text(errors="replace")
            if (
                code == CheckpointError.exit_code
                and "is in use by another" in said
                and said.count("Error: ") == 1
            ):
                refused += 1
            elif code or "Traceback" in said:
                wrong.append(said[-500:])
        equal += left(self.command, folder) == self.expected
        return self.tally | {"twice": 1, "refused": refused, "identical": equal, "wrong": wrong}

    def full(self, times: int) -> dict[str, Any]:
        """Run it on disks that are full at different moments; then make room, and go on."""
        refused = equal = 0
        wrong: list[str] = []
        with _small_disk(self.place / "disk") as resize:
            folder = self.place / "disk" / "run"
            child((*self.words, "--out", str(folder)), None, self.output)
            needed = sum(path.stat().st_blocks * 512 for path in (self.place / "disk").rglob("*"))
            removed(folder)
            for k in range(times):
                resize(max(8192, int(needed * (k + 0.5) / times)))
                ended = child((*self.words, "--out", str(folder)), None, self.output)
                said = [line for line in ended.said.splitlines() if line.startswith("Error: ")]
                if ended.code == OutputError.exit_code and len(said) == 1 and "Traceback" not in ended.said:
                    refused += 1
                elif ended.code:
                    wrong.append(f"{ended.code}: {ended.said[-500:]}")
                resize(4 * needed + (1 << 24))
                again = child(self.resume(folder), None, self.output)
                if again.code:
                    wrong.append(f"afterwards {again.code}: {again.said[-500:]}")
                    continue
                equal += left(self.command, folder) == self.expected
                for path in (self.place / "disk").iterdir():
                    removed(path)
        return self.tally | {"full": times, "refused": refused, "identical": equal, "wrong": wrong}


@contextlib.contextmanager
def _small_disk(at: Path) -> Iterator[Callable[[int], None]]:
    at.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(at)], check=True)
    try:
        yield (
            lambda size: subprocess.run(["mount", "-o", f"remount,size={size}", str(at)], check=True) and None
        )
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("how", choices=["kill", "interrupt", "twice", "full"])
    parser.add_argument("--command", choices=[*COMMANDS], action="append")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=3600.0, help="begin no more strikes after so long")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    warm()
    small_forms()
    is_wrong = False
    for command in given.command or COMMANDS:
        with tempfile.TemporaryDirectory(prefix="durability-") as place:
            course = Course(command, Path(place), given.seed)
            if given.how == "twice":
                table = course.twice()
            elif given.how == "full":
                table = course.full(given.times)
            else:
                which = signal.SIGKILL if given.how == "kill" else signal.SIGINT
                table = course.strike(which, given.times, given.seconds)
        print(json.dumps(table, ensure_ascii=False), flush=True)
        is_wrong |= bool(table["wrong"]) or table["identical"] != table.get("runs", table.get("full", 1))
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main())
