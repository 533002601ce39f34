"""A reader of waveforms that is not ours, with its side effect undone."""

from __future__ import annotations

import signal

_before = signal.getsignal(signal.SIGPIPE)
from vcdvcd import VCDVCD  # noqa: E402

# Importing it lets SIGPIPE end the process, and with it the tests that come after.
signal.signal(signal.SIGPIPE, _before)

__all__ = ["VCDVCD"]
