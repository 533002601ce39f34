"""The decks of one cell: a transistor, a mirror, a pair with its load or as a leak, swept and drawn in ngspice."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.extraction.fitting import (
    LeakFit,
    MirrorFit,
    PairFit,
    TransistorFit,
    fit_leak,
    fit_mirror,
    fit_pair,
    fit_transistor,
    thermal_v,
)
from neurochip.analog.extraction.ngspice import Models, run_deck
from neurochip.analog.extraction.request import Request
from neurochip.analog.transistors import Cells, placing
from neurochip.description.die.biasing import steepness
from neurochip.description.die.cell_library import Cell, CellLibrary
from neurochip.errors import ConfigError
from neurochip.substrate.streams import stream

__all__ = ["Bench", "Draws"]

Array = NDArray[np.float64]

_STEP_V = 0.005  # of a gate's sweep
_HALF_DECADE = math.sqrt(10)  # currents from the bias over this to the bias times this
_MIRRORED = 13  # currents at which a mirror is looked at
_AVERAGED = 40  # devices that a sweep is the mean of, where the models draw each anew
_MOST = 18  # transistors of a cell
_REACH, _POINTS = 3.0, 61  # V₀ to each side that a pair is swept over


class Draws(NamedTuple):
    """σ of ln I of one transistor at its bias, of ln of a mirror's gain, and of a pair's offset in V."""

    transistor: float
    cell: float


class Bench:
    """The decks of one cell."""

    def __init__(self, library: CellLibrary, cell: Cell, asked: Request, cards: Models) -> None:
        self.library, self.cell, self.asked, self.cards = library, cell, asked, cards
        self.shape = cell.width / cell.length
        self.root_area_um = 1e6 * math.sqrt(cell.width * cell.length)
        self._gate = math.nan  # V_GS at the bias

    def _run(self, lines: list[str], analysis: str, columns: list[str]) -> Array:
        settings = [f".temp {self.asked.celsius:g}", f".options seed={self.asked.seed}"]
        return run_deck([*settings, *lines], [analysis], columns, self.cards)

    @property
    def _copies(self) -> int:
        """Devices that a sweep is the mean of: one, or several where the models draw each anew."""
        return 1 if self.asked.a_vt or self.asked.a_beta else min(self.asked.draws, _AVERAGED)

    def transistor(self) -> TransistorFit:
        """Sweep a gate, and fit half a decade to each side of the bias."""
        asked, copies = self.asked, range(self._copies)
        lines = ["Vg g 0 0"]
        for k in copies:
            lines += [asked.instance(f"s{k}", f"s{k} g 0 0", asked.nmos, self.cell)]
            lines += [f"Vs{k} s{k} 0 {self.library.rest:.9g}"]
        sweep = f"dc Vg 0 {self.library.supply:.9g} {_STEP_V:g}"
        found = np.abs(self._run(lines, sweep, [f"i(Vs{k})" for k in copies]))
        current = np.exp(np.log(np.maximum(found, 1e-30)).mean(axis=1))
        voltage: Array = np.asarray(_STEP_V * np.arange(len(current)), np.float64)
        low, high = asked.bias / _HALF_DECADE, asked.bias * _HALF_DECADE
        inside = np.flatnonzero((current >= low) & (current <= high))
        if current[0] >= low or current.max() <= high or len(inside) < 5:
            raise ConfigError(
                "extract.bias",
                f"must lie where the gate reaches it, half a decade to each side: a transistor of this size carries "
                f"{current[0]:.2g} to {current.max():.2g} A, got {asked.bias:g} A",
            )
        self._gate = float(np.interp(math.log(asked.bias), np.log(current[inside]), voltage[inside]))
        wide = slice(inside[0] - 1, inside[-1] + 2)
        return fit_transistor(voltage[wide], current[wide] / self.shape, asked.celsius)

    def mirror(self, inversion: float) -> MirrorFit:
        """Sweep the input of a mirror over the decade around the bias, and fit its gain."""
        low, high = self.asked.bias / _HALF_DECADE, self.asked.bias * _HALF_DECADE
        copies, stride = range(self._copies), (high - low) / (_MIRRORED - 1)
        lines = [f"Vdd vdd 0 {self.library.supply:.9g}", "Vi i 0 1"]
        for k in copies:
            lines += [line for line in self._mirror(k, low, "", "") if not line.startswith("I")]
            lines += [f"G{k} vdd d{k} i 0 1"]
        out = np.abs(self._run(lines, f"dc Vi {low:.9g} {high + stride / 1e3:.9g} {stride:.9g}",
                               [f"i(Vo{k})" for k in copies]))  # fmt: skip
        currents = low + stride * np.arange(len(out))
        gains: Array = np.asarray(out / currents[:, None], np.float64)
        return fit_mirror(np.asarray(currents / self.asked.bias, np.float64), gains, inversion)

    def _mirror(self, k: int, current: float, first: str, second: str) -> list[str]:
        asked = self.asked
        return [
            asked.instance(f"a{k}", f"d{k} d{k} 0 0", asked.nmos, self.cell, first),
            f"I{k} vdd d{k} {current:.9g}",
            asked.instance(f"b{k}", f"o{k} d{k} 0 0", asked.nmos, self.cell, second),
            f"Vo{k} o{k} 0 {self.library.rest:.9g}",
        ]

    def pair(self, transistor: TransistorFit, inversion: float) -> PairFit:
        """Sweep the input of a pair with its load, and fit what flows out at rest."""
        u_t = thermal_v(self.asked.celsius)
        reach = _REACH * 2 * transistor.slope_factor * u_t * steepness(inversion)
        lines = [
            *self._supplies(),
            "Vd x 0 0",
            "Ep p0 c x 0 0.5",
            "En n0 c x 0 -0.5",
            *(
                line
                for k in range(self._copies)
                for line in self._pair(k, [""] * _MOST, plus="p0", minus="n0")
            ),
        ]
        stride = 2 * reach / (_POINTS - 1)
        sweep = f"dc Vd {-reach:.9g} {reach + stride / 1e3:.9g} {stride:.9g}"
        out = self._run(lines, sweep, [f"i(Vo{k})" for k in range(self._copies)]).mean(axis=1)
        voltage: Array = np.asarray(-reach + stride * np.arange(len(out)), np.float64)
        return fit_pair(voltage, out, inversion, transistor, self.asked.celsius)

    def leak(self) -> LeakFit:
        """Sweep the output of an amplifier that is its own input, and fit what flows into it, over `_REACH` V₀."""
        library = self.library
        reach = _REACH * library.full_scale
        low, high = max(library.rest - reach, library.low), min(library.rest + reach, library.high)
        lines = [*self._supplies(), f"Vo o 0 {library.rest:.9g}"]
        for k in range(self._copies):
            own = [line for line in self._pair(k, [""] * _MOST, minus=f"o{k}") if not line.startswith("Vo")]
            lines += [*own, f"Vs{k} o{k} o 0"]
        stride = (high - low) / (_POINTS - 1)
        sweep = f"dc Vo {low:.9g} {high + stride / 1e3:.9g} {stride:.9g}"
        out = -self._run(lines, sweep, [f"i(Vs{k})" for k in range(self._copies)]).mean(axis=1)
        voltage: Array = np.asarray(low - library.rest + stride * np.arange(len(out)), np.float64)
        return fit_leak(voltage, np.asarray(out, np.float64))

    def _cascoded(self, k: int, more: list[str], plus: str, minus: str) -> list[str]:
        """Return a pair with its tail and its stage as a chip has them; only the pair has the gate of a leak."""
        cells = Cells(placing(self.asked, self.library.cells["synapse"], {"pair": self.cell}), iter(more))
        source = cells.pair(f"p{k}", (plus, minus), (f"a{k}", f"b{k}"), "pair")
        cells.tail(f"t{k}", self.asked.bias, source)
        cells.stage(f"s{k}", (f"a{k}", f"b{k}"), f"o{k}")
        return [*cells.lines, f"Vo{k} o{k} 0 {self.library.rest:.9g}"]

    def _supplies(self) -> list[str]:
        """Return what all pairs share."""
        library = self.library
        if not self.asked.is_cascoded:
            return [f"Vdd vdd 0 {library.supply:.9g}", f"Vc c 0 {library.rest:.9g}"]
        cells = Cells(placing(self.asked, library.cells["synapse"], {}))
        cells.biases(library.supply, library.rest, self.asked.full_scale)
        return [*cells.lines, "Vc c rest 0"]

    def _pair(self, k: int, more: list[str], *, plus: str = "c", minus: str = "c") -> list[str]:
        """Return five transistors, the reference of their tail, and a source that holds the output at rest."""
        asked, cell = self.asked, self.cell
        if asked.is_cascoded:
            return self._cascoded(k, more, plus, minus)
        return [
            asked.instance(f"p{k}", f"a{k} {plus} t{k} 0", asked.nmos, cell, more[0]),
            asked.instance(f"n{k}", f"o{k} {minus} t{k} 0", asked.nmos, cell, more[1]),
            asked.instance(f"t{k}", f"t{k} r{k} 0 0", asked.nmos, cell, more[2]),
            asked.instance(f"r{k}", f"r{k} r{k} 0 0", asked.nmos, cell, more[3]),
            asked.instance(f"l{k}", f"a{k} a{k} vdd vdd", asked.pmos or "", cell, more[4]),
            asked.instance(f"m{k}", f"o{k} a{k} vdd vdd", asked.pmos or "", cell, more[5]),
            f"I{k} vdd r{k} {asked.bias:.9g}",
            f"Vo{k} o{k} 0 {self.library.rest:.9g}",
        ]

    def offsets(self, volts_per_amp: float) -> float:
        """Return σ of the offset of pairs, V; ``volts_per_amp`` is that of one at balance."""
        drawn, n = self._drawn(self.asked.draws, _MOST), self.asked.draws
        lines = [*self._supplies(), *(line for k in range(n) for line in self._pair(k, drawn[k]))]
        found = float(self._run(lines, "op", [f"i(Vo{k})" for k in range(n)])[0].std(ddof=1) * volts_per_amp)
        return self._differing(found)

    @staticmethod
    def _differing(sigma: float) -> float:
        """Refuse models that draw no mismatch where none was given."""
        if not sigma > 1e-6:
            raise ConfigError(
                "extract.a_vt",
                "is missing: the models draw no mismatch of their own; give a_vt (and a_beta) of one transistor",
            )
        return sigma

    def draws(self, volts_per_amp: float | None) -> Draws:
        """Draw transistors at the gate voltage of the bias, and cells, each with devices of its own.

        ``volts_per_amp`` is that of a pair at balance; `None`: a mirror is drawn.
        """
        asked, n = self.asked, self.asked.draws
        each = 2 if volts_per_amp is None else _MOST
        drawn = self._drawn(n, 1 + each)
        lines = [f"Vg g 0 {self._gate:.9g}"]
        for k in range(n):
            lines += [asked.instance(f"s{k}", f"s{k} g 0 0", asked.nmos, self.cell, drawn[k][0])]
            lines += [f"Vs{k} s{k} 0 {self.library.rest:.9g}"]
        lines += self._supplies()
        for k in range(n):
            if volts_per_amp is None:
                lines += self._mirror(k, asked.bias, *drawn[k][1:])
            else:
                lines += self._pair(k, drawn[k][1:])
        out = self._run(lines, "op", [f"i(V{kind}{k})" for kind in "so" for k in range(n)])[0]
        spread = self._differing(float(np.log(np.abs(out[:n])).std(ddof=1)))
        if volts_per_amp is None:
            return Draws(spread, float(np.log(np.abs(out[n:])).std(ddof=1)))
        return Draws(spread, float(out[n:].std(ddof=1) * volts_per_amp))

    def _drawn(self, n: int, devices: int) -> list[list[str]]:
        """Return what differs of each transistor; nothing where the models draw it themselves."""
        asked = self.asked
        if not (asked.a_vt or asked.a_beta):
            return [[""] * devices for _ in range(n)]
        xi = stream(asked.seed, "extract").standard_normal((n, devices, 2))
        shift = 1e-3 * asked.a_vt / self.root_area_um * xi[..., 0]
        factor = np.maximum(1 + asked.a_beta / 100 / self.root_area_um * xi[..., 1], 0.01)
        return [
            [f"delvto={shift[k, j]:.6g} mulu0={factor[k, j]:.6g}" for j in range(devices)] for k in range(n)
        ]
