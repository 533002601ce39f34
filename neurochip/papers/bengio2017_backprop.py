"""Early inference after a nudge is backpropagation (Bengio et al. 2017, section 3, eq. 3.16).

A layered energy-based network settles; its output is pulled to a target; the first change of the hidden layer k below
the top one, k + 2 steps later, should be −ε^(k+2) ∂C/∂h, with C = ½‖ŷ − y‖² passed back through R.

Left open by the paper and chosen here:

* sizes: x 10, hidden 30, 25, 20, y 10: three hidden layers, so that two of them are only reached through others;
* ρ of eq. 2.8 with thresholds ∓½; weights uniform in ±0.25 √(6/(n_in + n_out)); biases −½ Σ W, so that neurons at
  rest (ρ = ½) press on nobody and every neuron settles between its thresholds, as the paper needs. With weights
  above about 0.4 of Glorot's, or without the biases, many networks do not settle at all but jump between the zones
  of ρ: the energy has its minimum on a kink. The last claim is tested on those that do settle;
* a second ρ, 1/(1 + e^{−4s}), since with a piecewise linear one the terms of higher order vanish and nothing is
  left to be seen of "ε small";
* noise: η ~ N(0, 0.1²), fresh for every neuron and step, added to the state that R sees (eq. 2.2), 15 steps before
  the nudge and during it. Presentations with noise of their own are averaged.

What the changes are held against instead: an error passed back through weights drawn anew (any error that comes down
has the right size, only the gradient has the right direction), a gradient without its ρ′, and a ρ that is curved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.papers.bengio2017_networks import (
    HARD,
    SCALE,
    SIZES,
    SMOOTH,
    EnergyNetwork,
    Nonlinearity,
    drawn,
    first_changes,
    pairs,
)
from neurochip.papers.curves import said
from neurochip.papers.experiment import Bound, Claim, Experiment, Finding, Outcome, Settings, Tell
from neurochip.report.figures import Chart, Curve
from neurochip.training.streams import stream

__all__ = ["EXPERIMENT"]

Array = NDArray[np.float64]

EPSILON = 0.3
NOISE = 0.1
BURN_IN = 15
BLOCKS = 10
BATCH = 20  # inputs to each network
QUICK, FULL = 5, 20  # networks
PRESENTATIONS = (10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000)  # that are averaged
MORE = (300_000, 1_000_000)  # in the full form
SATURATION_SCALES = (0.1, 0.15, 0.2, 0.25, 0.4)


def _cosine(a: Array, b: Array) -> Array:
    """Return the cosine of each sample's vectors."""
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray(np.sum(a * b, axis=1) / np.maximum(norms, 1e-300))


class Exactness(NamedTuple):
    """[net, layer]: lowest cosine, smallest and largest scale over the samples; and the lowest cosine of a control.

    The control is the error passed back through weights that were drawn anew.
    """

    cosine: Array
    smallest: Array
    largest: Array
    elsewhere: Array

    def off(self) -> float:
        """Return the largest deviation of the scale from 1."""
        return float(max(abs(self.smallest - 1).max(), abs(self.largest - 1).max()))


def _elsewhere(seed: int, number: int, rho: Nonlinearity, states: list[Array], target: Array) -> list[Array]:
    """Return the error passed back through the weights of a network that has nothing to do with this one."""
    return drawn(seed, 1_000_000 + number, rho).gradients(states, target)[:-1]


def _exactness(
    seed: int, nets: int, batch: int, rho: Nonlinearity, epsilon: float, *, straight: bool = False
) -> Exactness:
    found = np.zeros((4, nets, len(SIZES) - 2))
    for number in range(nets):
        net, (x, target, _) = drawn(seed, number, rho), pairs(seed, number, batch)
        states, _ = net.settled(x)
        wanted = net.gradients(states, target, straight=straight)[:-1]
        others = _elsewhere(seed, number, rho, states, target)
        changes = first_changes(net, states, target, epsilon)
        for depth, (change, gradient, other) in enumerate(zip(changes, wanted, others, strict=True)):
            exact = -(epsilon ** (len(changes) + 1 - depth)) * gradient
            scale = np.linalg.norm(change, axis=1) / np.linalg.norm(exact, axis=1)
            nearest, elsewhere = _cosine(change, exact).min(), _cosine(change, -other).min()
            found[:, number, depth] = nearest, scale.min(), scale.max(), elsewhere
    return Exactness(*found)


def _later(seed: int, nets: int, batch: int, steps: int) -> Array:
    """Return the cosine of the whole displacement with −∂C/∂h, f64[net, step, layer]."""
    found = np.full((nets, steps, len(SIZES) - 2), np.nan)
    for number in range(nets):
        net, (x, target, _) = drawn(seed, number, HARD), pairs(seed, number, batch)
        start, _ = net.settled(x)
        wanted = net.gradients(start, target)
        now = start
        for at in range(steps):
            now = net.step(now, EPSILON, target)
            for layer in range(1, len(SIZES) - 1):
                if at >= len(SIZES) - 1 - layer:  # the nudge has reached it
                    moved = now[layer] - start[layer]
                    found[number, at, layer - 1] = _cosine(moved, -wanted[layer - 1]).mean()
    return found


class Averaged(NamedTuple):
    """Mean first changes over noisy presentations.

    ``cosine`` f64[net, count, layer]: direction of the mean over so many; ``along`` f64[net, block, layer]: component
    of the mean of each of ten blocks along −ε^(k+2) ∂C/∂h, in units of its length; ``elsewhere`` the same along the
    error passed back through weights drawn anew.
    """

    cosine: Array
    along: Array
    elsewhere: Array


def _with_noise(seed: int, nets: int, counts: list[int], tell: Callable[[int], None]) -> Averaged:
    layers = len(SIZES) - 2
    found = np.zeros((nets, len(counts), layers))
    along, elsewhere = np.zeros((nets, BLOCKS, layers)), np.zeros((nets, BLOCKS, layers))
    size = counts[-1] // BLOCKS
    for number in range(nets):
        net, (x, y, _) = drawn(seed, number, HARD), pairs(seed, number, 1)
        start, _ = net.settled(x)
        exact = [-(EPSILON ** (layers + 1 - k)) * g for k, g in enumerate(net.gradients(start, y)[:-1])]
        other = [
            -g * np.linalg.norm(e) / np.linalg.norm(g)
            for g, e in zip(_elsewhere(seed, number, HARD, start, y), exact, strict=True)
        ]
        noises = stream(seed, "noise", number)
        sums = [np.zeros((1, n)) for n in SIZES[1:-1]]
        done = 0
        for position, count in enumerate(counts):
            while done < count:
                batch = min(size - done % size, 2000, count - done)
                for layer, total in enumerate(_noisy_changes(net, start, y, batch, noises)):
                    sums[layer] += total
                    length = float(np.vdot(exact[layer], exact[layer])) * size
                    along[number, done // size, layer] += float(np.vdot(total, exact[layer])) / length
                    elsewhere[number, done // size, layer] += float(np.vdot(total, other[layer])) / length
                done += batch
            for layer in range(layers):
                found[number, position, layer] = _cosine(sums[layer], exact[layer])[0]
        tell(number + 1)
    return Averaged(found, along, elsewhere)


def _noisy_changes(
    net: EnergyNetwork, start: list[Array], target: Array, batch: int, draws: np.random.Generator
) -> list[Array]:
    def noise() -> list[Array]:
        # The clamped input has no noise of its own.
        return [np.zeros((1, SIZES[0]))] + [draws.normal(0, NOISE, (batch, size)) for size in SIZES[1:]]

    now = [np.repeat(s, batch, axis=0) for s in start]
    for _ in range(BURN_IN):
        now = net.step(now, EPSILON, noise=noise())
    layers = len(SIZES) - 2
    totals: list[Array] = []
    for k in range(layers + 1):
        following = net.step(now, EPSILON, target, noise())
        if k:
            moved = following[layers + 1 - k] - now[layers + 1 - k]
            totals.insert(0, moved.sum(axis=0, keepdims=True))
        now = following
    return totals


def _mean_size(along: Array) -> tuple[Array, Array]:
    """Return the mean size of each layer's change over networks and blocks, and its standard error."""
    blocks = along.reshape(-1, along.shape[-1])
    return blocks.mean(axis=0), blocks.std(axis=0, ddof=1) / np.sqrt(len(blocks))


def _saturation(seed: int, nets: int, batch: int, *, gated: bool = True) -> tuple[int, int, list[float]]:
    """Return saturated neurons and all neurons of networks that settled, and the share that did for each scale."""
    saturated = neurons = 0
    shares = []
    for scale in SATURATION_SCALES:
        settled = 0
        for number in range(nets):
            net = replace(drawn(seed, number, HARD, scale, centred=False), gated=gated)
            states, moving = net.settled(pairs(seed, number, batch)[0], steps=3000)
            calm = moving < 1e-9
            settled += int(calm.sum())
            neurons += int(calm.sum()) * sum(SIZES[1:])
            saturated += sum(int((np.abs(s[calm]) > 0.5).sum()) for s in states[1:])
        shares.append(settled / (nets * batch))
    return saturated, neurons, shares


def run(settings: Settings, tell: Tell) -> Outcome:
    """Measure all of it."""
    seed, nets, batch = settings.seed, (QUICK if settings.quick else FULL), BATCH
    counts = [*PRESENTATIONS, *(() if settings.quick else MORE)]
    tell(0.0, "first changes against the gradient")
    exact = _exactness(seed, nets, batch, HARD, EPSILON)
    sizes = [0.4, 0.2, 0.1, 0.05, 0.02, 0.01]
    errors = {
        rho.name: [_exactness(seed, nets, batch, rho, epsilon).off() for epsilon in sizes]
        for rho in (HARD, SMOOTH)
    }
    straight = [_exactness(seed, nets, batch, SMOOTH, epsilon, straight=True).off() for epsilon in sizes]
    curved = _exactness(seed, nets, batch, SMOOTH, EPSILON)
    tell(0.1, "later steps")
    later = _later(seed, nets, batch, 60)
    tell(0.2, "with noise")
    noisy_nets = min(nets, 5)
    averaged = _with_noise(
        seed, noisy_nets, counts, lambda done: tell(0.2 + 0.7 * done / noisy_nets, "with noise")
    )
    noisy = averaged.cosine
    (mean, error), other = _mean_size(averaged.along), _mean_size(averaged.elsewhere)
    noisy_off = [float((np.abs(m - 1) + 2 * e).max()) for m, e in ((mean, error), other)]
    tell(0.9, "large weights")
    saturated, neurons, settled = _saturation(seed, nets, batch)
    beyond, ungated, _ = _saturation(seed, nets, batch, gated=False)
    tell(1.0, "done")
    order, no_order = (
        float(np.polyfit(np.log(sizes[2:]), np.log(of[2:]), 1)[0]) for of in (errors[SMOOTH.name], straight)
    )
    last = noisy[:, -1].mean(axis=0)
    findings = (
        Finding(
            "direction",
            float(exact.cosine.min()),
            float(exact.elsewhere.min()),
            f"the lowest of {nets} networks × {batch} inputs × 3 layers",
        ),
        Finding(
            "scale",
            exact.off(),
            curved.off(),
            "largest deviation of ‖Δh‖ / (ε^(k+2) ‖∂C/∂h‖) from 1, k = 0, 1, 2",
        ),
        Finding(
            "order",
            order,
            no_order,
            f"deviation {errors[SMOOTH.name][0]:.2g} at ε = 0.4, {errors[SMOOTH.name][-1]:.2g} at ε = 0.01",
        ),
        Finding(
            "noise",
            noisy_off[0],
            noisy_off[1],
            "size along −ε^(k+2) ∂C/∂h, top to bottom hidden layer: "
            f"{', '.join(f'{m:.3f} ± {e:.3f}' for m, e in zip(mean[::-1], error[::-1], strict=True))} "
            f"({noisy_nets} networks × {counts[-1]} presentations); cosine of the mean change after 100 of them "
            f"{said(noisy[:, 2].mean(axis=0)[::-1])}, after all {said(last[::-1])}",
        ),
        Finding(
            "sensitive",
            saturated / neurons if neurons else float("nan"),
            beyond / ungated if ungated else float("nan"),
            f"of {neurons} neurons; weights of {said(SATURATION_SCALES, 'g')} × Glorot, no biases: "
            f"{', '.join(f'{100 * share:.0f} %' for share in settled)} of the presentations settled",
        ),
    )
    names = ["bottom hidden (k = 2)", "middle hidden (k = 1)", "top hidden (k = 0)"]
    steps = np.arange(1, later.shape[1] + 1)
    charts = (
        Chart(
            "Displacement against −∂C/∂h",
            "steps after the nudge",
            "cosine",
            [Curve(n, steps, later.mean(axis=0)[:, k], k) for k, n in enumerate(names)],
            y_range=(0, 1.02),
            caption="The first change is the gradient; what comes back from below then turns it.",
        ),
        Chart(
            "Deviation of the first change from −ε^(k+2) ∂C/∂h",
            "step size ε",
            "largest deviation of the scale from 1",
            [
                Curve(f"ρ {name}", sizes, np.maximum(values, 1e-16), k, "dots")
                for k, (name, values) in enumerate(errors.items())
            ],
            log_x=True,
            log_y=True,
            caption="Exact up to rounding where ρ is piecewise linear, proportional to ε where it is curved.",
        ),
        Chart(
            "With noise η of 0.1 in every neuron",
            "presentations averaged",
            "cosine",
            [Curve(n, counts, noisy.mean(axis=0)[:, k], k) for k, n in enumerate(names)],
            log_x=True,
            y_range=(0, 1.02),
            caption="The signal is weaker by ε and a weight in each layer further down; the noise is not.",
        ),
    )
    return Outcome(
        findings,
        charts,
        seeds=nets,
        settings={"sizes": SIZES, "ε": EPSILON, "weights": f"±{SCALE} √(6/(n_in + n_out))", "noise": NOISE},
        series={
            "cosine": exact.cosine, "smallest_scale": exact.smallest, "largest_scale": exact.largest,
            "epsilon": sizes, "deviation": errors, "cosine_by_step": later.mean(axis=0),
            "presentations": counts, "cosine_with_noise": noisy.mean(axis=0),
        },
        notes=(
            "∂C/∂h is passed back through R at the fixed point, as the paper defines it. The gradient of the settled "
            "network is another one, since a hidden layer also moves the layers below it.",
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="bengio2017-backprop",
    paper="Bengio et al. 2017",
    figure="eq. 3.16",
    about="the first changes after a nudge are the backpropagated gradient, layer by layer",
    claims=(
        Claim(
            "direction",
            "Early inference after a nudge moves each hidden layer along −∂C/∂h.",
            "cosine of the first change with −∂C/∂h, lowest of all layers and inputs, without noise",
            Bound(low=0.9999),
            control="the error passed back through weights drawn anew",
        ),
        Claim(
            "scale",
            "The layer k below the top moves by ε^(k+2) ∂C/∂h; terms of higher order vanish when ρ″ = 0.",
            "largest relative deviation from that size",
            Bound(high=1e-6),
            control="a curved ρ, at the same ε",
        ),
        Claim(
            "order",
            "With a curved ρ the deviation is of higher order in ε.",
            "exponent of ε in the relative deviation, fitted for ε ≤ 0.1",
            Bound(low=0.8),
            control="deviation from a gradient without its ρ′",
        ),
        Claim(
            "noise",
            "With Langevin noise the same holds on average.",
            "deviation of the mean change's size along −ε^(k+2) ∂C/∂h from 1 plus two standard errors, worst layer",
            Bound(high=0.3),
            control="the same along the error passed back through weights drawn anew",
        ),
        Claim(
            "sensitive",
            "At a fixed point no neuron is saturated.",
            "share of saturated neurons in the networks that settled",
            Bound(high=0.0),
            control="neurons whose R has no factor ρ′",
        ),
    ),
    seconds=(50, 400),
    run=run,
)
