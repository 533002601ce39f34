"""Start-up, in processes of their own: the help, and the default run with and without compiled kernels."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from neurochip.bench.processes import run_python
from neurochip.bench.row import Effort, Family, Figure, Row, within_rounds
from neurochip.errors import CapabilityError

__all__ = ["FAMILY"]

# The program's own main, so that what it imports for its help can be seen.
_HELP = """
import sys
from neurochip._cli.main import neurochip
try:
    neurochip(["--help"], prog_name="neurochip")
except SystemExit:
    pass
if "numba" in sys.modules:
    sys.exit("the help imports numba")
"""
_ROWS = (
    Row(
        "startup-help",
        "neurochip --help, numba not imported",
        "s",
        "the time of a bare Python",
    ),
    Row(
        "startup-cold",
        "the default run from an empty kernel cache, all cores",
        "s",
        form="full",
    ),
    Row(
        "startup-warm",
        "the default run with compiled kernels, all cores",
        "s",
        form="full",
    ),
)


def _measure(effort: Effort, wanted: frozenset[str]) -> Iterator[Figure]:
    if "startup-help" in wanted:
        run_python(["-c", _HELP])
        bare, helped = [], []
        for _ in range(effort.times(7, 15)):
            bare.append(run_python(["-c", "pass"]).seconds)
            helped.append(run_python(["-c", _HELP]).seconds)
        yield Figure("startup-help", tuple(helped), within_rounds(helped, bare))
    tiny = [
        "--set",
        "data.train=20",
        "--set",
        "data.test=20",
        "--set",
        "learning.epochs=1",
        "--set",
        "phases.free=10",
    ]
    words = ["-m", "neurochip", "simulate", "--quiet", *effort.pick(tiny, [], [])]
    if "startup-cold" in wanted:
        yield Figure("startup-cold", tuple(_cold(words) for _ in range(effort.times(1, 2))))
    if "startup-warm" in wanted:
        run_python(words)
        yield Figure("startup-warm", tuple(run_python(words).seconds for _ in range(effort.times(2, 3))))


def _cold(words: list[str]) -> float:
    with tempfile.TemporaryDirectory() as cache:
        ran = run_python(words, environment={"XDG_CACHE_HOME": cache, "NUMBA_CACHE_DIR": None})
    if not ran.stdout.strip():
        raise CapabilityError("startup-cold", "the default run says nothing about where it wrote")
    return ran.seconds


FAMILY = Family("startup", "start-up of the program", _ROWS, _measure)
