"""Random bits: the published generator, evenly spread, and a function of nothing but their name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.kernels.random_bits import mix, tick_key, uniform

pytestmark = [
    pytest.mark.interp,
    # A hash wraps around on purpose; only NumPy's scalars, without compilation, remark on it.
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
]

# SplitMix64 (Steele, Lea & Flood 2014), outputs of the authors' reference code for two seeds.
KNOWN = {
    0: [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC, 0x1B39896A51A8749B],
    1234567: [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ],
}


def hashed(key: int, word: int) -> int:
    return int(mix(np.uint64(key), np.uint64(word)))


@pytest.mark.parametrize("seed", KNOWN)
def test_published_outputs(seed: int) -> None:
    """The n-th output of SplitMix64 is the hash of its seed and n."""
    assert [hashed(seed, n) for n in range(5)] == KNOWN[seed]


def test_words_at_the_end_of_their_range() -> None:
    values = {hashed(key, word) for key in (0, 1, 2**64 - 1) for word in (0, 1, 2**63, 2**64 - 1)}
    assert len(values) > 10
    assert all(0 <= value < 2**64 for value in values)


def test_a_draw_is_the_top_53_bits() -> None:
    for word in range(50):
        assert float(uniform(np.uint64(9), np.uint64(word))) == (hashed(9, word) >> 11) / 2**53


def test_the_key_of_a_tick_names_seed_presentation_and_tick() -> None:
    def key(*words: int) -> int:
        return int(tick_key(*(np.uint64(word) for word in words)))

    assert key(5, 6, 7) == hashed(hashed(5, 6), 7)
    assert len({key(*words) for words in [(5, 6, 7), (6, 5, 7), (5, 7, 6), (7, 6, 5), (5, 6, 8)]}) == 5


def draws(keys: Any, words: Any) -> Any:
    return np.array([float(uniform(np.uint64(k), np.uint64(w))) for k in keys for w in words])


@pytest.mark.parametrize(
    ("keys", "words"),
    [([3], range(8000)), (range(8000), [3]), (range(90), range(90))],
    ids=["words of one key", "keys of one word", "both"],
)
def test_evenly_spread(keys: Any, words: Any) -> None:
    found = draws(keys, words)
    assert found.min() >= 0 and found.max() < 1
    assert found.mean() == pytest.approx(0.5, abs=4 / np.sqrt(12 * found.size))
    assert found.var() == pytest.approx(1 / 12, rel=0.05)
    counts = np.bincount((found * 20).astype(int), minlength=20)
    # Chi-squared of 19 degrees of freedom: above 43.8 once in a thousand.
    assert float(np.sum((counts - found.size / 20) ** 2) / (found.size / 20)) < 43.8


def test_neighbours_are_independent() -> None:
    found = draws(range(80), range(100)).reshape(80, 100)
    for a, b in ((found[:, 1:], found[:, :-1]), (found[1:], found[:-1])):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4 / np.sqrt(a.size)
