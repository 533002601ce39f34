"""Network × chip → image: partition, place, route, quantise. Pure functions that fail before tick 0."""

from neurochip.compile.image import ChipImage, CoreImage, Moments
from neurochip.compile.pipeline import compile_network
from neurochip.compile.quantise import Quantised, quantise

__all__ = ["ChipImage", "CoreImage", "Moments", "Quantised", "compile_network", "quantise"]
