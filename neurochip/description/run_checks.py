"""What no section of a run can check alone: sizes against the data, traces, coding and faults against the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence

from neurochip.description.faults import FaultsSpec
from neurochip.description.image import image_of
from neurochip.description.network_sections import NetworkSpec
from neurochip.description.precision import FLOATS
from neurochip.description.run_sections import CodingSpec, DataSpec, LearningSpec
from neurochip.elements import Constant, Identity, PowerLaw
from neurochip.elements.neurons.settling import SettlingNeuron
from neurochip.elements.neurons.table import Neuron
from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF
from neurochip.errors import ConfigError
from neurochip.network import Network

__all__ = [
    "check_analog",
    "check_digital",
    "check_faults",
    "check_ideal",
    "check_integer_neurons",
    "check_placement",
    "check_rule",
    "check_shift",
    "check_sizes",
    "check_trace",
    "check_words",
]

_FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def check_sizes(
    network: Network, section: NetworkSpec, data: DataSpec, inputs: int, heads: tuple[int, ...]
) -> None:
    """Refuse a network that has other inputs or outputs than the data: all heads side by side, or each its own."""
    held = sum(network.sizes[k] for k in network.inputs)
    own = tuple(network.sizes[k] for k in network.outputs)
    if held == inputs and len(heads) > 1 and own == heads:
        return
    outputs = sum(heads)
    if len(heads) > 1 and len(own) > 1:
        raise ConfigError(
            "network.populations",
            f"must have an output of {' and one of '.join(map(str, heads))} neurons, the heads of "
            f"{data.title} in order, or one of {outputs}, and {inputs} inputs; it has {held} inputs "
            f"and outputs of {', '.join(map(str, own))}",
        )
    for k in network.outputs:
        if (held, network.sizes[k]) != (inputs, outputs):
            raise ConfigError(
                "network.layers" if section.layers else "network.populations",
                f"layer sizes do not match the data: {data.title} has {inputs} inputs and {outputs} outputs, "
                f"the network {held} and {network.sizes[k]}{_sized_by_data(data)}",
            )


def _sized_by_data(data: DataSpec) -> str:
    """Return how a network takes its sizes from data of one's own, as the end of a sentence."""
    if data.file is None and data.given is None:
        return ""
    run = "regression" if data.task == "regression" else "tabular"
    return f"; a 0 at either end takes those of the data, as the run `{run}` does, which fits any table"


def check_trace(
    learning: LearningSpec,
    network: Network,
    section: NetworkSpec,
    neurons: Sequence[Neuron],
    coding: CodingSpec,
    faults: FaultsSpec,
) -> None:
    """Refuse to learn from traces where a core cannot make them, or weights would drift apart."""
    kinds = {neuron.kind for neuron in neurons}
    if learning.trace == "decoder" and "two-compartment" in kinds and faults.of_packets():
        raise ConfigError(
            "learning.trace",
            '"decoder" needs every packet with neuron.kind = "two-compartment", and '
            f'faults.{next(iter(faults.of_packets()))} loses some; set it to "count"',
        )
    if any(p.tied for p in network.projections):
        raise ConfigError(
            "network.tied" if section.layers else "network.projections",
            'must be false with learning.pre = "trace": each core changes its own copy of a weight '
            "and the two drift apart",
        )
    if learning.trace == "decoder" and len({_traced_as(neuron) for neuron in neurons}) > 1:
        raise ConfigError(
            "learning.trace",
            '"decoder" needs spikes that all mean the same, as a core has one circuit for its traces, and the '
            'populations of this network have different neurons; set it to "count"',
        )
    if (
        any(isinstance(neuron, SettlingNeuron) for neuron in neurons)
        and learning.trace == "decoder"
        and isinstance(coding.decoder, Identity)
    ):
        raise ConfigError(
            "learning.trace",
            '"decoder" needs a decoder that averages, and the identity decoder keeps only the last bit; '
            'set it to "count"',
        )


def check_shift(learning: LearningSpec, network: Network, data: DataSpec) -> None:
    """Refuse to move what is no image, or to move it out of itself."""
    if data.present == "spikes":
        raise ConfigError(
            "learning.shift", 'moves values, and data.present = "spikes" shows spikes; set it to 0'
        )
    image = image_of(learning.image, network, data)
    most = min(image.height, image.width) - 1
    if learning.shift > most:
        raise ConfigError(
            "learning.shift",
            f"must be 0 to {most} in images of {image.height} × {image.width}, got {learning.shift}",
        )


def check_ideal(coding: CodingSpec, precision: str) -> None:
    """Refuse what real-valued neurons cannot use."""
    for name in ("encoder", "decoder"):
        if getattr(coding, name) is not None:
            raise ConfigError(
                f"coding.{name}",
                f"ideal sends real numbers and has none; remove it (--set coding.{name}=): "
                'coding = { annealer = "constant" } is all',
            )
    if not isinstance(coding.annealer, Constant | PowerLaw):
        raise ConfigError(
            "coding.annealer",
            f'must be "constant" or "power-law" on ideal, got "{coding.annealer.kind}"',
        )
    if precision not in FLOATS:
        raise ConfigError(
            "network.precision",
            f'must be "float64" or "float32" on ideal, got "{precision}"',
        )


def check_digital(coding: CodingSpec, neurons: Sequence[Neuron]) -> None:
    """Refuse a coding that no neuron uses, or one that says too little for bits."""
    if not any(isinstance(neuron, SettlingNeuron) for neuron in neurons) and coding != CodingSpec():
        kinds = " and ".join(dict.fromkeys(f'"{neuron.kind}"' for neuron in neurons))
        raise ConfigError("coding", f"has no effect with neuron.kind = {kinds}; leave it out")
    for name in ("encoder", "decoder"):
        if getattr(coding, name) is None:
            raise ConfigError(f"coding.{name}", "is missing; the digital substrate sends only bits")


def check_faults(faults: FaultsSpec, experiment: str, precision: str) -> None:
    """Refuse faults that have no samples to act in, and bits of weights that are no integers."""
    for fault in faults.given():
        place = f"faults.{fault.fault}"
        if experiment == "convergence" and fault.when != "always":
            raise ConfigError(
                f"{place}.when", f'must be "always" here: a convergence run has no {fault.when} samples'
            )
    if faults.weight_bit_flip is not None and precision in FLOATS:
        raise ConfigError(
            "faults.weight_bit_flip",
            f"is for integer weights: one flipped exponent bit of a {precision} makes a weight "
            'of 1e38; set network.precision to an integer format such as "int8"',
        )


def check_words(name: str, about: str, chip: str) -> None:
    """Refuse a name that no folder can have, an ``about`` of several lines, and no chip."""
    if not _FOLDER_NAME.fullmatch(name):
        raise ConfigError(
            "name",
            "must be 1 to 100 letters, digits, '.', '_' and '-', beginning with a letter or digit, "
            f'got "{name}"',
        )
    if "\n" in about or "\r" in about:
        raise ConfigError("about", "must be one line")
    if not chip:
        raise ConfigError("chip", "must be the name of a chip or a TOML file, got an empty string")


def check_placement(sites: Sequence[int]) -> None:
    """Refuse cores that no chip has, and one that is named twice; how many there must be is known once compiled."""
    if any(site < 0 for site in sites):
        raise ConfigError("placement", f"must name cores by their index, from 0, got {min(sites)}")
    twice = next((site for site in sites if sites.count(site) > 1), None)
    if twice is not None:
        raise ConfigError(
            "placement", f"names core {twice} twice; each part of the network has one of its own"
        )


def _traced_as(neuron: Neuron) -> object:
    """Return what tells the trace that a core makes of a neuron's spikes from that of another."""
    if isinstance(neuron, SettlingNeuron | TwoCompartmentLIF):
        return neuron
    return neuron.filter, neuron.period


def check_rule(learning: LearningSpec, network: Network, substrate: str) -> None:
    """Refuse a rule on weights or a substrate that it is not made for."""
    if learning.product == "full" and not network.tied:
        raise ConfigError(
            "learning.product",
            'the "full" product is defined for tied weights; set it to "linear" or network.tied to true',
        )
    if learning.rule == "random-feedback" and network.tied:
        raise ConfigError(
            "learning.rule", '"random-feedback" freezes weights of their own; set network.tied to false'
        )
    if learning.rule == "recurrent-backprop" and substrate != "analog":
        raise ConfigError(
            "learning.rule",
            f'"recurrent-backprop" needs the exact Jacobian, which {substrate} does not give; '
            'use substrate = "analog"',
        )
    if learning.pre == "trace" and substrate != "digital":
        raise ConfigError(
            "learning.pre",
            f'"trace" needs bits, which the {substrate} substrate does not send; set it to "oracle"',
        )


def check_analog(coding: CodingSpec, precision: str) -> None:
    """Refuse coding and weights that a circuit does not have."""
    if coding != CodingSpec.ideal():
        raise ConfigError(
            "coding", "the analog substrate sends currents and codes nothing; remove this section"
        )
    if precision not in FLOATS:
        raise ConfigError(
            "network.precision",
            f'must be "float64" or "float32" on analog, got "{precision}"; the bits of a stored '
            "weight are analog.converters.weight_bits",
        )


def check_integer_neurons(neurons: Sequence[tuple[str, Neuron]]) -> None:
    """Refuse neurons that compute with real numbers on cores that have integers alone; each with its place."""
    for place, neuron in neurons:
        if not isinstance(neuron, SettlingNeuron):
            raise ConfigError(
                place,
                f'"{neuron.kind}" computes with real numbers, and cores with [numbers] in integers alone; leave '
                "one of the two out",
            )
