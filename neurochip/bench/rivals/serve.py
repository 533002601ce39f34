"""Runs inside another tool's Python and answers on standard output: ``PYTHON serve.py TOOL.py WORKLOAD.npz``.

TOOL.py defines ``prepare(workload)``, which returns the tool's version, a function that puts everything back to the
beginning, and one that does the work once and returns what it came to. This program says a line of JSON when that is
ready, and then one for each line that it reads: seconds of the work, peak memory, and what it came to. It needs NumPy
and nothing of neurochip, and runs on Python 3.8.
"""

import json
import os
import resource
import runpy
import sys
import time


def _cpu_seconds():
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in used)


def _peak_bytes():
    # What getrusage says includes the size of the program that started this one.
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as said:
            return next(1024 * int(line.split()[1]) for line in said if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        factor = 1 if sys.platform == "darwin" else 1024
        return factor * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main():
    """Serve one workload until standard input ends."""
    # What the tool itself prints goes to standard error: our lines stay readable.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(answer):
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    # Python put the folder of this file there, where `import numpy` has nothing to look for.
    sys.path.pop(0)
    import numpy as np

    tool, workload = sys.argv[1:3]
    with np.load(workload, allow_pickle=False) as stored:
        given = {name: stored[name] for name in stored.files}
    began = time.perf_counter()
    version, reset, work = runpy.run_path(tool)["prepare"](given)
    say({"version": version, "prepared_s": time.perf_counter() - began})
    for _ in sys.stdin:
        reset()
        cpu, wall = _cpu_seconds(), time.perf_counter()
        result = work()
        wall, cpu = time.perf_counter() - wall, _cpu_seconds() - cpu
        # A tool of many processes, or one that makes something first, counts seconds itself.
        cpu = result.pop("cpu_s", cpu)
        say({"cpu_s": cpu, "wall_s": wall, "peak_bytes": _peak_bytes(), "result": result})


if __name__ == "__main__":
    main()
