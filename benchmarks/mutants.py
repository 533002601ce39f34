"""Do the tests notice? Each mutant is one small error in a kernel or a counter; the tests named must fail with it.

    python benchmarks/mutants.py                  # all of them, about half an hour
    python benchmarks/mutants.py osa routing      # those whose name contains one of these words
    python benchmarks/mutants.py --list

Mutants are made in a temporary copy of the tree, one at a time, and nothing is changed in place. The tests of a mutant
first run on the sound copy, since what fails there proves nothing. Kernels run as their own Python (NUMBA_DISABLE_JIT),
which makes a mutant a matter of seconds. Exit code 1 when one survives, 2 when an anchor is not found exactly once.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import NamedTuple, NoReturn

from mutants_table import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parent.parent
COPIED = (
    "neurochip",
    "firmware_sim",
    "cli",
    "tests",
    "benchmarks",
    "examples",
    "docs",
    "pyproject.toml",
    "README.md",
)
LONGEST = 600  # seconds of one run; a mutant that hangs is noticed too


class Found(NamedTuple):
    """What came of a mutant."""

    mutant: Mutant
    is_killed: bool
    seconds: float
    by: str  # the test that failed first


def misplaced(root: Path = ROOT) -> list[str]:
    """Return a sentence for each mutant whose old text does not stand exactly once in its file."""
    wrong = []
    for mutant in MUTANTS:
        path = root / mutant.file
        times = path.read_text(encoding="utf-8").count(mutant.old) if path.is_file() else 0
        if times != 1:
            wrong.append(f"{mutant.name}: its old text stands {times} times in {mutant.file}, and must once")
    return wrong


def _prepare() -> None:
    """Import what is slow to import, once; kernels are never compiled."""
    os.environ |= {"NUMBA_DISABLE_JIT": "1", "OPENBLAS_NUM_THREADS": "1", "CI": "1"}
    sys.dont_write_bytecode = True
    global pytest
    import hypothesis  # noqa: F401
    import numba  # noqa: F401
    import pytest


def _copied(into: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, into / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copy(source, into / name)
    return into


def _tested(tree: Path, tests: tuple[str, ...]) -> tuple[bool, str]:
    """Return whether the tests pass, and what failed first.

    They run in a fork of this process, which has imported what is slow to import and nothing of the tree.
    """
    said = tree / "said.txt"
    child = os.fork()
    if child == 0:
        _become_pytest(tree, tests, said)
    code, end = None, time.monotonic() + LONGEST
    while code is None:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
        elif time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return False, "it never ended"
        else:
            time.sleep(0.02)
    text = said.read_text(encoding="utf-8", errors="replace")
    if code not in (0, 1):  # 1: tests failed; all else means that they were not run
        raise RuntimeError(f"pytest {' '.join(tests)} gave {code}:\n{text[-5000:]}")
    failed = [line for line in text.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return code == 0, failed[0].split(" - ")[0].split(" ", 1)[1] if failed else "?"


def _become_pytest(tree: Path, tests: tuple[str, ...], said: Path) -> NoReturn:
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    with said.open("wb") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    options = ["-x", "-q", "--no-header", "--tb=no", "-rfE", "-p", "no:cacheprovider"]
    for ignored in (
        "ignore:overflow encountered:RuntimeWarning",
        "ignore::pytest.PytestAssertRewriteWarning",
    ):
        options += ["-W", ignored]
    code = 3
    try:
        code = int(pytest.main([*options, *tests]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _carried_out(tree: Path, mutant: Mutant) -> Found:
    path = tree / mutant.file
    sound = path.read_text(encoding="utf-8")
    began = time.perf_counter()
    path.write_text(sound.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        passed, by = _tested(tree, mutant.tests)
    finally:
        path.write_text(sound, encoding="utf-8")
    return Found(mutant, not passed, time.perf_counter() - began, by)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only mutants whose name contains one of these")
    parser.add_argument("--list", action="store_true", help="list them and run nothing")
    parser.add_argument("--part", metavar="K/N", default="1/1", help="the K-th of N parts of the work")
    given = parser.parse_args()
    wrong = misplaced()
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 2
    chosen = [m for m in MUTANTS if not given.words or any(word in m.name for word in given.words)]
    part, parts = map(int, given.part.split("/"))
    selections = list(dict.fromkeys(mutant.tests for mutant in chosen))[part - 1 :: parts]
    chosen = [mutant for tests in selections for mutant in chosen if mutant.tests == tests]
    if given.list:
        for mutant in chosen:
            print(f"{mutant.name:32} {mutant.file:40} {mutant.breaks}")
        return 0
    _prepare()
    found: list[Found] = []
    unsound: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = _copied(Path(folder))
        for tests in selections:
            passed, by = _tested(tree, tests)
            if not passed:
                unsound.append(tests)
                print(f"{' '.join(tests)} fails without any mutant: {by}", file=sys.stderr)
                continue
            for mutant in (mutant for mutant in chosen if mutant.tests == tests):
                found.append(_carried_out(tree, mutant))
                last = found[-1]
                word = f"killed by {last.by}" if last.is_killed else "SURVIVED"
                print(f"{mutant.name:32} {last.seconds:5.1f} s  {word}", flush=True)
    survivors = [f.mutant for f in found if not f.is_killed]
    print(f"\n{len(found)} mutants, {len(found) - len(survivors)} killed")
    for mutant in survivors:
        print(f"survived: {mutant.name}: {mutant.breaks}")
    return 2 if unsound else 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main())
