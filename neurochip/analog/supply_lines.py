"""IR drop: what the resistance of the supply's lines leaves to every cell, and what its tail then carries.

A tail's gate voltage comes from a reference at the pad, its source is the ground line where it lies. If that has risen
by δ, a tail of inversion coefficient i carries

    i′ = ln²(1 + e^{(v(i) − δ/(n U_T))/2}),   v(i) = 2 ln(e^√i − 1)

(Enz, Krummenacher & Vittoz 1995), which in weak inversion is e^{−δ/(n U_T)} of i. Currents and drops follow one
another: G δ = I(δ) on the nodes of the lines, by Newton's method, each step a sparse solve. Begun at 0 the drop only
grows, towards the one solution, because currents fall with it and ever more slowly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.ekv import pinch_off
from neurochip.analog.floorplan import Block, Floorplan, floorplan_of
from neurochip.analog.spread import THERMAL_MV
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.conditions import thermal_ratio
from neurochip.description.die.processes import SLOPE_FACTOR
from neurochip.description.die.supply_lines import SupplyLinesSpec
from neurochip.errors import ConfigError, NumericError
from neurochip.extras import needed
from neurochip.network import Network

__all__ = ["Drops", "Lines", "LocalSupply", "carried"]

_PLACE = "analog.supply_lines"
_MOST_NODES = 40_000
_MOST_STEPS = 100
_CLOSE = 1e-7  # of n U_T
_WEAK = 1e-8  # below such an inversion coefficient a current is an exponential

Array = NDArray[np.float64]


class Lines:
    """Lines over a floorplan: nodes in rows and columns, one for each piece of a line.

    Parameters
    ----------
    spec
        Their resistance and layout.
    plan
        What they cover.

    Raises
    ------
    CapabilityError
        When SciPy is not installed.
    ConfigError
        For more nodes than can be solved for.
    """

    def __init__(self, spec: SupplyLinesSpec, plan: Floorplan) -> None:
        width, height = plan.size
        self._left, self._low = min(b.x for b in plan.blocks), min(b.y for b in plan.blocks)
        self._pitch = spec.pitch_um
        self.shape = max(round(height / spec.pitch_um), 1), max(round(width / spec.pitch_um), 1)
        if self.shape[0] * self.shape[1] > _MOST_NODES:
            raise ConfigError(
                f"{_PLACE}.pitch_um",
                f"cuts a floorplan of {width:.4g} × {height:.4g} µm into {self.shape[0]} × {self.shape[1]} pieces of "
                f"lines, {_MOST_NODES} at most; use a larger one",
            )
        self._conductances = _conductances(spec, *self.shape)

    def nodes(self, block: Block) -> NDArray[np.int64]:
        """Return which node feeds each cell of a block, i64[row, column]."""
        rows, columns = (
            np.clip(((at - start) / self._pitch).astype(np.int64), 0, most - 1)
            for at, start, most in zip(
                (block.up, block.across), (self._low, self._left), self.shape, strict=True
            )
        )
        return np.asarray(rows[:, None] * self.shape[1] + columns[None, :])

    def drops(self, currents: Array, conductances: Array | float = 0.0) -> Array:
        """Return the drop at every node, V, for f64[node] drawn there, A, less ``conductances`` × the drop, S."""
        from scipy.sparse import diags_array
        from scipy.sparse.linalg import spsolve

        more = diags_array(np.broadcast_to(conductances, currents.shape), format="csc")
        return np.asarray(spsolve(self._conductances + more, currents)).reshape(currents.shape)


def _conductances(spec: SupplyLinesSpec, rows: int, columns: int) -> object:
    """Return G f64[node, node], S, sparse: what leaves a node by its line at a drop of 1 V there."""
    coo_array = needed("scipy.sparse", "analog", _PLACE).coo_array
    piece = 1e-3 * spec.sheet_mohm * spec.pitch_um / spec.width_um  # Ω
    node = np.arange(rows * columns).reshape(rows, columns)
    links = [(node[:, :-1].ravel(), node[:, 1:].ravel())]
    if spec.layout == "grid":
        links.append((node[:-1].ravel(), node[1:].ravel()))
    one, other = (np.concatenate(ends) for ends in zip(*links, strict=True))
    at_pad = node[:, 0 if spec.pad == "left" else -1]
    i = np.concatenate([one, other, one, other, at_pad])
    j = np.concatenate([one, other, other, one, at_pad])
    signs = np.repeat([1.0, 1.0, -1.0, -1.0, 2.0], [*[one.size] * 4, at_pad.size])  # half a piece to the pad
    return coo_array((signs / piece, (i, j)), shape=(node.size, node.size)).tocsc()


def carried(inversion: Array, drop: Array) -> tuple[Array, Array]:
    """Return what a tail carries of its current, and the derivative by the ``drop``, which is in n U_T."""
    weak = np.exp(-drop)
    is_weak = inversion < _WEAK
    if is_weak.all():
        return weak, -weak
    meant = np.where(is_weak, 1.0, inversion)
    v = pinch_off(meant) - drop
    root = np.logaddexp(0, v / 2)
    share = root**2 / meant
    slope = -root * -np.expm1(-root) / meant
    return np.where(is_weak, weak, share), np.where(is_weak, -weak, slope)


@dataclass(frozen=True, slots=True)
class Drops:
    """What the lines leave to the cells of a circuit.

    Attributes
    ----------
    synapses
        Of each projection, what its tails carry of what they were meant to, f64[pre, post].
    neurons
        The same of biases and of leaks, f64[neuron] each.
    volts
        Drop of one line at every neuron, f64[neuron], V.
    largest, mean
        Drop of one line, V; the mean is over all cells.
    where
        Block, row, column of the largest.
    at_um
        Its place, µm.
    current
        That of the whole circuit, A.
    """

    synapses: tuple[Array, ...]
    neurons: tuple[Array, Array]
    volts: Array
    largest: float
    mean: float
    where: tuple[str, int, int]
    at_um: tuple[float, float]
    current: float


class LocalSupply:
    """The supply of every cell of a circuit.

    Parameters
    ----------
    network, spec
        What is on the die, whose ``analog.cells`` are pairs.
    """

    def __init__(self, network: Network, spec: AnalogSpec) -> None:
        library, plan = spec.library, floorplan_of(network, spec)
        if library is None:
            raise ConfigError(f"{_PLACE}.sheet_mohm", "needs analog.cells, whose currents drop")
        self._plan, self.lines = plan, Lines(spec.supply_lines, plan)
        self._of_synapses = [self.lines.nodes(block).ravel() for block in plan.synapses]
        self._of_neurons = np.concatenate([self.lines.nodes(block).ravel() for block in plan.neurons])
        process = spec.mismatch.transistors
        slope = SLOPE_FACTOR if process is None else process.slope_factor
        self._turn = 1e-3 * slope * THERMAL_MV * thermal_ratio(spec.conditions.celsius)  # n U_T, V
        is_ekv, leak = spec.characteristic == "ekv", spec.leak
        pair = spec.pair_inversion if is_ekv else 0.0
        self._inversion = pair, spec.leak_inversion if leak.characteristic == "amplifier" else pair
        self._leak, self._supply = leak.tail, library.supply
        unit = library.full_scale_current(spec.tau_s)
        self._amps = tuple(unit * library.cells[name].branches for name in ("synapse", "leak"))

    def settle(self, synapses: Sequence[Array], biases: Array) -> Drops:
        """Return what cells are left with.

        Parameters
        ----------
        synapses
            Full-scale currents of the tails of each projection as they were meant, f64[pre, post].
        biases
            The same of each neuron's bias, f64[neuron].

        Raises
        ------
        NumericError
            Where half of the supply would be lost, which no cell works with.
        """
        n = biases.size
        tails = np.concatenate([*(np.abs(tail).ravel() for tail in synapses), np.abs(biases)])
        node = np.concatenate([*self._of_synapses, self._of_neurons])
        amps = np.concatenate([self._amps[0] * tails, np.full(n, self._amps[1] * self._leak)])
        inversion = np.concatenate([self._inversion[0] * tails, np.full(n, self._inversion[1])])
        node = np.concatenate([node, self._of_neurons])
        if not np.all(np.isfinite(amps)):
            raise NumericError(_PLACE, "was asked for currents that are no numbers (NaN or infinity)")
        drop = np.zeros(self.lines.shape[0] * self.lines.shape[1])
        for _ in range(_MOST_STEPS):
            share, slope = carried(inversion, drop[node] / self._turn)
            current = np.bincount(node, amps * share, drop.size)
            rises = -np.bincount(node, amps * slope, drop.size) / self._turn
            after = self.lines.drops(current + rises * drop, rises)
            is_there = np.abs(after - drop).max() <= _CLOSE * self._turn
            drop = after
            if is_there:
                break
        here = drop[node]
        share = carried(inversion, here / self._turn)[0]
        worst = int(here.argmax())
        if not here[worst] < self._supply / 4:
            raise NumericError(
                _PLACE,
                f"lose {2 * here[worst]:.3g} V of a supply of {self._supply:g} V on the way to "
                f"{self._where(worst)[0][0]}, both lines together; use wider lines, or smaller currents",
            )
        ends = np.cumsum([tail.size for tail in synapses])
        parts = np.split(share, [*ends, ends[-1] + n])
        where, at_um = self._where(worst)
        return Drops(
            tuple(part.reshape(tail.shape) for part, tail in zip(parts, synapses, strict=False)),
            (parts[-2], parts[-1]),
            drop[self._of_neurons],
            float(here[worst]),
            float(here.mean()),
            where,
            at_um,
            float(amps @ share),
        )

    def _where(self, cell: int) -> tuple[tuple[str, int, int], tuple[float, float]]:
        """Return block, row and column of a cell, and its place, µm."""
        blocks = [*self._plan.synapses, *self._plan.neurons, *self._plan.neurons]
        for block in blocks:
            if cell < block.rows * block.columns:
                row, column = divmod(cell, block.columns)
                return (block.name, row, column), (float(block.across[column]), float(block.up[row]))
            cell -= block.rows * block.columns
        raise IndexError(cell)
