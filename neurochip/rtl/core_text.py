"""A core of an exported chip: which neurons, what it hears, its parameters in Verilog, its cycles."""

from __future__ import annotations

from typing import NamedTuple

from neurochip.compile import ChipImage
from neurochip.description.precision import word_bits
from neurochip.elements.integers.formats import FixedPoint
from neurochip.errors import CapabilityError

__all__ = [
    "FILL",
    "INPUT_FILL",
    "LEAST_ACCESSES",
    "CoreText",
    "InputText",
    "Source",
    "core_parameters",
    "cores_of",
    "cycles_of_tick",
    "inputs_of",
    "load_bits",
    "numbers_of",
]

# Cycles of a tick besides those of axons and neurons: into and out of the pipeline, and between the two.
FILL = 17
# The same of a core of inputs, and the fewest words of weights that an axon takes: a sum is written before it is read.
INPUT_FILL, LEAST_ACCESSES = 3, 2


class Source(NamedTuple):
    """A population that a core hears: its first axon there, its neurons, and the projection between the two."""

    population: int
    first: int
    size: int
    projection: int


class InputText(NamedTuple):
    """A core of inputs of the exported chip: its number, behind those that compute, that in the image, its inputs."""

    number: int
    core: int
    population: int
    first: int
    size: int


class CoreText(NamedTuple):
    """A core of the exported chip: its number there and in the image, its neurons, and what it hears."""

    number: int
    core: int
    population: int
    first: int
    size: int
    sources: tuple[Source, ...]
    pulled: bool

    @property
    def axons(self) -> int:
        """How many there are."""
        return sum(source.size for source in self.sources)


def cores_of(image: ChipImage) -> list[CoreText]:
    """Return the cores that compute, in the order of the image; inputs come from outside.

    Raises
    ------
    CapabilityError
        For a network whose cores hear more than two populations, or one with a delay.
    """
    network = image.network
    found: list[CoreText] = []
    if not network.is_simple or any(p.delay != 1 for p in network.projections):
        raise CapabilityError(
            "network.projections", "have delays or run side by side, and exported cores take neither"
        )
    for c, core in enumerate(image.cores):
        if network.populations[core.population].clamped:
            continue
        into = sorted(network.into(core.population), key=lambda k: network.projections[k].source)
        if not 1 <= len(into) <= 2:
            raise CapabilityError(
                "network.projections",
                f"let {network.populations[core.population].name} hear {len(into)} populations; exported cores hear "
                "one or two",
            )
        sources: list[Source] = []
        first = 0
        for k in into:
            size = network.sizes[network.projections[k].source]
            sources.append(Source(network.projections[k].source, first, size, k))
            first += size
        pulled = network.populations[core.population].output
        found.append(CoreText(len(found), c, core.population, core.first, core.size, tuple(sources), pulled))
    return found


def inputs_of(image: ChipImage, cores: int) -> list[InputText]:
    """Return the cores that hold inputs, numbered behind those ``cores`` that compute."""
    clamped = [
        (c, core) for c, core in enumerate(image.cores) if image.network.populations[core.population].clamped
    ]
    return [
        InputText(cores + k, c, core.population, core.first, core.size) for k, (c, core) in enumerate(clamped)
    ]


def cycles_of_tick(core: CoreText | InputText, lanes: int, spikes: int) -> int:
    """Return how long a tick takes that begins with so many spikes: add them up, then update every neuron."""
    if isinstance(core, InputText):
        return core.size + INPUT_FILL
    return max(-(-core.size // lanes), LEAST_ACCESSES) * spikes + core.size + FILL


def numbers_of(image: ChipImage) -> FixedPoint:
    """Return the formats of an image.

    Raises
    ------
    CapabilityError
        For a network in floating point.
    """
    if image.numbers is None:
        raise CapabilityError("numbers.state", "is not given: only integer cores have a Verilog form")
    return image.numbers


def core_parameters(
    core: CoreText,
    image: ChipImage,
    *,
    lanes: int,
    samples: int,
    stochastic: bool,
    shifts: tuple[int, int],
) -> dict[str, object]:
    """Return the parameters of core.v; ``shifts`` are the furthest to the left and right of a sum of products.

    Raises
    ------
    CapabilityError
        For a network in floating point.
    """
    numbers, bits = numbers_of(image), word_bits(image.precision)
    fractions = [numbers.weight_fractions[source.projection] for source in core.sources]
    top = max(fractions)
    formats = {
        "STATE": numbers.state,
        "MEMBRANE": numbers.membrane,
        "RESIDUE": numbers.residue,
        "ERROR": numbers.annealer,
        "BIAS": numbers.bias,
    }
    return {
        "NEURONS": core.size,
        "AXONS": core.axons,
        "LANES": lanes,
        "WEIGHT_BITS": bits,
        "SECOND": core.sources[1].first if len(core.sources) > 1 else core.axons,
        "SHIFT0": top - fractions[0],
        "SHIFT1": top - fractions[-1],
        "SAMPLES": samples,
        "ACTIVITY_BITS": numbers.state.fraction + 2,
        **{f"{name}_WHOLE": form.whole for name, form in formats.items()},
        **{f"{name}_FRACTION": form.fraction for name, form in formats.items()},
        "SUM_FRACTION": top,
        "DECAY": numbers.decay,
        "ANNEALING": ("constant", "shift", "osa").index(numbers.annealing),
        "FORGETTING": numbers.forgetting,
        "ROUNDING": ("floor", "nearest", "stochastic").index(numbers.rounding),
        "STOCHASTIC": int(stochastic),
        "SUM_BITS": sum_bits(core, bits, top - min(fractions)),
        "PULLED": int(core.pulled),
        "LEFT": shifts[0],
        "RIGHT": shifts[1],
    }


def sum_bits(core: CoreText, weight_bits: int, raised: int) -> int:
    """Return the bits of a weighted sum that no spikes can exceed: all axons at the largest weight."""
    return min(32, weight_bits + raised + core.axons.bit_length())


def load_bits(image: ChipImage, lanes: int) -> int:
    """Return the bits of the word by which memories are loaded."""
    bias = 0 if image.numbers is None else image.numbers.bias.bits
    return max(lanes * word_bits(image.precision), bias)
