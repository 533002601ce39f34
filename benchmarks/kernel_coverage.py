"""Which lines of kernels do tests reach? Compiled code shows nothing of that, so kernels run as their own Python.

    python benchmarks/kernel_coverage.py                     # the tests that are marked interp, some minutes
    python benchmarks/kernel_coverage.py -- tests/unit/noc   # what pytest is told instead

Counts the lines inside functions marked `@kernel` or `@entry`, and no others of their files. Needs the package
coverage, which is in the extra ``dev``. Exit code 1 when a line is never reached.
"""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
MARKS = {"kernel", "entry", "unstored_kernel", "unstored_entry"}
TESTS = ("-m", "interp and not slow", "tests/unit", "tests/golden", "tests/property")


class Reached(NamedTuple):
    """Lines of the kernels of one file, and those of them that no test reaches."""

    file: str
    lines: set[int]
    missing: set[int]


def kernel_lines(source: str) -> set[int]:
    """Return the numbers of all lines that belong to the body of a kernel."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef):
            continue
        marks = {mark.id for mark in node.decorator_list if isinstance(mark, ast.Name)}
        if marks & MARKS:
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            for statement in body:
                found.update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    return found


def measured(tests: list[str]) -> tuple[int, list[Reached]]:
    """Run tests with the JIT off; return pytest's exit code and what they reached, file by file."""
    from coverage import Coverage

    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "coveragerc"
        settings.write_text("[run]\nsource =\n    neurochip\nparallel = true\n", encoding="utf-8")
        data = Path(folder) / "data"
        environment = {
            **os.environ,
            "NUMBA_DISABLE_JIT": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "COVERAGE_FILE": str(data),
        }
        command = [
            sys.executable,
            "-m",
            "coverage",
            "run",
            f"--rcfile={settings}",
            "-m",
            "pytest",
            "-q",
            *tests,
        ]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
        coverage = Coverage(data_file=str(data), config_file=str(settings))
        coverage.combine([folder])
        found = []
        for path in sorted((ROOT / "neurochip").rglob("*.py")):
            inside = kernel_lines(path.read_text(encoding="utf-8"))
            if not inside:
                continue
            _, statements, _, missing, _ = coverage.analysis2(str(path))
            lines = inside & set(statements)
            found.append(Reached(path.relative_to(ROOT).as_posix(), lines, lines & set(missing)))
    return done.returncode, found


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tests", nargs="*", help="what pytest is told; left out: all tests marked interp")
    code, found = measured(parser.parse_args().tests or list(TESTS))
    for one in found:
        share = 100 * (1 - len(one.missing) / len(one.lines)) if one.lines else 100.0
        missing = ", ".join(map(str, sorted(one.missing)))
        print(f"{one.file:44} {len(one.lines):4} lines {share:6.1f} %  {missing}")
    lines, missing_lines = (
        sum(len(part) for part in column) for column in zip(*(r[1:] for r in found), strict=True)
    )
    print(f"{'all kernels':44} {lines:4} lines {100 * (1 - missing_lines / lines):6.1f} %")
    return code or int(missing_lines > 0)


if __name__ == "__main__":
    raise SystemExit(main())
