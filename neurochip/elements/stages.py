"""From an element to the kernel that runs it on a range of neurons: built-in elements and foreign ones alike.

An element gives either a ``stage``, a kernel on a range of slots, where several short loops are faster, or a ``step``
on scalars, which is put into the loop below for its role.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, ParamSpec, TypeVar

import numpy as np

from neurochip.elements.annealers.table import ANNEALERS
from neurochip.elements.constants import MOST_CONSTANTS
from neurochip.elements.decoders.table import DECODERS
from neurochip.elements.element import Family, constants_of, try_step
from neurochip.elements.encoders.table import ENCODERS
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel, calling, kernel, source_digest
from neurochip.kernels.random_bits import NOBODY, uniform
from neurochip.kernels.types import Flag, Float, Index, Matrix, Number, Real, Vector

__all__ = [
    "FAMILIES",
    "Parts",
    "check_compiles",
    "element_constants",
    "is_foreign",
    "specialised",
    "stage_of",
]

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T", bound=np.generic)

Parts = dict[Kernel[..., object], Kernel[..., object]]  # kernel → what is called in its place

# Role → all that can stand in it.
FAMILIES = {
    "encoder": Family("encoders", ENCODERS),
    "decoder": Family("decoders", DECODERS),
    "annealer": Family("annealers", ANNEALERS),
}


@kernel
def _encoder_step(
    value: Real, first: Real, second: Real, draw: Real, *constants: Real
) -> tuple[Flag, Real, Real]:
    """Stand where the step of an encoder will be called."""
    return False, first, second


@kernel
def _decoder_step(drive: Real, value: Real, lam: Real, *constants: Real) -> Real:
    """Stand where the step of a decoder will be called."""
    return value


@kernel
def _annealer_step(
    net: Real,
    tick: Index,
    rate: Real,
    z0: Real,
    z1: Real,
    z2: Real,
    z3: Real,
    *constants: Real,
) -> tuple[Real, Real, Real, Real, Real]:
    """Stand where the step of an annealer will be called."""
    return rate, z0, z1, z2, z3


@kernel
def encode(
    first: Index,
    last: Index,
    coded: Vector[Float],
    residue: Vector[Float],
    second: Vector[Float],
    neuron: Vector[np.uint64],
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
def decode(
    first: Index,
    last: Index,
    drive: Vector[Number],
    lam: Real,
    constants: tuple[Real, ...],
    value: Vector[Float],
) -> None:
    """Decode the slots ``first`` … ``last`` − 1 for one tick: T[slot] u → T[slot] v."""
    for j in range(first, last):
        value[j] = _decoder_step(drive[j], value[j], lam, *constants)


@kernel
def anneal(
    first: Index,
    last: Index,
    net: Vector[Float],
    tick: Index,
    rate: Real,
    state: Matrix[Float],
    constants: tuple[Real, ...],
    sizes: Vector[Float],
) -> None:
    """Anneal the slots ``first`` … ``last`` − 1 for one tick.

    ``net`` T[slot] is the net input, ``rate`` ε_t of a schedule or ν_t of OSA, ``state`` T[4, slot]; ``sizes`` T[slot]
    receives ε.
    """
    for j in range(first, last):
        sizes[j], state[0, j], state[1, j], state[2, j], state[3, j] = _annealer_step(
            net[j], tick, rate, state[0, j], state[1, j], state[2, j], state[3, j], *constants
        )


_LOOP: dict[str, Kernel[..., object]] = {"encoder": encode, "decoder": decode, "annealer": anneal}
_STEP: dict[str, Kernel[..., object]] = {
    "encoder": _encoder_step,
    "decoder": _decoder_step,
    "annealer": _annealer_step,
}
_made: dict[tuple[object, ...], Any] = {}


def is_foreign(role: str, spec: object) -> bool:
    """Whether an element comes from another package."""
    return type(spec) not in FAMILIES[role].built_in.values()


def element_constants(spec: Any, dtype: np.dtype[T]) -> tuple[T, ...]:
    """Return the constants of an element in the format of the state."""
    return tuple(dtype.type(value) for value in constants_of(spec))


def stage_of(role: str, spec: Any) -> Kernel[..., object]:
    """Return the kernel that runs an element on a range of slots, with arguments as of `encode`."""
    stage = getattr(spec, "stage", None)
    if isinstance(stage, Kernel):
        return stage
    return specialised(_LOOP[role], {_STEP[role]: spec.step})


def specialised(
    start: Kernel[P, R], instead: Mapping[Kernel[..., object], Kernel[..., object]]
) -> Kernel[P, R]:
    """Return a kernel in which others are called than were written; the same one for the same parts."""
    key = (start, *sorted(instead.items(), key=lambda pair: id(pair[0])))
    if key not in _made:
        _made[key] = calling(start, instead, _mark(instead.values()))
    made: Kernel[P, R] = _made[key]
    return made


def _mark(parts: Iterable[Kernel[..., object]]) -> str:
    """Name what a copy depends on: where its parts come from, and the source of foreign ones."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        function: Any = part.function
        where = f"{function.__module__} {function.__qualname__} {function.__code__.co_firstlineno} "
        digest.update(where.encode())
        if function.__module__.partition(".")[0] != __name__.partition(".")[0]:
            digest.update(source_digest(function.__module__).encode())
    return digest.hexdigest()


def check_compiles(role: str, spec: Any, dtype: np.dtype[np.floating], place: str) -> None:
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
