"""Small random networks and small chips for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage, compile_network
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import (
    ChipSpec,
    CodingSpec,
    CoreSpec,
    EnergyTable,
    MeshSpec,
    PacketSpec,
    Precision,
    WeightsSpec,
)
from neurochip.description.neuron import state_words
from neurochip.elements.neurons.spiking import SpikingNeuron
from neurochip.network import layered
from neurochip.substrate import Parameters

__all__ = ["Net", "compiled", "draw_net", "fast_chip", "small_chip"]

Array = NDArray[np.float64]


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


def draw_net(seed: int, sizes: tuple[int, ...], *, batch: int = 2, tied: bool = True) -> Net:
    """Draw weights that keep such small layers busy; inputs are random but for a 0, a ½ and a 1."""
    rng = np.random.default_rng(seed)

    def matrix(n_in: int, n_out: int) -> Array:
        bound = 2.0 * np.sqrt(6.0 / (n_in + n_out))
        return rng.uniform(-bound, bound, (n_in, n_out))

    last = len(sizes) - 1
    x = rng.uniform(0, 1, (batch, sizes[0]))
    for value in (0.0, 0.5, 1.0):
        x[rng.integers(batch), rng.integers(sizes[0])] = value
    return Net(
        Parameters(
            weights=tuple(matrix(sizes[k], sizes[k + 1]) for k in range(last)),
            feedback=() if tied else tuple(matrix(sizes[k + 1], sizes[k]) for k in range(1, last)),
            biases=tuple(rng.uniform(-0.2, 0.4, size) for size in sizes[1:]),
        ),
        x,
        np.eye(sizes[-1])[rng.integers(sizes[-1], size=batch)],
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
        energies=EnergyTable(name=name, neuron_energy="none"),
    )


def compiled(
    sizes: tuple[int, ...],
    neuron: CodingSpec | SpikingNeuron,
    chip: ChipSpec,
    *,
    tied: bool = True,
    precision: Precision = "float64",
    trace_words: int = 0,
) -> ChipImage:
    """Compile a chain of layers."""
    return compile_network(
        layered(sizes, tied=tied),
        chip,
        precision=precision,
        rounding="stochastic",
        state_words=state_words(neuron) if isinstance(neuron, CodingSpec) else neuron.state_words,
        trace_words=trace_words,
    )


def fast_chip(
    net: Net,
    neuron: CodingSpec | SpikingNeuron,
    *,
    chip: ChipSpec | None = None,
    precision: Precision = "float64",
    **how: Any,
) -> DigitalSubstrate:
    """Return the emulator with the network's weights on it."""
    traced = how.get("traced", False)
    image = compiled(
        net.sizes,
        neuron,
        chip or small_chip(),
        tied=net.tied,
        precision=precision,
        trace_words=int(traced),
    )
    substrate = DigitalSubstrate(image, neuron, **how)
    substrate.load(net.parameters)
    return substrate
