"""A trained chip as a netlist for ngspice: the circuit equation as capacitors, leaks and behavioural sources."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.draw import synapse_currents
from neurochip.analog.step import HARD_SIGMOID
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.cell_library import CellLibrary
from neurochip.errors import CapabilityError, ConfigError
from neurochip.files import briefly

__all__ = ["CONDUCTANCE", "check_analysis", "node_names", "spice_netlist", "supply_energy"]

Array = NDArray[np.floating]

CONDUCTANCE = 1e-6  # g_L in S; with V₀ = 1 V a full-scale current is 1 µA
_RAIL = 1e6  # conductance of a rail, in g_L
_MOST_SYNAPSES = 200_000  # beyond, ngspice takes hours


def node_names(sizes: tuple[int, ...]) -> list[list[str]]:
    """Return the node of every neuron of every layer: ``l0n0`` is the first input."""
    return [[f"l{layer}n{i}" for i in range(size)] for layer, size in enumerate(sizes)]


def spice_netlist(
    substrate: AnalogSubstrate,
    inputs: Array,
    *,
    beta: float = 0.0,
    targets: Array | None = None,
    title: str = "neurochip",
    duration: float | None = None,
    cells: CellLibrary | None = None,
) -> str:
    """Return the netlist of a die with its programmed weights, for one presentation.

    Every neuron is a capacitor τ_i g_L with a leak g_L, both to ground, so that volts are full scales; every neuron's
    synapses are one behavioural current source with a term for each synapse and its own mismatch. What the clamped
    inputs send is one number in it, because they do not move. Rails are steep conductances, off within them.

    Parameters
    ----------
    inputs
        [unit] in [0, 1].
    beta, targets
        Of a nudge towards ``targets`` [output]; none by default.
    duration
        Seconds of a transient analysis; `None` asks for the operating point.
    cells
        Adds their supply: a source ``V_supply`` that delivers what they draw, `supply_energy` of whose current is
        the energy of the analysis. The current of the source is written last.

    Raises
    ------
    ConfigError
        When ``beta`` or ``duration`` is not a number that an analysis can have.
    CapabilityError
        For a vector field from a file, or a chip too large for SPICE.
    """
    check_analysis(beta, duration)
    _check_sources(substrate)
    network, circuit = substrate.network, substrate.circuit
    synapses = sum(w.size for w in circuit.weights)
    if synapses > _MOST_SYNAPSES:
        raise CapabilityError(
            "export --spice",
            f"is for small chips: this one has {synapses} synapses, the limit is {_MOST_SYNAPSES}",
        )
    names, tau = node_names(network.sizes), substrate.spec.tau_s
    lines = [
        f"* {briefly(title)}: [{'-'.join(map(str, network.sizes))}], die {briefly(substrate.die.origin)}, "
        f"{substrate.die.digest}",
        f"* 1 V is full scale, g_L = {CONDUCTANCE:g} S, tau = {tau:g} s",
    ]
    neurons, starts = circuit.neurons, circuit.starts
    for layer in range(1, len(network.sizes)):
        terms, constant = _synapses(substrate, names, layer, np.asarray(inputs, dtype=np.float64))
        for i, node in enumerate(names[layer]):
            n = int(starts[layer - 1]) + i
            gain, bias, offset = (float(a[n]) for a in (neurons.gain, neurons.bias, neurons.offset))
            lines.append(f"C_{node} {node} 0 {tau * CONDUCTANCE / float(circuit.rate[n]):.9g}")
            lines.append(f"R_{node} {node} 0 {1 / CONDUCTANCE:.9g}")
            total = "+".join([f"({bias + constant[i]:.9g})", *terms[i]])
            lines.append(f"B_{node} 0 {node} I={CONDUCTANCE:g}*(({gain:.9g})*({total})+({offset:.9g}))")
            if circuit.kind == HARD_SIGMOID:
                rail = float(neurons.saturation[n])
                steep = CONDUCTANCE * _RAIL
                lines.append(
                    f"B_rail_{node} 0 {node} I={steep:g}*(max(0,-V({node}))-max(0,V({node})-({rail:.9g})))"
                )
            if targets is not None and beta and layer == len(network.sizes) - 1:
                pull = 2 * beta * CONDUCTANCE
                lines.append(f"B_nudge_{node} 0 {node} I=({pull:.9g})*(({float(targets[i]):.9g})-V({node}))")
    if cells is not None:
        lines += _supply(substrate, names, np.asarray(inputs, dtype=np.float64), cells)
    return "\n".join([*lines, *_analysis(names, tau, duration, has_supply=cells is not None), ".end", ""])


def check_analysis(beta: float, duration: float | None) -> None:
    """Refuse a nudge and a length of a transient that no analysis can have."""
    if not math.isfinite(beta):
        raise ConfigError("--beta", f"must be finite, got {beta:g}")
    if duration is not None and not 0 < duration < math.inf:
        raise ConfigError("--transient", f"must be > 0 seconds, got {duration:g}")


def _check_sources(substrate: AnalogSubstrate) -> None:
    """Refuse a circuit that behavioural sources of ngspice do not have."""
    spec, what = substrate.spec, "export --spice"
    if substrate.circuit.curve is not None and spec.characteristic == "ekv":
        raise CapabilityError(
            what, 'has no source for a pair of characteristic = "ekv"; use "tanh", its weak inversion'
        )
    if substrate.circuit.curve is not None:
        raise CapabilityError(what, "has no source for analog.mirror.conductance; leave it at 0")
    if spec.leak.characteristic == "amplifier":
        raise CapabilityError(what, 'has no source for a leak that is an amplifier; use "linear"')
    if substrate.flow is not None:
        raise CapabilityError(what, "cannot translate a vector field from a file")


def _supply(
    substrate: AnalogSubstrate, names: list[list[str]], inputs: NDArray[np.float64], cells: CellLibrary
) -> list[str]:
    """Return the supply: synapses take what the two branches of a pair or a mirror take, leaks their tails."""
    circuit, per_volt = substrate.circuit, cells.supply / cells.full_scale
    is_mirror, branches = cells.cells["synapse"].kind == "mirror", cells.cells["synapse"].branches
    bias, from_inputs, from_neurons = synapse_currents(circuit)
    lines = [f"V_supply vdd 0 DC {per_volt:.9g}"]
    constant = bias + float(from_inputs @ (inputs if is_mirror else np.ones_like(inputs)))
    leaks = cells.cells["leak"].branches * from_neurons.size
    lines.append(f"I_still vdd 0 DC {CONDUCTANCE * (branches * constant + leaks):.9g}")
    nodes = [node for layer in names[1:] for node in layer]
    for node, current, tail in zip(nodes, from_neurons, circuit.neurons.saturation, strict=True):
        amount = CONDUCTANCE * branches * float(current)
        if circuit.kind == HARD_SIGMOID:
            drawn = f"abs(V({node}))" if is_mirror else "1"
        elif is_mirror:
            drawn = f"({float(tail):.9g})*abs(tanh(V({node})))"
        else:
            drawn = f"({float(tail):.9g})*((1+tanh(V({node})))/2+(1-tanh(V({node})))/2)"
        lines.append(f"B_drawn_{node} vdd 0 I=({amount:.9g})*{drawn}")
    return lines


def supply_energy(times: Array, current: Array, substrate: AnalogSubstrate, cells: CellLibrary) -> float:
    """Return the joules that a netlist's supply delivered: ∫ V_DD I dt, scaled to the circuit's own currents.

    ``times`` f64[point] in s and ``current`` f64[point] in A, as an analysis writes them for ``V_supply``.
    """
    own = cells.full_scale_current(substrate.spec.tau_s) / CONDUCTANCE
    return float(cells.supply * own * np.trapezoid(-current, times))


def _synapses(
    substrate: AnalogSubstrate, names: list[list[str]], layer: int, inputs: NDArray[np.float64]
) -> tuple[list[list[str]], NDArray[np.float64]]:
    """Return, for each neuron of a layer, the terms of its synaptic current, and the part that never changes."""
    network, circuit, starts = substrate.network, substrate.circuit, substrate.circuit.starts
    terms: list[list[str]] = [[] for _ in names[layer]]
    constant = np.zeros(len(names[layer]))
    for k in network.into(layer):
        source = network.projections[k].source
        if source == 0:
            constant += inputs @ circuit.weights[k].astype(np.float64)
            continue
        signals = [f"V({node})" for node in names[source]]
        if circuit.kind != HARD_SIGMOID:
            rails = circuit.neurons.saturation[starts[source - 1] : starts[source]]
            if circuit.pair_offset is not None:
                shifts = circuit.pair_offset[starts[source - 1] : starts[source]]
                signals = [f"{s}-({float(o):.9g})" for s, o in zip(signals, shifts, strict=True)]
            signals = [f"({float(r):.9g})*tanh({s})" for r, s in zip(rails, signals, strict=True)]
        for i, column in enumerate(circuit.weights[k].T):
            terms[i] += [f"({float(w):.9g})*{s}" for w, s in zip(column, signals, strict=True)]
    return terms, constant


def _analysis(names: list[list[str]], tau: float, duration: float | None, *, has_supply: bool) -> list[str]:
    nodes = [node for layer in names[1:] for node in layer]
    if duration is None:
        commands = ["op"]
    else:
        commands = [f"tran {tau / 50:.9g} {duration:.9g} 0 {tau / 50:.9g} uic"]
    # A starting point inside the rails, where the sources have a slope.
    starts = [f".ic {' '.join(f'v({node})=0' for node in nodes)}"] if duration is not None else []
    options = ".options reltol=1e-6 abstol=1e-15 vntol=1e-9 gmin=1e-15 method=gear"
    return [
        options,
        *starts,
        ".control",
        "set numdgt=9",
        "set wr_singlescale",
        "set wr_vecnames",
        *commands,
        f"wrdata out.txt {' '.join([*(f'v({node})' for node in nodes), *(['i(V_supply)'] if has_supply else [])])}",
        ".endc",
    ]
