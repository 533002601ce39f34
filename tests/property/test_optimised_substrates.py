"""An optimiser between changes and weights, on every substrate: against one weight at a time in plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.analog.substrate import AnalogSubstrate
from neurochip.compile import Moments, compile_network
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.neuron import state_words
from neurochip.elements import Constant
from neurochip.elements.optimisers import Adam, Momentum, Plain
from neurochip.errors import CapabilityError
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.network import Network, layered
from neurochip.substrate import Parameters, Phase, WeightUpdate
from neurochip.substrate.optimising import Optimising
from neurochip.testing.networks import small_chip
from neurochip.training.streams import glorot
from tests.oracle.optimisers import SlowOptimiser
from tests.property.test_graphs import CODING
from tests.property.test_listed_graphs import network as listed_network

METHODS: dict[str, tuple[Any, dict[str, float]]] = {
    "plain": (Plain(), {}),
    "momentum": (Momentum(0.8), {"momentum": 0.8}),
    "adam": (Adam(0.7, 0.9, 1e-3), {"beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3}),
}
SIZES, RATES, DECAY, STEPS = (6, 5, 4, 3), (0.02, 0.05, 0.03), 0.01, 4
SUBSTRATES = ("ideal", "cores", "many cores", "analog")


def machine(
    where: str, of: Network, optimiser: Optimising | None, precision: Any = "float64", **how: Any
) -> Any:
    """Return a substrate with its first weights, which are those of every other one."""
    made: Any
    if where == "ideal":
        made = IdealSubstrate(of, Constant(0.4), dtype=np.float64, optimiser=optimiser)
    elif where == "analog":
        made = AnalogSubstrate(of, AnalogSpec(), dtype=np.float64, optimiser=optimiser)
    else:
        chip = small_chip(60 if where == "cores" else 3, mesh=(9, 9, 2))
        image = compile_network(of, chip, precision=precision, state_words=state_words(CODING))
        made = DigitalSubstrate(image, CODING, optimiser=optimiser, **how)
    made.load(glorot(of, 3))
    return made


def updates_of(of: Network, seed: int) -> tuple[list[WeightUpdate], list[Any]]:
    """Draw a change of everything that has weights of its own, some samples silent."""
    rng = np.random.default_rng(seed)
    rates = dict(zip(of.forward, RATES, strict=False))
    updates = []
    for p in of.projections:
        if p.tied or (p.connection is not None and not np.prod(p.connection.shape)):
            continue
        terms = []
        for _ in range(2):
            pre, post = rng.normal(size=(3, of.sizes[p.source])), rng.normal(size=(3, of.sizes[p.target]))
            terms.append((np.where(rng.random(pre.shape) < 0.4, 0.0, pre), post))
        eta = rates.get(p.index if p.feedback_of is None else p.feedback_of, 0.04)
        updates.append(WeightUpdate(p.index, tuple(terms), eta / 3, 1))
    return updates, [0.01 * rng.normal(size=of.sizes[k]) for k in of.updated]


def optimising(of: Network, kind: str, decay: float = DECAY) -> Optimising:
    rates = [*RATES, *[0.04] * len(of.forward)][: len(of.forward)]
    return Optimising(of, METHODS[kind][0], rates, decay=decay)


def wanted(of: Network, kind: str, share: float) -> Parameters:
    """Return what every weight and bias is after the steps, each followed on its own."""
    optimiser = optimising(of, kind)
    held = glorot(of, 3)
    own = [p.index for p in of.projections if not p.tied]
    values = dict(zip(own, (w.copy() for w in (*held.weights, *held.feedback)), strict=True))
    slow: dict[Any, SlowOptimiser] = {}
    biases = [b.copy() for b in held.biases]
    for step in range(STEPS):
        updates, moved = updates_of(of, step)
        for update in updates:
            k, eta = update.projection, optimiser.rate(update.projection)
            gradient = -sum(pre.T @ post for pre, post in update.terms) * (update.rate / eta / share)
            for at in np.ndindex(values[k].shape):
                one = slow.setdefault((k, at), SlowOptimiser(kind, eta, DECAY, **METHODS[kind][1]))
                values[k][at] = one.after(float(values[k][at]), float(gradient[at]), share)
        for n, population in enumerate(of.updated):
            eta = optimiser.rate(next(k for k in of.into(population) if k in of.forward))
            for j, change in enumerate(moved[n]):
                one = slow.setdefault(("b", n, j), SlowOptimiser(kind, eta, 0.0, **METHODS[kind][1]))
                biases[n][j] = one.after(float(biases[n][j]), -change / eta / share, share)
    n = len(of.forward)
    learnt = [values[k] for k in own]
    return Parameters(tuple(learnt[:n]), tuple(learnt[n:]), tuple(biases))


@pytest.mark.parametrize("where", SUBSTRATES)
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kind", METHODS)
def test_every_substrate_takes_the_steps_of_the_oracle(where: str, tied: bool, kind: str) -> None:
    of = layered(SIZES, tied=tied)
    optimiser = optimising(of, kind)
    optimiser.share = 0.7
    made = machine(where, of, optimiser)
    for step in range(STEPS):
        made.write_weights(*updates_of(of, step))
    found, right = made.parameters(), wanted(of, kind, 0.7)
    for a, b in zip(
        (*found.weights, *found.feedback, *found.biases),
        (*right.weights, *right.feedback, *right.biases),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    if where != "analog":
        writes = made.counters().total("weight_writes", Phase.UPDATE)
        assert made.counters().total("optimiser_steps", Phase.UPDATE) == writes > 0
    bare = machine(where, of, None)  # the control: without an optimiser it is elsewhere, and counts no steps
    for step in range(STEPS):
        bare.write_weights(*updates_of(of, step))
    assert np.abs(bare.parameters().weights[0] - right.weights[0]).max() > 1e-4
    assert bare.counters().total("optimiser_steps") == 0


@pytest.mark.parametrize("kind", METHODS)
def test_shared_kernels_take_steps_as_one_weight(kind: str) -> None:
    """On cores as on real numbers: one moment for a kernel's weight, whatever it stands on."""
    of = listed_network(2)
    made = [machine(where, of, optimising(of, kind)) for where in ("ideal", "cores")]
    for step in range(STEPS):
        for one in made:
            one.write_weights(*updates_of(of, step))
    for k, (a, b) in enumerate(zip(made[0].parameters().weights, made[1].parameters().weights, strict=True)):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12, err_msg=str(k))
    moments = made[1].optimiser.state()
    shapes = {name: array.shape for name, array in moments.items() if name.startswith("weights.0.")}
    assert set(shapes.values()) <= {of.weights_shape(0)}
    assert bool(moments) == bool(METHODS[kind][0].moments)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_neither_threads_nor_mapping_change_a_step(precision: str) -> None:
    of = layered(SIZES)
    made = [
        machine("cores", of, optimising(of, "adam"), precision, rounding="stochastic", seed=5),
        machine("many cores", of, optimising(of, "adam"), precision, rounding="stochastic", seed=5),
        machine(
            "many cores", of, optimising(of, "adam"), precision, rounding="stochastic", seed=5, threads=3
        ),
    ]
    for one in made:
        for step in range(STEPS):
            one.write_weights(*updates_of(of, step))
    for other in made[1:]:
        for a, b in zip(made[0].parameters().weights, other.parameters().weights, strict=True):
            np.testing.assert_array_equal(a, b)


def test_integer_weights_follow_on_average() -> None:
    """Rounded at random, the mean over seeds is the step; rounded to nearest (the control) small ones are lost."""
    of = layered((4, 30))
    change = [WeightUpdate(0, ((np.full((1, 4), 1.0), np.full((1, 30), 1.0)),), 0.02, 1)]

    def moved(rounding: str, seed: int) -> Any:
        optimiser = Optimising(of, Momentum(0.5), (0.02,))
        made = machine("cores", of, optimiser, "int8", rounding=rounding, seed=seed, weight_range=20.0)
        before = made.parameters().weights[0]
        made.write_weights(change, [None])
        made.write_weights(change, [None])
        return (made.parameters().weights[0] - before).mean()

    mean = np.mean([moved("stochastic", seed) for seed in range(20)])
    # 0.02 and then 0.03, of a step of 20/127 = 0.157; 2400 draws have a deviation of 0.0015.
    assert mean == pytest.approx(0.05, abs=0.006)
    assert moved("nearest", 0) == 0.0


def test_integer_state_is_refused_by_name() -> None:
    from neurochip import read_run
    from neurochip.runs.building import build

    words = ["network.precision=int8", "numbers.state=Q3.8", "coding.decoder.lambda=0.25", "network.tied=false",
             "coding.annealer.nu_bar=0.0625", "learning.rates=[0.3125,0.3125]", "learning.pre=trace",
             "data.train=100", "learning.minibatch=20"]  # fmt: skip
    image = build(read_run("mnist-small", words)).image
    assert image is not None
    with pytest.raises(CapabilityError, match="learning.optimiser: keeps floating-point moments"):
        DigitalSubstrate(image, CODING, optimiser=optimising(image.network, "adam"))
    for key in ("optimiser=adam", "optimiser=momentum", "weight_decay=1e-3"):
        with pytest.raises(Exception, match=f"learning.{key.split('=')[0]}: needs floating-point state"):
            read_run("mnist-small", [*words, f"learning.{key}"])


def test_moments_take_memory_beside_weights_that_learn() -> None:
    of = layered((8, 6, 4))
    bits = {"precision": "int8", "state_words": 3}
    plain = compile_network(of, small_chip(), **bits)  # type: ignore[arg-type]
    kept = compile_network(
        of,
        small_chip(),
        moments=Moments({0: 64, 1: 64, 2: 64}, {1: 64, 2: 64}),
        **bits,  # type: ignore[arg-type]
    )
    for a, b in zip(plain.cores, kept.cores, strict=True):
        into = sum(of.sizes[p.source] for p in of.projections if p.target == a.population)
        assert b.used.synapse_memory - a.used.synapse_memory == 64 * into * a.size
        assert b.used.neuron_state_memory - a.used.neuron_state_memory == (64 * a.size if a.population else 0)
    assert plain.digest != kept.digest
