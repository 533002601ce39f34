"""Elements of other packages in the kernels: what is called where a run has none of the built-in ones.

The built-in elements are told apart by opcodes in one compiled kernel. An element of another package is compiled
into kernels of its own, in which `encode`, `decode` or `anneal` is replaced; a run without one never sees them.
Where an opcode would stand, such a kernel is handed the element's constants.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, ParamSpec, TypeVar

import numpy as np

from neurochip.elements.annealers.table import ANNEALERS, anneal
from neurochip.elements.decoders.table import DECODERS, decode
from neurochip.elements.element import Family, constants_of
from neurochip.elements.encoders.table import ENCODERS, encode
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel, calling, kernel, source_digest
from neurochip.kernels.random_bits import NOBODY, uniform

__all__ = ["FAMILIES", "element_argument", "is_plugged", "with_elements"]

P = ParamSpec("P")
R = TypeVar("R")

# Role → all that can stand in it.
FAMILIES = {
    "encoder": Family("encoders", ENCODERS),
    "decoder": Family("decoders", DECODERS),
    "annealer": Family("annealers", ANNEALERS),
}


@kernel
def encoder_step(value: Any, first: Any, second: Any, draw: Any, *constants: Any) -> Any:
    """Stand where the step of an encoder will be called."""
    return False, first, second


@kernel
def decoder_step(drive: Any, value: Any, lam: Any, *constants: Any) -> Any:
    """Stand where the step of a decoder will be called."""
    return value


@kernel
def annealer_step(
    pressure: Any, tick: int, rate: Any, z0: Any, z1: Any, z2: Any, z3: Any, *constants: Any
) -> Any:
    """Stand where the step of an annealer will be called."""
    return rate, z0, z1, z2, z3


@kernel
def _encode(
    constants: Any,
    first: Any,
    last: Any,
    coded: Any,
    residue: Any,
    second: Any,
    neuron: Any,
    key: Any,
    bits: Any,
) -> None:
    for j in range(first, last):
        # Slots that fill up a vector belong to nobody and stay silent, whatever the encoder makes of a 0.
        if neuron[j] != NOBODY:
            fires, residue[j], second[j] = encoder_step(
                coded[j], residue[j], second[j], uniform(key, neuron[j]), *constants
            )
            bits[j] = fires


@kernel
def _decode(constants: Any, first: Any, last: Any, drive: Any, lam: Any, value: Any) -> None:
    for j in range(first, last):
        value[j] = decoder_step(drive[j], value[j], lam, *constants)


@kernel
def _anneal(
    constants: Any,
    first: Any,
    last: Any,
    pressure: Any,
    tick: int,
    rate: Any,
    a: Any,
    b: Any,
    z0: Any,
    z1: Any,
    z2: Any,
    z3: Any,
    sizes: Any,
) -> None:
    for j in range(first, last):
        sizes[j], z0[j], z1[j], z2[j], z3[j] = annealer_step(
            pressure[j], tick, rate, z0[j], z1[j], z2[j], z3[j], *constants
        )


_BUILT_IN: dict[str, Kernel[Any, Any]] = {"encoder": encode, "decoder": decode, "annealer": anneal}
_PLUGGED: dict[str, Kernel[Any, Any]] = {"encoder": _encode, "decoder": _decode, "annealer": _anneal}
_STEP: dict[str, Kernel[Any, Any]] = {
    "encoder": encoder_step,
    "decoder": decoder_step,
    "annealer": annealer_step,
}
_made: dict[tuple[Kernel[Any, Any], tuple[Kernel[Any, Any], ...]], Kernel[Any, Any]] = {}


def is_plugged(role: str, spec: Any) -> bool:
    """Whether an element comes from another package."""
    return type(spec) not in FAMILIES[role].built_in.values()


def element_argument(role: str, spec: Any, dtype: np.dtype[Any]) -> Any:
    """Return what a kernel is told of an element: its opcode, or the constants (T each) of one of another package."""
    if is_plugged(role, spec):
        return tuple(dtype.type(value) for value in constants_of(spec))
    return list(FAMILIES[role].built_in).index(spec.kind)


def with_elements(start: Kernel[P, R], elements: Mapping[str, Any]) -> Kernel[P, R]:
    """Return a kernel in which the elements of other packages are called; itself where there are none.

    Parameters
    ----------
    elements
        Role → Spec, e.g. ``{"encoder": SigmaDelta()}``.
    """
    steps = {
        role: spec.step for role, spec in elements.items() if spec is not None and is_plugged(role, spec)
    }
    if not steps:
        return start
    key = (start, tuple(steps.get(role, _STEP[role]) for role in _STEP))
    if key not in _made:
        instead = {_BUILT_IN[role]: _PLUGGED[role] for role in steps}
        instead |= {_STEP[role]: step for role, step in steps.items()}
        digest = hashlib.blake2b(digest_size=8)
        for role, step in steps.items():
            function: Any = step.function
            where = f"{role} {function.__module__} {function.__qualname__} {function.__code__.co_firstlineno}"
            digest.update(where.encode() + source_digest(function.__module__).encode())
        _made[key] = calling(start, instead, digest.hexdigest())
    return _made[key]


def check_compiles(role: str, spec: Any, dtype: np.dtype[Any], place: str) -> None:
    """Raise `ConfigError` at ``place`` if the step of an element cannot be compiled, or not be run as it is."""
    if not is_plugged(role, spec):
        return
    one, few = dtype.type(0), element_argument(role, spec, dtype)
    arguments = {
        "encoder": (one, one, one, 0.5),
        "decoder": (one, one, dtype.type(1)),
        "annealer": (one, 1, one, one, one, one, one),
    }[role]
    try:
        found = spec.step(*arguments, *few)
    except Exception as error:  # of numba, when it compiles, or of the function, when nothing is compiled
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        telling = next((line for line in lines if not line.startswith("Failed in")), type(error).__name__)
        raise ConfigError(
            place,
            f"the step of {type(spec).__name__} does not work on {dtype} state ({telling}); "
            "subclass the contracts of neurochip.testing to see why",
        ) from error
    words = {"encoder": 3, "decoder": 0, "annealer": 5}[role]
    returned = len(found) if isinstance(found, tuple) else 0
    if returned != words:
        wanted = {3: "(fires, first, second)", 0: "one value", 5: "(ε, z0, z1, z2, z3)"}[words]
        raise ConfigError(place, f"the step of {type(spec).__name__} must return {wanted}, got {found!r}")
