"""A chip described with one engine takes exactly the cycles that a simulator counts on its Verilog."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import read_run
from neurochip.description.chip_changes import changed, merged
from neurochip.description.run_data import samples_of
from neurochip.learning.rules import rule_for
from neurochip.rtl.chip_time import exported_timing
from neurochip.runs.building import build, digest_of
from neurochip.substrate import Phase
from neurochip.training.checkpoint import read_checkpoint
from neurochip.training.folder import CHECKPOINT, RESOLVED

from .conftest import Run, Workplace
from .test_rtl import TINY

LANES = 4
ONE_ENGINE = (
    "engines = 1", f"weights_per_access = {LANES}", "least_accesses = 2", f"sops_per_cycle = {LANES}",
    "cycles_per_neuron_update = 1", "cycles_per_clamped_update = 1", "fill_cycles = 17", "clamped_fill_cycles = 3",
    "cycles_per_packet_in = 0", "cycles_per_packet_out = 0", "cycles_per_spike_out = 0",
    "barrier_cycles = 0",
)  # fmt: skip
QUEUED = (*ONE_ENGINE, "outbox = true")  # flit by flit; counts know no queues


def presented(folder: Path, changes: tuple[str, ...], model: Any, samples: int) -> tuple[int, Any]:
    """Return cycles of the ticks of some samples, and busy cycles of each core, on the run's chip with changes."""
    spec = read_run(str(folder / RESOLVED))
    timing = [f"timing.{change}" for change in changes]
    chip = changed(spec.specification, timing)
    assert spec.learning is not None
    built = build(spec)
    assert built.image is not None
    state = read_checkpoint(folder / CHECKPOINT, digest=digest_of(built))
    made = build(replace(spec, timing=model, chip_changes=merged(spec.chip_changes, timing)))
    assert made.image is not None and made.image.chip.timing == chip.timing
    substrate: DigitalSubstrate = made.substrate  # type: ignore[assignment]
    substrate.load(state.parameters)
    data = samples_of(spec)
    assert data is not None
    chosen = np.arange(samples)
    targets = np.tile(data.targets(chosen), (1, len(made.image.network.outputs)))
    substrate.begin(data.inputs(chosen), chosen.astype(np.uint64))
    rule_for(made.image.network, spec.learning, spec.phases).present(
        substrate, targets, spec.learning.beta, 1.0
    )
    times = [substrate.counters().phases[phase].time for phase in (Phase.FREE, Phase.NUDGED)]
    return sum(time.cycles for time in times if time), sum(time.busy for time in times if time)


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not installed")
def test_a_chip_with_one_engine_has_the_cycles_of_its_verilog(run: Run, place: Workplace) -> None:
    keys = [*TINY, "learning.beta=0.5", "chip.core.neurons=8"]  # the hidden neurons take two cores
    run("simulate", "stripes", *[word for key in keys for word in ("--set", key)], "--out", "trained")
    run("export", "trained", "chip", "--rtl", "--lanes", str(LANES), "--samples", "3")
    found = json.loads(run("verify", "chip", "--simulator", "icarus", "--json").stdout)
    assert found["mismatches"] == 0 and found["ticks"] == 36
    folder = place.folder / "trained"
    cycles, busy = presented(folder, QUEUED, "cycle", 3)
    assert cycles == found["tick_cycles"]
    # From counts alone: what each core does is exact, and the tick as exact as what waits for no spike.
    least, least_busy = presented(folder, ONE_ENGINE, "analytic", 3)
    assert least_busy.tolist() == busy.tolist()
    assert least <= cycles
    # Controls: another number of engines, of weights a word, of cycles of the pipeline, is another time.
    for other in (
        "engines = 2",
        "weights_per_access = 2",
        "least_accesses = 3",
        "fill_cycles = 16",
    ):
        name = other.partition("=")[0]
        rest = tuple(one for one in QUEUED if one.partition("=")[0] != name)
        assert presented(folder, (*rest, other), "cycle", 3)[0] != cycles, other
    # What the export itself says of its cores is this description.
    spec = read_run(str(folder / RESOLVED))
    described = changed(spec.specification, [f"timing.{change}" for change in QUEUED]).timing
    exported = exported_timing(spec.specification, LANES)
    assert described is not None
    assert replace(exported, cycles_per_weight_accumulation=1, cycles_per_weight_write=1) == replace(
        described, cycles_per_weight_accumulation=1, cycles_per_weight_write=1
    )
