"""Elements that other packages bring: what a Spec has to have, and what its kernel is handed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from neurochip import plugins
from neurochip.elements.cost import HardwareCost
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel
from neurochip.plugins import Plugin

__all__ = ["Element", "Family", "constants_of", "element_fault", "try_step"]


@runtime_checkable
class Element(Protocol):
    """An encoder, decoder or annealer of another package: a frozen dataclass with these on its class.

    Its fields are the keys of a run file, of type `float`, `int`, `bool`, `str` or `Literal`; ``lam`` is λ, spelled
    ``lambda`` in files, and works as that of the built-in elements does.

    Attributes
    ----------
    kind
        The name in run files, the same as that of the entry point.
    hardware
        What one step costs, per neuron and tick.
    step
        One tick of one neuron, on scalars; T is the format of the state, float32 or float64, and ``*constants`` are
        those of `constants_of`, as T. An encoder takes ``(value, first, second, draw, *constants)``, its two words of
        state and a number in [0, 1) that no other neuron or tick gets, and returns (whether it fires, first, second).
        A decoder takes ``(drive, value, lam, *constants)`` and returns the value. An annealer takes
        ``(pressure, tick, rate, z0, z1, z2, z3, *constants)`` and returns (ε, z0, z1, z2, z3). State is 0 at rest.
    """

    kind: ClassVar[str]
    hardware: ClassVar[HardwareCost]
    step: ClassVar[Kernel[..., object]]


def constants_of(spec: Any) -> tuple[float, ...]:
    """Return the numbers that a step takes after its state: ``spec.constants``, or else all fields that are numbers.

    An element whose step needs ½ or 1 has them here too: a literal ``0.5`` would make float32 sums float64.
    """
    own = getattr(spec, "constants", None)
    if own is None:
        own = [getattr(spec, field.name) for field in dataclasses.fields(spec) if field.name != "lam"]
        own = [value for value in own if isinstance(value, int | float)]
    return tuple(float(value) for value in own)


def element_fault(cls: object) -> str | None:
    """Return what keeps a class from being an element, as the end of a sentence; `None` if nothing does."""
    if not (isinstance(cls, type) and dataclasses.is_dataclass(cls)):
        return f"must be a frozen dataclass, not {cls!r}"
    if not cls.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return f"must be a frozen dataclass; {cls.__name__} is not frozen"
    for name, kind in (("kind", str), ("hardware", HardwareCost), ("step", Kernel)):
        value = getattr(cls, name, None)
        if not isinstance(value, kind):
            what = "function marked @kernel" if kind is Kernel else kind.__name__
            return f"must have a class attribute {name}, a {what}; {cls.__name__} has {value!r}"
    return plugins.fields_fault(cls, but="lam")


def try_step(
    spec: Any,
    given: tuple[object, ...],
    dtype: np.dtype[np.generic],
    place: str,
    *,
    words: int,
    wanted: str,
    why: str,
) -> None:
    """Raise `ConfigError` at ``place`` if the step of a Spec cannot be compiled or run, or returns something else.

    Parameters
    ----------
    given
        Arguments of one step, whose state is of ``dtype``.
    words, wanted
        How many values it has to return, 0 for one that is no tuple; what they are.
    why
        The contract that shows why a step does not work.
    """
    name = type(spec).__name__
    try:
        found = spec.step(*given)
    except Exception as error:  # of numba, when it compiles, or of the function, when nothing is compiled
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        telling = next((line for line in lines if not line.startswith("Failed in")), type(error).__name__)
        raise ConfigError(
            place,
            f"the step of {name} does not work on {dtype} state ({telling}); subclass {why} to see why",
        ) from error
    if (len(found) if isinstance(found, tuple) else 0) != words:
        raise ConfigError(place, f"the step of {name} must return {wanted}, got {found!r}")


class Family(Mapping[str, Any]):
    """Name → Spec class of all encoders, decoders, annealers or neurons: the built-in ones, then those of packages.

    Iterating and asking whether there is a name import nothing; getting one does.

    Parameters
    ----------
    group
        ``"encoders"``, ``"decoders"``, ``"annealers"`` or ``"neurons"``.
    built_in
        Those that come with neurochip.
    fault
        Says what keeps a class from this family, over and above what `element_fault` does.
    """

    def __init__(
        self, group: str, built_in: Mapping[str, type], fault: Callable[[object], str | None] | None = None
    ) -> None:
        self.group, self.built_in, self._fault = group, built_in, fault

    def __iter__(self) -> Iterator[str]:
        return iter(plugins.names(self.group, self.built_in))

    def __len__(self) -> int:
        return len(plugins.names(self.group, self.built_in))

    def __contains__(self, name: object) -> bool:
        return name in plugins.names(self.group, self.built_in)

    def __getitem__(self, name: str) -> Any:
        plugin = plugins.find(self.group, name, self.built_in, "")
        return self.built_in[name] if plugin is None else self.plugged(plugin)

    def fault(self, cls: object) -> str | None:
        """Return what keeps a class out of this family, as the end of a sentence; `None` if nothing does."""
        found = element_fault(cls)
        return self._fault(cls) if found is None and self._fault is not None else found

    def plugin(self, name: str) -> Plugin | None:
        """Return who brings an element, `None` for a built-in one."""
        return None if name in self.built_in else plugins.find(self.group, name, self.built_in, "")

    def takes(self, spec: object) -> bool:
        """Whether an object made in Python can stand in this role."""
        return type(spec) in self.built_in.values() or self.fault(type(spec)) is None

    def usable(self) -> dict[str, Any]:
        """Return the classes that can be imported; `neurochip doctor` says what is wrong with the others."""
        found: dict[str, Any] = {}
        for name in self:
            try:
                found[name] = self[name]
            except ConfigError:
                continue
        return found

    def plugged(self, plugin: Plugin) -> Any:
        """Import the Spec class of a plug-in and check it.

        Raises
        ------
        ConfigError
            When it cannot be imported or does not belong here; the place is for the caller to add.
        """
        cls = plugins.load(plugin, "")
        fault = self.fault(cls)
        if fault is None and cls.kind != plugin.name:
            fault = f'must have kind = "{plugin.name}", the name of its entry point; it is "{cls.kind}"'
        if fault is not None:
            raise plugins.unusable(plugin, "", fault)
        return cls
