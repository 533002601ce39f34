"""Deviations by place: a gradient, a random field that neighbours share, and what a wafer and a lot have in common."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.analog.die import Die
from neurochip.analog.drawing import draw_die
from neurochip.analog.fields import Field, shift
from neurochip.analog.floorplan import Block, Floorplan, floorplan_of
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.location import LocationSpec
from neurochip.errors import ConfigError, DataError
from neurochip.network import layered

NETWORK = layered((30, 40, 20, 10), tied=False)
BLOCK = Block("an array", 30.0, 20.0, 5, 4, 10.0)
PLAN = Floorplan((BLOCK,), (Block("a row", 30.0, 0.0, 5, 1, 10.0),))


def spec(die: int = 5, sigma: float = 0.3, **location: Any) -> AnalogSpec:
    return AnalogSpec(die=die, mismatch=MismatchSpec(sigma=sigma), location=LocationSpec(**location))


def standard(gain: Any, sigma: float = 0.3) -> Any:
    """Return the number of variance 1 behind a log-normal gain."""
    return (np.log(gain) + sigma**2 / 2) / sigma


def rounded(die: Die) -> str:
    """Return a digest of ten digits of every deviation: the last ones of an exponential differ between processors."""
    digest = hashlib.blake2b(digest_size=8)
    for name, arrays in die.families():
        for k, array in enumerate(arrays):
            if array is not None:
                digest.update(f"{name}.{k}".encode())
                digest.update(" ".join(f"{value:.10g}" for value in array.ravel()).encode())
    return digest.hexdigest()


def test_dies_without_a_place_are_what_they_were() -> None:
    """Digests of the dies of the version before there were places."""
    assert rounded(draw_die(NETWORK, spec())) == "ec1b851a2030a36c"
    by_process = AnalogSpec(die=5, mismatch=MismatchSpec(process="sky130"))
    assert rounded(draw_die(NETWORK, by_process)) == "a61883a9fcedae4b"
    biased = AnalogSpec(die=5, mismatch=MismatchSpec(process="gf180", region="bias", bias_na=10.0))
    assert rounded(draw_die(NETWORK, biased, twin=True)) == "7d63c2349e463de7"
    assert draw_die(NETWORK, spec(gradient=0.1)).digest != draw_die(NETWORK, spec()).digest


def test_what_is_independent_keeps_its_draw() -> None:
    plain = draw_die(NETWORK, spec())
    mixed = draw_die(NETWORK, spec(gradient=0.3, correlated=0.2, correlation_um=80.0))
    plan = floorplan_of(NETWORK, spec())
    seen = 0
    for name, kind, blocks in (
        ("synapse_gain", "synapse_gain", plan.synapses),
        ("rate", "time_constant", plan.neurons),
    ):
        field = Field(LocationSpec(gradient=0.3, correlated=0.2, correlation_um=80.0), plan, 5, kind)
        for before, after, block in zip(getattr(plain, name), getattr(mixed, name), blocks, strict=True):
            placed = np.sqrt(0.3) * field.gradient(block) + np.sqrt(0.2) * field.correlated(block)
            independent = standard(after) - placed.reshape(after.shape)
            np.testing.assert_allclose(independent, np.sqrt(0.5) * standard(before), atol=1e-12)
            seen += 1
    assert seen == 8


def test_a_gradient_is_a_plane_over_all_blocks_of_a_kind() -> None:
    die = draw_die(NETWORK, spec(gradient=1.0))
    plan = floorplan_of(NETWORK, spec())
    places, values = [], []
    for block, gain in zip(plan.synapses, die.synapse_gain, strict=True):
        x, y = np.meshgrid(block.across, block.up)
        places.append(np.column_stack([x.ravel(), y.ravel(), np.ones(x.size)]))
        values.append(standard(gain).ravel())
    matrix, wanted = np.concatenate(places), np.concatenate(values)
    fitted = matrix @ np.linalg.lstsq(matrix, wanted, rcond=None)[0]
    np.testing.assert_allclose(fitted, wanted, atol=1e-9)
    assert wanted.std() > 0.1
    # The second circuit lies on the same plane, further to the right.
    twin = draw_die(NETWORK, spec(gradient=1.0), twin=True)
    moved = plan.twin().synapses[0]
    slope = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
    x, y = np.meshgrid(moved.across, moved.up)
    np.testing.assert_allclose(
        standard(twin.synapse_gain[0]), slope[0] * x + slope[1] * y + slope[2], atol=1e-9
    )


def test_a_gradient_has_the_variance_that_was_asked_for() -> None:
    dies = 2000
    fields = (Field(LocationSpec(gradient=1.0), PLAN, die, "synapse_gain") for die in range(dies))
    squares = np.array([[np.mean(f.gradient(b) ** 2) * b.rows for b in PLAN.blocks] for f in fields])
    mean = squares.sum(axis=1) / 5  # of five rows of five cells
    assert mean.mean() == pytest.approx(1, abs=4 * mean.std() / np.sqrt(dies))


def correlations(length: float, dies: int = 3000) -> Any:
    """Covariance of the cells of `BLOCK` over dies."""
    location = LocationSpec(correlated=1.0, correlation_um=length)
    values = [Field(location, PLAN, die, "synapse_gain").correlated(BLOCK).ravel() for die in range(dies)]
    return np.array(values).T @ np.array(values) / dies


def test_neighbours_share_a_field_whose_correlation_falls_exponentially() -> None:
    x, y = np.meshgrid(BLOCK.across, BLOCK.up)
    points = np.column_stack([x.ravel(), y.ravel()])
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    wanted = np.exp(-distance / 25.0)
    # A covariance of n draws of normal numbers has the standard error √((1 + ρ²)/n); 400 are looked at.
    error = np.sqrt((1 + wanted**2) / 3000)
    limit = 4.5
    assert (np.abs(correlations(25.0) - wanted) / error).max() < limit
    # The controls: with another length, and by the Gaussian law, the same check fails.
    assert (np.abs(correlations(50.0) - wanted) / error).max() > limit
    assert (np.abs(np.exp(-((distance / 25.0) ** 2)) - wanted) / error).max() > limit


def test_kinds_do_not_share_a_field() -> None:
    location = LocationSpec(correlated=0.5, gradient=0.5, correlation_um=1e6)
    drawn = np.array(
        [
            [
                Field(location, PLAN, die, kind).correlated(BLOCK)[0, 0]
                for kind in ("synapse_gain", "neuron_gain")
            ]
            for die in range(2000)
        ]
    )
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 4 / np.sqrt(2000)


@given(
    st.lists(st.integers(1, 12), min_size=2, max_size=5),
    st.booleans(),
    st.floats(0.1, 50),
)
def test_blocks_stand_beside_one_another(sizes: list[int], tied: bool, pitch: float) -> None:
    network = layered(tuple(sizes), tied=tied)
    plan = floorplan_of(network, spec(pitch_um=pitch, gradient=0.5))
    blocks = [*plan.blocks, *plan.twin().blocks]
    assert len(blocks) >= 4
    assert not any(a.overlaps(b) for a, b in itertools.combinations(blocks, 2))
    cells = sum(b.rows * b.columns for b in plan.blocks)
    wanted = sum(network.sizes[p.source] * network.sizes[p.target] for p in network.projections)
    assert cells == wanted + sum(sizes[1:])


def test_the_pitch_of_known_cells() -> None:
    """A synapse of 5 µm² with a store of 10 µm²."""
    plan = floorplan_of(NETWORK, AnalogSpec(cells="sky130-subthreshold"))
    assert plan.synapses[0].pitch == pytest.approx(np.sqrt(15), rel=1e-9)
    assert floorplan_of(NETWORK, AnalogSpec()).synapses[0].pitch == 10


GOOD = "from,to,x_um,y_um\n0,1,0,0\n,1,0,500\n1,2,500,0\n2,1,0,600\n,2,500,500\n"


def read(folder: Path, text: str) -> Floorplan:
    path = folder / "plan.csv"
    path.write_text(text, encoding="utf-8")
    network = layered((8, 6, 4), tied=False)
    return floorplan_of(network, spec(floorplan=str(path), gradient=0.5))


def test_a_floorplan_of_ones_own(tmp_path: Path) -> None:
    plan = read(tmp_path, GOOD)
    assert [(b.x, b.y, b.columns, b.rows) for b in plan.blocks] == [
        (0, 0, 6, 8), (500, 0, 4, 6), (0, 600, 6, 4), (0, 500, 6, 1), (500, 500, 4, 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "1,2,500,0",
            "1,2,59,79",
            "line 4: the synapses from layer 1 to layer 2, 4 × 6 cells of 10 µm, overlap the synapses from layer 0 to "
            "layer 1; move one of them",
        ),
        (",2,500,500\n", "", "plan.csv: does not say where the neurons of layer 2 lie; add a line"),
        ("\n,2,500", "\n,3,500", "line 6: places the neurons of layer 3, which the network does not have"),
        (
            "1,2,500,0",
            "0,1,500,0",
            "line 4: places the synapses from layer 0 to layer 1 a second time; leave",
        ),
        ("1,2,500,0", "1,2,nan,0", "line 4: x_um must be a number of µm, got 'nan'"),
    ],
)
def test_a_floorplan_that_cannot_be(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(DataError) as told:
        read(tmp_path, GOOD.replace(old, new))
    assert sentence in str(told.value)


def test_side_by_side_is_no_overlap(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD.replace("1,2,500,0", "1,2,60,0"))


def test_dies_of_a_wafer_have_a_factor_in_common() -> None:
    how: dict[str, Any] = {"wafer": 0.1, "lot": 0.2, "dies_per_wafer": 3, "wafers_per_lot": 2}

    def common(die: int, kind: str = "time_constant") -> float:
        return shift(LocationSpec(**how), die, kind)

    assert len({common(die) for die in (1, 2, 3)}) == 1
    assert len({common(die) for die in range(1, 13)}) == 4
    lots = [
        shift(LocationSpec(lot=0.2, dies_per_wafer=3, wafers_per_lot=2), d, "saturation")
        for d in range(1, 13)
    ]
    assert len(set(lots)) == 2 and lots[0] == lots[5] != lots[6]
    assert common(1) != common(1, "saturation")
    alone, shifted = (draw_die(NETWORK, spec(die=4, **more)) for more in ({}, how))
    for before, after in zip(alone.rate, shifted.rate, strict=True):
        np.testing.assert_allclose(after, np.exp(common(4)) * before, rtol=1e-12)  # type: ignore[operator]
    for before, after in zip(alone.neuron_offset, shifted.neuron_offset, strict=True):
        np.testing.assert_array_equal(after, before)  # type: ignore[arg-type]
    # Without any other deviation, the factor is all there is.
    only = draw_die(NETWORK, spec(die=4, sigma=0.0, **how))
    assert only.neuron_offset == (None,) * 3
    np.testing.assert_allclose(only.rate[0], np.exp(common(4)) * np.ones(40))  # type: ignore[arg-type]


def test_lots_and_wafers_are_as_spread_as_asked() -> None:
    location = LocationSpec(lot=0.2, wafer=0.1, dies_per_wafer=1, wafers_per_lot=1)
    shifts = np.array([shift(location, die, "synapse_gain") for die in range(1, 2001)])
    assert shifts.std() == pytest.approx(np.hypot(0.1, 0.2), rel=4 / np.sqrt(2 * 2000))


def test_shares_of_more_than_the_whole() -> None:
    with pytest.raises(ConfigError) as told:
        LocationSpec(gradient=0.7, correlated=0.4)
    assert str(told.value) == (
        "analog.location.correlated: and gradient must be at most 1 together, they are shares of σ², got 1.1"
    )
