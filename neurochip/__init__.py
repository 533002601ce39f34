"""neurochip: neuromorphic hardware emulated with exact books of bits, time and energy.

Names are loaded when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurochip.coding import OSA as OSA
    from neurochip.coding import Constant as Constant
    from neurochip.coding import Identity as Identity
    from neurochip.coding import Kesten as Kesten
    from neurochip.coding import PowerLaw as PowerLaw
    from neurochip.coding import Predictive as Predictive
    from neurochip.coding import SecondOrderSigmaDelta as SecondOrderSigmaDelta
    from neurochip.coding import SigmaDelta as SigmaDelta
    from neurochip.coding import Stochastic as Stochastic
    from neurochip.coding import Threshold as Threshold
    from neurochip.description import read_chip as read_chip
    from neurochip.description import read_run as read_run
    from neurochip.neurons.lif import LIF as LIF
    from neurochip.replaying import replay as replay
    from neurochip.settling import settle as settle
    from neurochip.simulation import simulate as simulate
    from neurochip.sweeping import run_sweep as run_sweep

__version__ = "0.1.0"

_HOME = {
    **dict.fromkeys(
        (
            "OSA",
            "Constant",
            "Identity",
            "Kesten",
            "PowerLaw",
            "Predictive",
            "SecondOrderSigmaDelta",
            "SigmaDelta",
            "Stochastic",
            "Threshold",
        ),
        "neurochip.coding",
    ),
    "LIF": "neurochip.neurons.lif",
    "read_chip": "neurochip.description",
    "read_run": "neurochip.description",
    "replay": "neurochip.replaying",
    "run_sweep": "neurochip.sweeping",
    "settle": "neurochip.settling",
    "simulate": "neurochip.simulation",
}
__all__ = [*sorted(_HOME), "__version__"]


def __getattr__(name: str) -> Any:
    """Import a public name at its first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'neurochip' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
