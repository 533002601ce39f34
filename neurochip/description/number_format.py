"""Constants in the format in which they are used: 1e-50 is positive, and 0 in float32."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from neurochip.description.precision import Precision
from neurochip.errors import ConfigError

__all__ = ["refuse_beyond_format", "refuse_beyond_update"]


def refuse_beyond_format(value: object, place: str, precision: Precision) -> None:
    """Refuse a constant that neuron state cannot hold: one that becomes 0 there without being 0, or infinite.

    Parameters
    ----------
    value
        A number, or a dataclass, table, list or array of them; what is no number is passed over.
    place
        Its dotted key.
    precision
        Format of weights; state is float64 only with float64.

    Raises
    ------
    ConfigError
        Naming the first such constant.
    """
    kind = np.float64 if precision == "float64" else np.float32
    limits = np.finfo(kind)
    for where, number in _numbers(value, place):
        with np.errstate(over="ignore", under="ignore"):
            held = float(kind(number))
        if held == 0 and number != 0:
            raise ConfigError(
                where,
                f"{number:g} is 0 in {limits.dtype}, in which it is used; the smallest that is not is "
                f"{float(limits.smallest_subnormal):.2g}",
            )
        if math.isinf(held):
            raise ConfigError(
                where,
                f"{number:g} is infinite in {limits.dtype}, in which it is used; the largest is "
                f"{float(limits.max):.2g}",
            )


def refuse_beyond_update(beta: float, rates: tuple[float, ...], precision: Precision) -> None:
    """Refuse a nudge 2β or a rate of change η/β that the format of state cannot hold."""
    kind = np.float64 if precision == "float64" else np.float32
    most = float(np.finfo(kind).max)
    if 2 * abs(beta) > most:
        raise ConfigError("learning.beta", f"the nudge 2β is infinite in {np.dtype(kind)}, got {beta:g}")
    for k, rate in enumerate(rates):
        if rate and beta and math.log(abs(rate)) - math.log(abs(beta)) > math.log(most):
            raise ConfigError(
                f"learning.rates[{k}]",
                f"η/β = {rate:g}/{beta:g} is infinite in {np.dtype(kind)}; use a smaller rate or a larger beta",
            )


def _numbers(value: object, place: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, float | np.floating):
        if math.isfinite(value):
            yield place, float(value)
    elif isinstance(value, np.ndarray):
        sizes = np.abs(value[np.isfinite(value) & (value != 0)]) if value.dtype.kind == "f" else value[:0]
        for extreme in (sizes.min(), sizes.max()) if sizes.size else ():
            yield place, float(extreme)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _numbers(getattr(value, field.name), f"{place}.{field.name}" if place else field.name)
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield from _numbers(entry, f"{place}.{name}")
    elif isinstance(value, list | tuple):
        for k, entry in enumerate(value):
            yield from _numbers(entry, f"{place}[{k}]")
