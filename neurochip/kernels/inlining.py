"""What a kernel that others inline is compiled to: what LLVM needs to put it there, and no machine code of its own.

numba optimises each function and turns it into machine code before another one may inline it. Of kernels that are
never called alone that is thrown away, and took a sixth of all compilation. What they are inlined in is optimised.
"""

from __future__ import annotations

import functools
from typing import Any

__all__ = ["inlined_pipeline"]

_KIND = "inlined"  # of what is stored; numba's own are "object" and "bitcode"


@functools.cache
def inlined_pipeline() -> Any:
    """Teach numba, once, to store and to load such kernels; returns the class of pipelines that compiles them."""
    # numba's own classes have no types.
    import llvmlite.binding as llvm
    from numba.core import codegen, compiler
    from numba.core.registry import cpu_target

    library_class: Any = codegen.JITCodeLibrary
    pipeline_class: Any = compiler.Compiler

    class Library(library_class):  # type: ignore[misc]
        """Intermediate code that others are linked with."""

        def _optimize_final_module(self) -> None:
            """Leave it to what it is inlined in."""

        def _finalize_final_module(self) -> None:
            """Give only its environments a place, which what it is inlined in shares."""
            self._finalize_dynamic_globals()
            self._verify_declare_only_symbols()
            names = [v.name for v in self._final_module.global_variables if v.linkage.name == "common"]
            words = "\n".join(f'@"{name}" = common global i8* null' for name in names)
            self._places = llvm.parse_assembly(words)
            self._places.data_layout = self._codegen._data_layout
            self._codegen._add_module(self._places)
            self._codegen._engine.finalize_object()
            self._finalized = True

        def get_pointer_to_function(self, name: str) -> int:
            """Return that there is none."""
            self._ensure_finalized()
            return 0

        def serialize_using_object_code(self) -> tuple[str, str, bytes]:
            """Return what is stored."""
            return self.name, _KIND, self._final_module.as_bitcode()

    class Loading(library_class):  # type: ignore[misc]
        """Loads them, and all else as ever."""

        @classmethod
        def _unserialize(cls, owner: object, state: Any) -> Any:
            name, kind, content = state
            if kind != _KIND:
                return super()._unserialize(owner, state)
            library = Library(owner, name)
            library._final_module = llvm.parse_bitcode(content)
            library._finalize_final_module()
            return library

    class Pipeline(pipeline_class):  # type: ignore[misc]
        """numba's, into another library."""

        def compile_extra(self, func: Any) -> object:
            """Compile a function."""
            self.state.library = Library(self.state.targetctx.codegen(), func.__qualname__)
            return super().compile_extra(func)

    cpu_target.target_context.codegen()._library_class = Loading
    return Pipeline
