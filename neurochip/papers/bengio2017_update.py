"""The product of rate and rate of change is gradient descent on the cost (Bengio et al. 2017, eqs 3.17 and 3.18).

The networks of `bengio2017_backprop` settle and are nudged. When the nudge first reaches the layer k below the top,
each synapse into it changes by ΔW_ij = ṡ_i ρ(s_j); that should be −ε^(k+2) ∂C/∂W_ij, a rate for each layer. ∂C/∂W is
taken by finite differences: one weight is moved, its neuron follows, and each layer above follows the one below it.

Left open by the paper and chosen here: sizes, ρ and start of `bengio2017_networks`; 40 weights of each projection are
looked at; a step of the weights is as long as a thousandth of them; whether it lowers the cost is asked of the network
that settles anew, whose gradient is not quite that of the paper's chain of layers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.papers.bengio2017_networks import HARD, SIZES, EnergyNetwork, drawn, first_changes, pairs
from neurochip.papers.curves import said
from neurochip.papers.experiment import Bound, Claim, Experiment, Finding, Outcome, Settings, Tell
from neurochip.report.figures import Chart, Curve

__all__ = ["EXPERIMENT", "slopes", "updates"]

Array = NDArray[np.float64]

EPSILON, BATCH, WEIGHTS, LENGTH = 0.3, 10, 40, 1e-3
QUICK, FULL = 5, 20  # networks


def updates(
    net: EnergyNetwork, states: list[Array], target: Array, *, presynaptic: bool = True
) -> list[Array]:
    """Return ΔW f64[sample, pre, post] of each projection into a hidden layer; without ρ(s_j): its mean instead."""
    found = []
    for k, change in enumerate(first_changes(net, states, target, EPSILON)):
        rate = net.rho.value(states[k])
        pre = rate if presynaptic else np.full_like(rate, rate.mean())
        found.append(pre[:, :, None] * change[:, None, :])
    return found


def slopes(net: EnergyNetwork, states: list[Array], target: Array, k: int, at: NDArray[np.int64]) -> Array:
    """Return ∂C/∂W f64[sample, weight] of the weights ``at`` i64[weight, 2] of projection ``k``, by finite differences.

    C = ½ ‖y − ŷ‖²; layer k + 1 follows its weight, and each layer above the one below it, from its old upper neighbour.
    """
    found = []
    for pre, post in at:
        costs = []
        for sign in (1, -1):
            moved = [s.copy() for s in states]
            rho = net.rho
            shift = sign * 1e-5 * rho.slope(states[k + 1])[:, post] * rho.value(states[k])[:, pre]
            moved[k + 1][:, post] += shift
            for above in range(k + 2, len(states)):
                seen = [s.copy() for s in states]
                seen[above - 1] = moved[above - 1]
                moved[above] = net.pressure(seen)[above]
            costs.append(0.5 * np.sum((moved[-1] - target) ** 2, axis=1))
        found.append((costs[0] - costs[1]) / 2e-5)
    return np.array(found).T


def _stepped(net: EnergyNetwork, changes: list[Array]) -> EnergyNetwork:
    """Return the network after the mean change of all samples, as long as a thousandth of its weights."""
    means = [c.mean(axis=0) for c in changes]
    length = np.sqrt(sum(float(np.sum(m * m)) for m in means))
    size = np.sqrt(sum(float(np.sum(w * w)) for w in net.weights))
    weights = [w + LENGTH * size / length * m for w, m in zip(net.weights, means, strict=False)]
    return EnergyNetwork((*weights, *net.weights[len(means) :]), net.rho, net.centred)


def _cost(net: EnergyNetwork, x: Array, y: Array) -> float:
    return float(0.5 * np.mean(np.sum((net.settled(x)[0][-1] - y) ** 2, axis=1)))


def run(settings: Settings, tell: Tell) -> Outcome:
    """Compare changes with slopes, layer by layer, and then take a step."""
    nets = QUICK if settings.quick else FULL
    layers = len(SIZES) - 2
    cosine, alone = np.zeros((nets, layers)), np.zeros((nets, layers))
    size = np.zeros((nets, layers))
    lowered = np.zeros((nets, 2))
    for number in range(nets):
        net, (x, y, draws) = drawn(settings.seed, number, HARD), pairs(settings.seed, number, BATCH)
        states, _ = net.settled(x)
        changes = updates(net, states, y)
        without = updates(net, states, y, presynaptic=False)
        for k in range(layers):
            at = np.column_stack([draws.integers(n, size=WEIGHTS) for n in SIZES[k : k + 2]])
            wanted = -slopes(net, states, y, k, at).ravel()
            ours, bare = (of[k][:, at[:, 0], at[:, 1]].ravel() for of in (changes, without))
            norm = np.linalg.norm(wanted)
            cosine[number, k] = ours @ wanted / (np.linalg.norm(ours) * norm)
            alone[number, k] = bare @ wanted / (np.linalg.norm(bare) * norm)
            size[number, k] = np.linalg.norm(ours) / norm
        before = _cost(net, x, y)
        others = updates(net, states, np.roll(y, 1, axis=0))
        lowered[number] = [_cost(_stepped(net, c), x, y) - before for c in (changes, others)]
        tell((number + 1) / nets, "changing weights")
    exact = EPSILON ** (layers + 1 - np.arange(layers))  # k = 0 is the top hidden layer
    one_rate = np.full(layers, EPSILON**2)
    rates = size.mean(axis=0)
    findings = (
        Finding(
            "direction",
            float(cosine.min()),
            float(alone.min()),
            f"lowest of {nets} networks × {layers} layers",
        ),
        Finding(
            "rates",
            float(np.abs(size / exact - 1).max()),
            float(np.abs(size / one_rate - 1).max()),
            f"bottom to top hidden layer {said(rates, '.4g')}",
        ),
        Finding(
            "descends",
            float(np.mean(lowered[:, 0] < 0)),
            float(np.mean(lowered[:, 1] < 0)),
            f"mean change of the cost {lowered[:, 0].mean():.2g}; targets of other inputs {lowered[:, 1].mean():+.2g}",
        ),
    )
    return Outcome(
        findings,
        (
            Chart(
                "Rate of each layer", "layer above the input", "ΔW over −∂C/∂W",
                [
                    Curve("ṡᵢ ρ(sⱼ)", np.arange(1, layers + 1), rates, 0, "dots"),
                    Curve("ε^(k+2)", np.arange(1, layers + 1), exact, 9, "dashed"),
                ],
                log_y=True,
            ),
        ),
        seeds=nets,
        settings={"sizes": SIZES, "ε": EPSILON, "inputs each": BATCH, "weights each": WEIGHTS, "step": LENGTH},
        series={"cosine": cosine, "cosine_without": alone, "rate": size, "cost": lowered},
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="bengio2017-update",
    paper="Bengio et al. 2017",
    figure="eqs 3.17, 3.18",
    about="ΔW = ṡᵢ ρ(sⱼ) after a nudge against ∂C/∂W by finite differences, layer by layer",
    claims=(
        Claim(
            "direction",
            "The weight update ṡᵢ ρ(sⱼ) is gradient descent on the cost.",
            "lowest cosine of ΔW with −∂C/∂W by finite differences",
            Bound(low=0.999),
            control="ṡᵢ alone, with the mean of ρ as presynaptic factor",
        ),
        Claim(
            "rates",
            "Each layer has a rate of its own, ε^(k+2), k layers below the top.",
            "largest relative deviation of ΔW from −ε^(k+2) ∂C/∂W in size",
            Bound(high=0.01),
            control="one rate, ε², for all layers",
        ),
        Claim(
            "descends",
            "So a step of the weights lowers the prediction error of the network that settles with them.",
            "share of networks whose cost falls by a step of the weights into hidden layers",
            Bound(low=0.95),
            control="updates for targets of other inputs",
        ),
    ),
    seconds=(10, 40),
    run=run,
)
