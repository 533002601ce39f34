"""`run_spiking`: a network of integrate-and-fire neurons in continuous time, on cores, driven by recorded input."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.compile.placement import PlacedNetwork
from neurochip.compile.quantise import state_dtype, weight_dtype
from neurochip.cores.engine import LayerEngine
from neurochip.cores.integer_network import GroupMembranes, IntegerNetwork, integer_network
from neurochip.cores.raster import LayeredRaster
from neurochip.cores.replay_input import (
    check_register,
    checked_raster,
    sampled_raster,
    stored_as,
    weight_format,
)
from neurochip.cores.spiking_network import resting_potentials, spiking_dynamics
from neurochip.description import ChipSpec, EnergyTable, read_chip
from neurochip.description.chip import MembranesSpec
from neurochip.description.number_format import refuse_beyond_format
from neurochip.description.precision import Precision, integer_bits, word_bits
from neurochip.description.spiking import SpikingNetwork
from neurochip.elements import HardwareCost
from neurochip.elements.connections import Connection
from neurochip.elements.integers import membranes as integer
from neurochip.elements.neurons.filtered import FILTERED_COST, MEMBRANE_COST, VARIABLES
from neurochip.energy import ElementUse, HardwareUse
from neurochip.energy.hardware import integer_format
from neurochip.errors import ConfigError
from neurochip.machine import check_room_to_compile
from neurochip.replays.replaying import (
    Replay,
    Timing,
    check_clock,
    check_timing,
    counted,
    energies_of,
    placed_on,
)

_QUANTISE = "scale and round them first: neurochip import NET.nir OUT.npz --bits N"

__all__ = [
    "MembraneUse",
    "PlacedSpiking",
    "SpikingRun",
    "advanced",
    "laid_out",
    "run_spiking",
]


class MembraneUse(NamedTuple):
    """What integer membranes made of a network.

    Attributes
    ----------
    spec
        Of the chip.
    groups
        All but the input.
    met
        Name of each group → how often one of its words did not fit.
    """

    spec: MembranesSpec
    groups: tuple[GroupMembranes, ...]
    met: dict[str, int]

    @property
    def fraction(self) -> dict[str, int]:
        """Name of each group → bits of its potentials behind the point."""
        return {group.name: group.fraction for group in self.groups}

    def table(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        groups = {
            group.name: {
                "fraction": group.fraction,
                "leak_error": group.leak_error,
                "rounded": group.rounded,
                "overflows": self.met[group.name],
            }
            for group in self.groups
        }
        spec = self.spec
        return {
            "bits": spec.bits,
            "overflow": spec.overflow,
            "leak_bits": spec.leak_bits,
            "groups": groups,
        }


class SpikingRun(NamedTuple):
    """What `run_spiking` saw.

    Attributes
    ----------
    replay
        Spikes, counters, energy and time, groups as layers.
    readout
        Name of each output whose neurons do not fire → its v, [tick, unit].
    potentials
        Name of each group → its v after each tick, [tick, unit]; empty unless asked for.
    membranes
        Where weights are integers, so that potentials are too; else `None`.
    """

    replay: Replay
    readout: dict[str, NDArray[np.number]]
    potentials: dict[str, NDArray[np.number]] = {}
    membranes: MembraneUse | None = None


class PlacedSpiking(NamedTuple):
    """A network on its chip, ready to run: formats, raster of all groups with the input in it, and the engine."""

    placed: PlacedNetwork
    precision: Precision
    hardware: HardwareUse
    raster: LayeredRaster
    stored: str
    engine: LayerEngine
    integers: IntegerNetwork | None = None

    def elsewhere(self, chip: ChipSpec, placement: Sequence[ArrayLike] | None = None) -> PlacedNetwork:
        """Return the same network on other cores, or on a chip with the same formats."""
        here = self.placed
        held: dict[str, Any] = {
            "weight_bits": word_bits(self.precision),
            "state_bits": self.hardware.state_bits * self.hardware.elements[-1].cost.state_words_kept,
            "connections": here.connections,
        }
        return placed_on(here.sizes, here.projections, chip, placement, **held)


def run_spiking(
    network: SpikingNetwork,
    spikes: ArrayLike,
    chip: ChipSpec | str | os.PathLike[str],
    placement: Sequence[ArrayLike] | None = None,
    *,
    energies: EnergyTable | str | os.PathLike[str] | None = None,
    timing: Timing = "tick",
    sample_ticks: int | None = None,
    potentials: bool = False,
    threads: int = 1,
) -> SpikingRun:
    """Run a network and cost all that crosses the chip.

    A spike of tick t acts on the groups that receive it in tick t + 1 (docs/nir.md says what a tick is).

    Parameters
    ----------
    spikes
        0 and 1 of the input, [tick, unit]; or of samples, [sample, tick, unit], each of which is followed by silence up
        to ``sample_ticks``.
    chip, placement, energies, timing
        As in `neurochip.replay`; groups are layers, in the order of the network.
    sample_ticks
        Ticks of a sample, where the raster holds several, one after the other: each begins from rest.
    potentials
        Whether v of all groups is returned.
    threads
        Share the samples; they change no result.

    Raises
    ------
    NeurochipError
        One of its family: shapes that do not match, weights that the chip cannot hold, a network that does not fit.
    """
    check_timing(timing)
    specification = chip if isinstance(chip, ChipSpec) else read_chip(chip)
    check_clock(specification, timing)
    paid = energies_of(specification, energies)
    made = laid_out(network, spikes, specification, placement, sample_ticks)
    seen = advanced(network, made, sample_ticks, potentials=potentials, threads=threads)
    names = tuple(group.name for group in network.groups)
    idle = made.engine.idle()
    replay = counted(made.placed, names, made.raster, idle, made.hardware, paid, timing, weights=made.stored)
    return SpikingRun(replay, *seen)


def advanced(
    network: SpikingNetwork,
    made: PlacedSpiking,
    sample_ticks: int | None = None,
    *,
    potentials: bool = False,
    threads: int = 1,
) -> tuple[dict[str, NDArray[np.number]], dict[str, NDArray[np.number]], MembraneUse | None]:
    """Run all ticks of a network that is laid out; return readout, potentials and membranes, as in `SpikingRun`."""
    silent = {name: group for name, group in network.outputs.items() if not network.group(group).fires}
    names = [group.name for group in network.groups]
    ticks = len(made.raster.bits)
    each = ticks if sample_ticks is None else sample_ticks
    if not 1 <= each <= ticks or ticks % each:
        raise ConfigError("sample_ticks", f"must divide {ticks}, the ticks of the raster, got {each}")
    wanted = names if potentials else sorted(set(silent.values()))
    summed = None if made.integers is None else integer.MET
    seen = made.engine.present(
        each, record=[names.index(name) for name in wanted], summed=summed, threads=threads
    )
    readout = {name: seen.states[names.index(group)] for name, group in silent.items()}
    use = None
    if made.integers is not None:
        met = {name: int(counts.sum()) for name, counts in zip(names[1:], seen.totals[1:], strict=True)}
        use = MembraneUse(made.integers.spec, made.integers.groups, met)
    by_name = {name: seen.states[names.index(name)] for name in names} if potentials else {}
    return readout, by_name, use


def laid_out(
    network: SpikingNetwork,
    spikes: ArrayLike,
    chip: ChipSpec,
    placement: Sequence[ArrayLike] | None = None,
    sample_ticks: int | None = None,
) -> PlacedSpiking:
    """Return a network on a chip, at rest, with its input; spikes as `run_spiking` takes them."""
    check_room_to_compile()
    names = [group.name for group in network.groups]
    sizes = list(network.sizes)
    projections = [(names.index(c.source), names.index(c.target)) for c in network.connections]
    connections, matrices, precision = _matrices(network, chip)
    whole = integer_bits(precision) is not None
    if whole:
        check_register(projections, connections, precision)
    else:
        for group in network.groups:
            refuse_beyond_format(dict(group.parameters), group.name, precision)
    if sample_ticks is not None and np.ndim(spikes) == 3:
        raster = sampled_raster(np.asarray(spikes), sample_ticks, sizes)
    else:
        raster = checked_raster([spikes], sizes, computes=True)
    filtered = any("tau_syn" in group.parameters for group in network.groups)
    hardware = _hardware(precision, filtered=filtered, membranes=chip.membranes if whole else None)
    weight_bits = word_bits(precision)
    state_bits = hardware.state_bits * hardware.elements[-1].cost.state_words_kept
    held: dict[str, Any] = {"weight_bits": weight_bits, "state_bits": state_bits, "connections": connections}
    placed = placed_on(sizes, projections, chip, placement, **held)
    engine, integers = _engine(network, chip, placed, matrices, raster, precision)
    stored = stored_as(matrices, precision, computes=True)
    return PlacedSpiking(placed, precision, hardware, raster, stored, engine, integers)


def _engine(
    network: SpikingNetwork,
    chip: ChipSpec,
    placed: PlacedNetwork,
    matrices: Sequence[NDArray[np.number]],
    raster: LayeredRaster,
    precision: Precision,
) -> tuple[LayerEngine, IntegerNetwork | None]:
    """Return what runs the network: with integer weights in integers, else in floating point."""
    shared: dict[str, Any] = {
        "rest": resting_potentials(network),
        "delays": [c.delay for c in network.connections],
    }
    held_as, n = weight_dtype(precision), len(network.groups) - 1
    if integer_bits(precision) is None:
        state = state_dtype(precision)
        dynamics = [spiking_dynamics(network, raster, state)] * n
        return LayerEngine(placed, matrices, dynamics, VARIABLES, raster, held_as, state, **shared), None
    joined = list(zip(placed.connections, matrices, strict=True))
    integers = integer_network(network, raster, chip.membranes, joined)
    engine = LayerEngine(
        placed,
        matrices,
        [integers.dynamics] * n,
        integer.VARIABLES,
        raster,
        held_as,
        np.dtype(np.int64),
        scales=integers.scales,
        units=integers.units,
        **shared,
    )
    return engine, integers


def _matrices(
    network: SpikingNetwork, chip: ChipSpec
) -> tuple[list[Connection], list[NDArray[np.number]], Precision]:
    """Return connectivity and weights of each projection, and the format that the chip holds them in."""
    linked = [c.joined(network.group(c.source).size) for c in network.connections]
    connections, matrices = [made for made, _ in linked], [weights for _, weights in linked]
    # Ones take the format of the weights that there are; where there are none, neurons that leak have real numbers.
    kinds = [c.weights.dtype for c in network.connections if c.weights is not None]
    leaks = any(name.startswith("tau") for group in network.groups for name in group.parameters)
    ones = np.float32 if leaks and chip.weights.floats else np.int8
    like = np.result_type(*kinds) if kinds else np.dtype(ones)
    matrices = [
        w.astype(like) if c.weights is None else w for w, c in zip(matrices, network.connections, strict=True)
    ]
    places = [c.name or f"{c.source} → {c.target}" for c in network.connections]
    return connections, matrices, weight_format(matrices, places, chip, computes=True, cure=_QUANTISE)


def _hardware(precision: Precision, *, filtered: bool, membranes: MembranesSpec | None) -> HardwareUse:
    """Return what the cores are built from; integers wider than 32 bits are two words to add, compare and multiply."""
    cost = FILTERED_COST if filtered else MEMBRANE_COST
    kind = "integrate and fire" + (" with a filter" if filtered else "")
    if membranes is not None:
        kind = f"integer {kind}"
        words = -(-membranes.bits // 32)
        cost = replace(
            cost,
            additions=cost.additions * words,
            multiplications=cost.multiplications * words,
            comparisons=cost.comparisons * words,
        )
    elements = (
        ElementUse("encoder", "recorded", HardwareCost()),
        ElementUse("annealer", "none", HardwareCost()),
        ElementUse("neuron", kind, cost),
    )
    made = HardwareUse.at(precision, elements, sends_bits_only=True)
    if membranes is None:
        return made
    return replace(made, state_format=integer_format(membranes.bits), state_bits=membranes.bits)
