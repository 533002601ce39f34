"""What a chip specification keeps: it can be read, says where numbers are from, and can carry out and cost a run."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.compile import compile_network
from neurochip.description import ChipSpec, Precision, read_chip, read_run
from neurochip.description.precision import PRECISIONS
from neurochip.errors import ConfigError
from neurochip.network import layered
from neurochip.runs.building import build, check_energies

__all__ = ["ChipContract"]


class ChipContract:
    """Contract of a chip specification.

    Attributes
    ----------
    specifications
        Names of the catalogue or TOML files, at least one.
    overrides
        What a run on these chips has to set, ``key.path=value`` each, e.g. a precision that their cores have.
    without_energy
        Specification → the event that it has no energy for, on purpose: a chip that does not learn.
    """

    specifications: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    without_energy: dict[str, str] = {}

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run every test with each specification."""
        if "specification" in metafunc.fixturenames:
            assert self.specifications, f"{type(self).__name__} names no specifications to test"
            metafunc.parametrize("specification", self.specifications)

    @pytest.fixture
    def chip(self, specification: str) -> ChipSpec:
        return read_chip(specification)

    def formats(self, chip: ChipSpec) -> list[Precision]:
        """Return the formats of weights that the cores have."""
        found = []
        for precision in PRECISIONS:
            try:
                chip.check_weights(precision, "nearest")
            except ConfigError:
                continue
            found.append(precision)
        return found

    def test_it_says_what_it_is_and_where_every_number_is_from(self, chip: ChipSpec) -> None:
        assert chip.name and chip.about
        assert chip.provenance
        assert all(origin.source.strip() for origin in chip.provenance.values())
        assert all(entry.source.strip() for entry in chip.energies.energies.values())
        assert self.formats(chip), "no format of weights fits"

    def test_a_small_network_fits(self, chip: ChipSpec) -> None:
        for precision in self.formats(chip):
            image = compile_network(layered((7, 5, 3)), chip, precision=precision, state_words=4)
            assert sum(core.size for core in image.cores) == 15
            assert [image.network.populations[core.population].name for core in image.cores]

    def test_energies_are_finite(self, chip: ChipSpec) -> None:
        for event, entry in chip.energies.energies.items():
            assert np.isfinite(entry.value_j) and entry.value_j >= 0, event

    def test_energies_are_complete(self, specification: str) -> None:
        """A run of equilibrium propagation does nothing that the chip has no energy for, or is refused for it."""
        overrides = [f"chip={specification}", "network.layers=[784, 12, 10]", *self.overrides]
        run = read_run("mnist-small", overrides)
        if specification not in self.without_energy:
            check_energies(run, build(run))
            return
        with pytest.raises(ConfigError) as caught:
            check_energies(run, build(run))
        assert caught.value.place.endswith(f"energies.{self.without_energy[specification]}")
