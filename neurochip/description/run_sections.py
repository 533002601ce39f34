"""The sections of a run: data, network, coding, phases, learning and the rest, each checking itself.

Every default of a run file stands here, on the field; `neurochip.description.run` joins the sections.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from neurochip.data.section import DataSpec
from neurochip.description.elements import read_element
from neurochip.description.rule_keys import SETTLE_ONCE
from neurochip.description.rule_names import check_rule, own_keys
from neurochip.elements import (
    OSA,
    Annealer,
    Constant,
    Decoder,
    Encoder,
    HardwareCost,
    Predictive,
    SigmaDelta,
)
from neurochip.elements.element import Family
from neurochip.elements.optimisers import DECAY_COST, Adam, Momentum, Optimiser, Plain
from neurochip.elements.stages import FAMILIES
from neurochip.errors import ConfigError
from neurochip.keys.conditions import Given, Is, IsNot
from neurochip.keys.key import Count, Key, Listed, Natural, Nonnegative, Positive
from neurochip.keys.reading import describe, refuse_unknown
from neurochip.keys.section import Section, described

__all__ = [
    "ELEMENTS",
    "BaselineSpec",
    "CodingSpec",
    "ConvergenceSpec",
    "DataSpec",
    "EvaluationSpec",
    "LearningSpec",
    "PhasesSpec",
    "RecordSpec",
    "read_coding",
]

Epochs = Annotated[int, Meta(ge=1, le=1_000_000)]
MOST_TICKS = 2**16 - 1  # of a phase: the emulation counts a neuron's spikes in 16 bits
Ticks = Annotated[int, Meta(ge=1, le=MOST_TICKS)]

# A rule that settles once is not nudged.
_NUDGES = IsNot("learning.rule", *sorted(SETTLE_ONCE))


@dataclass(frozen=True, slots=True, kw_only=True)
class CodingSpec:
    """How values become bits, bits values, and how large each step is; `ideal` has only the step.

    A field may be given by name (``"osa"``) or as a spec object of `neurochip.elements`.
    """

    encoder: Annotated[
        Encoder | None, Key("How a value becomes bits.", live_if=Is("substrate", "digital"))
    ] = SigmaDelta()
    decoder: Annotated[
        Decoder | None, Key("How bits become a value.", live_if=Is("substrate", "digital"))
    ] = Predictive()
    annealer: Annotated[Annealer, Key("How large each step is.")] = OSA()

    def __post_init__(self) -> None:
        """Turn names into spec objects."""
        for name, (family, default, what) in ELEMENTS.items():
            value: Any = getattr(self, name)
            if family.takes(value) or (value is None and name != "annealer"):
                continue
            element = read_element(value, family, default, f"coding.{name}", what=what)
            object.__setattr__(self, name, element)

    @classmethod
    def ideal(cls, annealer: Annealer = Constant(0.5)) -> CodingSpec:  # noqa: B008 (frozen)
        """Coding of the `ideal` substrate: none, only a step size."""
        return cls(encoder=None, decoder=None, annealer=annealer)


# Field → its family, the kind of a table that names none, and the word for messages.
ELEMENTS: dict[str, tuple[Family, str, str]] = {
    "encoder": (FAMILIES["encoder"], "sigma-delta", "an encoder"),
    "decoder": (FAMILIES["decoder"], "predictive", "a decoder"),
    "annealer": (FAMILIES["annealer"], "osa", "an annealer"),
}


def read_coding(value: object, place: str, is_ideal: bool) -> CodingSpec:
    """Read [coding]; what is left out depends on the substrate."""
    if not isinstance(value, dict):
        raise ConfigError(place, f"expected a table, got {describe(value)}")
    refuse_unknown(value, ELEMENTS, place)
    defaults = CodingSpec.ideal() if is_ideal else CodingSpec()
    parts = {name: getattr(defaults, name) for name in ELEMENTS}
    for name, entry in value.items():
        family, default, what = ELEMENTS[name]
        if is_ideal and name == "annealer":
            default = "constant"
        parts[name] = read_element(entry, family, default, f"{place}.{name}", what=what)
    return CodingSpec(**parts)


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class PhasesSpec(Section):
    """How long each phase lasts."""

    place: ClassVar[str] = "phases"
    RENAMED: ClassVar[dict[str, str]] = {"split_stream": '`phases.reference = "parallel"`'}

    free: Annotated[Ticks, Key("Length of the phase with β = 0.", unit="ticks")] = 100
    nudged: Annotated[
        Ticks, Key("Length of a phase with β ≠ 0.", unit="ticks", live_if=_NUDGES, training_only=True)
    ] = 50
    reference: Annotated[
        Literal["before", "parallel", "opposite"],
        Key(
            "What the nudged phase is compared with: ``before``, the end of the free phase; ``parallel``, a free run "
            "that goes on for as long from the same state; ``opposite``, a phase nudged by −β from the same state.",
            live_if=_NUDGES,
            training_only=True,
        ),
    ] = "before"
    persistent: Annotated[
        bool,
        Key(
            "Start each presentation from the state in which the same sample ended last time, not from rest.",
            training_only=True,
        ),
    ] = False


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class LearningSpec(Section):
    """The learning rule and how often it is applied (O'Connor 2019, eqs 4 and 5)."""

    place: ClassVar[str] = "learning"
    RENAMED: ClassVar[dict[str, str]] = {
        "nudging": '`phases.reference`: "before" for "one-sided", "opposite" for "centred"'
    }

    rule: Annotated[
        str,
        Key(
            "``eqprop``; ``contrastive-hebbian``; ``delta``; ``rate-of-change``; ``eqspike``; ``associative``; "
            "``random-feedback``, which never changes the backward weights; ``recurrent-backprop``, the exact "
            "gradient, as a yardstick on substrates that give their Jacobian away; or a rule of another package."
        ),
    ] = "eqprop"
    beta: Annotated[float, Key("Strength of the nudge, non-zero.", live_if=_NUDGES)] = 0.5
    beta_sign: Annotated[
        Literal["fixed", "random"],
        Key("Keep the sign of β, or draw it for each minibatch.", live_if=_NUDGES),
    ] = "fixed"
    rates: Annotated[
        tuple[Nonnegative, ...],
        Listed(),
        Key("Learning rate η of each projection, input side first; or one number for all."),
    ]
    decay: Annotated[
        float,
        Meta(gt=0, le=1),
        Key(
            "The rates of each epoch are those of the last one times this; 1 keeps them. With ``numbers.state`` they "
            "are those of the first epoch times the power of two nearest to it."
        ),
    ] = 1.0
    optimiser: Annotated[
        Literal["plain", "momentum", "adam"],
        Key(
            "How the change that the rule wants becomes a step: ``plain``, times η; ``momentum``, the heavy ball "
            "(Polyak 1964); ``adam`` (Kingma & Ba 2015), where η is about the size of a step. Their state stands "
            "beside every weight that learns."
        ),
    ] = "plain"
    momentum: Annotated[
        float,
        Meta(gt=0, lt=1),
        Key("Share μ of the velocity that an update leaves.", live_if=Is(".optimiser", "momentum")),
    ] = 0.9
    beta1: Annotated[
        float,
        Meta(ge=0, lt=1),
        Key("What the mean of changes keeps at an update.", live_if=Is(".optimiser", "adam")),
    ] = 0.9
    beta2: Annotated[
        float,
        Meta(ge=0, lt=1),
        Key("What the mean of squared changes keeps at an update.", live_if=Is(".optimiser", "adam")),
    ] = 0.999
    epsilon: Annotated[
        Positive,
        Key("Added to the root of that mean.", live_if=Is(".optimiser", "adam")),
    ] = 1e-8
    weight_decay: Annotated[
        float,
        Meta(ge=0, lt=1),
        Key(
            "Share of every weight that learns which an update takes away, apart from the change (decoupled: "
            "Loshchilov & Hutter 2019), times ``decay`` to the epoch. Biases stay."
        ),
    ] = 0.0
    product: Annotated[
        Literal["linear", "full"],
        Key(
            "``linear`` in the change of state, or the ``full`` contrastive product.",
            live_if=Is(".rule", "eqprop"),
        ),
    ] = "linear"
    pre: Annotated[
        Literal["oracle", "trace"],
        Key(
            "What stands for the presynaptic activity: ``oracle``, its real state read out of its core, or "
            "``trace``, what the receiving core reconstructs from the bits it got."
        ),
    ] = "oracle"
    trace: Annotated[
        Literal["decoder", "count"],
        Key(
            "That reconstruction: the ``decoder``'s filter, or a ``count`` of spikes.",
            live_if=Is(".pre", "trace"),
        ),
    ] = "decoder"
    epochs: Annotated[Epochs, Key("How often all samples are presented.")]
    patience: Annotated[
        Count | None,
        Key(
            "Training ends when so many evaluations in a row were no better on the samples that ``data.validation`` "
            "holds out; the weights of the best one are kept, and answer. Left out: after the last epoch, with its "
            "weights.",
            unit="evaluations",
            live_if=Given("data.validation"),
        ),
    ] = None
    minibatch: Annotated[Count, Key("Samples that are presented before the weights change.")] = 20
    shuffle: Annotated[bool, Key("Whether each epoch draws an order of its own.")] = True
    shift: Annotated[
        Natural,
        Key(
            "An image that is learnt from is shown moved by up to so many pixels up or down and to either side, drawn "
            "anew each time; what moves in is 0. Held-out and test samples stay where they are.",
            unit="pixels",
        ),
    ] = 0
    image: Annotated[
        tuple[Count, ...],
        Key(
            "Height and width of these images; left out, those of the input population's shape, or of a built-in set.",
            live_if=Given(".shift"),
        ),
    ] = ()
    own: Annotated[
        Any,
        Key(
            "Further keys that a rule has of its own: a table in a file, in Python an object of its class of keys "
            "(`neurochip.description.rule_keys`; ``Keys`` of a rule from another package)."
        ),
    ] = None

    @property
    def method(self) -> Optimiser | None:
        """What stands between changes and weights; `None` where a change is added as it is."""
        if self.optimiser == "adam":
            return Adam(self.beta1, self.beta2, self.epsilon)
        if self.optimiser == "momentum":
            return Momentum(self.momentum)
        return Plain() if self.weight_decay else None

    @property
    def optimiser_cost(self) -> HardwareCost:
        """What its step of one weight costs, decay included, and the words that it keeps beside the weight."""
        cost = HardwareCost() if self.method is None else self.method.hardware
        return cost + DECAY_COST if self.weight_decay else cost

    def share_of_rates(self, epoch: int, *, shifts: bool) -> float:
        """Return what rates are multiplied by in an epoch, counted from 0.

        Parameters
        ----------
        shifts
            Whether a core multiplies by shifting: then it is the power of two whose logarithm is nearest.
        """
        return 2.0 ** round(epoch * math.log2(self.decay)) if shifts else self.decay**epoch

    def check(self) -> None:
        """Check β, and what the rule has of its own."""
        check_rule(self.rule)
        if self.image and len(self.image) != 2:
            raise ConfigError("learning.image", f"must be height and width, got {len(self.image)} numbers")
        object.__setattr__(self, "own", own_keys(self.rule, self.own))
        if self.beta == 0:
            raise ConfigError("learning.beta", f"must be non-zero, got {self.beta:g}")


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSpec(Section):
    """How many samples are evaluated, and after which epochs."""

    place: ClassVar[str] = "evaluation"
    train: Annotated[Natural, Key("At most so many training samples; 0 for none.")] = 10_000
    test: Annotated[Count | None, Key("At most so many test samples; left out, all.")] = None
    every: Annotated[Count, Key("After every so many epochs, and after the last.")] = 1
    diagnosed: Annotated[
        Natural,
        Key(
            "So many training samples are looked at after every evaluation: neurons at their rails, residual, second "
            "fixed points; 0 for none. Neurons that fire have none of these.",
            live_if=IsNot("substrate", "analog"),
            training_only=True,
        ),
    ] = 20


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSpec(Section):
    """What is kept besides counts."""

    place: ClassVar[str] = "record"
    presentations: Annotated[Natural, Key("The spike rasters of so many test presentations are kept.")] = 4


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineSpec(Section):
    """The real-valued run that stands beside this one."""

    place: ClassVar[str] = "baseline"
    free: Annotated[Count, Key("Its free steps (20 in O'Connor 2019).", unit="steps")] = 20
    nudged: Annotated[Count, Key("Its nudged steps (4 in O'Connor 2019).", unit="steps")] = 4
    chip: Annotated[
        str,
        Meta(min_length=1),
        Key("Name or TOML file of the energy table of a processor that does the same multiply–adds."),
    ] = "cmos45"


@described
@dataclass(frozen=True, slots=True, kw_only=True)
class ConvergenceSpec(Section):
    """Settle, nudge, settle again, and measure the distance to the real-valued fixed point at every tick."""

    place: ClassVar[str] = "convergence"
    nets: Annotated[Count, Key("Random networks.")] = 20
    samples: Annotated[Count, Key("Inputs of each network, side by side.")] = 20
    free: Annotated[Ticks, Key("Length of the free phase.", unit="ticks")] = 250
    nudged: Annotated[Ticks, Key("Length of the nudged phase.", unit="ticks")] = 250
    beta: Annotated[float, Key("Strength of the nudge towards a random one-hot target, non-zero.")] = 0.5
    reference_steps: Annotated[
        Count,
        Key("Steps of ε = ½ in each phase of the real-valued run that finds the fixed point.", unit="steps"),
    ] = 2500

    def check(self) -> None:
        """Check β."""
        if self.beta == 0:
            raise ConfigError("convergence.beta", f"must be non-zero, got {self.beta:g}")
