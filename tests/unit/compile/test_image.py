"""The image: what it lays out, and a digest that changes whenever it does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from neurochip.compile import ChipImage
from neurochip.description import CodingSpec
from neurochip.elements import OSA, Constant
from neurochip.testing.networks import compiled, small_chip

SIZES = (9, 8, 3)


def image(**how: Any) -> ChipImage:
    arguments: dict[str, Any] = {
        "sizes": SIZES,
        "neuron": CodingSpec(annealer=Constant(0.5)),
        "chip": small_chip(4),
        "precision": "int8",
    }
    return compiled(**(arguments | how))


def test_populations_in_order() -> None:
    found = image()
    assert [(c.population, c.first, c.last) for c in found.cores] == [
        (0, 0, 3),
        (0, 3, 6),
        (0, 6, 9),
        (1, 0, 4),
        (1, 4, 8),
        (2, 0, 3),
    ]
    assert [found.cores_of(p) for p in range(3)] == [(0, 1, 2), (3, 4), (5,)]
    assert [c.size for c in found.cores] == [3, 3, 3, 4, 4, 3]
    assert len({c.site for c in found.cores}) == 6


def test_the_same_twice() -> None:
    assert image().digest == image().digest


OTHERS: dict[str, dict[str, Any]] = {
    "another size": {"sizes": (9, 7, 3)},
    "another layer": {"sizes": (9, 8, 8, 3)},
    "untied": {"tied": False},
    "precision": {"precision": "int7"},
    "floats": {"precision": "float32"},
    "name of the chip": {"chip": small_chip(4, name="other")},
    "cores of another size": {"chip": small_chip(3)},
    "another mesh": {"chip": small_chip(4, mesh=(6, 6, 1))},
    "more state": {"neuron": CodingSpec(annealer=OSA())},
    "traces": {"trace_words": 1},
    "routing": {"chip": small_chip(4, routing="multicast")},
    "header": {"chip": small_chip(4, header_bits=9)},
}


@pytest.mark.parametrize("name", OTHERS)
def test_the_digest_changes(name: str) -> None:
    """Counters of two mappings must not be added: whatever changes a count changes the digest."""
    assert image(**OTHERS[name]).digest != image().digest


def test_nothing_else_matters_to_the_digest() -> None:
    chip = small_chip(4)
    assert image(chip=replace(chip, about="otherwise described")).digest == image().digest
