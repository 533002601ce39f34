"""Do the tests notice? Cosmic Ray's mutants of kernels, counters, rules and verdicts; the tests of a file must fail.

    python benchmarks/mutants.py                       # five mutants of each file, about half an hour
    python benchmarks/mutants.py osa noc --each 20     # of files whose path contains one of these words
    python benchmarks/mutants.py --list                # what would be changed

Which of all possible mutants are made is drawn (``--seed``), a place of the source at most once. Left out is what
cannot change anything: annotations, decorators, ``__all__`` and the words of errors. Mutants are made in a temporary
copy of the tree, one at a time. The tests of a file first run on the sound copy, since what fails there proves nothing.
Kernels run as their own Python (NUMBA_DISABLE_JIT), which makes a mutant a matter of seconds. Needs the package
cosmic-ray. Exit code 1 when fewer than ``--enough`` percent are killed, 2 when tests fail without any mutant.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from mutants_table import TESTS

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
Place = tuple[int, int]  # line, column


class Mutant(NamedTuple):
    """One change of one place, by one operator of Cosmic Ray."""

    file: str
    operator: str
    occurrence: int
    place: Place


class Found(NamedTuple):
    """What came of a mutant."""

    mutant: Mutant
    change: str
    is_killed: bool
    seconds: float
    by: str  # the test that failed first


def idle_spans(tree: ast.Module) -> Iterator[tuple[Place, Place]]:
    """Yield from where to where a change of the source changes nothing: annotations, decorators, names, words."""
    for node in ast.walk(tree):
        idle: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            idle += node.decorator_list
        if isinstance(node, ast.FunctionDef):
            idle.append(node.returns)
        if isinstance(node, ast.arg | ast.AnnAssign):
            idle.append(node.annotation)
        if isinstance(node, ast.Raise) or (isinstance(node, ast.keyword) and node.arg == "strict"):
            idle.append(node)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            idle.append(node)
        for part in idle:
            if part is not None:
                found: Any = part
                yield (found.lineno, found.col_offset), (found.end_lineno, found.end_col_offset)


def mutants_of(file: str) -> dict[Place, list[Mutant]]:
    """Return all mutants of a file, place by place."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    text = (ROOT / file).read_text(encoding="utf-8")
    idle = list(idle_spans(ast.parse(text)))
    nodes = list(ast_nodes(get_ast(text)))
    found: dict[Place, list[Mutant]] = {}
    for name in sorted(operator_names()):
        operator_class = get_operator(name)
        if operator_class.arguments() or name.endswith("RemoveDecorator"):
            continue
        operator = operator_class()
        places = (place for node in nodes for place in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(places):
            if not any(first <= start < last for first, last in idle):
                found.setdefault(start, []).append(Mutant(file, name, occurrence, start))
    return found


def drawn(file: str, each: int, seed: int) -> list[Mutant]:
    """Return ``each`` mutants of a file at most, in places drawn by (seed, file), in their order."""
    chance, places = random.Random(f"{seed} {file}"), mutants_of(file)
    text = (ROOT / file).read_text(encoding="utf-8")
    chosen = [
        chance.choice(places[at]) for at in sorted(chance.sample(sorted(places), min(each, len(places))))
    ]
    found = [mutant for mutant in chosen if _is_python(text, mutant)]
    left = sorted(set(places) - {mutant.place for mutant in chosen})
    chance.shuffle(left)
    while len(found) < len(chosen) and left:
        found += [other for other in [chance.choice(places[left.pop()])] if _is_python(text, other)]
    return sorted(found, key=lambda mutant: mutant.place)


def _is_python(text: str, mutant: Mutant) -> bool:
    """Whether a mutant parses: Cosmic Ray takes the star before names of arguments for an operator too."""
    try:
        ast.parse(changed(text, mutant))
    except SyntaxError:
        return False
    return True


def changed(text: str, mutant: Mutant) -> str:
    """Return the source with the mutant's change."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    result: str | None = mutate_code(text, get_operator(mutant.operator)(), mutant.occurrence)
    if result is None:
        raise LookupError(f"{mutant} cannot be made")
    return result


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


def _tested(tree: Path, tests: tuple[str, ...], longest: float) -> tuple[bool, str]:
    """Return whether the tests pass, and what failed first.

    They run in a fork of this process, which has imported what is slow to import and nothing of the tree.
    """
    said = tree / "said.txt"
    child = os.fork()
    if child == 0:
        _become_pytest(tree, tests, said)
    code, end = None, time.monotonic() + longest
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
    failed = [line for line in text.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return code == 0, failed[0].split(" - ")[0].split(" ", 1)[1] if failed else f"pytest ended with {code}"


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


def _carried_out(tree: Path, mutant: Mutant, tests: tuple[str, ...], longest: float) -> Found:
    path = tree / mutant.file
    sound = path.read_text(encoding="utf-8")
    altered = changed(sound, mutant)
    before, after = sound.splitlines(), altered.splitlines()
    lines = [f"{old.strip()} → {new.strip()}" for old, new in zip(before, after, strict=False) if old != new]
    began = time.perf_counter()
    path.write_text(altered, encoding="utf-8")
    try:
        passed, by = _tested(tree, tests, longest)
    finally:
        path.write_text(sound, encoding="utf-8")
    return Found(mutant, lines[0] if lines else "?", not passed, time.perf_counter() - began, by)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only files whose path contains one of these")
    parser.add_argument("--list", action="store_true", help="list the mutants and run nothing")
    parser.add_argument("--each", type=int, default=5, help="how many of each file")
    parser.add_argument("--seed", type=int, default=1, help="which of all that there are")
    parser.add_argument("--enough", type=float, default=90.0, help="percent that must be killed")
    given = parser.parse_args()
    files = [file for file in TESTS if not given.words or any(word in file for word in given.words)]
    chosen = {file: drawn(file, given.each, given.seed) for file in files}
    if given.list:
        for file, mutants in chosen.items():
            text = (ROOT / file).read_text(encoding="utf-8").splitlines()
            for mutant in mutants:
                print(f"{file}:{mutant.place[0]:<4} {mutant.operator:50} {text[mutant.place[0] - 1].strip()}")
        return 0
    _prepare()
    found: list[Found] = []
    unsound: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = _copied(Path(folder))
        for tests in dict.fromkeys(TESTS[file] for file in files):
            began = time.monotonic()
            passed, by = _tested(tree, tests, 1800)
            if not passed:
                unsound.append(tests)
                print(f"{' '.join(tests)} fails without any mutant: {by}", file=sys.stderr)
                continue
            longest = 10 * (time.monotonic() - began) + 20
            for mutant in (m for file in files if TESTS[file] == tests for m in chosen[file]):
                found.append(_carried_out(tree, mutant, tests, longest))
                last = found[-1]
                word = f"killed by {last.by}" if last.is_killed else "SURVIVED"
                print(
                    f"{mutant.file}:{mutant.place[0]} {last.seconds:.1f} s {word}: {last.change}", flush=True
                )
    killed = sum(one.is_killed for one in found)
    print(f"\n{len(found)} mutants, {killed} killed: {100 * killed / max(1, len(found)):.1f} %")
    for one in found:
        if not one.is_killed:
            print(f"survived: {one.mutant.file}:{one.mutant.place[0]}: {one.change}")
    return 2 if unsound else 1 if 100 * killed < given.enough * len(found) else 0


if __name__ == "__main__":
    raise SystemExit(main())
