"""``neurochip export RUN OUT --rtl``: the cores of a finished run as Verilog, and what it takes to check them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from neurochip.compile import ChipImage
from neurochip.description import RunSpec, read_run
from neurochip.description.run_data import samples_of
from neurochip.elements.integers.columns import reciprocals, shares
from neurochip.errors import CapabilityError, ConfigError, DataError, OutputError
from neurochip.files import Foreign, read_text
from neurochip.learning.rules import rule_for
from neurochip.rtl.bench_text import bench_parameters, compare_text, learning_patience
from neurochip.rtl.board_text import board_text
from neurochip.rtl.bus_text import bus_text
from neurochip.rtl.chip_mesh import chip_mesh
from neurochip.rtl.chip_text import chip_text
from neurochip.rtl.core_text import core_parameters, cores_of, inputs_of
from neurochip.rtl.learning_text import furthest_shifts
from neurochip.rtl.manifest import FORMAT, MANIFEST, RUN, CoreEntry, Exported
from neurochip.rtl.recording import Played, Recording
from neurochip.rtl.templates import template, with_parameter
from neurochip.rtl.vectors_text import memory_words, vectors
from neurochip.runs.building import build, digest_of
from neurochip.training.checkpoint import read_checkpoint
from neurochip.training.folder import CHECKPOINT, RESOLVED

__all__ = ["SOURCES", "write_rtl"]

SOURCES = (
    "chip.v",
    "core.v",
    "neuron.v",
    "learning.v",
    "encoder.v",
    "spike_list.v",
    "outbox.v",
    "mesh.v",
    "router.v",
)
_COPIED = (
    *SOURCES[1:], "bench.v", "bus_bench.v", "bench_icarus.v", "bench_verilator.cpp",
    "synth_generic.ys", "synth_ice40.ys", "README.md",
)  # fmt: skip
MOST_SAMPLES = 10_000


def write_rtl(folder: Path | str, out: Path | str, *, samples: int = 2, lanes: int = 4) -> Exported:
    """Write the cores of a finished run of integer cores into a new folder.

    Parameters
    ----------
    folder
        Of the run.
    out
        New folder: Verilog, images of all memories, a bench with recorded ticks, scripts for yosys.
    samples
        Training samples that are recorded: each settles, is nudged, and all of them are learned from at once.
    lanes
        Weights that a core reads at once; a power of two.

    Raises
    ------
    CapabilityError
        For a run that exported cores cannot carry out, with the key that keeps them from it.
    ConfigError
        For lanes or samples that cannot be.
    DataError
        For a folder without a finished run.
    OutputError
        When the new folder is there already, or cannot be written.
    """
    source, target = Path(folder), Path(out)
    if not (source / RESOLVED).is_file():
        raise DataError(str(source), f"has no {RESOLVED}; name the folder of a finished run")
    if lanes < 1 or lanes > 32 or lanes & (lanes - 1):
        raise ConfigError("lanes", f"must be a power of two, 1 to 32, got {lanes}")
    run = read_run(str(source / RESOLVED))
    _refuse(run)
    if not 1 <= samples <= MOST_SAMPLES:
        raise ConfigError("samples", f"must be 1 to {MOST_SAMPLES}, got {samples}")
    built = build(run)
    image = built.image
    if image is None:
        raise CapabilityError("substrate", 'must be "digital"')
    cores = cores_of(image)
    inputs = inputs_of(image, len(cores))
    mesh = chip_mesh(image, cores, inputs)
    state = read_checkpoint(source / CHECKPOINT, digest=digest_of(built))
    built.substrate.load(state.parameters)
    made = _record(run, built.substrate, image, samples, state.updates)
    if target.exists():
        raise OutputError(str(target), "exists already; choose another folder or remove it")
    stochastic = run.network.rounding == "stochastic"
    texts = {name: template(name) for name in _COPIED}
    shifts = furthest_shifts(image, cores, made)
    texts["chip.v"] = chip_text(
        image,
        cores,
        inputs,
        mesh,
        lanes=lanes,
        samples=samples,
        stochastic=stochastic,
        shifts=shifts,
    )
    texts["bus.v"] = bus_text(image, cores, inputs, lanes=lanes)
    texts[RUN] = read_text(Foreign(source / RESOLVED, "a resolved run", "run it again"))
    texts["compare.vh"] = compare_text(image, cores, lanes)
    largest = max(cores, key=lambda core: core.axons * core.size)
    texts["board.v"] = board_text(
        largest,
        core_parameters(largest, image, lanes=lanes, samples=1, stochastic=stochastic, shifts=shifts),
    )
    for key, value in bench_parameters(image, cores, inputs, samples, lanes).items():
        texts["bench.v"] = with_parameter(texts["bench.v"], key, value)
    texts["bus_bench.v"] = with_parameter(texts["bus_bench.v"], "PATIENCE", learning_patience(cores, samples))
    texts["images/reciprocals.hex"] = _lines(f"{entry:04x}" for entry in reciprocals())
    texts["images/shares.hex"] = _lines(f"{entry:04x}" for entry in shares())
    for core in cores:
        weights, biases = memory_words(image, core, state.parameters, lanes)
        texts[f"images/core{core.number}.weights.hex"] = _lines(weights)
        texts[f"images/core{core.number}.biases.hex"] = _lines(biases)
    texts["vectors.txt"] = _lines(vectors(image, cores, inputs, made, lanes, mesh))
    names = [image.network.populations[core.population].name for core in cores]
    manifest = Exported(
        format=FORMAT,
        run=run.name,
        lanes=lanes,
        samples=samples,
        ticks=len(made.spikes[0]) * samples,
        recorded=texts["vectors.txt"].count("\n"),
        meshed=mesh is not None,
        cores=[
            CoreEntry(population=name, first=core.first, neurons=core.size, axons=core.axons)
            for name, core in zip(names, cores, strict=True)
        ],
    )
    texts[MANIFEST] = json.dumps(manifest, indent=1) + "\n"
    _write(target, texts)
    return manifest


def _refuse(run: RunSpec) -> None:
    """Refuse what exported cores do not do."""
    learning = run.learning
    reasons = (
        (run.fixed_point is None, "numbers.state", "is not given: only integer cores have a Verilog form"),
        (bool(run.faults.given()), "faults", "are the emulator's; exported cores are sound"),
        (learning is None, "learning", "is missing: the bench learns, too"),
        (
            learning is not None
            and (learning.rule not in ("eqprop", "random-feedback") or learning.pre != "oracle"),
            "learning.rule" if learning is None or learning.pre == "oracle" else "learning.pre",
            'must be "eqprop" or "random-feedback" with pre = "oracle": the exported engine does no other',
        ),
        (
            learning is not None and learning.product != "linear",
            "learning.product",
            'must be "linear": the exported engine does no other',
        ),
        (run.phases.reference != "before", "phases.reference", 'must be "before": the bench knows no other'),
        (run.phases.persistent, "phases.persistent", "must be false: exported cores begin at rest"),
    )
    for holds, place, why in reasons:
        if holds:
            raise CapabilityError(place, why)


def _record(run: RunSpec, substrate: Any, image: ChipImage, samples: int, updates: int) -> Recording:
    """Let the emulator present some training samples and learn from them, and keep all that it does."""
    data, numbers, learning, network = samples_of(run), image.numbers, run.learning, image.network
    if data is None or numbers is None or learning is None:
        raise CapabilityError("experiment", 'must be "train"')
    if samples > len(data.train):
        raise ConfigError(
            "samples", f"must be at most {len(data.train)}, those that there are, got {samples}"
        )
    chosen = np.arange(samples)
    presentations = np.arange(samples, dtype=np.uint64)
    inputs = data.inputs(chosen)
    targets = np.tile(data.targets(chosen), (1, len(network.outputs)))
    substrate.restore_counters(substrate.counters(), updates)
    played = Played(substrate)
    played.begin(inputs, presentations)
    # A minibatch of another size has the shift of the run's.
    share = samples / learning.minibatch
    told = rule_for(network, learning, run.phases).present(played, targets, learning.beta, share)
    substrate.write_weights(told.updates, told.biases)
    fraction = numbers.state.fraction

    def integers(values: Any) -> Any:
        return np.rint(np.ldexp(np.float64(values), fraction)).astype(np.int64)

    populations = range(len(network.sizes))
    return Recording(
        numbers=presentations,
        inputs=integers(inputs),
        targets=integers(targets),
        spikes=tuple(played.joined("spikes", p) for p in populations),
        values=tuple(integers(played.joined("states", p)) for p in populations),
        free=run.phases.free,
        beta=learning.beta,
        updates=told.updates,
        seed=run.seed,
        updates_before=updates,
        after=substrate.parameters(),
    )


def _lines(lines: Any) -> str:
    return "\n".join(lines) + "\n"


def _write(target: Path, texts: dict[str, str]) -> None:
    try:
        for name, text in texts.items():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(str(target), f"cannot be written: {error.strerror or error}") from error
