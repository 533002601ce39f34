"""What this machine has, and what is refused because it asks for more."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from neurochip.errors import ConfigError
from neurochip.files.limits import in_bytes

__all__ = [
    "MOST_PARALLEL",
    "MOST_REPEATED",
    "check_memory",
    "check_room_to_compile",
    "check_parallel",
    "check_repeated",
    "free_memory",
    "total_memory",
    "usable_cores",
]

MOST_PARALLEL = 256  # threads, or processes: each takes memory and a time to start
LEAST_TO_COMPILE = 640 << 20  # bytes of addresses: what the smallest run takes, with Python and its libraries
MOST_REPEATED = (
    1_000_000  # trials, dies, seeds: more is a slip of the finger, and would be listed before it is begun
)


def usable_cores() -> int:
    """Return the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_parallel(count: int, key: str) -> int:
    """Return a number of threads or processes, or refuse it as ``key``."""
    if not 1 <= count <= MOST_PARALLEL:
        raise ConfigError(
            key, f"must be 1 to {MOST_PARALLEL}, got {count}; this machine has {usable_cores()} cores"
        )
    return count


def check_repeated(count: int, key: str, least: int = 1) -> int:
    """Return how often something is to be done, or refuse it as ``key``."""
    if not least <= count <= MOST_REPEATED:
        raise ConfigError(key, f"must be {least} to {MOST_REPEATED}, got {count}")
    return count


def free_memory() -> int | None:
    """Return the bytes that this process may still take; `None` where the system does not say."""
    known = [
        bytes_left
        for bytes_left in (_of_the_machine(), _of_the_group(), _of_the_process())
        if bytes_left is not None
    ]
    return min(known, default=None)


def total_memory() -> int | None:
    """Return the bytes of memory of this machine; `None` where the system does not say."""
    try:
        return int(os.sysconf("SC_PAGE_SIZE")) * int(os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return None


def check_memory(needed: int, key: str, cure: str) -> None:
    """Refuse what takes more memory than there is.

    Parameters
    ----------
    needed
        Bytes that it takes at the very least.
    key
        What asks for them.
    """
    free = free_memory()
    if free is not None and needed > free:
        raise ConfigError(
            key, f"takes at least {in_bytes(needed)} of memory, and {in_bytes(free)} are free; {cure}"
        )


def check_room_to_compile() -> None:
    """Refuse to begin where a limit on the memory of a process, as of ``ulimit -v``, leaves compilers no room.

    A compiler that gets no memory aborts the process, and nothing can be said any more.
    """
    most = _limit_of_the_process()
    if most is not None and most < LEAST_TO_COMPILE:
        raise ConfigError(
            "memory",
            f"this process may take {in_bytes(most)} (ulimit -v), and compiled kernels need "
            f"{in_bytes(LEAST_TO_COMPILE)} at the least; raise the limit",
        )


def _limit_of_the_process() -> int | None:
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    if not hasattr(resource, "RLIMIT_AS"):
        return None
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if most == resource.RLIM_INFINITY else most


def _of_the_machine() -> int | None:
    for line in _lines("/proc/meminfo"):
        name, _, amount = line.partition(":")
        if name == "MemAvailable":
            return int(amount.split()[0]) * 1024
    return None


def _of_the_group() -> int | None:
    """Return what the control group of a container leaves."""
    try:
        most = next(iter(_lines("/sys/fs/cgroup/memory.max")))
        taken = next(iter(_lines("/sys/fs/cgroup/memory.current")))
        return int(most) - int(taken)
    except (StopIteration, ValueError):  # there is none, or it has no limit
        return None


def _of_the_process() -> int | None:
    most = _limit_of_the_process()
    if most is None:
        return None
    import resource

    pages = next(iter(_lines("/proc/self/statm")), "0").split()[0]  # macOS: nothing, so an upper bound
    return max(0, most - int(pages) * resource.getpagesize())


def _lines(path: str) -> Iterable[str]:
    try:
        return Path(path).read_text(encoding="ascii").splitlines()
    except OSError:
        return ()
