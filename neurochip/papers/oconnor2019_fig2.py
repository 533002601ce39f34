"""Bits find the real-valued fixed point, before and after a nudge (O'Connor, Gavves & Welling 2019, Fig. 2).

Random [500-500-10] networks settle for 250 ticks, are nudged, and settle for 250 more; the error is the distance to
the fixed point of the phase, mean over neurons and then over the two layers. Six ways to code and anneal.
Constants, the mean over layers, β = +0.5 and the nudge at tick 250 (the paper says 100) are those of the authors'
code, as are the figures that ours are compared with: means over five networks.

Two comparisons are made, because five networks are few and differ widely (a network's mean error at tick 50 has a
deviation of a quarter of its value):

* our own networks, drawn by our own streams, against the reference within two standard errors of the difference, with
  the deviation over our networks for both sides;
* five networks with weights from the Mersenne Twister, seeds 0 to 4, as 24-bit fractions, and inputs from NumPy's old
  generator with the same seeds: how the reference most likely drew them. Its notes do not say so; it was found by
  trying what a user of its framework would do, and the agreement (about a percent) is the evidence.

Earlier our mean error at ticks 50 to 250 came out a deviation below the reference's. The reason is in the second
comparison: the five networks of seeds 0 to 4 happen to be slow ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.building import build
from neurochip.description import read_run
from neurochip.elements import Constant
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.network import layered
from neurochip.papers.experiment import Bound, Claim, Experiment, Finding, Outcome, Settings, Tell
from neurochip.report.figures import Chart, Curve
from neurochip.substrate import Parameters, Phase, Substrate
from neurochip.training.convergence import distance, fixed_points
from neurochip.training.streams import glorot, stream

__all__ = ["EXPERIMENT", "mersenne_weights"]

Array = NDArray[np.float64]

LAYERS = (500, 500, 10)
LANES, FREE, NUDGED, BETA = 20, 250, 250, 0.5
AT = (50, 100, 250, 251, 300, 500)


class Scheme(NamedTuple):
    """One curve: its coding as overrides of the ``convergence`` run, and the reference's mean error at `AT`."""

    name: str
    coding: tuple[str, ...]
    reference: tuple[float, ...]
    figure: bool = True  # whether the paper draws it


_OSA = 'coding.annealer={{ kind = "osa", nu_bar = {}, regulariser = 1e-7 }}'
_POWER = 'coding.annealer={{ kind = "power-law", coefficient = {}, exponent = {} }}'
_PREDICTIVE = 'coding.decoder={{ kind = "predictive", lambda = {} }}'
_SCHEDULED = 'coding.decoder={{ kind = "predictive", lambda = {{ coefficient = {}, exponent = {} }} }}'

SCHEMES = (
    Scheme(
        "stochastic, 1/√t",
        ("coding.encoder=stochastic", "coding.decoder=identity", _POWER.format(1.0, 0.5)),
        (0.0769, 0.0598, 0.0417, 0.162, 0.0486, 0.0287),
        figure=False,
    ),
    Scheme(
        "1/√t",
        ("coding.decoder=identity", _POWER.format(1.0, 0.5)),
        (0.0486, 0.0310, 0.0180, 0.155, 0.0378, 0.0078),
    ),
    Scheme(
        "OSA",
        ("coding.decoder=identity", _OSA.format(0.0503)),
        (0.0526, 0.0340, 0.0154, 0.159, 0.0255, 0.0036),
    ),
    Scheme(
        "OSA, λ",
        (_PREDICTIVE.format(0.206), _OSA.format(0.0411)),
        (0.0421, 0.0251, 0.0128, 0.156, 0.0079, 0.0009),
    ),
    Scheme(
        "powers of t, λ too",
        (_SCHEDULED.format(0.67, 0.578), _POWER.format(0.775, 0.313)),
        (0.0395, 0.0191, 0.0070, 0.145, 0.0214, 0.0014),
    ),
    Scheme(
        "OSA, λ falling",
        (_SCHEDULED.format(0.39, 0.45), _OSA.format(0.108)),
        (0.0356, 0.0155, 0.0046, 0.143, 0.0116, 0.0016),
    ),
)
REFERENCE_NETS = 5


def mersenne_weights(seed: int) -> Parameters:
    """Return the weights that the reference drew: ±√(6/(n_in + n_out)), 24 bits of the Mersenne Twister each."""
    words = np.random.MT19937()
    words._legacy_seeding(seed)
    weights = []
    for n, m in zip(LAYERS[:-1], LAYERS[1:], strict=True):
        share = (words.random_raw(n * m) & 0xFFFFFF) / 2.0**24
        weights.append(((2 * share - 1) * np.sqrt(6 / (n + m))).reshape(n, m))
    return Parameters(tuple(weights), (), tuple(np.zeros(m) for m in LAYERS[1:]))


def errors_of(
    substrates: Sequence[Substrate], parameters: Parameters, x: Array, y: Array, steps: int
) -> list[Array]:
    """Return the error of each substrate at every tick, f64[tick], for one network and one batch of inputs."""
    network = layered(LAYERS)
    reference = IdealSubstrate(network, Constant(0.5), dtype=np.float64)
    free, nudged = fixed_points(reference, parameters, x, y, BETA, steps)
    found = []
    for substrate in substrates:
        substrate.load(parameters)
        substrate.begin(x, np.arange(len(x), dtype=np.uint64))
        first = substrate.run(Phase.FREE, FREE, record=("states",))
        second = substrate.run(Phase.NUDGED, NUDGED, beta=BETA, targets=y, record=("states",))
        ends = (first.states, free), (second.states, nudged)
        found.append(np.concatenate([distance(network, states, fixed) for states, fixed in ends]))
    return found


def run(settings: Settings, tell: Tell) -> Outcome:
    """Settle every network in every scheme."""
    nets = 20 if settings.quick else 100
    steps = 500 if settings.quick else 2500
    specs = [read_run("convergence", [*scheme.coding, f"seed={settings.seed}"]) for scheme in SCHEMES]
    substrates = [build(spec, threads=settings.threads).substrate for spec in specs]
    total = nets + REFERENCE_NETS
    own, theirs = np.zeros((nets, len(SCHEMES), FREE + NUDGED)), np.zeros((5, len(SCHEMES), FREE + NUDGED))
    for number in range(total):
        if number < nets:
            draws = stream(settings.seed, "input", number)
            x = draws.uniform(0, 1, (LANES, LAYERS[0]))
            y = np.eye(LAYERS[-1])[draws.integers(LAYERS[-1], size=LANES)]
            seed = int(stream(settings.seed, "net", number).integers(2**31))
            own[number] = errors_of(substrates, glorot(layered(LAYERS), seed), x, y, steps)
        else:
            old = np.random.RandomState(number - nets)
            x = old.random_sample((LANES, LAYERS[0]))
            y = np.eye(LAYERS[-1])[old.randint(LAYERS[-1], size=LANES)]
            theirs[number - nets] = errors_of(substrates, mersenne_weights(number - nets), x, y, steps)
        tell((number + 1) / total, "settling networks")
    at = np.array(AT) - 1
    reference = np.array([scheme.reference for scheme in SCHEMES])
    mean, deviation = own[:, :, at].mean(axis=0), own[:, :, at].std(axis=0, ddof=1)
    off = (mean - reference) / (deviation * np.sqrt(1 / nets + 1 / REFERENCE_NETS))
    same, same_deviation = theirs[:, :, at].mean(axis=0), theirs[:, :, at].std(axis=0, ddof=1)
    same_off = (same - reference) / (same_deviation * np.sqrt(2 / REFERENCE_NETS))
    end = mean[:, -1]
    findings = (
        Finding("own", float(np.abs(off).max()), _said(off, f"{nets} networks of our own against their 5")),
        Finding(
            "same",
            float(np.abs(same_off).max()),
            f"{_said(same_off, 'the five networks of seeds 0 to 4')}; relative difference "
            f"{100 * np.abs(same / reference - 1).mean():.1f} % on average",
        ),
        Finding(
            "converges",
            float((end / mean[:, 3]).max()),
            "; ".join(f"{s.name}: {m:.4f}" for s, m in zip(SCHEMES, end, strict=True)) + " at tick 500",
        ),
        Finding(
            "predictive",
            float(end[3:].max() / end[1:3].min()),
            f"with predictive coding at most {end[3:].max():.4f}, without at least {end[1:3].min():.4f}, at tick 500",
        ),
        Finding("sigma-delta", float(end[1] / end[0]), "both with ε = 1/√t, at tick 500"),
    )
    table = {
        scheme.name: {"mean": m, "deviation": d, "reference": r, "their networks": s}
        for scheme, m, d, r, s in zip(SCHEMES, mean, deviation, reference, same, strict=True)
    }
    return Outcome(
        findings,
        (
            _chart("20 inputs each, our networks", own, reference),
            _chart("seeds 0 to 4 of the reference", theirs, reference),
        ),
        seeds=nets,
        settings={"layers": LAYERS, "networks": nets, "inputs each": LANES, "β": BETA, "reference steps": steps},
        series={"at": AT, "schemes": table, "curves": own.mean(axis=0)},
        notes=(
            "Dots are the reference's figures. Bands are one deviation over networks.",
            f"Networks differ much: at tick 50 of 'OSA, λ' by {deviation[3, 0]:.4f} around {mean[3, 0]:.4f}; "
            f"seeds 0 to 4 give {same[3, 0]:.4f}, the reference says {reference[3, 0]:.4f}.",
        ),
        columns=1,
    )  # fmt: skip


def _said(off: Array, what: str) -> str:
    beyond = int((np.abs(off) > 2).sum())
    return f"{what}: {beyond} of {off.size} figures beyond two standard errors, mean {off.mean():+.2f}"


def _chart(what: str, errors: Array, reference: Array) -> Chart:
    ticks = np.arange(1, FREE + NUDGED + 1)
    curves = []
    for k, scheme in enumerate(SCHEMES):
        mean, deviation = errors[:, k].mean(axis=0), errors[:, k].std(axis=0)
        low = np.maximum(mean - deviation, mean / 3)
        curves.append(Curve(scheme.name, ticks, mean, k, low=low, high=mean + deviation))
    curves += [Curve("", AT, row, k, "dots") for k, row in enumerate(reference)]
    return Chart(
        f"Error to the fixed point, {what}",
        "tick",
        "mean |s − s*|",
        curves,
        log_y=True,
        marks=[(FREE, "nudge")],
    )


EXPERIMENT = Experiment(
    name="oconnor2019-fig2",
    paper="O'Connor et al. 2019",
    figure="Fig. 2",
    about="distance to the fixed point over 500 ticks, nudge at 250; five schemes and stochastic bits",
    claims=(
        Claim(
            "own",
            "The errors of the authors' code at ticks 50, 100, 250, 251, 300 and 500.",
            "largest of 36 differences, in standard errors",
            Bound(high=2.0),
            Bound(high=3.0),
        ),
        Claim(
            "same",
            "The same with the draws that the reference most likely made.",
            "largest of 36 differences, in standard errors",
            Bound(high=2.0),
            Bound(high=3.0),
        ),
        Claim(
            "converges",
            "With annealed steps bits find the fixed point of the real-valued network.",
            "error at tick 500 over that right after the nudge, the worst of six schemes",
            Bound(high=0.25),
            Bound(high=0.5),
        ),
        Claim(
            "predictive",
            "Predictive coding makes convergence much faster.",
            "worst error with it over best without it, at tick 500",
            Bound(high=0.67),
            Bound(high=0.95),
        ),
        Claim(
            "sigma-delta",
            "Sigma-delta bits average out faster than random ones.",
            "error of sigma-delta over that of stochastic bits",
            Bound(high=0.5),
            Bound(high=0.9),
        ),
    ),
    seconds=(60, 120),
    run=run,
)
