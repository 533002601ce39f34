"""Kernels that others inline: stored without machine code, found again, and what they raise arrives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurochip.kernels._jit import unstored_entry, unstored_kernel

pytestmark = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")

MODULE = """
from neurochip.kernels._jit import entry, kernel


@kernel
def root(x):
    if x < 0:
        raise ValueError("no root of what is below 0")
    return x ** 0.5


@kernel
def twice(x):
    return 2 * root(x)


@entry
def first(x):
    return twice(x) + 1


@entry
def second(x):
    return twice(x) + twice(4.0)
"""

ASK = """
import sys
import rooting as m
for name in sys.argv[1:]:
    function = getattr(m, name)
    print(name, function(9.0))
    try:
        function(-1.0)
    except ValueError as error:
        print(error)
for kernel in (m.root, m.twice):
    inner = kernel.inner
    print(sum(inner.stats.cache_hits.values()), sum(inner.stats.cache_misses.values()))
"""


def asked(folder: Path, *names: str) -> list[str]:
    """Call entries in a process of its own, which stores what it compiles."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}
    environment.pop("NUMBA_CACHE_DIR", None)
    words = [sys.executable, "-c", ASK, *names]
    said = subprocess.run(words, capture_output=True, text=True, check=True, env=environment, cwd=folder)
    return said.stdout.splitlines()


def test_what_is_stored_is_inlined_in_another_process(tmp_path: Path) -> None:
    (tmp_path / "rooting.py").write_text(MODULE, encoding="utf-8")
    error = "no root of what is below 0"
    assert asked(tmp_path, "first") == ["first 7.0", error, "0 1", "0 1"]
    # What it calls comes from the disk; `root`, which is in there, is not looked for.
    assert asked(tmp_path, "second") == ["second 10.0", error, "0 0", "1 0"]
    assert asked(tmp_path, "second", "first") == ["second 10.0", error, "first 7.0", error, "0 0", "0 0"]


@unstored_kernel
def third(x: float) -> float:
    """Return a third."""
    return x / 3


@unstored_entry
def ninth(x: float) -> float:
    """Return a third of a third."""
    return third(third(x))


def test_only_what_python_calls_has_machine_code() -> None:
    assert ninth(9.0) == 1.0
    engine_knows = {}
    for name, dispatcher in (("third", third.inner), ("ninth", ninth.compiled)):
        (found,) = dispatcher.overloads.values()
        engine_knows[name] = found.library.get_pointer_to_function(found.fndesc.llvm_func_name) != 0
    assert engine_knows == {"third": False, "ninth": True}
    assert third(9.0) == 3.0  # called alone, it is compiled for that
