"""A network on a chip without real numbers: rounded as it is run, and what that changes of its answers."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurochip.description import ChipSpec
from neurochip.description.spiking import SpikingNetwork
from neurochip.errors import ConfigError
from neurochip.inference.inferring import Inference, LabelledSamples, infer
from neurochip.inference.quantising import Quantisation, calibration, quantised

__all__ = ["AskedNumbers", "accuracy_changed", "on_integers"]

_REFERENCE = "ideal-bits"
_WIDEST = 16


class AskedNumbers(NamedTuple):
    """How a network is to be rounded.

    Attributes
    ----------
    bits
        Of weights; `None`: as many as the chip has, and only where it has no others than integers.
    calibrate
        File of samples by which scales are chosen; `None`: by the largest weights.
    per_channel
        A scale for each neuron, or each map.
    """

    bits: int | None = None
    calibrate: Path | None = None
    per_channel: bool = False


def on_integers(network: SpikingNetwork, chip: ChipSpec, asked: AskedNumbers) -> Quantisation | None:
    """Return a network in whole steps for a chip, where it needs that or is asked for; else `None`.

    Raises
    ------
    ConfigError
        For bits that the chip does not have, samples or scales that nothing is rounded by, and as of `quantised`.
    DataError
        For a file of samples that does not fit.
    """
    bits = asked.bits
    if bits is None and not chip.weights.floats and not _is_whole(network):
        bits = min(chip.weights.max_bits or _WIDEST, _WIDEST)
    if bits is None:
        given = {"--calibrate": asked.calibrate is not None, "--per-channel": asked.per_channel}
        named = " and ".join(name for name, there in given.items() if there)
        if named:
            why = "has floating-point weights" if chip.weights.floats else "takes the network as it is"
            raise ConfigError(
                named, f"rounds nothing, for {chip.name} {why}; give --bits N too, or leave it out"
            )
        return None
    if chip.weights.max_bits is None or not bits <= chip.weights.max_bits:
        raise ConfigError("--bits", f"must be what {chip.name} has, {chip.weights.formats()}; got {bits}")
    spikes, ticks = (None, None) if asked.calibrate is None else calibration(asked.calibrate, network)
    return quantised(
        network, bits, spikes=spikes, sample_ticks=ticks, per_channel=asked.per_channel, chip=chip
    )


def accuracy_changed(before: SpikingNetwork, samples: LabelledSamples, after: Inference) -> dict[str, object]:
    """Return what rounding did to accuracy: both accuracies, their difference with its standard error, answers changed.

    The network as it was is shown the same samples with real numbers, without limits of a chip.
    """
    real = infer(before, samples, _REFERENCE, output=after.output)
    right = [one.predictions == one.labels for one in (real, after)]
    gained, lost = int(np.sum(right[1] & ~right[0])), int(np.sum(right[0] & ~right[1]))
    n = len(after.labels)
    return {
        "before": real.accuracy,
        "after": after.accuracy,
        "change": (gained - lost) / n,
        "change_error": float(np.sqrt(max(gained + lost - (gained - lost) ** 2 / n, 0.0))) / n,
        "answers_differ": float(np.mean(real.predictions != after.predictions)),
    }


def _is_whole(network: SpikingNetwork) -> bool:
    """Whether all weights are whole numbers."""
    held = [c.weights for c in network.connections if c.weights is not None]
    return all(w.dtype.kind in "iu" or np.array_equal(w, np.trunc(w)) for w in held)
