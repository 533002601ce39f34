"""What is put side by side of replays: counts, energy, time, and what samples with labels came to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurochip.report.quantities import duration, percent, quantity

__all__ = ["REPLAY_QUANTITIES", "is_replayed", "replay_about"]

Value = Callable[[Any], float | None]


def is_replayed(document: Any) -> bool:
    """Return whether a document is that of a replay."""
    return bool(document.get("kind") == "replay")


def replay_about(document: Any) -> str:
    """Return what a replay was of, in a line."""
    sizes = "-".join(str(size) for _, size in document["layers"])
    of = f", {document['network']}" if document["network"] else ""
    return f"[{sizes}]{of}, {document['hardware']['weight_format']} on {document['chip']['name']}, {document['file']}"


def _total(name: str) -> Value:
    return lambda document: document["totals"][name]


def _mean(name: str) -> Value:
    """Return the mean over samples with labels."""

    def value_of(document: Any) -> float | None:
        entry = document.get("inference", {}).get("per_inference", {}).get(name)
        return None if entry is None else float(entry["mean"])

    return value_of


def _error(document: Any) -> float | None:
    found = document.get("inference")
    return None if found is None else 1.0 - found["accuracy"]


def _energy_delay(document: Any) -> float | None:
    joules, seconds = document["energy_j"]["total"], document["time"]["seconds"]
    return None if joules is None or seconds is None else joules * seconds


def _most(what: str, key: str) -> Value:
    """Return the load of the busiest link or core."""

    def value_of(document: Any) -> float | None:
        mesh = document.get("mesh")
        return None if not mesh else float(max((entry[key] for entry in mesh[what]), default=0))

    return value_of


def _in(unit: str) -> Callable[[float], str]:
    return lambda value: quantity(value, unit)


REPLAY_QUANTITIES: tuple[tuple[str, str, Value, Callable[[float], str]], ...] = (
    ("error", "error", _error, percent),
    ("ticks", "ticks", lambda d: d["time"]["ticks"], quantity),
    ("spikes", "spikes", _total("spikes_sent"), quantity),
    ("packets", "packets", _total("packets"), quantity),
    ("hops", "links crossed", _total("hops"), quantity),
    ("sops", "SOPs", _total("sops"), quantity),
    ("aer", "bits, AER", lambda d: d["bits"]["aer"], _in("bit")),
    ("cores", "cores in use", lambda d: len(d["chip"]["layout"]), quantity),
    ("busiest_link", "flits over the busiest link", _most("links", "flits"), quantity),
    ("busiest_core", "SOPs of the busiest core", _most("cores", "sops"), quantity),
    ("energy", "energy", lambda d: d["energy_j"]["total"], _in("J")),
    ("energy_per_inference", "energy an inference", _mean("energy_j"), _in("J")),
    ("cycles", "cycles", lambda d: d["time"]["cycles"], quantity),
    ("seconds", "time", lambda d: d["time"]["seconds"], _in("s")),
    ("seconds_per_inference", "time an inference", _mean("seconds"), _in("s")),
    ("energy_delay", "energy × delay", _energy_delay, _in("J·s")),
    ("energy_delay_per_inference", "energy × delay an inference", _mean("energy_delay_js"), _in("J·s")),
    ("emulation_seconds", "emulation", lambda d: d["time"]["emulation_seconds"], duration),
)
