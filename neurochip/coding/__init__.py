"""Between values and bits: encoders, decoders and annealers (O'Connor, Gavves & Welling 2019)."""

from neurochip.coding.annealers.kesten import Kesten
from neurochip.coding.annealers.osa import OSA
from neurochip.coding.annealers.table import ANNEALERS, Annealer
from neurochip.coding.cost import HardwareCost
from neurochip.coding.decoders.identity import Identity
from neurochip.coding.decoders.predictive import Predictive
from neurochip.coding.decoders.table import DECODERS, Decoder
from neurochip.coding.encoders.second_order import SecondOrderSigmaDelta
from neurochip.coding.encoders.sigma_delta import SigmaDelta
from neurochip.coding.encoders.stochastic import Stochastic
from neurochip.coding.encoders.table import ENCODERS, Encoder
from neurochip.coding.encoders.threshold import Threshold
from neurochip.coding.schedules import Constant, PowerLaw, Schedule, as_schedule

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
    "SigmaDelta",
    "Stochastic",
    "Threshold",
    "as_schedule",
]
