"""Small random networks and chips, and the same on the slow chip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from neurochip.coding import OSA, Kesten, as_schedule
from neurochip.coding import Constant as ConstantSpec
from neurochip.compile import ChipImage, compile_network
from neurochip.description import ChipSpec, CodingSpec, CoreSpec, MeshSpec, PacketSpec, PriceList, WeightsSpec
from neurochip.description.network import layered
from neurochip.description.neuron import front_schedule, state_words
from neurochip.digital.coder import coder_of
from neurochip.digital.substrate import DigitalSubstrate
from neurochip.kernels.random_bits import tick_key, uniform
from neurochip.substrate import Parameters
from tests.oracle import annealers, coders
from tests.oracle.neuron import Coding
from tests.oracle.slow_chip import Placement, SlowChip

Array = NDArray[Any]


def checked(examples: int) -> settings:
    """Return settings of a law: always the same examples, no time limit on any of them."""
    return settings(derandomize=True, deadline=None, max_examples=examples, database=None)


@dataclass(frozen=True)
class Net:
    """A network with numbers in it, samples and targets; all float64."""

    parameters: Parameters
    x: Array
    y: Array

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons of each layer."""
        return (len(self.parameters.weights[0]), *(len(b) for b in self.parameters.biases))

    @property
    def tied(self) -> bool:
        """Whether feedback is the transpose."""
        return not self.parameters.feedback


def draw_net(seed: int, sizes: tuple[int, ...], *, lanes: int = 2, tied: bool = True) -> Net:
    """Draw weights that keep such small layers busy; inputs are random but for a 0, a ½ and a 1."""
    rng = np.random.default_rng(seed)

    def matrix(n_in: int, n_out: int) -> Array:
        bound = 2.0 * np.sqrt(6.0 / (n_in + n_out))
        return rng.uniform(-bound, bound, (n_in, n_out))

    last = len(sizes) - 1
    x = rng.uniform(0, 1, (lanes, sizes[0]))
    for value in (0.0, 0.5, 1.0):
        x[rng.integers(lanes), rng.integers(sizes[0])] = value
    return Net(
        Parameters(
            weights=tuple(matrix(sizes[k], sizes[k + 1]) for k in range(last)),
            feedback=() if tied else tuple(matrix(sizes[k + 1], sizes[k]) for k in range(1, last)),
            biases=tuple(rng.uniform(-0.2, 0.4, size) for size in sizes[1:]),
        ),
        x,
        np.eye(sizes[-1])[rng.integers(sizes[-1], size=lanes)],
    )


def small_chip(
    neurons: int | None = None,
    *,
    mesh: tuple[int, int, int] = (6, 6, 2),
    routing: Literal["unicast", "multicast"] = "unicast",
    header_bits: int = 3,
    name: str = "small",
    **limits: int,
) -> ChipSpec:
    """Return a chip whose cores hold so many neurons; ``mesh`` is width, height, cores per tile."""
    width, height, cores_per_tile = mesh
    return ChipSpec(
        name=name,
        about="for tests",
        mesh=MeshSpec(width=width, height=height, cores_per_tile=cores_per_tile),
        core=CoreSpec(neurons=neurons, **limits),
        weights=WeightsSpec(floats=("float64", "float32"), min_bits=2, max_bits=16),
        packet=PacketSpec(header_bits=header_bits, routing=routing),
        timing=None,
        prices=PriceList(name=name, neuron_pricing="none"),
    )


def compiled(
    sizes: tuple[int, ...],
    coding: CodingSpec,
    chip: ChipSpec,
    *,
    tied: bool = True,
    precision: Any = "float64",
    trace_words: int = 0,
) -> ChipImage:
    """Compile a chain of layers."""
    return compile_network(
        layered(sizes, tied=tied),
        chip,
        precision=precision,
        rounding="stochastic",
        state_words=state_words(coding),
        trace_words=trace_words,
    )


def fast_chip(
    net: Net,
    coding: CodingSpec,
    *,
    chip: ChipSpec | None = None,
    precision: Any = "float64",
    **how: Any,
) -> DigitalSubstrate:
    """Return the emulator with the network's weights on it."""
    traced = how.get("traced", False)
    image = compiled(
        net.sizes,
        coding,
        chip or small_chip(),
        tied=net.tied,
        precision=precision,
        trace_words=int(traced),
    )
    substrate = DigitalSubstrate(image, coding, **how)
    substrate.load(net.parameters)
    return substrate


def slow_chip(
    net: Net,
    coding: CodingSpec,
    *,
    image: ChipImage | None = None,
    seed: int = 0,
    presentations: Array | None = None,
) -> SlowChip:
    """Return the oracle of the same network, on the same cores and with the emulator's own random numbers."""
    placement = None
    if image is not None:
        cores = [
            [c for c in image.cores_of(p) for _ in range(image.cores[c].size)] for p in range(len(net.sizes))
        ]
        mesh = image.chip.mesh
        placement = Placement(cores, {c: mesh.position(core.site) for c, core in enumerate(image.cores)})
    key = coder_of(coding, np.dtype(np.float64), seed=seed, traced=False).seed

    def draw(lane: int, neuron: int, tick: int) -> float:
        presentation = np.uint64(lane if presentations is None else presentations[lane])
        tick_seed = np.uint64(tick_key(key, presentation, np.uint64(tick)))
        return float(uniform(tick_seed, np.uint64(neuron)))

    p = net.parameters
    return SlowChip(
        [w.tolist() for w in p.weights],
        [b.tolist() for b in p.biases],
        slow_coding(coding),
        feedback=[w.tolist() for w in p.feedback] if p.feedback else None,
        placement=placement,
        uniform=draw,
    )


def slow_coding(coding: CodingSpec) -> Coding:
    """Return the oracle's own elements for a coding of the product."""
    assert coding.encoder is not None
    makers: dict[str, Any] = {
        "sigma-delta": lambda _: coders.SigmaDelta(),
        "second-order-sigma-delta": lambda _: coders.SecondOrderSigmaDelta(),
        "stochastic": coders.Stochastic,
        "threshold": lambda _: coders.Threshold(),
    }
    front = front_schedule(coding)
    behind = getattr(coding.decoder, "lam", None)

    def annealer() -> annealers.Annealer:
        spec = coding.annealer
        if isinstance(spec, OSA):
            return annealers.OSA(spec.nu_bar, spec.regulariser)
        if isinstance(spec, Kesten):
            return annealers.Kesten(spec.a, spec.b)
        return annealers.Scheduled(_schedule(spec))

    return Coding(
        makers[coding.encoder.kind],
        annealer,
        None if front is None else _schedule(front),
        None if behind is None else _schedule(as_schedule(behind, "lambda")),
    )


def _schedule(spec: Any) -> coders.Schedule:
    if isinstance(spec, ConstantSpec):
        return coders.Constant(spec.value)
    return coders.PowerLaw(spec.coefficient, spec.exponent)


layer_sizes = st.one_of(
    st.lists(st.integers(1, 7), min_size=2, max_size=4).map(tuple),
    # Over the borders of vectors (16 neurons) and of words (64).
    st.sampled_from([(64, 3), (63, 16, 2), (5, 17, 4), (20, 33, 3)]),
)
seeds = st.integers(0, 2**32 - 1)
