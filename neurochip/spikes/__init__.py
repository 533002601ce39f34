"""Spikes as bits: the type of a raster, its form in files and on wires, and the codes of links (one file each)."""

from neurochip.spikes.aer import Aer
from neurochip.spikes.bitmap import Bitmap
from neurochip.spikes.npz import SHAPE, npz_of, packed_arrays, read_spikes, spikes_of
from neurochip.spikes.raster import Spikes
from neurochip.spikes.symbols import Symbols
from neurochip.spikes.trains import SpikeTrains

__all__ = [
    "SHAPE",
    "Aer",
    "Bitmap",
    "LinkCode",
    "SpikeTrains",
    "Spikes",
    "Symbols",
    "npz_of",
    "packed_arrays",
    "read_spikes",
    "spikes_of",
]

LinkCode = Symbols | Bitmap | Aer
