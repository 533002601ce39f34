"""Quantities with units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.errors import ConfigError
from neurochip.keys.units import DIMENSIONS, format_quantity, parse_bits, parse_quantity


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("35.5 pJ", "energy", 35.5e-12),
        ("23.6pJ", "energy", 23.6e-12),
        ("-1 J", "energy", -1.0),
        ("4 ns", "time", 4e-9),
        ("1 MHz", "frequency", 1e6),
        ("0.9 V", "voltage", 0.9),
        ("26 fJ/bit", "energy per bit", 26e-15),
        ("45 nm", "length", 45e-9),
        ("1.5e3 µA", "current", 1.5e-3),
        ("2 uS", "conductance", 2e-6),
        ("3 kΩ", "resistance", 3e3),
        ("3 \N{OHM SIGN}", "resistance", 3.0),
        (" .5 mW ", "power", 0.5e-3),
        ("7 fF", "capacitance", 7e-15),
    ],
)
def test_quantities_are_correctly_rounded(text, dimension, value):
    assert parse_quantity(text, dimension, "here") == value


@pytest.mark.parametrize(
    ("text", "bits"),
    [("128 KiB", 128 * 8192), ("4 Mibit", 4 * 2**20), ("1 kB", 8000), ("12 bits", 12), ("0.5 KiB", 4096)],
)
def test_memory_is_an_exact_integer(text, bits):
    assert parse_bits(text, "here") == bits
    assert type(parse_bits(text, "here")) is int


@pytest.mark.parametrize(
    ("value", "dimension", "sentence"),
    [
        (35.5, "energy", 'p: has no unit: write an energy such as "35.5 pJ", got 35.5'),
        ("35.5", "energy", 'p: has no unit: write an energy such as "35.5 pJ", got "35.5"'),
        ("4 ns", "energy", 'p: expected an energy such as "35.5 pJ", got "4 ns", which is a time'),
        ("4 jP", "time", 'p: unknown unit "jP" in "4 jP"; write a time such as "4 ns"'),
        ("8 KB", "memory", 'p: unknown unit "KB" in "8 KB"; did you mean "KiB"?'),
        ("many pJ", "energy", 'p: expected an energy such as "35.5 pJ", got "many pJ"'),
        ("nan pJ", "energy", 'p: expected an energy such as "35.5 pJ", got "nan pJ"'),
        ("inf V", "voltage", 'p: expected a voltage such as "0.9 V", got "inf V"'),
        ("1e999 V", "voltage", 'p: is out of range, got "1e999 V"'),
        (True, "energy", 'p: expected an energy such as "35.5 pJ", got True'),
        (None, "energy", 'p: expected an energy such as "35.5 pJ", got None'),
    ],
)
def test_refusals(value, dimension, sentence):
    with pytest.raises(ConfigError) as refused:
        parse_quantity(value, dimension, "p")
    assert str(refused.value) == sentence


def test_part_of_a_bit_is_refused():
    with pytest.raises(ConfigError) as refused:
        parse_bits("0.3 bit", "core.synapse_memory")
    assert str(refused.value) == 'core.synapse_memory: must be a whole number of bits, got "0.3 bit"'


def test_every_example_in_a_message_is_accepted():
    assert len(DIMENSIONS) >= 10
    for dimension, (_, example, _) in DIMENSIONS.items():
        assert parse_bits(example, "p") if dimension == "memory" else parse_quantity(example, dimension, "p")


@given(st.floats(1e-17, 1e13), st.sampled_from(sorted(set(DIMENSIONS) - {"memory"})))
def test_format_then_parse(value, dimension):
    assert parse_quantity(format_quantity(value, dimension), dimension, "p") == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0 J"), (23.6e-12, "23.6 pJ"), (1e-12, "1 pJ"), (1.5, "1.5 J"), (2e-20, "0.02 aJ")],
)
def test_format(value, text):
    assert format_quantity(value, "energy") == text


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text):
    try:
        parse_quantity(text, "energy", "p")
    except ConfigError:
        pass
