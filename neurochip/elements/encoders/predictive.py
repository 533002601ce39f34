"""The predictive front of an encoder: send what the receiver cannot foresee (O'Connor 2019, eq. 13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from neurochip.elements.cost import HardwareCost
from neurochip.elements.schedules import Constant, PowerLaw, as_schedule
from neurochip.errors import ConfigError
from neurochip.kernels._jit import kernel
from neurochip.kernels.types import Real

__all__ = ["PREDICTIVE_COST", "EncoderLambda", "PredictiveEncoder", "check_lambda", "predict"]

EncoderLambda = float | Constant | PowerLaw | Literal["as-decoder"] | None

# s − (1−λ)s_prev, and the division by λ, which hardware does as a product with a stored 1/λ.
PREDICTIVE_COST = HardwareCost(additions=1, multiplications=2).keeping(1)


def check_lambda(lam: Any) -> None:
    """Refuse a λ that is neither a schedule, nor `None` (plain), nor the decoder's own.

    Parameters
    ----------
    lam
        A number in (0, 1], a `Constant`, a `PowerLaw`, `None` or ``"as-decoder"``.

    Raises
    ------
    ConfigError
        When it is none of these.
    """
    if lam is None or lam == "as-decoder":
        return
    if isinstance(lam, str):
        raise ConfigError("lambda", f"must be a number in (0, 1], a power law or 'as-decoder', got {lam!r}")
    as_schedule(lam, "lambda")


@dataclass(frozen=True, slots=True)
class PredictiveEncoder:
    """What all encoders have in common: a predictive front, and that a value of 0 never fires."""

    lam: EncoderLambda = "as-decoder"
    silent_at_zero: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check λ."""
        check_lambda(self.lam)


@kernel
def predict(value: Real, previous: Real, lam: Real, keep: Real) -> Real:
    """Return a = (ρ(s) − (1−λ)ρ(s_prev)) / λ; ``keep`` is 1−λ. All T scalars."""
    return (value - keep * previous) / lam
