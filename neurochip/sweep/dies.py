"""Which runs are of a die, and which keys describe what goes wrong on one."""

from __future__ import annotations

import functools
from pathlib import Path

from neurochip.analog.die_file import read_die
from neurochip.analog.die_table import split_die
from neurochip.description import RunSpec, network_of
from neurochip.errors import CapabilityError, ConfigError, DataError
from neurochip.keys.live import without_keys
from neurochip.keys.reading import Table
from neurochip.keys.tree import known_keys
from neurochip.network import Network, refuse_graph
from neurochip.sweep.identity import contents

__all__ = ["DIE_FILE", "check_die", "is_about_dies", "is_imperfection", "why_no_dies", "without_dies"]

DIE_FILE = "analog.die_file"


def why_no_dies(run: Table) -> str | None:
    """Return the reason why a run cannot be repeated on other dies; `None` when it can."""
    if run["substrate"] != "analog":
        return f"the {run['substrate']} substrate has no dies"
    if "die_file" in run.get("analog", {}):
        return f"{DIE_FILE} is one die"
    return None


def is_imperfection(key: str) -> bool:
    """Whether the nominal value of a key is 0: nothing wrong. A fault is written as its rate, too."""
    known = known_keys(RunSpec)
    return any(path in known and known[path].key.imperfect for path in (key, f"{key}.rate"))


def is_about_dies(key: str) -> bool:
    """Whether a key only says how dies are drawn, so that it means nothing on a chip without deviations."""
    known = known_keys(RunSpec).get(key)
    return known is not None and known.key.per_die and not known.key.imperfect and key != DIE_FILE


def without_dies(run: Table) -> Table:
    """Return a run without anything that is drawn for a die: every chip of it is the nominal one."""
    return without_keys(RunSpec, run, lambda known: known.key.per_die)


def check_die(run: RunSpec) -> None:
    """Refuse a run whose die is not there, is damaged, or is of another network.

    Raises
    ------
    DataError, ConfigError
        From the file, as a run would raise it.
    """
    if run.analog is None or run.analog.die_file is None:
        return
    if not split_die(run.analog.die_file)[0].is_file():
        raise DataError(run.analog.die_file, "no such file; name dies that were measured or saved")
    network = _network(run)
    try:
        _read(run.analog.die_file, contents(run.analog.die_file), network)
    except ConfigError as error:
        raise ConfigError(run.analog.die_file, error.problem) from None


def _network(run: RunSpec) -> Network:
    network = network_of(run.network)
    refuse_graph(network, "a die", CapabilityError)
    return network


@functools.lru_cache(maxsize=4096)
def _read(path: str, _contents: str, network: Network) -> None:
    """Read a die once for all settings that have it."""
    read_die(Path(path), network).check(network)
