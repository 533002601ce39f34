"""Values of keys of a chip, as the page and the terminal of an exploration show them."""

from __future__ import annotations

import pytest

from neurochip.report.explorations.metrics import value_words


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("chip.timing.clock", "215443469.003", "215 MHz"),
        ("chip.timing.clock", "200 MHz", "200 MHz"),
        ("chip.energies.hop_ew", "3e-12", "3.00 pJ"),
        ("chip.energies.core_static", "2", "2.00 W"),
        ("chip.core.neurons", "64", "64"),
        ("chip.packet.routing", "multicast", "multicast"),
    ],
)
def test_plain_numbers_have_the_unit_of_their_key(key: str, value: str, words: str) -> None:
    assert value_words(key, value) == words
