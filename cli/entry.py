"""Where the command line begins: before what takes time to import, so that Ctrl-C finds somebody from then on."""

from __future__ import annotations

import os
import signal
from types import FrameType

__all__ = ["main"]


def main() -> None:
    """Run the command line; interrupted before it is loaded, it ends in a line and with the code of the signal."""
    before = signal.signal(signal.SIGINT, _ended)
    try:
        from .main import main as command_line

        command_line()
    finally:
        # Whatever Python still has to tidy up: the command has ended, and needs nobody's traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is signal.default_int_handler else before)


def _ended(signum: int, frame: FrameType | None) -> None:
    os.write(2, b"Stopped before it began.\n")
    os._exit(128 + signum)
