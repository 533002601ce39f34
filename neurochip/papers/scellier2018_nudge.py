"""A small nudge lowers the cost, and the dynamics almost always converges (Scellier et al. 2018, Prop. 5, section 4).

Proposition 5 holds for any vector field whose fixed point is stable in the sense of Prop. 4 (its Jacobian is negative):
with a nudge β the network settles where the cost is lower. That the dynamics converges at all is not proven, but
observed: "experiments show that the dynamics of h (almost) always converges to a fixed point".

Left open by the paper and chosen here: forward and feedback weights drawn alone, by Glorot & Bengio; sizes and
smooth ρ of `scellier2018_theorem`; both kinds of neuron; β = 0.1. A network has converged when no state moves by more
than 10⁻⁶ a time constant after 100 of them (500 Euler steps of 0.2) from a start that is uniform in [0, 1].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.learning.fixed_point_gradient import LayeredField
from neurochip.papers.curves import said
from neurochip.papers.experiment import Bound, Claim, Experiment, Finding, Outcome, Settings, Tell
from neurochip.papers.scellier2018_theorem import SIZES, field_at
from neurochip.report.figures import Chart, Curve
from neurochip.training.streams import stream

__all__ = ["EXPERIMENT", "relaxed"]

Array = NDArray[np.float64]

BETA, STEPS, STILL = 0.1, 500, 1e-6
GAINS = (0.5, 1.0, 2.0, 4.0, 8.0)
QUICK, FULL = 20, 200  # networks
INPUTS = 3


def relaxed(field: LayeredField, x: Array, start: Array, beta: float, target: Array) -> tuple[Array, float]:
    """Return the state after 100 time constants, and how fast its fastest neuron still moves."""
    h = start
    for _ in range(STEPS):
        h = h + 0.2 * field.velocity(h, x, beta, target)
    return h, float(np.abs(field.velocity(h, x, beta, target)).max())


def _cost(h: Array, target: Array) -> float:
    return float(0.5 * np.sum((h[-target.size :] - target) ** 2))


def run(settings: Settings, tell: Tell) -> Outcome:
    """Settle every network with every gain, and nudge those of gain 1."""
    nets = QUICK if settings.quick else FULL
    moving = np.zeros((len(GAINS), 2, nets, INPUTS))
    change = np.full((2, 2, nets, INPUTS), np.nan)  # of the cost: nudged to, from the target
    for net in range(nets):
        draws = stream(settings.seed, "samples", net)
        for k in range(INPUTS):
            x, target = draws.uniform(0, 1, SIZES[0]), np.eye(SIZES[-1])[draws.integers(SIZES[-1])]
            start = draws.uniform(0, 1, sum(SIZES[1:]))
            for g, gain in enumerate(GAINS):
                for kind in (0, 1):
                    field = field_at(settings.seed, net, None, gated=kind == 0, scale=gain)
                    h, moving[g, kind, net, k] = relaxed(field, x, start, 0.0, target)
                    if gain != 1.0 or moving[g, kind, net, k] > STILL:
                        continue
                    for at, beta in enumerate((BETA, -BETA)):
                        nudged, _ = relaxed(field, x, h, beta, target)
                        change[at, kind, net, k] = _cost(nudged, target) - _cost(h, target)
        tell((net + 1) / nets, "settling networks")
    settled = (moving < STILL).mean(axis=(2, 3))  # [gain, kind]
    share = settled.mean(axis=1)
    to, away = (c[np.isfinite(c)] for c in change)
    findings = (
        Finding(
            "nudge",
            float(np.mean(to < 0)),
            float(np.mean(away < 0)),
            f"{to.size} cases; change of the cost {to.min():.3g} to {to.max():.3g}, nudged away {away.min():.3g} to "
            f"{away.max():.3g}",
        ),
        Finding(
            "converges",
            float(share[GAINS.index(1.0)]),
            float(share[-1]),
            f"of {2 * nets * INPUTS} cases; weights of {said(GAINS, 'g')} × Glorot: "
            f"{', '.join(f'{100 * s:.1f} %' for s in share)}",
        ),
    )
    return Outcome(
        findings,
        (
            Chart(
                "Networks that settle", "gain of the weights", "share",
                [
                    Curve(name, GAINS, settled[:, kind], kind)
                    for kind, name in enumerate(("neurons of an energy", "the paper's neurons"))
                ],
                log_x=True, y_range=(0, 1.02),
            ),
        ),
        seeds=nets,
        settings={"sizes": SIZES, "β": BETA, "steps": STEPS, "still": STILL, "inputs each": INPUTS},
        series={"gains": GAINS, "settled": settled, "change_of_cost": change},
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="scellier2018-nudge",
    paper="Scellier et al. 2018",
    figure="Prop. 5, section 4",
    about="a small nudge lowers the cost, and networks with feedback of their own almost always settle",
    claims=(
        Claim(
            "nudge",
            "A small nudge moves the network to where the cost is lower.",
            "share of networks and inputs whose cost is lower at the nudged fixed point",
            Bound(low=1.0),
            control="nudged away from the target",
        ),
        Claim(
            "converges",
            "The dynamics (almost) always converges to a fixed point.",
            "share of networks and inputs that settle, forward and feedback weights drawn alone",
            Bound(low=0.99),
            control="weights eight times as large",
        ),
    ),
    seconds=(25, 250),
    run=run,
)
