"""Every specification of the catalogue keeps the contract of chips."""

from __future__ import annotations

from neurochip.description.catalogue import built_in
from neurochip.testing import ChipContract


class TestSpecifications(ChipContract):
    specifications = tuple(name for name in built_in("chips") if not name.startswith("loihi"))


class TestLoihi(ChipContract):
    specifications = ("loihi", "loihi-sanafe")
    overrides = ("network.precision=int8",)
    without_energy = {"loihi-sanafe": "readout_word"}


def test_all_are_here() -> None:
    assert {*TestSpecifications.specifications, *TestLoihi.specifications} == set(built_in("chips"))
    assert len(TestSpecifications.specifications) == 3
