"""What the logger "neurochip" says, as lines of stderr."""

from __future__ import annotations

import logging
import sys

__all__ = ["logged"]

_FORMAT = "%(levelname)s %(name)s: %(message)s"


class _Stderr(logging.Handler):
    """Writes to what stderr is at the moment: a progress bar stands in its place for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        try:
            print(self.format(record), file=sys.stderr, flush=True)
        except (OSError, ValueError):  # nobody reads it any more
            self.handleError(record)


def logged(level: str) -> None:
    """Let lines of this level and above through; twice in a process does no harm."""
    logger = logging.getLogger("neurochip")
    logger.setLevel(level.upper())
    logger.propagate = False
    if not any(isinstance(handler, _Stderr) for handler in logger.handlers):
        handler = _Stderr()
        handler.setFormatter(logging.Formatter(_FORMAT))
        logger.addHandler(handler)
