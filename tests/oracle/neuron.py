"""One neuron of the slow chip, after design section 3, in plain float arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.oracle.annealers import Annealer
from tests.oracle.coders import Encoder, IdentityDecoder, PredictiveDecoder, PredictiveEncoder, Schedule

Uniform = Callable[[int, int, int], float]


@dataclass(frozen=True)
class Coding:
    """How every neuron codes: makers of fresh elements, and lambda at each end (None: not predictive).

    ``encoder`` is called with the uniform numbers of one neuron, a function of the tick, which only the
    stochastic encoder uses.
    """

    encoder: Callable[[Callable[[int], float]], Encoder]
    annealer: Callable[[], Annealer]
    encoder_lam: Schedule | None = None
    decoder_lam: Schedule | None = None

    def new_encoder(self, uniform: Callable[[int], float]) -> Encoder | PredictiveEncoder:
        """Return an encoder at rest."""
        plain = self.encoder(uniform)
        return plain if self.encoder_lam is None else PredictiveEncoder(plain, self.encoder_lam)

    def new_decoder(self) -> IdentityDecoder | PredictiveDecoder:
        """Return a decoder at rest."""
        return IdentityDecoder() if self.decoder_lam is None else PredictiveDecoder(self.decoder_lam)


def rho(s: float) -> float:
    """Return the activation, clip(s, 0, 1)."""
    return min(max(s, 0.0), 1.0)


def rho_slope(s: float) -> float:
    """Return the slope of the activation: 1 on the closed interval [0, 1]."""
    return 1.0 if 0.0 <= s <= 1.0 else 0.0


class Dendrite:
    """The weights on one neuron of one projection, one per unit of the source layer, times a common scale."""

    def __init__(self, source: int, weights: list[float], scale: float = 1.0) -> None:
        self.source = source
        self.weights = weights
        self.scale = scale
        self.operations = 0

    def drive(self, bits: list[int]) -> float:
        """Add one weight per bit that is set (per packet, where two may come), and count it (one SOP)."""
        total = 0.0
        for weight, bit in zip(self.weights, bits, strict=True):
            for _ in range(bit):
                total += weight
                self.operations += 1
        return self.scale * total


class ClampedNeuron:
    """An input neuron: its state is the sample, and every tick it codes it into a bit."""

    def __init__(
        self, layer: int, unit: int, state: float, coding: Coding, uniform: Callable[[int], float]
    ) -> None:
        self.layer = layer
        self.unit = unit
        self.state = state
        self.encoder = coding.new_encoder(uniform)

    def fire(self) -> int:
        """Do steps 6 and 7 of the neuron."""
        return self.encoder.bit(rho(self.state))


class Neuron:
    """A neuron that is not clamped; all of it starts at 0."""

    def __init__(
        self,
        layer: int,
        unit: int,
        bias: float,
        dendrites: list[Dendrite],
        coding: Coding,
        uniform: Callable[[int], float],
    ) -> None:
        self.layer = layer
        self.unit = unit
        self.bias = bias
        self.dendrites = dendrites
        self.decoder = coding.new_decoder()
        self.annealer = coding.annealer()
        self.encoder = coding.new_encoder(uniform)
        self.state = 0.0
        self.epsilon = 0.0

    def update(self, received: dict[int, list[int]], nudge: tuple[float, float] | None) -> None:
        """Do steps 1 to 5, from the bits of the tick before; ``nudge`` is (beta, target) on an output."""
        u = 0.0
        for dendrite in self.dendrites:
            u = u + dendrite.drive(received[dendrite.source])
        self.settle(u, nudge)

    def settle(self, u: float, nudge: tuple[float, float] | None) -> None:
        """Do steps 2 to 5, from the weighted sum of the bits."""
        v = self.decoder.value(u)
        p = rho_slope(self.state) * (v + self.bias)
        if nudge is not None:
            beta, target = nudge
            p = p + 2.0 * beta * (target - self.state)
        self.epsilon = self.annealer.step(p)
        self.state = rho((1.0 - self.epsilon) * self.state + self.epsilon * p)

    def fire(self) -> int:
        """Do steps 6 and 7."""
        return self.encoder.bit(rho(self.state))
