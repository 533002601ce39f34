"""Draw a die: the same seed always gives the same devices, and at another σ the same draw, scaled."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.cell_spread import die_spreads
from neurochip.analog.die import DEAD, STUCK, WORKING, Array, Arrays, Die, States, glorot_deviation
from neurochip.analog.fields import Field, shift
from neurochip.analog.floorplan import floorplan_of
from neurochip.analog.spread import Law, Spread
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.tails import tails
from neurochip.errors import NumericError
from neurochip.network import Network
from neurochip.substrate.streams import stream

__all__ = ["draw_die", "drawn_sigmas", "twin_of"]

_LEAST = 0.01  # a normal gain is cut off here: no current flows backwards


def draw_die(network: Network, spec: AnalogSpec, *, twin: bool = False) -> Die:
    """Draw the deviations of every device of a network.

    Each kind of device and each projection or layer has a stream of its own, named by ``spec.die``, so that switching
    one kind on or off moves no other; what depends on the place has others again. ``twin`` draws the second circuit
    of the same die, which has its gradient and random field in common with the first.
    """
    which = "twin" if twin else "die"
    synapses = [(network.sizes[p.source], network.sizes[p.target]) for p in network.projections]
    neurons = [(size,) for size in network.sizes[1:]]
    found = {spread.kind: spread for spread in die_spreads(spec)}
    plan = floorplan_of(network, spec) if spec.location.is_placed else None
    here = plan.twin() if plan is not None and twin else plan

    def kind(name: str, shapes: Sequence[tuple[int, ...]], units: list[float] | None = None) -> Arrays:
        drawn: list[Array | None] = []
        spread = found.get(name, Spread(name, 0.0, "normal", ""))
        field = None if plan is None or not spread.sigma else Field(spec.location, plan, spec.die, name)
        common = 0.0 if spread.is_offset else shift(spec.location, spec.die, name)
        for k, shape in enumerate(shapes):
            values: Array | None = None
            if spread.sigma:
                xi = _standard(spec.mismatch, spec.die, which, name, k, shape)
                if field is not None and here is not None:
                    blocks = here.synapses if name.startswith("synapse_") else here.neurons
                    xi = field.mixed(xi, blocks[k])
                values = _deviation(spread, xi, 1.0 if units is None else units[k])
            if common:
                values = math.exp(common) * (np.ones(shape) if values is None else values)
            drawn.append(values)
        return tuple(drawn)

    deviations = [glorot_deviation(network, k) for k in range(len(synapses))]
    state, stuck_at = _synapse_defects(spec, synapses, deviations, which)
    gain, rate = kind("synapse_gain", synapses), kind("time_constant", neurons)
    is_one_tail = spec.mismatch.gates == "cells" and spec.mismatch.neuron_gain is None
    return Die(
        sizes=network.sizes,
        origin=f"seed {spec.die}" + (", twin" if twin else ""),
        synapse_gain=gain,
        synapse_offset=kind("synapse_offset", synapses, deviations),
        synapse_state=state,
        stuck_weight=stuck_at,
        neuron_gain=_inverse(rate) if is_one_tail else kind("neuron_gain", neurons),
        neuron_offset=kind("neuron_offset", neurons),
        rate=rate,
        saturation=kind("saturation", neurons),
        neuron_state=_neuron_defects(spec, neurons, which),
        phase_offset=_phase_offsets(spec, neurons),
        pair_offset=kind("pair_offset", neurons),
        leak_offset=kind("leak_offset", neurons),
    )


def _inverse(arrays: Arrays) -> Arrays:
    """Return 1/a: a leak of a larger tail makes its neuron quicker, and what drives it worth less."""
    return tuple(None if array is None else 1 / array for array in arrays)


def twin_of(network: Network, spec: AnalogSpec) -> Die:
    """Draw the second circuit of a die."""
    return draw_die(network, spec, twin=True)


def _standard(
    mismatch: MismatchSpec, seed: int, which: str, name: str, k: int, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Draw numbers of mean 0 and standard deviation 1."""
    generator = stream(seed, which, name, k)
    return tails(mismatch.tails)(generator, mismatch.freedom, shape)


def _deviation(spread: Spread, xi: NDArray[np.float64], unit: float) -> NDArray[np.float64]:
    if spread.is_offset:
        return spread.sigma * unit * xi
    if spread.law == "log-normal":
        with np.errstate(over="ignore", under="ignore"):
            drawn = np.asarray(np.exp(spread.sigma * xi - spread.sigma**2 / 2))
            held = drawn.astype(np.float32)
        lost = int(np.count_nonzero((held == 0) | np.isinf(held)))
        if lost:
            raise NumericError(
                "analog.mismatch",
                f"{lost} of {held.size} {spread.kind.replace('_', ' ')}s of σ = {spread.sigma:g} are 0 or infinite in "
                "float32; use a smaller σ",
            )
        return drawn
    return np.asarray(np.maximum(1 + spread.sigma * xi, _LEAST))


def _synapse_defects(
    spec: AnalogSpec, shapes: list[tuple[int, int]], deviations: list[float], which: str
) -> tuple[States, Arrays]:
    dead, stuck = spec.defects.dead_synapses, spec.defects.stuck_synapses
    if dead + stuck == 0:
        return (None,) * len(shapes), (None,) * len(shapes)
    states, weights = [], []
    for k, shape in enumerate(shapes):
        states.append(_states(stream(spec.die, which, "synapse_state", k).random(shape), dead, stuck))
        xi = stream(spec.die, which, "stuck_weight", k).standard_normal(shape)
        weights.append(deviations[k] * xi)
    return tuple(states), tuple(weights)


def _neuron_defects(spec: AnalogSpec, shapes: list[tuple[int]], which: str) -> States:
    dead, stuck = spec.defects.dead_neurons, spec.defects.stuck_neurons
    if dead + stuck == 0:
        return (None,) * len(shapes)
    hidden = [
        _states(stream(spec.die, which, "neuron_state", k).random(shape), dead, stuck)
        for k, shape in enumerate(shapes[:-1])
    ]
    return (*hidden, None)


def _states(draw: NDArray[np.float64], dead: float, stuck: float) -> NDArray[np.int8]:
    states = np.full(draw.shape, WORKING, dtype=np.int8)
    states[draw < dead] = DEAD
    states[draw >= 1 - stuck] = STUCK
    return states


def _phase_offsets(spec: AnalogSpec, shapes: list[tuple[int]]) -> Arrays:
    sigma = spec.learning_path.phase_offset
    if sigma == 0:
        return (None,) * len(shapes)
    return tuple(
        sigma * stream(spec.die, "phase_offset", k).standard_normal(shape) for k, shape in enumerate(shapes)
    )


def drawn_sigmas(die: Die, network: Network, law: Law = "log-normal") -> dict[str, float]:
    """Return the standard deviation that each kind of mismatch has on a die, to stand beside the one asked for.

    Of the logarithm for gains, rates and rails of a log-normal ``law``; offsets in the units of `Spread`.
    """
    found = {}
    for name, arrays in (
        ("synapse_gain", die.synapse_gain),
        ("synapse_offset", die.synapse_offset),
        ("neuron_gain", die.neuron_gain),
        ("neuron_offset", die.neuron_offset),
        ("time_constant", die.rate),
        ("saturation", die.saturation),
        ("pair_offset", die.pair_offset),
        ("leak_offset", die.leak_offset),
    ):
        values = []
        for k, array in enumerate(arrays):
            if array is None:
                continue
            if name == "synapse_offset":
                values.append((array / glorot_deviation(network, k)).ravel())
            elif name.endswith("_offset"):
                values.append(array.ravel())
            else:
                values.append((np.log(array) if law == "log-normal" else array).ravel())
        found[name] = float(np.concatenate(values).std()) if values else 0.0
    return found
