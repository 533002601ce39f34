"""From an element to the kernel that runs it on a range of neurons: built-in elements and foreign ones alike.

An element gives either a ``stage``, a kernel on a range of slots, where several short loops are faster, or a ``step``
on scalars, which is put into the loop below for its role.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from neurochip.elements.annealers.table import ANNEALERS
from neurochip.elements.constants import MOST_CONSTANTS
from neurochip.elements.decoders.table import DECODERS
from neurochip.elements.element import Family, constants_of, try_step
from neurochip.elements.encoders.table import ENCODERS
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel, calling, kernel, source_digest
from neurochip.kernels.random_bits import NOBODY, uniform
from neurochip.kernels.types import Float, Index, Real, Vector

__all__ = [
    "FAMILIES",
    "Parts",
    "check_compiles",
    "element_constants",
    "is_foreign",
    "specialised",
    "stage_of",
]

Parts = dict[Any, Kernel[Any, Any]]  # kernel → what is called in its place

# Role → all that can stand in it.
FAMILIES = {
    "encoder": Family("encoders", ENCODERS),
    "decoder": Family("decoders", DECODERS),
    "annealer": Family("annealers", ANNEALERS),
}


@kernel
def _encoder_step(value: Any, first: Index, second: Any, draw: Any, *constants: Any) -> Any:
    """Stand where the step of an encoder will be called."""
    return False, first, second


@kernel
def _decoder_step(drive: Any, value: Any, lam: Real, *constants: Any) -> Any:
    """Stand where the step of a decoder will be called."""
    return value


@kernel
def _annealer_step(
    net: Any,
    tick: int,
    rate: Real,
    z0: Vector[Float],
    z1: Vector[Float],
    z2: Vector[Float],
    z3: Any,
    *constants: Any,
) -> Any:
    """Stand where the step of an annealer will be called."""
    return rate, z0, z1, z2, z3


@kernel
def encode(
    first: Index,
    last: Index,
    coded: Any,
    residue: Any,
    second: Any,
    neuron: Any,
    key: Index,
    constants: tuple[Real, ...],
    bits: Vector[np.uint8],
) -> None:
    """Encode the slots ``first`` … ``last`` − 1 for one tick.

    ``coded``, ``residue``, ``second`` are T[slot], ``neuron`` u64[slot], ``bits`` u8[slot]; ``key`` u64 is the hash of
    (seed, presentation, tick).
    """
    for j in range(first, last):
        # Slots that fill up a vector belong to nobody and stay silent, whatever the encoder makes of a 0.
        if neuron[j] != NOBODY:
            fires, residue[j], second[j] = _encoder_step(
                coded[j], residue[j], second[j], uniform(key, neuron[j]), *constants
            )
            bits[j] = fires


@kernel
def decode(first: Index, last: Index, drive: Any, lam: Real, constants: tuple[Real, ...], value: Any) -> None:
    """Decode the slots ``first`` … ``last`` − 1 for one tick: T[slot] u → T[slot] v."""
    for j in range(first, last):
        value[j] = _decoder_step(drive[j], value[j], lam, *constants)


@kernel
def anneal(
    first: Index,
    last: Index,
    net: Any,
    tick: int,
    rate: Real,
    state: Any,
    constants: tuple[Real, ...],
    sizes: Any,
) -> None:
    """Anneal the slots ``first`` … ``last`` − 1 for one tick.

    ``net`` T[slot] is the net input, ``rate`` ε_t of a schedule or ν_t of OSA, ``state`` T[4, slot]; ``sizes`` T[slot]
    receives ε.
    """
    for j in range(first, last):
        sizes[j], state[0, j], state[1, j], state[2, j], state[3, j] = _annealer_step(
            net[j], tick, rate, state[0, j], state[1, j], state[2, j], state[3, j], *constants
        )


_LOOP: dict[str, Kernel[Any, Any]] = {"encoder": encode, "decoder": decode, "annealer": anneal}
_STEP: dict[str, Kernel[Any, Any]] = {
    "encoder": _encoder_step,
    "decoder": _decoder_step,
    "annealer": _annealer_step,
}
_made: dict[tuple[Any, ...], Kernel[Any, Any]] = {}


def is_foreign(role: str, spec: Any) -> bool:
    """Whether an element comes from another package."""
    return type(spec) not in FAMILIES[role].built_in.values()


def element_constants(spec: Any, dtype: np.dtype[Any]) -> tuple[Any, ...]:
    """Return the constants of an element in the format of the state."""
    return tuple(dtype.type(value) for value in constants_of(spec))


def stage_of(role: str, spec: Any) -> Kernel[Any, Any]:
    """Return the kernel that runs an element on a range of slots, with arguments as of `encode`."""
    stage = getattr(spec, "stage", None)
    if isinstance(stage, Kernel):
        return stage
    return specialised(_LOOP[role], {_STEP[role]: spec.step})


def specialised(
    start: Kernel[Any, Any], instead: Mapping[Kernel[Any, Any], Kernel[Any, Any]]
) -> Kernel[Any, Any]:
    """Return a kernel in which others are called than were written; the same one for the same parts."""
    key = (start, *sorted(instead.items(), key=lambda pair: id(pair[0])))
    if key not in _made:
        _made[key] = calling(start, instead, _mark(instead.values()))
    return _made[key]


def _mark(parts: Iterable[Kernel[Any, Any]]) -> str:
    """Name what a copy depends on: where its parts come from, and the source of foreign ones."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        function: Any = part.function
        where = f"{function.__module__} {function.__qualname__} {function.__code__.co_firstlineno} "
        digest.update(where.encode())
        if function.__module__.partition(".")[0] != __name__.partition(".")[0]:
            digest.update(source_digest(function.__module__).encode())
    return digest.hexdigest()


def check_compiles(role: str, spec: Any, dtype: np.dtype[Any], place: str) -> None:
    """Raise `ConfigError` at ``place`` if the step of an element cannot be compiled, or not be run as it is."""
    if not is_foreign(role, spec):
        return
    if len(constants_of(spec)) > MOST_CONSTANTS:
        raise ConfigError(
            place,
            f"{type(spec).__name__} has {len(constants_of(spec))} constants, and {MOST_CONSTANTS} are the most that "
            "an element may have; work some of them out beforehand and give them as `constants`",
        )
    one = dtype.type(0)
    arguments, words, wanted = {
        "encoder": ((one, one, one, 0.5), 3, "(fires, first, second)"),
        "decoder": ((one, one, dtype.type(1)), 0, "one value"),
        "annealer": ((one, 1, one, one, one, one, one), 5, "(ε, z0, z1, z2, z3)"),
    }[role]
    given = *arguments, *element_constants(spec, dtype)
    try_step(spec, given, dtype, place, words=words, wanted=wanted, why="the contracts of neurochip.testing")
