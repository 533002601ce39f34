"""A run in a process of its own that says where it is and waits there, so that a test can kill it.

Arguments: run, folder, threads, stage, epoch, samples done, then overrides. It writes ``here`` to its output when
it is there, and goes on when it reads a line. Exit code 130 when it was interrupted.
"""

from __future__ import annotations

import sys
import time

from neurochip import simulate
from neurochip.errors import Interrupted
from neurochip.training.progress import Progress


def main() -> int:
    run, folder, threads, stage, epoch, done, *overrides = sys.argv[1:]
    waited = []

    def listen(progress: Progress) -> None:
        if waited or (progress.stage, progress.epoch) != (stage, int(epoch)):
            return
        if progress.done < int(done):
            time.sleep(0.11)  # progress is told ten times a second; the next batch shall be told too
            return
        waited.append(progress)
        print("here", flush=True)
        sys.stdin.readline()

    try:
        simulate(run, overrides=overrides, out=folder, threads=int(threads), on_progress=listen)
    except Interrupted as stopped:
        print(stopped.folder, flush=True)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
