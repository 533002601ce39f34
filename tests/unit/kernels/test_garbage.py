"""Garbage is not looked for while a kernel compiles, and is again afterwards."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from typing import Any

import pytest

from neurochip.kernels._jit import Kernel, unstored_entry, unstored_kernel

pytestmark = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")


def one() -> Kernel[Any, Any]:
    """A new entry, with a kernel that is compiled within it."""

    @unstored_kernel
    def half(x: Any) -> Any:
        return x / 2

    @unstored_entry
    def quarter(x: Any) -> Any:
        return half(half(x))

    return quarter


@pytest.fixture
def passes() -> Iterator[list[bool]]:
    """At each pass of a compilation: whether garbage is looked for."""
    from numba.core import event

    seen: list[bool] = []

    class Look(event.Listener):
        def on_start(self, event: Any) -> None:
            seen.append(gc.isenabled())

        def on_end(self, event: Any) -> None:
            seen.append(gc.isenabled())

    look = Look()
    event.register("numba:run_pass", look)  # type: ignore[no-untyped-call]
    yield seen
    event.unregister("numba:run_pass", look)  # type: ignore[no-untyped-call]


def test_not_while_a_kernel_compiles(passes: list[bool]) -> None:
    assert gc.isenabled()
    assert one()(8.0) == 2.0
    assert len(passes) > 60 and not any(passes)  # those after the inner kernel, too
    assert gc.isenabled()


def test_it_is_looked_for_after_a_failure(passes: list[bool]) -> None:
    from numba.core.errors import TypingError

    with pytest.raises(TypingError):
        one()("a word")
    assert passes and not any(passes)
    assert gc.isenabled()


def test_who_looks_for_none_is_left_alone(passes: list[bool]) -> None:
    gc.disable()
    try:
        assert one()(4.0) == 1.0
        assert not gc.isenabled() and passes
    finally:
        gc.enable()


def test_another_compiler_looks_for_it(passes: list[bool]) -> None:
    """The control: nobody stops the search where no kernel is asked for."""
    from numba.core import types
    from numba.core.compiler import Flags, compile_extra
    from numba.core.registry import cpu_target

    contexts = cpu_target.typing_context, cpu_target.target_context
    compile_extra(*contexts, lambda x: x + x, (types.int64,), None, Flags(), {})
    assert passes and all(passes)
