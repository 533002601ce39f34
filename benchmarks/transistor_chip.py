"""A trained chip as transistors in ngspice against its behavioural die, sample by sample.

    python -m benchmarks.transistor_chip prepare FOLDER WIDTH [--pdk PDK]
    neurochip simulate …  (the command that it prints)
    python -m benchmarks.transistor_chip check FOLDER/out FOLDER/cards.lib [--samples 80]

``prepare`` writes the textbook cards of the tests, or those of SKY130 for the gate from PDK, a copy of the repository
skywater-pdk-libs-sky130_fd_pr, cells extracted on them (2 nA, synapses of WIDTH × 2 µm), 357 digits 3 and 8 of
scikit-learn as the means of the left halves of their rows, and prints the run of 8-4-2 on them. All test samples of a
finished run are presented one after the other in one transient, each until everything rests. Printed: how far the
voltages are from those of the die, in units of the larger of a full scale and the voltage, how often both name the
same class, and the same for the controls: the die of the next seed, and weights out of place.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.sky130_cards import cards
from neurochip import data
from neurochip.analog.diagnostics import exact_copy
from neurochip.analog.drawing import draw_die
from neurochip.analog.extraction.extract import extract
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.analog.transistor_netlist import Cards, transistor_netlist
from neurochip.description import read_run
from neurochip.description.die.cell_library import cells_from_toml
from neurochip.runs.building import build, digest_of
from neurochip.runs.dies import cards_of
from neurochip.substrate import Phase
from neurochip.training.checkpoint import read_checkpoint
from neurochip.training.folder import CHECKPOINT, RESOLVED
from tests.unit.analog.extracted_cells import cells, write

HOLD = 600.0  # τ of each sample
LEAST = 1e-3  # of an input: a tail that is there for one sample is there for all
Array = NDArray[np.float64]


def series(substrate: AnalogSubstrate, inputs: Array, cards: Cards) -> tuple[str, float]:
    """Return one netlist that presents all ``inputs`` [sample, unit] in turn, and the seconds of each."""
    tau = substrate.spec.tau_s
    hold = HOLD * tau
    texts = [
        transistor_netlist(substrate, x, cards, duration=len(inputs) * hold).splitlines() for x in inputs
    ]
    lines = []
    for same in zip(*texts, strict=True):
        if len(set(same)) == 1:
            lines.append(same[0])
            continue
        name, plus, minus, _ = same[0].split()
        if not name.startswith("I"):
            raise SystemExit(f"differs between samples: {same[0]}")
        points = []
        for k, line in enumerate(same):
            at, value = k * hold, line.split()[3]
            points += [f"{at + (tau if k else 0):.9g} {value}", f"{at + hold:.9g} {value}"]
        lines.append(f"{name} {plus} {minus} PWL({' '.join(points)})")
    return re.sub(
        r"tran \S+ (\S+) 0 \S+ uic", rf"tran {tau:.9g} \1 0 {hold / 10:.9g} uic", "\n".join(lines)
    ), hold


def rests(text: str, hold: float, samples: int) -> Array:
    """Return the voltages at the end of each sample, f64[sample, neuron], V."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "chip.cir").write_text(text + "\n")
        ran = subprocess.run(
            ["ngspice", "-b", "chip.cir"], cwd=folder, capture_output=True, text=True, check=False
        )
        out = Path(folder) / "out.txt"
        if not out.exists():
            raise SystemExit((ran.stdout + ran.stderr)[-2000:])
        table = np.loadtxt(out, skiprows=1)
    ends = hold * (np.arange(samples) + 0.999)
    return np.stack([np.interp(ends, table[:, 0], column) for column in table.T[1:]], axis=1)


def behavioural(substrate: AnalogSubstrate, inputs: Array) -> Array:
    """Return the voltages at rest, f64[sample, neuron], full scales."""
    exact = exact_copy(substrate)
    exact.begin(inputs, np.arange(len(inputs), dtype=np.uint64))
    exact.run(Phase.EVALUATION, 4000)
    return np.asarray(exact.voltages(), np.float64)


def compare(name: str, ours: Array, theirs: Array, outputs: int) -> None:
    """Print how far two sets of voltages are apart."""
    apart = np.abs(theirs - ours) / np.maximum(1, np.abs(ours))
    same = (ours[:, -outputs:].argmax(axis=1) == theirs[:, -outputs:].argmax(axis=1)).mean()
    print(
        f"{name:<24} voltages off by {100 * np.median(apart):.2f} % (median), {100 * np.quantile(apart, 0.95):.2f} % "
        f"(95 of 100), {100 * apart.max():.2f} % (largest); same class {100 * same:.1f} %",
        flush=True,
    )


def prepare(folder: Path, width: float, pdk: Path | None) -> None:
    """Write everything that a run of 8-4-2 needs."""
    folder.mkdir()
    asked: dict[str, object] = {"load": "cascode", "draws": 40, "bias": "2 nA", "leak_bias": "3 nA"}
    if pdk is None:
        models = write(folder)
    else:
        models = write(folder, cards(pdk, width, 2.0, nominal=False))
        asked |= {"nmos": "nfet", "pmos": "pfet", "subcircuit": True, "unit": "1 um", "a_vt": None}
    text = cells(leak="4 um", **asked)
    text = text.replace('width = "4 um"\nlength = "4 um"', f'width = "{width:g} um"\nlength = "2 um"', 1)
    text = text.replace('rest = "0.9 V"', 'rest = "1.1 V"')
    found = extract(text, "mine.toml", "synapse", models, f"benchmarks.transistor_chip prepare {folder}")
    (folder / "mine.toml").write_text(found.library, encoding="utf-8")
    if pdk is not None:  # mismatch of the chip is that of the die
        write(folder, cards(pdk, width, 2.0, nominal=True))
    words = ["data.set=digits", "data.train=1300", "data.test=497", "network.layers=[64,8,10]"]
    digits = data.load(read_run("analog-mnist-small", words).data)
    rows = ["r0,r1,r2,r3,r4,r5,r6,r7,label"]
    for part in ("train", "test"):
        labels = digits.labels(part)
        images = np.asarray(digits.inputs(np.arange(len(labels)), part)).reshape(-1, 8, 8)
        for image, label in zip(images[:, :, :4].mean(axis=2).round(4), labels, strict=True):
            if label in (3, 8):
                rows.append(",".join([*(f"{number:g}" for number in image), str(label)]))
    (folder / "rows.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    tau = cells_from_toml(found.library).charge / 2e-9
    kinds = ("synapse_gain", "neuron_gain", "saturation", "time_constant")
    words = [
        *found.words,
        f"analog.cells={folder / 'mine.toml'}",
        f"analog.tau_us={1e6 * tau:.6g}",
        "analog.die=3",
        *(f"analog.mismatch.{kind}=0.2" for kind in kinds),
        "analog.mismatch.synapse_offset=0.05",
        "analog.mismatch.neuron_offset=0.05",
        f"data.file={folder / 'rows.csv'}",
        "data.target=label",
        "network.layers=[8,4,2]",
        "learning.epochs=30",
    ]
    print(
        "neurochip simulate analog-mnist-small",
        *(f"--set {word}" for word in words),
        f"--out {folder / 'out'}",
    )


def check(folder: Path, models: Path, most: int) -> None:
    """Compare the chip of a run."""
    run = read_run(str(folder / RESOLVED))
    built = build(run)
    substrate = built.substrate
    if not isinstance(substrate, AnalogSubstrate) or run.analog is None:
        raise SystemExit("no analog run")
    substrate.load(read_checkpoint(folder / CHECKPOINT, digest=digest_of(built)).parameters)
    samples = data.load(run.data)
    rows = np.arange(min(most, len(samples.test)))
    inputs = np.maximum(np.asarray(samples.inputs(rows, "test"), np.float64), LEAST)
    ours, cells, outputs = behavioural(substrate, inputs), substrate.cells, substrate.network.sizes[-1]
    if cells is None:
        raise SystemExit("no cells")
    right = (ours[:, -outputs:].argmax(axis=1) == samples.labels("test")[rows]).mean()
    print(
        f"{len(rows)} samples, {100 * right:.1f} % right on the die; largest |V| {np.abs(ours).max():.2f} full scales"
    )
    text, hold = series(substrate, inputs, cards_of(substrate, models))
    theirs = (rests(text, hold, len(rows)) - cells.rest) / cells.full_scale
    compare("transistors", ours, theirs, outputs)
    spec = replace(run.analog, die=run.analog.die + 1)
    other = AnalogSubstrate(substrate.network, spec, die=draw_die(substrate.network, spec))
    other.load(substrate.parameters())
    compare("another die", behavioural(other, inputs), theirs, outputs)
    trained = substrate.parameters()
    order = np.random.default_rng(1).permutation(trained.weights[0].shape[0])
    substrate.load(replace(trained, weights=(trained.weights[0][order].copy(), *trained.weights[1:])))
    compare("weights out of place", behavioural(substrate, inputs), theirs, outputs)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = parser.add_subparsers(dest="what", required=True)
    first = parts.add_parser("prepare")
    first.add_argument("folder", type=Path)
    first.add_argument("width", type=float)
    first.add_argument("--pdk", type=Path)
    second = parts.add_parser("check")
    second.add_argument("run", type=Path)
    second.add_argument("models", type=Path)
    second.add_argument("--samples", type=int, default=80)
    given = parser.parse_args()
    if given.what == "prepare":
        prepare(given.folder, given.width, given.pdk)
    else:
        check(given.run, given.models, given.samples)


if __name__ == "__main__":
    main()
