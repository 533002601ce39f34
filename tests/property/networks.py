"""The slow chip of a small network, settings of laws, and what laws draw from."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.cell import Settling
from neurochip.description import CodingSpec
from neurochip.description.neuron import front_schedule
from neurochip.elements import OSA, Kesten, as_schedule
from neurochip.elements import Constant as ConstantSpec
from neurochip.kernels.random_bits import tick_key, uniform
from neurochip.testing.networks import Net
from tests.oracle import annealers, coders
from tests.oracle.neuron import Coding
from tests.oracle.slow_chip import Placement, SlowChip

Array = NDArray[Any]


def checked(examples: int) -> settings:
    """Return settings of a law: always the same examples, no time limit on any of them."""
    return settings(derandomize=True, deadline=None, max_examples=examples, database=None)


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
    key = Settling(coding).seed(seed)

    def draw(sample: int, neuron: int, tick: int) -> float:
        presentation = np.uint64(sample if presentations is None else presentations[sample])
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
