"""A die: drawn once, the same for the same seed, and as spread as was asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy import stats

from neurochip.analog.die import DEAD, STUCK
from neurochip.analog.die_file import read_die, write_die
from neurochip.analog.drawing import draw_die, drawn_sigmas
from neurochip.analog.spread import spreads
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MISMATCH_KINDS, DefectsSpec, MismatchSpec
from neurochip.durable.seal import sealed
from neurochip.errors import ConfigError, DataError
from neurochip.network import layered
from neurochip.substrate import Phase
from neurochip.training.streams import glorot

NETWORK = layered((30, 40, 20, 10), tied=False)
X = np.random.default_rng(3).random((5, 30))


def spec(die: int = 1, **mismatch: Any) -> AnalogSpec:
    return AnalogSpec(die=die, mismatch=MismatchSpec(**mismatch))


def settled(what: AnalogSpec) -> Any:
    substrate = AnalogSubstrate(NETWORK, what)
    substrate.load(glorot(NETWORK, 2))
    substrate.begin(X, np.arange(5, dtype=np.uint64))
    substrate.run(Phase.FREE, 40)
    return substrate.voltages()


def test_no_mismatch_is_the_ideal_chip_bit_for_bit() -> None:
    ideal = settled(spec())
    assert np.any((ideal > 0) & (ideal < 1))
    for die in (1, 2, 77):
        np.testing.assert_array_equal(settled(spec(die, sigma=0.0)), ideal)
    assert np.abs(settled(spec(sigma=0.1)) - ideal).max() > 0.01


def test_same_seed_same_die() -> None:
    first, again, other = (draw_die(NETWORK, spec(die, sigma=0.3)) for die in (5, 5, 6))
    assert first.digest == again.digest != other.digest
    assert draw_die(NETWORK, spec(5, sigma=0.3), twin=True).digest != first.digest


def test_another_sigma_is_the_same_draw_scaled() -> None:
    """Common random numbers: (ln g + σ²/2)/σ and o/σ are the same standard normal numbers at every σ."""
    small, large = (draw_die(NETWORK, spec(4, sigma=sigma)) for sigma in (0.1, 0.4))
    seen = 0
    for name, arrays in small.families():
        for a, b in zip(arrays, getattr(large, name), strict=True):
            if a is None:
                continue
            seen += 1
            if name.endswith("offset"):
                np.testing.assert_allclose(a / 0.1, b / 0.4, rtol=1e-9, atol=1e-12)
            else:
                np.testing.assert_allclose(
                    (np.log(a) + 0.1**2 / 2) / 0.1, (np.log(b) + 0.4**2 / 2) / 0.4, rtol=1e-9, atol=1e-12
                )
    assert seen == 5 + 5 + 4 * 3


def test_one_kind_moves_no_other() -> None:
    alone = draw_die(NETWORK, spec(4, neuron_gain=0.2))
    among = draw_die(NETWORK, spec(4, sigma=0.2))
    for a, b in zip(alone.neuron_gain, among.neuron_gain, strict=True):
        np.testing.assert_array_equal(a, b)  # type: ignore[arg-type]
    assert alone.synapse_gain == (None,) * 5 and alone.rate == (None,) * 3


@pytest.mark.parametrize("sigma", [0.05, 0.3])
@pytest.mark.parametrize("region", ["sub-threshold", "strong"])
def test_the_drawn_sigma_lies_in_its_confidence_interval(sigma: float, region: str) -> None:
    network = layered((200, 150, 100), tied=False)
    asked = spec(9, sigma=sigma, region=region)
    law = "log-normal" if region == "sub-threshold" else "normal"
    found = drawn_sigmas(draw_die(network, asked), network, law)  # type: ignore[arg-type]
    assert list(found) == list(MISMATCH_KINDS)
    for spread in spreads(asked.mismatch):
        n = 200 * 150 + 2 * 150 * 100 if spread.kind.startswith("synapse") else 250
        # χ² interval of a standard deviation; 99.99 %, since twelve of them are looked at in four cases.
        low, high = np.sqrt(stats.chi2.ppf([5e-5, 1 - 5e-5], n - 1) / (n - 1)) * spread.sigma
        assert low < found[spread.kind] < high, spread


def test_gains_are_log_normal_with_mean_one() -> None:
    network = layered((300, 200, 10), tied=False)
    gain = draw_die(network, spec(2, synapse_gain=0.4)).synapse_gain[0]
    assert gain is not None
    assert gain.mean() == pytest.approx(1, abs=4 * gain.std() / np.sqrt(gain.size))
    assert stats.kstest((np.log(gain).ravel() + 0.08) / 0.4, "norm").pvalue > 1e-3


def test_normal_gains_have_mean_one_and_stay_above_nothing() -> None:
    network = layered((300, 200, 10), tied=False)
    for sigma in (0.1, 3.0):
        gain = draw_die(network, spec(2, sigma=sigma, region="strong")).synapse_gain[0]
        assert gain is not None and gain.min() > 0
        if sigma < 0.2:
            assert gain.mean() == pytest.approx(1, abs=4 * gain.std() / np.sqrt(gain.size))
            assert stats.kstest((gain.ravel() - 1) / sigma, "norm").pvalue > 1e-3


def test_heavy_tails() -> None:
    network = layered((300, 300, 10), tied=False)
    offset = draw_die(network, spec(2, neuron_offset=0.1, synapse_offset=0.1, tails="student-t", freedom=4.0))
    xi = np.concatenate([o.ravel() for o in offset.synapse_offset[:1] if o is not None])
    xi = xi / xi.std()
    # P(|t₄| > 4.24) with unit variance is 0.4 %, that of a normal number 0.00006.
    assert 0.001 < np.mean(np.abs(xi) > 3.5) < 0.02


@pytest.mark.parametrize("freedom", [5.0, 10.0])
def test_heavy_tails_have_the_sigma_that_was_asked_for(freedom: float) -> None:
    network = layered((300, 300, 10), tied=False)
    asked = spec(2, synapse_offset=0.1, tails="student-t", freedom=freedom)
    found = drawn_sigmas(draw_die(network, asked), network)["synapse_offset"]
    # 96 000 draws; the sample variance of t₅ is itself heavy-tailed, hence 5 %.
    assert found == pytest.approx(0.1, rel=0.05)


def test_defects_have_their_shares() -> None:
    network = layered((200, 150, 10), tied=False)
    what = AnalogSpec(
        defects=DefectsSpec(dead_synapses=0.1, stuck_synapses=0.05, dead_neurons=0.2, stuck_neurons=0.1)
    )
    die = draw_die(network, what)
    state = die.synapse_state[0]
    assert state is not None
    assert np.mean(state == DEAD) == pytest.approx(0.1, abs=0.01)
    assert np.mean(state == STUCK) == pytest.approx(0.05, abs=0.01)
    hidden = die.neuron_state[0]
    assert hidden is not None and die.neuron_state[1] is None
    substrate = AnalogSubstrate(network, what)
    parameters = glorot(network, 1)
    substrate.load(parameters)
    effective = substrate.circuit.weights[0]
    assert np.all(effective[state == DEAD] == 0)
    stuck_at = die.stuck_weight[0]
    assert stuck_at is not None
    np.testing.assert_array_equal(effective[state == STUCK], stuck_at.astype(np.float32)[state == STUCK])
    np.testing.assert_array_equal(effective[state == 0], parameters.weights[0].astype(np.float32)[state == 0])
    substrate.begin(np.random.default_rng(1).random((4, 200)), np.arange(4, dtype=np.uint64))
    substrate.run(Phase.FREE, 60)
    voltage = substrate.voltages()[:, :150]
    assert np.all(voltage[:, hidden == DEAD] == 0)
    np.testing.assert_allclose(voltage[:, hidden == STUCK], 1, atol=1e-6)


def _sigma(**how: Any) -> float:
    return spreads(MismatchSpec(**how))[0].sigma


def test_pelgrom() -> None:
    """σ(ln I) = A_VT/(n U_T √WL) below threshold; four times the area halves it; β and edges add in quadrature."""
    thermal = 25.85
    own = {"process": "own", "a_vt": 4.0}
    assert _sigma(**own) == pytest.approx(4 / (1.3 * thermal), rel=1e-12)
    assert _sigma(**own, width_um=2.0, length_um=2.0) == pytest.approx(_sigma(**own) / 2)
    assert _sigma(**own, convention="pair") == pytest.approx(_sigma(**own) * 2**0.5)
    assert _sigma(**own, v_off=3.0, slope_factor=1.5) == pytest.approx(5 / (1.5 * thermal))
    assert _sigma(**own, region="strong", overdrive_mv=100.0) == pytest.approx(2 * 4 / 100)
    assert _sigma(**own, a_beta=2.0, beta_floor=1.0, width_um=4.0, length_um=1.0) == pytest.approx(
        np.sqrt((4 / (1.3 * thermal)) ** 2 / 4 + 0.02**2 / 4 + 0.01**2)
    )
    # IHP: half a percent whatever the area, and 4 and 2 nm of the edges.
    ihp = [3.9 / (1.3 * thermal) / 10, 0.005, 0.004 / 10, 0.002 / 10]
    assert _sigma(process="ihp-sg13g2", width_um=10.0, length_um=10.0) == pytest.approx(np.linalg.norm(ihp))
    # GF180: over the area that acts, 1.1 × 0.85 µm.
    gf = np.hypot(7.148 / (1.48 * thermal), 0.007008) * 0.7071 / np.sqrt(1.1 * 0.85)
    assert _sigma(process="gf180") == pytest.approx(gf)


def test_from_weak_to_strong_inversion() -> None:
    """g_m/I is 1/(n U_T) at a small current and 1/(n U_T √IC) at a large one; V_off fades with it."""
    own = {"process": "own", "a_vt": 4.0, "i_spec_na": 400.0, "width_um": 2.0, "region": "bias"}
    assert _sigma(**own, bias_na=1e-3) == pytest.approx(
        _sigma(process="own", a_vt=4.0, width_um=2.0), rel=1e-5
    )
    strong = 800.0 * 1e4  # an inversion coefficient of 10⁴
    assert _sigma(**own, bias_na=strong) == pytest.approx(
        _sigma(process="own", a_vt=4.0, width_um=2.0) / 100, rel=0.01
    )
    with_offset = own | {"v_off": 8.0}
    assert _sigma(**with_offset, bias_na=1e-3) / _sigma(**own, bias_na=1e-3) == pytest.approx(
        5**0.5, rel=1e-4
    )
    assert _sigma(**with_offset, bias_na=strong) / _sigma(**own, bias_na=strong) == pytest.approx(1, abs=1e-3)
    # V_GS − V_T = 2 n U_T √IC in strong inversion, where both laws must meet.
    overdrive = 2 * 1.3 * 25.85 * 100
    strong_law = _sigma(process="own", a_vt=4.0, width_um=2.0, region="strong", overdrive_mv=overdrive)
    assert _sigma(**own, bias_na=strong) == pytest.approx(strong_law, rel=0.01)


# σ(ln I)·√(WL) of 2000 transistors drawn in ngspice 39.3 from the card of the SKY130 kit (github.com/google/
# skywater-pdk-libs-sky130_fd_pr at f62031a), with all of its mismatch terms: W, L (µm), I (A), σ (µm).
# `python -m benchmarks.sky130_mismatch check PDK --draws 2000`; the smallest V_GS is 0.25 V, the largest 0.7 V.
CARD = [
    (7, 20, 7.9e-11, 0.2110),
    (7, 20, 4.3e-8, 0.1618),
    (7, 20, 1.35e-6, 0.0518),
    (1, 1, 4.42e-11, 0.2324),
    (1, 1, 4.01e-8, 0.1524),
    (1, 1, 1.76e-6, 0.0556),
    (0.45, 6, 1.54e-11, 0.2640),
    (0.45, 6, 4.93e-8, 0.1559),
]


@pytest.mark.parametrize(("width", "length", "current", "drawn"), CARD)
def test_sigma_is_that_of_the_foundrys_card(
    width: float, length: float, current: float, drawn: float
) -> None:
    size = {"width_um": width, "length_um": length, "region": "bias", "bias_na": 1e9 * current}
    root = np.sqrt(width * length)
    assert _sigma(process="sky130", **size) * root == pytest.approx(drawn, rel=0.1)
    # The threshold alone, as the law of Pelgrom has it, does not do.
    alone = {"process": "own", "a_vt": 3.356, "i_spec_na": 400.0, "slope_factor": 1.46}
    assert _sigma(**alone, **size) * root != pytest.approx(drawn, rel=0.25)


def test_it_says_where_the_transistors_of_a_card_work() -> None:
    size = {"process": "sky130", "width_um": 7.0, "length_um": 20.0}
    weak, biased = (
        spreads(MismatchSpec(**size, **where))[0].origin  # type: ignore[arg-type]
        for where in ({"region": "sub-threshold"}, {"region": "bias", "bias_na": 43.0})
    )
    assert "sub-threshold, bin " in weak and "nA" not in weak
    assert "43 nA, bin " in biased and "sub-threshold" not in biased


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: MismatchSpec(width_um=0.0), "analog.mismatch.width_um: must be > 0 µm, got 0"),
        (lambda: MismatchSpec(length_um=-1.0), "analog.mismatch.length_um: must be > 0 µm, got -1"),
        (lambda: MismatchSpec(sigma=-0.1), "analog.mismatch.sigma: must be ≥ 0, got -0.1"),
        (
            lambda: MismatchSpec(process="sky13"),
            'analog.mismatch.process: no process "sky13" in the table (sky130, sky130-pfet, ihp-sg13g2, '
            "ihp-sg13g2-pmos, gf180, gf180-pmos, gf180-6v, gf180-6v-pmos, 180nm, 65nm, 28nm, or own with a_vt); "
            "did you mean 'sky130'?",
        ),
        (
            lambda: MismatchSpec(process="own"),
            'analog.mismatch.a_vt: is missing; process = "own" needs it',
        ),
        (
            lambda: MismatchSpec(process="sky130", width_um=0.2),
            "analog.mismatch.width_um: must be a size that the foundry's card has a model for, W 0.36 to 100 and "
            "L 0.15 to 100 µm, got 0.2 × 1",
        ),
        (
            lambda: MismatchSpec(process="gf180", length_um=0.15),
            "analog.mismatch.length_um: must be above 0.15 µm for gf180, got 0.15",
        ),
        (
            lambda: MismatchSpec(region="bias"),
            'analog.mismatch.region: must be "sub-threshold" or "strong" without a process, got "bias"',
        ),
        (
            lambda: MismatchSpec(process="gf180", region="bias"),
            'analog.mismatch.bias_na: is missing; region = "bias" needs the current',
        ),
        (
            lambda: MismatchSpec(process="28nm", region="bias", bias_na=10.0),
            'analog.mismatch.region: cannot be "bias" for 28nm, whose I_spec is not known; take the coefficients as '
            'process = "own"',
        ),
        (
            lambda: MismatchSpec(process="sky130", region="bias", bias_na=1e6),
            "analog.mismatch.bias_na: must give 1e-11 to 1.1e-05 A in a square gate, which the table of the card "
            "reaches, got 0.001",
        ),
        (
            lambda: MismatchSpec(process="gf180", sigma=0.1),
            'analog.mismatch.sigma: comes from process = "gf180" and cannot be set as well; leave it out, or say '
            "sigma = 0",
        ),
        (
            lambda: MismatchSpec(tails="student-t", freedom=2.0),
            "analog.mismatch.freedom: must be > 2, got 2",
        ),
    ],
)
def test_refused(make: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        make()
    assert str(refused.value) == sentence


def test_a_die_that_declares_endless_arrays_is_refused_at_once(tmp_path: Path) -> None:
    net = layered((4, 3, 2))
    path = tmp_path / "die.h5"
    write_die(path, draw_die(net, AnalogSpec()))
    with h5py.File(path, "r+") as file:
        file["neuron_gain"].attrs["length"] = 10**15
    content = path.read_bytes()
    path.write_bytes(content + sealed(content))
    with pytest.raises(
        DataError, match=r"neuron_gain: is damaged or not a die \(must have 0 to 20000 arrays"
    ):
        read_die(path)
