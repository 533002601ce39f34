"""Words that more than one report uses."""

from __future__ import annotations

import math

from neurochip.description import RunSpec
from neurochip.report.quantities import exact, quantity
from neurochip.report.schema import Document, EpochTable, ResultTable, TimingTable
from neurochip.substrate.counters import CONTROL
from neurochip.substrate.phase_time import MOST_LATENCY

__all__ = [
    "control_totals",
    "data_words",
    "ended_words",
    "error_words",
    "has_classes",
    "held_error",
    "kept_epoch",
    "latency_words",
    "learning_words",
    "network_words",
    "optimiser_words",
    "phase_words",
    "run_words",
    "standard_error",
    "timing_words",
    "warnings_of",
]

_PHASES = {"nudged_negative": "nudged −"}


def phase_words(phase: str) -> str:
    """Return a phase as it heads a column."""
    return _PHASES.get(phase, phase)


def latency_words(cycles: float) -> str:
    """Return cycles of a latency; of one that is as long as any that is counted, the least that it may have been."""
    return f"{'≥ ' if cycles >= MOST_LATENCY else ''}{cycles:.0f}"


def warnings_of(document: Document) -> list[str]:
    """Return what a reader should know of the numbers of the last epoch, a sentence each."""
    epochs = document["result"]["epochs"]
    return epochs[-1].get("warnings", []) if epochs else []


def learning_words(document: Document) -> list[str]:
    """Return how images moved, what stood between changes and weights, why training ended, a sentence each."""
    optimiser, ended = optimiser_words(document), ended_words(document)
    shift = (document["run"].get("learning") or {}).get("shift", 0)
    told = (
        [f"images learnt from were moved by up to {shift} pixel{'s' if shift > 1 else ''}"] if shift else []
    )
    return [
        *told,
        *([f"optimiser: {optimiser}"] if optimiser else []),
        *([f"training {ended}"] if ended else []),
    ]


def kept_epoch(document: Document) -> EpochTable | None:
    """Return the epoch whose weights were kept; `None` where there is none."""
    epochs, ended = document["result"]["epochs"], document.get("ended")
    if ended is not None:
        return epochs[ended["kept"] - 1]
    return epochs[-1] if epochs else None


def held_error(document: Document) -> float | None:
    """Return the validation error of the weights that were kept; `None` where nothing was held out."""
    kept = kept_epoch(document)
    return None if kept is None else kept.get("validation_error")


def ended_words(document: Document) -> str | None:
    """Return why training ended and which weights were kept; `None` where it went to its last epoch, and kept those."""
    ended = document.get("ended")
    if ended is None:
        return None
    why = {
        "patience": "ended early: no better validation error",
        "callback": "ended early by a callback",
        "epochs": "went to its last epoch",
    }[ended["by"]]
    return f"{why}, after {ended['after']} of {ended['of']} epochs; the weights kept are of epoch {ended['kept']}"


def optimiser_words(document: Document) -> str | None:
    """Return what stood between changes and weights, and the memory that it takes; `None` where nothing did."""
    use = document.get("optimiser")
    if use is None:
        return None
    decay = document["run"]["learning"].get("weight_decay", 0)
    name = {"plain": "plain steps", "momentum": "momentum", "adam": "Adam"}[use["kind"]]
    words = f"{name}, weight decay {decay:g}" if decay else name
    if not use["words"]:
        return f"{words}; no state"
    kept = f"{use['words']} word{'s' if use['words'] > 1 else ''} ({use['bits']} bits) beside each of"
    return f"{words}; {kept} {exact(use['weights'])} weights, {quantity(use['total_bits'], 'bit')} in all"


def control_totals(document: Document) -> dict[str, int] | None:
    """Return what driving the chip took in all phases; `None` when it was driven directly."""
    by_phase = [counted["control"] for counted in document["counters"].values() if "control" in counted]
    return {name: sum(int(counted[name]) for counted in by_phase) for name in CONTROL} if by_phase else None


def network_words(run: RunSpec, chip: str) -> str:
    """Return network and hardware in one phrase, e.g. ``[784-500-10] float32, digital on cmos45``."""
    place = f"digital on {chip}" if run.substrate == "digital" else run.substrate
    return f"[{run.network.title}] {run.network.precision}, {place}"


def run_words(run: RunSpec) -> str:
    """Return in one phrase what a run does, from its keys: what its author wrote of it may be of another one."""
    network = f"[{run.network.title}]"
    if run.experiment == "convergence" or run.learning is None:
        nets = "" if run.convergence is None else f"{run.convergence.nets} "
        return f"{nets}{network} networks that do not learn settle, are nudged and settle again"
    many = "all" if run.data.train is None else f"{run.data.train}"
    epochs = "one epoch" if run.learning.epochs == 1 else f"{run.learning.epochs} epochs"
    samples = f"{many} training samples of {run.data.title}"
    return f"{network} learns {samples} in {epochs} by {run.learning.rule}"


def standard_error(result: ResultTable) -> float | None:
    """Return the binomial standard error of the test error; `None` of numbers, or of no known number of samples."""
    error, samples = result["test_error"], result["test_samples"]
    if result["confusion"] is None or error is None or not samples or not 0 <= error <= 1:
        return None
    return math.sqrt(error * (1 - error) / samples)


def error_words(document: Document) -> str:
    """Return what an error of a run is, after the name of its part: ``error``, or ``unexplained variance``."""
    return "unexplained variance" if "regression" in document else "error"


def has_classes(document: Document) -> bool:
    """Whether one class is all that was learnt of a sample."""
    return "classes" in document.get("data", {"classes": []})


def data_words(document: Document) -> str | None:
    """Return what a run learnt from, in a sentence; `None` where its report does not say."""
    data = document.get("data")
    if data is None:
        return None
    held = f", {exact(data['validation'])} held out for choices" if data["validation"] else ""
    counts = f"{exact(data['train'])} training samples{held}, {exact(data['test'])} to test"
    clipped = f", {exact(data['clipped'])} values beyond it clipped" if data["clipped"] else ""
    lost = f", {exact(data['clipped'])} events on another of their tick left out" if data["clipped"] else ""
    scaled = {
        "spikes": f"events as spikes in {exact(data.get('ticks', 0))} ticks{lost}",
        "bytes": "bytes as fractions of 255",
        "none": "inputs as they are, in [0, 1]",
        "min-max": f"inputs scaled by the least and greatest of the training part{clipped}",
        "counts": f"inputs as shares of the greatest count{clipped}",
        "standard": f"inputs scaled to three standard deviations about the mean of the training part{clipped}",
    }[data["scaling"]]
    if "heads" in data:
        said = ", ".join(f"{head['name']}: {len(head['names'])} {head['kind']}" for head in data["heads"])
    else:
        said = f"{len(data['classes'])} classes" if "classes" in data else f"{len(data['outputs'])} numbers"
    return (
        f"{data['name']}: {counts}; {exact(data['inputs'])} inputs, {said}; {scaled}. {data['provenance']}."
    )


def timing_words(timing: TimingTable) -> str:
    """Return how cycles were found and over how much of the run."""
    how = (
        "Flit by flit, packet by packet"
        if timing["model"] == "cycle"
        else "From the counts of each tick: what contention cannot undercut, not what it costs"
    )
    clock = f"{timing['clock_hz'] / 1e6:g} MHz"
    words = f"{how}; clock {clock}. The samples of a minibatch go through the chip one after the other."
    rows = timing["by_phase"].values()
    if timing["cycles"] is None:
        timed = sum(row["timed_presentations"] for row in rows)
        of = sum(row["presentations"] for row in rows)
        words += (
            f" Timed were {exact(timed)} of {exact(of)} presentations, one in {timing['every']} of each phase; "
            "nothing is said of the others, so there is no total."
        )
    return words
