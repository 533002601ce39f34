"""`RunRecord` → the document that is ``report.json``; every other report is made from that document."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, cast

from neurochip.description import ChipSpec, EnergyTable, RunSpec, network_of, read_energies
from neurochip.energy import Clocked, EnergyReport, HardwareUse, energy_report
from neurochip.report.baseline import baseline_table, per_point, real_valued_steps
from neurochip.report.fault_rows import fault_counters
from neurochip.report.mesh_schema import MappingTable
from neurochip.report.mesh_table import mesh_of_run
from neurochip.report.regression import heads_table, regression_table
from neurochip.report.schema import (
    FORMAT,
    BitsTable,
    Document,
    JoulesTable,
    ResultTable,
    TimeTable,
    TimingTable,
)
from neurochip.report.timing import TRAINING_PHASES, clocked_of, timing_table
from neurochip.substrate.counters import BIT_CODINGS, Counters, Phase
from neurochip.training.record import RunRecord

__all__ = ["TRAINING_PHASES", "chip_table", "document", "joules_table", "recosted"]

_ANALOG_ENERGY = (
    "not costed: what a circuit draws is counted when analog.cells names the cells that it is made of, and costed "
    "by a specification of such cells"
)
_WORD = 32  # bits of a real number on the wire


def document(
    record: RunRecord, energies: EnergyTable | None = None, processor: EnergyTable | None = None
) -> Document:
    """Return the document of a run, costed with ``energies`` or with those of its chip.

    ``processor`` costs the multiply–adds of the baseline; the table that the run names if none is given.
    """
    counters, run = record.counters, record.run
    timing = timing_table(record, _trained(counters))
    paid, result = energies or record.chip.energies, _result(record)
    layout = [dataclasses.asdict(core) for core in record.layout]
    energy = joules_table(counters, record.hardware, paid, timing)
    if run.substrate == "analog" and energy["total"] is None:
        energy["note"] = _ANALOG_ENERGY
    energy["per_point"] = per_point(energy["training"], result)
    energy["baseline"] = baseline_table(
        run, counters, _trained(counters), layout, result, paid, processor or read_energies(run.baseline.chip)
    )
    table = {
        "format": FORMAT,
        "run": run.to_dict(),
        "seed": run.seed,
        "versions": dict(record.versions),
        "resumed": record.resumed,
        "stopped_early": record.stopped_early,
        "result": result,
        "convergence": _convergence(record),
        "bits": _bits(run, counters),
        "energy_j": energy,
        "time": _time(record),
        "hardware": record.hardware.to_json(),
        "chip": chip_table(record.chip) | {"layout": layout},
        "counters": counters.to_json(),
        "timing": timing,
    }
    mesh = mesh_of_run(record, None if timing is None else timing["cycles"])
    if mesh is not None:
        table["mesh"] = mesh
    if record.mapping is not None:
        table["mapping"] = cast(MappingTable, dict(record.mapping))
    if record.data is not None:
        table["data"] = record.data
    if record.best is not None or record.ended:
        table["ended"] = {
            "by": record.ended or "epochs",
            "after": len(record.epochs),
            "of": 0 if run.learning is None else run.learning.epochs,
            "kept": record.best or len(record.epochs),
        }
    if record.optimiser is not None:
        table["optimiser"] = dataclasses.asdict(record.optimiser)
    if record.answers is not None and record.answers.heads.is_numbers:
        table["regression"] = regression_table(record.answers)
    elif record.answers is not None:
        table["heads"] = heads_table(record.answers)
    if record.faults:
        table["faults"] = _faults(record)
    if record.analog is not None:
        table["analog"] = record.analog
    return cast(Document, _finite(table))


def recosted(
    document: Document, energies: EnergyTable | None = None, processor: EnergyTable | None = None
) -> Document:
    """Return the same document with its stored counts costed anew; nothing but ``energy_j`` differs.

    ``energies`` are for the chip, ``processor`` for the multiply–adds of the baseline; what is not given stays.
    """
    counters, result = Counters.from_json(document["counters"]), document["result"]
    before = document["energy_j"]
    after = before.copy()
    if energies is not None:
        hardware = HardwareUse.from_json(document["hardware"])
        after = joules_table(counters, hardware, energies, document.get("timing"))
        after["per_point"] = per_point(after["training"], result)
        if document["run"]["substrate"] == "analog" and after["total"] is None:
            after["note"] = _ANALOG_ENERGY
    run, layout = RunSpec.from_dict(document["run"]), cast(Any, document["chip"]["layout"])
    old = {row["key"]: row for row in before["baseline"]["rows"]} if "baseline" in before else {}
    table = baseline_table(
        run,
        counters,
        result["trained_samples"],
        layout,
        result,
        energies,
        processor or read_energies("cmos45"),
    )
    kept = {"chip"} if energies is None else set()
    kept |= {"processor"} if processor is None else set()
    table["rows"] = [old.get(row["key"], row) if row["key"] in kept else row for row in table["rows"]]
    after["baseline"] = table
    return {**document, "energy_j": after}


def _faults(record: RunRecord) -> list[dict[str, object]]:
    by_phase = record.counters.phases
    return [
        dataclasses.asdict(fault)
        | {
            "counts": {
                phase.value: {name: by_phase[phase].total(name) for name in fault_counters(fault.fault)}
                for phase in Phase
                if phase in by_phase and by_phase[phase].ticks
            }
        }
        for fault in record.faults
    ]


def _trained(counters: Counters) -> int:
    """Presentations of training samples: each is nudged once, but may have a second free phase."""
    for phase in (Phase.NUDGED, Phase.FREE):
        if phase in counters.phases:
            return counters.phases[phase].presentations
    return 0


def joules_table(
    counters: Counters,
    hardware: HardwareUse,
    energies: EnergyTable,
    timing: TimingTable | None = None,
    clocked: Clocked | None = None,
) -> JoulesTable:
    """Return joules by category, phase and population, with the lines they are sums of.

    What time costs is among them if the counters were timed: ``timing`` or ``clocked`` turns its cycles into seconds.
    """
    report = energy_report(counters, hardware, energies, clocked or clocked_of(timing))
    samples = _trained(counters)
    training = None
    if report.total_j is not None:
        training = math.fsum(report.by_phase.get(phase.value, 0.0) for phase in TRAINING_PHASES)
    return {
        "total": report.total_j,
        "training": training,
        "per_sample": training / samples if training is not None and samples else None,
        "by_category": report.by_category,
        "by_phase": report.by_phase,
        "by_population": report.by_population,
        "energy_table": report.energy_table,
        "note": report.note,
        "lines": [cast(Any, dataclasses.asdict(line)) for line in report.lines],
        "static": report.static,
        "delay_js": _energy_delay(report, counters, timing, training),
    }


def _energy_delay(
    report: EnergyReport, counters: Counters, timing: TimingTable | None, training: float | None
) -> dict[str, float]:
    """Return joules times seconds of one sample that is learnt from, and of one that is only classified."""
    products: dict[str, float] = {}
    if timing is None or training is None:
        return products
    samples, sample = _trained(counters), timing["training_sample"]
    if samples and sample is not None:
        products["training"] = training / samples * sample["seconds"]
    measured, joules = timing["evaluation_sample"], report.by_phase.get(Phase.EVALUATION.value)
    if measured is not None and joules is not None:
        presented = counters.phases[Phase.EVALUATION].presentations
        products["evaluation"] = joules / presented * measured["seconds"]
    return products


def _bits(run: RunSpec, counters: Counters) -> BitsTable:
    samples = _trained(counters)
    totals = {coding: counters.total(name, *TRAINING_PHASES) for coding, name in BIT_CODINGS.items()}
    totals |= {
        "real_valued_32bit": _real_valued_bits(run, samples, *real_valued_steps(run)),
        "real_valued_32bit_same_ticks": _real_valued_bits(run, samples, *_phase_lengths(run)),
        "real_valued_sent": _WORD * counters.total("real_valued_words", *TRAINING_PHASES),
    }
    table: dict[str, object] = {
        **totals,
        "per_sample": {coding: bits / samples for coding, bits in totals.items()} if samples else {},
        "by_phase": {
            phase.value: {coding: counted.total(name) for coding, name in BIT_CODINGS.items()}
            for phase, counted in (
                (phase, counters.phases[phase]) for phase in Phase if phase in counters.phases
            )
        },
        "evaluation": {
            coding: counters.total(name, Phase.EVALUATION) for coding, name in BIT_CODINGS.items()
        },
    }
    return cast(BitsTable, table)


def _phase_lengths(run: RunSpec) -> tuple[int, int]:
    """Return free ticks, and all nudged ones."""
    third = real_valued_steps(run)[1] // run.baseline.nudged
    if run.convergence is not None:
        return run.convergence.free, run.convergence.nudged * third
    return run.phases.free, run.phases.nudged * third


def _real_valued_bits(run: RunSpec, samples: int, free: int, nudged: int) -> int:
    """Bits that real-valued neurons would send in so many steps; a clamped value is sent once, not resent."""
    populations = network_of(run.network).populations
    held = sum(p.size for p in populations if p.clamped)
    updated = sum(p.size for p in populations if not p.clamped)
    return _WORD * samples * (held + updated * (free + nudged))


def _result(record: RunRecord) -> ResultTable:
    last = record.final
    confusion = None if record.confusion is None else [[int(n) for n in row] for row in record.confusion]
    return {
        "train_error": None if last is None else last.train_error,
        "test_error": None if last is None else last.test_error,
        "test_samples": _tested(record),
        "trained_samples": _trained(record.counters),
        "epochs": [cast(Any, dataclasses.asdict(epoch)) for epoch in record.epochs],
        "confusion": confusion,
    }


def _tested(record: RunRecord) -> int | None:
    if record.answers is not None:
        return len(record.answers.true)
    return None if record.confusion is None else int(record.confusion.sum())


def _convergence(record: RunRecord) -> dict[str, object] | None:
    curve = record.convergence
    if curve is None:
        return None
    return {
        "scheme": curve.scheme,
        "n_free": curve.n_free,
        "mean_error": [float(error) for error in curve.mean_error],
        "std_error": [float(error) for error in curve.std_error],
    }


def _time(record: RunRecord) -> TimeTable:
    counters = record.counters
    samples = _trained(counters)
    training = counters.ticks(*TRAINING_PHASES)
    speeds = [epoch.samples_per_s for epoch in record.epochs if epoch.samples_per_s is not None]
    return {
        "ticks": counters.ticks(),
        "training_ticks": training,
        "ticks_per_sample": training / samples if samples else None,
        "by_phase": {
            phase.value: counters.phases[phase].ticks for phase in Phase if phase in counters.phases
        },
        "seconds": record.seconds,
        "samples_per_s": speeds[-1] if speeds else None,
        "started": record.started,
    }


def chip_table(chip: ChipSpec) -> dict[str, object]:
    """Return the chip itself, without what sits on it."""
    return {
        "name": chip.name,
        "about": chip.about,
        "width": chip.mesh.width,
        "height": chip.mesh.height,
        "cores_per_tile": chip.mesh.cores_per_tile,
        "tiles": chip.mesh.n_tiles,
        "clock_hz": None if chip.timing is None else chip.timing.clock,
        "limits": dataclasses.asdict(chip.core),
    }


def _finite(value: object) -> object:
    """Return JSON values with null where a number is not finite, which JSON cannot say."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
