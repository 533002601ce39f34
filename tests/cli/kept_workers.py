"""Workers that stay for the next sweep: a process takes longer to begin than a tiny sweep to be measured.

How workers begin, end, die and are replaced is tested with those of the product, in test_sweep_workers.py and
test_sweep_engines.py.
"""

from __future__ import annotations

from concurrent.futures import Executor

from neurochip.sweep.engine import LocalEngine

__all__ = ["KeptEngine", "dismiss"]

_kept: dict[int, Executor] = {}


class KeptEngine(LocalEngine):
    """Processes of this machine, handed on to the next that wants as many, unless something went wrong."""

    def _open(self) -> Executor:
        if self._workers not in _kept:
            _kept[self._workers] = super()._open()
        return _kept[self._workers]

    def renew(self) -> None:
        _kept.pop(self._workers, None)
        super().renew()

    def close(self, *, at_once: bool) -> None:
        if at_once:
            _kept.pop(self._workers, None)
            super().close(at_once=True)


def dismiss() -> None:
    """End all that were kept."""
    while _kept:
        _kept.popitem()[1].shutdown(wait=True)
