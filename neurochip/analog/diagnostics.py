"""How good the learning signal of a die is: theorem 1 of Scellier et al. 2018, and what may spoil it.

With C = ‖y − s‖² and e = ∂C/∂s at the free fixed point, the change of state that a small nudge causes is
ds/dβ = J⁻¹ e, while the gradient of the cost needs J⁻ᵀ e. So the update of general dynamics and the gradient differ
by the asymmetry of J alone:

    ν = ρ(s_pre) (J⁻¹ e)_post          −∂J/∂W = ρ(s_pre) (J⁻ᵀ e)_post ∂μ_post/∂I ∂I/∂W
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.jacobian import Point, linearised, solve
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.learning_path import DriftSpec, LearningPathSpec
from neurochip.description.die.noise import NoiseSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.network import Network
from neurochip.substrate import Phase

__all__ = ["Theorem", "alignment", "cosine", "diagnose", "exact_copy", "projection_names", "theorem"]

Array = NDArray[np.floating]

_SETTLED = 1e-9  # residual at which a fixed point is exact enough for the solves
_MOST_STEPS = 4000
_FITTED = 1e-6  # error at which an output has nothing more to learn
_MOST_SPECTRA = 3  # eigenvalues of a thousand neurons take seconds


class Theorem(NamedTuple):
    """Both sides of theorem 1, summed over samples.

    Attributes
    ----------
    nu
        f64[pre, post] of every projection: what the rule follows as β → 0.
    gradient
        f64[pre, post] of every projection: −dC/dW of the programmed weights.
    residual
        f64[sample], how well the fixed points were met.
    cosines
        f64[sample, projection], of the two for each sample alone; NaN where one of them vanishes.
    """

    nu: list[NDArray[np.float64]]
    gradient: list[NDArray[np.float64]]
    residual: NDArray[np.float64]
    cosines: NDArray[np.float64]


def projection_names(network: Network) -> list[str]:
    """Return ``source → target`` of every projection."""
    names = [p.name for p in network.populations]
    return [f"{names[p.source]} → {names[p.target]}" for p in network.projections]


def cosine(a: Array, b: Array) -> float:
    """Return the cosine of the angle between two arrays, NaN if one is 0."""
    product = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.vdot(a, b)) / product if product else float("nan")


def exact_copy(substrate: AnalogSubstrate) -> AnalogSubstrate:
    """Return the same die with the same weights, in float64, measured without error and settled to the end."""
    spec = replace(
        substrate.spec,
        cells=substrate.spec.cells
        if substrate.spec.supply_lines.sheet_mohm
        else None,  # what it draws else is no matter
        noise=NoiseSpec(),
        drift=DriftSpec(),
        learning_path=LearningPathSpec(),
        converters=replace(substrate.spec.converters, adc_bits=None),
        settle=SettleSpec(
            method="euler" if substrate.spec.vector_field is not None else "exponential",
            step=min(substrate.spec.settle.step, 0.5),
            until="residual",
            residual=_SETTLED,
        ),
    )
    copy = AnalogSubstrate(
        substrate.network,
        spec,
        dtype=np.float64,
        die=substrate.die,
        flow=substrate.flow,
        activity=substrate.activity,
    )
    copy.load(substrate.parameters())
    return copy


def theorem(substrate: AnalogSubstrate, inputs: Array, targets: Array) -> Theorem:
    """Evaluate both sides of theorem 1 at the free fixed points of some samples, by exact solves.

    Parameters
    ----------
    substrate
        Its die and weights are used, in a copy; its samples are left alone.
    inputs, targets
        [sample, unit] in [0, 1], and [sample, output].
    """
    exact = exact_copy(substrate)
    _settle(exact, inputs)
    return _both_sides(exact, np.arange(len(inputs)), np.asarray(targets, dtype=np.float64), _points(exact))


def _points(exact: AnalogSubstrate) -> Callable[[int], Point]:
    """Return what linearises the circuit at the voltages of a sample, once for each."""
    return functools.cache(lambda sample: linearised(exact.batch, sample, exact.flow))


def _settle(exact: AnalogSubstrate, inputs: Array) -> None:
    exact.begin(inputs, np.arange(len(inputs), dtype=np.uint64))
    exact.run(Phase.EVALUATION, _MOST_STEPS)


def _both_sides(
    exact: AnalogSubstrate, samples: NDArray[np.intp], targets: Array, point_of: Callable[[int], Point]
) -> Theorem:
    network, circuit, batch = exact.network, exact.circuit, exact.batch
    starts = [int(at) for at in circuit.starts]
    shapes = [(network.sizes[p.source], network.sizes[p.target]) for p in network.projections]
    nu, gradient = [np.zeros(s) for s in shapes], [np.zeros(s) for s in shapes]
    cosines = np.full((len(samples), len(shapes)), np.nan)
    by_weight = [circuit.sensitivity(k) for k in range(len(shapes))]
    for row, sample in enumerate(samples.tolist()):
        point = point_of(sample)
        error = np.zeros(starts[-1])
        error[starts[-2] :] = 2 * (batch.voltage[sample, starts[-2] :] - targets[sample])
        moved = solve(point, error, transposed=False)
        wanted = solve(point, error, transposed=True) * circuit.neurons.gain
        for k, projection in enumerate(network.projections):
            post = slice(starts[projection.target - 1], starts[projection.target])
            if projection.source == 0:
                pre = exact.inputs[sample].astype(np.float64)
            else:
                pre = batch.activity[sample, starts[projection.source - 1] : starts[projection.source]]
            here, there = np.outer(pre, moved[post]), np.outer(pre, wanted[post]) * by_weight[k]
            cosines[row, k] = cosine(here, there)
            nu[k] += here
            gradient[k] += there
    return Theorem(nu, gradient, exact.residual()[samples], cosines)


def _in_error(
    exact: AnalogSubstrate, targets: Array, most: int, point_of: Callable[[int], Point]
) -> NDArray[np.intp]:
    """Return the first samples that have something to learn: an output off its target that no rail holds."""
    first = int(exact.circuit.starts[-2])
    found = []
    for sample in range(len(targets)):
        error = np.abs(exact.batch.voltage[sample, first:] - targets[sample]) > _FITTED
        if np.any(error[point_of(sample).free_from(first)]):
            found.append(sample)
        if len(found) == most:
            break
    return np.array(found, dtype=np.intp)


def alignment(forward: Array, backward: Array) -> float:
    """Return tr(W_f W_b) / (‖W_f‖ ‖W_b‖) of two directions [pre, post] each; 1 for transposes of one another."""
    return cosine(forward, backward.T)


def diagnose(
    substrate: AnalogSubstrate, inputs: Array, wanted: NDArray[np.number], *, solved: int
) -> dict[str, Any]:
    """Return the diagnostics of a die as plain numbers, by name.

    Parameters
    ----------
    inputs, wanted
        [sample, unit], and the class of each [sample], or its targets [sample, output], which know no dead classes.
    solved
        At most so many samples for which theorem 1 is evaluated, the first that are not fitted exactly: where every
        output rests on its target there is no error, and no angle. All samples are settled and looked at.
    """
    exact = exact_copy(substrate)
    _settle(exact, inputs)
    network, circuit = exact.network, exact.circuit
    names, n = projection_names(network), len(network.sizes) - 1
    voltage, starts = exact.voltages(), [int(at) for at in circuit.starts]
    output = voltage[:, starts[-2] :]
    classes = np.unique(wanted) if wanted.ndim == 1 else np.zeros(0, dtype=np.int64)
    dead = [int(c) for c in classes if np.all(output[wanted == c, c] <= 0)]
    clipped = (voltage <= 0) | (voltage >= circuit.neurons.saturation)
    has_rails = substrate.spec.characteristic == "hard-sigmoid"
    table: dict[str, Any] = {
        "samples": len(inputs),
        "residual": float(exact.residual().max(initial=0.0)),
        "unsettled": float(np.mean(~(exact.residual() <= 1e-6))),
        "alignment": {
            f"{network.populations[k].name} ↔ {network.populations[k + 1].name}": alignment(
                circuit.weights[k], circuit.weights[network.between(k + 1, k)]
            )
            for k in range(1, n)
        },
        "dead_classes": len(dead) / len(classes) if len(classes) else 0.0,
        "dead": dead,
        "clipped": float(clipped[:, : starts[-2]].mean()) if has_rails and n > 1 else 0.0,
    }
    if solved:
        targets = np.eye(network.sizes[-1])[wanted] if wanted.ndim == 1 else wanted.astype(np.float64)
        point_of = _points(exact)
        chosen = _in_error(exact, targets, solved, point_of)
        both = _both_sides(exact, chosen, targets, point_of)
        spectra = [_spectrum(exact, point_of(sample)) for sample in range(min(len(inputs), _MOST_SPECTRA))]
        table["solved"] = len(chosen)
        table["cosine"] = {
            name: cosine(a, b) for name, a, b in zip(names, both.nu, both.gradient, strict=True)
        }
        table["cosine_all"] = cosine(
            np.concatenate([a.ravel() for a in both.nu]), np.concatenate([a.ravel() for a in both.gradient])
        )
        table["asymmetry"] = float(np.mean([s[0] for s in spectra]))
        table["spectral_abscissa"] = float(np.max([s[1] for s in spectra]))
    return table


def _spectrum(exact: AnalogSubstrate, point: Point) -> tuple[float, float]:
    """Return ‖J − Jᵀ‖ / ‖J + Jᵀ‖, and the largest real part of the dynamics' eigenvalues in 1/τ."""
    if not point.free.size:
        return 0.0, -1.0
    j = point.jacobian
    asymmetry = float(np.linalg.norm(j - j.T) / np.linalg.norm(j + j.T))
    rate = exact.circuit.rate[point.free].astype(np.float64)
    dynamics = rate[:, None] * j if point.dynamics is None else point.dynamics
    return asymmetry, float(np.linalg.eigvals(dynamics).real.max())
