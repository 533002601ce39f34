"""neurochip: neuromorphic hardware emulated with exact counters of bits, time and energy.

The public names, those that plug-ins are made of included; beside them are `neurochip.papers`, which experiments are
made of, and `neurochip.testing`, the contracts that plug-ins are tested by. Names are loaded when first used, so that
importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurochip.description import LearningSpec as LearningSpec
    from neurochip.description import PhasesSpec as PhasesSpec
    from neurochip.description import RunSpec as RunSpec
    from neurochip.description import read_chip as read_chip
    from neurochip.description import read_run as read_run
    from neurochip.description import run_to_toml as run_to_toml
    from neurochip.elements import OSA as OSA
    from neurochip.elements import Constant as Constant
    from neurochip.elements import HardwareCost as HardwareCost
    from neurochip.elements import Identity as Identity
    from neurochip.elements import Kesten as Kesten
    from neurochip.elements import PowerLaw as PowerLaw
    from neurochip.elements import Predictive as Predictive
    from neurochip.elements import SecondOrderSigmaDelta as SecondOrderSigmaDelta
    from neurochip.elements import Shift as Shift
    from neurochip.elements import SigmaDelta as SigmaDelta
    from neurochip.elements import Stochastic as Stochastic
    from neurochip.elements import Threshold as Threshold
    from neurochip.elements.encoders.predictive import check_lambda as check_lambda
    from neurochip.elements.neurons.lif import LIF as LIF
    from neurochip.elements.neurons.spiking import SpikingNeuron as SpikingNeuron
    from neurochip.errors import CallbackError as CallbackError
    from neurochip.errors import CapabilityError as CapabilityError
    from neurochip.errors import ConfigError as ConfigError
    from neurochip.errors import DataError as DataError
    from neurochip.errors import NeurochipError as NeurochipError
    from neurochip.kernels._jit import Kernel as Kernel
    from neurochip.kernels._jit import kernel as kernel
    from neurochip.learning.eqprop import EquilibriumPropagation as EquilibriumPropagation
    from neurochip.learning.readings import Presented as Presented
    from neurochip.learning.readings import Readings as Readings
    from neurochip.learning.rule import LearningRule as LearningRule
    from neurochip.learning.rule import Rule as Rule
    from neurochip.learning.rule import check_needs as check_needs
    from neurochip.models.model import Model as Model
    from neurochip.models.results import Evaluation as Evaluation
    from neurochip.models.storing import load as load
    from neurochip.models.training import train as train
    from neurochip.network import Network as Network
    from neurochip.network import Projection as Projection
    from neurochip.network import layered as layered
    from neurochip.replays.replaying import replay as replay
    from neurochip.runs.settling import settle as settle
    from neurochip.runs.simulation import simulate as simulate
    from neurochip.spikes.npz import read_spikes as read_spikes
    from neurochip.spikes.raster import Spikes as Spikes
    from neurochip.spikes.trains import SpikeTrains as SpikeTrains
    from neurochip.studies.sweeping import run_sweep as run_sweep
    from neurochip.substrate import Capabilities as Capabilities
    from neurochip.substrate import Observable as Observable
    from neurochip.substrate import Parameters as Parameters
    from neurochip.substrate import Phase as Phase
    from neurochip.substrate import Substrate as Substrate
    from neurochip.substrate import WeightUpdate as WeightUpdate
    from neurochip.sweep.request import SweepRequest as SweepRequest
    from neurochip.training.record import EpochRecord as EpochRecord

__version__ = "0.1.0"

# Public name → module that defines it.
_HOME = {
    "OSA": "neurochip.elements",
    "Constant": "neurochip.elements",
    "HardwareCost": "neurochip.elements",
    "Identity": "neurochip.elements",
    "Kesten": "neurochip.elements",
    "PowerLaw": "neurochip.elements",
    "Predictive": "neurochip.elements",
    "SecondOrderSigmaDelta": "neurochip.elements",
    "Shift": "neurochip.elements",
    "SigmaDelta": "neurochip.elements",
    "Stochastic": "neurochip.elements",
    "Threshold": "neurochip.elements",
    "check_lambda": "neurochip.elements.encoders.predictive",
    "LearningSpec": "neurochip.description",
    "PhasesSpec": "neurochip.description",
    "RunSpec": "neurochip.description",
    "read_chip": "neurochip.description",
    "read_run": "neurochip.description",
    "run_to_toml": "neurochip.description",
    "Evaluation": "neurochip.models.results",
    "Model": "neurochip.models.model",
    "load": "neurochip.models.storing",
    "train": "neurochip.models.training",
    "Network": "neurochip.network",
    "Projection": "neurochip.network",
    "layered": "neurochip.network",
    "CallbackError": "neurochip.errors",
    "CapabilityError": "neurochip.errors",
    "ConfigError": "neurochip.errors",
    "DataError": "neurochip.errors",
    "NeurochipError": "neurochip.errors",
    "Kernel": "neurochip.kernels._jit",
    "kernel": "neurochip.kernels._jit",
    "EquilibriumPropagation": "neurochip.learning.eqprop",
    "Presented": "neurochip.learning.readings",
    "Readings": "neurochip.learning.readings",
    "LearningRule": "neurochip.learning.rule",
    "Rule": "neurochip.learning.rule",
    "check_needs": "neurochip.learning.rule",
    "LIF": "neurochip.elements.neurons.lif",
    "SpikingNeuron": "neurochip.elements.neurons.spiking",
    "replay": "neurochip.replays.replaying",
    "settle": "neurochip.runs.settling",
    "simulate": "neurochip.runs.simulation",
    "read_spikes": "neurochip.spikes.npz",
    "SpikeTrains": "neurochip.spikes.trains",
    "Spikes": "neurochip.spikes.raster",
    "Capabilities": "neurochip.substrate",
    "Observable": "neurochip.substrate",
    "Parameters": "neurochip.substrate",
    "Phase": "neurochip.substrate",
    "Substrate": "neurochip.substrate",
    "WeightUpdate": "neurochip.substrate",
    "SweepRequest": "neurochip.sweep.request",
    "run_sweep": "neurochip.studies.sweeping",
    "EpochRecord": "neurochip.training.record",
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
