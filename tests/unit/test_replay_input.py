"""What `replay` refuses: one sentence with place, problem and cure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip import LIF, replay
from neurochip.description import read_chip
from neurochip.errors import (
    CapabilityError,
    ConfigError,
    DataError,
    MappingError,
    NeurochipError,
    NumericError,
)

TICKS = 5
LAYERS = (3, 4, 2)


def good() -> dict[str, Any]:
    """Return the arguments of a replay that works."""
    rng = np.random.default_rng(1)
    return {
        "spikes": [rng.integers(0, 2, size=(TICKS, n), dtype=np.uint8) for n in LAYERS],
        "weights": [rng.integers(-3, 4, size=(3, 4)), rng.integers(-3, 4, size=(4, 2))],
        "chip": "loihi-sanafe",
        "placement": [[0, 0, 1], [7, 8, 7, 9], [127, 0]],
    }


def changed(name: str, at: int | None, value: Any) -> dict[str, Any]:
    """Return these arguments with one, or one entry of one, replaced."""
    arguments = good()
    if at is None:
        arguments[name] = value
    else:
        arguments[name] = [*arguments[name][:at], value, *arguments[name][at + 1 :]]
    return arguments


def spoilt(value: float) -> np.ndarray[Any, Any]:
    raster = np.zeros((TICKS, 4))
    raster[3, 1] = value
    return raster


CASES: list[tuple[str, int | None, Any, type[NeurochipError], str]] = [
    ("spikes", 1, np.zeros((6, 4)), DataError, "spikes[1]: must have shape (5, 4), got (6, 4)"),
    ("spikes", 0, np.zeros((5, 9)), DataError, "spikes[0]: must have shape (ticks, 3), got (5, 9)"),
    ("spikes", 0, np.zeros(5), DataError, "spikes[0]: must have shape (ticks, 3), got (5,)"),
    ("spikes", None, [np.zeros((5, 3))], DataError, "spikes: must have one raster for each layer, 3, got 1"),
    ("spikes", None, [np.zeros((0, n)) for n in LAYERS], DataError, "spikes[0]: must have at least one tick, got none"),
    ("spikes", 1, spoilt(2), DataError, "spikes[1][3, 1]: must be 0 or 1, got 2.0"),
    ("spikes", 1, spoilt(-1).astype(int), DataError, "spikes[1][3, 1]: must be 0 or 1, got -1"),
    ("spikes", 1, spoilt(np.nan), DataError, "spikes[1][3, 1]: must be 0 or 1, got nan"),
    ("spikes", 1, np.full((5, 4), "1"), DataError, "spikes[1]: must hold 0 and 1, got <U1"),
    ("spikes", 1, [[0, 1], [1]], DataError, "spikes[1]: must be an array, got rows of different lengths"),
    ("weights", 1, [[0, 1], [1]], DataError, "weights[1]: must be an array, got rows of different lengths"),
    ("weights", None, [], ConfigError, "weights: must have at least one matrix, got none"),
    ("weights", 0, np.zeros(3), ConfigError, "weights[0]: must have shape (pre, post), got (3,)"),
    ("weights", 1, np.zeros((5, 2)), ConfigError, "weights[1]: must have 4 rows, as weights[0] has columns, got 5"),
    ("weights", 1, np.full((4, 2), "a"), ConfigError, "weights[1]: must hold real numbers, got <U1"),
    ("weights", 1, np.full((4, 2), np.inf), NumericError, "weights[1][0, 0]: must be finite, got inf"),
    ("placement", None, [[0] * 3, [0] * 4], ConfigError,
     "placement: must have one list of cores for each layer, 3, got 2"),
    ("placement", 1, [0] * 5, ConfigError, "placement[1]: must have shape (4,), a core for each neuron, got (5,)"),
    ("placement", 1, [0.5] * 4, ConfigError, "placement[1]: must hold whole numbers, got float64"),
    ("dead_cores", None, [5, 7], MappingError,
     "placement[1][0]: core 7 is dead, and layer 0 sends to it; place its 2 neurons elsewhere"),
    ("dead_cores", None, [1], MappingError,
     "placement[0][2]: core 1 is dead, and its spikes would never leave it; place its 1 neuron elsewhere"),
    ("dead_cores", None, [128], MappingError,
     "dead_cores[0]: loihi-sanafe has no core 128; its cores are 0 to 127"),
    ("dead_cores", None, ["7"], ConfigError, "dead_cores[0]: must be a whole number, got '7'"),
    ("placement", 2, [3, 128], MappingError, "placement[2][1]: loihi-sanafe has no core 128; its cores are 0 to 127"),
    ("placement", 2, [-1, 3], MappingError, "placement[2][0]: loihi-sanafe has no core -1; its cores are 0 to 127"),
    ("timing", None, "tik", ConfigError,
     "timing: must be one of \"tick\", \"analytic\", \"cycle\"; got 'tik'; did you mean 'tick'?"),
    ("neuron", None, "lif", ConfigError, "neuron: must be a LIF, a list of them or None, got str"),
    ("recurrent", None, [None], ConfigError, "recurrent: must have one entry for each layer but the input, 2, got 1"),
    ("recurrent", None, [None, np.zeros((2, 3))], ConfigError, "recurrent[1]: must have shape (2, 2), got (2, 3)"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "at", "value", "kind", "sentence"), CASES, ids=lambda c: str(c)[:40])
def test_refuses(name: str, at: int | None, value: Any, kind: type[NeurochipError], sentence: str) -> None:
    with pytest.raises(kind) as caught:
        replay(**changed(name, at, value))
    assert str(caught.value) == sentence


@pytest.mark.parametrize("timing", ["analytic", "cycle"])
def test_cycles_need_a_clock(timing: str) -> None:
    with pytest.raises(CapabilityError) as caught:
        replay(**{**good(), "chip": "ideal-bits", "timing": timing})
    assert str(caught.value) == (
        f'timing: "{timing}" needs a clock, and ideal-bits has none; use "tick" or another chip'
    )


def test_latencies_need_cycles() -> None:
    with pytest.raises(CapabilityError) as caught:
        replay(**good()).time.latency_percentiles(50)
    assert str(caught.value) == 'latency: is known only with timing="cycle"'


def test_the_untouched_arguments_work() -> None:
    assert replay(**good()).time.ticks == TICKS


def test_a_neuron_needs_only_the_input() -> None:
    arguments = changed("spikes", None, good()["spikes"][:1])
    assert len(replay(**arguments, neuron=LIF(1.0)).spikes) == 3
    with pytest.raises(DataError) as caught:
        replay(**changed("spikes", None, good()["spikes"][:2]), neuron=LIF(1.0))
    assert str(caught.value) == (
        "spikes: must have the input's raster, or one raster for each layer, 3, got 2"
    )


def test_weights_that_the_cores_cannot_hold() -> None:
    arguments = changed("weights", 0, np.full((3, 4), 0.5))
    assert replay(**arguments).counters.packets > 0  # nothing is computed with them
    with pytest.raises(ConfigError) as caught:
        replay(**arguments, neuron=LIF(1.0))
    assert str(caught.value) == (
        "weights: are not whole numbers, and loihi-sanafe has integers of 1 to 9 bits; scale and round them first"
    )
    with pytest.raises(ConfigError) as caught:
        replay(**changed("weights", 0, np.full((3, 4), 256)), neuron=LIF(1.0))
    assert str(caught.value) == (
        "weights: -3 to 256 need 10 bits, and loihi-sanafe has integers of 1 to 9 bits; scale and round them first"
    )
    assert replay(**changed("weights", 0, np.full((3, 4), -256)), neuron=LIF(1.0)).hardware.weight_bits == 9


@pytest.mark.parametrize("neuron", [None, LIF(0.5)])
@pytest.mark.parametrize(
    ("extremes", "bits"),
    [((-128, 3), 8), ((-127, 127), 8), ((0, 128), 9), ((-129, 0), 9), ((-32768, 3), 16), ((-2, 1), 2)],
)
def test_integers_take_the_bits_of_two_s_complement(extremes: Any, bits: int, neuron: LIF | None) -> None:
    """On a chip that also has floating-point weights; they never become those."""
    spikes = [np.ones((3, 1), np.uint8), np.zeros((3, 2), np.uint8)]
    seen = replay(spikes, [np.array([extremes])], "cmos45", neuron=neuron)
    assert (seen.hardware.weight_format, seen.hardware.weight_bits) == (f"int{bits}", bits)
    assert seen.weights == f"int{bits}, given as int64 from {extremes[0]} to {extremes[1]}"
    if neuron is not None:
        expected = np.cumsum(np.full((2, 2), extremes), axis=0)[0] > 0.5
        np.testing.assert_array_equal(seen.spikes[1][1], expected)


@pytest.mark.parametrize("neuron", [None, LIF(1.0)])
def test_integers_that_are_too_wide_are_refused_and_never_become_floats(neuron: LIF | None) -> None:
    spikes = [np.ones((3, 1), np.uint8), np.zeros((3, 2), np.uint8)]
    with pytest.raises(ConfigError) as caught:
        replay(spikes, [np.array([[-32769, 3]])], "cmos45", neuron=neuron)
    assert str(caught.value) == (
        "weights: -32769 to 3 need 17 bits, and cmos45 has float32 and integers of 2 to 16 bits; "
        "scale and round them first, or give them as floating-point numbers"
    )
    seen = replay(spikes, [np.array([[-32769.0, 0.1]])], "cmos45", neuron=neuron)
    assert seen.weights == "float32, given as float64 from -32769 to 0.1, rounded"
    exact = replay(spikes, [np.array([[-32769.0, 0.5]])], "cmos45", neuron=neuron)
    assert exact.weights == "float32, given as float64 from -32769 to 0.5"


def test_values_that_play_no_part_are_said_to() -> None:
    seen = replay(**changed("weights", 0, np.full((3, 4), 0.5)))
    assert seen.weights == "int9, given as float64 and int64 from -3 to 2; their values play no part"


def test_weights_beyond_single_precision() -> None:
    arguments = changed("weights", 0, np.full((3, 4), 1e39)) | {
        "chip": "cmos45",
        "placement": [[0] * 3, [1] * 4, [2] * 2],
    }
    with pytest.raises(NumericError) as caught:
        replay(**arguments, neuron=LIF(1.0))
    assert str(caught.value) == "weights: exceed float32, which is what cmos45 has; scale them first"


def test_a_core_that_is_too_small() -> None:
    rng = np.random.default_rng(2)
    weights = [rng.integers(-100, 100, size=(784, 500)), rng.integers(-100, 100, size=(500, 10))]
    arguments = {"spikes": [np.zeros((2, 784))], "weights": weights, "chip": "loihi", "neuron": LIF(1.0)}
    with pytest.raises(MappingError) as caught:
        replay(placement=[[0] * 784, [4] * 500, [5] * 10], **arguments)
    assert str(caught.value) == (
        "core 4: synapse memory: 3 136 000 bits needed, 1 048 576 present on loihi; put fewer neurons there, "
        "or use narrower weights"
    )
    with pytest.raises(MappingError, match="core 3: neurons: 1 294 needed, 1 024 present"):
        replay(placement=[[3] * 784, [3] * 500, [3] * 10], **arguments)


def test_an_energy_that_is_missing() -> None:
    specification = read_chip("loihi-sanafe")
    energies = type(specification.energies)(
        name="half a table",
        neuron_energy="published",
        note="for a test",
        energies={event: p for event, p in specification.energies.energies.items() if event != "hop_ew"},
    )
    with pytest.raises(
        ConfigError, match=r"half a table: energies\.hop_ew: is missing, and the run has this event"
    ):
        replay(**good(), energies=energies)


def test_a_sum_beyond_its_register() -> None:
    weights = [np.full((70_000, 1), 32_767)]
    with pytest.raises(NumericError) as caught:
        replay([np.zeros((1, 70_000))], weights, "ideal-bits", [[0] * 70_000, [1]], neuron=LIF(1.0))
    assert str(caught.value) == (
        "layer 1: 70000 weights of int16 may sum beyond 32 bits; use narrower weights or fewer inputs"
    )


def test_dead_cores_elsewhere_do_not_matter() -> None:
    sound, some = replay(**good()), replay(**good(), dead_cores=[5, 100])
    assert sound.counters.to_json() == some.counters.to_json()
