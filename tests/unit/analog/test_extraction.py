"""Cells extracted by ngspice: against what ngspice says of the same cell elsewhere, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.analog.ekv import ekv_pair, pair_curve
from neurochip.analog.extraction import ngspice
from neurochip.analog.extraction.extract import Extracted, extract
from neurochip.analog.extraction.fitting import fit_transistor
from neurochip.analog.extraction.ngspice import Models, run_deck
from neurochip.analog.leak import Amplifier
from neurochip.analog.spread import efficiency, spreads
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description import read_run
from neurochip.description.die.cell_library import cells_from_toml
from neurochip.description.die.circuit import AnalogSpec
from neurochip.errors import CapabilityError, ConfigError
from neurochip.network import layered
from tests.unit.analog.extracted_cells import CARDS, DRAWN, cells, write

pytestmark = pytest.mark.skipif(shutil.which("ngspice") is None, reason="ngspice is not installed")


AMPS = {"1 nA": 1e-9, "10 nA": 1e-8, "100 nA": 1e-7, "1 uA": 1e-6}


def extracted(folder: Path, text: str = CARDS, **asked: Any) -> Extracted:
    return extract(cells(**asked), "mine.toml", "synapse", write(folder, text), "a test")


def test_the_law_of_gm_over_i_is_found_again() -> None:
    """Currents of the law itself, by its integral: n and I_spec come back, and another law does not fit."""
    voltage = np.arange(0.2, 0.6, 0.002)
    current = [1e-10]
    for _ in voltage[1:]:
        middle = current[-1] * np.exp(0.001 * efficiency(current[-1] / 3e-7) / (1.4 * 0.02585))
        current.append(current[-1] * np.exp(0.002 * efficiency(middle / 3e-7) / (1.4 * 0.02585)))
    fit = fit_transistor(voltage, np.array(current), 27.0)
    assert (fit.slope_factor, fit.i_spec) == pytest.approx((1.4, 3e-7), rel=2e-3)
    assert fit.error < 2e-3
    steeper = 1e-10 * np.exp(60 * (voltage - 0.2) ** 2)
    assert fit_transistor(voltage, steeper, 27.0).error > 0.03


def transistor_level(folder: Path, bias: float, voltage: Any) -> Any:
    """Output of pairs with their load and tail, written down a second time."""
    size = "w=4u l=4u"
    lines = [".temp 27", "Vdd vdd 0 1.8"]
    for k, v in enumerate(voltage):
        lines += [
            f"Vp{k} p{k} 0 {0.9 + v / 2:.9g}",
            f"Vn{k} n{k} 0 {0.9 - v / 2:.9g}",
            f"M1{k} a{k} p{k} t{k} 0 nch {size}",
        ]
        lines += [
            f"M2{k} o{k} n{k} t{k} 0 nch {size}",
            f"M3{k} t{k} r{k} 0 0 nch {size}",
            f"M4{k} r{k} r{k} 0 0 nch {size}",
        ]
        lines += [f"M5{k} a{k} a{k} vdd vdd pch {size}", f"M6{k} o{k} a{k} vdd vdd pch {size}"]
        lines += [f"I1{k} vdd r{k} {bias:g}", f"Vo{k} o{k} 0 0.9"]
    names = [f"i(Vo{k})" for k in range(len(voltage))]
    return run_deck(lines, ["op"], names, Models(write(folder), None))[0]


@pytest.mark.parametrize("bias", ["1 nA", "10 nA", "100 nA", "1 uA"])
def test_a_pair_is_within_3_percent_of_transistor_level(bias: str, tmp_path: Path) -> None:
    found = extracted(tmp_path, bias=bias)
    figures, amps = found.figures, AMPS[bias]
    # At points that were not fitted.
    at = figures["full_scale_v"] * np.array([-2.3, -0.77, -0.11, 0.23, 1.01, 2.6])
    theirs = transistor_level(tmp_path, amps, at) / amps
    run = read_run("analog-mnist-small", found.words)
    assert run.analog is not None

    def ours(inversion: float) -> Any:
        out = np.empty((1, at.size))
        v = (at - figures["offset_v"]) / figures["full_scale_v"]
        ekv_pair(
            v[None], np.full(at.size, figures["tail"]), *pair_curve(inversion, figures["asymmetry"]), out
        )
        return out[0]

    assert np.abs(ours(run.analog.pair_inversion) - theirs).max() / figures["tail"] < 0.03
    # The control: a pair far in strong inversion, of the same V₀, is not within 3 %.
    assert np.abs(ours(1e4) - theirs).max() / figures["tail"] > 0.03


def test_a_mirror_and_its_mismatch(tmp_path: Path) -> None:
    found = extracted(tmp_path, kind="mirror", draws=400)
    figures = found.figures
    size = "w=4u l=4u"
    deck = [f"M1 d d 0 0 nch {size}", f"M2 o d 0 0 nch {size}", "Vdd v 0 1.8", "I1 v d 10n", "Vo o 0 0.9"]
    theirs = abs(run_deck(deck, ["op"], ["i(Vo)"], Models(write(tmp_path), None))[0, 0]) / 1e-8
    assert figures["error_gain"] < 0.03 and abs(figures["gain"] / theirs - 1) <= figures["error_gain"]
    # Two transistors of 4 mV·µm / 4 µm, whose g_m/I is that of the fit.
    one = 1e-3 * efficiency(figures["inversion"]) / (figures["slope_factor"] * 0.02585)
    assert figures["sigma_transistor"] == pytest.approx(one, rel=4 / np.sqrt(800) + 0.03)
    assert figures["sigma_gain"] == pytest.approx(np.sqrt(2) * one, rel=4 / np.sqrt(800) + 0.03)
    assert figures["a_vt_mv_um"] == pytest.approx(4, rel=4 / np.sqrt(800) + 0.03)
    # A run on what was written has the σ that was drawn.
    run = read_run("analog-mnist-small", found.words)
    assert run.analog is not None
    assert spreads(run.analog.mismatch)[0].sigma == pytest.approx(figures["sigma_transistor"], rel=1e-3)


@pytest.mark.parametrize("bias", ["100 nA", "1 uA"])
def test_a_mirror_is_within_3_percent_of_transistor_level(bias: str, tmp_path: Path) -> None:
    found = extracted(tmp_path, kind="mirror", bias=bias)
    amps, signals = AMPS[bias], np.array([0.33, 0.47, 0.81, 1.3, 2.1, 3.1])  # that were not fitted
    deck = ["Vdd v 0 1.8"]
    for k, s in enumerate(signals):
        deck += [f"M1{k} d{k} d{k} 0 0 nch w=4u l=4u", f"M2{k} o{k} d{k} 0 0 nch w=4u l=4u"]
        deck += [f"I{k} v d{k} {s * amps:.9g}", f"Vo{k} o{k} 0 0.9"]
    theirs = (
        np.abs(run_deck(deck, ["op"], [f"i(Vo{k})" for k in range(6)], Models(write(tmp_path), None)))[0]
        / amps
    )
    run = read_run("analog-mnist-small", found.words)
    assert run.analog is not None

    def sent(spec: AnalogSpec) -> Any:
        """What a die sends of these signals, with a rail that lets them through."""
        substrate = AnalogSubstrate(layered((6, 2, 1), tied=False), spec, dtype=np.float64)
        curve = substrate.circuit.curve
        out = np.empty((1, 6))
        if curve is None:
            return signals
        ekv_pair(signals[None], np.ones(6), *curve, out)
        return out[0]

    ours = found.figures["gain"] * sent(run.analog)
    assert np.abs(ours / theirs - 1).max() < 0.03
    # The control: of one gain, more than twice as far off, and beyond 3 %.
    constant = found.figures["gain"] * signals
    assert np.abs(constant / theirs - 1).max() > 2 * np.abs(ours / theirs - 1).max()
    assert found.figures["error_constant_gain"] > 0.03


@pytest.mark.parametrize("bias", ["1 nA", "1 uA"])
def test_a_leak_is_within_3_percent_of_transistor_level(bias: str, tmp_path: Path) -> None:
    found = extract(cells(bias=bias, leak="4 um"), "mine.toml", "leak", write(tmp_path), "a test")
    figures, size, library = found.figures, "w=4u l=4u", cells_from_toml(found.library)
    at = library.full_scale * np.array([-2.3, -1.2, -0.4, 0.3, 0.9, 2.4])
    deck = [".temp 27", "Vdd vdd 0 1.8", "Vc c 0 0.9"]
    for k, v in enumerate(at):
        deck += [
            f"M1{k} a{k} c t{k} 0 nch {size}",
            f"M2{k} o{k} o{k} t{k} 0 nch {size}",
            f"M3{k} t{k} r{k} 0 0 nch {size}",
        ]
        deck += [
            f"M4{k} r{k} r{k} 0 0 nch {size}",
            f"M5{k} a{k} a{k} vdd vdd pch {size}",
            f"Vo{k} o{k} 0 {0.9 + v:.9g}",
        ]
        deck += [f"M6{k} o{k} a{k} vdd vdd pch {size}", f"I1{k} vdd r{k} {AMPS[bias]:g}"]
    theirs = -run_deck(deck, ["op"], [f"i(Vo{k})" for k in range(6)], Models(write(tmp_path), None))[0]
    run = read_run("analog-mnist-small", found.words)
    assert run.analog is not None
    unit = AMPS[bias] * figures["tail"] / run.analog.leak.tail  # g_L V₀
    ours = unit * Amplifier(run.analog).current((at - figures["offset_v"]) / library.full_scale)
    tail = AMPS[bias] * figures["tail"]
    assert np.abs(ours - theirs).max() / tail < 0.03
    # The control: a conductance of the same slope is off by more than half of the tail.
    linear = unit * ((at - figures["offset_v"]) / library.full_scale + run.analog.leak.asymmetry)
    assert np.abs(linear - theirs).max() > tail / 2
    assert library.cells["leak"].source == found.source and library.cells["synapse"].source != found.source


def test_a_leak_that_does_not_fit_is_refused_with_the_figure(tmp_path: Path) -> None:
    short = CARDS.replace("pclm=0.2", "pclm=2").replace("eta0=0.01", "eta0=0.2")
    with pytest.raises(ConfigError, match=r"mine.toml: cells.leak: does not fit .*% off at most, 1 % are"):
        extract(
            cells(leak="0.15 um", bias="1 uA", within_percent=1.0), "mine.toml", "leak", write(tmp_path, short), ""
        )  # fmt: skip


def test_statistics_of_the_models_are_drawn(tmp_path: Path) -> None:
    asked: dict[str, Any] = {
        "kind": "mirror",
        "nmos": "nsub",
        "pmos": "psub",
        "subcircuit": True,
        "a_vt": None,
    }
    figures = extracted(tmp_path, DRAWN, draws=400, **asked).figures
    assert figures["a_vt_mv_um"] == pytest.approx(5, rel=4 / np.sqrt(800) + 0.03)
    # Another seed is another draw, the same one the same.
    again, other = (extracted(tmp_path, DRAWN, draws=40, seed=s, **asked).figures for s in (1, 2))
    assert again == extracted(tmp_path, DRAWN, draws=40, **asked).figures != other
    with pytest.raises(ConfigError) as told:
        extracted(tmp_path, kind="mirror", a_vt=None)
    assert str(told.value) == (
        "mine.toml: extract.a_vt: is missing: the models draw no mismatch of their own; give a_vt (and a_beta) of one "
        "transistor"
    )


def test_cells_are_written_with_their_source(tmp_path: Path) -> None:
    found = extracted(tmp_path)
    library = cells_from_toml(found.library)
    assert library.full_scale == pytest.approx(found.figures["full_scale_v"], rel=1e-4)
    source = library.cells["synapse"].source
    assert source == found.source
    assert source.startswith("ngspice-") and "on cards.lib (sha256 " in source
    assert source.endswith("nch, pch, 4 × 4 µm at 10 nA and 27 °C, 40 draws of seed 1; fits within "
                           f"{100 * found.figures['error_gm']:.2g} % and {100 * found.figures['error_pair']:.2g} %; "
                           "`a test`")  # fmt: skip
    # Extracted warm, it gives that full scale at that temperature.
    warm = extracted(tmp_path, celsius=85.0)
    path = tmp_path / "warm.toml"
    path.write_text(warm.library, encoding="utf-8")
    words = [f"analog.cells={path}", "analog.conditions.celsius=85", *warm.words]
    run = read_run("analog-mnist-small", words)
    assert run.analog is not None and run.analog.library is not None
    assert run.analog.library.full_scale == pytest.approx(warm.figures["full_scale_v"], rel=1e-3)
    assert run.analog.pair_inversion == pytest.approx(warm.figures["inversion"], rel=1e-3)


def test_a_cell_that_does_not_fit_is_refused_with_the_figure(tmp_path: Path) -> None:
    bent = CARDS.replace(
        "nfactor=1.2", "nfactor=1.2 cdscd=0.05"
    )  # the slope changes with the output's voltage
    asked: dict[str, Any] = {"kind": "mirror", "size": "0.15 um"}
    with pytest.raises(ConfigError) as told:
        extracted(tmp_path, bent, within_percent=1.0, **asked)
    said = str(told.value)
    assert (
        said.startswith("mine.toml: cells.synapse: does not fit the law of a mirror: ")
        and "1 % are allowed (extract.within_percent)" in said
    )
    # The control: with 3 % allowed it is taken, with the same figure.
    loose = extracted(tmp_path, bent, **asked).figures
    assert loose["error_gain"] > 0.01 and f"{100 * loose['error_gain']:.2g} % off at most" in said
    with pytest.raises(ConfigError, match=r"would lose 11 % of its gain when the current rises e-fold"):
        extracted(tmp_path, CARDS.replace("eta0=0.01", "eta0=2"), **asked)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("vth0=0.45", "vth0=abc", "cards.lib: line 2: is rejected by ngspice: Undefined parameter [abc]"),
        (
            "nmos level=14",
            "nmos level=99",
            "cards.lib: line 2: is rejected by ngspice: Only MOS device levels 1-6,8-10,14,49,54-58,60,68,73 are "
            "supported in this binary",
        ),
        (".model nch", ".model other", "cards.lib: is rejected by ngspice: could not find a valid modelname"),
    ],
)
def test_cards_that_ngspice_rejects(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    assert CARDS.count(old) == 1
    with pytest.raises(ConfigError) as told:
        extracted(tmp_path, CARDS.replace(old, new))
    assert str(told.value) == f"{tmp_path.resolve()}/{sentence}"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"nmos": None}, "mine.toml: extract.nmos: is missing; it names a model of the file"),
        ({"pmos": None}, "mine.toml: extract.pmos: is missing; the load of a pair is of it"),
        ({"bias": "10 nV"}, 'mine.toml: extract.bias: expected a current such as "10 nA", got "10 nV"'),
        ({"nmos": "n\n.shell"}, "mine.toml: extract.nmos: must be a name of letters, digits, _ and ., got"),
        ({"draws": 1}, "mine.toml: extract.draws: must be 2 to 10000, got 1"),
        ({"draws": 10**9}, "mine.toml: extract.draws: must be 2 to 10000, got 1000000000"),
        ({"celsius": -300.0}, "mine.toml: extract.celsius: must be −55 to 150 °C, got -300"),
        ({"unit": "0 m"}, "mine.toml: extract.unit: must be positive, got 0 m"),
        ({"nmoss": "a"}, "mine.toml: extract.nmoss: unknown key; did you mean 'nmos'?"),
        (
            {"kind": "differential-pair", "bias": "1 A"},
            "mine.toml: extract.bias: must lie where the gate reaches it",
        ),
    ],
)
def test_requests_that_cannot_be(asked: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    text = cells(**asked).replace("n\n.shell", "n\\n.shell")
    with pytest.raises(ConfigError) as told:
        extract(text, "mine.toml", "synapse", write(tmp_path), "a test")
    assert str(told.value).startswith(sentence)


def test_other_cells_are_not_extracted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as told:
        extract(cells(), "mine.toml", "hold", write(tmp_path), "a test")
    assert str(told.value) == "--cell: must be synapse or leak, got hold"
    with pytest.raises(ConfigError, match=r"nowhere.lib: no such file"):
        extract(cells(), "mine.toml", "synapse", Path("nowhere.lib"), "a test")


def test_without_ngspice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngspice.shutil, "which", lambda name: None)
    with pytest.raises(CapabilityError, match=r"ngspice: is not installed, and cells are extracted with it"):
        extracted(tmp_path)
