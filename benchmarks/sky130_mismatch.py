"""How much a transistor of the SKY130 kit differs: its own model card in ngspice, against what `neurochip` says.

    python -m benchmarks.sky130_mismatch bins PDK nfet_01v8 > sky130-nfet-01v8-bins.csv
    python -m benchmarks.sky130_mismatch gates PDK nfet_01v8 > sky130-nfet-01v8.csv
    python -m benchmarks.sky130_mismatch temperatures PDK nfet_01v8 > sky130-nfet-01v8-temperatures.csv
    python -m benchmarks.sky130_mismatch corners PDK nfet_01v8 > sky130-nfet-01v8-corners.csv
    python -m benchmarks.sky130_mismatch check PDK [--draws 200]
    python -m benchmarks.sky130_mismatch conditions PDK [--draws 200]

PDK is a copy of the repository skywater-pdk-libs-sky130_fd_pr. ``bins`` lists the slopes that the kit gives in each bin
of a card; ``gates`` takes the transistors at the corners of the bins, and for each V_GS the current and by how much
each of the kit's mismatch terms changes its logarithm, a central difference; ``temperatures`` does so at other
temperatures, and ``corners`` takes by how much a gate's voltage differs in other corners at the same current. These
files belong into ``neurochip/description/transistors``. ``check`` draws transistors with all terms at once and
compares the σ of ln I; ``conditions`` does so at other temperatures, and compares the currents of fixed gate voltages.
"""

from __future__ import annotations

import argparse
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.spread import current_sigma
from neurochip.description.die.biasing import current_factor
from neurochip.description.die.conditions import ConditionsSpec
from neurochip.description.die.differences import MismatchSpec

TERMS = ("vth0", "voff", "toxe", "nfactor")
VOLTAGES = {"nfet_01v8": np.arange(2, 10) / 10, "pfet_01v8": np.arange(3, 14) / 10}  # |V_GS|
REACHED = {
    "nfet_01v8": np.arange(1, 11) / 10,
    "pfet_01v8": np.arange(2, 15) / 10,
}  # |V_GS| at any temperature
FINE = {"nfet_01v8": np.arange(10, 41) / 50, "pfet_01v8": np.arange(20, 66) / 50}
CHECKED_AT = np.linspace(0.25, 0.7, 10)  # V_GS
DRAIN = 0.9  # V: in saturation
CELSIUS = 27.0
TEMPERATURES = (-40.0, CELSIUS, 85.0, 125.0)
LARGEST = 100  # µm
SOME_WIDTHS = (0.55, 1, 3, 7, LARGEST)  # µm, and the least: gates that are looked at in other conditions
CORNERS = ("ff", "ss", "fs", "sf")
SQUARES = (1e-9, 1e-7)  # A of a square gate, at which corners are compared
STEP = 5e-4  # of each term: V, V, of the thickness, of the factor
CHECKED = ((7, 20), (1, 1), (2, 5), (1, 2), (3, 3), (10, 1), (0.5, 0.3), (10, 6), (0.45, 6))  # W, L in µm
Array = NDArray[np.float64]
_SIZES = re.compile(r"lmin = (\S+) lmax = (\S+) wmin = (\S+) wmax = (\S+)")


class Bin(NamedTuple):
    """A model of the card: its sizes in µm, its text, and the slope of each term in it."""

    width: tuple[float, float]
    length: tuple[float, float]
    text: str
    slopes: dict[str, float]

    def holds(self, width: float, length: float) -> bool:
        """Whether a gate is of this bin; the largest of the card are of the last one."""
        sides = zip((self.width, self.length), (width, length), strict=True)
        return all(low <= size < high or size == high == LARGEST for (low, high), size in sides)


def bins_of(pdk: Path, device: str, corner: str = "tt") -> list[Bin]:
    """Return all bins of a device in a corner, with the slopes of the kit's file for circuits below threshold."""
    name = f"sky130_fd_pr__{device}"
    folder = pdk / "cells" / device
    slopes = dict(
        re.findall(
            rf"{name}__(\w+?_slope\d?) *= *(\S+)",
            (folder / f"{name}__subvt_mismatch.corner.spice").read_text(),
        )
    )
    parameters = [folder / f"{name}__{corner}.corner.spice", pdk / "models" / "parameters" / "lod.spice"]
    given = dict(re.findall(rf"{name}__(\w+) *= *(\S+)", "".join(path.read_text() for path in parameters)))
    found = []
    for part in re.split(r"(?m)^\.model ", (folder / f"{name}__{corner}.pm3.spice").read_text())[1:]:
        sizes = _SIZES.search(part)
        if sizes is None:
            raise SystemExit(f"{device}: a model without sizes")
        lmin, lmax, wmin, wmax = (round(1e6 * float(size), 4) for size in sizes.groups())
        text = part.split(".ends")[0].replace(f"{name}__", "")
        text = re.sub(r"\b\w+_(?:diff|mult)\b", lambda found: given.get(found.group(), found.group()), text)
        own = {}
        for term in TERMS:
            used = re.search(rf"({term}_slope\d?)/sqrt", text)
            own[term] = float(slopes[used.group(1)]) if used else 0.0
            text = re.sub(rf"{term}_slope_spectre\*", f"{term}_at*", text)
            text = re.sub(rf"{term}_slope\d?/sqrt\(l\*w\*mult\)", "1", text)
        found.append(Bin((wmin, wmax), (lmin, lmax), re.sub(r"^\S+", "card", text, count=1), own))
    return found


def currents(
    device: str,
    card: Bin,
    size: tuple[float, float],
    shifts: Array,
    voltages: Array | None = None,
    celsius: float = CELSIUS,
) -> Array:
    """Return drain currents [V_GS, transistor] with the terms shifted by ``shifts`` [transistor, term]."""
    if voltages is None:
        voltages = VOLTAGES[device]
    sign = -1 if device.startswith("pfet") else 1
    deck = ["* drain currents", ".option scale=1.0u gmin=1e-16"]
    for k, shift in enumerate(shifts):
        at = " ".join(f"{term}_at={value:.12g}" for term, value in zip(TERMS, shift, strict=True))
        deck += [f".subckt t{k} d g", f".param {at}", f"m1 d g 0 0 card l={size[1]:.6g} w={size[0]:.6g}"]
        deck += [f".model {card.text}", ".ends", f"X{k} d{k} g t{k}", f"V{k} d{k} 0 {sign * DRAIN}"]
    stride = (voltages[-1] - voltages[0]) / (len(voltages) - 1)
    sweep = f"dc Vg {sign * voltages[0]} {sign * (voltages[-1] + 1e-6)} {sign * stride}"
    names = " ".join(f"i(V{k})" for k in range(len(shifts)))
    deck += [
        "Vg g 0 0",
        f".temp {celsius:g}",
        ".control",
        "set numdgt=12",
        "set wr_singlescale",
        "set wr_vecnames",
    ]
    deck += [sweep, f"wrdata out.txt {names}", ".endc", ".end"]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "deck.cir").write_text("\n".join(deck))
        ran = subprocess.run(
            ["ngspice", "-b", "deck.cir"], cwd=folder, capture_output=True, text=True, check=False
        )
        out = Path(folder) / "out.txt"
        if not out.exists():
            raise SystemExit(f"ngspice: {(ran.stdout + ran.stderr)[-2000:]}")
        return np.abs(np.loadtxt(out, skiprows=1)[:, 1:])


def print_bins(pdk: Path, device: str) -> None:
    """Write the sizes of every bin and the slope of each term in it."""
    print("w_min,w_max,l_min,l_max," + ",".join(TERMS))
    for card in sorted(bins_of(pdk, device), key=lambda card: (card.width, card.length)):
        print(",".join(f"{number:.6g}" for number in (*card.width, *card.length, *card.slopes.values())))


def print_gates(pdk: Path, device: str) -> None:
    """Write what transistors at the corners of the bins do."""
    print("width,length,v_gs,i_square," + ",".join(TERMS))
    each = np.vstack([np.zeros((1, 4)), *(s * STEP * np.eye(4)[[k]] for k in range(4) for s in (1, -1))])
    bins = bins_of(pdk, device)
    for width in sorted({edge for card in bins for edge in card.width}):
        for length in sorted({edge for card in bins for edge in card.length}):
            (card,) = (card for card in bins if card.holds(width, length))
            current = currents(device, card, (width, length), each)
            log = np.log(current)
            square = current[:, 0] * length / width
            slopes = [np.abs(log[:, 1 + 2 * k] - log[:, 2 + 2 * k]) / (2 * STEP) for k in range(4)]
            for row, v in enumerate(VOLTAGES[device]):
                cells = [f"{width:g}", f"{length:g}", f"{v:g}", f"{square[row]:.3e}"]
                print(",".join([*cells, *(f"{slope[row]:.3g}" for slope in slopes)]))


def print_temperatures(pdk: Path, device: str) -> None:
    """Write what transistors of some sizes do at each temperature."""
    print("width,length,celsius,v_gs,i_square," + ",".join(TERMS))
    each = np.vstack([np.zeros((1, 4)), *(s * STEP * np.eye(4)[[k]] for k in range(4) for s in (1, -1))])
    for size, card in some_of(bins_of(pdk, device)):
        for celsius in TEMPERATURES:
            current = currents(device, card, size, each, REACHED[device], celsius)
            log = np.log(current)
            slopes = [np.abs(log[:, 1 + 2 * k] - log[:, 2 + 2 * k]) / (2 * STEP) for k in range(4)]
            for row, v in enumerate(REACHED[device]):
                square = current[row, 0] * size[1] / size[0]
                cells = [f"{size[0]:g}", f"{size[1]:g}", f"{celsius:g}", f"{v:g}", f"{square:.3e}"]
                print(",".join([*cells, *(f"{slope[row]:.3g}" for slope in slopes)]), flush=True)


def print_corners(pdk: Path, device: str) -> None:
    """Write by how much |V_GS| differs from that of the typical corner where a square gate carries the same current."""
    print("width,length,corner," + ",".join(f"mv_at_{square:g}" for square in SQUARES))
    found: dict[tuple[float, float], dict[str, Array]] = {}
    for corner in ("tt", *CORNERS):
        for size, card in some_of(bins_of(pdk, device, corner)):
            square = currents(device, card, size, np.zeros((1, 4)), FINE[device])[:, 0] * size[1] / size[0]
            found.setdefault(size, {})[corner] = np.interp(np.log(SQUARES), np.log(square), FINE[device])
    for size, volts in found.items():
        for corner in CORNERS:
            shifts = ",".join(f"{1e3 * shift:.1f}" for shift in volts[corner] - volts["tt"])
            print(f"{size[0]:g},{size[1]:g},{corner},{shifts}")


def some_of(bins: list[Bin]) -> list[tuple[tuple[float, float], Bin]]:
    """Return some sizes, µm, with the bin of each."""
    widths = (min(card.width[0] for card in bins), *SOME_WIDTHS)
    lengths = sorted({edge for card in bins for edge in card.length})
    sizes = [(float(width), float(length)) for width in widths for length in lengths]
    return [(size, next(card for card in bins if card.holds(*size))) for size in sizes]


def check(pdk: Path, draws: int) -> int:
    """Compare with draws of all terms; return how many points are more than 10 % off."""
    device, generator, beyond = "nfet_01v8", np.random.default_rng(20), 0
    print(f"W × L µm | V_GS | I | σ(ln I)·√WL of {draws} draws | neurochip | ratio")
    for size in CHECKED:
        (card,) = (card for card in bins_of(pdk, device) if card.holds(*size))
        root = math.sqrt(size[0] * size[1])
        shifts = generator.standard_normal((draws, 4)) * [card.slopes[term] / root for term in TERMS]
        drawn = np.log(currents(device, card, size, shifts, CHECKED_AT)).std(axis=1, ddof=1) * root
        nominal = currents(device, card, size, np.zeros((1, 4)), CHECKED_AT)[:, 0]
        for v, current, sigma in zip(CHECKED_AT, nominal, drawn, strict=True):
            ours = current_sigma(biased(size, current))[0] * root
            beyond += not 0.9 <= ours / sigma <= 1.1
            print(
                f"{size[0]} × {size[1]} | {v:g} | {current:.3g} | {sigma:.4f} | {ours:.4f} | {ours / sigma:.3f}"
            )
    print(f"{beyond} points more than 10 % off")
    return beyond


def check_conditions(pdk: Path, draws: int) -> int:
    """Compare σ at other temperatures with draws, and currents of fixed gate voltages; return how many are beyond."""
    device, generator, beyond = "nfet_01v8", np.random.default_rng(21), 0
    bins = {corner: bins_of(pdk, device, corner) for corner in ("tt", *CORNERS)}
    print(f"W × L µm | °C | I | σ(ln I)·√WL of {draws} draws | neurochip | ratio")
    for size in CHECKED[:3]:
        (card,) = (card for card in bins["tt"] if card.holds(*size))
        root = math.sqrt(size[0] * size[1])
        shifts = generator.standard_normal((draws, 4)) * [card.slopes[term] / root for term in TERMS]
        for celsius in (-40.0, 0.0, 60.0, 85.0, 125.0):
            found = currents(device, card, size, np.vstack([np.zeros((1, 4)), shifts]), CHECKED_AT, celsius)
            for nominal, drawn in zip(
                found[:, 0], np.log(found[:, 1:]).std(axis=1, ddof=1) * root, strict=True
            ):
                if not 1e-9 <= nominal * size[1] / size[0] <= 3e-6:
                    continue
                spec = biased(size, nominal)
                ours = current_sigma(spec, ConditionsSpec(celsius=celsius))[0] * root
                beyond += not 0.9 <= ours / drawn <= 1.1
                print(
                    f"{size[0]} × {size[1]} | {celsius:g} | {nominal:.3g} | {drawn:.4f} | {ours:.4f} | "
                    f"{ours / drawn:.3f}",
                    flush=True,
                )
    print("W × L µm | °C | corner | I at 27 °C | times as much | neurochip | ratio")
    cases = [(celsius, "tt") for celsius in (-40.0, 0.0, 60.0, 85.0, 125.0)] + [(CELSIUS, c) for c in CORNERS]
    for size in CHECKED:
        cards = {corner: next(card for card in bins[corner] if card.holds(*size)) for corner in bins}
        none, at = np.zeros((1, 4)), np.array([0.3, 0.4, 0.5, 0.6])
        nominal = currents(device, cards["tt"], size, none, at)[:, 0]
        for celsius, corner in cases:
            there = currents(device, cards[corner], size, none, at, celsius)[:, 0]
            for current, factor in zip(nominal, there / nominal, strict=True):
                conditions = ConditionsSpec(celsius=celsius, corner=corner, bias="voltage")
                ours = current_factor(biased(size, current), conditions)
                beyond += not 0.9 <= ours / factor <= 1.1
                print(
                    f"{size[0]} × {size[1]} | {celsius:g} | {corner} | {current:.3g} | {factor:.3g} | {ours:.3g} | "
                    f"{ours / factor:.3f}",
                    flush=True,
                )
    print(f"{beyond} points more than 10 % off")
    return beyond


def biased(size: tuple[float, float], current: float) -> MismatchSpec:
    """Return what neurochip is told of a transistor at a current, A."""
    width, length = size
    return MismatchSpec(
        process="sky130", width_um=width, length_um=length, region="bias", bias_na=current * 1e9
    )


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("bins", "gates", "temperatures", "corners", "check", "conditions"))
    parser.add_argument("pdk", type=Path)
    parser.add_argument("device", nargs="?", default="nfet_01v8")
    parser.add_argument("--draws", type=int, default=200)
    asked = parser.parse_args()
    printed = {
        "bins": print_bins,
        "gates": print_gates,
        "temperatures": print_temperatures,
        "corners": print_corners,
    }
    if asked.what in printed:
        printed[asked.what](asked.pdk, asked.device)
        return 0
    compare = check if asked.what == "check" else check_conditions
    return min(compare(asked.pdk, asked.draws), 1)


if __name__ == "__main__":
    sys.exit(main())
