"""The compiled chip: which neurons sit where and which cores receive their spikes. No weights: these are loaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from neurochip.description.chip import ChipSpec
from neurochip.description.precision import Precision
from neurochip.elements.integers.formats import FixedPoint
from neurochip.network import Network, described

__all__ = ["ChipImage", "CoreImage", "Demand", "Moments"]


@dataclass(frozen=True, slots=True)
class Moments:
    """Bits that an optimiser keeps: beside each weight of a projection, and each bias of a population.

    By their numbers in the network; what is not there keeps none.
    """

    weight: Mapping[int, int] = field(default_factory=dict)
    bias: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Demand:
    """What something needs of a core's resources: neurons, axons, and memory in bits."""

    neurons: int = 0
    synapse_memory: int = 0
    input_axons: int = 0
    output_axons: int = 0
    neuron_state_memory: int = 0


@dataclass(frozen=True, slots=True)
class CoreImage:
    """Neurons ``first … last − 1`` of one population, on the core at index ``site`` of the chip."""

    population: int
    first: int
    last: int
    site: int
    used: Demand

    @property
    def size(self) -> int:
        """Neurons."""
        return self.last - self.first


@dataclass(frozen=True)
class ChipImage:
    """A network laid out on a chip.

    Attributes
    ----------
    cores
        Populations in order, each core holding consecutive neurons of one of them.
    receivers
        For each core, the cores (indices into ``cores``) that receive its spikes.
    hops
        For each core i64[2]: links east–west and north–south that one spike crosses to all its receivers.
    address_bits
        For each core, bits that name one of the axons that reach it.
    numbers
        Formats of cores that compute in integers alone; `None` for floating-point state.
    """

    network: Network
    chip: ChipSpec
    precision: Precision
    cores: tuple[CoreImage, ...]
    receivers: tuple[tuple[int, ...], ...]
    hops: NDArray[np.int64]
    address_bits: tuple[int, ...]
    numbers: FixedPoint | None = None

    def cores_of(self, population: int) -> tuple[int, ...]:
        """Indices of the cores that hold a population, in the order of its neurons."""
        return tuple(c for c, core in enumerate(self.cores) if core.population == population)

    def receiving(self, population: int) -> tuple[int, ...]:
        """Indices of the cores that hold what a population projects to, ascending."""
        targets = {self.network.projections[k].target for k in self.network.out_of(population)}
        return tuple(sorted(c for target in targets for c in self.cores_of(target)))

    def packet_bits(self, sender: int, receiver: int, receivers: tuple[int, ...] | None = None) -> int:
        """Return the bits of one packet of a core as it reaches another: header, and the address of its axon there.

        A packet that forks has the longest address that any of its ``receivers`` needs, by default all that receive the
        core.
        """
        forks = self.chip.packet.routing == "multicast"
        receiving = self.receivers[sender] if receivers is None else receivers
        widths = [self.address_bits[r] for r in receiving] if forks else []
        return self.chip.packet.header_bits + max(widths, default=self.address_bits[receiver])

    @property
    def digest(self) -> str:
        """Hash of everything in the image, for checkpoints."""
        content = {
            "network": described(self.network),
            "chip": self.chip.name,
            "packet": asdict(self.chip.packet),
            "precision": self.precision,
            "cores": [asdict(core) for core in self.cores],
            "receivers": self.receivers,
            "hops": self.hops.tolist(),
            "address_bits": self.address_bits,
        }
        if self.numbers is not None:
            content["numbers"] = self.numbers.to_json()
        return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).hexdigest()
