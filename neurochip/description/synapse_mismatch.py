"""``[mismatch]`` of a run: synapses of digital cores that do not deliver what their memory holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from neurochip.keys.key import Key, Seed
from neurochip.keys.section import Section, described

__all__ = ["MismatchSpec"]


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class MismatchSpec(Section):
    """What a synapse delivers is its weight times a factor of mean 1 that never changes (docs/lif-learning.md)."""

    place: ClassVar[str] = "mismatch"

    deviation: Annotated[
        float,
        Meta(ge=0, le=100),
        Key("Standard deviation of the factor of each synapse, biases included.", imperfect=True),
    ] = 0.0
    spread: Annotated[
        Literal["log-normal", "gaussian"],
        Key("``log-normal`` keeps every sign; ``gaussian`` may turn one round.", live_if=".deviation"),
    ] = "log-normal"
    seed: Annotated[Seed | None, Key("Names the chip; left out, the run's.", live_if=".deviation")] = None
