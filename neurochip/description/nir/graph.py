"""Graphs of the Neuromorphic Intermediate Representation → `SpikingNetwork` (docs/nir.md).

Pedersen et al. 2024, "Neuromorphic intermediate representation", Nature Communications 15, 8122.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from neurochip.description.linear_maps import Connectivity
from neurochip.description.nir.network import GraphReader, Imported
from neurochip.description.nir.nodes import as_graph, flattened, graph_of
from neurochip.description.spiking import Reset, SpikingNetwork
from neurochip.files import Foreign, read_hdf5

__all__ = ["from_nir", "import_nir", "read_nir"]


def read_nir(path: Path | str, **how: Any) -> SpikingNetwork:
    """Return the network of a .nir file; see `import_nir` for ``how``.

    Raises
    ------
    DataError
        When it is missing or no NIR.
    CapabilityError
        When it holds what this chip cannot run; the node is named.
    """
    return import_nir(path, **how).network


def from_nir(graph: Any, **how: Any) -> SpikingNetwork:
    """Return the network that a ``nir.NIRGraph`` describes; see `import_nir` for ``how``."""
    return import_nir(graph, **how).network


def import_nir(
    given: object,
    *,
    dt: float | None = None,
    method: str | None = None,
    connectivity: Connectivity = "auto",
    source: str | None = None,
    reset: Reset | Literal["value-at-once"] | None = None,
) -> Imported:
    """Return the network of a .nir file or a ``nir.NIRGraph``.

    Parameters
    ----------
    dt
        Seconds of a tick; NIR has no such thing, so it must be given unless the graph came from here, or from a source
        whose step is known.
    method
        ``euler`` or ``exact``; `None` takes what the graph says if it came from here, else what its source does.
    connectivity
        ``auto``: convolutions and pooling as they are described, matrices as `linear_maps.as_described` has it.
        ``sparse``: all as lists of synapses, of a matrix those that are not 0. ``dense``: all as matrices, in which
        every entry is a synapse.
    source
        The tool that wrote it (`nir.sources.SOURCES`); `None` takes the one that its metadata name, else ``generic``.
    reset
        What a spike does, where the source leaves a choice; `None`: what it does by default. ``value-at-once`` is
        ``value`` also where snnTorch puts v to 0 a step later unless its neurons have no ``reset_delay``.
    """
    if isinstance(given, str | Path):
        file = Foreign(Path(given), "a NIR graph", "export it again", absent="name a .nir")
        tree = read_hdf5(file)
        with file.guarded():
            if "node" not in tree.groups:
                raise file.damaged("has no node")
            graph = graph_of(tree.groups["node"], file)
            return GraphReader(flattened(graph), dt, method, connectivity, source, reset).read()
    return GraphReader(flattened(as_graph(given)), dt, method, connectivity, source, reset).read()
