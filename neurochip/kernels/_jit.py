"""`@kernel` and `@entry`: the one place where numba compiles.

A decorated function stays a cheap Python object until it is first called, so that a module may hold a
Spec beside its kernel and still be imported without paying for numba (about 1.5 s).
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

import numpy as np

from neurochip.kernels.cache import kernel_cache
from neurochip.kernels.calls import Invoke, intrinsic_call, mark_of
from neurochip.kernels.contract import checked
from neurochip.kernels.garbage import left_alone
from neurochip.kernels.inlining import inlined_pipeline

__all__ = [
    "Kernel",
    "calling",
    "entry",
    "kernel",
    "plain",
    "separate_kernel",
    "source_digest",
    "unstored_entry",
    "unstored_kernel",
]

P = ParamSpec("P")
R = TypeVar("R", covariant=True)


@functools.cache
def source_digest(module: str) -> str:
    """Return a digest of all Python files of the package that a module belongs to, its top-level one."""
    digest = hashlib.blake2b(digest_size=8)
    top = sys.modules.get(module.partition(".")[0])
    folders = [Path(folder) for folder in getattr(top, "__path__", ())]
    alone = getattr(top, "__file__", None)
    files = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    for path in files or ([Path(alone)] if alone else []):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _marked(function: types.FunctionType, mark: str, names: Mapping[str, object] | None = None) -> Any:
    """Return a copy of a function under a longer name, with other objects behind some of its names.

    numba names both stored kernels and their symbols after the function, so the copy is never taken for the original.
    """
    names = names or {}
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    closure = tuple(types.CellType(names[name]) if name in names else cell for name, cell in cells)
    copy = types.FunctionType(
        function.__code__,
        {**function.__globals__, **names} if names else function.__globals__,
        function.__name__,
        function.__defaults__,
        closure,
    )
    functools.update_wrapper(copy, function)
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__qualname__ = f"{function.__qualname__}_{mark}"
    return copy


@functools.cache
def _numba() -> Any:
    """Import numba once, point its cache at ours, and teach it to see through `Kernel`, and to `invoke` functions.

    It is taught nothing later: a thread that asks for a type while another one adds to them may find neither.
    """
    with _importing:
        return _taught()


_importing = threading.Lock()


@functools.cache
def _taught() -> Any:
    import numba
    from numba.core.cpu import CPUTargetOptions
    from numba.core.options import TargetOptions
    from numba.core.registry import cpu_target
    from numba.extending import typeof_impl

    if numba.config.CPU_FEATURES is None:  # type: ignore[attr-defined]
        numba.config.CPU_FEATURES = _features()  # type: ignore[attr-defined]

    # numba has this flag for functions, but no option of `njit` that sets it.
    CPUTargetOptions.noalias = TargetOptions.Mapping("noalias")  # type: ignore[no-untyped-call]

    if "NUMBA_CACHE_DIR" not in os.environ and not numba.config.DISABLE_JIT and _stores():  # type: ignore[attr-defined]
        numba.config.CACHE_DIR = str(kernel_cache())  # type: ignore[attr-defined]

    inlined_pipeline()
    left_alone()

    @typeof_impl.register(Kernel)
    def _typeof_kernel(value: Kernel[..., object], context: object) -> object:
        return typeof_impl(value.inner, context)

    resolve = cpu_target.typing_context.resolve_value_type
    calls = {returns: intrinsic_call(returns) for returns in ("none", "int64")}

    @typeof_impl.register(Invoke)
    def _typeof_invoke(value: Invoke, context: object) -> object:
        return resolve(calls[value.returns])

    return numba


def _features() -> str | None:
    """Return what compilers may use of this processor: with AVX-512 whole vectors of it; `None` leaves it to numba.

    LLVM takes half of them on Intel's, as the first ones slowed down; those since 2019, which know VBMI2, do not.
    """
    from llvmlite.binding import get_host_cpu_features

    features = get_host_cpu_features()
    return f"{features.flatten()},-prefer-256-bit" if features.get("avx512vbmi2") else None


def _stores() -> bool:
    """Return whether there is a place to keep what was compiled."""
    return "NUMBA_CACHE_DIR" in os.environ or kernel_cache() is not None


class Kernel(Generic[P, R]):
    """A function that numba compiles at its first call (never, with ``NUMBA_DISABLE_JIT=1``); made by `kernel`.

    Parameters
    ----------
    function
        Takes arrays and scalars, allocates nothing.
    inline
        Whether it becomes part of the kernels that call it.
    cached
        Whether what was compiled is kept on disk.
    separate
        Whether its arrays are promised not to overlap.
    """

    def __init__(
        self, function: Callable[P, R], inline: bool, cached: bool = True, separate: bool = False
    ) -> None:
        self.function = function
        self._inline, self._cached, self._separate = inline, cached, separate
        self._values: dict[object, Any] = {}
        functools.update_wrapper(self, function)

    @functools.cached_property
    def compiled(self) -> Any:
        """The numba dispatcher, or, with the JIT off, the plain function that looks at what it is handed."""
        numba = _numba()
        if numba.config.DISABLE_JIT:
            return checked(self.function)
        return self._compiler(self._named())

    @functools.cached_property
    def inner(self) -> Any:
        """What other kernels call: an inlined one has no way in from Python or C there, which takes long to compile."""
        if not self._inline or _numba().config.DISABLE_JIT:
            return self.compiled
        return self._compiler(
            _marked(self._named(), "inner"), no_cpython_wrapper=True, pipeline_class=inlined_pipeline()
        )

    def _named(self) -> Any:
        function: Any = self.function
        if self._cached and function.__module__.partition(".")[0] != __name__.partition(".")[0]:
            # The folder is named after our source; somebody else's kernel, after theirs.
            return _marked(
                function, f"{source_digest(function.__module__)}_{function.__code__.co_firstlineno}"
            )
        return function

    def _compiler(self, function: Any, **flags: Any) -> Any:
        return _numba().njit(
            cache=self._cached and _stores(),
            nogil=True,
            error_model="numpy",
            # Results must be the same on every machine and match float64 references exactly.
            fastmath=False,
            # Kernels allocate nothing, so the reference counts of their arrays need no care: leaving it
            # out, and inlining the small ones, made the settle loop four times as fast.
            _nrt=False,
            forceinline=self._inline,
            noalias=self._separate,
            no_cfunc_wrapper=True,
            **flags,
        )(function)

    @property
    def is_stored(self) -> bool:
        """Whether another process can find what was compiled: not so where a closure takes part."""
        function: Any = self.function
        alone = self._cached and not function.__closure__
        return alone and all(called.is_stored for _, called in self._calls())

    def _calls(self) -> Iterator[tuple[str, Kernel[..., object]]]:
        """Yield the kernels that the function names."""
        function: Any = self.function
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        known = {name: cell.cell_contents for name, cell in cells.items()}
        for name in (*function.__code__.co_names, *cells):
            called = known.get(name, function.__globals__.get(name))
            if isinstance(called, Kernel):
                yield name, called

    def _again(self, function: Callable[P, R], stored: bool) -> Kernel[P, R]:
        """Return a kernel of another function that is compiled like this one, kept on disk only if ``stored``."""
        return Kernel(function, self._inline, self._cached and stored, self._separate)

    def value(self, *examples: object) -> Any:
        """Return the function as data, a row that `invoke` calls, compiled for arguments like these.

        An entry that is handed such rows is compiled once, whatever they name; a call takes some 10 ns.

        Parameters
        ----------
        examples
            Arguments of the types that it will be called with; they are not read.

        Returns
        -------
        NDArray
            u64[2]: where it stands, and a mark of its types. With the JIT off the plain function stands there.
        """
        numba = _numba()
        if numba.config.DISABLE_JIT:
            return self._values.setdefault("plain", np.array([self.compiled, None], dtype=object))
        types = tuple(numba.typeof(example) for example in examples)
        if types not in self._values:
            self.compiled.compile(types)
            found = self.compiled.overloads[types]
            address = found.library.get_pointer_to_function(found.fndesc.llvm_func_name)
            row = np.array([address, mark_of(found.signature.return_type, types)], np.uint64)
            # What the address points into must stay alive as long as some row does: for good.
            self._values[types] = row
            _in_use.append(found)
        return self._values[types]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the compiled function."""
        result: R = self.compiled(*args, **kwargs)
        return result


_in_use: list[object] = []


def kernel(function: Callable[P, R]) -> Kernel[P, R]:
    """Mark a small numeric function, meant to be inlined in larger kernels; it may also be called as it is.

    A kernel allocates nothing, releases the GIL, is cached on disk, and follows IEEE arithmetic as written.

    Parameters
    ----------
    function
        Of a module, so that another process finds it again; it may call other kernels, by their names.

    Returns
    -------
    Kernel
        To be called like the function.

    Raises
    ------
    numba.core.errors.NumbaError
        When it is first called, not here: for types that it was not written for, or if it allocates.
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


def calling(
    start: Kernel[P, R], instead: Mapping[Kernel[..., object], Kernel[..., object]], mark: str
) -> Kernel[P, R]:
    """Return a kernel like ``start`` in which, however far down, other kernels are called than were written.

    Parameters
    ----------
    instead
        Kernel → what is called in its place, with the same arguments.
    mark
        Tells the copies from others of the same functions, in memory and on disk: what ``instead`` depends on has to
        be part of it, their source included. Letters and digits.
    """
    made: dict[Kernel[..., object], Kernel[Any, Any]] = {}
    stored = all(kernel.is_stored for kernel in instead.values())

    def rebuilt(old: Kernel[..., object]) -> Kernel[Any, Any]:
        if old not in made:
            written = instead.get(old, old)
            names = {name: new for name, called in written._calls() if (new := rebuilt(called)) is not called}
            made[old] = written._again(_marked(written.function, mark, names), stored) if names else written  # type: ignore[arg-type]
        return made[old]

    return rebuilt(start)


def plain(start: Kernel[P, R]) -> Callable[P, R]:
    """Return the Python function of a kernel, with all that it calls as Python, whether or not kernels are compiled."""
    names: dict[str, object] = {name: plain(called) for name, called in start._calls()}
    result: Callable[P, R] = _marked(start.function, "plain", names)  # type: ignore[arg-type]
    return result
