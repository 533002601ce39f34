"""Several finished runs side by side: what each got, and what it paid for it, as ratios to the first."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast

from neurochip.description import RunSpec
from neurochip.errors import ConfigError
from neurochip.report.baseline import per_point
from neurochip.report.comparability import Differing, cautions, differing_keys
from neurochip.report.document import TRAINING_PHASES
from neurochip.report.quantities import decimal, duration, percent, quantity
from neurochip.report.replay_comparison import REPLAY_QUANTITIES, is_replayed, replay_about
from neurochip.report.schema import Document
from neurochip.report.wording import held_error, network_words, warnings_of
from neurochip.substrate.counters import Counters

__all__ = ["Compared", "Comparison", "Row", "compare"]


class Compared(NamedTuple):
    """One run: what it is called here, and what it was."""

    name: str
    about: str
    document: Document


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity of every run; `None` where a run has none of it.

    Attributes
    ----------
    key
        Name in the JSON form.
    name
        For people.
    values
        One for each run, in SI units, bits, or counts; errors as shares.
    words
        The values as people read them.
    ratios
        Against the first run, in words; the first one's own is empty.
    """

    key: str
    name: str
    values: tuple[float | None, ...]
    words: tuple[str, ...]
    ratios: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The runs, in the order given, and a row for each quantity that at least one of them has."""

    runs: tuple[Compared, ...]
    rows: tuple[Row, ...]

    @property
    def same_energies(self) -> bool:
        """Whether all events have the same energy in all runs: other joules must not be compared."""
        return not self.other_energies

    @property
    def other_energies(self) -> tuple[str, ...]:
        """Events whose energies differ between runs, or what else makes their joules other things."""
        return differing_energies([run.document for run in self.runs])

    @property
    def differing(self) -> tuple[Differing, ...]:
        """Keys in which the runs differ."""
        return differing_keys([run.document for run in self.runs])

    @property
    def cautions(self) -> tuple[str, ...]:
        """What else than joules must not be compared, or only with care: a sentence each."""
        return cautions([run.document for run in self.runs])

    def to_json(self) -> dict[str, object]:
        """Return runs and rows as JSON values."""
        return {
            "runs": [
                {
                    "name": run.name,
                    "about": run.about,
                    "seed": cast(Any, run.document).get("seed"),
                    "energy_table": run.document["energy_j"]["energy_table"],
                }
                for run in self.runs
            ],
            "differing": [{"key": found.key, "values": list(found.words)} for found in self.differing],
            "cautions": list(self.cautions),
            "rows": [{"key": row.key, "name": row.name, "values": list(row.values)} for row in self.rows],
        }


def compare(documents: Sequence[tuple[str, Document]]) -> Comparison:
    """Put named documents side by side.

    Raises
    ------
    ConfigError
        When there are fewer than two.
    """
    if len(documents) < 2:
        raise ConfigError("compare", f"needs at least two runs, got {len(documents)}; name another folder")
    runs = tuple(Compared(name, _about(document), document) for name, document in documents)
    found = [run.document for run in runs]
    kinds = {"replay" if is_replayed(document) else "run" for document in found}
    if len(kinds) > 1:
        raise ConfigError("compare", "puts runs beside runs, and replays beside replays; name one kind")
    quantities = list(REPLAY_QUANTITIES if kinds == {"replay"} else _QUANTITIES)
    alike = not differing_energies(found)
    rows = [_row(*entry, runs, against=alike or not _is_energy(entry[0])) for entry in quantities]
    if not alike:  # categories may agree where sums do not
        categories = dict.fromkeys(c for document in found for c in document["energy_j"]["by_category"])
        rows += [
            _row(
                f"energy_{category}",
                f"energy, {category}",
                _category(category),
                _joules,
                runs,
                against=not differing_energies(found, category),
            )
            for category in categories
        ]
    return Comparison(runs, tuple(row for row in rows if any(value is not None for value in row.values)))


def _is_energy(key: str) -> bool:
    return "energy" in key


def _category(category: str) -> Callable[[Any], float | None]:
    return lambda document: document["energy_j"]["by_category"].get(category)


_LASTS = ("core_static", "chip_static")
_SAME = 1e-9  # relative: a power over a clock, times the clock, is the power but for rounding


def differing_energies(documents: Sequence[Any], category: str | None = None) -> tuple[str, ...]:
    """Return the events that have one energy here and another there, in all lines or in those of a category.

    What happened in one run alone has no energy to differ from. Static power that is counted in some runs and not in
    others is named as well, and so are tables without energies beside such with.
    """
    tables = [_paid(document, category) for document in documents]
    found = []
    for event in dict.fromkeys(itertools.chain.from_iterable(tables)):
        energies = [table[event] for table in tables if event in table]
        if max(energies) - min(energies) > _SAME * max(energies):
            found.append(event)
    first, name = set(tables[0]), documents[0]["energy_j"]["energy_table"]
    for document, table in zip(documents[1:], tables[1:], strict=True):
        if document["energy_j"]["energy_table"] != name and first - set(table) and set(table) - first:
            found.append("what has an energy at all")  # operations in one table, whole updates in another
            break
    totals = [document["energy_j"]["total"] is None for document in documents]
    if any(totals) and not all(totals):
        found.append("no energies at all")
    if category in (None, "static"):
        static = [str(document["energy_j"].get("static", "")) for document in documents]
        if any(words == "counted" for words in static) and any(w.startswith("not counted") for w in static):
            found.append("static power, which some do not count")
    return tuple(found)


def _paid(document: Any, category: str | None) -> Mapping[str, float]:
    """Return event → joules, or watts of what lasts."""
    timing = document.get("timing")
    hz = timing["clock_hz"] if timing else document["chip"].get("clock_hz")
    return {
        line["event"]: line["unit_j"] * (hz or 1.0) if line["event"] in _LASTS else line["unit_j"]
        for line in document["energy_j"]["lines"]
        if category is None or line["category"] == category
    }


def _about(document: Document) -> str:
    if is_replayed(document):
        return replay_about(document)
    run = RunSpec.from_dict(document["run"])
    data = f", {document['data']['name']}" if "data" in document else ""
    return f"{network_words(run, document['chip']['name'])}{data}, seed {document['seed']}"


def _row(
    key: str,
    name: str,
    value_of: Callable[[Document], float | None],
    words: Callable[[float], str],
    runs: Sequence[Compared],
    *,
    against: bool,
) -> Row:
    values = tuple(value_of(run.document) for run in runs)
    first = values[0]
    ratios = ["" if first is None else "1"]
    for value in values[1:]:
        if value is None or first is None or not against:
            ratios.append("")
        else:
            ratios.append(_against(value, first))
    return Row(
        key=key,
        name=name,
        values=values,
        words=tuple("–" if value is None else words(value) for value in values),
        ratios=tuple(ratios),
    )


def _against(value: float, first: float) -> str:
    if value == first:
        return "the same"
    return "–" if first == 0 else f"× {decimal(value / first)}"


def _per_sample(document: Document, counter: str) -> float | None:
    samples = document["result"]["trained_samples"]
    if not samples or RunSpec.from_dict(document["run"]).substrate == "ideal":
        return None
    return Counters.from_json(document["counters"]).total(counter, *TRAINING_PHASES) / samples


def _bits(coding: str) -> Callable[[Document], float | None]:
    def value_of(document: Document) -> float | None:
        return document["bits"]["per_sample"].get(coding) or None

    return value_of


def _best_error(document: Document) -> float | None:
    errors = [e["test_error"] for e in document["result"]["epochs"] if e["test_error"] is not None]
    return min(errors) if errors else None


def _r2(document: Document) -> float | None:
    """Return R² on the test part, where targets are numbers."""
    error = document["result"]["test_error"]
    return 1.0 - error if "regression" in document and error is not None else None


def _baseline(key: str, what: Literal["per_sample", "per_point"]) -> Callable[[Document], float | None]:
    """Energy of a presentation, or of a point of accuracy, with real values on the chip or on a processor."""

    def value_of(document: Document) -> float | None:
        table = document["energy_j"].get("baseline")
        rows = [] if table is None else table["rows"]
        return next((row[what] for row in rows if row["key"] == key), None)

    return value_of


def _seconds(what: Literal["training", "evaluation"]) -> Callable[[Document], float | None]:
    """Time of a sample on the chip: its cycles where they were counted, the settling of a circuit of known cells."""

    def value_of(document: Document) -> float | None:
        cells, timing = (document.get("analog") or {}).get("cells"), document.get("timing")
        if cells is not None:
            return cast("float | None", cells["seconds"].get(what))
        if timing is None:
            return None
        sample = timing["training_sample"] if what == "training" else timing["evaluation_sample"]
        return None if sample is None else sample["seconds"]

    return value_of


def _all_seconds(document: Document) -> float | None:
    """Return the time of everything on the chip, where all of it was timed."""
    timing = document.get("timing")
    return None if timing is None else timing["seconds"]


def _energy_delay(document: Document) -> float | None:
    """Return joules times seconds of a training sample, where both are known."""
    return document["energy_j"].get("delay_js", {}).get("training")


def _js(value: float) -> str:
    return quantity(value, "J·s")


def _second_words(value: float) -> str:
    return quantity(value, "s")


def _area(document: Document) -> float | None:
    cells = (document.get("analog") or {}).get("cells")
    return None if cells is None else float(cells["area_m2"])


def _area_words(value: float) -> str:
    return f"{decimal(value * 1e6)} mm²"


def _count(value: float) -> str:
    return f"{value:g}"


def _joules(value: float) -> str:
    return quantity(value, "J")


def _bit_words(value: float) -> str:
    return quantity(value, "bit")


_EACH: tuple[tuple[Literal["per_sample", "per_point"], str], ...] = (
    ("per_sample", "sample"),
    ("per_point", "percentage point"),
)
_QUANTITIES: tuple[tuple[str, str, Callable[[Document], float | None], Callable[[float], str]], ...] = (
    ("test_error", "test error, last epoch", lambda d: d["result"]["test_error"], percent),
    ("best_test_error", "test error, best epoch", _best_error, percent),
    ("validation_error", "validation error", held_error, percent),
    ("r2", "R², last epoch", _r2, decimal),
    (
        "rms",
        "r.m.s. deviation, last epoch",
        lambda d: d["regression"]["rms"] if "regression" in d else None,
        decimal,
    ),
    ("train_error", "training error", lambda d: d["result"]["train_error"], percent),
    ("warnings", "warnings", lambda d: float(len(warnings_of(d))) or None, _count),
    ("epochs", "epochs", lambda d: float(len(d["result"]["epochs"])) or None, _count),
    ("ticks_per_sample", "ticks per sample", lambda d: d["time"]["ticks_per_sample"], _count),
    ("symbols_per_sample", "bits per sample, 1 per tick", _bits("symbols"), _bit_words),
    ("spikes_per_sample", "spikes per sample", _bits("spikes"), quantity),
    ("aer_per_sample", "bits per sample, AER", _bits("aer"), _bit_words),
    ("bitmap_per_sample", "bits per sample, bitmap", _bits("bitmap"), _bit_words),
    ("real_valued_per_sample", "bits per sample, 32-bit words", _bits("real_valued_sent"), _bit_words),
    ("packets_per_sample", "packets per sample", lambda d: _per_sample(d, "packets"), quantity),
    ("sops_per_sample", "SOPs per sample", lambda d: _per_sample(d, "sops"), quantity),
    ("energy_per_sample", "energy per sample", lambda d: d["energy_j"]["per_sample"], _joules),
    ("seconds_per_sample", "time per sample, learning", _seconds("training"), _second_words),
    ("seconds_per_test_sample", "time per sample, classifying", _seconds("evaluation"), _second_words),
    ("seconds", "time on the chip, all phases", _all_seconds, _second_words),
    ("energy_delay_per_sample", "energy × delay per sample", _energy_delay, _js),
    ("area_m2", "area of the cells", _area, _area_words),
    ("energy_training", "energy, all training", lambda d: d["energy_j"]["training"], _joules),
    (
        "energy_per_point",
        "energy per percentage point",
        lambda d: per_point(d["energy_j"]["training"], d["result"]),
        _joules,
    ),
    *(
        (
            f"baseline_{key}_energy_{what}",
            f"energy per {unit}, {words}",
            _baseline(key, what),
            _joules,
        )
        for what, unit in _EACH
        for key, words in (("chip", "32-bit words on the chip"), ("processor", "multiply–adds"))
    ),
    ("emulation_seconds", "emulation", lambda d: d["time"]["seconds"], duration),
)
