"""The compiled chip: which neurons sit where and which cores receive their spikes. No weights: these are loaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property

import numpy as np

from neurochip.compile.sending import Sending
from neurochip.compile.ways import Pieces, ways_of
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
    numbers
        Formats of cores that compute in integers alone; `None` for floating-point state.
    """

    network: Network
    chip: ChipSpec
    precision: Precision
    cores: tuple[CoreImage, ...]
    numbers: FixedPoint | None = None

    def cores_of(self, population: int) -> tuple[int, ...]:
        """Indices of the cores that hold a population, in the order of its neurons."""
        return tuple(c for c, core in enumerate(self.cores) if core.population == population)

    def receiving(self, population: int) -> tuple[int, ...]:
        """Indices of the cores that hold what a population projects to, ascending."""
        targets = {self.network.projections[k].target for k in self.network.out_of(population)}
        return tuple(sorted(c for target in targets for c in self.cores_of(target)))

    @cached_property
    def sending(self) -> Sending:
        """What spikes of these cores do; each core is a piece."""
        network = self.network
        pieces = Pieces(
            tuple(
                np.repeat(np.array(here, np.int64), [self.cores[c].size for c in here])
                for here in map(self.cores_of, range(len(network.sizes)))
            ),
            np.array([core.population for core in self.cores], dtype=np.int64),
            np.array([core.site for core in self.cores], dtype=np.int64),
            np.array([core.size for core in self.cores], dtype=np.int64),
        )
        projections = [(p.source, p.target, p.connection) for p in network.projections]
        return Sending(self.chip, pieces, ways_of(network.sizes, projections, pieces))

    @cached_property
    def receivers(self) -> tuple[tuple[int, ...], ...]:
        """For each core, the cores (indices into ``cores``) that receive its spikes."""
        return tuple(tuple(np.flatnonzero(row).tolist()) for row in self.sending.frames)

    @cached_property
    def address_bits(self) -> tuple[int, ...]:
        """For each core, bits that name one of the axons that reach it."""
        return tuple(self.sending.address_bits[at] for at in self.sending.core.tolist())

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
            "hops": self.sending.frame.links.tolist(),
            "address_bits": self.address_bits,
        }
        if self.numbers is not None:
            content["numbers"] = self.numbers.to_json()
        return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).hexdigest()
