"""Integer cores against plain Python integers: every spike, state, saturation and weight, learning included."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.compile import compile_network
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import CodingSpec, LearningSpec, PhasesSpec
from neurochip.description.fixed_point import NumbersSpec, fixed_point
from neurochip.elements import OSA, Constant, Predictive
from neurochip.elements.annealers.shift import Shift
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.network import layered
from neurochip.substrate import Observable, Phase
from neurochip.testing.networks import draw_net, small_chip
from tests.oracle import integers as oracle
from tests.property.networks import checked, seeds

SIZES = [(3, 4, 2), (20, 33, 3), (5, 17, 4, 3), (70, 2)]
ANNEALERS = (OSA(nu_bar=0.03125), Shift(floor=4), Constant(0.25))
FORMATS: list[dict[str, str]] = [
    {"state": "Q3.12"},
    {"state": "Q3.12", "membrane": "Q2.12", "residue": "Q2.6", "bias": "Q1.7"},
    {"state": "Q0.5", "annealer": "Q0.3", "residue": "Q1.4"},  # narrow: all of it saturates now and then
    {"state": "Q2.8", "annealer": "Q4.10", "trace": "Q2.9", "residue": "Q3.4"},
]
QUANTITIES = ("inputs", "membranes", "nets", "residues", "errors")


class Case:
    """An emulated integer chip, and the same in Python."""

    def __init__(
        self,
        seed: int,
        sizes: tuple[int, ...],
        annealer: Any,
        numbers: dict[str, str],
        *,
        rounding: str = "nearest",
        lam: float = 0.25,
        tied: bool = True,
        precision: Any = "int8",
        per_core: int = 12,
        traced: bool = False,
        weight_rounding: Any = "stochastic",
        half: int = 1,
    ) -> None:
        self.net = draw_net(seed, sizes, batch=2, tied=tied)
        self.coding = CodingSpec(decoder=Predictive(lam), annealer=annealer)
        spec = NumbersSpec(**numbers, rounding=rounding)  # type: ignore[arg-type]
        made = fixed_point(spec, self.coding, precision)
        assert made is not None
        self.image = compile_network(
            layered(sizes, tied=tied),
            small_chip(per_core, mesh=(9, 9, 2)),
            precision=precision,
            rounding=weight_rounding,
            state_words=1,
            trace_words=int(traced),
            numbers=made,
        )
        self.seed, self.sizes, self.tied, self.traced = seed, sizes, tied, traced
        self.substrate = DigitalSubstrate(
            self.image, self.coding, seed=seed, traced=traced, rounding=weight_rounding
        )
        self.substrate.load(self.net.parameters)
        self.numbers = self.image.numbers
        assert self.numbers is not None
        forward = [self.image.network.forward[k] for k in range(len(sizes) - 1)]
        n = self.numbers
        self.formats = oracle.Formats(
            state=(n.state.whole, n.state.fraction),
            membrane=(n.membrane.whole, n.membrane.fraction),
            residue=(n.residue.whole, n.residue.fraction),
            annealer=(n.annealer.whole, n.annealer.fraction),
            trace=(n.trace.whole, n.trace.fraction),
            bias=(n.bias.whole, n.bias.fraction),
            rounding=rounding,
            decay={1.0: 0, 0.5: 1, 0.25: 2}[lam],
            annealing=n.annealing,
            forgetting=n.forgetting,
            weights=tuple(n.weight_fractions[k] for k in forward),
            weight_bits=int(str(precision)[3:]),
            half=half,
        )
        cores = self.image.cores_of
        self.cores = [
            [c for c in cores(layer) for _ in range(self.image.cores[c].size)] for layer in range(len(sizes))
        ]

    def integers(self) -> tuple[list[oracle.Matrix], list[oracle.Matrix], list[list[int]]]:
        """Return what the emulator holds: weights forward and backward, biases."""
        held, f = self.substrate.parameters(), self.formats
        forward = [np.ldexp(np.float64(w), k) for w, k in zip(held.weights, f.weights, strict=True)]
        if self.tied:
            backward = [w.T for w in forward[1:]]
        else:
            backward = [np.ldexp(np.float64(w), k) for w, k in zip(held.feedback, f.weights[1:], strict=True)]
        biases = [np.ldexp(np.float64(b), f.bias[1]) for b in held.biases]
        for array in (*forward, *backward, *biases):
            np.testing.assert_array_equal(array, np.rint(array))
        as_ints = [[a.astype(int).tolist() for a in arrays] for arrays in (forward, backward, biases)]
        return as_ints[0], as_ints[1], as_ints[2]

    def presentations(self, numbers: np.ndarray[Any, Any]) -> list[oracle.Presentation]:
        forward, backward, biases = self.integers()
        one = 1 << self.formats.state[1]
        return [
            oracle.Presentation(
                self.formats,
                forward,
                backward,
                biases,
                self.cores,
                [int(np.rint(x * one)) for x in sample],
                self.seed,
                int(number),
            )
            for sample, number in zip(self.net.x, numbers, strict=True)
        ]

    def pull(self, beta: float, sample: int) -> tuple[int, list[int]]:
        one = 1 << self.formats.state[1]
        return int(2 * beta * 256), [int(y * one) for y in self.net.y[sample]]


NUMBERS = np.array([5, 2**40 + 1], dtype=np.uint64)


def compared(case: Case, free: int, nudged: int, beta: float) -> None:
    """Run both, and compare spikes, states and saturations."""
    fast = case.substrate
    fast.begin(case.net.x, NUMBERS)
    phases = [fast.run(Phase.FREE, free, record=("spikes", "states"))]
    if nudged:
        phases.append(
            fast.run(Phase.NUDGED, nudged, beta=beta, targets=case.net.y, record=("spikes", "states"))
        )
    held = dict.fromkeys(QUANTITIES, 0)
    for sample, slow in enumerate(case.presentations(NUMBERS)):
        for t in range(free + nudged):
            slow.tick(case.pull(beta, sample) if t >= free else None)
            phase, row = (phases[0], t) if t < free else (phases[1], t - free)
            for layer in range(len(case.sizes)):
                assert phase.spikes[layer][row, sample].tolist() == slow.bits[layer], (t + 1, layer)
                states = np.ldexp(phase.states[layer][row, sample], case.formats.state[1])
                assert states.tolist() == slow.values(layer), (t + 1, layer)
        if case.traced:
            for layer in range(len(case.sizes) - 1):
                found = np.ldexp(fast.observe(Observable.TRACE, layer)[sample], case.formats.trace[1])
                assert found.tolist() == slow.traces[layer]
        for layer in slow.layers:
            for neuron in layer:
                for what, times in neuron.held.items():
                    held[what] += times
    for what, times in held.items():
        assert fast.counters().total(f"saturated_{what}") == times, what


@pytest.mark.parametrize("numbers", FORMATS, ids=lambda n: "-".join(n.values()))
@pytest.mark.parametrize("annealer", ANNEALERS, ids=lambda a: str(a.kind))
@given(
    seed=seeds,
    sizes=st.sampled_from(SIZES),
    rounding=st.sampled_from(["floor", "nearest", "stochastic"]),
    lam=st.sampled_from([1.0, 0.5, 0.25]),
    tied=st.booleans(),
    precision=st.sampled_from(["int4", "int8"]),
    traced=st.booleans(),
    beta=st.sampled_from([-0.25, 0.5]),
    times=st.tuples(st.integers(1, 40), st.integers(0, 9)),
)
@checked(5)
def test_spikes_states_and_saturations(
    annealer: Any, numbers: dict[str, str], times: tuple[int, int], beta: float, **how: Any
) -> None:
    if "Q2.9" in numbers.values() or "Q2.12" in numbers.values():
        how["lam"] = 0.25  # such a membrane or trace needs its guard bits
    seed, sizes = how.pop("seed"), how.pop("sizes")
    compared(Case(seed, sizes, annealer, numbers, **how), *times, beta)


def test_one_bit_of_rounding_is_seen() -> None:
    """The control: a core that rounds down where this one rounds to nearest fires otherwise."""
    case = Case(3, (20, 33, 3), OSA(nu_bar=0.03125), FORMATS[0])
    compared(case, 30, 5, 0.5)
    case.formats = replace(case.formats, half=0)
    with pytest.raises(AssertionError):
        compared(case, 30, 5, 0.5)


def test_narrow_formats_saturate() -> None:
    """Else nothing above would have compared such counts; the oracle's are equal."""
    case = Case(4, (20, 33, 3), OSA(nu_bar=0.03125), FORMATS[2])
    compared(case, 30, 5, 0.5)
    for what in ("inputs", "nets", "residues", "errors"):
        assert case.substrate.counters().total(f"saturated_{what}") > 0, what


def test_narrow_weights() -> None:
    """A unit of such a weight is more than 1: its fraction bits are negative, and so are those of the sums."""
    case = Case(4, (5, 3, 2), OSA(nu_bar=0.03125), FORMATS[0], precision="int2")
    assert case.formats.weights == (-2, -3)
    compared(case, 30, 5, 0.5)


@pytest.mark.slow
def test_wide_weights() -> None:
    """The loop is compiled for them anew."""
    case = Case(4, (20, 33, 3), OSA(nu_bar=0.03125), FORMATS[3], precision="int13")
    compared(case, 30, 5, 0.5)


@pytest.mark.parametrize("weight_rounding", ["stochastic", "nearest"])
@given(
    seed=seeds,
    sizes=st.sampled_from(SIZES),
    traced=st.booleans(),
    precision=st.sampled_from(["int5", "int8"]),
    beta=st.sampled_from([-0.5, 0.25]),
    rate=st.integers(-8, 2),
    numbers=st.sampled_from(FORMATS),
)
@checked(8)
def test_learned_weights(weight_rounding: Any, rate: int, beta: float, numbers: Any, **how: Any) -> None:
    """Two minibatches, so that the second one runs on learned weights."""
    seed, sizes, traced = how["seed"], how["sizes"], how["traced"]
    tied = not traced
    case = Case(
        seed, sizes, OSA(nu_bar=0.03125), numbers, tied=tied, traced=traced,
        precision=how["precision"], weight_rounding=weight_rounding,
    )  # fmt: skip
    span, batch, last = abs(beta), 2, len(sizes) - 1
    learning = LearningSpec(
        beta=beta, rates=(2.0**rate * span * batch,) * last, epochs=1, pre="trace" if traced else "oracle"
    )
    rule = EquilibriumPropagation(case.image.network, learning, PhasesSpec(free=12, nudged=6))
    f = case.formats
    F, A = f.state[1], (f.trace if traced else f.state)[1]
    for update in range(2):
        slow = case.presentations(NUMBERS)
        forward, backward, biases = (slow[0].forward, slow[0].backward, slow[0].biases)
        fast = case.substrate
        fast.begin(case.net.x, NUMBERS)
        told = rule.present(fast, case.net.y, beta)
        fast.write_weights(told.updates, told.biases)
        before: list[Any] = [[] for _ in sizes]
        moved: list[Any] = [[] for _ in sizes]
        for sample, one in enumerate(slow):
            for _ in range(12):
                one.tick()
            free = [one.values(layer) for layer in range(len(sizes))]
            pre = [list(t) for t in one.traces] if traced else free
            for _ in range(6):
                one.tick(case.pull(beta, sample))
            for layer in range(len(sizes)):
                before[layer].append(pre[layer])
                moved[layer].append([b - a for a, b in zip(free[layer], one.values(layer), strict=True)])
        sign, bounds = 1 if beta > 0 else -1, (-(1 << (f.weight_bits - 1)), (1 << (f.weight_bits - 1)) - 1)
        network, chance = case.image.network, weight_rounding == "stochastic"

        def keys(number: int, layer: int, update: int = update, case: Case = case) -> list[int]:
            key = oracle.mix(oracle.mix(oracle.mix(case.seed, 2), update), number)
            return [oracle.mix(key, core) & oracle.WORD for core in dict.fromkeys(case.cores[layer])]

        for p in network.projections:
            if p.tied:
                continue
            a, b = p.source, p.target
            matrix = forward[a] if b > a else backward[b - 1]
            terms = [(before[a], moved[b])]
            if tied and a > 0:
                terms.append((moved[a], before[b]))
            shift = A + F - case.numbers.weight_fractions[p.index] - rate
            oracle.learn(matrix, terms, shift, sign, chance, bounds, keys(p.index, b), case.cores[b])
        for layer in range(1, len(sizes)):
            shift = F - f.bias[1] - rate
            row = [biases[layer - 1]]
            ones = [[1]] * batch
            top = oracle.top(f.bias)
            number = len(network.projections) + layer
            oracle.learn(
                row,
                [(ones, moved[layer])],
                shift,
                sign,
                chance,
                (-top, top),
                keys(number, layer),
                case.cores[layer],
            )
        if tied:
            backward = [[list(column) for column in zip(*matrix, strict=True)] for matrix in forward[1:]]
        assert case.integers() == (forward, backward, biases)
