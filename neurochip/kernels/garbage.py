"""While numba compiles, nobody looks for garbage.

Its trees of types and code grow by millions of objects, of which hardly any can go before a kernel is done: walking
through them, again and again, took a tenth of all compilation.
"""

from __future__ import annotations

import functools
import gc
from typing import Any

__all__ = ["left_alone"]


@functools.cache
def left_alone() -> None:
    """Have numba's compilations, from now on, stop the search for garbage, and start it again if they stopped it."""
    from numba.core import event

    base: Any = event.Listener

    class Pause(base):  # type: ignore[misc]
        """Told of each compilation while numba holds its lock; one that needs another begins within it."""

        deep = 0
        stopped = False

        def on_start(self, event: object) -> None:
            """Stop the search with the outermost compilation."""
            if self.deep == 0:
                self.stopped = gc.isenabled()
                gc.disable()
            self.deep += 1

        def on_end(self, event: object) -> None:
            """Start it again after the outermost one, failed or not."""
            self.deep -= 1
            if self.deep == 0 and self.stopped:
                gc.enable()

    event.register("numba:compile", Pause())  # type: ignore[no-untyped-call]
