"""What the numbers of a NIR graph betray of whoever wrote it: its step, and what to ask about it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.description.nir.nodes import Node
from neurochip.description.nir.sources import Source
from neurochip.description.spiking import PARAMETERS, NeuronGroup
from neurochip.errors import ConfigError

__all__ = ["doubts_of_resets", "exporter_step", "numbers_of", "step_of"]

Array = NDArray[np.float64]


def step_of(
    step: float | None, numbers: Sequence[Mapping[str, Array]], *, tells: bool
) -> tuple[float | None, str]:
    """Return seconds of a tick, and what is to be said of them.

    Parameters
    ----------
    step
        As its user, the graph or its source has it; `None`: that of whoever wrote it, where all neurons agree on one.
    numbers
        Of all neurons, as they stand.
    tells
        Whether R says anything about the step.

    Raises
    ------
    ConfigError
        For one that is no time.
    """
    betrayed = exporter_step(numbers) if tells else None
    if step is None:
        said = (
            ""
            if betrayed is None
            else f"R = τ/({betrayed:.6g} s) for all neurons: taken to be the step of whoever wrote this"
        )
        return betrayed, said
    if not (math.isfinite(step) and step > 0):
        raise ConfigError("dt", f"must be > 0 seconds, got {step:g}")
    if betrayed is None or math.isclose(step, betrayed, rel_tol=1e-4):
        return step, ""
    part = step / betrayed
    taus = [tau for given in numbers for tau in np.ravel(given.get("tau", given.get("tau_mem", ())))]
    if taus and np.allclose(part, np.exp(-step / np.array(taus)), rtol=1e-4):
        return step, (
            "R dt/τ is e^(−dt/τ), as Rockpool writes it, whose neurons leak by that much, take up all that comes "
            "and give up their threshold when they fire: --from rockpool"
        )
    return step, (
        f"R dt/τ is {part:g} for all neurons: a spike of weight 1 moves v by that, and not by 1. "
        f"Whoever wrote this had steps of {betrayed:.6g} s, it seems: --dt {betrayed:.6g}"
    )


def doubts_of_resets(groups: Sequence[NeuronGroup], source: Source, *, told: bool) -> list[str]:
    """Return what a user should know of spikes; ``told``: whether they said what one does to v."""
    if not any(group.fires and group.kind != "Threshold" for group in groups):
        return []
    if source.fires_when == "reached":
        return [
            f"neurons of {source.name} may fire several times in a step, which NIR does not say and one bit cannot: "
            "make them with one at most (SingleSpike, max_spikes_per_dt = 1), or their spikes differ"
        ]
    step = exporter_step([group.parameters for group in groups])
    if source.name != "generic" or told or step is None or not math.isclose(step, 1e-4, rel_tol=1e-4):
        return []
    return [
        "R = τ/(0.0001 s), as snnTorch writes it. NIR does not say how neurons reset: here v is set to v_reset. "
        "snnTorch takes the threshold away, a step later, unless told otherwise: --from snntorch"
    ]


def exporter_step(parameters: Sequence[Mapping[str, Array]]) -> float | None:
    """Return dt of tools that write R = τ/dt, from all neurons whose R is not 1; `None` where they do not agree."""
    steps = []
    for given in parameters:
        tau = given.get("tau_mem", given.get("tau"))
        if tau is None or "r" not in given or 1 < np.size(tau) != np.size(given["r"]) > 1:
            continue
        tau, r = np.broadcast_arrays(np.ravel(tau), np.ravel(given["r"]))
        there = np.isfinite(tau) & np.isfinite(r) & (r != 0)
        if (r[there] != 1).any():  # R = 1 says nothing
            steps.append(tau[there] / r[there])
    found = np.concatenate(steps) if steps else np.zeros(0)
    if not found.size or not found[0] > 0 or not np.allclose(found, found[0], rtol=1e-5):
        return None
    return float(found[0])


def numbers_of(node: Node) -> dict[str, Array]:
    """Return those fields of neurons that are numbers, f64[…] each."""
    found = {key: np.asarray(node.fields[key]) for key in PARAMETERS[node.kind] if key in node.fields}
    return {key: values.astype(np.float64) for key, values in found.items() if values.dtype.kind in "iuf"}
