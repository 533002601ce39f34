"""What is installed here, and what that enables: packages, extras, plug-ins, programs, threads, caches and data."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Literal, NamedTuple

from neurochip import plugins
from neurochip.data import DATA_SETS, FETCHABLE, data_folder
from neurochip.errors import ConfigError, DataError
from neurochip.extras import ALL, installing
from neurochip.machine import usable_cores

__all__ = ["ENABLED_BY", "Finding", "findings"]

# Extra → what it is good for. A test holds this table against pyproject.toml.
ENABLED_BY = {
    ALL: "every command, but for tune --sampler gp",
    "sweep": "neurochip sweep",
    "cluster": "neurochip sweep --scheduler",
    "tune": "neurochip tune",
    "gp": "neurochip tune --sampler gp",
    "plot": "neurochip figures --format svg, pdf, png",
    "trace": "neurochip trace --format vcd",
    "nir": "neurochip import, neurochip export",
    "sanafe": "neurochip import --arch, neurochip chips import: files of SANA-FE",
    "analog": "analog.supply_lines: the drop along lines of the supply",
    "map": "--placement hops, balance, cut",
    "docs": "mkdocs build: this documentation as a site",
    "testing": "neurochip.testing: the contracts that a plug-in keeps",
}
# Program → what it is good for. None is needed to simulate.
_PROGRAMS = {
    "ngspice": "checks of exported netlists, and cells extracted from model cards",
    "verilator": "neurochip verify, neurochip silicon verify",
    "iverilog": "neurochip verify, without a compiler for C++",
    "yosys": "cells of exported chips",
}
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([A-Za-z0-9._-]+)['"]""")


class Finding(NamedTuple):
    """One thing looked for.

    Attributes
    ----------
    group
        What kind of thing it is.
    name
        Of the thing.
    state
        ``good``; ``absent``, which is no fault; ``bad``, which keeps something from working.
    found
        Version, place or number.
    means
        What it enables, or what to do.
    """

    group: Literal["neurochip", "packages", "extras", "plug-ins", "programs", "machine", "data"]
    name: str
    state: Literal["good", "absent", "bad"]
    found: str
    means: str


def findings() -> Iterator[Finding]:
    """Look, one thing after the other; nothing is written, nothing is fetched."""
    from neurochip import __version__

    yield Finding("neurochip", "neurochip", "good", __version__, "")
    yield Finding("neurochip", "Python", "good", platform.python_version(), platform.platform())
    yield from _packages()
    yield from _extras()
    yield from _plugins()
    for program, means in _PROGRAMS.items():
        place = shutil.which(program)
        yield Finding("programs", program, "good" if place else "absent", place or "not found", means)
    yield from _machine()
    yield from _data()


def _requirements() -> dict[str | None, list[str]]:
    """Return extra (or `None`) → packages, as the installed distribution declares them."""
    found: dict[str | None, list[str]] = {None: []}
    try:
        lines = requires("neurochip") or []
    except PackageNotFoundError:
        return found
    for line in lines:
        name, extra = _REQUIREMENT.match(line), _EXTRA.search(line)
        if name:
            found.setdefault(extra.group(1) if extra else None, []).append(name.group(1))
    return found


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _packages() -> Iterator[Finding]:
    packages = _requirements()[None]
    if not packages:
        yield Finding(
            "packages",
            "neurochip",
            "bad",
            "not installed",
            "runs from a folder; pip install it for `neurochip`",
        )
    for package in packages:
        found = _version(package)
        state: Literal["good", "bad"] = "good" if found else "bad"
        means = "" if found else f"needed; pip install {package}"
        yield Finding("packages", package, state, found or "not installed", means)


def _extras() -> Iterator[Finding]:
    for extra, packages in sorted((e, p) for e, p in _requirements().items() if e is not None):
        if extra == "dev":
            continue
        missing = [package for package in packages if _version(package) is None]
        means = ENABLED_BY.get(extra, "")
        if missing:
            found = f"missing {', '.join(missing)}"
            yield Finding("extras", extra, "absent", found, f"{means}: {installing(extra)}")
        else:
            found = ", ".join(f"{package} {_version(package)}" for package in packages)
            yield Finding("extras", extra, "good", found, means)


def _plugins() -> Iterator[Finding]:
    """Import every plug-in and check it as a run that names it would."""
    from neurochip.plugin_checks import check_plugin, means

    for group in plugins.GROUPS:
        for plugin in plugins.installed(group):
            whose = f"{plugin.distribution} {plugin.version}"
            try:
                check_plugin(plugin)
            except ConfigError as error:
                yield Finding("plug-ins", plugin.name, "bad", whose, error.problem)
            else:
                yield Finding("plug-ins", plugin.name, "good", whose, means(plugin))


def _machine() -> Iterator[Finding]:
    yield Finding(
        "machine",
        "threads",
        "good",
        str(usable_cores()),
        "samples are shared among them; results do not change",
    )
    blas = os.environ.get("OPENBLAS_NUM_THREADS")
    yield Finding(
        "machine",
        "BLAS threads",
        "good" if blas == "1" else "absent",
        blas or "not set",
        ""
        if blas == "1"
        else "set OPENBLAS_NUM_THREADS=1 where Python calls the library: more fight with ours",
    )
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        yield Finding(
            "machine",
            "NUMBA_DISABLE_JIT",
            "bad",
            "set",
            "kernels run as plain Python, hundreds of times slower",
        )
    yield _kernels()


def _kernels() -> Finding:
    """Try the place where kernels are kept, as a run would."""
    from neurochip.kernels.cache import usable_cache

    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return Finding("machine", "compiled kernels", "good", chosen, "NUMBA_CACHE_DIR")
    cache = usable_cache()
    if cache.folder is None or cache.is_temporary:
        place = "nowhere" if cache.folder is None else str(cache.folder)
        return Finding("machine", "compiled kernels", "bad", place, cache.problem)
    there = cache.folder.is_dir() and any(cache.folder.iterdir())
    means = "compiled" if there else "will be compiled at the first run, which takes some seconds more"
    return Finding("machine", "compiled kernels", "good", str(cache.folder), means)


def _data() -> Iterator[Finding]:
    from neurochip.data import load

    for name in DATA_SETS:
        try:
            samples = load(name)  # reads and verifies every byte
        except DataError as error:
            if name in FETCHABLE and not _is_fetched(name):
                yield Finding("data", name, "absent", "not fetched", f"neurochip data fetch {name}")
            else:
                yield Finding("data", name, "bad", "not usable", str(error))
        else:
            counts = f"{len(samples.train)} + {len(samples.test)} samples"
            place = str(data_folder(name)) if name in FETCHABLE else "embedded"
            yield Finding("data", name, "good", counts, place)


def _is_fetched(name: str) -> bool:
    try:
        return data_folder(name).exists()
    except DataError:  # of a user without a home
        return True
