"""``[numbers]`` of a run: fixed-point formats of a core's state, and what they cannot be combined with.

docs/fixed-point.md says what an integer core does with them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from neurochip.description.precision import Precision, integer_bits
from neurochip.description.run_sections import CodingSpec, LearningSpec, PhasesSpec
from neurochip.description.synapse_mismatch import MismatchSpec
from neurochip.elements import OSA, Constant, Identity, Predictive, SigmaDelta
from neurochip.elements.annealers.shift import Shift
from neurochip.elements.integers.formats import FixedPoint, QFormat, Rounding, parse_format
from neurochip.elements.schedules import as_schedule
from neurochip.errors import ConfigError
from neurochip.keys.key import Key
from neurochip.keys.section import Section, described
from neurochip.network import Network

__all__ = ["LFSR_BITS", "NumbersSpec", "check_learning", "exponent_of", "fixed_point", "refuse_with_integers"]

Format = Annotated[str, Meta(pattern=r"^Q[0-9]{1,2}\.[0-9]{1,2}$")]
_GIVEN = ".state"
_LEARNS = ("eqprop", "contrastive-hebbian", "random-feedback")
_MOST_BITS = 31  # of a word of state: the emulator keeps it in 32
_MOST_FRACTION = 16
LFSR_BITS = 32


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class NumbersSpec(Section):
    """Fixed-point formats Q*m*.*n* of an integer core: a sign, m bits before the point and n behind it."""

    place: ClassVar[str] = "numbers"
    state: Annotated[
        Format | None,
        Key(
            "Of net inputs; values have its fraction bits and lie in [0, 1]. Left out, state is floating-point, and no "
            "other key of this section has an effect."
        ),
    ] = None
    membrane: Annotated[
        Format | None,
        Key(
            "Of the decoder's sum; left out, that of the state with −log₂ λ more fraction bits, so that nothing gets "
            "stuck.",
            live_if=_GIVEN,
        ),
    ] = None
    residue: Annotated[
        Format | None,
        Key("Of the encoder's remainder; left out, Q3 with the fraction bits of the state.", live_if=_GIVEN),
    ] = None
    annealer: Annotated[
        Format | None,
        Key("Of the error from which OSA works out its step; left out, that of the state.", live_if=_GIVEN),
    ] = None
    trace: Annotated[
        Format | None,
        Key(
            "Of what receiving cores make of the bits of an axon; left out, as the membrane.", live_if=_GIVEN
        ),
    ] = None
    bias: Annotated[Format, Key("Of biases.", live_if=_GIVEN)] = "Q3.12"
    rounding: Annotated[
        Rounding,
        Key(
            "How the step of a value is rounded, and what goes to a narrower residue: ``floor``, ``nearest``, or "
            "``stochastic``, from a 32-bit xorshift generator on each core. Everything else is rounded to nearest.",
            live_if=_GIVEN,
        ),
    ] = "nearest"


def exponent_of(value: float) -> int | None:
    """Return k where ``value`` is 2^k, else `None`."""
    mantissa, exponent = math.frexp(value)
    return exponent - 1 if mantissa == 0.5 else None


def fixed_point(numbers: NumbersSpec, coding: CodingSpec, precision: Precision) -> FixedPoint | None:
    """Return formats and shifts of a run's cores, without those of its weights; `None` for floating-point state.

    Raises
    ------
    ConfigError
        For what an integer core cannot do, with the key that asks for it.
    """
    if numbers.state is None:
        return None
    if integer_bits(precision) is None:
        raise ConfigError(
            "network.precision",
            f'must be an integer format with numbers.state, e.g. "int8", got "{precision}"',
        )
    state = _format(numbers.state, "state")
    decay = _decay(coding)
    annealing, forgetting = _annealing(coding.annealer)
    wide = QFormat(state.whole, state.fraction + decay)
    membrane = _format(numbers.membrane, "membrane", wide)
    made = FixedPoint(
        state=state,
        membrane=membrane,
        residue=_format(numbers.residue, "residue", QFormat(3, state.fraction)),
        annealer=_format(numbers.annealer, "annealer", state),
        trace=membrane if numbers.trace is None else _format(numbers.trace, "trace"),
        bias=_format(numbers.bias, "bias"),
        rounding=numbers.rounding,
        decay=decay,
        annealing=annealing,
        forgetting=forgetting,
    )
    _check_formats(made)
    return made


def _format(text: str | None, name: str, default: QFormat | None = None) -> QFormat:
    found = default if text is None else parse_format(text, f"numbers.{name}")
    if found is None:
        raise ConfigError(f"numbers.{name}", "is missing")
    if found.bits > _MOST_BITS:
        raise ConfigError(
            f"numbers.{name}",
            f"must take at most {_MOST_BITS} bits with its sign, {found} takes {found.bits}",
        )
    return found


def _check_formats(made: FixedPoint) -> None:
    fraction, state = made.state.fraction, made.state
    if not 1 <= fraction <= _MOST_FRACTION:
        raise ConfigError(
            "numbers.state", f"must have 1 to {_MOST_FRACTION} fraction bits, {state} has {fraction}"
        )
    for name in ("membrane", "trace"):
        bits = getattr(made, name).fraction
        if not fraction <= bits <= fraction + made.decay:
            most = f" to {fraction + made.decay}" if made.decay else ""
            raise ConfigError(
                f"numbers.{name}",
                f"must have {fraction}{most} fraction bits, those of the state and at most −log₂ λ more, "
                f"{getattr(made, name)} has {bits}",
            )
    if not 1 <= made.residue.fraction <= fraction or made.residue.whole < 1:
        raise ConfigError(
            "numbers.residue",
            f"must have at least 1 bit before the point and 1 to {fraction} behind it, got {made.residue}",
        )
    if made.rounding == "stochastic" and fraction - made.residue.fraction + 12 > LFSR_BITS - 1:
        raise ConfigError(
            "numbers.residue", "needs more random bits than one word of the generator has; make it wider"
        )
    if made.annealing == "osa":
        widest = max((bits, name) for name, bits in made.words.items())
        if widest[0] > _MOST_BITS:
            raise ConfigError(
                "numbers.annealer",
                f"makes the {widest[1]} of OSA {widest[0]} bits wide and {_MOST_BITS} are the most; use fewer",
            )


def _decay(coding: CodingSpec) -> int:
    """Return −log₂ λ of decoder and encoder."""
    decoder, encoder = coding.decoder, coding.encoder
    if not isinstance(encoder, SigmaDelta):
        kind = None if encoder is None else encoder.kind
        raise ConfigError(
            "coding.encoder.kind",
            f'must be "sigma-delta" with numbers.state: integer cores have no other, got "{kind}"',
        )
    if not isinstance(decoder, Predictive | Identity):
        raise ConfigError(
            "coding.decoder.kind",
            'must be "predictive" or "identity" with numbers.state: integer cores have no other',
        )
    lam = as_schedule(getattr(decoder, "lam", 1.0), "coding.decoder.lambda")
    exponent = exponent_of(lam.value) if isinstance(lam, Constant) else None
    if exponent is None or exponent < -8:
        given = f"{lam.value:g}" if isinstance(lam, Constant) else "a power law"
        raise ConfigError(
            "coding.decoder.lambda",
            f"must be a power of two with numbers.state, 1 to 1/256: an integer core shifts, got {given}",
        )
    front = encoder.lam
    same = front == "as-decoder" or (front is None and exponent == 0)
    if not same and not isinstance(front, str) and front is not None:
        schedule = as_schedule(front, "coding.encoder.lambda")
        same = isinstance(schedule, Constant) and schedule.value == lam.value  # type: ignore[union-attr]
    if not same:
        raise ConfigError("coding.encoder.lambda", 'must be "as-decoder" with numbers.state')
    return -exponent


def _annealing(annealer: Any) -> tuple[Any, int]:
    """Return ``constant``, ``shift`` or ``osa``, and the largest shift of its schedule."""
    if isinstance(annealer, Shift):
        return "shift", annealer.floor
    exponent = None
    if isinstance(annealer, Constant):
        exponent = exponent_of(annealer.value)
        if exponent is not None and exponent >= -12:
            return "constant", -exponent
        raise ConfigError(
            "coding.annealer.value",
            f"must be a power of two with numbers.state, 1 to 1/4096, got {annealer.value:g}",
        )
    if not isinstance(annealer, OSA):
        raise ConfigError(
            "coding.annealer.kind",
            f'must be "osa", "shift" or "constant" with numbers.state: integer cores have no other, got '
            f'"{annealer.kind}"',
        )
    exponent = exponent_of(annealer.nu_bar)
    if exponent is None or exponent < -12:
        raise ConfigError(
            "coding.annealer.nu_bar",
            "must be a power of two with numbers.state, 1/2 to 1/4096: an integer core shifts, got "
            f"{annealer.nu_bar:g}",
        )
    if annealer.regulariser != OSA().regulariser:
        raise ConfigError(
            "coding.annealer.regulariser",
            "has no effect with numbers.state: a silent neuron steps in full; leave it out",
        )
    return "osa", -exponent


def refuse_with_integers(network: Network, mismatch: MismatchSpec) -> None:
    """Refuse networks and synapses that integer cores cannot hold."""
    if network.is_listed:
        raise ConfigError(
            "network.projections",
            "must be dense with numbers.state: integer cores hold plain matrices of weights",
        )
    if mismatch.deviation:
        raise ConfigError(
            "mismatch.deviation", "makes what synapses deliver real numbers; leave it out with numbers.state"
        )


def check_learning(learning: LearningSpec, phases: PhasesSpec, samples: int | None) -> None:
    """Refuse rules and rates that an integer core cannot carry out; ``samples`` of an epoch, if known."""
    if learning.rule not in _LEARNS:
        raise ConfigError(
            "learning.rule",
            f'must be one of {", ".join(_LEARNS)} with numbers.state, got "{learning.rule}"',
        )
    if learning.pre == "trace" and learning.trace != "decoder":
        raise ConfigError(
            "learning.trace", 'must be "decoder" with numbers.state: a share of a phase is a division'
        )
    if learning.optimiser != "plain" or learning.weight_decay:
        place = "optimiser" if learning.optimiser != "plain" else "weight_decay"
        raise ConfigError(
            f"learning.{place}",
            "needs floating-point state, and with numbers.state cores compute in integers alone; leave it out, or "
            "numbers.state",
        )
    if exponent_of(abs(2 * learning.beta)) is None or not 2**-8 <= abs(2 * learning.beta) <= 8:
        raise ConfigError(
            "learning.beta",
            f"must be a power of two, 1/512 to 4, with numbers.state: an integer core shifts, got {learning.beta:g}",
        )
    if samples is not None and samples % learning.minibatch:
        raise ConfigError(
            "learning.minibatch",
            f"must divide the {samples} samples with numbers.state: a shift is the same for all minibatches, got "
            f"{learning.minibatch}",
        )
    span = abs(learning.beta) * (2 if phases.reference == "opposite" else 1)
    for k, rate in enumerate(learning.rates):
        share = rate / (span * learning.minibatch)
        if rate and exponent_of(share) is None:
            low = 2.0 ** math.floor(math.log2(share)) * span * learning.minibatch
            raise ConfigError(
                f"learning.rates[{k}]",
                f"must make η/(βN) a power of two with numbers.state: {low:g} or {2 * low:g} would, got {rate:g}",
            )
