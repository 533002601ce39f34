"""How far the learned direction is from the gradient as feedback turns away from symmetry (Scellier et al. 2018,
Theorem 1).

Networks with feedback weights at an angle to the transpose of the forward ones: B = cos θ Wᵀ + sin θ R, R random,
at right angles to Wᵀ and as long. ν and −∂J/∂W are solved exactly at the fixed point and compared.

Left open by the paper and chosen here: sizes 20-30-30-10; weights uniform in ±½ √(6/(n_in + n_out)), small enough
to settle at every angle; ρ(s) = 1/(1 + e^{−4(s − ½)}), smooth, since the theorem is one of derivatives; inputs
uniform in [0, 1], targets one-hot. Two kinds of neurons: those of an energy, μ = −h + ρ′(h) W ρ(h), for which
symmetric weights make ν the gradient exactly; and those of the paper, μ = −h + W ρ(h), whose Jacobian W diag(ρ′) −
1 is not symmetric even when W is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.learning.fixed_point_gradient import LayeredField, Nonlinearity
from neurochip.papers.experiment import Bound, Claim, Experiment, Finding, Outcome, Settings, Tell
from neurochip.report.figures import Chart, Curve
from neurochip.training.streams import stream

__all__ = ["EXPERIMENT", "LOGISTIC", "field_at"]

Array = NDArray[np.float64]

SIZES = (20, 30, 30, 10)
SCALE = 0.5
ANGLES = tuple(range(0, 91, 10))
BETA = 1e-4
QUICK, FULL = 10, 50  # networks


def _logistic(s: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(2 * (s - 0.5))))  # without overflow far out


LOGISTIC = Nonlinearity(
    _logistic,
    lambda s: 4 * _logistic(s) * (1 - _logistic(s)),
    lambda s: 16 * _logistic(s) * (1 - _logistic(s)) * (1 - 2 * _logistic(s)),
)


def field_at(seed: int, net: int, angle: float | None, *, gated: bool, scale: float = SCALE) -> LayeredField:
    """Return network ``net`` with its feedback ``angle`` degrees from symmetric; only the angle differs.

    `None`: with feedback drawn alone. ``scale`` is of the range of Glorot & Bengio.
    """
    draws = stream(seed, "weights", net)
    forward, feedback = [], []
    for k, (n, m) in enumerate(zip(SIZES[:-1], SIZES[1:], strict=True)):
        bound = scale * np.sqrt(6 / (n + m))
        w = draws.uniform(-bound, bound, (n, m))
        forward.append(w)
        if k:
            other = draws.uniform(-bound, bound, (m, n))
            if angle is not None:
                other -= np.vdot(other, w.T) / np.vdot(w, w) * w.T
                other *= np.linalg.norm(w) / np.linalg.norm(other)
                turn = np.deg2rad(angle)
                other = np.cos(turn) * w.T + np.sin(turn) * other
            feedback.append(other)
    return LayeredField(tuple(forward), tuple(feedback), LOGISTIC, gated)


def _cosine(a: list[Array], b: list[Array]) -> float:
    x, y = np.concatenate([v.ravel() for v in a]), np.concatenate([v.ravel() for v in b])
    return float(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)))


def run(settings: Settings, tell: Tell) -> Outcome:
    """Solve every network at every angle."""
    nets = QUICK if settings.quick else FULL
    samples = 3
    cosines, deepest, asymmetry, nudge, elsewhere = np.zeros((5, 2, nets, samples, len(ANGLES)))
    for net in range(nets):
        draws = stream(settings.seed, "samples", net)
        x, y = (
            draws.uniform(0, 1, (samples, SIZES[0])),
            np.eye(SIZES[-1])[draws.integers(SIZES[-1], size=samples)],
        )
        for at, angle in enumerate(ANGLES):
            for kind, gated in enumerate((True, False)):
                field = field_at(settings.seed, net, angle, gated=gated)
                for k in range(samples):
                    h = field.settled(x[k])
                    learned, descent = field.learned(h, x[k], y[k]), field.descent(h, x[k], y[k])
                    here = (kind, net, k, at)
                    cosines[here] = _cosine(learned, descent)
                    deepest[here] = _cosine(learned[:1], descent[:1])
                    jacobian = field.jacobian(h, x[k])
                    off = jacobian - np.diag(np.diag(jacobian))
                    asymmetry[here] = np.linalg.norm(off - off.T) / np.linalg.norm(off + off.T)
                    nudge[here] = _cosine(field.nudged(h, x[k], y[k], BETA), learned)
                    other = field.learned(h, x[k], np.roll(y[k], 1))
                    elsewhere[here] = _cosine(field.nudged(h, x[k], y[k], BETA), other)
        tell((net + 1) / nets, "solving fixed points")
    mean = cosines.mean(axis=(1, 2))
    deep = deepest.mean(axis=(1, 2))
    standard = cosines.mean(axis=2).std(axis=1) / np.sqrt(nets)
    ranks = float(np.corrcoef(mean[0], np.arange(len(ANGLES)))[0, 1])
    middle = ANGLES.index(50)
    shuffled = mean[:, stream(settings.seed, "angles").permutation(len(ANGLES))]
    downhill = (deepest > 0).mean(axis=(1, 2))
    findings = (
        Finding(
            "symmetric",
            float(cosines[0, :, :, 0].min()),
            float(cosines[0, :, :, 1].min()),
            f"neurons of an energy, lowest of {nets * samples}; the paper's own neurons with symmetric weights: mean "
            f"{mean[1, 0]:.4f}, lowest {cosines[1, :, :, 0].min():.4f}",
        ),
        Finding(
            "falls",
            float(np.diff(mean, axis=1).max()),
            float(np.diff(shuffled, axis=1).max()),
            f"largest step of 10° upwards; correlation with the angle {ranks:.3f}; from {mean[0, 0]:.3f} to "
            f"{mean[0, -1]:.3f} ± {standard[0, -1]:.3f} at 90° (the paper's neurons {mean[1, 0]:.3f} to "
            f"{mean[1, -1]:.3f})",
        ),
        Finding(
            "descends",
            float(downhill[:, : middle + 1].mean()),
            float(downhill[:, -1].mean()),
            f"0° to 50°, both kinds of neuron; at 50° alone {100 * downhill[:, middle].mean():.0f} %; its mean cosine "
            f"{deep[0, middle]:.2f} at 50°, {deep[0, -1]:.2f} at 90°. All weights in one vector descend in "
            f"{100 * (cosines[:, :, :, -1] > 0).mean():.0f} % at 90° too, since those of the output lead it",
        ),
        Finding("nudge", float(nudge.min()), float(elsewhere.min()), f"β = {BETA:g}, lowest of {nudge.size} solves"),
    )  # fmt: skip
    charts = (
        Chart(
            "Learned direction against the gradient",
            "angle of the feedback weights to symmetric (degrees)",
            "cosine of ν and −∂J/∂W",
            [
                _banded("neurons of an energy", cosines[0], 0),
                _banded("the paper's neurons", cosines[1], 1),
                Curve("first layer's weights, energy", ANGLES, deep[0], 0, "dashed"),
                Curve("first layer's weights, paper", ANGLES, deep[1], 1, "dashed"),
            ],
            levels=[(0.0, "")],
            caption="All weights together, mean and one deviation over networks; and the first layer's alone.",
        ),
        Chart(
            "Asymmetry of the Jacobian",
            "‖J − Jᵀ‖ / ‖J + Jᵀ‖, without the diagonal",
            "cosine of ν and −∂J/∂W",
            [
                Curve("neurons of an energy", asymmetry[0].ravel(), cosines[0].ravel(), 0, "dots"),
                Curve("the paper's neurons", asymmetry[1].ravel(), cosines[1].ravel(), 1, "dots"),
            ],
        ),
    )
    return Outcome(
        findings,
        charts,
        seeds=nets,
        settings={
            "sizes": SIZES,
            "weights": f"±{SCALE} √(6/(n_in + n_out))",
            "inputs each": samples,
            "β": BETA,
        },
        series={"angles": ANGLES, "cosine": mean, "cosine_first_layer": deep, "standard_error": standard},
        notes=(
            "What asymmetric feedback bends most are the layers far below the output: the dashed curves.",
        ),
    )


def _banded(name: str, values: Array, colour: int) -> Curve:
    means = values.mean(axis=1)
    middle, spread = means.mean(axis=0), means.std(axis=0)
    return Curve(name, ANGLES, middle, colour, low=middle - spread, high=np.minimum(middle + spread, 1.0))


EXPERIMENT = Experiment(
    name="scellier2018-theorem",
    paper="Scellier et al. 2018",
    figure="Theorem 1",
    about="the learned direction ν against −∂J/∂W as feedback turns from symmetric to unrelated",
    claims=(
        Claim(
            "symmetric",
            "With a symmetric Jacobian ν is the gradient of the objective.",
            "lowest cosine of ν and −∂J/∂W at 0°",
            Bound(low=0.999999),
            control="feedback turned by 10°",
        ),
        Claim(
            "falls",
            "The angle between them is linked to the degree of symmetry: it grows as symmetry is lost.",
            "largest change of the mean cosine from one angle to the next, which should be negative",
            Bound(high=0.0),
            control="the angles in a random order",
        ),
        Claim(
            "descends",
            "A large part of weight space has ν going downhill, above all where feedback is aligned.",
            "share of networks and inputs in which the weights of the first layer go downhill, feedback at up to 50°",
            Bound(low=0.9),
            control="feedback at 90°: unrelated to the forward weights",
        ),
        Claim(
            "nudge",
            "ν is what two phases with a small nudge learn.",
            "lowest cosine of the settled difference with the exact ν",
            Bound(low=0.999),
            control="ν of another target",
        ),
    ),
    seconds=(30, 150),
    run=run,
)
