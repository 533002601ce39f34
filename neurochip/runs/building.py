"""A run turned into a machine: network, chip, image, substrate, and what they are like."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurochip.analog.die_file import read_die
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.analog.vector_field import load_vector_field
from neurochip.compile import ChipImage, Moments, compile_network
from neurochip.compile.quantise import state_dtype
from neurochip.cores.clock import Timed
from neurochip.cores.faults import plan_faults
from neurochip.cores.integer_learning import check_rates
from neurochip.cores.layout import Layout
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.cores.synapse_mismatch import SynapseMismatch
from neurochip.data import Dataset
from neurochip.description import ChipSpec, RunSpec, network_of, read_energies
from neurochip.description.neuron import state_words_of, trace_cost
from neurochip.description.precision import word_bits
from neurochip.elements.neurons.settling import SettlingNeuron
from neurochip.energy.costing import energy_report
from neurochip.energy.hardware import hardware_of
from neurochip.energy.missing import MissingEnergies
from neurochip.errors import ConfigError
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.keys.reading import refuse_missing
from neurochip.learning.rule import LearningRule
from neurochip.learning.rules import Rule, rule_for
from neurochip.machine import check_memory, check_parallel, check_room_to_compile
from neurochip.network import Network, described
from neurochip.substrate import Machine
from neurochip.substrate.counters import CIRCUIT, CONTROL, COUNTERS, Counters, Phase, PhaseCounters
from neurochip.substrate.optimising import Optimising
from neurochip.training.record import CoreUse, FaultUse

__all__ = [
    "Built",
    "build",
    "build_analog",
    "check_energies",
    "check_recorded",
    "core_uses",
    "digest_of",
    "fault_uses",
    "moments_of",
]


# What the phases before the last one gave must be held until the weights are written.
_HELD = {
    "before": frozenset({Phase.FREE}),
    "parallel": frozenset({Phase.NUDGED}),
    "opposite": frozenset({Phase.FREE, Phase.NUDGED}),
}


class Built(NamedTuple):
    """A run turned into a machine: the chip's image is `None` where there are no cores."""

    network: Network
    chip: ChipSpec
    image: ChipImage | None
    substrate: Machine
    rule: Rule | None = None  # what carries out the run's own; `None` until it is made


def build(
    run: RunSpec,
    *,
    threads: int = 1,
    allow_code: bool = False,
    die: int | None = None,
    chip: ChipSpec | None = None,
) -> Built:
    """Compile the network of a run for its chip and make the substrate, without weights.

    ``die`` and ``chip`` stand for its own.
    """
    check_parallel(threads, "threads")
    _check_memory(run)
    chip = run.specification if chip is None else chip
    network = network_of(run.network)
    precision = run.network.precision
    optimiser = _optimiser(run, network)
    if run.substrate == "ideal":
        annealer: Any = run.coding.annealer
        ideal = IdealSubstrate(network, annealer, dtype=state_dtype(precision), optimiser=optimiser)
        return Built(network, chip, None, ideal)
    if run.substrate == "analog":
        cells = None if run.analog is None else run.analog.library
        if cells is not None:
            chip = dataclasses.replace(chip, energies=cells.energies())
        return Built(network, chip, None, build_analog(run, network, allow_code=allow_code, die=die))
    run.check_chip(chip)
    traced = run.learning is not None and run.learning.pre == "trace"
    image = compile_network(
        network,
        chip,
        precision=precision,
        rounding=run.network.rounding,
        state_words=state_words_of(run),
        trace_words=trace_cost(run).state_words_kept,
        numbers=run.fixed_point,
        weight_range=run.network.weight_range,
        moments=moments_of(run, network),
        sites=run.placement,
    )
    if run.learning is not None:
        check_rates(image, run.learning, run.phases, stochastic=run.network.rounding == "stochastic")
    substrate = DigitalSubstrate(
        image,
        [run.coding if isinstance(neuron, SettlingNeuron) else neuron for neuron in run.neurons],
        traced=traced and run.learning is not None and run.learning.trace == "decoder",
        counting=traced and run.learning is not None and run.learning.trace == "count",
        seed=run.seed,
        rounding=run.network.rounding,
        weight_range=run.network.weight_range,
        threads=threads,
        timing=Timed(run.timing, run.timing_every),
        faults=run.faults,
        mismatch=_mismatch(run),
        optimiser=optimiser,
    )
    return Built(network, chip, image, substrate)


def _optimiser(run: RunSpec, network: Network) -> Optimising | None:
    """Return what stands between changes and weights in a run; `None` where a change is added as it is."""
    learning = run.learning
    if learning is None or learning.method is None:
        return None
    return Optimising(network, learning.method, learning.rates, decay=learning.weight_decay)


def moments_of(run: RunSpec, network: Network) -> Moments:
    """Return the bits that the optimiser of a run keeps beside the weights that learn, their tied copies and biases."""
    learning = run.learning
    if learning is None:
        return Moments()
    word = 64 if run.network.precision == "float64" else 32
    bits = learning.optimiser_cost.state_words_kept * word
    rule = rule_for(network, learning, run.phases) if bits else None
    if rule is None:
        return Moments()
    if isinstance(rule, LearningRule):
        learns = {p.index for p, rate in rule.plastic() if rate}
    else:  # one of another package: what may learn
        learns = {p.index for p in network.projections if not p.tied}
    learns |= {copy for k in learns for copy in network.tied_to(k)}
    weights = {k: bits for k in learns if math.prod(network.weights_shape(k))}
    return Moments(weights, {p: bits for p in network.updated if learns & set(network.into(p))})


def _mismatch(run: RunSpec) -> SynapseMismatch | None:
    """Return how the synapses of a run's cores differ; `None` where they don't."""
    given = run.mismatch
    if not given.deviation:
        return None
    seed = run.seed if given.seed is None else given.seed
    return SynapseMismatch(deviation=given.deviation, spread=given.spread, seed=seed)


def _check_memory(run: RunSpec) -> None:
    """Refuse a network that this machine cannot hold: its weights as values and as the cores keep them, twice."""
    check_room_to_compile()
    layers = run.network.layers
    told = "layers" if layers is not None else "populations"
    place, cure = f"network.{told}", f"make {told} smaller"
    if layers is None:
        network = network_of(run.network)
        neurons = sum(network.sizes)
        check_memory(neurons * 64, place, cure)  # before synapses are counted neuron by neuron
        synapses = sum(network.synapses(k) for k in network.forward)
    else:  # before anything is made of them
        synapses, neurons = sum(a * b for a, b in zip(layers, layers[1:], strict=False)), sum(layers)
    states = neurons * (run.learning.minibatch if run.learning is not None else 1)
    size = word_bits(run.network.precision) // 8
    check_memory(synapses * (8 + 2 * max(size, 1)) + neurons * 64, place, cure)
    check_memory(states * 4, "learning.minibatch", "make it smaller")
    if run.convergence is not None and run.experiment == "convergence":
        spec = run.convergence
        ticks = spec.free + spec.nudged
        check_memory(spec.nets * ticks * 8, "convergence.nets", "make it smaller")
        check_memory(
            spec.samples * neurons * ticks * 4,
            "convergence.samples",
            "make it smaller, or the phases shorter",
        )


def build_analog(
    run: RunSpec, network: Network, *, allow_code: bool = False, die: int | None = None
) -> AnalogSubstrate:
    """Make the die of a run, or ``die`` in its place, without weights.

    ``allow_code`` lets it run a vector field from a file.
    """
    if run.analog is None:
        raise ConfigError("analog", "is missing; the analog substrate needs a die")
    field = None
    if run.analog.vector_field is not None:
        field = load_vector_field(run.analog.vector_field, allow_code=allow_code)
    return AnalogSubstrate(
        network,
        run.analog if die is None else replace(run.analog, die=die),
        dtype=state_dtype(run.network.precision),
        die=None if run.analog.die_file is None else read_die(Path(run.analog.die_file), network),
        seed=run.seed,
        held=_HELD[run.phases.reference],
        flow=field,
        activity=None if field is None else field.activity,
        optimiser=_optimiser(run, network),
    )


def check_energies(spec: RunSpec, built: Built, *, driven: bool = False) -> None:
    """Refuse a chip that lacks an energy for what this run will do, before the first tick rather than after the last.

    ``driven``: a controller stands between host and cores, and is to be paid as well.
    """
    read_energies(spec.baseline.chip)
    populations = built.network.populations
    counted = np.ones((len(populations), len(COUNTERS)), dtype=np.int64)
    unused = {"spikes_dropped"} if spec.learning and spec.learning.pre == "trace" else {"trace_updates"}
    unused |= {"optimiser_steps"} if spec.learning is None or spec.learning.method is None else set()
    unused |= {"idle_updates"}  # the neurons of equilibrium propagation are never at rest
    counted[:, [COUNTERS.index(name) for name in unused]] = 0
    phases = [Phase.FREE, Phase.NUDGED]
    if spec.learning is not None:
        phases += [Phase.UPDATE, Phase.READOUT, Phase.EVALUATION]
    names = tuple(population.name for population in populations)
    once = Counters(names, (0,) * len(names), {phase: PhaseCounters(1, 1, counted) for phase in phases})
    learning = {"weight_accumulations", "weight_writes", "weight_saturations", "optimiser_steps"}
    running = counted.copy()
    running[:, [COUNTERS.index(counter) for counter in learning]] = 0
    for phase in phases:
        if phase is not Phase.UPDATE:
            once = Counters(
                once.populations, once.sites, {**once.phases, phase: PhaseCounters(1, 1, running)}
            )
    if driven:
        control = PhaseCounters(0, 0, np.zeros_like(counted), control=(1 << 20,) * len(CONTROL))
        once += Counters(once.populations, once.sites, {Phase.LOADING: control})
    if spec.analog is not None and spec.analog.cells is not None:
        drawn = [name != "adc_conversions" or spec.analog.converters.adc_bits is not None for name in CIRCUIT]
        circuit = PhaseCounters(1, 1, np.zeros_like(counted), circuit=tuple(map(int, drawn)))
        once += Counters(once.populations, once.sites, {Phase.FREE: circuit})
    asked = MissingEnergies.of(built.chip.energies)
    energy_report(once, hardware_of(spec), asked)
    refuse_missing(
        [f"{asked.name}: energies.{event}" if not n else event for n, event in enumerate(asked.missing)],
        ", and the run has these events; add the energies or choose another energy table",
    )
    energy_report(once, hardware_of(spec), built.chip.energies)


def check_recorded(spec: RunSpec, built: Built, samples: Dataset) -> None:
    """Refuse rasters that this machine could not hold at the end of the training: a byte for each neuron and tick."""
    shown = min(spec.record.presentations, len(samples.test)) if spec.substrate == "digital" else 0
    size = shown * (spec.phases.free + spec.phases.nudged) * sum(built.network.sizes)
    check_memory(size, "record.presentations", "record fewer")


def core_uses(image: ChipImage | None) -> tuple[CoreUse, ...]:
    """Return what each core of an image holds; nothing where there is no chip."""
    if image is None:
        return ()
    uses = []
    for core in image.cores:
        x, y = image.chip.mesh.position(core.site)
        uses.append(
            CoreUse(
                site=core.site,
                x=x,
                y=y,
                population=image.network.populations[core.population].name,
                first=core.first,
                last=core.last,
                neurons=core.used.neurons,
                synapse_bits=core.used.synapse_memory,
                input_axons=core.used.input_axons,
                output_axons=core.used.output_axons,
                state_bits=core.used.neuron_state_memory,
            )
        )
    return tuple(uses)


def fault_uses(run: RunSpec, built: Built) -> tuple[FaultUse, ...]:
    """Return each fault of a run, with what it found to break on this chip."""
    if built.image is None or not run.faults.given():
        return ()
    # From the image: the substrate may be a device that was told the same run.
    layout = Layout(built.image)
    found: dict[str, Mapping[str, Any]] = {}
    for testing in (False, True):
        plan = plan_faults(run.faults, layout, run.seed, testing=testing)
        found |= {} if plan is None else plan.found
    return tuple(
        FaultUse(
            fault=fault.fault,
            rate=fault.rate,
            seed=run.seed if fault.seed is None else fault.seed,
            when=fault.when,
            found=found.get(fault.fault, {}),
        )
        for fault in run.faults.given()
    )


def digest_of(built: Built) -> str:
    """Return what tells this network on this chip from any other, for checkpoints."""
    if built.image is not None:
        return built.image.digest
    sizes = "-".join(map(str, built.network.sizes))
    name = f"{built.substrate.capabilities.name}-{sizes}-{'tied' if built.network.tied else 'untied'}"
    if not built.network.is_chain:
        content = json.dumps(described(built.network), sort_keys=True).encode()
        name += f"-{hashlib.blake2b(content, digest_size=8).hexdigest()}"
    return f"{name}-{built.substrate.die.digest}" if isinstance(built.substrate, AnalogSubstrate) else name
