"""The table in words: what a terminal and a page both say."""

from __future__ import annotations

from neurochip.bench.document import BenchDocument, RowTable, SpreadTable

__all__ = ["machine_words", "spread_words"]


def machine_words(document: BenchDocument) -> list[str]:
    """Return a few lines about the machine and the run."""
    machine = document["machine"]
    caches = ", ".join(
        f"L{cache['level']}{'i' if cache['kind'] == 'Instruction' else 'd' if cache['kind'] == 'Data' else ''} "
        f"{_bytes(cache['bytes'])}"
        for cache in machine["caches"]
    )
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    busy = document["others_share"]
    said = "" if busy is None else f"; others used {100 * busy:.0f} % of the processor meanwhile"
    size = "of unknown size" if machine["memory_bytes"] is None else _bytes(machine["memory_bytes"])
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {' '.join(machine['flags']) or machine['architecture']}",
        f"{caches or 'caches not known'}; memory {size}; load {machine['load']:.2f} at the start{said}",
        f"{versions}; {machine['system']}",
        f"{document['form']} form, {document['started']}, {document['seconds']:.0f} s",
    ]
    if machine["environment"]:
        lines.append(" ".join(f"{name}={value}" for name, value in machine["environment"].items()))
    return lines


def spread_words(row: RowTable) -> tuple[str, str]:
    """Return median and ends of a row's value with its unit, and of its ratio with what it is to."""
    value = "" if row["value"] is None else f"{_spread(row['value'])} {row['unit']}"
    ratio = "" if row["ratio"] is None else f"{_spread(row['ratio'])} × {row['against']}"
    return value, ratio


def _spread(found: SpreadTable) -> str:
    if len(found["rounds"]) == 1:
        return _number(found["median"])
    return f"{_number(found['median'])} ({_number(found['low'])}–{_number(found['high'])})"


def _number(value: float) -> str:
    """Return three figures, without an exponent where that is readable."""
    if not 1e-3 <= abs(value) < 1e6:
        return f"{value:.2e}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.0f} GB"
