"""What a search makes small, measured on a finished run: error, bits, energy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from neurochip.errors import CapabilityError, ConfigError
from neurochip.report.document import TRAINING_PHASES, document
from neurochip.report.schema import Document
from neurochip.substrate.counters import Counters
from neurochip.training.record import RunRecord

__all__ = ["OBJECTIVES", "Objective", "chosen", "measure", "read_objectives"]


class Objective(NamedTuple):
    """Something to be made small."""

    name: str
    words: str
    unit: str
    value_of: Callable[[Document], float | None]


def _error(table: Document) -> float | None:
    """Share of wrong answers; for a convergence run the mean error at the ends of both phases.

    The latter is what the authors of Fig. 2 searched for (O'Connor 2019, section 4.1, and their code).
    """
    curve = table["convergence"]
    if curve is None:
        return table["result"]["test_error"]
    ends = curve["mean_error"][curve["n_free"] - 1], curve["mean_error"][-1]
    return None if ends[0] is None or ends[1] is None else (ends[0] + ends[1]) / 2


def _bits(coding: str) -> Callable[[Document], float | None]:
    def value_of(table: Document) -> float | None:
        return table["bits"]["per_sample"].get(coding) if _has_cores(table) else None

    return value_of


def _sent(table: Document) -> float | None:
    """Return a bit for each neuron and tick, or 32 for each number that a real-valued run sent."""
    sent = table["bits"]["per_sample"]
    return sent.get("symbols") if _has_cores(table) else sent.get("real_valued_sent") or None


def _has_cores(table: Document) -> bool:
    """Whether there is anything to count of spikes and packets: elsewhere zero says nothing."""
    return bool(table["run"]["substrate"] == "digital")


def _counted(counter: str) -> Callable[[Document], float | None]:
    def value_of(table: Document) -> float | None:
        if not _has_cores(table):
            return None
        samples = table["result"]["trained_samples"]
        counters = Counters.from_json(table["counters"])
        return counters.total(counter, *TRAINING_PHASES) / samples if samples else None

    return value_of


def _seconds(table: Document) -> float | None:
    """Return the time of a test sample on the chip, or of a training sample where none was timed."""
    timing = table.get("timing")
    if timing is None:
        return None
    sample = timing["evaluation_sample"] or timing["training_sample"]
    return None if sample is None else sample["seconds"]


def _cycles(table: Document) -> float | None:
    timing = table.get("timing")
    if timing is None:
        return None
    sample = timing["evaluation_sample"] or timing["training_sample"]
    return None if sample is None else sample["cycles"]


def _delay(table: Document) -> float | None:
    found: dict[str, float] = table["energy_j"].get("delay_js", {})
    return found.get("evaluation", found.get("training"))


def _hops(table: Document) -> float | None:
    ew, ns = _counted("hops_ew")(table), _counted("hops_ns")(table)
    return None if ew is None or ns is None else ew + ns


def _layout(what: str) -> Callable[[Document], float | None]:
    """Return how many cores are in use, or a sum over them."""

    def value_of(table: Document) -> float | None:
        cores: Any = table["chip"]["layout"]
        if not cores:
            return None
        return float(len(cores) if not what else sum(core[what] for core in cores))

    return value_of


def _link(table: Document) -> float | None:
    """Return flits a tick over the busiest link."""
    mesh = table.get("mesh")
    ticks = sum(phase["ticks"] for phase in table["counters"].values())
    if mesh is None or not ticks:
        return None
    return float(max((link["flits"] for link in mesh["links"]), default=0)) / int(ticks)


OBJECTIVES = {
    objective.name: objective
    for objective in (
        Objective("error", "error", "", _error),
        Objective("bits", "bits a sample, one per neuron and tick or 32 per real number", "bit", _sent),
        Objective("spikes", "spikes a sample", "", _bits("spikes")),
        Objective("aer", "bits a sample, AER", "bit", _bits("aer")),
        Objective("packets", "packets a sample", "", _counted("packets")),
        Objective("sops", "SOPs a sample", "", _counted("sops")),
        Objective("energy", "energy a sample", "J", lambda table: table["energy_j"]["per_sample"]),
        Objective("hops", "links crossed a sample", "", _hops),
        Objective("time", "time a sample", "s", _seconds),
        Objective("cycles", "cycles a sample", "", _cycles),
        Objective("energy-delay", "energy × delay a sample", "J·s", _delay),
        Objective("cores", "cores in use", "", _layout("")),
        Objective("memory", "synapse memory in use", "bit", _layout("synapse_bits")),
        Objective("link", "flits over the busiest link", "", _link),
        Objective("ticks", "ticks a sample", "", lambda table: table["time"]["ticks_per_sample"]),
    )
}


def read_objectives(text: str) -> tuple[Objective, ...]:
    """Read ``error`` or ``error,energy``; raises `ConfigError` for a name that is not in `OBJECTIVES`."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in OBJECTIVES:
            raise ConfigError("--objective", f'must be among {", ".join(OBJECTIVES)}, got "{name}"')
    if len(set(names)) != len(names):
        raise ConfigError("--objective", f"must name each objective once, got {text}")
    return tuple(OBJECTIVES[name] for name in names)


def measure(record: RunRecord) -> dict[str, float]:
    """Return every objective that the run has a value of."""
    table = document(record)
    values = {name: objective.value_of(table) for name, objective in OBJECTIVES.items()}
    return {name: value for name, value in values.items() if value is not None}


def chosen(measured: dict[str, float], objectives: tuple[Objective, ...]) -> tuple[float, ...]:
    """Return the values of the objectives in their order; `CapabilityError` where the run has none."""
    for objective in objectives:
        if objective.name not in measured:
            raise CapabilityError(
                f"--objective {objective.name}", "is not known of such a run; choose another objective"
            )
    return tuple(measured[objective.name] for objective in objectives)
