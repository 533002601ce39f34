"""Inputs that can fire: none is forgotten, none that cannot fire costs work."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.cores.arrays import Compacted
from neurochip.cores.compaction import compact, rename, show_bits, spread

pytestmark = pytest.mark.interp
FIRST, LAST, SLOTS, WORDS = 64, 192, 256, 5


def u64(number: int) -> np.uint64:
    return np.uint64(number)


def room(fill: int) -> Compacted:
    def slots(dtype: Any) -> Any:
        return np.full(SLOTS, fill, dtype)

    return Compacted(
        n=np.zeros(3, np.uint64),
        axon=slots(np.uint64),
        neuron=slots(np.uint64),
        words=np.full((WORDS, SLOTS), fill, np.float32),
        bits=slots(np.uint8),
        reference=slots(np.uint8),
        window=slots(np.uint8),
        counts=slots(np.uint16),
    )


def sample(values: dict[int, float]) -> dict[str, Any]:
    words = np.zeros((WORDS, SLOTS), np.float32)
    for slot, value in values.items():
        words[0, slot] = value
    axons = LAST - FIRST
    return {
        "neuron": 1000 + np.arange(SLOTS, dtype=np.uint64),
        "words": words,
        "bits": np.zeros(SLOTS, np.uint8),
        "reference": np.zeros(axons, np.uint8),
        "window": np.zeros(axons, np.uint8),
    }


def compacted(state: dict[str, Any], *, at_rest: bool = True) -> tuple[int, Compacted]:
    c = room(9)
    return int(compact(u64(FIRST), u64(LAST), at_rest, *state.values(), c)), c


def test_only_what_is_not_zero_is_taken() -> None:
    n, c = compacted(sample({70: 0.25, 71: 1.0, 190: 1e-30, 10: 0.5, 200: 0.5}))
    assert n == 64
    assert c.axon[FIRST : FIRST + 3].tolist() == [6, 7, 126]
    assert c.words[0, FIRST : FIRST + 3].tolist() == [0.25, 1.0, np.float32(1e-30)]
    assert c.neuron[FIRST : FIRST + 3].tolist() == [1070, 1071, 1190]
    # Filled up with an axon that is no neuron, and with nothing but zeros.
    rest = slice(FIRST + 3, FIRST + 64)
    assert np.all(c.axon[rest] == LAST - FIRST - 1)
    for array in (c.words[:, rest], c.bits[rest], c.reference[rest], c.window[rest], c.counts[rest]):
        assert not array.any()
    for array in (c.axon, c.neuron, c.bits, c.counts):
        assert np.all(array[:FIRST] == 9) and np.all(array[FIRST + 64 :] == 9)


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65])
def test_it_takes_whole_words(n: int) -> None:
    found, _ = compacted(sample({FIRST + k: 0.5 for k in range(n)}))
    assert found == 64 * max(1, -(-n // 64))


@pytest.mark.parametrize("name", ["1", "3", "bits", "reference", "window"])
def test_what_a_neuron_remembers_keeps_it(name: str) -> None:
    state = sample({})
    if name.isdigit():
        state["words"][int(name), 80] = 1
    else:
        state[name][80 if name == "bits" else 80 - FIRST] = 1
    _, c = compacted(state, at_rest=False)
    assert c.axon[FIRST] == 80 - FIRST
    _, c = compacted(state, at_rest=True)
    assert c.axon[FIRST] == LAST - FIRST - 1


@pytest.mark.parametrize("direct", [True, False])
def test_back_at_their_slots(direct: bool) -> None:
    state = sample({70: 0.25, 100: 1.0})
    _, c = compacted(state)
    c.words[1:, FIRST : FIRST + 2] = [[11, 21], [12, 22], [13, 23], [14, 24]]
    for array, pair in ((c.bits, (1, 0)), (c.counts, (7, 8)), (c.reference, (0, 1)), (c.window, (2, 3))):
        array[FIRST : FIRST + 2] = pair
    counts = np.zeros(SLOTS, np.uint16)
    words, bits = state["words"], state["bits"]
    spread(u64(FIRST), u64(2), direct, c, words, bits, state["reference"], state["window"], counts)
    assert words[:, [70, 100]].T.tolist() == [[0.25, 11, 12, 13, 14], [1, 21, 22, 23, 24]]
    assert counts[[70, 100]].tolist() == ([7, 8] if direct else [0, 0])
    assert state["window"][[6, 36]].tolist() == [2, 3] and state["reference"][[6, 36]].tolist() == [0, 1]
    shown = np.zeros(SLOTS, np.uint8)
    show_bits(u64(FIRST), u64(2), c.axon, c.bits, shown)
    assert shown[70] == 1 and shown.sum() == 1
    assert bits.sum() == (1 if direct else 0)


def test_places_become_axons() -> None:
    axon = np.arange(SLOTS, dtype=np.uint64) * u64(3)
    rows = np.arange(SLOTS, dtype=np.uint64) - u64(FIRST)
    rename(rows, u64(FIRST), u64(4), axon, u64(FIRST))
    assert rows[FIRST : FIRST + 4].tolist() == [192, 195, 198, 201]
    assert rows[FIRST + 4] == 4
