"""The sections of a run: data, network, coding, phases, learning and the rest, each checking itself.

Every default of a run file stands here, on the field; `neurochip.description.run` joins the sections.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from neurochip.description.elements import read_element
from neurochip.description.precision import FLOATS, Precision
from neurochip.description.rule_names import check_rule, own_keys
from neurochip.elements import (
    OSA,
    Annealer,
    Constant,
    Decoder,
    Encoder,
    Predictive,
    SigmaDelta,
)
from neurochip.elements.element import Family
from neurochip.elements.plugged import FAMILIES
from neurochip.errors import ConfigError
from neurochip.keys.conditions import Is, IsNot
from neurochip.keys.key import Key, Positive
from neurochip.keys.reading import conform

__all__ = [
    "DATA_SETS",
    "ELEMENTS",
    "BaselineSpec",
    "CodingSpec",
    "ConvergenceSpec",
    "DataSpec",
    "EvaluationSpec",
    "LearningSpec",
    "NetworkSpec",
    "PhasesSpec",
    "RecordSpec",
]

# Name → inputs, classes, training samples, test samples.
DATA_SETS = {
    "mnist-small": (784, 10, 2000, 1000),
    "mnist": (784, 10, 60_000, 10_000),
    "digits": (64, 10, 1300, 497),
}


_INTEGERS = IsNot("network.precision", *FLOATS)
MOST_TICKS = 2**16 - 1  # of a phase: the emulation counts a neuron's spikes in 16 bits


def _at_least(smallest: int, value: int, place: str) -> None:
    if not value >= smallest:
        raise ConfigError(place, f"must be at least {smallest}, got {value}")


def _ticks(value: int, place: str) -> None:
    _at_least(1, value, place)
    if value > MOST_TICKS:
        raise ConfigError(place, f"must be at most {MOST_TICKS} ticks, got {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSpec:
    """Which samples.

    Attributes
    ----------
    set
        Name of the data set.
    train, test
        How many samples of each part, from its beginning; `None` takes all.
    """

    set: Literal["mnist-small", "mnist", "digits"] = "mnist-small"
    train: int | None = None
    test: int | None = None

    def __post_init__(self) -> None:
        """Check that the set has so many samples."""
        conform(self, "data")
        *_, train, test = DATA_SETS[self.set]
        for name, wanted, there in (("train", self.train, train), ("test", self.test, test)):
            if wanted is not None and not 1 <= wanted <= there:
                raise ConfigError(f"data.{name}", f"must be 1 to {there}, which {self.set} has, got {wanted}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec:
    """A chain of populations, each projecting to its neighbours in both directions.

    Attributes
    ----------
    layers
        Neurons of the input, hidden and output populations.
    tied
        Whether the backward weights are the transpose of the forward ones (one matrix) or their own.
    precision
        Format of weights and state.
    rounding
        How learning writes integer weights.
    weight_range
        Largest magnitude of an integer weight; `None` takes 8 × the Glorot bound of each projection.
    """

    layers: tuple[int, ...]
    tied: bool = True
    precision: Precision = "float32"
    rounding: Annotated[
        Literal["nearest", "stochastic"], Key("How learning writes integer weights.", live_if=_INTEGERS)
    ] = "stochastic"
    weight_range: Annotated[
        Positive | None,
        Key(
            "Largest magnitude of an integer weight; left out, 8 × the Glorot bound of each projection.",
            live_if=_INTEGERS,
        ),
    ] = None

    def __post_init__(self) -> None:
        """Check sizes and range."""
        conform(self, "network")
        if len(self.layers) < 2:
            raise ConfigError(
                "network.layers", f"must have at least 2 entries, input and output, got {len(self.layers)}"
            )
        for position, size in enumerate(self.layers):
            _at_least(1, size, f"network.layers[{position}]")

    @property
    def n_projections(self) -> int:
        """Pairs of neighbouring populations."""
        return len(self.layers) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CodingSpec:
    """How values become bits, bits values, and how large each step is; `ideal` has only the step.

    A field may be given by name (``"osa"``) or as a spec object of `neurochip.elements`.
    """

    encoder: Encoder | None = SigmaDelta()
    decoder: Decoder | None = Predictive()
    annealer: Annealer = OSA()

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PhasesSpec:
    """How long each phase lasts, in ticks.

    Attributes
    ----------
    free, nudged
        Ticks with β = 0 and with β ≠ 0.
    reference
        What the nudged phase is compared with: ``before``, the end of the free phase; ``parallel``, a free run that
        goes on for as long from the same state; ``opposite``, a phase nudged by −β from the same state.
    persistent
        Start each presentation from the state in which the same sample ended last time, not from rest.

    Raises
    ------
    ConfigError
        For a phase of no ticks or more than can be counted.
    """

    RENAMED: ClassVar[dict[str, str]] = {"split_stream": '`phases.reference = "parallel"`'}

    free: int = 100
    nudged: int = 50
    reference: Literal["before", "parallel", "opposite"] = "before"
    persistent: bool = False

    def __post_init__(self) -> None:
        """Check the lengths."""
        conform(self, "phases")
        _ticks(self.free, "phases.free")
        _ticks(self.nudged, "phases.nudged")


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningSpec:
    """The learning rule and how often it is applied (design §3; O'Connor 2019, eqs 4 and 5).

    Attributes
    ----------
    rule
        ``eqprop``; ``contrastive-hebbian``; ``delta``; ``rate-of-change``; ``associative``; ``random-feedback``, which
        never changes the backward weights; ``recurrent-backprop``, the exact gradient, as a yardstick on substrates
        that give their Jacobian away; or a rule of another package.
    beta
        Strength of the nudge, non-zero.
    beta_sign
        Keep the sign of β, or draw it for each minibatch.
    rates
        Learning rate η of each projection, input side first.
    decay
        The rates of each epoch are those of the last one times this, in (0, 1]; 1 keeps them.
    product
        Of ``eqprop``: ``linear`` in the change of state, or the ``full`` contrastive product.
    pre
        What stands for the presynaptic activity: ``oracle``, its real state read out of its core, or
        ``trace``, what the receiving core reconstructs from the bits it got.
    trace
        That reconstruction: the ``decoder``'s filter, or a ``count`` of spikes.
    epochs
        How often all samples are presented.
    minibatch
        Samples that are presented before the weights change.
    shuffle
        Whether each epoch draws an order of its own.
    own
        Further keys that a rule has of its own: a table in a file, in Python an object of its class of keys
        (`neurochip.description.rule_keys`; ``Keys`` of a rule from another package).

    Raises
    ------
    ConfigError
        For a rule that there is not, a number out of its range, or a word that is none of these.
    """

    RENAMED: ClassVar[dict[str, str]] = {
        "nudging": '`phases.reference`: "before" for "one-sided", "opposite" for "centred"'
    }

    rule: str = "eqprop"
    beta: float = 0.5
    beta_sign: Literal["fixed", "random"] = "fixed"
    rates: tuple[float, ...]
    decay: float = 1.0
    product: Literal["linear", "full"] = "linear"
    pre: Literal["oracle", "trace"] = "oracle"
    trace: Annotated[
        Literal["decoder", "count"],
        Key(
            "That reconstruction: the ``decoder``'s filter, or a ``count`` of spikes.",
            live_if=Is(".pre", "trace"),
        ),
    ] = "decoder"
    epochs: int
    minibatch: int = 20
    shuffle: bool = True
    own: Any = None

    def __post_init__(self) -> None:
        """Check β, rates, counts, and what the rule has of its own."""
        conform(self, "learning")
        check_rule(self.rule)
        object.__setattr__(self, "own", own_keys(self.rule, self.own))
        if self.beta == 0:
            raise ConfigError("learning.beta", f"must be non-zero, got {self.beta:g}")
        if self.product == "full" and self.rule != "eqprop":
            raise ConfigError(
                "learning.product", f'is for "eqprop", and the rule is "{self.rule}"; remove it'
            )
        for position, rate in enumerate(self.rates):
            if not rate >= 0:
                raise ConfigError(f"learning.rates[{position}]", f"must be ≥ 0, got {rate:g}")
        if not 0 < self.decay <= 1:
            raise ConfigError("learning.decay", f"must lie in (0, 1], got {self.decay:g}")
        _at_least(1, self.epochs, "learning.epochs")
        _at_least(1, self.minibatch, "learning.minibatch")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSpec:
    """How many samples are evaluated, and after which epochs.

    Attributes
    ----------
    train
        At most so many training samples; 0 for none.
    test
        At most so many test samples; `None` for all.
    every
        After every so many epochs, and after the last.
    """

    train: int = 10_000
    test: int | None = None
    every: int = 1

    def __post_init__(self) -> None:
        """Check the counts."""
        conform(self, "evaluation")
        _at_least(0, self.train, "evaluation.train")
        if self.test is not None:
            _at_least(1, self.test, "evaluation.test")
        _at_least(1, self.every, "evaluation.every")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSpec:
    """What is kept besides counts: the spike rasters of so many test presentations."""

    presentations: int = 4

    def __post_init__(self) -> None:
        """Check the count."""
        conform(self, "record")
        _at_least(0, self.presentations, "record.presentations")


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineSpec:
    """The real-valued run that stands beside this one.

    Attributes
    ----------
    free, nudged
        Its steps (20 + 4 in O'Connor 2019).
    chip
        Name or TOML file of the price list of a processor that does the same multiply–adds.
    """

    free: int = 20
    nudged: int = 4
    chip: str = "cmos45"

    def __post_init__(self) -> None:
        """Check the lengths."""
        conform(self, "baseline")
        _at_least(1, self.free, "baseline.free")
        _at_least(1, self.nudged, "baseline.nudged")
        if not self.chip:
            raise ConfigError(
                "baseline.chip", "must be the name of a chip or a TOML file, got an empty string"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvergenceSpec:
    """Settle, nudge, settle again, and measure the distance to the real-valued fixed point at every tick.

    Attributes
    ----------
    nets, samples
        Random networks, and inputs of each, side by side.
    free, nudged
        Ticks of each phase.
    beta
        Strength of the nudge towards a random one-hot target.
    reference_steps
        Steps of ε = ½ in each phase of the real-valued run that finds the fixed point.
    """

    nets: int = 20
    samples: int = 20
    free: int = 250
    nudged: int = 250
    beta: float = 0.5
    reference_steps: int = 2500

    def __post_init__(self) -> None:
        """Check β and counts."""
        conform(self, "convergence")
        for name in ("nets", "samples", "reference_steps"):
            _at_least(1, getattr(self, name), f"convergence.{name}")
        _ticks(self.free, "convergence.free")
        _ticks(self.nudged, "convergence.nudged")
        if self.beta == 0:
            raise ConfigError("convergence.beta", f"must be non-zero, got {self.beta:g}")
