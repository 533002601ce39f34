"""`replay`: spikes that were recorded, or a network of integrate-and-fire neurons, laid out by hand on a chip."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.compile.by_itself import compiled_placement
from neurochip.compile.placement import PlacedNetwork, place
from neurochip.compile.quantise import state_dtype, weight_dtype
from neurochip.cores.engine import LayerEngine
from neurochip.cores.raster import LayeredRaster
from neurochip.cores.replay_input import (
    Weights,
    check_register,
    checked_raster,
    core_indices,
    feedback_weights,
    recurrent_weights,
    refuse_dead_cores,
    stored_as,
    synapses_of,
    weight_format,
)
from neurochip.cores.replay_timing import ReplayTime, replay_time
from neurochip.cores.traffic import TrafficCounters, count_traffic
from neurochip.description import ChipSpec, EnergyTable, read_chip, read_energies
from neurochip.description.number_format import refuse_beyond_format
from neurochip.description.precision import Precision, integer_bits, word_bits
from neurochip.elements import HardwareCost
from neurochip.elements.neurons.lif import LIF, VARIABLES
from neurochip.energy import ElementUse, HardwareUse, energy_report
from neurochip.energy.charges import charges
from neurochip.energy.static import Clocked, static_charges
from neurochip.errors import CapabilityError, ConfigError
from neurochip.keys.reading import did_you_mean
from neurochip.machine import check_room_to_compile
from neurochip.network import layered
from neurochip.spikes import Spikes
from neurochip.substrate.counters import COUNTERS, Counters, Phase, PhaseCounters

__all__ = [
    "Replay",
    "ReplayTime",
    "Timing",
    "counted",
    "check_clock",
    "check_timing",
    "energies_of",
    "hardware_of_replay",
    "placed_on",
    "recosted",
    "replay",
    "timed",
]

Timing = Literal["tick", "analytic", "cycle"]


@dataclass(frozen=True)
class Replay:
    """What `replay` saw.

    Attributes
    ----------
    spikes
        List over layers of u8[tick, unit], input included.
    counters
        Everything that was counted: ``packets``, ``hops``, ``sops`` … as totals, ``per_tick`` by name.
    energy_j
        Joules by category, and ``total``; empty when the table has no energies.
    energy_per_tick_j
        The same, f64[tick] each.
    time
        In ticks, and in cycles and seconds if asked for.
    placed
        The network on its chip.
    hardware
        What its cores are built from.
    names
        Of the layers.
    weights
        What was given and what is stored, in words.
    """

    spikes: list[NDArray[np.uint8]]
    counters: TrafficCounters
    energy_j: Mapping[str, float]
    energy_per_tick_j: Mapping[str, NDArray[np.float64]]
    time: ReplayTime
    placed: PlacedNetwork
    hardware: HardwareUse
    names: tuple[str, ...]
    weights: str

    def raster(self, layer: int) -> Spikes:
        """Return the spikes of one layer packed to bits, [tick, unit]."""
        return Spikes.from_array(self.spikes[layer])


def replay(
    spikes: Sequence[ArrayLike],
    weights: Sequence[Weights],
    chip: ChipSpec | str | os.PathLike[str],
    placement: Sequence[ArrayLike] | None = None,
    *,
    energies: EnergyTable | str | os.PathLike[str] | None = None,
    timing: Timing = "tick",
    neuron: LIF | Sequence[LIF] | None = None,
    recurrent: Sequence[Weights | None] | None = None,
    feedback: Sequence[Weights | None] | None = None,
    dead_cores: Sequence[int] = (),
    max_cycles: int = 1 << 40,
) -> Replay:
    """Cost the traffic of a layered network on a chip, exactly.

    Without ``neuron`` the spikes of all layers are taken as recorded, and no neuron is updated: the counters hold the
    traffic and its synaptic operations. With one, the first raster drives the network and all other spikes are
    computed: a spike of tick t acts on the layers that receive it in tick t + 1.

    Parameters
    ----------
    spikes
        List over layers of 0 and 1, [tick, unit], as arrays or `Spikes`. With ``neuron`` the input layer is enough;
        what is given for others is then not read.
    weights
        Of the projection from layer k to layer k+1, [pre, post] each: every entry is a synapse, also one of weight 0.
        Or a connectivity and its weights, ``(neurochip.elements.connections.Sparse(…), weights)``: what is counted are
        the synapses that it has. Whole numbers are held as integers, as wide as they need.
    chip
        Name, file or spec of the chip.
    placement
        List over layers of the core of each neuron, [unit]; a core may hold neurons of several layers. `None` splits
        layers over as few cores as the chip's limits allow, one after the other along the mesh.
    energies
        Name, file or list; `None` takes the chip's own.
    timing
        ``"tick"``: events are counted, cycles are not; ``"analytic"``: cycles of each tick that contention cannot
        undercut, from counts; ``"cycle"``: flit by flit. None changes a spike or a count.
    neuron
        The model of all neurons but the input's, or a list over layers 1 … of theirs.
    recurrent
        List over layers 1 … of weights from a layer to itself, as above, or `None` where there are none.
    feedback
        List over layers 1 … but the last of weights from layer k+1 back to layer k, as above, or `None`.
    dead_cores
        Cores of this chip that do not work; a placement on one of them is refused.
    max_cycles
        With ``"cycle"``: a tick whose packets have not all arrived by then raises `StallError`.

    Returns
    -------
    Replay
        Spikes of all layers, u8[tick, unit] each, counters, joules and time.

    Raises
    ------
    NeurochipError
        One of its family: shapes that do not match, spikes other than 0 and 1, a core that the chip does not have
        or that gets more than it can hold, an event without an energy, cycles of a chip without a clock, a network
        on chip that stalls.
    """
    check_timing(timing)
    check_room_to_compile()
    if neuron is not None and not isinstance(neuron, LIF):
        _check_neurons(neuron, len(weights))
    specification = chip if isinstance(chip, ChipSpec) else read_chip(chip)
    check_clock(specification, timing)
    paid = energies_of(specification, energies)
    forward = [synapses_of(w, f"weights[{k}]") for k, w in enumerate(weights)]
    if not forward:
        raise ConfigError("weights", "must have at least one matrix, got none")
    sizes = [forward[0][0].sources, *(connection.targets for connection, _ in forward)]
    for k, (connection, _) in enumerate(forward[1:], start=1):
        if connection.sources != sizes[k]:
            raise ConfigError(
                f"weights[{k}]",
                f"must have {sizes[k]} rows, as weights[{k - 1}] has columns, got {connection.sources}",
            )
    loops, back = recurrent_weights(recurrent, sizes), feedback_weights(feedback, sizes)
    projections = [(k, k + 1) for k in range(len(forward))] + [(k, k) for k in loops]
    projections += [(k + 1, k) for k in back]
    linked = [*forward, *loops.values(), *back.values()]
    connections, matrices = [connection for connection, _ in linked], [values for _, values in linked]
    places = [f"weights[{k}]" for k in range(len(forward))] + [f"recurrent[{k - 1}]" for k in loops]
    places += [f"feedback[{k - 1}]" for k in back]
    precision = weight_format(matrices, places, specification, computes=neuron is not None)
    models = [neuron] if isinstance(neuron, LIF) else list(neuron or ())
    for k, model in enumerate(models):
        refuse_beyond_format(model, "neuron" if len(models) == 1 else f"neuron[{k}]", precision)
    if neuron is not None and integer_bits(precision) is not None:
        check_register(projections, connections, precision)
    raster = checked_raster(spikes, sizes, computes=neuron is not None)
    state_bits = 64 if precision == "float64" else 32
    kept_bits = state_bits * LIF.hardware.state_words_kept if models else 0
    weight_bits = word_bits(precision)
    held: dict[str, Any] = {"weight_bits": weight_bits, "state_bits": kept_bits, "connections": connections}
    placed = placed_on(sizes, projections, specification, placement, dead_cores, **held)
    hardware = hardware_of_replay(models[0] if models else None, precision)
    idle = None
    if neuron is not None:
        _check_energies(placed, hardware, paid)
        held_as, membrane = weight_dtype(precision), state_dtype(precision)
        dynamics = [model.dynamics for model in models]
        if isinstance(neuron, LIF):
            dynamics *= len(sizes) - 1
        engine = LayerEngine(placed, matrices, dynamics, VARIABLES, raster, held_as, membrane)
        engine.advance(len(raster.bits))
        idle = engine.idle()
    names = tuple(p.name for p in layered(tuple(sizes)).populations)
    stored = stored_as(matrices, precision, computes=neuron is not None)
    return counted(placed, names, raster, idle, hardware, paid, timing, weights=stored, max_cycles=max_cycles)


def energies_of(chip: ChipSpec, energies: EnergyTable | str | os.PathLike[str] | None) -> EnergyTable:
    """Return the energies that are named; `None`: the chip's own."""
    if energies is None:
        return chip.energies
    return energies if isinstance(energies, EnergyTable) else read_energies(energies)


def placed_on(
    sizes: Sequence[int],
    projections: Sequence[tuple[int, int]],
    chip: ChipSpec,
    placement: Sequence[ArrayLike] | None = None,
    dead_cores: Sequence[int] = (),
    **held: Any,
) -> PlacedNetwork:
    """Return a network on the cores that are named, or on as few as the limits of the chip allow.

    Parameters
    ----------
    dead_cores
        Cores of this chip that do not work; a placement on one of them is refused.
    held
        ``weight_bits``, ``state_bits`` and ``connections``, as in `neurochip.compile.placement.place`.
    """
    if placement is None:
        cores = compiled_placement(sizes, projections, chip, **held)
    else:
        cores = core_indices(placement, list(sizes), chip)
    refuse_dead_cores(cores, dead_cores, chip)
    return place(sizes, projections, cores, chip, **held)


def _check_neurons(neuron: object, layers: int) -> None:
    """Refuse what is no list of neurons, one for each layer but the input."""
    if not isinstance(neuron, list | tuple):
        raise ConfigError("neuron", f"must be a LIF, a list of them or None, got {type(neuron).__name__}")
    if len(neuron) != layers:
        raise ConfigError(
            "neuron", f"must have one LIF for each layer but the input, {layers}, got {len(neuron)}"
        )
    for k, one in enumerate(neuron):
        if not isinstance(one, LIF):
            raise ConfigError(f"neuron[{k}]", f"must be a LIF, got {type(one).__name__}")


def _check_energies(placed: PlacedNetwork, hardware: HardwareUse, energies: EnergyTable) -> None:
    """Refuse a table that lacks an energy for what the neurons may do, before they do it."""
    may = np.zeros((1, len(COUNTERS)), dtype=np.int64)
    happens = ["neuron_updates", "idle_updates", "clamped_updates", "spikes_sent"]
    if placed.sending.packets.any():
        happens += ["packets", "packets_sent", "spikes_delivered", "sops", "weight_reads"]
    links = placed.sending.spike.links
    happens += [name for axis, name in enumerate(("hops_ew", "hops_ns")) if links[:, axis].any()]
    happens += ["aer_hops"] if links.any() else []
    may[0, [COUNTERS.index(name) for name in happens]] = 1
    energy_report(Counters(("any",), (0,), {Phase.FREE: PhaseCounters(1, 1, may)}), hardware, energies)


def check_timing(timing: str) -> None:
    """Refuse a model of time that there is not."""
    if timing not in get_args(Timing):
        known = ", ".join(f'"{name}"' for name in get_args(Timing))
        raise ConfigError(
            "timing", f"must be one of {known}; got {timing!r}{did_you_mean(str(timing), get_args(Timing))}"
        )


def check_clock(chip: ChipSpec, timing: Timing) -> None:
    """Refuse to count cycles of a chip without a clock."""
    if timing != "tick" and chip.timing is None:
        raise CapabilityError(
            "timing", f'"{timing}" needs a clock, and {chip.name} has none; use "tick" or another chip'
        )


def counted(
    placed: PlacedNetwork,
    names: tuple[str, ...],
    raster: LayeredRaster,
    idle: tuple[NDArray[np.int64], NDArray[np.int64]] | None,
    hardware: HardwareUse,
    energies: EnergyTable,
    timing: Timing,
    *,
    weights: str,
    max_cycles: int = 1 << 40,
) -> Replay:
    """Count, cost and time all spikes of a placed network; ``idle`` as in `count_traffic`."""
    counters = count_traffic(placed, names, raster.count(placed), idle)
    energy_report(
        counters.counted, hardware, energies
    )  # an event without an energy is found before anything is timed
    time = timed(placed, raster, timing, updates=idle is not None, max_cycles=max_cycles)
    if time.cycles is not None:
        counters = counters.timed(time.cycles, time.cycles_per_tick)
    spikes = [raster.layer(k) for k in range(len(placed.sizes))]
    counted = Replay(spikes, counters, {}, {}, time, placed, hardware, names, weights)
    return recosted(counted, placed.chip, energies)


def timed(
    placed: PlacedNetwork,
    raster: LayeredRaster,
    timing: Timing,
    *,
    updates: bool,
    max_cycles: int = 1 << 40,
) -> ReplayTime:
    """Return how long all spikes of a placed network take, as far as a model of time knows it."""
    if timing == "tick" or placed.chip.timing is None:
        return ReplayTime(ticks=raster.bits.shape[0])
    return replay_time(placed, raster, placed.chip.timing, timing, updates=updates, max_cycles=max_cycles)


def recosted(counted: Replay, chip: ChipSpec, energies: EnergyTable) -> Replay:
    """Return the same counts and cycles with other energies, on a chip that differs in nothing else but its clock."""
    counters, hardware, time = counted.counters, counted.hardware, counted.time
    clocked = None
    if time.cycles is not None and chip.timing is not None:
        time = replace(time, seconds=time.cycles / chip.timing.clock)
        clocked = Clocked.of(chip.timing, chip.mesh, counters.counted.sites)
    report = energy_report(counters.counted, hardware, energies, clocked)
    energy = {} if report.total_j is None else {**report.by_category, "total": report.total_j}
    return replace(
        counted,
        energy_j=energy,
        energy_per_tick_j=_per_tick(counters, hardware, energies, clocked, time) if energy else {},
        time=time,
        placed=replace(counted.placed, chip=chip),
    )


def hardware_of_replay(neuron: LIF | None, precision: Precision) -> HardwareUse:
    """Return formats and elements of the cores of a replay."""
    # Input spikes are played back and a LIF neuron fires by its own comparison: neither encodes nor anneals.
    elements = [
        ElementUse("encoder", "recorded", HardwareCost()),
        ElementUse("annealer", "none", HardwareCost()),
    ]
    if neuron is not None:
        elements.append(ElementUse("neuron", neuron.kind, neuron.hardware))
    return HardwareUse.at(precision, elements, sends_bits_only=True)


def _per_tick(
    counters: TrafficCounters,
    hardware: HardwareUse,
    energies: EnergyTable,
    clocked: Clocked | None,
    time: ReplayTime,
) -> dict[str, NDArray[np.float64]]:
    """Return joules by category and in total, f64[tick]."""
    ticks = counters.ticks_counted.ticks
    series: dict[str, NDArray[np.float64]] = {}
    for charge in charges(counters.ticks_counted, hardware, energies):
        if charge.counts.any():
            joules = (charge.counts[0::2] + charge.counts[1::2]) * energies.joules(charge.event)
            series[charge.category] = series.get(charge.category, np.zeros(ticks)) + joules
    for charge, unit in static_charges(Phase.FREE, counters.counted, energies, clocked):
        # What a tick costs by its length; a barrier is the same in each.
        cycles = time.cycles_per_tick if charge.event != "barrier" else None
        shares = np.full(ticks, 1 / ticks) if cycles is None else cycles / max(int(cycles.sum()), 1)
        joules = shares * (int(charge.counts.sum()) * unit)
        series[charge.category] = series.get(charge.category, np.zeros(ticks)) + joules
    series["total"] = np.sum(list(series.values()), axis=0) if series else np.zeros(ticks)
    return series
