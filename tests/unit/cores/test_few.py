"""Clamped neurons that can fire: none is forgotten, none that cannot fire costs work."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.cores.few import fill_up, gather, rename, scatter, show_bits

pytestmark = pytest.mark.interp
FIRST, LAST, SLOTS = 64, 192, 256
NAMES = ("neuron", "value", "previous", "coded", "residue", "second", "bits", "frame", "window", "counts")
KINDS = {
    "neuron": np.uint64,
    "bits": np.uint8,
    "frame": np.uint8,
    "window": np.uint8,
    "counts": np.uint16,
}


def u64(number: int) -> np.uint64:
    return np.uint64(number)


def room(fill: int) -> dict[str, Any]:
    return {name: np.full(SLOTS, fill, KINDS.get(name, np.float32)) for name in NAMES}


def lane(values: dict[int, float]) -> dict[str, Any]:
    arrays = room(0)
    arrays["neuron"][:] = 1000 + np.arange(SLOTS)
    for slot, value in values.items():
        arrays["value"][slot] = value
    return arrays


def gathered(state: dict[str, Any], *, everything: bool = False, at_rest: bool = True, n: int = 0) -> Any:
    axon, few = np.full(SLOTS, 99, np.uint64), room(9)
    wide = [state[name] for name in NAMES[:-1]]
    found = int(
        gather(
            u64(FIRST),
            u64(LAST),
            u64(FIRST),
            u64(n),
            everything,
            at_rest,
            *wide,
            axon,
            *(few[name] for name in NAMES),
        )
    )
    return found, axon, few


def test_only_what_is_not_zero_is_gathered() -> None:
    found, axon, few = gathered(lane({70: 0.25, 71: 1.0, 190: 1e-30, 10: 0.5, 200: 0.5}))
    assert found == 3
    assert axon[FIRST : FIRST + 3].tolist() == [6, 7, 126]
    assert few["value"][FIRST : FIRST + 3].tolist() == [0.25, 1.0, np.float32(1e-30)]
    assert few["neuron"][FIRST : FIRST + 3].tolist() == [1070, 1071, 1190]
    assert few["counts"][FIRST : FIRST + 3].tolist() == [0, 0, 0]
    assert np.all(axon[:FIRST] == 99) and np.all(axon[FIRST + 3 :] == 99)


def test_a_second_core_is_appended() -> None:
    found, axon, _ = gathered(lane({100: 0.5}), n=2)
    assert found == 3 and axon[FIRST + 2] == 36


def test_all_are_gathered_for_an_encoder_that_may_fire_for_nothing() -> None:
    found, axon, _ = gathered(lane({70: 0.25}), everything=True)
    assert found == LAST - FIRST
    assert axon[FIRST:LAST].tolist() == list(range(LAST - FIRST))


@pytest.mark.parametrize("name", ["residue", "coded", "previous", "bits", "frame", "window"])
def test_what_a_neuron_remembers_keeps_it_among_the_few(name: str) -> None:
    state = lane({})
    state[name][80] = 1
    assert gathered(state, at_rest=False)[0] == 1
    assert gathered(state, at_rest=True)[0] == 0


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65])
def test_rows_are_filled_up_to_whole_words(n: int) -> None:
    axon, few = np.full(SLOTS, 5, np.uint64), room(9)
    end = int(fill_up(u64(FIRST), u64(n), u64(127), axon, *(few[name] for name in NAMES)))
    assert end == -(-n // 64) * 64
    for name in NAMES:
        assert np.all(few[name][FIRST + n : FIRST + end] == 0)
        assert np.all(few[name][: FIRST + n] == 9) and np.all(few[name][FIRST + end :] == 9)
    assert np.all(axon[FIRST + n : FIRST + end] == 127)


def test_back_at_their_slots() -> None:
    state = lane({70: 0.25, 100: 1.0})
    found, axon, few = gathered(state)
    for k, name in enumerate(NAMES[2:]):
        few[name][FIRST : FIRST + found] = [10 + k, 20 + k]
    own = [few[name] for name in NAMES[2:]]
    scatter(u64(FIRST), u64(found), axon, *own, *(state[name] for name in NAMES[2:]))
    for k, name in enumerate(NAMES[2:]):
        assert state[name][[70, 100]].tolist() == [10 + k, 20 + k]
        assert np.count_nonzero(state[name]) == 2
    bits = np.zeros(SLOTS, np.uint8)
    show_bits(u64(FIRST), u64(found), axon, few["bits"], bits)
    np.testing.assert_array_equal(bits, state["bits"])


def test_places_become_axons() -> None:
    axon = np.arange(SLOTS, dtype=np.uint64) * u64(3)
    rows = np.arange(SLOTS, dtype=np.uint64) - u64(FIRST)
    rename(rows, u64(FIRST), u64(4), axon)
    assert rows[FIRST : FIRST + 4].tolist() == [192, 195, 198, 201]
    assert rows[FIRST + 4] == 4
