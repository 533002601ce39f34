"""What all elements have in common: a Spec that checks itself, and a kernel that keeps to it."""

from __future__ import annotations

import dataclasses
import tomllib
import typing
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import DTypeLike, NDArray

from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import CodingSpec
from neurochip.description.elements import element_table, read_element
from neurochip.description.toml_writer import write_toml
from neurochip.elements import HardwareCost
from neurochip.elements.element import Element, Family, constants_of
from neurochip.elements.stages import FAMILIES, element_constants, stage_of
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel, plain
from neurochip.kernels.random_bits import tick_key
from neurochip.plugins import GROUPS
from neurochip.substrate import Phase
from neurochip.testing.counting import Number
from neurochip.testing.networks import Net, draw_net, fast_chip

__all__ = [
    "FIRST",
    "LAST",
    "NEURONS",
    "OWN",
    "SLOTS",
    "TICKS",
    "ElementContract",
    "key_of",
    "room",
    "untouched",
]

NEURONS, TICKS = 6, 60
FIRST, LAST = np.uint64(2), np.uint64(2 + NEURONS)
SLOTS = NEURONS + 4
OWN = slice(2, 2 + NEURONS)
FORMATS = [np.dtype(np.float64), np.dtype(np.float32)]
_COUNTED = ("additions", "multiplications", "divisions", "comparisons")

Array = NDArray[np.number]


def room(dtype: DTypeLike = np.float64) -> Array:
    """Return slots of which a kernel works on some; the others hold a mark."""
    array = np.zeros(SLOTS, dtype)
    array[: OWN.start] = array[OWN.stop :] = 9
    return array


def untouched(*arrays: Array) -> bool:
    """Whether the marks are still there."""
    return all(np.all(array[: OWN.start] == 9) and np.all(array[OWN.stop :] == 9) for array in arrays)


def key_of(tick: int) -> np.uint64:
    """Return the key of all draws of a tick."""
    return np.uint64(tick_key(np.uint64(3), np.uint64(17), np.uint64(tick)))


class ElementContract:
    """What the emulator relies on; the contracts of encoders, decoders, annealers and neurons go on.

    Attributes
    ----------
    specs
        The Specs to be tested, at least one.
    countable
        Whether the step is made of + − × ÷ and comparisons, so that its cost can be counted.
    """

    specs: tuple[object, ...] = ()
    countable = True
    role = ""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run every test that asks for a spec with each of them."""
        if "spec" in metafunc.fixturenames:
            assert self.specs, f"{type(self).__name__} names no specs to test"
            metafunc.parametrize("spec", self.specs, ids=lambda spec: f"{spec.kind}-{self.specs.index(spec)}")

    def slow(self, spec: Any, draw: Callable[[int], float]) -> Any:
        """Return the same element written a second time, from its paper: one object for one neuron.

        ``draw`` gives the random number of a tick, from 1.
        """
        raise NotImplementedError

    # A test that a subclass does not need to know about runs a kernel over ticks; how, is for the role to say.
    def ran(self, spec: Any, values: Array, kernel: Any, argument: Any, dtype: DTypeLike) -> dict[str, Array]:
        """Return what stood in each array after each tick, [tick, slot]; ``values`` [tick, neuron] go in."""
        raise NotImplementedError

    @property
    def family(self) -> Family:
        """All that can stand in this role."""
        return FAMILIES[self.role]

    def is_foreign(self, spec: object) -> bool:
        """Whether an element comes from another package."""
        return type(spec) not in self.family.built_in.values()

    def chip(self, net: Net, spec: Any, **how: Any) -> DigitalSubstrate:
        """Return an emulated chip with this element in all its neurons."""
        return fast_chip(net, CodingSpec(**{self.role: spec}), **how)

    def kernel(self, spec: Any) -> Kernel[..., object]:
        """Return the kernel that runs the element on a range of neurons."""
        return stage_of(self.role, spec)

    def values(self, seed: int = 1) -> Array:
        """Return inputs [tick, neuron]: random, but for one that is always 0, one always ½, one always 1."""
        drawn = np.random.default_rng(seed).uniform(-0.5, 1.5, (TICKS, NEURONS))
        drawn[:, 0], drawn[:, 1], drawn[:, 2] = 0.0, 0.5, 1.0
        return drawn

    def test_the_spec_is_one(self, spec: Any) -> None:
        """A frozen dataclass with kind and cost; one of another package, with a step, fields of simple types."""
        assert dataclasses.is_dataclass(type(spec))
        assert isinstance(spec.kind, str) and spec.kind
        if self.is_foreign(spec):
            assert self.family.fault(type(spec)) is None
        for field in dataclasses.fields(spec):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(spec, field.name, getattr(spec, field.name))
        assert hash(spec) == hash(dataclasses.replace(spec))

    def test_the_cost_is_declared(self, spec: Element) -> None:
        assert isinstance(spec.hardware, HardwareCost)
        counts = spec.hardware.to_json()
        assert all(isinstance(count, int) and count >= 0 for count in counts.values()), counts

    def test_it_survives_toml(self, spec: Element) -> None:
        """Written out and read again it is equal."""
        text = write_toml({"element": element_table(spec)})
        table = tomllib.loads(text)["element"]
        what = GROUPS[self.family.group]
        assert read_element(table, {spec.kind: type(spec)}, spec.kind, "coding", what=what) == spec

    def test_it_refuses_what_is_no_number(self, spec: Any) -> None:
        hints = typing.get_type_hints(type(spec))
        for field in dataclasses.fields(spec):
            if hints[field.name] is float or field.name == "lam":
                for bad in (float("nan"), float("inf")):
                    with pytest.raises(ConfigError):
                        dataclasses.replace(spec, **{field.name: bad})

    @pytest.mark.parametrize("dtype", FORMATS, ids=str)
    def test_the_kernel_is_its_own_python(self, spec: Element, dtype: np.dtype[np.floating]) -> None:
        """Compiled and not compiled it gives the same, to the last bit: no sum is wider than the state."""
        argument, values = element_constants(spec, dtype), self.values().astype(dtype)
        compiled = self.ran(spec, values, self.kernel(spec), argument, dtype)
        with np.errstate(over="ignore"):
            python = self.ran(spec, values, plain(self.kernel(spec)), argument, dtype)
        for name, array in compiled.items():
            np.testing.assert_array_equal(array, python[name], err_msg=name)

    def test_it_keeps_to_its_slots_and_state_is_finite(self, spec: Element) -> None:
        """Whatever goes in; a kernel that allocates could not even be compiled."""
        argument = element_constants(spec, np.dtype(np.float64))
        for seed in range(3):
            values = self.values(seed) * 10.0 ** (seed - 1)
            for name, array in self.ran(spec, values, self.kernel(spec), argument, np.float64).items():
                assert np.all(np.isfinite(array)), name
                assert all(untouched(row) for row in array), name

    def test_the_declared_cost_is_that_of_the_python(self, spec: Element) -> None:
        """The most that a step does, counted by numbers that count their operations."""
        if not self.countable:
            pytest.skip("its step is made of more than + − × ÷ and comparisons")
        most: Counter[str] = Counter()
        for one in self.of_a_kind(spec):
            for done in self.counted(one):
                most |= done - Counter(self.shared(one))
        declared = {name: getattr(spec.hardware, name) for name in _COUNTED if getattr(spec.hardware, name)}
        assert dict(most) == declared

    def test_the_declared_words_are_those_that_it_writes(self, spec: Element) -> None:
        """Each word of state that a step writes is read in the next one, and kept in between."""
        if not self.countable:
            pytest.skip("its step is made of more than + − × ÷ and comparisons")
        written = max(self.words_written(one) for one in self.specs if type(one) is type(spec))
        cost = spec.hardware
        assert (cost.state_words_read, cost.state_words_written, cost.state_words_kept) == 3 * (written,)

    def words_written(self, spec: object) -> int:
        """Return how many words of a neuron's state some step writes."""
        found = self.ran(
            spec,
            self.values(),
            self.kernel(spec),
            element_constants(spec, np.dtype(np.float64)),
            np.float64,
        )
        return sum(bool(np.any(found[name][:, OWN])) for name in self.state(spec))

    def state(self, spec: object) -> tuple[str, ...]:
        """Return which arrays of `ran` are state, all 0 at rest."""
        raise NotImplementedError

    def of_a_kind(self, spec: object) -> tuple[object, ...]:
        """Return the specs that declare one cost together: the most that any of them does."""
        return (spec,)

    def shared(self, spec: object) -> dict[str, int]:
        """Return operations that are written in the step, but that all neurons of a core share, or that are none."""
        return {}

    def counted(self, spec: object) -> list[Counter[str]]:
        """Return what each of many steps of one neuron did."""
        argument = tuple(Number(value) for value in constants_of(spec))
        arrays = [np.array([Number(0.0)], dtype=object) for _ in range(7)]
        found = []
        with np.errstate(over="ignore"):
            for tick, value in enumerate(self.values().ravel(), start=1):
                arrays[0][0] = Number(float(value))
                Number.done = Counter()
                self.count_one(spec, plain(self.kernel(spec)), argument, tick, arrays)
                found.append(Number.done)
        return found

    def count_one(self, spec: object, python: object, argument: object, tick: int, arrays: list[Any]) -> None:
        """Run one tick of one neuron on arrays of `Number`; the first holds what goes in."""
        raise NotImplementedError

    def test_samples_and_threads_change_nothing(self, spec: Element) -> None:
        """Samples side by side, one at a time, shared by two threads: the same spikes and states."""
        net = draw_net(3, (5, 17, 4), batch=3)

        def settled(threads: int, batch: list[int]) -> tuple[Array, ...]:
            chip = self.chip(net, spec, threads=threads, precision="float32", seed=4)
            chip.begin(net.x[batch], np.array(batch, dtype=np.uint64))
            found = chip.run(Phase.FREE, 12, record=("spikes", "states"))
            return (*found.spikes, *found.states)

        together = settled(1, [0, 1, 2])
        assert any(np.any(array) for array in together), "nothing happened"
        for a, b in zip(together, settled(2, [0, 1, 2]), strict=True):
            np.testing.assert_array_equal(a, b)
        for sample in range(3):
            for a, b in zip(together, settled(1, [sample]), strict=True):
                np.testing.assert_array_equal(a[:, sample : sample + 1], b)

    def test_built_in_and_plugged_share_no_name(self, spec: Element) -> None:
        assert not self.is_foreign(spec) or spec.kind not in self.family.built_in
