"""Contracts that substrates, rules, elements and chips keep, as classes of tests: subclass them for a plug-in.

    from neurochip.testing import EncoderContract

    class TestMine(EncoderContract):
        specs = (Mine(), Mine(width=0.2))

        def slow(self, spec, draw):
            return SlowMine(spec, draw)

neurochip's own are tested by the same classes. They need pytest and hypothesis: ``pip install 'neurochip[testing]'``.
"""

import pytest

# So that a broken contract shows both sides.
_MODULES = (
    "annealers",
    "chips",
    "connections",
    "decoders",
    "elements",
    "encoders",
    "neurons",
    "rules",
    "substrates",
)
pytest.register_assert_rewrite(*(f"{__name__}.{name}" for name in _MODULES))

from neurochip.testing.annealers import AnnealerContract
from neurochip.testing.chips import ChipContract
from neurochip.testing.connections import ConnectionContract
from neurochip.testing.decoders import DecoderContract
from neurochip.testing.encoders import EncoderContract
from neurochip.testing.networks import Net, draw_net, fast_chip, small_chip
from neurochip.testing.neurons import NeuronContract
from neurochip.testing.rules import RuleContract
from neurochip.testing.substrates import SubstrateContract

__all__ = [
    "AnnealerContract",
    "ChipContract",
    "ConnectionContract",
    "DecoderContract",
    "EncoderContract",
    "Net",
    "NeuronContract",
    "RuleContract",
    "SubstrateContract",
    "draw_net",
    "fast_chip",
    "small_chip",
]
