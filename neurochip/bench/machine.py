"""The machine that a table was measured on, and how busy others kept it."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from neurochip.machine import total_memory, usable_cores

__all__ = ["Usage", "busy", "cores", "machine", "others_share", "usage"]

# Of a processor's flags, those that its vector units go by.
_VECTOR_FLAGS = (
    "sse2",
    "sse4_2",
    "avx",
    "f16c",
    "fma",
    "avx2",
    "avx_vnni",
    "asimd",
    "asimddp",
    "sve",
    "sve2",
)
_BUSY_LOAD = 0.3  # jobs that want a core, beside ours
_BUSY_SHARE = 0.05
# Variables that change what NumPy's matrix products or our kernels do.
_VARIABLES = (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_CPU_NAME",
    "NUMBA_OPT",
)


class Usage(NamedTuple):
    """Seconds of all cores since the machine started, and those of this process with what it called."""

    all: float
    idle: float
    own: float


def cores() -> int:
    """Return the cores that this process may use."""
    return usable_cores()


def machine() -> dict[str, object]:
    """Return what stands at the head of a table: processor, vector units, caches, memory, load, versions."""
    import numpy as np

    about = _cpuinfo()
    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})  # type: ignore[union-attr, call-overload, unused-ignore]
    return {
        "processor": about.get("model name") or platform.processor() or platform.machine(),
        "architecture": platform.machine(),
        "cores": cores(),
        "flags": _flags(about.get("flags", about.get("Features", "")).split()),
        "caches": _caches(),
        "memory_bytes": total_memory(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,  # Windows has none
        "system": platform.platform(),
        "versions": {
            "neurochip": _version("neurochip"),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": _version("numba"),
            "blas": f"{blas.get('name', '?')} {blas.get('version', '')}".strip(),
        },
        "environment": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
    }


def busy(found: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each thing that makes figures of this machine doubtful, before they are taken."""
    said = []
    if found["load"] > _BUSY_LOAD:
        said.append(
            f"load {found['load']:.1f}: something else is running, and figures will be too low and too wide"
        )
    if "OPENBLAS_CORETYPE" in found["environment"]:
        kind = found["environment"]["OPENBLAS_CORETYPE"]
        said.append(f"OPENBLAS_CORETYPE={kind} chooses NumPy's kernels: ratios to NumPy hold for those only")
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        said.append("NUMBA_DISABLE_JIT is set: kernels run as plain Python, and no figure means anything")
    return said


def usage() -> Usage | None:
    """Return how much of the machine has been used; `None` where the system does not say (no /proc)."""
    try:
        words = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]
    except OSError:
        return None
    ticks = [int(word) for word in words]  # user nice system idle iowait irq softirq steal
    hertz = os.sysconf("SC_CLK_TCK")  # where there is /proc, there is this
    own = os.times()
    mine = own.user + own.system + own.children_user + own.children_system
    return Usage(sum(ticks) / hertz, (ticks[3] + ticks[4]) / hertz, mine)


def others_share(before: Usage | None, after: Usage | None) -> float | None:
    """Return the part of the machine that others used meanwhile, its host included, 0 to 1."""
    if before is None or after is None or after.all <= before.all:
        return None
    used = (after.all - after.idle) - (before.all - before.idle)
    return min(1.0, max(0.0, (used - (after.own - before.own)) / (after.all - before.all)))


def too_busy(share: float | None) -> str | None:
    """Return a sentence when others used so much that the figures are doubtful."""
    if share is None or share <= _BUSY_SHARE:
        return None
    return f"others used {100 * share:.0f} % of the processor meanwhile: measure again on a quiet machine"


def moment() -> str:
    """Return the time of day, with its zone."""
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _cpuinfo() -> dict[str, str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in lines[: lines.index("") if "" in lines else None] if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _flags(flags: list[str]) -> list[str]:
    return [flag for flag in flags if flag in _VECTOR_FLAGS or flag.startswith(("avx512", "amx"))]


def _caches() -> list[dict[str, object]]:
    """Return level, kind and bytes of the first core's caches."""
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index[0-9]*")):
        try:
            level, kind, size = (
                (index / name).read_text(encoding="ascii").strip() for name in ("level", "type", "size")
            )
        except OSError:
            continue
        factor = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(size[-1:], 1)
        found.append({"level": int(level), "kind": kind, "bytes": int(size.rstrip("KMG")) * factor})
    return found
