"""What was broken and what it did, fault by fault: the rows that every report shows."""

from __future__ import annotations

from typing import NamedTuple

from neurochip.report.quantities import percent, quantity
from neurochip.report.schema import Document, FaultTable

__all__ = ["FaultCount", "FaultRow", "fault_counters", "fault_rows", "in_words"]

# Fault → what it counts: counter, word, and the counter that it is a share of.
_COUNTED: dict[str, tuple[tuple[str, str, str], ...]] = {
    "spike_drop": (("lost_to_drop", "packets lost", "packets"),),
    "spike_spurious": (("spikes_spurious", "spurious spikes", "spikes_sent"),),
    "spike_delay": (("packets_delayed", "packets late", "packets"),),
    "weight_bit_flip": (),
    "dead_core": (("lost_to_dead_core", "packets lost", "packets"),),
    "stuck_neuron": (
        ("spikes_forced", "spikes forced", "spikes_sent"),
        ("spikes_silenced", "spikes silenced", "spikes_sent"),
    ),
    "link_down": (("lost_on_link", "packets lost", "packets"),),
}


class FaultCount(NamedTuple):
    """One thing that a fault did: how often in all, in which share of ``of`` cases, and in each phase."""

    words: str
    number: int
    of: int
    by_phase: dict[str, int]


class FaultRow(NamedTuple):
    """One fault: what the run asked for, what was found broken for good, in words, and what it did."""

    name: str
    setting: str
    when: str
    broken: str
    did: list[FaultCount]


def fault_counters(fault: str) -> tuple[str, ...]:
    """Return the counters that a fault adds to."""
    return tuple(counter for counter, _, _ in _COUNTED[fault])


def fault_rows(document: Document) -> list[FaultRow]:
    """Return a row for each fault of the run; none for a sound chip."""
    counters = {phase: counted for phase, counted in document["counters"].items() if counted["ticks"]}
    rows = []
    for table in document.get("faults", []):
        did = []
        for counter, words, of in _COUNTED[table["fault"]]:
            by_phase = {phase: table["counts"].get(phase, {}).get(counter, 0) for phase in counters}
            every = sum(counted.get(of, 0) for counted in counters.values())
            did.append(FaultCount(words, sum(by_phase.values()), every, by_phase))
        when = {"test": "at test only", "training": "in training only"}.get(table["when"], "always")
        rows.append(FaultRow(table["fault"], _setting(table), when, _broken(table), did))
    return rows


def in_words(row: FaultRow) -> str:
    """Return what was broken and what that did, in one line."""
    parts = [row.broken] if row.broken else []
    for did in row.did:
        share = f" ({percent(did.number / did.of)})" if did.number and did.of else ""
        parts.append(f"{quantity(did.number)} {did.words}{share}")
    return "; ".join(parts)


def _setting(table: FaultTable) -> str:
    named = table["rate"] == 0 and table["found"]
    words = "by name" if named else f"{100 * table['rate']:g} %"
    ticks = table["found"].get("ticks")
    if ticks:
        words += f", {_number(ticks, 'tick')}"
    return words


def _broken(table: FaultTable) -> str:
    found = table["found"]
    if not found:
        return ""
    if table["fault"] == "dead_core":
        return f"{_number(len(found['cores']), 'core')}, {found['in_use']} in use"
    if table["fault"] == "link_down":
        return f"{_number(len(found['links']), 'link')}, {found['in_use']} in use"
    if table["fault"] == "stuck_neuron":
        return f"{found['neurons']} of {found['of']} neurons at {found['at']}"
    if table["fault"] == "weight_bit_flip":
        share = percent(found["bits"] / found["of_bits"] if found["of_bits"] else 0.0, 3)
        return f"{quantity(found['bits'])} bits in {quantity(found['words'])} words ({share} of all bits)"
    return ""


def _number(n: int, thing: str) -> str:
    return f"{n} {thing}{'' if n == 1 else 's'}"
