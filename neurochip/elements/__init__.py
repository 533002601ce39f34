"""Between values and bits: encoders, decoders and annealers (O'Connor, Gavves & Welling 2019)."""

from neurochip.elements.annealers.kesten import Kesten
from neurochip.elements.annealers.osa import OSA
from neurochip.elements.annealers.shift import Shift
from neurochip.elements.annealers.table import ANNEALERS, Annealer
from neurochip.elements.cost import HardwareCost
from neurochip.elements.decoders.identity import Identity
from neurochip.elements.decoders.predictive import Predictive
from neurochip.elements.decoders.table import DECODERS, Decoder
from neurochip.elements.encoders.second_order import SecondOrderSigmaDelta
from neurochip.elements.encoders.sigma_delta import SigmaDelta
from neurochip.elements.encoders.stochastic import Stochastic
from neurochip.elements.encoders.table import ENCODERS, Encoder
from neurochip.elements.encoders.threshold import Threshold
from neurochip.elements.schedules import Constant, PowerLaw, Schedule, as_schedule

__all__ = [
    "ANNEALERS",
    "DECODERS",
    "ENCODERS",
    "OSA",
    "Annealer",
    "Constant",
    "Decoder",
    "Encoder",
    "HardwareCost",
    "Identity",
    "Kesten",
    "PowerLaw",
    "Predictive",
    "Schedule",
    "SecondOrderSigmaDelta",
    "Shift",
    "SigmaDelta",
    "Stochastic",
    "Threshold",
    "as_schedule",
]
