"""Records of runs that never were, plausible enough to look at: for tests of reports and of the command line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurochip import data
from neurochip.description import ChipSpec, RunSpec, read_chip, read_run, word_bits
from neurochip.energy import hardware_of
from neurochip.network import layered
from neurochip.spikes import Spikes
from neurochip.substrate.counters import COUNTERS, Counters, Phase, PhaseCounters
from neurochip.training.record import ConvergenceCurve, CoreUse, EpochRecord, Raster, RunRecord

TEST_ERRORS = (0.897, 0.129, 0.103, 0.094, 0.087, 0.084)
STATE_WORDS = 12
ADDRESS_BITS = 16
# Share of ticks on which a neuron of the first, of an inner and of the last population fires.
RATES = (0.13, 0.16, 0.10)


def population_names(run: RunSpec) -> tuple[str, ...]:
    network = layered(run.network.layers, tied=run.network.tied)
    return tuple(population.name for population in network.populations)


def fake_layout(run: RunSpec, chip: ChipSpec) -> tuple[CoreUse, ...]:
    """Fill cores in order, each with as many neurons as its synapse memory holds."""
    layers, bits = run.network.layers, word_bits(run.network.precision)
    cores: list[CoreUse] = []
    for k, (name, size) in enumerate(zip(population_names(run), layers, strict=True)):
        last_layer = len(layers) - 1
        fan_in = 0 if k == 0 else layers[k - 1] + (layers[k + 1] if k < last_layer else 0)
        most = min(chip.core.neurons or size, size)
        if chip.core.synapse_memory is not None and fan_in:
            most = min(most, chip.core.synapse_memory // (fan_in * bits))
        n_cores = -(-size // most)
        bounds = np.linspace(0, size, n_cores + 1).astype(int)
        for first, last in zip(bounds, bounds[1:], strict=False):
            site = len(cores)
            x, y = chip.mesh.position(site)
            n = int(last - first)
            cores.append(
                CoreUse(
                    site=site,
                    x=x,
                    y=y,
                    population=name,
                    first=int(first),
                    last=int(last),
                    neurons=n,
                    synapse_bits=n * fan_in * bits,
                    input_axons=fan_in,
                    output_axons=n * (5 if k == 0 else 3),
                    state_bits=n * STATE_WORDS * 32,
                )
            )
    return tuple(cores)


def fake_counters(
    run: RunSpec, layout: tuple[CoreUse, ...], phase: Phase, presentations: int, ticks: int
) -> PhaseCounters:
    """Count what cores with constant spike rates would do in so many ticks per presentation."""
    names = population_names(run)
    layers = dict(zip(names, run.network.layers, strict=True))
    sample_ticks = presentations * ticks
    counts = np.zeros((len(layout), len(COUNTERS)), dtype=np.int64)
    for row, core in enumerate(layout):
        k = names.index(core.population)
        rate = RATES[0] if k == 0 else RATES[2] if k == len(names) - 1 else RATES[1]
        senders = [names[j] for j in (k - 1, k + 1) if 0 <= j < len(names) and k > 0]
        received = sum(layers[name] * (RATES[0] if name == "input" else RATES[1]) for name in senders)
        sent = int(rate * core.neurons * sample_ticks)
        packets = sent * core.output_axons // core.neurons
        frames = core.neurons * sample_ticks * core.output_axons // core.neurons
        entries = {
            "clamped_updates" if k == 0 else "neuron_updates": core.neurons * sample_ticks,
            "nudged_updates": core.neurons * sample_ticks
            if k == len(names) - 1 and phase in (Phase.NUDGED, Phase.NUDGED_NEGATIVE)
            else 0,
            "spikes_sent": sent,
            "packets": packets,
            "packets_sent": packets,
            "spikes_delivered": int(received * sample_ticks),
            "hops_ew": packets * 2,
            "hops_ns": packets,
            "sops": int(received * core.neurons * sample_ticks),
            "weight_reads": int(received * core.neurons * sample_ticks),
            "host_words_in": presentations * core.neurons if k == 0 and phase is Phase.FREE else 0,
            "symbols": core.neurons * sample_ticks,
            "aer": packets * ADDRESS_BITS,
            "bitmap": frames,
            "symbols_hops": frames * 3,
            "spikes_hops": packets * 3,
            "aer_hops": packets * 3 * ADDRESS_BITS,
            "bitmap_hops": frames * 3,
            "symbols_received": frames,
            "aer_received": packets * ADDRESS_BITS,
        }
        if phase is Phase.UPDATE and k > 0:
            weights = core.neurons * layers[names[k - 1]]
            entries = {
                "weight_accumulations": weights * presentations,
                "weight_writes": weights * presentations // 20,
                "weight_saturations": weights // 50,
                "readout_words": 2 * core.neurons * presentations,
            }
        elif phase is Phase.UPDATE:
            entries = {}
        elif phase is Phase.READOUT:
            entries = {"readout_words": presentations * core.neurons} if k == len(names) - 1 else {}
        if run.substrate == "ideal":
            words = core.neurons * sample_ticks if k else core.neurons * presentations * (phase is Phase.FREE)
            entries = {"real_valued_words": 0 if phase is Phase.UPDATE else words} | {
                key: entries.get(key, 0) for key in ("neuron_updates", "nudged_updates", "weight_writes")
            }
        for counter, count in entries.items():
            counts[row, COUNTERS.index(counter)] = count
    return PhaseCounters(presentations, sample_ticks, counts)


def fake_counters_of(run: RunSpec, layout: tuple[CoreUse, ...]) -> Counters:
    by_phase: dict[Phase, tuple[int, int]] = {}
    if run.convergence is not None:
        nets = run.convergence.nets
        by_phase = {Phase.FREE: (nets, run.convergence.free), Phase.NUDGED: (nets, run.convergence.nudged)}
    elif run.learning is not None:
        n = (run.data.train or 2000) * run.learning.epochs
        by_phase = {Phase.FREE: (n, run.phases.free), Phase.NUDGED: (n, run.phases.nudged)}
        if run.phases.reference == "opposite":
            by_phase[Phase.NUDGED_NEGATIVE] = (n, run.phases.nudged)
        by_phase |= {
            Phase.UPDATE: (n, 0),
            Phase.READOUT: (n, 0),
            Phase.EVALUATION: (3000 * run.learning.epochs, run.phases.free),
        }
    return Counters(
        populations=tuple(core.population for core in layout),
        sites=tuple(core.site for core in layout),
        phases={phase: fake_counters(run, layout, phase, n, ticks) for phase, (n, ticks) in by_phase.items()},
    )


def coded(values: np.ndarray, ticks: int, phase: np.ndarray) -> np.ndarray:
    """Return the sigma-delta code u8[tick, unit] of constant values, begun at a random remainder."""
    steps = np.arange(ticks + 1)[:, None] * values + phase
    return np.diff(np.floor(steps), axis=0).astype(np.uint8)


def fake_rasters(run: RunSpec, count: int) -> tuple[Raster, ...]:
    rng = np.random.default_rng(7)
    digits = data.load("mnist-small")
    n_free, n_nudged = run.phases.free, run.phases.nudged
    names, (_, *inner, classes) = population_names(run), run.network.layers
    rasters = []
    for number in range(count):
        label = int(digits.labels("test")[number])
        predicted = label if number != 2 else (label + 4) % 10
        x = digits.test.inputs[number].astype(float) / 255
        spikes = [coded(x, n_free + n_nudged, np.zeros(x.size))]
        for size in inner:
            rates = np.clip(rng.normal(0.12, 0.2, size), 0, 1)
            spikes.append(coded(rates, n_free + n_nudged, rng.random(size)))
        out = rng.uniform(0, 0.12, classes)
        out[predicted] = 0.72
        nudged = out + 0.4 * (np.eye(classes)[label] - out)
        starts = rng.random(classes)
        spikes.append(np.vstack([coded(out, n_free, starts), coded(nudged, n_nudged, starts)]))
        for bits in spikes[1:]:
            bits[:2] = 0  # nothing arrives before tick 2
        rasters.append(
            Raster(
                label=label,
                predicted=predicted,
                presentation=f"test {number}",
                populations=names,
                spikes=tuple(Spikes.from_array(bits) for bits in spikes),
                n_free=n_free,
                n_nudged=n_nudged,
            )
        )
    return tuple(rasters)


def fake_confusion(n_test: int, error: float) -> np.ndarray:
    rng = np.random.default_rng(3)
    confusion = np.diag(np.full(10, n_test // 10))
    pairs = [(4, 9), (9, 4), (7, 9), (3, 5), (5, 3), (8, 3), (2, 7), (5, 8), (6, 0), (3, 8)]
    for _ in range(round(error * n_test)):
        true, said = pairs[rng.integers(len(pairs))] if rng.random() < 0.7 else rng.integers(10, size=2)
        if true != said:
            confusion[true, said] += 1
            confusion[true, true] -= 1
    return confusion


def fake_epochs(run: RunSpec) -> tuple[EpochRecord, ...]:
    if run.learning is None:
        return ()
    errors = list(TEST_ERRORS) + [0.02 + 0.06 * 0.9**k for k in range(run.learning.epochs)]
    return tuple(
        EpochRecord(
            epoch=float(k),
            online_error=None if k == 0 else error + 0.01,
            train_error=error * (0.95 - 0.06 * min(k, 10)),
            test_error=error,
            seconds=3.1 + 0.02 * k,
            samples_per_s=None if k == 0 else 812.0 - 3 * k,
            spikes_per_sample=None if k == 0 or run.substrate == "ideal" else 27_400.0 - 90 * k,
            weight_saturations=0,
        )
        for k, error in enumerate(errors[: run.learning.epochs + 1])
    )


def fake_record(name: str = "mnist-small", *overrides: str, chip: str | None = None) -> RunRecord:
    """Return the record of a run of the catalogue; ``overrides`` as on the command line."""
    run = read_run(name, [*overrides, *([f"chip={chip}"] if chip else [])])
    specification = read_chip(run.chip)
    layout = fake_layout(run, specification)
    counters = fake_counters_of(run, layout)
    rasters = ()
    if run.substrate == "digital" and run.learning is not None:
        rasters = fake_rasters(run, run.record.presentations)
    curve = None
    if run.convergence is not None:
        ticks = np.arange(run.convergence.free + run.convergence.nudged)
        since = np.where(ticks < run.convergence.free, ticks, ticks - run.convergence.free) + 1
        wiggle = np.exp(np.random.default_rng(5).normal(0, 0.06, ticks.size))
        mean = (0.11 * np.exp(-since / 9) + 0.02 / since**0.5) * wiggle
        curve = ConvergenceCurve(
            scheme="sigma-delta + predictive + osa",
            n_free=run.convergence.free,
            mean_error=mean,
            std_error=0.18 * mean,
        )
    return RunRecord(
        run=run,
        chip=specification,
        layout=() if run.substrate == "ideal" else layout,
        hardware=hardware_of(run),
        counters=counters,
        epochs=fake_epochs(run),
        rasters=rasters,
        convergence=curve,
        confusion=None
        if run.learning is None
        else fake_confusion(1000, fake_epochs(run)[-1].test_error or 0.1),
        seconds=17.4,
        started="2026-03-04T09:30:12+00:00",
        versions={"neurochip": "0.1.0", "python": "3.11.9", "numpy": "2.1.3", "numba": "0.61.0"},
        resumed=0,
        stopped_early=False,
    )


def interrupted(record: RunRecord) -> RunRecord:
    """Return the record of the same run, had it been stopped after two epochs."""
    return replace(record, epochs=record.epochs[:3], stopped_early=True, resumed=1)
