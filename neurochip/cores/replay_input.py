"""The arguments of a replay, checked: weights, rasters and placement, each refused with its place in one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.cores.raster import LayeredRaster
from neurochip.description.chip import ChipSpec
from neurochip.description.precision import Precision, word_bits, word_of
from neurochip.elements.connections import Connection, Dense
from neurochip.errors import ConfigError, DataError, MappingError, NumericError

__all__ = [
    "check_register",
    "Weights",
    "checked_raster",
    "core_indices",
    "feedback_weights",
    "recurrent_weights",
    "sampled_raster",
    "stored_as",
    "weight_format",
    "refuse_dead_cores",
    "synapses_of",
]

Array = NDArray[np.number]
Weights = ArrayLike | tuple[Connection, ArrayLike | None]
Synapses = tuple[Connection, Array]
_UNIT = np.ones(1, dtype=np.int8)  # what connectivities without weights have


def _array(values: ArrayLike, where: str) -> Array:
    try:
        return np.asarray(values)
    except ValueError:
        raise DataError(where, "must be an array, got rows of different lengths") from None


def synapses_of(values: Weights, where: str) -> Synapses:
    """Return one projection's connectivity and weights, real numbers; ``where`` names them in errors.

    An array is [pre, post], and every entry is a synapse. Any other connectivity comes with weights of its own shape.
    """
    connection: Connection | None = None
    given: Any = values
    if isinstance(values, tuple) and len(values) == 2 and hasattr(values[0], "deliver"):
        connection, given = values
    if connection is not None and 0 in connection.shape:
        if given is not None and np.size(given):
            raise ConfigError(where, f"must have no weights, {connection.kind} has none of its own")
        return connection, _UNIT[:0]
    held = _array(given, where)
    if connection is None:
        if held.ndim != 2 or 0 in held.shape:
            raise ConfigError(where, f"must have shape (pre, post), got {held.shape}")
        connection = Dense(*held.shape)
    elif held.shape != connection.shape:
        raise ConfigError(
            where, f"must have shape {connection.shape}, that of its {connection.kind}, got {held.shape}"
        )
    if held.dtype.kind not in "iuf":
        raise ConfigError(where, f"must hold real numbers, got {held.dtype}")
    return connection, held


def _joins(made: Synapses, sources: int, targets: int, where: str) -> Synapses:
    """Refuse a projection that does not fit the layers at its ends."""
    connection = made[0]
    if (connection.sources, connection.targets) != (sources, targets):
        found = f"{connection.sources} to {connection.targets}"
        shape = f"({sources}, {targets})"
        if connection.kind == "dense":
            raise ConfigError(where, f"must have shape {shape}, got {made[1].shape}")
        raise ConfigError(
            where, f"must join {sources} units to {targets}, its {connection.kind} joins {found}"
        )
    return made


def recurrent_weights(recurrent: Sequence[Weights | None] | None, sizes: list[int]) -> dict[int, Synapses]:
    """Return layer → its synapses to itself."""
    return _more(recurrent, "recurrent", sizes, {k: k for k in range(1, len(sizes))}, "the input")


def feedback_weights(feedback: Sequence[Weights | None] | None, sizes: list[int]) -> dict[int, Synapses]:
    """Return layer → the synapses that it has from the layer after it."""
    return _more(
        feedback, "feedback", sizes, {k: k + 1 for k in range(1, len(sizes) - 1)}, "the first and the last"
    )


def _more(
    given: Sequence[Weights | None] | None, name: str, sizes: list[int], sources: dict[int, int], but: str
) -> dict[int, Synapses]:
    """Return layer → its synapses from the layer that ``sources`` names; one entry for each layer ``but`` some."""
    if given is None:
        return {}
    if len(given) != len(sources):
        raise ConfigError(
            name, f"must have one entry for each layer but {but}, {len(sources)}, got {len(given)}"
        )
    made: dict[int, Synapses] = {}
    for at, (k, source) in enumerate(sources.items()):
        values, where = given[at], f"{name}[{at}]"
        if values is not None:
            made[k] = _joins(synapses_of(values, where), sizes[source], sizes[k], where)
    return made


def weight_format(
    matrices: list[Array],
    places: list[str],
    chip: ChipSpec,
    *,
    computes: bool,
    cure: str = "scale and round them first",
) -> Precision:
    """Return the narrowest format of the chip that holds all weights as they are.

    Integers are held as integers in two's complement, or refused: they never become floating-point numbers on a chip
    that has integers. Where nothing is computed, values that are no integers stand for words of the widest format.
    """
    smallest, largest, single = 0, 0, True
    there = [(where, matrix) for where, matrix in zip(places, matrices, strict=True) if matrix.size]
    # Where nothing is connected, what kind of numbers the weights would be still decides how neurons compute.
    unit = np.ones(1, np.result_type(*matrices)) if matrices else _UNIT
    matrices = [matrix for _, matrix in there] or [unit]
    for where, matrix in there or [("weights", unit)]:
        low, high = matrix.min(), matrix.max()
        if not (np.isfinite(low) and np.isfinite(high)):
            at = tuple(np.argwhere(~np.isfinite(matrix))[0])
            entry = ", ".join(str(int(i)) for i in at)
            raise NumericError(f"{where}[{entry}]", f"must be finite, got {matrix[at]}")
        single = single and matrix.dtype == np.float32
        smallest, largest = min(smallest, math.floor(low)), max(largest, math.ceil(high))
    bits = max(word_of(smallest, largest), chip.weights.min_bits or 2)
    widest = min(chip.weights.max_bits or 0, 16)
    # Floating-point weights stay what they are where the chip has such; the others may hold whole numbers.
    integers = all(matrix.dtype.kind in "iu" for matrix in matrices)
    asked = integers or not chip.weights.floats
    whole = asked and all(m.dtype.kind in "iu" or np.array_equal(m, np.trunc(m)) for m in matrices)
    if whole and bits <= widest:
        return f"int{bits}"  # type: ignore[return-value]
    if integers and widest:
        raise ConfigError(
            "weights",
            f"{smallest} to {largest} need {bits} bits, and {chip.name} has {chip.weights.formats()}; "
            f"{cure}" + (", or give them as floating-point numbers" if chip.weights.floats else ""),
        )
    real: Precision = "float32" if single or "float64" not in chip.weights.floats else "float64"
    if real in chip.weights.floats:
        if integers and not all(_holds(np.dtype(real), m) for m in matrices):
            raise NumericError(
                "weights",
                f"are integers that {real} cannot hold, and {chip.name} has no others; scale them first",
            )
        if real == "float32" and max(largest, -smallest) > float(np.finfo(np.float32).max):
            raise NumericError("weights", f"exceed float32, which is what {chip.name} has; scale them first")
        return real
    if not computes:  # the values play no part
        return f"int{widest}"  # type: ignore[return-value]
    why = f"need {bits} bits" if whole else "are not whole numbers"
    raise ConfigError("weights", f"{why}, and {chip.name} has {chip.weights.formats()}; {cure}")


def _holds(kind: np.dtype[np.number], matrix: Array) -> bool:
    """Whether a format holds every value of a matrix as it is."""
    return np.can_cast(matrix.dtype, kind, "safe") or np.array_equal(matrix, matrix.astype(kind))


def stored_as(matrices: list[Array], precision: Precision, *, computes: bool) -> str:
    """Return in words what the cores hold of the weights that were given."""
    matrices = [matrix for matrix in matrices if matrix.size] or [_UNIT]
    given = " and ".join(sorted({matrix.dtype.name for matrix in matrices}))
    low, high = min(m.min() for m in matrices), max(m.max() for m in matrices)
    words = f"{precision}, given as {given} from {low:g} to {high:g}"
    kept = np.dtype(np.int64 if precision.startswith("int") else precision)
    if all(_holds(kept, m) for m in matrices):
        return words
    return words + (", rounded" if computes or kept.kind == "f" else "; their values play no part")


def check_register(
    projections: Sequence[tuple[int, int]], connections: Sequence[Connection], precision: Precision
) -> None:
    """Refuse sums that could leave a register of 32 bits."""
    most = 2 ** (word_bits(precision) - 1)  # the magnitude of the smallest weight
    for target in sorted({t for _, t in projections}):
        into = [c for (_, t), c in zip(projections, connections, strict=True) if t == target]
        if sum(c.sources for c in into) * most <= 2**31:
            continue  # whichever synapses there are
        fan_in = int(np.sum([c.fan_in() for c in into], axis=0).max())
        if fan_in * most > 2**31:
            raise NumericError(
                f"layer {target}",
                f"{fan_in} weights of {precision} may sum beyond 32 bits; use narrower weights or fewer inputs",
            )


def sampled_raster(samples: Array, ticks: int, sizes: list[int]) -> LayeredRaster:
    """Return samples of the input, [sample, tick, unit], one after the other, with silence up to ``ticks`` of each."""
    n, given, units = samples.shape
    if units != sizes[0]:
        raise DataError("spikes[0]", f"must have shape (ticks, {sizes[0]}), got {(n * ticks, units)}")
    held = LayeredRaster(sizes, n * ticks)
    _take_bits(samples, held.layer(0).reshape(n, ticks, units)[:, :given], "spikes")
    return held


def checked_raster(spikes: Sequence[ArrayLike], sizes: list[int], *, computes: bool) -> LayeredRaster:
    """Return the spikes of all layers, checked; of the input alone where the others are computed."""
    if len(spikes) != len(sizes) and not (computes and len(spikes) == 1):
        several = "the input's raster, or " if computes else ""
        raise DataError(
            "spikes", f"must have {several}one raster for each layer, {len(sizes)}, got {len(spikes)}"
        )
    given = [_array(raster, f"spikes[{k}]") for k, raster in enumerate(spikes)]
    ticks = given[0].shape[0] if given[0].ndim else 0
    for k, (raster, size) in enumerate(zip(given, sizes, strict=False)):
        if raster.ndim != 2 or raster.shape != (ticks, size):
            wanted = f"({ticks}, {size})" if k else f"(ticks, {size})"
            raise DataError(f"spikes[{k}]", f"must have shape {wanted}, got {raster.shape}")
        if raster.dtype.kind not in "biuf":
            raise DataError(f"spikes[{k}]", f"must hold 0 and 1, got {raster.dtype}")
    if ticks < 1:
        raise DataError("spikes[0]", "must have at least one tick, got none")
    held = LayeredRaster(sizes, ticks)
    for k, raster in enumerate(given[:1] if computes else given):
        _take_bits(raster, held.layer(k), f"spikes[{k}]")
    return held


def _take_bits(given: Array, bits: NDArray[np.uint8], place: str) -> None:
    """Write what is given into ``bits``; refuse all but 0 and 1."""
    if given.dtype in (np.bool_, np.uint8) and given.max(initial=0) <= 1:
        bits[:] = given  # as it is: no array beside it, whose pages would cost more than the spikes
        return
    bits[:] = given != 0
    if not np.array_equal(bits, given):
        at = tuple(int(i) for i in np.argwhere(bits != given)[0])
        raise DataError(f"{place}{list(at)}", f"must be 0 or 1, got {given[at]}")


def core_indices(placement: Sequence[ArrayLike], sizes: list[int], chip: ChipSpec) -> list[NDArray[np.int64]]:
    """Return the core of each neuron, list over layers of i64[unit], all of them on the chip."""
    if len(placement) != len(sizes):
        raise ConfigError(
            "placement", f"must have one list of cores for each layer, {len(sizes)}, got {len(placement)}"
        )
    cores = []
    for k, (values, size) in enumerate(zip(placement, sizes, strict=True)):
        on = _array(values, f"placement[{k}]")
        if on.shape != (size,):
            raise ConfigError(
                f"placement[{k}]", f"must have shape ({size},), a core for each neuron, got {on.shape}"
            )
        if on.dtype.kind not in "iu":
            raise ConfigError(f"placement[{k}]", f"must hold whole numbers, got {on.dtype}")
        outside = np.flatnonzero((on < 0) | (on >= chip.mesh.n_cores))
        if outside.size:
            unit = int(outside[0])
            raise MappingError(
                f"placement[{k}][{unit}]",
                f"{chip.name} has no core {on[unit]}; its cores are 0 to {chip.mesh.n_cores - 1}",
            )
        cores.append(on.astype(np.int64))
    return cores


def refuse_dead_cores(cores: Sequence[NDArray[np.int64]], dead: Sequence[int], chip: ChipSpec) -> None:
    """Refuse a placement that uses a dead core: nothing sent to it would arrive, and it sends nothing."""
    for position, core in enumerate(dead):
        if isinstance(core, bool) or not isinstance(core, int | np.integer):
            raise ConfigError(f"dead_cores[{position}]", f"must be a whole number, got {core!r}")
        if not 0 <= core < chip.mesh.n_cores:
            raise MappingError(
                f"dead_cores[{position}]",
                f"{chip.name} has no core {core}; its cores are 0 to {chip.mesh.n_cores - 1}",
            )
    for k, on in enumerate(cores):
        lost = np.flatnonzero(np.isin(on, np.array(dead, dtype=np.int64)))
        if lost.size:
            unit = int(lost[0])
            them = f"{lost.size} neuron{'s' if lost.size > 1 else ''}"
            what = f"layer {k - 1} sends to it" if k else "its spikes would never leave it"
            raise MappingError(
                f"placement[{k}][{unit}]",
                f"core {int(on[unit])} is dead, and {what}; place its {them} elsewhere",
            )
