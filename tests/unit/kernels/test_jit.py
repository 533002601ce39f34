"""Compiling: late, cached by the state of the source, and never needed to look at a spec."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.kernels import _jit, cache
from neurochip.kernels._jit import Kernel, calling, entry, kernel, plain, unstored_kernel
from neurochip.kernels.cache import cache_folder
from neurochip.kernels.calls import invoke, invoke_counting

ROOT = Path(_jit.__file__).resolve().parents[2]


@kernel
def double(x: Any) -> Any:
    """Return twice x."""
    return x + x


@entry
def fourfold(x: Any) -> Any:
    """Return four times x."""
    return double(double(x))


@pytest.mark.interp
def test_kernels_call_kernels() -> None:
    assert double(4) == 8
    assert fourfold(2.5) == 10.0
    assert double.__doc__ == "Return twice x." and double.__name__ == "double"
    assert isinstance(double, Kernel) and double.function(3) == 6


@pytest.mark.interp
def test_without_compilation_a_kernel_is_its_own_python() -> None:
    off = os.environ.get("NUMBA_DISABLE_JIT") == "1"
    assert isinstance(double.compiled, types.FunctionType) == off


@entry
def apply(change: Any, values: Any) -> None:
    """Apply a function that it is handed."""
    for j in range(values.shape[0]):
        invoke(change, j, values)


@kernel
def count_up(j: int, values: Any) -> None:
    """Add j."""
    values[j] += j


@kernel
def negate(j: int, values: Any) -> None:
    """Change the sign."""
    values[j] = -values[j]


@kernel
def give(j: int, values: Any) -> int:
    """Return j."""
    return j


@entry
def ask(answers: Any, values: Any) -> int:
    """Add up the answers of functions."""
    total = 0
    for k in range(answers.shape[0]):
        total += invoke_counting(answers[k], k + 1, values)
    return total


@pytest.mark.interp
def test_functions_stand_in_a_table() -> None:
    empty = np.zeros(0)
    assert ask(np.array([give.value(0, empty)] * 3), empty) == 6


@pytest.mark.interp
def test_a_function_is_handed_to_an_entry_as_a_value() -> None:
    """The entry is compiled once, whatever it is handed."""
    values, empty = np.arange(3.0), np.zeros(0)
    for function, expected in ((count_up, [0, 2, 4]), (negate, [0, -2, -4])):
        apply(function.value(0, empty), values)
        assert values.tolist() == expected
    assert count_up.value(0, empty) is count_up.value(0, empty)
    if hasattr(apply.compiled, "signatures"):
        assert len(apply.compiled.signatures) == 1


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_a_call_with_other_types_than_it_was_compiled_for_is_an_error() -> None:
    for wrong in (count_up.value(np.uint64(0), np.zeros(0)), give.value(0, np.zeros(0))):
        with pytest.raises(TypeError, match="other types"):
            apply(wrong, np.arange(3.0))


def test_other_kernels_may_be_called_however_far_down() -> None:
    """The copy calls the other kernel; the original goes on calling its own."""

    @unstored_kernel
    def treble(x: Any) -> Any:
        return 3 * x

    copy = calling(fourfold, {double: treble}, "trebled")
    assert (copy(2), fourfold(2)) == (18, 8)
    assert not copy.is_stored and fourfold.is_stored
    assert calling(fourfold, {treble: double}, "same") is fourfold
    assert (plain(copy)(2), plain(fourfold)(2.5)) == (18, 10.0)


def package(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def test_an_edit_of_any_kernel_moves_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cache.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    monkeypatch.setattr(cache, "_PACKAGE", tmp_path)
    package(tmp_path, caller="@entry\ndef f(): g()\n", called="@kernel\ndef g(): 1\n", plain="x = 1\n")
    folders = [cache_folder(), cache_folder()]
    package(tmp_path, plain="x = 2\n")
    folders.append(cache_folder())
    assert len(set(folders)) == 1
    assert folders[0].parent == Path("/somewhere/neurochip")
    package(tmp_path, called="@kernel\ndef g(): 2\n")
    folders.append(cache_folder())
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    folders.append(cache_folder())
    assert len(set(folders)) == 3


@pytest.mark.parametrize(
    "statement",
    [
        "import neurochip",
        "import neurochip.elements",
        "import neurochip.description",
        "from neurochip import OSA, SigmaDelta, read_run; read_run('mnist-small')",
    ],
)
def test_looking_at_a_spec_compiles_nothing(statement: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys\nprint('numba' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout
    assert said == "False\n"
