"""A trained chip of pairs as a netlist of transistors, on model cards of the user's own.

A synapse is a pair whose tail is the weight, steered by the sender's voltage; a synapse of a clamped input is a tail of
weight times input; a bias is a tail. The sign of a weight says which of a neuron's two lines a pair pulls its current
from, and a stage sources or sinks the difference. The leak is a pair of its own gate with the neuron's voltage at its
inverting input, on the same lines. The mismatch of the die sits in the tails: a synapse's gain as a shift of threshold,
that of a tail as a factor of β, that of a leak as a factor of its mirrors, and offsets as sources at the inputs of
pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.die import STUCK
from neurochip.analog.extraction.fitting import thermal_v
from neurochip.analog.extraction.ngspice import Models
from neurochip.analog.extraction.request import Request
from neurochip.analog.mirror import gate_rise
from neurochip.analog.spice import check_analysis, node_names
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.analog.transistors import Cells, placing
from neurochip.description.die.cell_library import CellLibrary
from neurochip.errors import CapabilityError, ConfigError
from neurochip.files import briefly

__all__ = ["Cards", "transistor_netlist"]

_WHAT = "export --level transistor"
_MOST_SYNAPSES = 2000  # some six transistors each
_REST_TAUS = 2000.0  # gates charge too, and those of small weights slowly
_LEAST = 1e-9  # full-scale currents that a tail is not made for

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cards:
    """The user's model cards, and which of them a chip is made of.

    Attributes
    ----------
    models
        The file.
    asked
        The section ``[extract]`` of the specification of cells, for its synapse.
    """

    models: Models
    asked: Request


def transistor_netlist(
    substrate: AnalogSubstrate,
    inputs: NDArray[np.floating],
    cards: Cards,
    *,
    beta: float = 0.0,
    targets: NDArray[np.floating] | None = None,
    title: str = "neurochip",
    duration: float | None = None,
) -> str:
    """Return the netlist of a die of pairs with its programmed weights, for one presentation.

    The nodes of neurons are those of `neurochip.analog.spice.node_names`; a voltage of v full scales is rest + v V₀.

    Parameters
    ----------
    inputs
        [unit] in [0, 1].
    beta, targets
        Of a nudge towards ``targets`` [output], by an ideal conductance; none by default.
    duration
        Seconds of a transient from rest; `None`: until gates and neurons rest, whose last point is it.

    Raises
    ------
    ConfigError
        When ``beta`` or ``duration`` is not a number that an analysis can have.
    CapabilityError
        For a die that is not of pairs, that has neurons which do not work, or that is too large.
    """
    check_analysis(beta, duration)
    library = _checked(substrate, cards)
    chip = _Chip(substrate, cards, library)
    chip.cells.biases(library.supply, library.rest, chip.unit)
    for layer in range(1, len(chip.names)):
        for i in range(len(chip.names[layer])):
            chip.neuron(layer, i, np.asarray(inputs, np.float64))
    if targets is not None and beta:
        for node, target in zip(chip.names[-1], targets, strict=True):
            pull = 2 * beta * chip.unit / library.full_scale
            at = library.rest + float(target) * library.full_scale
            chip.cells.lines.append(f"B_nudge_{node} 0 {node} I=({pull:.9g})*(({at:.9g})-V({node}))")
    nodes = [node for layer in chip.names[1:] for node in layer]
    sizes = "-".join(map(str, substrate.network.sizes))
    head = [
        f"* {briefly(title)}: [{sizes}] of transistors, die {briefly(substrate.die.origin)}, {substrate.die.digest}",
        f"* rest is {library.rest:g} V, full scale {library.full_scale:g} V and {chip.unit:g} A; "
        f"{cards.models.path.name}, sha256 {cards.models.digest}",
        cards.models.line,
        f".temp {substrate.spec.conditions.celsius:g}",
    ]
    chip.cells.guesses |= {node: library.rest for node in nodes}
    tail = _analysis(chip, duration)
    return "\n".join([*head, *chip.cells.lines, *tail, ".end", ""])


def _analysis(chip: _Chip, duration: float | None) -> list[str]:
    """Return a transient from rest, with every node about where it will be.

    Hundreds of cascoded mirrors in feedback are beyond the operating point of ngspice, which then takes minutes or
    fails; its transient finds the same rest.
    """
    tau = chip.substrate.spec.tau_s
    until = _REST_TAUS * tau if duration is None else duration
    nodes = [node for layer in chip.names[1:] for node in layer]
    return [
        ".options reltol=1e-4 abstol=1e-14 vntol=1e-7 gmin=1e-15 itl4=100",
        f".ic {' '.join(f'v({node})={volts:g}' for node, volts in chip.cells.guesses.items())}",
        ".control",
        "set numdgt=9",
        "set wr_singlescale",
        "set wr_vecnames",
        f"tran {tau / 2:.9g} {until:.9g} 0 {max(tau / 2, until / 50):.9g} uic",
        f"wrdata out.txt {' '.join(f'v({node})' for node in nodes)}",
        ".endc",
    ]


def _checked(substrate: AnalogSubstrate, cards: Cards) -> CellLibrary:
    spec, library = substrate.spec, substrate.cells
    if spec.characteristic not in ("tanh", "ekv"):
        raise CapabilityError(
            _WHAT,
            f'has no cell for synapses of characteristic = "{spec.characteristic}"; it is for pairs, "tanh" or "ekv"',
        )
    if spec.supply_lines.sheet_mohm:
        raise CapabilityError(
            _WHAT, "has no resistance of lines of the supply; set analog.supply_lines.sheet_mohm to 0"
        )
    if library is None:
        raise CapabilityError(_WHAT, "needs analog.cells, which says gates, supply and capacitors")
    if library.cells["synapse"].kind != "differential-pair":
        raise CapabilityError(_WHAT, "needs cells.synapse to be a differential pair")
    for name in ("synapse", "leak"):
        if not library.cells[name].width * library.cells[name].length > 0:
            raise ConfigError(f"cells.{name}.width", "and length are missing; they are the gate of its pair")
    if cards.asked.pmos is None:
        raise ConfigError("extract.pmos", "is missing; loads are of it")
    synapses = sum(w.size for w in substrate.circuit.weights)
    if synapses > _MOST_SYNAPSES:
        raise CapabilityError(
            _WHAT, f"is for small chips: this one has {synapses} synapses, the limit is {_MOST_SYNAPSES}"
        )
    if any(states is not None and states.any() for states in substrate.die.neuron_state):
        raise CapabilityError(_WHAT, "has no transistors for a neuron that is dead or stuck")
    return library


class _Chip:
    """The transistors of one die."""

    def __init__(self, substrate: AnalogSubstrate, cards: Cards, library: CellLibrary) -> None:
        self.substrate, self.library = substrate, library
        self.names = node_names(substrate.network.sizes)
        self.unit = library.full_scale_current(substrate.spec.tau_s)  # I₀
        synapse = library.cells["synapse"]
        self.cells = Cells(placing(cards.asked, synapse, {"leak": library.cells["leak"]}))
        process = substrate.spec.mismatch.transistors
        self._slope_v = (
            None if process is None else process.slope_factor * thermal_v(substrate.spec.conditions.celsius)
        )
        shape = synapse.width / synapse.length
        i_spec = math.inf if process is None or process.i_spec is None else 1e-9 * process.i_spec
        self._inversion = max(self.unit / (i_spec * shape), 1e-9)  # of I₀ in a tail

    def neuron(self, layer: int, i: int, inputs: Array) -> None:
        """Place a neuron, its synapses, its leak and its capacitor."""
        substrate, circuit, node = self.substrate, self.substrate.circuit, self.names[layer][i]
        n = int(circuit.starts[layer - 1]) + i
        gain, offset = float(circuit.neurons.gain[n]), float(circuit.neurons.offset[n])
        lines = (f"{node}_more", f"{node}_less")
        for k in substrate.network.into(layer):
            self._synapses(k, i, node, lines, inputs)
        constant = float(circuit.neurons.bias[n]) + offset / gain
        self._tail(f"{node}_b", constant, lines)
        self._leak(n, node, lines, gain)
        self.cells.stage(f"{node}_", lines, node)
        whole = substrate.spec.tau_s * self.unit / self.library.full_scale
        self.cells.lines.append(f"C_{node} {node} 0 {whole / (float(circuit.rate[n]) * gain):.9g}")

    def _leak(self, n: int, node: str, lines: tuple[str, str], gain: float) -> None:
        leak = self.substrate.spec.leak
        if leak.characteristic == "linear":
            self.cells.lines.append(f"R_{node} {node} rest {gain * self.library.full_scale / self.unit:.9g}")
            return
        at = self._shifted(node, "leak", float(self.substrate.circuit.leak_offset[n]))
        source = self.cells.pair(f"{node}_l", ("rest", at), lines, "leak", 1 / gain)
        self.cells.tail(f"{node}_l", leak.tail * self.unit, source)

    def _synapses(self, k: int, i: int, node: str, lines: tuple[str, str], inputs: Array) -> None:
        circuit, die = self.substrate.circuit, self.substrate.die
        layer = self.substrate.network.projections[k].source
        carried = circuit.weights[k][:, i].astype(np.float64)
        gains, states = die.synapse_gain[k], die.synapse_state[k]
        gain = np.ones(carried.size) if gains is None else gains[:, i].astype(np.float64)
        if states is not None:
            gain = np.where(states[:, i] == STUCK, 1.0, gain)
        first = int(circuit.starts[layer - 1]) if layer else 0
        for j, weight in enumerate(carried / gain):
            name = f"{node}_{self.names[layer][j]}"
            if layer == 0:
                self._tail(name, float(weight * inputs[j]), lines, float(gain[j]), abs(float(weight)))
                continue
            current = abs(float(weight))
            if current < _LEAST:
                continue
            more, less = lines if weight > 0 else lines[::-1]
            source = self.cells.pair(name, (self._sent(layer, j), "rest"), (more, less), "synapse")
            saturation = float(circuit.neurons.saturation[first + j])
            differs = self._differs(current, float(gain[j]))
            differs["factor"] *= saturation
            self.cells.tail(name, current * self.unit, source, **differs)

    def _sent(self, layer: int, j: int) -> str:
        """Return the node that steers the pairs of a sender: its own, or the one that its offset shifts."""
        offsets = self.substrate.circuit.pair_offset
        n = int(self.substrate.circuit.starts[layer - 1]) + j
        return self._shifted(self.names[layer][j], "pair", 0.0 if offsets is None else float(offsets[n]))

    def _shifted(self, node: str, what: str, offset: float) -> str:
        """Return a node that lies lower than another by an offset, in full scales, placed when first asked for."""
        if not offset:
            return node
        lower = f"{node}_{what}in"
        if lower not in self.cells.guesses:
            self.cells.guesses[lower] = self.library.rest
            self.cells.lines.append(f"V{lower} {node} {lower} {offset * self.library.full_scale:.9g}")
        return lower

    def _tail(
        self, name: str, current: float, lines: tuple[str, str], gain: float = 1.0, full: float = 1.0
    ) -> None:
        """Place a constant current, in I₀, on the line of its sign; of a device whose gain is that at ``full``."""
        if abs(current) >= _LEAST:
            into = lines[0] if current > 0 else lines[1]
            self.cells.tail(name, abs(current) * self.unit, into, **self._differs(full, gain))

    def _differs(self, current: float, gain: float) -> dict[str, float]:
        """Return by what a tail of a current, in I₀, has its gain: of its threshold where n is known, or of β."""
        if self._slope_v is None or gain == 1:
            return {"shift": 0.0, "factor": gain}
        return {
            "shift": self._slope_v * float(gate_rise(np.array(gain), self._inversion * current)),
            "factor": 1.0,
        }
