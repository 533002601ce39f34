"""`@kernel` and `@entry`: the one place where numba compiles.

A decorated function stays a cheap Python object until it is first called, so that a module may hold a
Spec beside its kernel and still be imported without paying for numba (about 1.5 s).
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

__all__ = [
    "Kernel",
    "cache_folder",
    "entry",
    "kernel",
    "separate_kernel",
    "unstored_entry",
    "unstored_kernel",
]

P = ParamSpec("P")
R = TypeVar("R")

_MARKS = (b"@kernel", b"@separate_kernel", b"@entry")
_PACKAGE = Path(__file__).resolve().parent.parent


def cache_folder() -> Path:
    """Folder of compiled kernels, one per state of the package's source.

    numba's own index does not notice an edit in a *called* function of another file, nor a change of
    ``NUMBA_BOUNDSCHECK``: both are part of this folder's name, so a stale kernel is never found.
    """
    digest = hashlib.blake2b(digest_size=8)
    digest.update(os.environ.get("NUMBA_BOUNDSCHECK", "0").encode())
    for path in sorted(_PACKAGE.rglob("*.py")):
        source = path.read_bytes()
        if any(mark in source for mark in _MARKS):
            digest.update(source)
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "neurochip" / digest.hexdigest()


@functools.cache
def _numba() -> Any:
    """Import numba once, point its cache at ours, and teach it to see through `Kernel`."""
    import numba
    from numba.core.cpu import CPUTargetOptions
    from numba.core.options import TargetOptions
    from numba.extending import typeof_impl

    # numba has this flag for functions, but no option of `njit` that sets it.
    CPUTargetOptions.noalias = TargetOptions.Mapping("noalias")  # type: ignore[no-untyped-call]

    if "NUMBA_CACHE_DIR" not in os.environ:
        numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]

    @typeof_impl.register(Kernel)
    def _typeof_kernel(value: Kernel[Any, Any], context: Any) -> Any:
        return typeof_impl(value.compiled, context)

    return numba


class Kernel(Generic[P, R]):
    """A function that numba compiles at its first call (never, with ``NUMBA_DISABLE_JIT=1``)."""

    def __init__(
        self, function: Callable[P, R], inline: bool, cached: bool = True, separate: bool = False
    ) -> None:
        self.function = function
        self._inline, self._cached, self._separate = inline, cached, separate
        functools.update_wrapper(self, function)

    @functools.cached_property
    def compiled(self) -> Any:
        """The numba dispatcher, or the plain function when the JIT is off."""
        numba = _numba()
        if numba.config.DISABLE_JIT:
            return self.function
        return numba.njit(
            cache=self._cached,
            nogil=True,
            error_model="numpy",
            # Results must be the same on every machine and match float64 references exactly.
            fastmath=False,
            # Kernels allocate nothing, so the reference counts of their arrays need no care: leaving it
            # out, and inlining the small ones, made the settle loop four times as fast.
            _nrt=False,
            forceinline=self._inline,
            noalias=self._separate,
        )(self.function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the compiled function."""
        result: R = self.compiled(*args, **kwargs)
        return result


def kernel(function: Callable[P, R]) -> Kernel[P, R]:
    """Mark a small numeric function, meant to be inlined in larger kernels; it may also be called as it is.

    A kernel allocates nothing, releases the GIL, is cached on disk, and follows IEEE arithmetic as written.
    """
    return Kernel(function, inline=True)


def separate_kernel(function: Callable[P, R]) -> Kernel[P, R]:
    """Mark a kernel whose arrays never share memory, unless none of those that do is written to.

    Its loops become vectors without a check, before each of them, that the arrays lie apart; with many arrays the
    compiler makes no vectors rather than so many checks. A caller that breaks the promise gets wrong numbers.
    """
    return Kernel(function, inline=True, separate=True)


def entry(function: Callable[P, R]) -> Kernel[P, R]:
    """Mark a large kernel that Python calls, once per phase; not inlined anywhere."""
    return Kernel(function, inline=False)


def unstored_kernel(function: Callable[P, R]) -> Kernel[P, R]:
    """Mark a kernel that does not come from a module: another process could not read what was stored of it."""
    return Kernel(function, inline=True, cached=False)


def unstored_entry(function: Callable[P, R]) -> Kernel[P, R]:
    """Mark an entry that takes an `unstored_kernel`: it is compiled anew for each."""
    return Kernel(function, inline=False, cached=False)
