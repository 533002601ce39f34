"""What a neuron is made of, and what each part declares to cost: one answer for compiler and energy table."""

from __future__ import annotations

from neurochip.description.run import RunSpec
from neurochip.description.run_sections import CodingSpec
from neurochip.elements import HardwareCost, Schedule, as_schedule
from neurochip.elements.encoders.predictive import PREDICTIVE_COST
from neurochip.elements.neurons.settling import NEURON_COST, NUDGE_COST, SettlingNeuron
from neurochip.errors import ConfigError

__all__ = [
    "front_schedule",
    "neuron_elements",
    "parts_by_population",
    "state_words",
    "state_words_of",
    "trace_cost",
]

# A counter of spikes per axon: one addition to one word.
_COUNT_COST = HardwareCost(additions=1, state_words_read=1, state_words_written=1, state_words_kept=1)


def front_schedule(coding: CodingSpec) -> Schedule | None:
    """Return λ of the encoder's predictive front, `None` where the encoder is plain."""
    encoder = coding.encoder
    lam = getattr(encoder, "lam", None)
    if lam is None:
        return None
    if lam == "as-decoder":
        own = getattr(coding.decoder, "lam", None)
        return None if own is None else as_schedule(own, "coding.decoder.lambda")
    if isinstance(lam, str):
        raise ConfigError("coding.encoder.lambda", f"must be a number or 'as-decoder', got {lam!r}")
    return as_schedule(lam, "coding.encoder.lambda")


def neuron_elements(coding: CodingSpec) -> dict[str, tuple[str, HardwareCost]]:
    """Return role → (kind, cost per neuron and tick); a real-valued neuron has no encoder and no decoder."""
    parts: dict[str, tuple[str, HardwareCost]] = {}
    if coding.encoder is not None:
        kind, cost = coding.encoder.kind, coding.encoder.hardware
        if front_schedule(coding) is not None:
            kind, cost = f"predictive {kind}", cost + PREDICTIVE_COST
        parts["encoder"] = (kind, cost)
    if coding.decoder is not None:
        parts["decoder"] = (coding.decoder.kind, coding.decoder.hardware)
    parts["annealer"] = (coding.annealer.kind, coding.annealer.hardware)
    parts["neuron"] = ("clipped", NEURON_COST)
    parts["nudge"] = ("squared error", NUDGE_COST)
    return parts


def state_words(coding: CodingSpec) -> int:
    """Return the words of state that one neuron which settles keeps."""
    return _kept(neuron_elements(coding))


def parts_by_population(run: RunSpec) -> list[dict[str, tuple[str, HardwareCost]]]:
    """Return, of each population of a run, role → (kind, cost per neuron and tick) of its neurons."""
    return [
        neuron_elements(run.coding) if isinstance(neuron, SettlingNeuron) else neuron.parts
        for neuron in run.neurons
    ]


def state_words_of(run: RunSpec) -> list[int]:
    """Return the words of state that one neuron of each population of a run keeps."""
    return [_kept(parts) for parts in parts_by_population(run)]


def trace_cost(run: RunSpec) -> HardwareCost:
    """Return what a receiving core pays for each axon and tick where a run learns from traces."""
    if run.learning is None or run.learning.pre != "trace":
        return HardwareCost()
    if run.learning.trace == "count":
        return _COUNT_COST
    if run.some_settle:
        return HardwareCost() if run.coding.decoder is None else run.coding.decoder.hardware
    # That of all of them.
    return next(neuron.trace_hardware for neuron in run.neurons if not isinstance(neuron, SettlingNeuron))


def _kept(parts: dict[str, tuple[str, HardwareCost]]) -> int:
    return sum(cost.state_words_kept for _, cost in parts.values())
