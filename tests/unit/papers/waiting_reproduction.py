"""A small reproduction in a process of its own that says where it is and waits there, so that a test can stop it.

Arguments: experiment, folder, share done. It writes ``here`` to its output when it is there, and goes on when it reads
a line. Exit code 130 when it was interrupted.
"""

from __future__ import annotations

import signal
import sys

from neurochip.errors import Interrupted
from neurochip.papers import reproduce
from tests.unit.papers.small_forms import SMALL


def main() -> int:
    name, folder, wanted = sys.argv[1:]
    waited = []

    def listen(share: float, doing: str) -> None:
        if share >= float(wanted) and not waited:
            waited.append(share)
            print("here", flush=True)
            sys.stdin.readline()

    # Where the tests run in the background of a shell, it hands down that interrupts are ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    SMALL[name](setattr)
    try:
        reproduce(name, quick=True, out=folder, threads=2, on_progress=listen)
    except Interrupted as stopped:
        print(stopped.folder, flush=True)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
