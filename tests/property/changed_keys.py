"""Every key of a run, changed alone: what comes of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from neurochip.description import RunSpec, apply_overrides
from neurochip.description.rule_keys import SETTLE_ONCE
from neurochip.errors import NeurochipError
from neurochip.keys.tree import KnownKey, known_keys, value_at
from neurochip.report.document import document
from neurochip.runs.building import Built
from neurochip.runs.simulation import simulate

__all__ = ["changes", "outcome", "resolved", "silent_keys"]

# A network and data so small that a run takes a moment.
TINY = {
    "name": "tiny",
    "network": {"layers": [64, 5, 10]},
    "data": {"set": "digits", "train": 30, "test": 20},
    "phases": {"free": 8, "nudged": 4},
    "learning": {"rates": [0.3, 0.2], "epochs": 2, "minibatch": 10},
    "evaluation": {"train": 10},
}

# What else a key may be, where its type and range do not say.
OTHERS: dict[str, tuple[str, ...]] = {
    "name": ("other",),
    "about": ("another",),
    "chip": ("loihi", "ideal-bits"),
    "chip_changes": ('["energies.op.add.float32 = 1 pJ"]',),
    "placement": ("[9, 1, 4]", "[9]"),
    "baseline.chip": ("loihi",),
    "data.set": ("mnist-small",),  # another size: refused, with the reason
    "data.file": ("none.csv",),
    "data.given": ("samples",),
    "data.digest": ("0" * 64,),
    "data.inputs": ("1",),
    "data.kinds": ('["label"]',),
    "data.leave_out": ("1",),
    "data.sensor": ("[8, 8]",),
    "data.target": ("1",),
    "network.layers": ("[64, 6, 10]",),
    "network.populations": ('[{ name = "a", shape = [64], role = "input" }]',),  # beside layers: refused
    "network.projections": ('[{ from = "a", to = "b" }]',),
    "network.gains": ("[0.5, 0.7]",),
    "network.biases": ("[0.1, 0.2]",),
    "network.precision": ("float64", "int4"),
    "learning.rates": ("[0.1, 0.2]",),
    "learning.rule": ("contrastive-hebbian",),
    "learning.image": ("[4, 16]",),
    "learning.own": ("{ steps = 2 }", "{ limit = 1e-3 }"),
    "analog.mismatch.tails": ("student-t",),
    "analog.mismatch.process": ("sky130",),
    "numbers.state": ("Q3.6",),
    "numbers.membrane": ("Q3.7",),
    "numbers.residue": ("Q3.4",),
    "numbers.annealer": ("Q3.4",),
    "numbers.trace": ("Q3.7",),
    "numbers.bias": ("Q3.4",),
    "neuron": ("lif",),
    "coding.encoder": ("stochastic",),
    "coding.decoder": ("identity",),
    "coding.annealer": ('{ kind = "constant", value = 0.3 }',),
    "faults.dead_core.cores": ("[1]",),
    "faults.stuck_neuron.neurons": ('["hidden:1"]',),
    "faults.link_down.links": ('["0,0-0,1"]',),
    "analog.leak.characteristic": ("amplifier",),
    "analog.cells": ("sky130-subthreshold",),
    "analog.die_file": ("none.h5",),
    "analog.location.floorplan": ("none.csv",),
    "analog.location.gradient": ("0.4",),
    "analog.location.correlated": ("0.4",),
    "analog.location.correlation_um": ("20.0",),
    "analog.location.dies_per_wafer": ("1",),
    "analog.location.wafers_per_lot": ("1",),
    "analog.vector_field": ("none.py",),
}


def changes(known: KnownKey, value: Any) -> Iterator[str]:
    """Yield other values of a key, as they are written after ``--set KEY=``; one of them has to make a difference."""
    if known.path in OTHERS:
        yield from OTHERS[known.path]
    elif get_origin(known.hint) is Literal:
        yield from (str(word) for word in get_args(known.hint) if word != value)
    elif known.hint is bool:
        yield str(not value).lower()
    elif known.hint is int:
        yield from (
            str(number) for number in (0 if value is None else value + 1, 2, 3, 4, 1) if number != value
        )
    elif known.hint is float:
        yield from (
            repr(number) for number in (1.5 * (value or 0.2), 0.2, 0.7 * (value or 1)) if number != value
        )
    else:
        raise AssertionError(f"{known.path}: say in OTHERS what else it may be")


def outcome(run: RunSpec) -> str:
    """Return all that a run leaves but its own description and what a clock said, as text."""
    machines: list[Built] = []

    def kept(spec: RunSpec, built: Built) -> Built:
        machines.append(built)
        return built

    record = simulate(run, threads=1, write=False, through=kept).record
    found: Any = copy.deepcopy(document(record))
    for name in ("run", "seed", "versions", "time"):
        found.pop(name, None)
    weights = machines[0].substrate.parameters()
    found["weights"] = [
        array.tobytes().hex() for array in (*weights.weights, *weights.feedback, *weights.biases)
    ]
    found["rasters"] = [(raster.presentation, str(raster.spikes)) for raster in record.rasters]
    found["timeline"] = None if record.timeline is None else record.timeline.cycles.tolist()
    for epoch in found["result"].get("epochs", []):
        epoch.pop("seconds", None)
        epoch.pop("samples_per_s", None)
    return json.dumps(found, sort_keys=True, default=str)


def resolved(overrides: tuple[str, ...]) -> RunSpec:
    """Return the tiny run with other values."""
    table: Any = copy.deepcopy(TINY)
    if "experiment=convergence" in overrides:
        for section in ("data", "phases", "learning", "evaluation"):
            del table[section]
    if any(override == f"learning.rule={rule}" for override in overrides for rule in SETTLE_ONCE):
        table.get("phases", {}).pop("nudged", None)
    return RunSpec.from_dict(apply_overrides(table, overrides))


def silent_keys(overrides: tuple[str, ...], only: str = "") -> list[str]:
    """Return the keys of a kind of run that can be changed without a refusal and without any difference.

    ``only``: those that begin so.
    """
    base = resolved(overrides)
    before = outcome(base)
    assert outcome(base) == before  # else every key would seem to do something
    silent = []
    for path, others, is_irrelevant in _to_change(base):
        if not path.startswith(only):
            continue
        tried = None
        for other in others:
            try:
                after = outcome(resolved((*overrides, f"{path}={other}")))
            except NeurochipError:
                continue  # refused, with a reason
            tried = f"{path}={other}"
            if after != before:
                break
        else:
            if tried is not None and not is_irrelevant:
                silent.append(tried)
    return silent


def _to_change(base: RunSpec) -> Iterator[tuple[str, list[str], bool]]:
    """Yield every key of a run, other values of it, and whether it says itself that it changes no result."""
    for known in known_keys(RunSpec).values():
        if not known.is_section:
            value = value_at(RunSpec, base, known.path)
            yield (
                known.path,
                [one for one in changes(known, value) if one != str(value)],
                known.key.irrelevant,
            )
    table: Any = base.to_dict()
    for role, element in table.get("coding", {}).items():  # an element has keys of its own
        for name, value in element.items():
            if name != "kind":
                others = [repr(0.7 * value), "0.5"] if isinstance(value, float) else ["0.3"]
                yield f"coding.{role}.{name}", others, False
